"""Which test images are in sight."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.evaluation_changes import Changes

Change = Literal["", "right", "wrong"]


@dataclass(frozen=True, eq=False)
class OnlyImages:
    """Chosen elsewhere: on the map, by what a lesion flipped, by their labels. Compared by identity."""

    indices: NDArray[np.int64]
    words: str
    """What they have in common: "chosen on the map"."""


@dataclass(frozen=True)
class ImageFilter:
    """By class, by right or wrong, and by what changed; None and empty: any."""

    truth: int | None = None
    prediction: int | None = None
    wrong_only: bool = True
    change: Change = ""
    """Only those newly right, or newly wrong."""
    only: OnlyImages | None = None
    """Only these, in their order."""

    @property
    def is_any(self) -> bool:
        """Whether neither classes nor changes nor single images are chosen."""
        return self.truth is None and self.prediction is None and not self.change and self.only is None

    @property
    def is_of_right_ones(self) -> bool:
        """A cell of the diagonal, or what has become right: there are no wrong ones among them."""
        return self.change == "right" or (self.truth is not None and self.truth == self.prediction)

    def order(self, evaluation: Evaluation, changes: Changes | None) -> NDArray[np.int64]:
        """Indices of the images that it lets through, most confidently wrong first."""
        wrong_only = self.wrong_only and not self.is_of_right_ones
        found = evaluation.indices(self.truth, self.prediction, wrong_only)
        if self.only is not None:
            indices = self.only.indices
            found = indices[np.isin(indices, found)]
        if not self.change:
            return found
        if changes is None:
            return found[:0]
        return found[(changes.newly_right if self.change == "right" else changes.newly_wrong)[found]]
