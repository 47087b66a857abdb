"""How sure a difference is: by numbers of others, by brute force, and by how often chance passes for one."""

import math

import numpy as np
import pytest

from tests.compared import Recording, answering, right_but
from workbench.core.errors import UserError
from workbench.core.records.store import RunStore
from workbench.engine.comparison import statistics
from workbench.engine.comparison.comparing import compare, compare_all


@pytest.mark.parametrize(
    ("only_a", "only_b", "p_value"),
    [
        # statsmodels.stats.contingency_tables.mcnemar([[101, 121], [59, 33]], exact=True), of its manual.
        (121, 59, 4.4344492637551645e-06),
        (4, 12, 0.076812744140625),
        (0, 5, 0.0625),
        (6, 0, 0.03125),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_the_exact_test_gives_what_others_compute(only_a: int, only_b: int, p_value: float) -> None:
    assert statistics.mcnemar(only_a, only_b) == pytest.approx(p_value, rel=1e-9)
    both = only_a + only_b
    summed = 2 * sum(math.comb(both, k) for k in range(min(only_a, only_b) + 1)) / 2**both
    assert statistics.mcnemar(only_a, only_b) == pytest.approx(min(1.0, summed))


def drawn(generator: np.random.Generator, *seeds: int, images: int, better: float = 0.0) -> list[np.ndarray]:
    """Runs that are right by how easy an image is, which the runs of all sides share; the last are better."""
    ease = generator.normal(2.5, 2.0, images)
    gains = np.linspace(0.0, better, len(seeds))
    return [
        generator.random((count, images)) < 1 / (1 + np.exp(-(ease + gain)))
        for count, gain in zip(seeds, gains, strict=True)
    ]


def test_the_interval_is_that_of_drawing_pairs_one_by_one() -> None:
    a, b = drawn(np.random.default_rng(1), 1, 1, images=500, better=0.4)
    numbers = np.random.default_rng(2).integers(500, size=(20_000, 500))
    means = (b[0].astype(float) - a[0])[numbers].mean(axis=1)
    (low, high), p_value = statistics.estimate(a, b)
    # An image is 0.002.
    assert (low, high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.0021)
    assert 0 < p_value < 1


@pytest.mark.parametrize("seeds", [(1, 1), (3, 2)])
def test_the_same_runs_always_give_the_same_interval_and_its_mirror_image(seeds: tuple[int, int]) -> None:
    for seed in range(4):
        a, b = drawn(np.random.default_rng(seed), *seeds, images=400, better=0.5)
        (low, high), p_value = statistics.estimate(a, b)
        assert statistics.estimate(a, b) == ((low, high), p_value)
        assert statistics.estimate(b, a) == ((-high, -low), p_value)


def test_over_seeds_alone_the_test_is_welchs() -> None:
    """Where images change nothing but by the seeds; scipy.stats.ttest_ind([.8, .82, .81], [.83, .85, .81],
    equal_var=False) says 0.2208808404940948."""
    images = 100
    a, b = (np.zeros((3, images), bool) for _ in range(2))
    # Seeds recognize images of their own, so that single images have no share in the difference.
    for right, counts in ((a, (80, 82, 81)), (b, (83, 85, 81))):
        for seed, count in enumerate(counts):
            right[seed, np.random.default_rng(seed).permutation(images)[:count]] = True
    assert statistics.over_seeds(a, b).p_value == pytest.approx(0.2208808404940948)


def test_the_interval_over_seeds_has_the_width_of_an_analysis_of_variance() -> None:
    generator = np.random.default_rng(5)
    a, b = drawn(generator, 4, 3, images=1_000)
    b[:, :150], b[:, 150:250] = True, False
    difference = b.mean() - a.mean()
    parts, of_seeds_in_images = [], 0.0
    for right in (a, b):
        seeds = len(right)
        parts.append((right.mean(axis=1).var(ddof=1) / seeds, seeds - 1))
        residuals = [[r - row.mean() for r in row] for row in right]
        of_seeds_in_images += np.mean([np.var(column, ddof=1) for column in zip(*residuals, strict=True)]) / seeds
    of_images = (b.mean(axis=0) - a.mean(axis=0)).var() - of_seeds_in_images
    parts.append((of_images / 1_000, 999))
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / most for part, most in parts)
    from scipy import stats

    half = stats.t.ppf(0.975, freedom) * math.sqrt(variance)
    (low, high), p_value = statistics.estimate(a, b)
    assert p_value == pytest.approx(2 * stats.t.sf(abs(difference) / math.sqrt(variance), freedom))
    # The bootstrap of few seeds is no normal curve.
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)
    assert (low + high) / 2 == pytest.approx(difference, abs=0.2 * half)


