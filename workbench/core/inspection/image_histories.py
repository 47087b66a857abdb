"""What a run said of each test image, epoch by epoch: when it was learned, and whether that was forgotten.

Toneva et al. 2019, "An Empirical Study of Example Forgetting during Deep Neural Network Learning", who count on
the training images what is counted here on those that were never trained on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation


@dataclass(frozen=True, eq=False)
class ImageHistory:
    """Of one image over E epochs."""

    epochs: NDArray[np.int64]
    """(E,) that were evaluated, ascending."""
    truth: NDArray[np.float32]
    """(E,) probability of its true class."""
    predictions: NDArray[np.int64]
    """(E,) what it was taken for."""
    confidence: NDArray[np.float32]
    """(E,) probability of that."""


@dataclass(frozen=True, eq=False)
class EpochAnswers:
    """Of all N images after one epoch: a twentieth of the evaluation."""

    epoch: int
    labels: NDArray[np.int64]
    truth: NDArray[np.float16]
    predictions: NDArray[np.uint16]
    confidence: NDArray[np.float16]

    @classmethod
    def of(cls, evaluation: Evaluation) -> "EpochAnswers":
        labels = evaluation.labels
        truth = evaluation.probabilities[np.arange(len(labels)), labels]
        return cls(
            evaluation.epoch,
            labels,
            truth.astype(np.float16),
            evaluation.predictions.astype(np.uint16),
            evaluation.confidence.astype(np.float16),
        )


@dataclass(frozen=True, eq=False)
class Histories:
    """Of all N test images over E evaluated epochs; half precision, so that 200 epochs of 10 000 take 12 MB."""

    labels: NDArray[np.int64]
    """(N,)."""
    epochs: NDArray[np.int64]
    """(E,) ascending."""
    truth: NDArray[np.float16]
    """(E, N) probability of the true class."""
    predictions: NDArray[np.uint16]
    """(E, N)."""
    confidence: NDArray[np.float16]
    """(E, N) probability of the prediction."""

    @classmethod
    def of(cls, evaluations: Iterable[Evaluation]) -> "Histories | None":
        """None without any evaluation; those of other images than the last one's are left out."""
        return cls.joined(map(EpochAnswers.of, evaluations))

    @classmethod
    def joined(cls, answers: Iterable["EpochAnswers"]) -> "Histories | None":
        """As `of`, of what is worth keeping of each evaluation."""
        found = {each.epoch: each for each in answers}
        if not found:
            return None
        labels = found[max(found)].labels
        alike = [found[epoch] for epoch in sorted(found) if np.array_equal(found[epoch].labels, labels)]
        return cls(
            labels,
            np.array([each.epoch for each in alike]),
            np.stack([each.truth for each in alike]),
            np.stack([each.predictions for each in alike]),
            np.stack([each.confidence for each in alike]),
        )

    def with_epoch(self, evaluation: Evaluation) -> "Histories":
        """With one more epoch, in place of it and of later ones, which a resumed run does again."""
        if not np.array_equal(evaluation.labels, self.labels):
            return Histories.of([evaluation]) or self
        before = self.epochs < evaluation.epoch
        new = EpochAnswers.of(evaluation)
        return Histories(
            self.labels,
            np.append(self.epochs[before], new.epoch),
            np.concatenate([self.truth[before], new.truth[None]]),
            np.concatenate([self.predictions[before], new.predictions[None]]),
            np.concatenate([self.confidence[before], new.confidence[None]]),
        )

    def image(self, index: int) -> ImageHistory:
        return ImageHistory(
            self.epochs,
            self.truth[:, index].astype(np.float32),
            self.predictions[:, index].astype(np.int64),
            self.confidence[:, index].astype(np.float32),
        )

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """(E, N)."""
        result: NDArray[np.bool_] = self.predictions == self.labels
        return result

    @cached_property
    def learned_at(self) -> NDArray[np.int64]:
        """(N,) the epoch from which on it has been right up to the last one; 0 if it is wrong at the last."""
        wrong_before = ~self.correct[::-1]
        # Counted from the end: how many epochs it has been right without a break.
        streak = np.where(wrong_before.any(axis=0), wrong_before.argmax(axis=0), len(self.epochs))
        first = np.minimum(len(self.epochs) - streak, len(self.epochs) - 1)
        return np.where(streak > 0, self.epochs[first], 0)

    @cached_property
    def forgotten_after(self) -> NDArray[np.int64]:
        """(N,) the last epoch at which it was right, though it is wrong at the last; 0 of all others."""
        last_right = len(self.epochs) - 1 - self.correct[::-1].argmax(axis=0)
        is_forgotten = self.correct.any(axis=0) & ~self.correct[-1]
        return np.where(is_forgotten, self.epochs[last_right], 0)

    @cached_property
    def never_learned(self) -> NDArray[np.bool_]:
        """(N,) whether it was wrong after every epoch."""
        result: NDArray[np.bool_] = np.logical_not(self.correct.any(axis=0))
        return result

    @cached_property
    def forgetting_events(self) -> NDArray[np.int64]:
        """(N,) how often it was right after one epoch and wrong after the next (Toneva et al., definition 2.1)."""
        result: NDArray[np.int64] = (self.correct[:-1] & ~self.correct[1:]).sum(axis=0).astype(np.int64)
        return result
