"""The command `lab`: the list, a plan, what is trained, the report, and wrong input."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import call, refused
from tests.conftest import SIDE
from workbench.core.home import Home
from workbench.core.labs.catalog import LABS

TINY = ("--epochs", "1", "--seeds", "1", "--device", "cpu", "--set", "model.widths=[8,8,8]",
        "--set", f"model.input_size={SIDE}", "--set", "training.batch_size=16", "--set", "training.crop_padding=2",
        "--set", "training.threads=1")  # fmt: skip


def told(home: Home, *arguments: str) -> Any:
    done = call(home, "lab", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_are_listed_with_their_length(home: Home) -> None:
    listed = told(home)
    assert [each["lab"] for each in listed] == list(LABS)
    assert {each["finished"] for each in listed} == {0}
    assert listed[0]["runs"] == 12
    assert all("seconds_left" in each for each in listed)
    table = call(home, "lab").stdout
    assert "Do plain networks get worse when they get deeper" in table
    assert "0 of 12" in table


def test_a_plan_adds_nothing(home: Home, image_folder: Path) -> None:
    plan = told(home, "stem", *TINY, "--data", str(image_folder), "--plan")
    assert [(run["name"], run["state"]) for run in plan["of_runs"]] == [
        ("stem3x3 seed 1", "missing"), ("stem7x7 seed 1", "missing"),
    ]  # fmt: skip
    assert json.loads(call(home, "queue", "list", "--json").stdout)["entries"] == []
    assert "2 runs of 1 epochs" in call(home, "lab", "stem", *TINY, "--data", str(image_folder), "--plan").stdout


def test_done_once_it_is_not_done_again(home: Home, image_folder: Path, tmp_path: Path) -> None:
    data = ("--data", str(image_folder))
    call(home, "queue", "add", "--name", "other")
    first = told(home, "stem", *TINY, *data)
    assert (first["status"], first["is_whole"], len(first["entries"])) == ("done", True, 2)
    assert [arm["runs"][0]["state"] for arm in first["arms"]] == ["finished", "finished"]
    again = told(home, "stem", *TINY, *data)
    assert (again["status"], again["entries"], again["seen"]) == ("done", [], first["seen"])
    (other,) = (e for e in json.loads(call(home, "queue", "list", "--json").stdout)["entries"] if not e["tags"])
    assert (other["name"], other["state"]) == ("other", "waiting")
    runs = json.loads(call(home, "runs", "list", "--json").stdout)
    assert [run["tags"] for run in runs] == [["lab:stem"], ["lab:stem"]]
    path = tmp_path / "report.html"
    report = told(home, "stem", *TINY, *data, "--report", str(path))
    assert report["written"] == str(path)
    assert first["seen"] in path.read_text()
    # By other settings there is nothing, and it says by which there is.
    said = call(home, "lab", "stem", "--plan").stderr
    assert "by other settings: give --epochs 1 --seeds 1" in said
    table = call(home, "lab", "stem", *TINY, *data).stdout
    assert "0 still to be trained" in table
    assert "one seed each" in table


def test_added_it_waits_in_the_queue_for_whoever_works_it_off(home: Home, image_folder: Path) -> None:
    arguments = ("stem", *TINY, "--data", str(image_folder), "--add")
    assert len(told(home, *arguments)["added"]) == 2
    assert told(home, *arguments)["added"] == []
    entries = json.loads(call(home, "queue", "list", "--json").stdout)["entries"]
    assert [(entry["name"], entry["tags"]) for entry in entries] == [
        ("stem3x3 seed 1", ["lab:stem"]), ("stem7x7 seed 1", ["lab:stem"]),
    ]  # fmt: skip
    assert "nothing was added" in call(home, "lab", *arguments).stdout
    call(home, "queue", "pause")
    assert "the queue is paused" in refused_after_plan(home, *arguments[:-1])


def refused_after_plan(home: Home, *arguments: str) -> str:
    return refused(call(home, "lab", *arguments, "--json"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("dept",), "lab 'dept' is not known (did you mean 'depth'?)"),
        (("--plan",), "NAME is missing; it must be one of degradation"),
        (("--epochs", "3"), "NAME is missing"),
        (("stem", "--plan", "--add"), "give only one of --plan, --add and --report"),
        (("stem", "--report", "x.pdf"), "--report is 'x.pdf'; it must end in .html"),
        (("stem", "--seeds", "0"), "the number of seeds is 0"),
        (("stem", "--seeds", "two"), "the number of seeds is 'two'"),
        (("stem", "--epochs", "0", "--plan"), "training.epochs is 0"),
        (("stem", "--set", "model.stem=7x7"), "model.stem is '7x7', but is what lab stem varies"),
        (("stem", "--set", "training.seed=1"), "training.seed is 1, but is set by the lab"),
        (("stem", "--data", "nowhere", "--plan"), "there is no such file"),
        (("stem", "--device", "cuda:77"), "training.device is 'cuda:77'"),
    ],
)
def test_wrong_input_is_one_sentence_and_changes_nothing(
    home: Home, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(call(home, "lab", *arguments))
    assert json.loads(call(home, "queue", "list", "--json").stdout)["entries"] == []


def test_a_report_that_cannot_be_written_is_told(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refused(call(home, "lab", "stem", "--report", str(tmp_path / "file" / "report.html")))
    assert "cannot write" in said
    assert "is no folder" in said
