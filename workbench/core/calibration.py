"""Whether a network is as often right as it is sure, and what it is worth to ask it only where it is sure."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = (10, 15)
"""How many there can be: usual numbers in the field."""
LEAST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
_STEPS = 60
_NEAR = 1e-9


@dataclass(frozen=True)
class Calibration:
    """Confidence against accuracy in bins of equal width (Guo et al. 2017, equations 1 to 3)."""

    confidence: Floats
    """Mean of each bin; NaN where it is empty."""
    accuracy: Floats
    counts: NDArray[np.int64]
    expected_error: float
    """ECE: the distance of both, weighted by the images of each bin."""

    @classmethod
    def of(
        cls, confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS[0]
    ) -> "Calibration":
        """Of N images: (N,) each."""
        index = bin_of(confidence, bins)
        counts = np.bincount(index, minlength=bins)
        with np.errstate(invalid="ignore"):
            sure = np.bincount(index, weights=confidence, minlength=bins) / counts
            right = np.bincount(index, weights=correct, minlength=bins) / counts
        gaps = np.nan_to_num(np.abs(right - sure)) * counts / max(1, len(confidence))
        return cls(sure, right, counts.astype(np.int64), float(gaps.sum()))


def bin_of(confidence: NDArray[np.floating], bins: int) -> NDArray[np.int64]:
    """In which bin each is, from 0; a bin holds its lower edge, the last one both."""
    return np.minimum((confidence.astype(np.float64) * bins).astype(np.int64), bins - 1)


@dataclass(frozen=True)
class Coverage:
    """Accuracy among the surest images, from one of them to all (risk and coverage: El-Yaniv & Wiener 2010)."""

    accuracy: Floats
    """(N,) among the 1, 2, ..., N surest; of images that are equally sure, in their order."""
    confidence: Floats
    """(N,) of the least sure one among them."""

    @classmethod
    def of(cls, confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> "Coverage":
        order = np.argsort(-confidence, kind="stable")
        counts = np.arange(1, len(order) + 1)
        return cls(np.cumsum(correct[order]) / counts, confidence[order].astype(np.float64))

    @cached_property
    def coverage(self) -> Floats:
        """(N,) share of the images that each of those is among."""
        return np.arange(1, len(self.accuracy) + 1) / max(1, len(self.accuracy))

    def at(self, coverage: float) -> float:
        """The accuracy among this share of the images, one at least; NaN without any image."""
        if not len(self.accuracy):
            return math.nan
        return float(self.accuracy[self.count_at(coverage) - 1])

    def count_at(self, coverage: float) -> int:
        """How many images that share is."""
        return min(max(round(coverage * len(self.accuracy)), 1), len(self.accuracy))


def fitted_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """The T by which (N, K) logits are divided so that the mean cross-entropy of `labels` is least.

    Temperature scaling (Guo et al. 2017, section 4.2). In 1/T that mean is convex: its slope is the mean
    difference of the expected logit and the true one, its curvature the expected variance. So Newton's method
    between two bounds finds the only minimum in a few passes over the logits; scipy's minimizers take 25 passes,
    and half a second to be imported. T stays between 0.05 and 20: of a network that is never wrong it would be 0.

    Returns:
        1 without images, or where no T is better than another.
    """
    if not len(labels):
        return 1.0
    relative = (logits - logits.max(axis=1, keepdims=True)).astype(np.float64)
    truth = float(relative[np.arange(len(labels)), labels].mean())
    slope, curvature = _slope(relative, truth, 1.0)
    if abs(slope) < _NEAR:
        return 1.0
    bound = 1 / (LEAST_TEMPERATURE if slope < 0 else HIGHEST_TEMPERATURE)
    if slope * _slope(relative, truth, bound)[0] >= 0:
        return 1 / bound
    (low, high), inverse = sorted((1.0, bound)), 1.0
    for _ in range(_STEPS):
        step = inverse - slope / curvature if curvature > 0 else math.inf
        # Where it would leave the bounds, they are halved instead: as a ratio, as T is one.
        inverse, before = (step if low < step < high else math.sqrt(low * high)), inverse
        if abs(inverse / before - 1) < _NEAR:
            break
        slope, curvature = _slope(relative, truth, inverse)
        low, high = (inverse, high) if slope < 0 else (low, inverse)
    return 1 / inverse


def _slope(relative: Floats, truth: float, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean cross-entropy by 1/T."""
    weights = np.exp(inverse * relative)
    total = weights.sum(axis=1)
    weights *= relative
    mean = weights.sum(axis=1) / total
    weights *= relative
    variance = weights.sum(axis=1) / total - mean**2
    return float(mean.mean()) - truth, float(variance.mean())
