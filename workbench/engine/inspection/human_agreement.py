"""Whether a network finds hard what people find hard.

Peterson, Battleday, Griffiths and Russakovsky, "Human uncertainty makes classification more robust", ICCV 2019,
https://arxiv.org/abs/1908.07086.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.core.inspection.human_counts import HumanCounts
from workbench.core.softmax import entropies


def compare(evaluation: Evaluation, people: HumanCounts) -> HumanAgreement:
    """An evaluation of N test images beside the answers of people to them."""
    agreement, said = people.agreement(evaluation.labels), entropies(evaluation.probabilities)
    label = evaluation.probabilities[np.arange(len(evaluation.labels)), evaluation.labels].astype(np.float64)
    return HumanAgreement(
        evaluation, people, agreement, said, label, _spearman(agreement, label), _spearman(people.entropy, said)
    )


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Rank correlation: neither scale is known to be linear. NaN where one of them does not vary."""
    from scipy import stats

    with warnings.catch_warnings():
        # That it is not defined, which NaN says.
        warnings.simplefilter("ignore")
        return float(stats.spearmanr(first, second).statistic) if len(first) > 1 else float("nan")
