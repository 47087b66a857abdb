"""What an import meets in a home, and what goes wrong on its way: nothing is ever half there."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.archives import exhausted, exported, files_in, imported, refused, said
from tests.damage import EPOCHS, change, recorded_runs
from tests.run_writer import Writer
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.events import Warned
from workbench.core.home import Home
from workbench.core.records.leftovers import clean_up
from workbench.core.records.run_copies import find_copy
from workbench.core.records.run_export import export_runs
from workbench.core.records.run_import import import_runs
from workbench.core.records.run_lock import RunLock
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import diagnose, repair


def test_a_run_that_is_here_is_skipped(home: Home, archive: Path) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    before = files_in(home), said(home, run_id)
    assert imported(home, archive).skipped == {run_id: "a run of this id is here already"}
    assert imported(home, archive, again=True).skipped == {run_id: "it is here already, with the same results"}
    assert (files_in(home), said(home, run_id)) == before


def test_another_run_of_the_same_id_comes_under_an_id_of_its_own(home: Home, archive: Path) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    before = said(home, run_id)
    (home.runs / run_id / "evaluations" / "epoch-00001.npz").unlink()
    (run,) = imported(home, archive, again=True).runs
    assert (run.former_id, run.number) == (run_id, 2)
    assert run.id != run_id
    record, *rest = before
    assert said(home, run.id) == (replace(record, id=run.id, epochs=_of(record, run.id)), rest[0], rest[1],
                                  [replace(each, run_id=run.id) for each in rest[2]], rest[3])  # fmt: skip
    assert json.loads((home.runs / run.id / "config.json").read_text())["id"] == run.id
    assert said(home, run_id) == before
    assert not diagnose(home).needs_repair
    # A second time it is found.
    skipped = imported(home, archive, again=True).skipped
    assert skipped == {run_id: f"it is here already, as run {run.id}"}


def _of(record: Any, run_id: str) -> tuple[object, ...]:
    return tuple(replace(epoch, run_id=run_id) for epoch in record.epochs)


def test_a_run_that_was_deleted_a_moment_ago_comes_back(home: Home, archive: Path) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    with closing(RunStore(home)) as store:
        store.set_aside([run_id])
        assert store.runs() == []
    assert "is brought back" in imported(home, archive).skipped[run_id]
    with closing(RunStore(home)) as store:
        assert [run.id for run in store.runs()] == [run_id]


def test_a_folder_that_is_no_run_and_that_the_list_does_not_name_is_left_alone(
    other: Home, archive: Path, home: Home
) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    recorded_runs(other, 1)
    (other.runs / run_id).mkdir()
    with pytest.raises(UserError, match=r"the list does not name it; move it away\. Nothing was imported"):
        imported(other, archive)
    assert list((other.runs / run_id).iterdir()) == []


# What goes wrong on the way


def test_what_is_being_trained_is_not_exported(home: Home, tmp_path: Path) -> None:
    (finished,) = recorded_runs(home, 1)
    writer = Writer(home)
    writer.start()
    path = tmp_path / "runs.zip"
    with closing(RunStore.for_reading(home)) as store:
        with pytest.raises(UserError, match=f"run {writer.id} is being trained; stop it"):
            exhausted(export_runs(store, [writer.id], path))
        assert not path.exists()
        work = export_runs(store, store.ids(), path, as_far_as=True)
        warning = next(work)
        assert isinstance(warning, Warned)
        assert "is being trained" in warning.message
        done = exhausted(work)
    writer.store.close()
    assert [run.id for run in done.runs] == [finished]
    assert list(done.left_out) == [writer.id]


def test_canceled_an_export_leaves_the_file_that_was_there(home: Home, tmp_path: Path) -> None:
    recorded_runs(home)
    path = tmp_path / "runs.zip"
    path.write_bytes(b"before")
    with closing(RunStore.for_reading(home)) as store:
        for count in (1, 2, 9):
            work = export_runs(store, store.ids(), path)
            for _ in range(count):
                next(work)
            work.close()
    assert path.read_bytes() == b"before"
    assert sorted(os.listdir(tmp_path)) == ["home", "runs.zip"]


def test_canceled_an_import_leaves_nothing(other: Home, home: Home, tmp_path: Path) -> None:
    ids = recorded_runs(home)
    exported(home, tmp_path / "runs.zip")
    steps = 0
    with closing(RunStore(other)) as store:
        while True:
            work = import_runs(store, tmp_path / "runs.zip")
            try:
                for _ in range(steps + 1):
                    next(work)
            except StopIteration:
                break
            work.close()
            steps += 1
            assert files_in(other) == {}
            assert store.ids() == []
        assert sorted(store.ids()) == sorted(ids)
    assert steps > 3 * EPOCHS


@pytest.mark.parametrize("after", range(0, 30, 3))
def test_a_full_disk_leaves_nothing(
    other: Home, archive: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    real, calls = os.fsync, iter(range(1000))

    def full(descriptor: int) -> None:
        if next(calls) >= after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    RunStore(other).close()
    monkeypatch.setattr(os, "fsync", full)
    refusal = refused(other, archive)
    monkeypatch.undo()
    assert refusal == "" or "No space left" in refusal or "the disk may be full" in refusal
    assert refusal or after
    # Once all is in its place, a journal's last line may be lost: the list counts.
    assert (files_in(other) == {}) == bool(refusal)
    with closing(RunStore(other)) as store:
        assert (store.ids() == []) == bool(refusal)


def test_a_database_that_refuses_leaves_nothing(
    other: Home, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise UserError("the run database is locked")

    with closing(RunStore(other)) as store:
        monkeypatch.setattr(RunStore, "insert", refuse)
        with pytest.raises(UserError, match="locked"):
            exhausted(import_runs(store, archive))
    assert files_in(other) == {}


_KILLED = """
import os, sys
from pathlib import Path
from tests.archives import imported
from workbench.core.home import Home
from workbench.core.records import run_import, run_unpacking
from workbench.core.records.store import RunStore
{}
imported(Home(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def killed(other: Home, archive: Path, patch: str) -> None:
    """A real process that dies on the way."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLED.format(patch), str(other.root), str(archive)], check=False
    )
    assert done.returncode == 9


def test_killed_before_it_was_listed_a_run_is_found_by_a_repair(other: Home, archive: Path, home: Home) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    recorded_runs(other, 1)
    killed(other, archive, "RunStore.insert = lambda *_: os._exit(9)")
    assert diagnose(other).unlisted == (run_id,)
    for again in (False, True):
        with pytest.raises(UserError, match=r"folder of run .* does not name it; .*doctor --repair' lists"):
            imported(other, archive, again=again)
    exhausted(repair(other))
    assert imported(other, archive).skipped == {run_id: "a run of this id is here already"}
    assert said(other, run_id) == said(home, run_id)


def test_what_a_killed_import_left_is_removed_but_not_what_goes_on(other: Home, archive: Path) -> None:
    killed(other, archive, "run_import.finish = lambda *_: os._exit(9)")
    (left,) = other.runs.iterdir()
    later = time.time() + 3600
    lock = RunLock(left)
    lock.acquire()
    clean_up(other, (), later)
    assert left.exists(), "somebody may still work in it"
    lock.release()
    clean_up(other, ())
    assert left.exists(), "it is too young"
    clean_up(other, (), later)
    assert list(other.runs.iterdir()) == []


# Images


def _dataset(names: tuple[str, ...] = ("x", "y"), test: int = 1) -> Dataset:
    def part(count: int) -> ImageSet:
        pixels = np.zeros((count, 32, 32, 3), np.uint8)
        return ImageSet(pixels, np.zeros(count, np.int64), tuple(map(str, range(count))))

    return Dataset(names, part(9), part(test))


def test_a_run_finds_its_images_where_it_is_now(home: Home, other: Home, tmp_path: Path) -> None:
    """As `tests.run_writer` records them: 8 + 1 training images, 2 test images of which one was answered."""
    (run_id,) = recorded_runs(home, 1)
    change(home, "UPDATE runs SET started=replace(started, '[8, 1, 2]', '[8, 1, 1]')")
    (home.runs / run_id / "journal.jsonl").unlink()
    exported(home, tmp_path / "runs.zip")
    _dataset().save(other.data / "cifar10-jpeg-0123456789ab")
    _dataset(("x", "z")).save(other.data / "sample-0000000000aa")
    _dataset(test=2).save(other.data / "sample-0000000000bb")
    imported(other, tmp_path / "runs.zip")
    with closing(RunStore(other, read_only=True)) as store:
        record, evaluation = store.run(run_id), store.evaluation(run_id)
    assert record.started["dataset_path"] == "/d", "there is no copy of its source yet"
    fitting = other.data / "sample-0000000000cc"
    _dataset().save(fitting)
    assert find_copy(record, evaluation, other) == fitting
    shutil.rmtree(other.root)
    _dataset().save(fitting)
    imported(other, tmp_path / "runs.zip")
    with closing(RunStore(other, read_only=True)) as store:
        started = store.run(run_id).started
    assert (started["dataset_path"], started["copy_left"]) == (str(fitting), "/d")


def test_a_run_whose_images_are_nowhere_is_imported_with_a_warning(
    home: Home, other: Home, tmp_path: Path
) -> None:
    recorded_runs(home, 1)
    change(home, "UPDATE runs SET source='/nowhere/images'")
    exported(home, tmp_path / "runs.zip")
    with closing(RunStore(other)) as store:
        found = list(import_runs(store, tmp_path / "runs.zip"))
    (warning,) = (each for each in found if isinstance(each, Warned))
    assert "/nowhere/images) are not on this machine" in warning.message
