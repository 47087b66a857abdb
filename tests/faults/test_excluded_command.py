"""Marked images are left out by `train`, `queue add` and `search start`, which say so, unless told otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import TINY, call, refused
from tests.conftest import CLASSES
from workbench.core.data.image_marks import ImageMarks, marks_of
from workbench.core.home import Home

NAMES = tuple(f"train/{CLASSES[index // 40]}/{index:04d}.png" for index in range(120))
SAID = "are left out of training as they are marked excluded; --all-images trains on them"


@pytest.fixture
def marked(home: Home, image_folder: Path) -> ImageMarks:
    marks = ImageMarks(home, str(image_folder))
    marks.change_excluded(added=marks_of("train", [3, 50], NAMES))
    return marks


def trained(home: Home, images: Path, *arguments: str) -> tuple[dict[str, Any], list[int]]:
    """The document of a run, and the numbers that it has left out."""
    done = call(home, "train", *TINY, "--data", str(images), "--epochs", "1", "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    shown = json.loads(call(home, "runs", "show", document["run"], "--json").stdout)
    return document, shown["config"]["data"]["excluded"]


def said(document: dict[str, Any]) -> list[str]:
    return [warning for warning in document["warnings"] if "left out" in warning]


def test_what_is_marked_is_left_out_and_said(home: Home, image_folder: Path, marked: ImageMarks) -> None:
    document, excluded = trained(home, image_folder)
    assert excluded == [3, 50]
    assert said(document) == [warning for warning in document["warnings"] if warning.startswith("2 images of ")]
    assert SAID in said(document)[0]
    marked.change_excluded(removed=marks_of("train", [3], NAMES))
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "1")
    line = "is left out of training as it is marked excluded; --all-images trains on it"
    assert [line in each for each in done.stderr.splitlines()].count(True) == 1


def test_the_persons_own_word_counts(home: Home, image_folder: Path, marked: ImageMarks, tmp_path: Path) -> None:
    assert trained(home, image_folder, "--all-images")[1] == []
    document, excluded = trained(home, image_folder, "--set", "data.excluded=[7]")
    assert (excluded, said(document)) == ([7], [])
    assert trained(home, image_folder, "--set", "data.excluded=[]")[1] == []
    file = tmp_path / "run.json"
    for tree, expected in (({}, [3, 50]), ({"excluded": [9]}, [9]), ({"excluded": []}, [])):
        file.write_text(json.dumps({"data": tree}))
        assert trained(home, image_folder, "--config", str(file))[1] == expected
    file.write_text(json.dumps({"data": {"excluded": [9]}}))
    assert trained(home, image_folder, "--config", str(file), "--all-images")[1] == []
    both = call(home, "train", "--all-images", "--set", "data.excluded=[7]")
    assert "--all-images leaves out nothing; give it without --set data.excluded" in refused(both)


def test_the_queue_keeps_what_is_marked_when_a_run_is_added(
    home: Home, image_folder: Path, marked: ImageMarks
) -> None:
    arguments = ("queue", "add", *TINY, "--data", str(image_folder), "--epochs", "1", "--json")
    added = json.loads(call(home, *arguments, "--seeds", "1,2").stdout)
    assert [entry["config"]["data"]["excluded"] for entry in added] == [[3, 50]] * 2
    assert SAID in added[0]["warnings"][0]
    marked.change_excluded(added=marks_of("train", [9], NAMES))
    assert call(home, "queue", "run").returncode == 0
    shown = json.loads(call(home, "runs", "show", added[0]["entry"], "--json").stdout)
    assert shown["config"]["data"]["excluded"] == [3, 50]
    (other,) = json.loads(call(home, *arguments, "--all-images").stdout)
    assert other["config"]["data"]["excluded"] == []


def test_a_study_leaves_out_the_same_in_every_trial(home: Home, image_folder: Path, marked: ImageMarks) -> None:
    pytest.importorskip("optuna")
    done = call(home, "search", "start", "mine", *TINY, "--data", str(image_folder), "--epochs", "1",
                "--trials", "1", "--space", "training.learning_rate=0.01..0.1", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert SAID in document["warnings"][0]
    assert document["config"]["data"]["excluded"] == [3, 50]
    refusal = call(home, "search", "start", "other", "--space", "data.excluded=[1]")
    assert "data.excluded cannot be searched over" in refused(refusal)


def test_marks_that_cannot_be_read_begin_no_run(home: Home, image_folder: Path, marked: ImageMarks) -> None:
    marked.path.write_text("[")
    arguments = ("train", *TINY, "--data", str(image_folder), "--epochs", "1")
    assert "cannot read the marks" in refused(call(home, *arguments))
    assert json.loads(call(home, "runs", "list", "--json").stdout) == []
    assert call(home, *arguments, "--all-images").returncode == 0


def test_a_number_of_no_image_is_refused_by_field(home: Home, image_folder: Path) -> None:
    done = call(home, "train", *TINY, "--data", str(image_folder), "--set", "data.excluded=[120]", "--epochs", "1")
    assert done.returncode == 2
    assert "data.excluded has 120, but " in done.stderr
    assert "has only 120 training images; give numbers from 0 to 119" in done.stderr
    assert json.loads(call(home, "runs", "list", "--json").stdout) == []
