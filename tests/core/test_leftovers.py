"""What killed processes left is removed, and nothing that could be anybody's."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.damage import recorded_runs
from tests.run_writer import Writer
from workbench.core.home import Home
from workbench.core.records.leftovers import clean_up
from workbench.core.records.run_folder import run_folders
from workbench.core.records.unlisted_runs import whole_folders

_LATER_S = 3600.0


def later() -> float:
    return time.time() + _LATER_S


def killed_before_it_was_recorded(home: Home) -> Path:
    """A real process that dies between the folder and the row of its run."""
    code = (
        "import os, sys; from pathlib import Path; from workbench.core.home import Home;"
        "from workbench.core.records.database import Database;"
        "from workbench.core.settings.config import RunConfig;"
        "from workbench.core.records.store import RunStore; s = RunStore(Home(Path(sys.argv[1])));"
        "Database.transaction = lambda self: os._exit(9);"
        "s.create(RunConfig(), name='n', model='m', recipe='r', machine={})"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home.root)], check=False)
    assert done.returncode == 9
    (folder,) = run_folders(home.runs)
    return folder.path


def test_the_folder_of_a_run_that_was_never_recorded_is_removed(home: Home) -> None:
    folder = killed_before_it_was_recorded(home)
    assert (folder / "config.json").exists()
    assert whole_folders(home, ()) == [], "there is nothing in it to be listed"
    assert clean_up(home, ()).sentence == "", "it may just be recorded"
    assert clean_up(home, (), later()).folders == 1
    assert not folder.exists()
    assert clean_up(home, (), later()).sentence == ""


@pytest.mark.parametrize("kept", ["checkpoints/step-00000001-00000000.pt", "evaluations/epoch-00001.npz", "notes"])
def test_a_folder_with_anything_in_it_stays(home: Home, kept: str) -> None:
    folder = killed_before_it_was_recorded(home)
    path = folder / kept
    path.parent.mkdir(exist_ok=True)
    path.write_text("precious")
    clean_up(home, (), later())
    assert path.read_text() == "precious"
    assert (folder / "config.json").exists()


def test_settings_without_a_journal_stay_for_they_are_of_an_earlier_version(home: Home) -> None:
    folder = killed_before_it_was_recorded(home)
    (folder / "journal.jsonl").unlink()
    assert clean_up(home, (), later()).sentence == ""
    assert [each.path for each in whole_folders(home, ())] == [folder]


def test_temporary_files_of_ours_are_removed_where_no_process_works(home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    writer = Writer(home)
    names = (".config.json.k3j_x9ab.tmp", "checkpoints/.step-00000012-0badcafe.pt.aaaaaaaa.tmp")
    others = (".notes.tmp", "evaluations/epoch-00001.npz.tmp", "checkpoints/.k3j_x9ab.swp")
    for folder in (home.runs / run_id, home.runs / writer.id):
        (folder / "checkpoints").mkdir()
        (folder / "evaluations").mkdir(exist_ok=True)
        for name in names + others:
            (folder / name).write_bytes(b"x" * 1000)
    (home.root / ".speed.json.k3j_x9ab.tmp").write_bytes(b"x")
    assert clean_up(home, (run_id, writer.id)).sentence == "", "they may still be written"
    found = clean_up(home, (run_id, writer.id), later())
    assert (found.files, found.size_bytes, found.folders) == (3, 2001, 0)
    assert not any((home.runs / run_id / name).exists() for name in names)
    assert all((home.runs / run_id / name).exists() for name in others)
    assert all((home.runs / writer.id / name).exists() for name in names + others), "it is being trained"
    writer.store.close()


def test_an_empty_folder_of_an_unknown_run_is_removed_and_any_other_name_stays(home: Home) -> None:
    for name in ("0123abcd", "my-runs", "0123abcde"):
        (home.runs / name).mkdir()
        past = time.time() - _LATER_S
        os.utime(home.runs / name, (past, past))
    assert "the empty folder of a run that was never recorded" in clean_up(home, ()).sentence
    assert sorted(path.name for path in home.runs.iterdir()) == ["0123abcde", "my-runs"]
