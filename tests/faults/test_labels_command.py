"""The command `labels`: what it prints, and what it refuses."""

import csv
import json
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import call, refused
from tests.planted import PLANTED, plant_doubts
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_marks import ImageMarks, marks_of
from workbench.core.home import Home
from workbench.core.records.store import RunStore


@pytest.fixture
def doubted(home: Home, trained_home: tuple[Home, str]) -> tuple[Home, str]:
    """A run that is sure of all test images, of three of them against their label."""
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    run_id = trained_home[1]
    plant_doubts(home, run_id)
    return home, run_id


def test_doubtful_labels_come_as_a_list_with_scores(doubted: tuple[Home, str]) -> None:
    home, run_id = doubted
    done = call(home, "labels", run_id, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert [row["index"] for row in found] == list(PLANTED)
    scores = [row["score"] for row in found]
    assert scores == sorted(scores)
    for row in found:
        assert set(row) == {"index", "path", "given", "suggested", "score", "probability", "marked"}
        assert row["path"].startswith(f"test/{row['given']}/")
        assert row["given"] != row["suggested"]
        assert 0 < row["score"] < 0.05 < row["probability"] < 1


def test_a_person_reads_the_accuracy_without_them(doubted: tuple[Home, str]) -> None:
    home, run_id = doubted
    with closing(RunStore(home)) as store:
        names = Dataset.require(copy_of(store, run_id)).test.names
        ImageMarks(home, store.run(run_id).source).change(marks_of("test", [PLANTED[0]], names))
    done = call(home, "labels", run_id)
    assert done.returncode == 0, done.stderr
    assert "3 of 36 test labels are doubtful after epoch" in done.stdout
    assert "accuracy 91.67%, at most 100.0% without the 3 doubtful, 94.3% without the 1 marked" in done.stdout
    assert done.stdout.count("marked") == 2


def copy_of(store: RunStore, run_id: str) -> Path:
    """Of the images, decoded."""
    return Path(store.run(run_id).started["dataset_path"])


def test_validation_labels_are_looked_through_too(doubted: tuple[Home, str]) -> None:
    done = call(doubted[0], "labels", doubted[1], "--part", "validation", "--epoch", "1", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(row["path"].startswith("train/") for row in json.loads(done.stdout))


def test_people_stand_beside_the_labels(doubted: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = doubted
    counts = np.tile([[1, 2, 48]], (36, 1))
    np.save(tmp_path / "counts.npy", counts)
    done = call(home, "labels", run_id, "--human", str(tmp_path / "counts.npy"), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    for row in json.loads(done.stdout):
        assert row["human_suggested"] == "red"
        assert row["human_agreement"] == pytest.approx({"blue": 1, "green": 2, "red": 48}[row["given"]] / 51)
    told = call(home, "labels", run_id, "--human", str(tmp_path / "counts.npy"))
    assert "people gave the label in 33.3% of answers" in told.stdout


def test_near_duplicates_are_listed_and_kept(doubted: tuple[Home, str]) -> None:
    home, run_id = doubted
    done = call(home, "labels", run_id, "--duplicates", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    # Noise is like no other noise.
    assert json.loads(done.stdout) == []
    with closing(RunStore(home)) as store:
        assert (copy_of(store, run_id) / "near-duplicates.npz").exists()
    told = call(home, "labels", run_id, "--duplicates")
    assert "0 of 36 test images (0.00%) have a near-duplicate" in told.stdout


def test_a_table_and_a_sheet_are_written(doubted: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = doubted
    table, sheet = tmp_path / "labels.csv", tmp_path / "labels.png"
    for path in (table, sheet):
        done = call(home, "labels", run_id, "--output", str(path))
        assert done.returncode == 0, done.stderr
        assert f"written to {path}" in done.stdout
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == list(PLANTED)
    assert list(rows[0])[:5] == ["index", "path", "given", "suggested", "score"]
    with Image.open(sheet) as picture:
        assert picture.width > 100


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--part", "training"), "--part is 'training'; it must be test or validation"),
        (("--part", "validation", "--human", "a.npy"), "--human has answers to test images"),
        (("--duplicates", "--human", "a.npy"), "give it without --duplicates"),
        (("--duplicates", "--part", "validation"), "--duplicates are those of test images"),
        (("--output", "a.txt"), "it must end in .csv (a table) or .png (pictures)"),
        (("--duplicates", "--output", "a.png"), "it must end in .csv (a table)"),
        (("--human", "nothing.npy"), "cannot read nothing.npy"),
        (("--epoch", "7"), "epoch is 7"),
    ],
)
def test_wrong_input_is_a_sentence(doubted: tuple[Home, str], options: tuple[str, ...], words: str) -> None:
    assert words in refused(call(doubted[0], "labels", doubted[1], *options))


def test_counts_of_other_images_are_refused(doubted: tuple[Home, str], tmp_path: Path) -> None:
    path = tmp_path / "counts.npy"
    np.save(path, np.ones((35, 3)))
    sentence = refused(call(doubted[0], "labels", doubted[1], "--human", str(path)))
    assert "counts.npy has the shape 35 x 3; it must have 36 x 3" in sentence


def test_damaged_marks_are_a_sentence(doubted: tuple[Home, str]) -> None:
    home, run_id = doubted
    with closing(RunStore(home)) as store:
        marks = ImageMarks(home, store.run(run_id).source)
    marks.path.parent.mkdir()
    marks.path.write_text("{")
    assert "cannot read the marks" in refused(call(home, "labels", run_id))
    assert marks.path.read_text() == "{"
