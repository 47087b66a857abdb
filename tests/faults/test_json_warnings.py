"""What a command warns of stands in its JSON document too; standard error says nothing more than before."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.commands import TINY, call
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.engine.network import resnet

CLASSES = "the data has 3 classes, so the network has 3 outputs, not 10"
BEFORE = "going on from the checkpoint before it"


def document_of(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, object]:
    assert done.returncode == code, done.stderr
    assert done.stderr == ""
    document: dict[str, object] = json.loads(done.stdout)
    return document


def cut(path: Path) -> None:
    path.write_bytes(b"cut")


def make_odd(path: Path) -> None:
    (path.parent / "last.json").write_text('{"version": null}')


@pytest.mark.parametrize(("damage", "words"), [(cut, "is damaged: its SHA-256"), (make_odd, "version is null")])
def test_train_and_resume_tell_of_theirs(
    home: Home, image_folder: Path, damage: Callable[[Path], None], words: str
) -> None:
    # A constant rate: a schedule that is stretched would be warned of as well.
    arguments = ("--data", str(image_folder), "--epochs", "2", "--set", "training.schedule=constant")
    trained = document_of(call(home, "train", *TINY, *arguments, "--json"))
    assert trained["warnings"] == [CLASSES]
    folder = home.runs / str(trained["run"]) / "checkpoints"
    damage(folder / json.loads((folder / "last.json").read_text())["file"])
    resumed = document_of(call(home, "resume", "latest", "--epochs", "3", "--json"))
    (warning,) = resumed["warnings"]
    assert words in warning
    assert BEFORE in warning
    shown = document_of(call(home, "runs", "show", "latest", "--json"))
    assert shown["warnings"] == [CLASSES, warning]
    assert document_of(call(home, "evaluate", "latest", "--json"))["warnings"] == []


def test_a_person_is_told_once_on_standard_error(home: Home, image_folder: Path) -> None:
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "1")
    assert done.returncode == 0
    assert " ".join(done.stderr.split()).count(CLASSES) == 1
    assert CLASSES not in done.stdout


def test_evaluate_tells_how_weights_of_others_are_taken(home: Home, image_folder: Path, tmp_path: Path) -> None:
    values = {"model.blocks": [1, 1], "model.widths": [8, 8], "model.num_classes": 3}
    config = RunConfig().with_values(values)
    path = tmp_path / "theirs.pt"
    torch.save(resnet.build(config.model, seed=0).state_dict(), path)
    done = call(
        home, "evaluate", "--weights", str(path), "--model", "resnet8", "--data", str(image_folder), *TINY[:-4],
        "--set", "model.num_classes=3", "--set", "training.device=cpu", "--json",
    )  # fmt: skip
    (warning,) = document_of(done)["warnings"]
    assert warning.startswith(f"{path} does not say how its images were normalized; cifar10 is taken")


@pytest.mark.parametrize("name", ["find-rate", "preflight", "doctor"])
def test_trials_tell_of_theirs(home: Home, image_folder: Path, name: str) -> None:
    resume = ("--resume",) if name == "doctor" else ()
    done = call(home, name, *resume, *TINY, "--data", str(image_folder), "--json")
    assert document_of(done)["warnings"] == [CLASSES]


def test_find_rate_tells_what_it_could_not_keep_of_its_weights(
    home: Home, image_folder: Path, tmp_path: Path
) -> None:
    values = {"model.blocks": [1, 1], "model.widths": [8, 8], "model.num_classes": 5}
    path = tmp_path / "theirs.pt"
    torch.save(resnet.build(RunConfig().with_values(values).model, seed=0).state_dict(), path)
    done = call(home, "find-rate", *TINY, "--data", str(image_folder), "--weights", str(path), "--json")
    doubt, classes, layer = document_of(done)["warnings"]
    assert "does not say how its images were normalized" in doubt
    assert classes == CLASSES
    assert f"{path}: its last layer has 5 outputs, the data 3 classes" in layer
