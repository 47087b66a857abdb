"""What a source holds, and what reading it takes, told before any of it is decoded."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.image_layout import FoundImages
from workbench.core.formats import rough_duration

SMALLEST_SIZE, LARGEST_SIZE = 8, 64
"""Of what is suggested where no network says what it is made for."""
_FEW_S = 8
_COPIES = 2
"""Of the decoded images while a run trains: the one on disk, whose pages count, and the run's own."""


def decoded_bytes(images: int, size: int) -> int:
    """Of so many images, `size` pixels high and wide."""
    return images * size * size * 3


def training_bytes(images: int, size: int) -> int:
    """Of memory that they take while a run trains, at most."""
    return _COPIES * decoded_bytes(images, size)


@dataclass(frozen=True)
class SizeRule:
    """How many pixels high and wide images are made, if nobody says it."""

    median: int
    """Of the smaller sides of the images, in pixels."""
    most: int = LARGEST_SIZE

    @classmethod
    def of(cls, sizes: NDArray[np.int64], most: int = LARGEST_SIZE) -> "SizeRule":
        """
        Args:
            sizes: (N, 2) widths and heights, N at least 1.
            most: more is not suggested.
        """
        return cls(int(np.median(sizes.min(axis=1))), most)

    @property
    def size(self) -> int:
        """Of whole multiples of 4, which networks halve twice, unless images are smaller than they should be."""
        return max(SMALLEST_SIZE, min(self.median, self.most) // 4 * 4)

    @property
    def words(self) -> str:
        if self.median > self.most:
            return (
                f"the median of the smaller sides is {self.median} pixels, of which at most {self.most} are taken"
            )
        return f"the median of the smaller sides is {self.median} pixels"


@dataclass(frozen=True)
class Sizes:
    """Widths and heights of images, as far as they were looked at."""

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    """By their numbers of pixels, but for the median, which is that of widths and of heights."""
    looked_at: int

    @classmethod
    def of(cls, sizes: NDArray[np.int64]) -> "Sizes":
        """Of (N, 2), N at least 1."""
        pixels = sizes.prod(axis=1)
        smallest, largest = (tuple(map(int, sizes[index])) for index in (pixels.argmin(), pixels.argmax()))
        width, height = (int(each) for each in np.median(sizes, axis=0))
        return cls((smallest[0], smallest[1]), (width, height), (largest[0], largest[1]), len(sizes))


@dataclass(frozen=True)
class Survey:
    """Of a folder or archive of one's own, or of a source that is known by its name."""

    source: str
    path: Path
    found: FoundImages
    sizes: Sizes | None
    """None where no image was looked at, or none could be."""
    rule: SizeRule | None
    decoding_s: float
    """Reading and decoding one image on one core, measured on some of them; 0 where none was."""
    cores: int

    @property
    def images(self) -> int:
        return self.found.images("train") + self.found.images("test")

    def size(self, wanted: int | None = None) -> int:
        """What is wanted, else what is suggested, in pixels."""
        return wanted or (self.rule.size if self.rule is not None else LARGEST_SIZE)

    def up_to(self, most: int) -> "Survey":
        """The same with another most of what is suggested."""
        return self if self.rule is None else replace(self, rule=replace(self.rule, most=most))

    def decoded_bytes(self, size: int) -> int:
        return decoded_bytes(self.images, size)

    def training_bytes(self, size: int) -> int:
        """Of memory that the images take while a run trains, at most."""
        return training_bytes(self.images, size)

    @property
    def seconds(self) -> float:
        """About what the first reading takes."""
        return self.images * self.decoding_s / self.cores

    @property
    def time(self) -> str:
        """The same in words."""
        return "a few seconds" if self.seconds < _FEW_S else rough_duration(self.seconds)
