"""How sure a network is of each image, and how right: what images are sorted by."""

import numpy as np
from numpy.typing import NDArray

from workbench.core import softmax
from workbench.core.evaluation import Evaluation


def losses(evaluation: Evaluation) -> NDArray[np.float64]:
    """(N,) cross-entropy of each image in nats."""
    return softmax.cross_entropies(evaluation.logits, evaluation.labels)


def margins(evaluation: Evaluation) -> NDArray[np.float64]:
    """(N,) probability of the truth minus that of the best other class: negative where the answer is wrong."""
    probabilities = evaluation.probabilities.astype(np.float64)
    rows = np.arange(len(probabilities))
    truth = probabilities[rows, evaluation.labels].copy()
    probabilities[rows, evaluation.labels] = 0.0
    result: NDArray[np.float64] = truth - probabilities.max(axis=1)
    return result


def entropies(evaluation: Evaluation) -> NDArray[np.float64]:
    """(N,) entropy of the predicted distribution in nats: 0 where it is sure, ln K where all K are alike to it."""
    return softmax.entropies(evaluation.probabilities)
