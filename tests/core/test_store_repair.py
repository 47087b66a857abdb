"""The list of runs is rebuilt whole, from journals, copies and checkpoints; nothing is deleted by it."""

import json
import sqlite3
import zlib
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.damage import EPOCHS, change, flip_bytes, recorded_runs, repaired
from tests.run_writer import PER_EPOCH, Writer
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records.run_journal import read_journal
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.records.store_backup import copies, keep_copy
from workbench.core.records.store_repair import diagnose
from workbench.core.settings.config import RunConfig


def records(home: Home) -> list[RunRecord]:
    with closing(RunStore(home, read_only=True)) as store:
        return store.runs()


def files(home: Home) -> dict[str, bytes]:
    """Of all that a repair must leave as it is, wherever it is put."""
    return {
        path.name: path.read_bytes() for path in home.root.rglob("*") if path.is_file() and path.name != "lock"
    }


def sealed(line: dict) -> str:
    body = json.dumps(line)[:-1]
    return f'{body}, "crc": "{zlib.crc32(body.encode()):08x}"}}\n'


def without_journals(home: Home) -> None:
    """As an earlier version left them."""
    for path in home.runs.glob("*/journal.jsonl"):
        path.unlink()


def test_a_lost_list_comes_back_from_the_journals(home: Home) -> None:
    ids = recorded_runs(home)
    before = records(home)
    with closing(RunStore(home, read_only=True)) as store:
        steps_before, gradients_before = store.steps(ids[0]), store.gradients(store.run(ids[0]))
    for copy in copies(home):
        copy.unlink()
    home.database.write_bytes(b"\0" * 5000)
    done = repaired(home)
    assert records(home) == before
    assert {run.source for run in done.runs} == {"journal"}
    assert Path(done.kept).read_bytes() == b"\0" * 5000
    with closing(RunStore(home, read_only=True)) as store:
        steps = store.steps(ids[0])
        assert store.rate_changes(ids[0])[0].step == PER_EPOCH
        gradients = store.gradients(store.run(ids[0]))
    assert steps is not None
    assert steps_before is not None
    for name in ("steps", "loss", "accuracy", "learning_rate"):
        np.testing.assert_array_equal(getattr(steps, name), getattr(steps_before, name))
    assert len(gradients) == EPOCHS
    for one, other in zip(gradients, gradients_before, strict=True):
        assert (one.step, one.epoch, one.layers) == (other.step, other.epoch, other.layers)
        np.testing.assert_array_equal(one.norms, other.norms)


def test_a_second_repair_finds_nothing_to_do(home: Home) -> None:
    recorded_runs(home)
    home.database.unlink()
    assert repaired(home).diagnosis.needs_repair
    before = files(home)
    assert not repaired(home).diagnosis.needs_repair
    assert files(home) == before


@pytest.mark.parametrize("seed", range(9))
def test_flipped_bytes_are_repaired_and_nothing_is_lost(home: Home, seed: int) -> None:
    recorded_runs(home)
    before = records(home)
    flip_bytes(home.database, 60, seed)
    damaged, others = home.database.read_bytes(), files(home).keys()
    done = repaired(home)
    assert records(home) == before
    assert not done.diagnosis.needs_repair or Path(done.kept).read_bytes() == damaged
    assert others <= files(home).keys()


def test_epochs_that_only_the_journal_has_come_back(home: Home) -> None:
    _, short, _ = recorded_runs(home)
    before = records(home)
    change(home, "DELETE FROM epochs WHERE run_id=? AND epoch>2", short)
    problem = f"run {short}: the run database {home.database} lacks 2 epochs of its journal"
    with closing(RunStore(home)) as store:
        store.claim(short)
        assert not diagnose(home).needs_repair, "who trains it tries to record them"
    assert diagnose(home).problem == problem
    assert repaired(home).diagnosis.problem == problem
    assert records(home) == before
    assert not diagnose(home).needs_repair