@pytest.mark.parametrize(("seeds", "images"), [((1, 1), 400), ((3, 3), 400), ((5, 3), 400)])
def test_runs_that_do_not_differ_seem_to_in_one_of_twenty_comparisons(
    monkeypatch: pytest.MonkeyPatch, seeds: tuple[int, int], images: int
) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 999)
    generator, times = np.random.default_rng(0), 400
    found = [statistics.estimate(*drawn(generator, *seeds, images=images)) for _ in range(times)]
    outside = sum(low > 0 or high < 0 for (low, high), _ in found) / times
    rejected = sum(p_value < 0.05 for _, p_value in found) / times
    # Two standard errors of a share of 5 % among so many are 2.2 %.
    assert 0.028 <= outside <= 0.072
    assert 0.01 <= rejected <= 0.072


def test_a_difference_of_all_images_by_all_seeds_is_tested_by_its_signs() -> None:
    right = np.zeros((3, 4), bool)
    assert statistics.estimate(right, ~right) == ((1.0, 1.0), 0.125)
    assert statistics.estimate(right, right) == ((0.0, 0.0), 1.0)


def test_two_runs_are_compared_by_the_epochs_they_keep_or_by_others(store: RunStore) -> None:
    writing = Recording(store)
    worse, better = answering(right_but(60, *range(20))), answering(right_but(60, 1, 30), epoch=2)
    a = writing.run(worse, name="a", model__stem="7x7")
    b = writing.run(worse, better, name="b")
    found = compare(store, (a, b))
    assert found.verdict.counts[:4] == (39, 1, 19, 1)
    assert found.verdict.outcome == "b better"
    assert [each.field for each in found.settings] == ["model.stem", "training.epochs"]
    assert compare(store, (a, b), (None, 1)).verdict.outcome == "same answers"
    assert compare(store, (b, b), (1, 2)).verdict.sentence.startswith("b after epoch 2 is better by 30.0 points")


def test_with_seeds_all_finished_runs_of_both_count(store: RunStore) -> None:
    writing = Recording(store)
    generator = np.random.default_rng(0)
    a, b = drawn(generator, 3, 3, images=600, better=1.5)
    ids = [
        [writing.run(answering(right), name=name, seed=seed, model__stem=stem) for seed, right in enumerate(group)]
        for group, name, stem in ((a, "a", "7x7"), (b, "b", "3x3"))
    ]
    verdict = compare(store, (ids[0][1], ids[1][0]), with_seeds=True).verdict
    assert (verdict.a.seeds, verdict.b.seeds) == ((1, 0, 2), (0, 1, 2))
    assert verdict.difference == pytest.approx(b.mean() - a.mean())
    assert verdict.counts.only_b_right == (b[0] & ~a[1]).sum()
    assert verdict.sentence.endswith("on 600 images and 3 seeds each")
    with pytest.raises(UserError, match="one and the same: they differ"):
        compare(store, (ids[0][0], ids[0][1]), with_seeds=True)
    alone = [writing.run(answering(a[0]), training__learning_rate=rate) for rate in (0.2, 0.3)]
    with pytest.raises(UserError, match="have no others that finished and differ"):
        compare(store, (alone[0], alone[1]), with_seeds=True)


def test_of_several_runs_each_pair_is_compared_and_corrected(store: RunStore) -> None:
    writing = Recording(store)
    ids = [
        writing.run(answering(right_but(80, *range(wrong))), name=name)
        for name, wrong in (("a", 10), ("b", 16), ("c", 40))
    ]
    found = compare_all(store, ids)
    assert [(each.verdict.a.name, each.verdict.b.name) for each in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    closest = found[0].verdict
    assert (closest.p_value, closest.p_adjusted) == (0.03125, 0.03125)
    assert found[1].verdict.p_adjusted == pytest.approx(3 * found[1].verdict.p_value)
    assert found[2].verdict.p_adjusted == pytest.approx(2 * found[2].verdict.p_value)
    with pytest.raises(UserError, match="is given twice"):
        compare_all(store, [*ids, ids[0]])
