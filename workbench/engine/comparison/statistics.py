"""How sure the difference between two runs, or two groups of runs, is.

Everything is drawn from one fixed seed, so that the same runs always give the same interval.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rights = NDArray[np.bool_]

RESAMPLES = 9_999
_CONFIDENCE = 0.95
_SEED = 0


class Estimate(NamedTuple):
    """Of the difference of accuracies, B minus A, as fractions."""

    interval: tuple[float, float]
    """95 %."""
    p_value: float


class _Seeds(NamedTuple):
    """What the runs of one side say about other seeds."""

    accuracies: NDArray[np.float64]
    variance: float
    """Of their mean: by the seeds, and by which images these happen to change."""
    of_images: float
    """The part of one image's mean that changes with the seeds, as a variance."""


def estimate(right_a: Rights, right_b: Rights) -> Estimate:
    """Interval and test of the difference of mean accuracies.

    Args:
        right_a: (seeds, images) whether each run of A is right about each image.
        right_b: the same of B, for the same images in the same order; its number of seeds may be another.
    """
    if right_b.mean() < right_a.mean():
        # The same draws whichever is called A.
        (low, high), p_value = estimate(right_b, right_a)
        return Estimate((-high, -low), p_value)
    if len(right_a) == len(right_b) == 1:
        return paired(right_a[0], right_b[0])
    return over_seeds(right_a, right_b)


def paired(right_a: Rights, right_b: Rights) -> Estimate:
    """Of two trained networks: a paired bootstrap of the images, and McNemar's exact test."""
    drawn = _image_means(right_b.astype(np.float64) - right_a, np.random.default_rng(_SEED))
    low, high = _quantiles(drawn)
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return Estimate((low, high), mcnemar(only_a, only_b))


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p-value of a table in which so many images are recognized by one network alone.

    Were both equally good, either would be the one in half of these images (McNemar 1947; exact by the binomial
    distribution). By scipy.special: scipy.stats, whose binomtest says the same, takes over a second to import.
    """
    from scipy.special import bdtr

    fewer, both = min(only_a, only_b), only_a + only_b
    return min(1.0, 2 * float(bdtr(fewer, both, 0.5))) if both else 1.0


def over_seeds(right_a: Rights, right_b: Rights) -> Estimate:
    """Of what two ways to train give on average: seeds and images are both drawn.

    The images are the same for all runs, so that seeds and images cross. The difference is taken apart as in an
    analysis of variance: what seeds change, and what images change after the seeds' share in that is taken out.
    To resample both as they are (Owen 2007, "The pigeonhole bootstrap") would count three times what a seed
    changes in single images, which of well-trained networks is nearly all that it changes (Jordan 2023,
    "Calibrated chaos"). So images are drawn from their means shrunk to the variance that is theirs; of S seeds
    S - 1 are drawn, as bootstrap means of S have too little variance by (S - 1) / S (Davison and Hinkley 1997,
    "Bootstrap Methods and their Application", 3.8; McCarthy and Snowden 1985). Two or three seeds are fewer than
    normal quantiles suppose: the interval is widened by Student's over these (Welch 1947; Hesterberg 2015).

    The test is Welch's, of the same variance. McNemar's would be of one pair of trained networks (Dietterich
    1998), its tables added up would count each image once a seed, and a permutation of three against three seeds
    never falls below 0.1. A side of a single seed adds nothing for its seeds: there is nothing to learn that from.
    """
    a, b = _seeds_of(right_a), _seeds_of(right_b)
    differences = right_b.mean(axis=0) - right_a.mean(axis=0)
    difference, spread = float(differences.mean()), float(differences.var())
    count = len(differences)
    kept = max(0.0, 1 - (a.of_images + b.of_images) / spread) if spread else 0.0
    parts = [
        (a.variance, len(a.accuracies) - 1),
        (b.variance, len(b.accuracies) - 1),
        (kept * spread / count, count - 1),
    ]
    variance = sum(part for part, _ in parts)
    if not variance:
        # All seeds say the same of every image: what is left is a test of signs.
        better, worse = int((differences > 0).sum()), int((differences < 0).sum())
        return Estimate((difference, difference), mcnemar(worse, better))
    freedom = variance**2 / sum(part**2 / most for part, most in parts if part)
    generator = np.random.default_rng(_SEED)
    shrunk = difference + (differences - difference) * math.sqrt(kept)
    drawn = _image_means(shrunk, generator) + _seed_means(b, generator) - _seed_means(a, generator)
    widened = difference + (drawn - difference) * _student_over_normal(freedom)
    return Estimate(_quantiles(widened), _student_p(difference / math.sqrt(variance), freedom))


def _seeds_of(right: Rights) -> _Seeds:
    accuracies = right.mean(axis=1)
    seeds = len(right)
    if seeds == 1:
        return _Seeds(accuracies, 0.0, 0.0)
    apart = right - accuracies[:, None]
    of_images = float(apart.var(axis=0, ddof=1).mean()) / seeds
    return _Seeds(accuracies, float(accuracies.var(ddof=1)) / seeds, of_images)


def _image_means(values: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """(RESAMPLES,) means of as many images drawn with replacement.

    Images of the same value are alike, and how often they are drawn is multinomial: what scipy.stats.bootstrap
    finds in 1.3 s for 10 000 images takes 3 ms.
    """
    different, counts = np.unique(values, return_counts=True)
    drawn = generator.multinomial(len(values), counts / len(values), RESAMPLES)
    means: NDArray[np.float64] = drawn @ different / len(values)
    return means


def _seed_means(seeds: _Seeds, generator: np.random.Generator) -> NDArray[np.float64]:
    """(RESAMPLES,) by how much the mean accuracy of drawn seeds lies above that of all."""
    count = len(seeds.accuracies)
    if count == 1:
        return np.zeros(RESAMPLES)
    drawn = generator.integers(count, size=(RESAMPLES, count - 1))
    means: NDArray[np.float64] = seeds.accuracies[drawn].mean(axis=1) - seeds.accuracies.mean()
    return means


def _quantiles(values: NDArray[np.float64]) -> tuple[float, float]:
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    # Sums of hundredths end in the last bit, which would make 0 a little more.
    return round(float(low), 12), round(float(high), 12)


def _student_over_normal(freedom: float) -> float:
    from scipy.special import ndtri, stdtrit

    upper = (1 + _CONFIDENCE) / 2
    return float(stdtrit(freedom, upper) / ndtri(upper))


def _student_p(statistic: float, freedom: float) -> float:
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(statistic)))
