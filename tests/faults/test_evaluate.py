"""`evaluate`: figures for a person and a script, of any epoch that has weights."""

import json
import shutil
from typing import Any

import numpy as np
import pytest

from tests.commands import call, refused
from workbench.commands.evaluation_figures import evaluation_document, print_evaluation
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home


@pytest.fixture
def trained(home: Home, trained_home: tuple[Home, str]) -> str:
    """A run of two epochs in a home that is the test's own."""
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    return trained_home[1]


def document(home: Home, *arguments: str) -> dict[str, Any]:
    done = call(home, "evaluate", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def evaluation(home: Home, run: str, name: str) -> Evaluation:
    return Evaluation.load(home.runs / run / "evaluations" / f"{name}.npz")


def test_the_document_has_every_figure(home: Home, trained: str) -> None:
    found = document(home, trained)
    keys = {
        "images", "epoch", "accuracy", "loss", "brier_score", "mean_confidence", "expected_calibration_error",
        "calibration", "temperature", "coverage", "per_class", "most_confused", "confusion", "warnings",
    }  # fmt: skip
    assert keys == found.keys()
    said = evaluation(home, trained, f"epoch-{found['epoch']:05d}")
    scores = said.scores()
    # It was recorded as half-precision numbers.
    assert found["loss"] == pytest.approx(scores.loss, abs=0.02)
    assert found["brier_score"] == pytest.approx(scores.brier, abs=0.02)
    for entry in found["per_class"]:
        assert entry.keys() == {
            "name", "images", "accuracy", "precision", "recall", "f1", "support", "confidence",
        }  # fmt: skip
        assert (entry["recall"], entry["support"]) == (entry["accuracy"], entry["images"])
    assert sum(each["images"] for each in found["calibration"]) == found["images"] == 36
    assert found["coverage"][-1] == {"coverage": 1.0, "accuracy": found["accuracy"]}
    wrong = found["images"] - round(found["accuracy"] * found["images"])
    assert sum(pair["images"] for pair in found["most_confused"]) == wrong


def test_the_temperature_is_that_of_the_held_out_images(home: Home, trained: str) -> None:
    found = document(home, trained)
    held_out = evaluation(home, trained, f"validation-{found['epoch']:05d}")
    assert found["temperature"]["temperature"] == pytest.approx(held_out.temperature)
    assert found["temperature"]["loss"] != found["loss"]
    for path in (home.runs / trained / "evaluations").glob("validation-*"):
        path.unlink()
    assert document(home, trained)["temperature"] is None
    assert "temperature" not in call(home, "evaluate", trained).stdout


@pytest.mark.parametrize("epoch", [1, 2])
def test_another_epoch_has_its_own_figures(home: Home, trained: str, epoch: int) -> None:
    found = document(home, trained, "--epoch", str(epoch))
    assert found["epoch"] == epoch
    np.testing.assert_allclose(found["loss"], evaluation(home, trained, f"epoch-{epoch:05d}").loss, atol=0.02)


def test_a_person_reads_tables(home: Home, trained: str) -> None:
    done = call(home, "evaluate", trained, "--epoch", "1")
    assert done.returncode == 0
    for words in ("precision", "recall", "F1", "support", "confidence", "ECE", "NLL", "Brier", "temperature ",
                  "of the surest images it is right", "after epoch 1"):  # fmt: skip
        assert words in done.stdout, words


def test_epochs_that_are_not_there_are_refused(home: Home, trained: str) -> None:
    assert "epoch is 9; run" in refused(call(home, "evaluate", trained, "--epoch", "9"))
    assert "the epochs 1 to 2" in refused(call(home, "evaluate", trained, "--epoch", "0"))
    sentence = refused(call(home, "evaluate", "--weights", "x.pt", "--model", "resnet8", "--epoch", "1"))
    assert "--epoch is of a RUN" in sentence
    for path in (home.runs / trained / "weights").glob("*"):
        path.unlink()
    kept = document(home, trained)["epoch"]
    assert "no weights of epoch" in refused(call(home, "evaluate", trained, "--epoch", str(3 - kept)))


def test_it_counts_as_a_look_at_the_test_images(home: Home, trained: str) -> None:
    def looks() -> int:
        return int(json.loads(call(home, "runs", "show", trained, "--json").stdout)["test_looks"])

    before = looks()
    document(home, trained, "--epoch", "1")
    assert looks() == before + 1


def test_the_most_confused_pairs_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.array([0, 0, 0, 0, 1, 2, 2])
    said = Evaluation(labels, np.eye(3, dtype=np.float32)[[1, 1, 1, 0, 1, 0, 2]], ("[bold]猫", "dog", "ship"), 4)
    print_evaluation(said)
    table = capsys.readouterr().out.partition("most confused")[2]
    rows = [line.split() for line in table.split("\n")[2:4]]
    assert rows == [["[bold]猫", "dog", "3", "75.0%"], ["ship", "[bold]猫", "1", "50.0%"]]
    pairs = evaluation_document(said)["most_confused"]
    assert pairs[0] == {"truth": "[bold]猫", "prediction": "dog", "images": 3}


def test_of_a_thousand_classes_the_matrix_is_left_to_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    logits = np.random.default_rng(0).normal(size=(3000, 1000)).astype(np.float32)
    said = Evaluation(np.arange(3000) % 1000, logits, tuple(f"class {number}" for number in range(1000)))
    print_evaluation(said)
    printed = capsys.readouterr().out
    assert "truth / said" not in printed
    assert "class 999" in printed
    assert len(evaluation_document(said)["confusion"]) == 1000
