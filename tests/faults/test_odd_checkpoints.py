"""Odd and foreign checkpoints through the commands: one sentence, exit 2, nothing run, nothing lost."""

import json
import shutil
from pathlib import Path

import pytest

from tests.commands import call, refused
from tests.engine.odd_checkpoints import IN_ITS_PLACE, foreign_pickle, replace_data, spoil_manifest
from workbench.core.home import Home

COMMANDS = {
    "resume": ("--epochs", "9", "--json"),
    "evaluate": ("--json",),
    "export": ("--output", "net.py", "--json"),
}
# Of all of them the ones whose ways through Python differ; `test_manifest` has the others.
ODDITIES = ("version null", "version huge", "NUL in the name", "name elsewhere", "nested", "a list", "no UTF-8")


@pytest.fixture
def folder(home: Home, trained_home: tuple[Home, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Checkpoints of such a run in a home that is the test's own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    return home.runs / trained_home[1] / "checkpoints"


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("name", COMMANDS)
def test_an_odd_manifest_is_one_sentence(home: Home, folder: Path, name: str, oddity: str) -> None:
    for kind in ("last", "previous", "best"):
        words = spoil_manifest(folder, kind, oddity)
    sentence = refused(call(home, name, "latest", *COMMANDS[name]))
    assert words in sentence
    assert str(folder / ("last.json" if name == "resume" else "best.json")) in sentence
    (run,) = json.loads(call(home, "runs", "list", "--json").stdout)
    assert (run["status"], run["epochs"]) == ("finished", 2)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_foreign_pickle_is_one_sentence_and_is_not_run(
    home: Home, folder: Path, name: str, tmp_path: Path
) -> None:
    trace = tmp_path / "it ran"
    for kind in ("last", "previous", "best"):
        data = replace_data(folder, kind, foreign_pickle(trace))
    sentence = refused(call(home, name, "latest", *COMMANDS[name]))
    assert f"cannot read the checkpoint {data}: it has Python objects" in sentence
    assert not trace.exists()


def test_an_odd_last_one_falls_back_and_says_so(home: Home, folder: Path) -> None:
    words = spoil_manifest(folder, "last", "version null")
    done = call(home, "resume", "latest", "--epochs", "3")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    said = " ".join(done.stderr.split())
    assert words in said
    assert "going on from the checkpoint before it" in said
    (run,) = json.loads(call(home, "runs", "list", "--json").stdout)
    assert (run["status"], run["epochs"]) == ("finished", 3)


@pytest.mark.parametrize("what", ["a folder", "a link to itself"])
def test_what_is_no_file_is_no_reason_to_give_up(home: Home, folder: Path, what: str) -> None:
    put, words = IN_ITS_PLACE[what]
    (folder / "last.json").unlink()
    put(folder / "last.json")
    done = call(home, "resume", "latest", "--epochs", "3", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["status"], said["epochs"]) == ("finished", 3)
    assert words in " ".join(said["warnings"])
