"""What networks begin with, each described once."""

from dataclasses import dataclass
from typing import Literal, assert_never

Stem = Literal["3x3", "7x7"]


@dataclass(frozen=True)
class StemDescription:
    """A convolution, its norm and activation, and perhaps max pooling of 3x3 pixels with stride 2."""

    kernel: int
    stride: int
    pools: bool

    @property
    def total_stride(self) -> int:
        """Pixels of the image between neighboring values behind it."""
        return self.stride * (2 if self.pools else 1)

    @property
    def largest_images(self) -> int:
        """Height and width suggested at most for images of one's own: what costs more is to be asked for."""
        return 224 if self.pools else 64


_SMALL = StemDescription(kernel=3, stride=1, pools=False)
_IMAGENET = StemDescription(kernel=7, stride=2, pools=True)


def stem_of(stem: Stem) -> StemDescription:
    match stem:
        case "3x3":
            return _SMALL
        case "7x7":
            return _IMAGENET
        case _:
            assert_never(stem)
