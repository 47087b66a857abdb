"""Which normalization weights were trained with, told from how well they recognize images by each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.core.evaluation import Evaluation
from workbench.core.normalization import Normalization

# Standard deviations by which two counts must differ to differ for a reason.
_SURE = 2.0


@dataclass(frozen=True, eq=False)
class TriedNormalization:
    """What weights say of test images that are normalized in one way."""

    normalization: Normalization
    evaluation: Evaluation

    def is_as_good_as(self, best: "TriedNormalization") -> bool:
        """Whether chance could make the difference on these images (McNemar 1947, by the normal distribution)."""
        ours, theirs = self.evaluation.correct, best.evaluation.correct
        gained, lost = int(np.sum(ours & ~theirs)), int(np.sum(~ours & theirs))
        return lost - gained <= _SURE * math.sqrt(gained + lost)


def verdict(tried: Sequence[TriedNormalization]) -> str:
    """Which one fits best, and which others do as well.

    Args:
        tried: the best one first.
    """
    best, *others = tried
    equal = [other.normalization.name for other in others if other.is_as_good_as(best)]
    sentence = f"{best.normalization.sentence} fits best, with {best.evaluation.accuracy:.2%} accuracy"
    if equal:
        sentence += f"; on {len(best.evaluation.labels)} images no worse beyond chance: {', '.join(equal)}"
    return sentence
