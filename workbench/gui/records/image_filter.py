"""Which test images are in sight, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.inspection import image_measures
from workbench.core.inspection.evaluation_changes import Changes
from workbench.core.inspection.image_histories import Histories

Answers = Literal["", "wrong", "right"]
Change = Literal["", "right", "wrong"]
Marking = Literal["", "marked", "unmarked"]
Course = Literal["", "learned", "forgotten", "never"]
Sort = Literal["worst", "loss", "confidence", "margin", "entropy", "learned", "number"]

_Measure = Callable[[Evaluation], NDArray[np.float64]]
# Each so that the images that one looks for come first: the highest loss, the surest, those furthest from right.
_MEASURES: dict[Sort, _Measure] = {
    "loss": lambda evaluation: -image_measures.losses(evaluation),
    "confidence": lambda evaluation: -evaluation.confidence.astype(np.float64),
    "margin": image_measures.margins,
    "entropy": lambda evaluation: -image_measures.entropies(evaluation),
    "number": lambda evaluation: np.arange(len(evaluation.labels), dtype=np.float64),
}


@dataclass(frozen=True, eq=False)
class OnlyImages:
    """Chosen elsewhere: on the map, by what a lesion flipped, by their labels. Compared by identity."""

    indices: NDArray[np.int64]
    words: str
    """What they have in common: "chosen on the map"."""


@dataclass(frozen=True)
class ImageFilter:
    """By class, by right or wrong, by what changed, by marks; None and empty: any."""

    truth: int | None = None
    prediction: int | None = None
    answers: Answers = "wrong"
    change: Change = ""
    """Only those newly right, or newly wrong."""
    course: Course = ""
    """Only those learned at this epoch, forgotten after it, or never learned (`core.image_histories`)."""
    confidence: tuple[float, float] = (0.0, 1.0)
    """Least and highest probability of the prediction."""
    only: OnlyImages | None = None
    """Only these; in their order, unless another one is asked for."""
    marked: Marking = ""
    """Only those that the person has marked as excusable, or only the others."""
    sort: Sort = "worst"
    """worst: the surest wrong ones first, then the right ones, the least sure first."""
    is_reversed: bool = False

    @property
    def is_any(self) -> bool:
        """Whether nothing is chosen but which answers."""
        return self == ImageFilter(answers=self.answers, sort=self.sort, is_reversed=self.is_reversed)

    @property
    def is_of_right_ones(self) -> bool:
        """A cell of the diagonal, or what has become right: there are no wrong ones among them."""
        return self.change == "right" or (self.truth is not None and self.truth == self.prediction)

    @property
    def is_of_wrong_ones(self) -> bool:
        """A cell beside the diagonal, what was learned never, or what has become wrong: none of them is right."""
        is_mistake = None not in (self.truth, self.prediction) and self.truth != self.prediction
        return self.change == "wrong" or self.course == "never" or is_mistake

    @property
    def effective_answers(self) -> Answers:
        """What is asked for, unless the rest of the filter says it already."""
        if self.is_of_right_ones or self.is_of_wrong_ones or self.course:
            return ""
        return self.answers

    def cleared(self) -> "ImageFilter":
        """All classes again, changed or not."""
        return ImageFilter(answers=self.answers, sort=self.sort, is_reversed=self.is_reversed)

    def order(
        self,
        evaluation: Evaluation,
        changes: Changes | None,
        histories: Histories | None = None,
        marked: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int64]:
        """Indices of the images that it lets through; none where what they are chosen by is not known.

        Args:
            marked: (N,) which images are marked; None: none.
        """
        passes = self._passes(evaluation, changes, histories)
        if passes is not None and self.marked:
            passes &= (self.marked == "unmarked") if marked is None else marked == (self.marked == "marked")
        if passes is None:
            return np.zeros(0, np.int64)
        if self.only is not None and self.sort == "worst":
            indices = self.only.indices[self.only.indices < len(passes)]
            found = indices[passes[indices]]
        else:
            found = self._sorted(evaluation, histories)
            found = found[passes[found]]
        return found[::-1] if self.is_reversed else found

    def _passes(
        self, evaluation: Evaluation, changes: Changes | None, histories: Histories | None
    ) -> NDArray[np.bool_] | None:
        count = len(evaluation.labels)
        low, high = self.confidence
        # Their probabilities are rounded: the highest must not be kept out by its last bit.
        passes = (evaluation.confidence >= low - 1e-6) & (evaluation.confidence <= high + 1e-6)
        if self.effective_answers:
            passes &= evaluation.correct == (self.effective_answers == "right")
        if self.truth is not None:
            passes &= evaluation.labels == self.truth
        if self.prediction is not None:
            passes &= evaluation.predictions == self.prediction
        if self.only is not None:
            passes &= np.isin(np.arange(count), self.only.indices)
        if self.change:
            if changes is None:
                return None
            passes &= changes.newly_right if self.change == "right" else changes.newly_wrong
        if self.course:
            if histories is None or len(histories.labels) != count:
                return None
            passes &= self._of_course(histories, evaluation.epoch)
        return passes

    def _of_course(self, histories: Histories, epoch: int) -> NDArray[np.bool_]:
        match self.course:
            case "learned":
                return np.equal(histories.learned_at, epoch)
            case "forgotten":
                return np.equal(histories.forgotten_after, epoch)
            case _:
                return histories.never_learned

    def _sorted(self, evaluation: Evaluation, histories: Histories | None) -> NDArray[np.int64]:
        if self.sort == "worst" or (self.sort == "learned" and histories is None):
            return evaluation.indices()
        if self.sort == "learned" and histories is not None:
            learned = histories.learned_at
            # The hardest first: those that are wrong at the last, then those learned late.
            key = np.where(learned == 0, -np.inf, -learned.astype(np.float64))
        else:
            key = _MEASURES[self.sort](evaluation)
        return np.argsort(key, kind="stable").astype(np.int64)
