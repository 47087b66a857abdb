"""Which normalization weights were trained with, told from how well they recognize images by each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.core.evaluation import Evaluation
from workbench.core.settings.normalization import Normalization

# Standard deviations by which two counts must differ to differ for a reason.
_SURE = 2.0
# Of the way from guessing to being always right: 28 % accuracy with ten classes.
_LEAST_KNOWN = 0.2


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


def can_tell(tried: Sequence[TriedNormalization]) -> bool:
    """Whether the weights recognize enough: what hardly knows more than chance may guess better by wrong numbers.

    Args:
        tried: the best one first.
    """
    best = tried[0].evaluation
    chance = 1 / len(best.class_names)
    return best.accuracy >= chance + _LEAST_KNOWN * (1 - chance)


def verdict(tried: Sequence[TriedNormalization]) -> str:
    """Which one fits best, and which others do as well.

    Args:
        tried: the best one first.
    """
    best, *others = tried
    if not can_tell(tried):
        return (
            f"these weights are right too seldom to tell: {best.evaluation.accuracy:.2%} at best, by "
            f"{best.normalization.sentence}"
        )
    equal = [other.normalization.name for other in others if other.is_as_good_as(best)]
    sentence = f"{best.normalization.sentence} fits best, with {best.evaluation.accuracy:.2%} accuracy"
    if equal:
        sentence += f"; on {len(best.evaluation.labels)} images no worse beyond chance: {', '.join(equal)}"
    return sentence
