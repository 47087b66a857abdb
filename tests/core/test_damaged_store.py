"""A damaged database is said in a sentence with its way out, and one bad run hides no other."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from tests.damage import EPOCHS, change, flip_bytes, recorded_runs, repaired
from workbench.core.errors import DamagedDatabase, UserError
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.core.records.database import Busy
from workbench.core.records.locked_database import committed_state
from workbench.core.records.run_follower import RunFollower
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import diagnose


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("gone") / path.name)


def as_loop(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path)


def beside(kind: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        companion = path.with_name(f"{path.name}-{kind}")
        companion.unlink(missing_ok=True)
        make(companion)

    return write


def version(number: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"PRAGMA user_version={number}")

    return write


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "one byte": lambda path: path.write_bytes(b"S"),
    "a text": lambda path: path.write_text("dear diary\n" * 500),
    "no header": lambda path: path.write_bytes(b"\0" * 100 + path.read_bytes()[100:]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a folder": as_folder,
    "version 0": version(0),
    "version -1": version(-1),
    "version 1": version(1),
    "version 4": version(4),
    "version 99": version(99),
    "gone": lambda path: path.unlink(),
}
ODD: dict[str, Callable[[Path], None]] = {
    "a link to nothing": as_link,
    "a link to itself": as_loop,
    "a folder as -wal": beside("wal", Path.mkdir),
    "a folder as -shm": beside("shm", Path.mkdir),
    "a link to itself as -journal": beside("journal", as_loop),
}
if hasattr(os, "mkfifo"):
    ODD["a pipe as -journal"] = beside("journal", os.mkfifo)
DAMAGE |= ODD


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_a_sentence_with_file_and_way_out(home: Home, damage: str, read_only: bool) -> None:
    recorded_runs(home, 2)
    DAMAGE[damage](home.database)
    with pytest.raises(DamagedDatabase) as raised:
        RunStore(home, read_only).listing()
    assert str(home.database) in str(raised.value)
    assert "doctor --repair" in str(raised.value)
    assert damage != "gone" or not home.database.exists(), "a new one would hide that the old one is lost"


@pytest.mark.parametrize("damage", ODD)
def test_what_stands_in_the_place_of_its_files_is_put_aside(home: Home, damage: str) -> None:
    recorded_runs(home, 2)
    with closing(RunStore(home, read_only=True)) as store:
        before = store.runs()
    DAMAGE[damage](home.database)
    repaired(home)
    with closing(RunStore(home)) as store:
        assert store.runs() == before
        store.star([before[0].id])
    assert not diagnose(home).needs_repair
    assert any(".damaged.db" in path.name for path in home.root.iterdir())


@pytest.mark.parametrize("damage", [each for each in ODD if " as -" in each])
def test_a_list_beside_something_odd_is_read_itself(home: Home, damage: str) -> None:
    recorded_runs(home, 2)
    for path in (*home.runs.glob("*/journal.jsonl"), *home.root.glob("*.copy.db")):
        path.unlink()
    DAMAGE[damage](home.database)
    assert [run.source for run in repaired(home).runs] == ["database"] * 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_as_the_list_is_not_waited_for(home: Home) -> None:
    os.mkfifo(home.database)
    with pytest.raises(DamagedDatabase, match="a pipe"):
        RunStore(home)


def test_an_empty_file_without_runs_is_a_beginning(home: Home) -> None:
    home.database.write_bytes(b"")
    with closing(RunStore.for_reading(home)) as store:
        assert store.runs() == []


@pytest.mark.parametrize("seed", range(24))
def test_sixty_flipped_bytes_never_end_in_another_error(home: Home, seed: int) -> None:
    recorded_runs(home, 2)
    flip_bytes(home.database, 60, seed)
    for read_only in (True, False):
        said: list[str] = []
        followed: list[str] = []
        try:
            with closing(RunStore(home, read_only)) as store:
                store.glance()
                store.listing()
                for run_id in store.ids():
                    with suppress(UserError):
                        RunFollower(store, run_id).news()
                    followed.append(run_id)
        except UserError as error:
            said.append(str(error))
        assert followed or said
        assert all(str(home.root) in sentence for sentence in said)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started", "{"), ("started", '{"device": 3}'), ("machine", "[1]"), ("machine", b"\xff\xfe"),
        ("config", "no JSON"), ("status", "runnjng"), ("elapsed_s", "long"), ("name", b"\xc3("),
        ("test_looks", "x"), ("elapsed_s", "1e999"), ("created_utc", "yesterday"), ("deleted_utc", "1.5"),
        ("deleted_utc", "now"), ("deleted_utc", "2026-02-31T10:00:00+00:00"), ("deleted_utc", b"\x80"),
    ],
)  # fmt: skip
def test_a_bad_row_is_marked_and_the_others_are_shown(home: Home, column: str, value: object) -> None:
    first, bad, last = recorded_runs(home)
    change(home, f"UPDATE runs SET {column}=CAST(? AS TEXT) WHERE id=?", value, bad)
    with closing(RunStore(home, read_only=True)) as store:
        runs = store.listing()
        assert {record.id for record in runs.records} == {last, first}
        (damaged,) = runs.damaged
        assert (damaged.id, damaged.entry()["status"]) == (bad, "damaged")
        assert store.find(bad) == bad
        with pytest.raises(DamagedDatabase, match=rf"run {bad} is damaged .*doctor --repair"):
            store.run(bad)


@pytest.mark.parametrize("metrics", ["{}", '{"step": 1', '{"step": "1"}', b"\xff", "null"])
def test_bad_metrics_mark_the_run(home: Home, metrics: object) -> None:
    good, bad = recorded_runs(home, 2)
    change(home, "UPDATE epochs SET metrics=CAST(? AS TEXT) WHERE run_id=? AND epoch=2", metrics, bad)
    with closing(RunStore(home, read_only=True)) as store:
        runs = store.listing()
    assert [record.id for record in runs.records] == [good]
    assert "epoch 2" in runs.damaged[0].reason


@pytest.mark.parametrize(
    "damage",
    [
        "figures=CAST(substr(figures, 1, 20) || x'01' || substr(figures, 22) AS BLOB)", "count=11", "epoch=3",
        "figures=substr(figures, 2)", "figures='many'", "count='x'", "checksum=1", "count=100000",
    ],
)  # fmt: skip
def test_odd_steps_are_left_out_and_are_damage_of_their_run(
    home: Home, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = recorded_runs(home, 2)
    later = StepMetrics(
        bad, 5, np.arange(50, 60), *(np.full(10, 0.5, np.float32),) * 2, np.full(10, 0.1), 100.0, 9.0
    )
    with closing(RunStore(home)) as store:
        store.record_steps([later])
    change(home, f"UPDATE step_blocks SET {damage} WHERE run_id=? AND first=1", bad)
    with closing(RunStore(home, read_only=True)) as store:
        assert len(store.series(good)) == 40
        assert store.series(bad).steps.tolist() == list(range(50, 60))
        assert any(isinstance(event, StepMetrics) for event in RunFollower(store, bad).news())
        assert f"run {bad}" in store.problem()
        assert store.problem(in_depth=False) == ""
    assert f"run {bad}: its steps 1 to" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        "norms=substr(norms, 2)", "norms=substr(norms, 5)", "norms='many'", "norms=x''", "epoch='x'", "epoch=-1",
        "norms=CAST(substr(norms, 1, 4) || x'000080bf' || substr(norms, 9) AS BLOB)",
    ],
)  # fmt: skip
def test_one_odd_sample_of_gradients_hides_no_other(
    home: Home, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = recorded_runs(home, 2)
    change(home, f"UPDATE gradients SET {damage} WHERE run_id=? AND step=11", bad)
    with closing(RunStore(home, read_only=True)) as store:
        assert [each.step for each in store.gradients(store.run(bad))] == [1, 21, 31]
        assert [each.step for each in store.gradients(store.run(good))] == [1, 11, 21, 31]
        assert any(isinstance(event, StepMetrics) for event in RunFollower(store, bad).news())
    assert f"run {bad}: its gradients of step 11 cannot be read" in caplog.text


def test_a_list_is_read_while_another_process_holds_the_database(home: Home) -> None:
    """With a transaction that has written into the file already."""
    ids = recorded_runs(home)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode=TRUNCATE")
        holder.execute("PRAGMA cache_size=2")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("DELETE FROM runs WHERE id=?", (ids[0],))
        for _ in range(400):
            holder.execute("INSERT INTO warnings VALUES (?, ?)", (ids[1], "x" * 3000))
        before = home.database.read_bytes()
        with closing(RunStore.for_reading(home)) as store:
            assert store.is_behind
            assert [record.id for record in store.runs()] == ids[::-1]
            assert [len(record.epochs) for record in store.runs()] == [EPOCHS] * 3
            assert store.run(ids[1]).warnings == ("careful",)
        assert home.database.read_bytes() == before
        holder.execute("ROLLBACK")
    with closing(RunStore.for_reading(home)) as store:
        assert not store.is_behind
        assert len(store.runs()) == 3


@pytest.mark.parametrize("place", ["tempfile.mkdtemp", "workbench.core.records.locked_database._copied"])
def test_a_list_that_is_held_where_no_copy_has_room_is_busy(
    home: Home, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    recorded_runs(home, 1)

    def refuse(*_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(place, refuse)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Busy, match="database is locked"):
            RunStore.for_reading(home, 0.1)


def test_what_goes_wrong_with_a_committed_state_is_not_swallowed(home: Home) -> None:
    recorded_runs(home, 1)
    with pytest.raises(OSError, match="mine"), committed_state(home.database):
        raise OSError("mine")


def test_who_only_begins_to_write_is_not_noticed(home: Home) -> None:
    recorded_runs(home, 1)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with closing(RunStore.for_reading(home)) as store:
            assert not store.is_behind
            assert len(store.runs()) == 1
