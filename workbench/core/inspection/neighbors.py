"""The training images that a network takes for most like an image."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Neighbor:
    """A training image, seen from another image."""

    rank: int
    """1: the nearest of all."""
    similarity: float
    """Cosine of the angle between the features of both, -1 to 1; 1 minus it is their cosine distance."""
    label: int
    index: int
    """Among the images that training and validation share."""
    name: str
    """Of its file."""
    pixels: NDArray[np.uint8]
    """(H, W, 3)."""


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Of one image after one epoch."""

    epoch: int
    class_names: tuple[str, ...]
    prediction: int
    truth: int | None
    """None where it is not known."""
    nearest: tuple[Neighbor, ...]
    """The nearest first."""
    of_truth: tuple[Neighbor, ...]
    """The nearest ones of the true class, where that is not the predicted one."""
    images: int
    """Among which they were looked for."""

    @property
    def counts(self) -> list[tuple[int, int]]:
        """(class, how many of `nearest` have it), the most frequent first, of equal ones the predicted."""
        found = Counter(each.label for each in self.nearest)
        return sorted(found.items(), key=lambda item: (-item[1], item[0] != self.prediction, item[0]))
