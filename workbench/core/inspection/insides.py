"""What goes on inside a trained network: how large its signals are block by block, what its first layer sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BlockSignals:
    """How large the two summands of a block are: root mean squares over images, channels and positions."""

    name: str
    branch: float
    shortcut: float
    """NaN where there is no way around the block."""

    @property
    def ratio(self) -> float:
        """Of the branch to the shortcut; NaN where there is none, or it carries nothing."""
        return self.branch / self.shortcut if self.shortcut else float("nan")


@dataclass(frozen=True)
class ActivationFigures:
    """Of all values that one activation function says of some images."""

    name: str
    """`stem`, `layer2.1 #1` (the first one of that block), or `head`."""
    mean: float
    deviation: float
    zeros: float
    """Share of the values that are exactly 0."""


@dataclass(frozen=True, eq=False)
class Insides:
    """All of it, in the order of computation."""

    images: int
    blocks: tuple[BlockSignals, ...]
    activations: tuple[ActivationFigures, ...]
    filters: NDArray[np.float32]
    """(K, 3, kh, kw) weights of the first convolution."""


def filter_pictures(filters: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(K, kh, kw, 3): gray is 0, and each filter's largest weight is black or full color."""
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    shares = filters / np.where(largest > 0, largest, 1)
    return np.rint(127.5 + 127.5 * shares.transpose(0, 2, 3, 1)).clip(0, 255).astype(np.uint8)