def test_epochs_that_a_resumed_run_did_again_are_not_lost(home: Home) -> None:
    recorded_runs(home, 1)
    writer = Writer(home)
    writer.start()
    for epoch in (1, 2, 3):
        writer.epoch(epoch)
    writer.store.release(writer.id)
    writer.resume(PER_EPOCH)
    writer.store.finish(writer.id, "stopped")
    writer.store.close()
    assert [len(record.epochs) for record in records(home)] == [1, EPOCHS]
    assert not diagnose(home).needs_repair


@pytest.mark.parametrize("version", [-1, 0, 1, 2, 3, 4, 69])
def test_a_list_that_takes_itself_for_another_version_is_rebuilt_from_what_it_has(
    home: Home, version: int
) -> None:
    recorded_runs(home)
    before = records(home)
    change(home, f"PRAGMA user_version={version}")
    without_journals(home)
    for copy in copies(home):
        copy.unlink()
    assert str(version) in diagnose(home).problem
    assert {run.source for run in repaired(home).runs} == {"database"}
    assert records(home) == before
    assert not diagnose(home).needs_repair


def test_one_bad_row_is_rebuilt_from_its_journal(home: Home) -> None:
    _, bad, _ = recorded_runs(home)
    before = records(home)
    change(home, "UPDATE runs SET started='{' WHERE id=?", bad)
    assert bad in diagnose(home).problem
    repaired(home)
    assert records(home) == before


def test_an_odd_sample_of_gradients_is_rebuilt_from_its_journal(home: Home) -> None:
    _, bad = recorded_runs(home, 2)
    change(home, "UPDATE gradients SET norms=substr(norms, 2) WHERE run_id=? AND step=1", bad)
    assert diagnose(home).problem == f"run {bad}: its series cannot be read"
    repaired(home)
    with closing(RunStore(home, read_only=True)) as store:
        assert [each.step for each in store.gradients(store.run(bad))] == [1, 11, 21, 31]


def test_a_copy_of_an_earlier_version_is_read(home: Home) -> None:
    """One that knew no gradients."""
    recorded_runs(home)
    before = records(home)
    for table in ("gradients", "step_blocks", "queue", "settings"):
        change(home, f"DROP TABLE {table}")
    change(home, "CREATE TABLE steps (run_id, step, epoch, loss, accuracy, learning_rate)")
    change(home, "PRAGMA user_version=2")
    keep_copy(home, date(2099, 1, 1))
    without_journals(home)
    home.database.write_bytes(b"")
    assert {run.source for run in repaired(home).runs} == {"copy"}
    assert records(home) == before


def test_a_journal_of_an_earlier_version_is_read(home: Home) -> None:
    """One without a line of gradients, and none of them in its first line."""
    (run_id,) = recorded_runs(home, 1)
    before = records(home)
    journal = home.runs / run_id / "journal.jsonl"
    lines = [line for line in read_journal(journal).lines if line["kind"] != "gradients"]
    assert lines[0].pop("gradients") == {}
    journal.write_text("".join(sealed(line) for line in lines))
    home.database.unlink()
    assert [run.source for run in repaired(home).runs] == ["journal"]
    assert records(home) == before


def test_without_journals_the_newest_good_copy_is_read(home: Home) -> None:
    recorded_runs(home)
    before = records(home)
    keep_copy(home, date(2099, 1, 1))
    keep_copy(home, date(2099, 1, 2))
    flip_bytes(copies(home)[0], 60, 0)
    without_journals(home)
    home.database.write_bytes(b"")
    done = repaired(home)
    assert done.copy == "2099-01-01"
    assert {run.source for run in done.runs} == {"copy"}
    assert records(home) == before


