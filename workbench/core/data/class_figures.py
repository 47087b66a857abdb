"""How many images of each class there are, and how the images of a class look on average."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.pieces import images_at_once

# As many as 16 bits hold the sum of, which take half the time of more.
_ADDED = 256


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """(C,) images of each class, by what a run does with them."""

    training: NDArray[np.int64]
    held_out: NDArray[np.int64]
    unused: NDArray[np.int64]
    """Neither trained on nor held out, as fewer are wanted or as they are excluded."""
    test: NDArray[np.int64]

    @classmethod
    def of(
        cls, labels: NDArray[np.int64], uses: NDArray[np.str_], test_labels: NDArray[np.int64], classes: int
    ) -> "ClassCounts":
        """
        Args:
            labels: (N,) of the images of the folder `train`.
            uses: (N,) what is done with each of them: training, validation or unused.
            test_labels: of the test images.
            classes: how many there are, those without images too.
        """
        training, held_out, unused = (
            np.bincount(labels[uses == use], minlength=classes) for use in ("training", "validation", "unused")
        )
        return cls(training, held_out, unused, np.bincount(test_labels, minlength=classes))

    def __len__(self) -> int:
        return len(self.training)

    @property
    def imbalance(self) -> float | None:
        """How many times as many training images the largest class has as the smallest; None if that has none."""
        smallest = int(self.training.min())
        return int(self.training.max()) / smallest if smallest else None


def class_means(
    images: NDArray[np.uint8], labels: NDArray[np.int64], classes: int
) -> Generator[int, None, NDArray[np.uint8]]:
    """The mean image of each class, as (C, H, W, 3) uint8; black where a class has no image.

    Yields how many images are done. `images`, (N, H, W, 3), may be mapped from disk: each is read once, in order.
    """
    height, width, channels = images.shape[1:]
    sums = np.zeros((classes, height * width * channels), np.uint64)
    piece = images_at_once(images)
    for start in range(0, len(labels), piece):
        part = labels[start : start + piece]
        pixels = np.asarray(images[start : start + piece]).reshape(len(part), -1)
        for label in np.unique(part):
            sums[label] += _sum(pixels[part == label])
        yield start + len(part)
    counts = np.bincount(labels, minlength=classes)[:, None]
    means = (sums + counts.astype(np.uint64) // 2) // np.maximum(counts, 1).astype(np.uint64)
    return means.astype(np.uint8).reshape(classes, height, width, channels)


def _sum(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Over the first axis."""
    total = np.zeros(pixels.shape[1], np.uint64)
    for start in range(0, len(pixels), _ADDED):
        total += pixels[start : start + _ADDED].sum(0, dtype=np.uint16)
    return total
