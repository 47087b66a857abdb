"""Evaluation: confusion, per-class figures, order of mistakes, file round trip."""

from pathlib import Path

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation

NAMES = ("cat", "dog", "ship")


def logits_of(*rows: tuple[float, float, float]) -> np.ndarray:
    return np.log(np.array(rows, np.float32))


@pytest.fixture
def evaluation() -> Evaluation:
    """Image 0 right; 1 and 3 wrong, 3 more confidently; 2 barely right; 4 right."""
    logits = logits_of((0.9, 0.05, 0.05), (0.6, 0.3, 0.1), (0.3, 0.36, 0.34), (0.05, 0.05, 0.9), (0.1, 0.1, 0.8))
    return Evaluation(np.array([0, 1, 1, 0, 2]), logits, NAMES, epoch=3)


def test_confusion_is_indexed_truth_prediction(evaluation: Evaluation) -> None:
    assert evaluation.confusion.tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 1]]
    assert evaluation.accuracy == pytest.approx(3 / 5)


def test_most_confidently_wrong_comes_first_and_nearly_wrong_next(evaluation: Evaluation) -> None:
    assert evaluation.indices().tolist() == [3, 1, 2, 4, 0]
    assert evaluation.indices(wrong_only=True).tolist() == [3, 1]


def test_a_cell_gives_its_images(evaluation: Evaluation) -> None:
    assert evaluation.indices(truth=1, prediction=0).tolist() == [1]
    assert evaluation.indices(truth=2, prediction=0).tolist() == []
    assert evaluation.indices(prediction=2).tolist() == [3, 4]


def test_per_class_figures(evaluation: Evaluation) -> None:
    cat, dog, ship = evaluation.per_class()
    assert (cat.images, cat.accuracy, cat.precision) == (2, 0.5, 0.5)
    assert (dog.accuracy, dog.precision) == (0.5, 1.0)
    assert (ship.accuracy, ship.precision) == (1.0, 0.5)


def test_a_class_without_images_has_no_accuracy() -> None:
    lonely = Evaluation(np.array([0]), logits_of((0.9, 0.05, 0.05)), NAMES)
    assert np.isnan(lonely.per_class()[1].accuracy)
    assert np.isnan(lonely.per_class()[1].precision)


def test_loss_is_the_mean_cross_entropy(evaluation: Evaluation) -> None:
    expected = -np.log([0.9, 0.3, 0.36, 0.05, 0.8]).mean()
    assert evaluation.loss == pytest.approx(expected, rel=1e-5)


def test_calibration_of_a_perfect_network_has_no_error() -> None:
    sure = Evaluation(np.array([0, 1]), np.array([[50, 0, 0], [0, 50, 0]], np.float32), NAMES)
    assert sure.calibration().expected_error == pytest.approx(0, abs=1e-6)
    assert sure.calibration().counts.tolist()[-1] == 2


def test_it_survives_its_file(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "epoch.npz"
    evaluation.save(path)
    again = Evaluation.load(path)
    assert again.epoch == 3
    assert again.class_names == NAMES
    assert again.confusion.tolist() == evaluation.confusion.tolist()
    np.testing.assert_allclose(again.probabilities, evaluation.probabilities, atol=1e-3)


def test_close_calls_keep_their_winner_in_the_file(tmp_path: Path) -> None:
    """Half precision has steps of 0.016 near 20: saved as they are, many predictions would change."""
    logits = np.random.default_rng(0).normal(18, 0.01, (2000, 20)).astype(np.float32)
    names = tuple(str(i) for i in range(20))
    before = Evaluation(np.zeros(2000, np.int64), logits, names)
    before.save(tmp_path / "e.npz")
    np.testing.assert_array_equal(Evaluation.load(tmp_path / "e.npz").predictions, before.predictions)


def test_outputs_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(UserError, match="not finite"):
        Evaluation(np.array([0]), np.array([[np.nan, 1, 2]], np.float32), NAMES)


def test_a_cut_file_is_named(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "epoch.npz"
    evaluation.save(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match=r"epoch\.npz"):
        Evaluation.load(path)


def test_logits_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Evaluation(np.array([0, 1]), np.zeros((2, 4), np.float32), NAMES)


def test_the_most_confused_pairs_come_first() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    said = np.array([1, 1, 1, 2, 2, 0, 2, 2])
    evaluation = Evaluation(labels, np.eye(3, dtype=np.float32)[said], ("a", "b", "c"))
    assert evaluation.most_confused(2) == [(0, 1, 3), (1, 2, 2)]
    assert evaluation.most_confused(9) == [(0, 1, 3), (1, 2, 2), (2, 0, 1)]
