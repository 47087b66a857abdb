"""Every figure of an evaluation, against scikit-learn or against the plainest way to find it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from workbench.core.calibration import BINS, HIGHEST_TEMPERATURE, LEAST_TEMPERATURE, Coverage
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.confusion import clustered_order, row_shares

UNICODE = ("Katze 猫", "قط", "🐈‍⬛", "a\u0301", "<b>dog</b>", "", " ", "e&f", "鼠", "ß")


def random_evaluation(seed: int, images: int, classes: int, sharpness: float = 2.0) -> Evaluation:
    """Some classes have no images, and some are never predicted."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, max(1, classes - classes // 4), images)
    logits = generator.normal(size=(images, classes)).astype(np.float32)
    logits[np.arange(images), labels] += 1
    logits[:, generator.integers(0, classes)] = logits.min(axis=1) - 0.1
    names = UNICODE[:classes] if classes <= len(UNICODE) else tuple(f"class {n}" for n in range(classes))
    return Evaluation(labels, sharpness * logits, names, 1)


evaluations = st.builds(
    random_evaluation, st.integers(0, 10_000), st.integers(1, 300), st.integers(2, 10), st.floats(0.05, 4)
)


def check_against_sklearn(said: Evaluation) -> None:
    classes = np.arange(len(said.class_names))
    np.testing.assert_array_equal(
        said.confusion, metrics.confusion_matrix(said.labels, said.predictions, labels=classes)
    )
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        said.labels, said.predictions, labels=classes, zero_division=np.nan
    )
    figures = said.per_class()
    assert [each.name for each in figures] == list(said.class_names)
    assert [each.images for each in figures] == support.tolist()
    np.testing.assert_allclose([each.accuracy for each in figures], recall)
    np.testing.assert_allclose([each.precision for each in figures], precision)
    np.testing.assert_allclose([each.f1 for each in figures], f1)
    probabilities = np.exp(said.logits.astype(np.float64) - said.logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert said.loss == pytest.approx(metrics.log_loss(said.labels, probabilities, labels=classes), rel=1e-5)
    brier = metrics.brier_score_loss(said.labels, probabilities, labels=classes, scale_by_half=False)
    assert said.brier == pytest.approx(brier, abs=1e-5)
    assert said.accuracy == metrics.accuracy_score(said.labels, said.predictions)
    for number, each in enumerate(figures):
        of_class = said.confidence[said.labels == number]
        assert each.confidence == pytest.approx(float(of_class.mean()) if len(of_class) else math.nan, nan_ok=True)


@given(evaluations)
def test_figures_agree_with_scikit_learn(said: Evaluation) -> None:
    check_against_sklearn(said)


@pytest.mark.parametrize("classes", [2, 1000])
def test_few_and_many_classes_agree_with_scikit_learn(classes: int) -> None:
    check_against_sklearn(random_evaluation(1, 3000, classes))


def test_a_class_that_is_never_said_has_no_precision_and_an_f1_of_0() -> None:
    said = Evaluation(np.array([0, 1, 1]), np.eye(3, dtype=np.float32)[[0, 0, 0]], ("a", "b", "c"))
    _, never, empty = said.per_class()
    assert math.isnan(never.precision)
    assert (never.accuracy, never.f1) == (0, 0)
    assert all(math.isnan(value) for value in (empty.accuracy, empty.precision, empty.f1, empty.confidence))


# Calibration


def expected_error_by_looping(said: Evaluation, bins: int) -> float:
    """Guo et al. 2017, equation 3, an image at a time."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, right in zip(said.confidence.tolist(), said.correct.tolist(), strict=True):
        place = next(number for number in reversed(range(bins)) if confidence >= number / bins)
        members[place].append((confidence, right))
    total = 0.0
    for each in members:
        if each:
            sure = sum(confidence for confidence, _ in each) / len(each)
            right = sum(right for _, right in each) / len(each)
            total += len(each) / len(said.labels) * abs(sure - right)
    return total


@given(evaluations, st.sampled_from(BINS))
def test_the_expected_calibration_error_agrees_with_a_loop_over_images(said: Evaluation, bins: int) -> None:
    found = said.calibration(bins)
    assert found.expected_error == pytest.approx(expected_error_by_looping(said, bins), abs=1e-6)
    assert found.counts.sum() == len(said.labels)
    assert said.scores(bins).expected_calibration_error == found.expected_error


@given(evaluations)
def test_a_temperature_never_makes_the_loss_worse(said: Evaluation) -> None:
    temperature = said.temperature
    assert LEAST_TEMPERATURE <= temperature <= HIGHEST_TEMPERATURE
    fitted = said.at_temperature(temperature)
    assert fitted.loss <= said.loss + 1e-6
    np.testing.assert_array_equal(fitted.predictions, said.predictions)


@given(evaluations)
def test_the_temperature_is_that_of_scipy(said: Evaluation) -> None:
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        logits = said.logits.astype(np.float64) / math.exp(log_temperature)
        logits -= logits.max(axis=1, keepdims=True)
        truth = logits[np.arange(len(logits)), said.labels]
        return float((np.log(np.exp(logits).sum(axis=1)) - truth).mean())

    bounds = math.log(LEAST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    assert loss(math.log(said.temperature)) <= found.fun + 1e-9


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 2.5, 6.0])
def test_a_known_temperature_is_found_again(true_temperature: float) -> None:
    generator = np.random.default_rng(5)
    calibrated = generator.normal(0, 2, (40_000, 10))
    weights = np.exp(calibrated)
    ends = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    labels = (generator.random((40_000, 1)) > ends).sum(axis=1).clip(0, 9)
    said = Evaluation(labels, (true_temperature * calibrated).astype(np.float32), tuple("abcdefghij"))
    assert said.temperature == pytest.approx(true_temperature, rel=0.02)
    before, after = said.scores(15), said.at_temperature(said.temperature).scores(15)
    assert after.expected_calibration_error < 0.01
    if true_temperature != 1:
        assert before.expected_calibration_error > 3 * after.expected_calibration_error


@pytest.mark.parametrize(
    ("labels", "logits", "expected"),
    [
        ([0, 1], [[9, 0], [0, 9]], LEAST_TEMPERATURE),
        ([1, 0], [[9, 0], [0, 9]], HIGHEST_TEMPERATURE),
        ([0, 1], [[0, 0], [0, 0]], 1.0),
        ([], np.zeros((0, 2)), 1.0),
    ],
)
def test_where_there_is_no_best_temperature_it_is_at_a_bound_or_1(
    labels: list[int], logits: object, expected: float
) -> None:
    said = Evaluation(np.array(labels, np.int64), np.array(logits, np.float32), ("a", "b"))
    assert said.temperature == pytest.approx(expected, rel=1e-6)


# Coverage


@given(evaluations, st.floats(0, 1))
def test_the_coverage_curve_agrees_with_asking_the_surest_one_by_one(said: Evaluation, share: float) -> None:
    curve = said.coverage
    pairs = sorted(zip(said.confidence.tolist(), said.correct.tolist(), strict=True), key=lambda pair: -pair[0])
    for count in {1, len(pairs) // 2 + 1, len(pairs)}:
        assert curve.accuracy[count - 1] == pytest.approx(sum(right for _, right in pairs[:count]) / count)
        assert curve.confidence[count - 1] == pytest.approx(pairs[count - 1][0])
        assert curve.coverage[count - 1] == pytest.approx(count / len(pairs))
    count = max(1, round(share * len(pairs)))
    assert curve.at(share) == pytest.approx(sum(right for _, right in pairs[:count]) / count)


def test_without_images_there_is_no_coverage() -> None:
    assert math.isnan(Coverage.of(np.zeros(0), np.zeros(0, bool)).at(0.5))


# The confusion matrix


@given(evaluations)
def test_shares_of_a_row_are_those_of_scikit_learn(said: Evaluation) -> None:
    classes = np.arange(len(said.class_names))
    expected = metrics.confusion_matrix(said.labels, said.predictions, labels=classes, normalize="true")
    np.testing.assert_allclose(row_shares(said.confusion), expected)


@given(evaluations)
def test_a_clustered_order_holds_every_class_once(said: Evaluation) -> None:
    assert sorted(clustered_order(said.confusion)) == list(range(len(said.class_names)))


def test_classes_that_are_confused_stand_side_by_side() -> None:
    confusion = np.diag([50] * 6)
    for one, other in ((0, 3), (1, 4), (2, 5)):
        confusion[one, other] = confusion[other, one] = 20
    confusion[3, 1] = confusion[4, 5] = 5
    order = clustered_order(confusion).tolist()
    assert order in ([0, 3, 1, 4, 5, 2], [0, 3, 1, 4, 2, 5], [2, 5, 4, 1, 3, 0])
    for one, other in ((0, 3), (1, 4), (2, 5)):
        assert abs(order.index(one) - order.index(other)) == 1


@pytest.mark.parametrize("classes", [2, 3, 300])
def test_without_any_confusion_classes_stay_in_their_order(classes: int) -> None:
    assert clustered_order(np.diag([7] * classes)).tolist() == list(range(classes))


def test_many_classes_are_clustered() -> None:
    said = random_evaluation(3, 4000, 400)
    assert sorted(clustered_order(said.confusion)) == list(range(400))