def test_a_run_of_an_earlier_version_is_rebuilt_from_its_checkpoints(home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    for path in (*copies(home), home.database):
        path.unlink()
    without_journals(home)
    checkpoints = home.runs / run_id / "checkpoints"
    checkpoints.mkdir()
    for kind, epoch in (("last", EPOCHS), ("best", 2)):
        manifest = {"file": "x.pt", "sha256": "", "version": 2, "step": PER_EPOCH * epoch, "epoch": epoch}
        (checkpoints / f"{kind}.json").write_text(json.dumps(manifest))
    done = repaired(home)
    assert [run.source for run in done.runs] == ["checkpoints"]
    (record,) = records(home)
    assert (record.name, record.status, record.can_resume) == ("a", "interrupted", True)
    assert [(e.epoch, e.step) for e in record.epochs] == [(n, PER_EPOCH * n) for n in range(1, EPOCHS + 1)]
    assert record.best is not None
    assert (record.best.epoch, record.best.test_accuracy) == (2, 1.0)
    assert "rebuilt from its settings, checkpoints and evaluations" in record.warnings[0]
    with closing(RunStore(home, read_only=True)) as store:
        assert store.class_names(record) == ("x", "y")


def test_a_journal_with_a_flipped_bit_does_not_pass_for_a_result(home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    before = records(home)
    journal = home.runs / run_id / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    at = next(i for i, line in enumerate(lines) if b'"kind": "epoch"' in line)
    lines[at] = lines[at].replace(b'"test_accuracy": 0.3', b'"test_accuracy": 0.7')
    journal.write_bytes(b"\n".join(lines))
    home.database.unlink()
    done = repaired(home)
    assert [run.source for run in done.runs] == ["copy"]
    assert records(home) == before


def test_a_torn_last_line_is_no_damage_and_the_next_line_is_whole(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    writer.epoch(1)
    journal = home.runs / writer.id / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"kind": "epoch", "epo')
    writer.epoch(2)
    writer.store.finish(writer.id, "stopped")
    writer.store.close()
    home.database.unlink()
    assert [run.epochs for run in repaired(home).runs] == [2]


def test_a_resumed_run_is_rebuilt_with_what_it_did_again(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    writer.steps(1, 20)
    writer.epoch(1)
    writer.epoch(2)
    for step in (5, 12):
        writer.gradients(step)
    writer.store.finish(writer.id, "stopped")
    writer.resume(PER_EPOCH)
    writer.steps(11, 15, loss=0.25)
    writer.gradients(11, first=2.0)
    writer.store.finish(writer.id, "stopped", "enough")
    before = writer.store.run(writer.id)
    writer.store.close()
    home.database.unlink()
    repaired(home)
    (after,) = records(home)
    assert after == before
    assert (len(after.epochs), len(after.starts), after.message) == (1, 2, "enough")
    with closing(RunStore(home, read_only=True)) as store:
        steps, gradients = store.steps(after.id), store.gradients(after)
    assert steps is not None
    assert steps.loss.tolist() == [0.5] * 10 + [0.25] * 5
    assert [(each.step, each.norms[1] > 2) for each in gradients] == [(5, False), (11, True)]


def test_a_run_of_an_earlier_version_gets_its_journal_when_it_goes_on(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    writer.steps(1, 10)
    writer.epoch(1)
    writer.gradients(1)
    writer.store.finish(writer.id, "stopped")
    without_journals(home)
    writer.resume(PER_EPOCH)
    writer.gradients(11)
    writer.epoch(2)
    writer.store.finish(writer.id, "finished")
    before = writer.store.run(writer.id)
    writer.store.close()
    home.database.unlink()
    done = repaired(home)
    assert [run.source for run in done.runs] == ["journal"]
    assert records(home) == [before]
    with closing(RunStore(home, read_only=True)) as store:
        assert [each.step for each in store.gradients(before)] == [1, 11]


def test_what_the_database_refuses_is_in_the_journal_once(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        warned = writer.warning("careful")
        writer.store.note([warned])
        writer.store.note([warned])
    writer.store.record_warning(warned)
    writer.store.finish(writer.id, "stopped")
    writer.store.close()
    home.database.unlink()
    repaired(home)
    assert [record.warnings for record in records(home)] == [("careful",)]


def test_a_rebuilt_run_keeps_the_name_that_it_was_given_last(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    writer.steps(1, PER_EPOCH)
    # From another process, while it is trained.
    with closing(RunStore(home)) as window:
        window.rename(writer.id, "a better name")
    writer.epoch(1)
    writer.store.close()
    home.database.unlink()
    (rebuilt,) = repaired(home).runs
    assert (rebuilt.name, rebuilt.source, rebuilt.epochs) == ("a better name", "journal", 1)
    assert [record.name for record in records(home)] == ["a better name"]


def test_a_name_that_the_database_refuses_does_not_come_with_a_repair(home: Home) -> None:
    writer = Writer(home)
    change(home, "CREATE TRIGGER no BEFORE UPDATE OF name ON runs BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(UserError):
        writer.store.rename(writer.id, "a better name")
    writer.store.close()
    kinds = [line["kind"] for line in read_journal(home.runs / writer.id / "journal.jsonl").lines]
    assert kinds == ["created", "recorded"]


def test_a_deleted_run_does_not_come_back(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    keep_copy(home, date(2099, 1, 1))
    with closing(RunStore(home)) as store:
        store.delete(first)
    home.database.write_bytes(b"")
    repaired(home)
    assert [record.id for record in records(home)] == [second]


def test_nothing_is_repaired_while_a_run_is_trained(home: Home) -> None:
    recorded_runs(home, 1)
    writer = Writer(home)
    home.database.write_bytes(b"")
    with pytest.raises(UserError, match=f"run {writer.id} is being trained; stop it"):
        repaired(home)
    assert home.database.read_bytes() == b""
    writer.store.close()


def test_nothing_is_repaired_while_another_process_writes(home: Home) -> None:
    _, bad = recorded_runs(home, 2)
    change(home, "UPDATE runs SET machine='' WHERE id=?", bad)
    before = home.database.read_bytes()
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError, match="another process is writing"):
            repaired(home)
    assert home.database.read_bytes() == before


def test_who_had_the_former_database_open_writes_into_the_new_one(home: Home) -> None:
    _, bad = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        change(home, "UPDATE runs SET machine='' WHERE id=?", bad)
        repaired(home)
        assert store.is_replaced()
        run_id = store.create(RunConfig(), name="new", model="m", recipe="r", machine={})
        store.finish(run_id, "stopped")
        assert not store.is_replaced()
    assert records(home)[0].id == run_id


def test_a_folder_that_the_list_does_not_name_is_said_and_taken_in(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    before = records(home)
    change(home, "DELETE FROM runs WHERE id=?", first)
    change(home, "DELETE FROM epochs WHERE run_id=?", first)
    change(home, "DELETE FROM step_blocks WHERE run_id=?", first)
    change(home, "DELETE FROM warnings WHERE run_id=?", first)
    change(home, "DELETE FROM rate_changes WHERE run_id=?", first)
    change(home, "DELETE FROM gradients WHERE run_id=?", first)
    assert diagnose(home).unlisted == (first,)
    assert first in diagnose(home).sentence(home)
    repaired(home)
    assert records(home) == before
    assert second in {record.id for record in records(home)}


def test_copies_are_daily_and_the_last_two_are_kept(home: Home) -> None:
    assert keep_copy(home, date(2099, 1, 1)) is None, "there is nothing yet"
    recorded_runs(home, 1)
    for day in (1, 2, 2, 3):
        keep_copy(home, date(2099, 1, day))
    assert [path.name for path in copies(home)] == ["workbench-2099-01-03.copy.db", "workbench-2099-01-02.copy.db"]


@pytest.mark.parametrize("damage", ["a row", "a page"])
def test_a_damaged_list_never_takes_the_place_of_a_good_copy(home: Home, damage: str) -> None:
    (run_id,) = recorded_runs(home, 1)
    for day in (1, 2):
        keep_copy(home, date(2099, 1, day))
    good = {path: path.read_bytes() for path in copies(home)}
    if damage == "a row":
        change(home, "UPDATE epochs SET metrics='' WHERE run_id=?", run_id)
    else:
        flip_bytes(home.database, 60, 0)
    assert keep_copy(home, date(2099, 1, 3)) is None
    assert {path: path.read_bytes() for path in copies(home)} == good
    assert not list(home.root.glob(".workbench-*"))


def test_numbers_stay_because_they_decide_the_colors(home: Home) -> None:
    ids = recorded_runs(home)
    with closing(RunStore(home)) as store:
        store.delete(ids[1])
    before = {record.id: record.number for record in records(home)}
    home.database.unlink()
    repaired(home)
    assert {record.id: record.number for record in records(home)} == before == {ids[0]: 1, ids[2]: 3}
