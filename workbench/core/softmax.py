"""From logits to probabilities, and what is measured of both; every natural logarithm is in nats."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_F = TypeVar("_F", np.float32, np.float64)


def softmax(logits: NDArray[_F]) -> NDArray[_F]:
    """Probabilities along the last axis, in the logits' own precision.

    In single precision, those of a class that is far behind are 0.
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: NDArray[_F] = powers / powers.sum(axis=-1, keepdims=True)
    return result


def cross_entropies(logits_nk: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) minus the logarithm of each label's probability."""
    exact = logits_nk.astype(np.float64)
    highest = exact.max(axis=1)
    log_sum = highest + np.log(np.exp(exact - highest[:, None]).sum(axis=1))
    result: NDArray[np.float64] = log_sum - exact[np.arange(len(exact)), labels]
    return result


def entropies(probabilities_nk: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """(N,) of each row: 0 where one class has all of it, ln K where all K have the same."""
    exact = probabilities_nk.astype(np.float64)
    # 0 ln 0 is 0; and no -0.
    result: NDArray[np.float64] = (exact * np.log(exact, out=np.zeros_like(exact), where=exact > 0)).sum(axis=1)
    return np.abs(result)
