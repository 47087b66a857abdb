"""The queue on the command line: what is added, changed and worked off, and wrong input."""

import json
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.commands import TINY, call, refused
from tests.conftest import write_images
from tests.programs import END_S, ENDING, started, wait_for_checkpoint
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig


def add(home: Home, images: Path, *arguments: str) -> list[dict[str, Any]]:
    done = call(home, "queue", "add", *TINY, "--data", str(images), "--json", *arguments)
    assert done.returncode == 0, done.stderr
    added: list[dict[str, Any]] = json.loads(done.stdout)
    return added


def listed(home: Home, *arguments: str) -> dict[str, Any]:
    done = call(home, "queue", *(arguments or ("list",)), "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def names(document: dict[str, Any]) -> list[str]:
    return [entry["name"] for entry in document["entries"]]


def test_one_entry_a_seed_with_its_own_name(home: Home, image_folder: Path) -> None:
    add(home, image_folder, "--name", "late")
    added = add(home, image_folder, "--name", "mine", "--seeds", "4,5", "--tag", "a", "--tag", "b", "--front")
    assert [entry["config"]["training"]["seed"] for entry in added] == [4, 5]
    assert [entry["place"] for entry in added] == [1, 2]
    document = listed(home)
    assert names(document) == ["mine, seed 4", "mine, seed 5", "late"]
    assert document["entries"][0]["tags"] == ["a", "b"]
    table = call(home, "queue", "list").stdout
    assert "mine, seed 5" in table
    assert "waiting" in table


def test_the_queue_is_worked_off_in_its_order(home: Home, image_folder: Path) -> None:
    for name in "abc":
        add(home, image_folder, "--epochs", "1", "--name", name)
    assert names(listed(home, "move", "3", "first")) == ["c", "a", "b"]
    assert names(listed(home, "move", "1", "down")) == ["a", "c", "b"]
    assert [entry["state"] for entry in listed(home, "skip", "2")["entries"]] == ["waiting", "skipped", "waiting"]
    done = call(home, "queue", "run", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert (result["status"], result["failed"]) == ("done", 0)
    assert [(entry["name"], entry["state"]) for entry in result["entries"]] == [
        ("a", "finished"), ("b", "finished"),
    ]  # fmt: skip
    runs = json.loads(call(home, "runs", "list", "--json").stdout)
    assert {run["run"]: run["name"] for run in runs} == {
        entry["entry"]: entry["name"] for entry in result["entries"]
    }
    assert [entry["run"]["status"] for entry in result["entries"]] == ["finished", "finished"]
    assert names(listed(home, "clear")) == ["c"]
    assert listed(home)["seconds_left"] == 0, "what is skipped takes no time"
    assert listed(home, "skip", "1", "--undo")["seconds_left"] > 0
    assert names(listed(home, "remove", "1")) == []
    assert "queue is empty" in call(home, "queue", "list").stdout
    assert "Nothing waits" in call(home, "queue", "run").stdout


def test_paused_it_says_so_and_begins_nothing(home: Home, image_folder: Path) -> None:
    add(home, image_folder, "--epochs", "1")
    assert listed(home, "pause")["is_paused"]
    assert "the queue is paused; let it go on with" in refused(call(home, "queue", "run"))
    assert "paused; 'queue continue'" in call(home, "queue", "list").stdout
    assert not listed(home, "continue")["is_paused"]


def test_failures_are_told_and_after_so_many_it_is_paused(home: Home, tmp_path: Path, image_folder: Path) -> None:
    lost = write_images(tmp_path / "lost", 8, 4)
    add(home, lost, "--name", "a")
    add(home, image_folder, "--name", "good", "--epochs", "1")
    add(home, lost, "--name", "b")
    add(home, image_folder, "--name", "never")
    lost.rename(tmp_path / "elsewhere")
    done = call(home, "queue", "run", "--stop-after-failures", "2", "--json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.count("there is no such file") == 2
    result = json.loads(done.stdout)
    assert (result["status"], result["reason"], result["failed"]) == ("paused", "2 runs have failed", 2)
    assert [(entry["name"], entry["state"]) for entry in result["entries"]] == [
        ("a", "failed"), ("good", "finished"), ("b", "failed"),
    ]  # fmt: skip
    assert "(2 runs have failed)" in refused(call(home, "queue", "run"))
    assert "only one that has failed" in refused(call(home, "queue", "retry", "1"))
    assert names(listed(home, "retry")) == ["good", "never", "a", "b"]
    assert call(home, "queue", "retry").stdout.startswith("Nothing has failed")
    assert len(json.loads(call(home, "runs", "list", "--json").stdout)) == 1


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_stops_saves_and_the_entry_is_the_next_again(
    home: Home, image_folder: Path, number: signal.Signals
) -> None:
    (entry,) = add(home, image_folder, "--epochs", "5000")
    process = started(home, "queue", "run", "--json")
    wait_for_checkpoint(home, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=END_S)
    assert process.returncode == 0
    result = json.loads(out)
    assert (result["status"], result["entries"][0]["state"]) == ("stopped", "waiting")
    assert "queue run" in err
    (left,) = listed(home)["entries"]
    assert (left["entry"], left["state"], left["has_begun"]) == (entry["entry"], "waiting", True)
    assert "to be resumed" in call(home, "queue", "list").stdout


def test_killed_its_entry_is_taken_up_by_the_next_who_works(home: Home, image_folder: Path) -> None:
    (entry,) = add(home, image_folder, "--epochs", "5000")
    process = started(home, "queue", "run", "--json")
    wait_for_checkpoint(home, process)
    assert "is being trained" in refused(call(home, "queue", "remove", entry["entry"]))
    assert listed(home)["entries"][0]["state"] == "running"
    process.kill()
    process.communicate(timeout=END_S)
    assert listed(home)["entries"][0]["state"] == "waiting"
    with closing(RunStore(home)) as store:
        claimed = store.queue.claim()
        assert claimed is not None
        assert (claimed.id, claimed.has_begun) == (entry["entry"], True)
        assert store.run(claimed.id).status == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "--seeds", "1,x"), "training.seed is 'x'"),
        (("add", "--seeds", "1,1"), "each seed must be there once"),
        (("add", "--epochs", "0"), "training.epochs is 0"),
        (("add", "--data", "nowhere"), "data.source is 'nowhere'"),
        (("add", "--device", "gpu7"), "training.device is 'gpu7'"),
        (("add", "--name", "latest"), "the run's name is 'latest'"),
        (("add", "--tag", "a,b"), "the tag is 'a,b'"),
        (("add", "--model", "resnet9999"), "model 'resnet9999' is not known"),
        (("move", "1", "0"), "PLACE is '0'"),
        (("move", "1", "sideways"), "PLACE is 'sideways'"),
        (("move", "2", "1"), "entry '2' is not in the queue"),
        (("remove", "1", "nothing"), "entry 'nothing' is not in the queue"),
        (("skip", "ffff"), "entry 'ffff' is not in the queue"),
        (("run", "--stop-after-failures", "-1"), "the number of failures is -1"),
        (("run", "--stop-after-failures", "many"), "the number of failures is 'many'"),
    ],
)
def test_wrong_input_is_one_sentence_and_changes_nothing(
    home: Home, arguments: tuple[str, ...], sentence: str
) -> None:
    with closing(RunStore(home)) as store:
        store.queue.add(RunConfig(), name="there")
    assert sentence in refused(call(home, "queue", *arguments))
    assert names(listed(home)) == ["there"]


def test_several_processes_of_a_launcher_are_refused(home: Home) -> None:
    launched = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
    assert "is worked off in one process" in refused(call(home, "queue", "run", **launched))
