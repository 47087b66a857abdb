"""The commands `search start`, `join`, `list` and `show`, with right and wrong input."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.commands import TINY, call, refused
from tests.programs import END_S, started
from tests.test_imports import loaded_by
from workbench.core.home import Home

pytest.importorskip("optuna")

SPACE = ("--space", "training.learning_rate=0.05..0.4:log", "--space", "model.norm=batch|group")


@pytest.fixture(scope="module")
def searched(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, object]]:
    """A home with a study of two trials, and what its beginning printed."""
    home = Home(tmp_path_factory.mktemp("searched")).prepare()
    done = call(home, "search", "start", "first", *SPACE, *TINY, "--data", str(image_folder), "--epochs", "2",
                "--trials", "2", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return home, json.loads(done.stdout)


def test_json_is_one_document_with_trials_and_their_runs(searched: tuple[Home, dict[str, object]]) -> None:
    home, said = searched
    assert list(said) == [
        "study", "limit", "waiting", "running", "finished", "pruned", "stopped", "failed", "best", "sampler",
        "pruner", "space", "importances", "trials", "config", "warnings", "trained_here",
    ]  # fmt: skip
    assert (said["study"], said["limit"], said["finished"]) == ("first", 2, 2)
    listed = json.loads(call(home, "runs", "list", "--json").stdout)
    assert [run["run"] for run in reversed(listed)] == said["trained_here"]
    assert {run["name"] for run in listed} == {"first #1", "first #2"}
    assert all(run["tags"] == ["search:first"] for run in listed)
    shown = json.loads(call(home, "search", "show", "first", "--json").stdout)
    assert shown == {key: value for key, value in said.items() if key not in ("warnings", "trained_here")}
    (entry,) = json.loads(call(home, "search", "list", "--json").stdout)
    assert (entry["study"], entry["best"]) == ("first", said["best"])


def test_a_person_reads_trials_the_best_and_its_settings(searched: tuple[Home, dict[str, object]]) -> None:
    home, said = searched
    shown = call(home, "search", "show", "first").stdout
    assert re.search(r"training\.learning_rate +0\.05\.\.0\.4:log", shown)
    for run in said["trained_here"]:  # type: ignore[attr-defined]
        assert re.search(rf"\d +finished +{run}", shown)
    assert re.search(r"best: trial \d, run \w{8} on .*, validation accuracy [\d.]+%; learning_rate 0", shown)
    assert "its settings: --set training.learning_rate=0" in shown
    assert re.search(r"first +2/2 +0 ", call(home, "search", "list").stdout)


def test_a_search_of_which_every_trial_failed_ends_with_an_error(home: Home, image_folder: Path) -> None:
    wild = ("--space", "training.learning_rate=90..100", "--trials", "1")
    done = call(home, "search", "start", "wild", *wild, *TINY, "--data", str(image_folder), "--json")
    assert json.loads(done.stdout)["failed"] == 1
    assert done.returncode == 2


def test_without_studies_the_list_says_how_to_begin_one(home: Home) -> None:
    done = call(home, "search", "list")
    assert (done.returncode, done.stdout[:15]) == (0, "No studies yet.")
    assert json.loads(call(home, "search", "list", "--json").stdout) == []
    assert not home.studies.exists()


def test_more_trials_go_on_with_a_study(searched: tuple[Home, dict[str, object]]) -> None:
    home, _ = searched
    done = call(home, "search", "join", "first", "--trials", "3", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["limit"], said["finished"], len(said["trained_here"])) == (3, 3, 1)


def test_interrupted_it_saves_the_run_and_says_how_to_go_on(home: Home, image_folder: Path) -> None:
    process = started(
        home, "search", "start", "long", *SPACE, *TINY, "--data", str(image_folder), "--epochs", "5000"
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("trial 1: learning_rate 0.")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == 0, said
    assert "go on later with: resnet-workbench search join long" in said
    trials = json.loads(call(home, "search", "show", "long", "--json").stdout)["trials"]
    assert [trial["state"] for trial in trials] == ["stopped", "waiting"]
    assert trials[0]["values"] == trials[1]["values"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("start", "x"), "nothing is searched over; give --space, for example"),
        (("start", "x", "--space", "training.rate=1..2"), r"training\.rate is not a known field"),
        (("start", "x", *SPACE, "--trials", "none"), "--trials is 'none'; it must be a whole number from 1"),
        (("start", "x", *SPACE, "--hours", "0"), "--hours is '0'; it must be a number above 0"),
        (("start", "x", *SPACE, "--hours", "[1]"), r"--hours is '\[1\]'; it must be a number above 0"),
        (("start", "x", *SPACE, "--sampler", "grid"), "--sampler is grid, but training.learning_rate is searched"),
        (("start", "x", *SPACE, "--set", "data.validation_fraction=0"), "never by test images"),
        (("start", "x", *SPACE, "--storage", "here"), "--storage is 'here'; it must be a file that ends in .db"),
        (("start", "x" * 40, *SPACE), "the study's name is 'xxx"),
        (("start", "x", *SPACE, "--device", "cuda:77"), r"training\.device is 'cuda:77'"),
        (("join", "x", "--device", "cuda:77"), "there is no study called 'x'"),
        (("join", "first", "--device", "cuda:77"), r"training\.device is 'cuda:77'"),
        (("start", "first", *SPACE), "there is a study called 'first' already"),
        (("join", "frist"), "there is no study called 'frist' .did you mean 'first'"),
        (("join", "first", "--storage", "none.log"), r"there are no studies in .*none\.log"),
        (("show", "first", "--storage", "mysql://u:secret@h/d"), r"mysql://u:\*\*\*@h/d is not .*mysql\+DRIVER"),
    ],
)
def test_wrong_input_is_a_sentence(
    searched: tuple[Home, dict[str, object]], arguments: tuple[str, ...], sentence: str
) -> None:
    home, _ = searched
    before = json.loads(call(home, "runs", "list", "--json").stdout)
    assert re.search(sentence, refused(call(home, "search", *arguments)))
    assert json.loads(call(home, "runs", "list", "--json").stdout) == before


def test_other_commands_load_no_optuna() -> None:
    loaded = loaded_by("import workbench.commands.application, workbench.core.search.study")
    assert not loaded & {"optuna", "sqlalchemy", "torch"}
