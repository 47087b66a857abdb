"""A home of an earlier version, with a row per step: brought up to date, read as it is, rebuilt from journals."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records import store_schema
from workbench.core.records.database import Database
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_reader import RunReader
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import repair

KEPT = Path(__file__).parents[1] / "data" / "store-4"
EXPECTED: dict[str, dict[str, Any]] = json.loads((KEPT / "expected.json").read_text())


@pytest.fixture
def earlier(home: Home) -> Home:
    shutil.copytree(KEPT, home.root, dirs_exist_ok=True)
    return home


def version_of(home: Home) -> int:
    with closing(sqlite3.connect(home.database)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def check(reader: RunReader, but: tuple[str, ...] = ()) -> None:
    """Everything that was read of it by the version that wrote it."""
    assert {record.id for record in reader.runs()} == EXPECTED.keys()
    for record in reader.runs():
        expected, series = EXPECTED[record.id], reader.series(record.id)
        found = {
            "name": record.name, "status": record.status, "message": record.message, "number": record.number,
            "epochs": [epoch.epoch for epoch in record.epochs], "warnings": list(record.warnings),
            "test_looks": record.test_looks, "elapsed_s": record.elapsed_s,
            "starts": [list(start) for start in record.starts],
            "rate_changes": [change.step for change in reader.rate_changes(record.id)],
            "gradients": [sample.step for sample in reader.gradients(record)],
            "steps": [int(series.steps[0]), int(series.steps[-1]), len(series)],
        }  # fmt: skip
        assert found == {name: expected[name] for name in found} | {name: found[name] for name in but}
        np.testing.assert_array_equal(series.loss, np.array(expected["loss"], np.float32))
        np.testing.assert_array_equal(series.accuracy, np.array(expected["accuracy"], np.float32))
        np.testing.assert_array_equal(series.learning_rate, np.array(expected["learning_rate"]))
        assert (np.diff(series.elapsed_s) >= 0).all()
        assert (record.is_starred, record.tags, record.note) == (False, (), "")
        steps = reader.steps(record.id)
        assert steps is not None
        assert steps.epoch == expected["epoch"]


def test_an_earlier_home_is_brought_up_to_date(earlier: Home) -> None:
    assert version_of(earlier) == 4
    with closing(RunStore.for_reading(earlier)) as reader:
        check(reader)
        assert reader.problem() == ""
    assert version_of(earlier) == store_schema.VERSION
    with closing(sqlite3.connect(earlier.database)) as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert tables == store_schema.TABLES


def test_a_copy_of_an_earlier_list_is_read_as_it_is(earlier: Home) -> None:
    with closing(RunReader(earlier, Database(earlier.database, read_only=True))) as reader:
        check(reader)
        assert reader.problem() == ""
    assert version_of(earlier) == 4


def test_a_list_before_gradients_is_brought_up_to_date(earlier: Home) -> None:
    with closing(sqlite3.connect(earlier.database)) as database, database:
        database.execute("DROP TABLE gradients")
        database.execute("PRAGMA user_version=2")
    run_id = next(iter(EXPECTED))
    with closing(RunReader(earlier, Database(earlier.database, read_only=True))) as reader:
        assert reader.gradients(reader.run(run_id)) == []
    with closing(RunStore.for_reading(earlier)) as reader:
        check(reader, but=("gradients",))
        assert reader.last_gradients(run_id) == 0


def test_earlier_journals_rebuild_the_list(earlier: Home) -> None:
    earlier.database.unlink()
    for _ in repair(earlier):
        pass
    with closing(RunStore.for_reading(earlier)) as reader:
        check(reader)


def test_only_odd_rows_are_lost_on_the_way(earlier: Home) -> None:
    run_id = max(EXPECTED, key=lambda each: EXPECTED[each]["steps"][2])
    with closing(sqlite3.connect(earlier.database)) as database, database:
        database.execute("UPDATE steps SET accuracy='much' WHERE run_id=? AND step=30", (run_id,))
        database.execute("UPDATE steps SET learning_rate=x'00' WHERE run_id=? AND step=200", (run_id,))
    with closing(RunStore.for_reading(earlier)) as reader:
        steps = reader.series(run_id).steps
        np.testing.assert_array_equal(np.setdiff1d(np.arange(1, 321), steps), [30, 200])


def test_the_rows_room_is_given_back(earlier: Home) -> None:
    with closing(sqlite3.connect(earlier.database)) as database, database:
        run_id = next(iter(EXPECTED))
        database.executemany(
            "INSERT INTO steps VALUES (?, ?, 1, 0.5, 0.5, 0.1)", [(run_id, step) for step in range(10_000, 40_000)]
        )
    before = earlier.database.stat().st_size
    RunStore.for_reading(earlier).close()
    assert earlier.database.stat().st_size < 0.6 * before


def test_a_list_is_not_brought_up_to_date_while_the_earlier_version_trains(earlier: Home) -> None:
    lock = RunLock(earlier.runs / next(iter(EXPECTED)))
    lock.acquire()
    try:
        with closing(RunStore.for_reading(earlier)) as reader:
            assert reader.is_behind
            assert len(reader.runs()) == len(EXPECTED)
        with pytest.raises(UserError, match="of an earlier version, which is training run"):
            RunStore(earlier)
        assert version_of(earlier) == 4
    finally:
        lock.release()
    with closing(RunStore.for_reading(earlier)) as reader:
        check(reader)
    assert version_of(earlier) == store_schema.VERSION
