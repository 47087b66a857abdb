"""What people said of the test images, beside what a network says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.inspection.human_counts import HumanCounts


@dataclass(frozen=True, eq=False)
class HumanAgreement:
    """N test images of a run, in their order."""

    evaluation: Evaluation
    people: HumanCounts
    agreement: NDArray[np.float64]
    """(N,) share of the people who gave the label."""
    entropy: NDArray[np.float64]
    """(N,) of the network's probabilities, in nats; that of people's answers is `people.entropy`."""
    confidence: NDArray[np.float64]
    """(N,) probability that the network gives to the label."""
    correlation: float
    """Spearman's, of agreement and confidence; NaN where one of them does not vary."""
    entropy_correlation: float
    """Spearman's, of both entropies."""

    @property
    def by_agreement(self) -> NDArray[np.int64]:
        """(N,) those first whose label the fewest people gave."""
        return np.lexsort((self.confidence, self.agreement)).astype(np.int64)

    @property
    def outvoted(self) -> NDArray[np.bool_]:
        """(N,) where most people gave another class than the label: the label itself may be wrong."""
        result: NDArray[np.bool_] = self.people.shares.max(axis=1) > self.agreement
        return result

    @property
    def shared_mistakes(self) -> NDArray[np.bool_]:
        """(N,) where the network is wrong and people disagree too: less than three in four gave the label."""
        return ~self.evaluation.correct & (self.agreement < _AGREED)

    @property
    def agreed(self) -> NDArray[np.bool_]:
        """(N,) where at least three in four gave the label."""
        return self.agreement >= _AGREED


_AGREED = 0.75
