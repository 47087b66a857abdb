"""The command `mistakes`, with right and wrong input."""

import csv
import json
import re
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import call, refused
from workbench.core.home import Home
from workbench.core.records.store import RunStore


@pytest.fixture
def mistaken(home: Home, trained_home: tuple[Home, str]) -> tuple[Home, str]:
    """A run that is wrong of every third image."""
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    run_id = trained_home[1]
    with closing(RunStore(home)) as store:
        for epoch in store.evaluated_epochs(run_id):
            evaluation = store.evaluation(run_id, epoch)
            logits = evaluation.logits.copy()
            logits[::3] = np.roll(logits[::3], 1, axis=1) * np.linspace(1, 3, len(logits[::3]))[:, None]
            replace(evaluation, logits=logits.astype(np.float32)).save(
                store.folder(run_id) / "evaluations" / f"epoch-{epoch:05d}.npz"
            )
    return home, run_id


def test_mistakes_come_worst_first_and_agree_with_what_was_recorded(mistaken: tuple[Home, str]) -> None:
    home, run_id = mistaken
    store = RunStore(home)
    evaluation = store.evaluation(run_id, store.run(run_id).best.epoch)
    store.close()
    done = call(home, "mistakes", run_id, "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert [each["index"] for each in found] == evaluation.indices(wrong_only=True).tolist()
    assert found
    assert all(each["truth"] != each["prediction"] for each in found)
    assert all(list(each) == ["index", "path", "truth", "prediction", "probability", "loss"] for each in found)
    probabilities = [each["probability"] for each in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert "test images are wrong after epoch" in call(home, "mistakes", run_id).stdout


def test_they_are_written_as_a_sheet_and_a_table(mistaken: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = mistaken
    everything = json.loads(call(home, "mistakes", run_id, "--epoch", "1", "--json").stdout)
    assert everything
    done = call(home, "mistakes", run_id, "--epoch", "1", "--output", str(tmp_path / "wrong.png"), "--json")
    assert json.loads(done.stdout) == everything
    with Image.open(tmp_path / "wrong.png") as sheet:
        assert min(sheet.size) > 90
    call(home, "mistakes", run_id, "--epoch", "1", "--most", "2", "--output", str(tmp_path / "wrong.csv"))
    with (tmp_path / "wrong.csv").open() as file:
        assert [int(row["index"]) for row in csv.DictReader(file)] == [each["index"] for each in everything[:2]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--epoch", "9"), "epoch is 9; run .* has answers of the epochs 1 to 2"),
        (("--epoch", "0"), "epoch is 0; run .* has answers"),
        (("--truth", "unicorn"), "--truth is 'unicorn'; it must be one of"),
        (("--output", "wrong.jpg"), r"--output is 'wrong.jpg'; it must end in .png \(pictures\) or .csv"),
        (("--output", "/proc/wrong.csv"), "cannot write /proc/wrong.csv"),
        (("--output", "/dev/null/wrong.csv"), "cannot write /dev/null/wrong.csv: /dev/null is no folder"),
    ],
)
def test_wrong_input_is_a_sentence(
    trained_home: tuple[Home, str], arguments: tuple[str, ...], sentence: str
) -> None:
    home, run_id = trained_home
    assert re.search(sentence, refused(call(home, "mistakes", run_id, *arguments)))


def test_what_was_found_is_said_also_where_it_cannot_be_written(mistaken: tuple[Home, str]) -> None:
    home, run_id = mistaken
    everything = json.loads(call(home, "mistakes", run_id, "--json").stdout)
    done = call(home, "mistakes", run_id, "--json", "--output", "/proc/wrong.csv")
    assert "cannot write /proc/wrong.csv" in refused(done)
    assert json.loads(done.stdout) == everything
    nothing = call(
        home, "mistakes", run_id, "--json", "--truth", "red", "--prediction", "red", "--output", "a.png"
    )
    assert "nothing to draw" in refused(nothing)
    assert json.loads(nothing.stdout) == []


def test_images_whose_decoded_copy_is_gone_are_read_again(mistaken: tuple[Home, str]) -> None:
    home, run_id = mistaken
    before = json.loads(call(home, "mistakes", run_id, "--json").stdout)
    with closing(RunStore(home)) as store:
        # Of the home that this one is a copy of.
        shutil.rmtree(home.data)
        _point_at(store, run_id, home.data / "gone")
    done = call(home, "mistakes", run_id, "--json")
    assert json.loads(done.stdout) == before


def _point_at(store: RunStore, run_id: str, folder: Path) -> None:
    started = store.run(run_id).started | {"dataset_path": str(folder)}
    with store._db.transaction():
        store._db.execute("UPDATE runs SET started=? WHERE id=?", (json.dumps(started), run_id))
