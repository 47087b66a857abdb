"""Which test images are in sight."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.evaluation_changes import Changes

Change = Literal["", "right", "wrong"]
Marking = Literal["", "marked", "unmarked"]


@dataclass(frozen=True, eq=False)
class OnlyImages:
    """Chosen elsewhere: on the map, by what a lesion flipped, by their labels. Compared by identity."""

    indices: NDArray[np.int64]
    words: str
    """What they have in common: "chosen on the map"."""


@dataclass(frozen=True)
class ImageFilter:
    """By class, by right or wrong, by what changed, and by marks; None and empty: any."""

    truth: int | None = None
    prediction: int | None = None
    wrong_only: bool = True
    change: Change = ""
    """Only those newly right, or newly wrong."""
    only: OnlyImages | None = None
    """Only these, in their order."""
    marked: Marking = ""
    """Only those that the person has marked as excusable, or only the others."""

    @property
    def is_any(self) -> bool:
        """Whether neither classes nor changes nor marks nor single images are chosen."""
        is_of_any_class = self.truth is None and self.prediction is None
        return is_of_any_class and not self.change and not self.marked and self.only is None

    @property
    def is_of_right_ones(self) -> bool:
        """A cell of the diagonal, or what has become right: there are no wrong ones among them."""
        return self.change == "right" or (self.truth is not None and self.truth == self.prediction)

    def order(
        self, evaluation: Evaluation, changes: Changes | None, marked: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Indices of the images that it lets through, most confidently wrong first.

        Args:
            marked: (N,) which images are marked; None: none.
        """
        wrong_only = self.wrong_only and not self.is_of_right_ones
        found = evaluation.indices(self.truth, self.prediction, wrong_only)
        if self.only is not None:
            indices = self.only.indices
            found = indices[np.isin(indices, found)]
        if self.marked:
            flags = np.zeros(len(evaluation.labels), np.bool_) if marked is None else marked
            found = found[flags[found] == (self.marked == "marked")]
        if not self.change:
            return found
        if changes is None:
            return found[:0]
        return found[(changes.newly_right if self.change == "right" else changes.newly_wrong)[found]]
