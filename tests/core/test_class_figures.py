"""Figures of a data set: images of each class and split, how a class looks on average, values of the pixels."""

import tracemalloc
from collections.abc import Callable, Generator
from typing import TypeVar

import numpy as np
import pytest

from workbench.core.data import channel_figures, class_figures
from workbench.core.data.channel_figures import as_seen, channel_counts, mean_and_deviation
from workbench.core.data.class_figures import ClassCounts, class_means

_R = TypeVar("_R")


def done(work: Generator[int, None, _R]) -> tuple[list[int], _R]:
    """What it says on the way, and its result."""
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return said, end.value


def pixels(count: int, side: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_images_are_counted_by_class_and_use() -> None:
    labels = np.array([0, 0, 0, 2, 2, 3])
    uses = np.array(["training", "training", "validation", "training", "unused", "unused"])
    counts = ClassCounts.of(labels, uses, np.array([3, 1]), 4)
    assert counts.training.tolist() == [2, 0, 1, 0]
    assert counts.held_out.tolist() == [1, 0, 0, 0]
    assert counts.unused.tolist() == [0, 0, 1, 1]
    assert counts.test.tolist() == [0, 1, 0, 1]
    assert len(counts) == 4


@pytest.mark.parametrize(("sizes", "expected"), [([10, 31], 3.1), ([5, 5, 5], 1.0), ([3, 0], None)])
def test_imbalance_is_the_largest_class_by_the_smallest(sizes: list[int], expected: float | None) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    uses = np.full(len(labels), "training")
    assert ClassCounts.of(labels, uses, labels[:0], len(sizes)).imbalance == expected


@pytest.mark.parametrize("summed", [1, 7, 300, 4096])
def test_means_are_those_of_all_images_of_a_class(monkeypatch: pytest.MonkeyPatch, summed: int) -> None:
    """However many are in memory at a time, and above what 16 bits hold."""
    monkeypatch.setattr(class_figures, "images_at_once", lambda _: summed)
    images = pixels(600)
    images[:300] = np.maximum(images[:300], 250)
    labels = np.repeat([0, 2], 300)
    said, means = done(class_means(images, labels, 3))
    assert said[-1] == 600
    assert len(said) == -(-600 // summed)
    assert (means.shape, means.dtype) == ((3, 4, 4, 3), np.uint8)
    for label in (0, 2):
        assert abs(means[label] - images[labels == label].mean(0)).max() <= 0.5
    assert not means[1].any()


def test_values_are_counted_of_the_chosen_images_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_figures, "images_at_once", lambda _: 7)
    images, chosen = pixels(40), np.array([3, 5, 8, 13, 21, 34, 35, 36, 37])
    said, counts = done(channel_counts(images, chosen))
    assert said == [7, 9]
    assert counts.sum(1).tolist() == [9 * 16] * 3
    mean, std = mean_and_deviation(counts)
    shares = images[chosen].reshape(-1, 3) / 255
    np.testing.assert_allclose(mean, shares.mean(0), atol=1e-6)
    np.testing.assert_allclose(std, shares.std(0), atol=1e-6)


@pytest.mark.parametrize("figures", [
    lambda images: done(channel_counts(images, np.arange(len(images)))),
    lambda images: done(class_means(images, np.zeros(len(images), np.int64), 1)),
])  # fmt: skip
def test_large_images_take_no_more_memory_than_small_ones(figures: Callable[[np.ndarray], object]) -> None:
    images = np.broadcast_to(np.uint8(7), (300, 512, 512, 3))
    tracemalloc.start()
    figures(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_a_channel_that_is_the_same_everywhere_has_a_deviation_of_1() -> None:
    images = np.full((3, 4, 4, 3), 51, np.uint8)
    _, counts = done(channel_counts(images, np.arange(3)))
    assert mean_and_deviation(counts) == ((0.2, 0.2, 0.2), (1.0, 1.0, 1.0))


def test_the_mean_is_seen_as_gray_and_three_deviations_as_white() -> None:
    images = np.array([[[[51, 51, 51], [204, 204, 204], [255, 0, 255]]]], np.uint8)
    seen = as_seen(images, (0.2,) * 3, (0.2,) * 3)
    assert seen[0, 0].tolist() == [[128, 128, 128], [255, 255, 255], [255, 85, 255]]
