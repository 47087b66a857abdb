"""What changed from one epoch to another: images newly right or wrong, and where validation fell."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics

_MOST_BUMPS = 5
# A fall that chance brings about once in some 40 times, were the network the same.
_STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class Changes:
    """Masks over N images."""

    newly_right: NDArray[np.bool_]
    newly_wrong: NDArray[np.bool_]

    @classmethod
    def between(cls, before: Evaluation, now: Evaluation) -> "Changes | None":
        """None if they are not of the same images."""
        if not np.array_equal(before.labels, now.labels):
            return None
        return cls(now.correct & ~before.correct, before.correct & ~now.correct)


@dataclass(frozen=True)
class Bump:
    """An epoch after which validation was clearly worse than after the one before."""

    epoch: int
    fall: float
    """In accuracy, a fraction from 0 to 1."""


def deciding_accuracy(epoch: EpochMetrics) -> float:
    """By validation, which chooses the kept epoch; of the test images where nothing is held out."""
    return epoch.test_accuracy if epoch.validation_accuracy is None else epoch.validation_accuracy


def bumps(epochs: Sequence[EpochMetrics], images: int) -> list[Bump]:
    """The deepest falls of `deciding_accuracy` that chance would hardly bring about, in the order of epochs.

    A fall counts from two standard errors of the difference of two shares on: sqrt((p(1-p) + q(1-q)) / n).

    Args:
        epochs: in their order.
        images: n, on which the accuracy was found.
    """
    found = []
    for before, now in itertools.pairwise(epochs):
        p, q = deciding_accuracy(before), deciding_accuracy(now)
        error = math.sqrt((p * (1 - p) + q * (1 - q)) / max(1, images))
        if p - q > _STANDARD_ERRORS * error:
            found.append(Bump(now.epoch, p - q))
    deepest = sorted(found, key=lambda bump: -bump.fall)[:_MOST_BUMPS]
    return sorted(deepest, key=lambda bump: bump.epoch)
