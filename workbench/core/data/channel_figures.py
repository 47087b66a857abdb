"""Which values the pixels of a data set have, channel by channel, and what normalization makes of them."""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.channels import CHANNELS, LEAST_DEVIATION, Numbers
from workbench.core.data.pieces import images_at_once

VALUES = 256
SEEN_RANGE = 3.0
"""Normalized values from minus this to this are shown from black to white."""


def channel_counts(
    images: NDArray[np.uint8], indices: NDArray[np.int64]
) -> Generator[int, None, NDArray[np.int64]]:
    """(3, 256) how many pixels of the chosen (N, H, W, 3) images have each value. Yields how many are done."""
    counts = np.zeros((CHANNELS, VALUES), np.int64)
    piece = images_at_once(images)
    for start in range(0, len(indices), piece):
        chosen = images[indices[start : start + piece]]
        counts += [np.bincount(chosen[..., channel].ravel(), minlength=VALUES) for channel in range(CHANNELS)]
        yield start + len(chosen)
    return counts


def mean_and_deviation(counts: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Of each channel over all pixels that are counted.

    A channel that is nearly the same everywhere counts as having a deviation of 1, so that it becomes nearly 0.
    """
    values, total = np.arange(VALUES) / 255, counts.sum(1)
    mean = counts @ values / total
    std = np.sqrt(np.maximum(counts @ values**2 / total - mean**2, 0))
    std[std < LEAST_DEVIATION] = 1
    return tuple(mean.round(6).tolist()), tuple(std.round(6).tolist())


def as_seen(images_nhwc: NDArray[np.uint8], mean: Numbers, std: Numbers) -> NDArray[np.uint8]:
    """Normalized images as colors: the value 0 is gray, `SEEN_RANGE` and more white."""
    values = (images_nhwc / 255 - np.array(mean)) / np.array(std)
    shown: NDArray[np.float64] = (values / SEEN_RANGE + 1) * (255 / 2)
    return np.clip(shown.round(), 0, 255).astype(np.uint8)
