"""The record of a run: kept though the database refuses for a while, and true about how the run ended."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, RunFailed, RunFinished, RunStarted, StepMetrics, Warned
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import recording, training
from workbench.engine.weights import checkpoint


@pytest.fixture
def store(home: Home, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """One that gives up after 50 ms, as often as it is asked."""
    monkeypatch.setattr(recording, "_RECORD_INTERVAL_S", 0.0)
    store = RunStore(home)
    store._db.execute("PRAGMA busy_timeout=50")
    return store


def test_a_database_that_is_locked_for_a_while_loses_nothing(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"training.epochs": 5})
    other = sqlite3.connect(store.home.database, isolation_level=None)
    said = []
    with closing(other):
        for event in training.train(config, store=store):
            said.append(event)
            if isinstance(event, EpochMetrics) and event.epoch == 2:
                other.execute("BEGIN EXCLUSIVE")
            if isinstance(event, EpochMetrics) and event.epoch == 4:
                other.execute("ROLLBACK")
    (warned,) = (event for event in said if isinstance(event, Warned))
    assert "database is locked; training goes on" in warned.message
    assert said[-1] == RunFinished(event.run_id, "finished")
    record = store.run(event.run_id)
    assert record.status == "finished"
    assert [epoch.epoch for epoch in record.epochs] == [1, 2, 3, 4, 5]
    steps = store.steps(record.id)
    assert steps is not None
    assert steps.steps.tolist() == list(range(1, 31))
    assert store.evaluated_epochs(record.id) == [1, 2, 3, 4, 5]


def test_evaluations_that_cannot_be_kept_hold_up_nothing_else(tiny_config: RunConfig, store: RunStore) -> None:
    said = []
    for event in training.train(tiny_config, store=store):
        said.append(event)
        if isinstance(event, RunStarted):
            # Where the folder should be.
            store._layout(event.run_id).evaluations.write_bytes(b"")
    assert said[-1] == RunFinished(event.run_id, "finished")
    (warned,) = (event for event in said if isinstance(event, Warned))
    assert "evaluations" in warned.message
    assert "training goes on without the answers after epoch 1" in warned.message
    record = store.run(event.run_id)
    assert record.status == "finished"
    assert record.warnings == (warned.message,)
    assert [epoch.epoch for epoch in record.epochs] == [1, 2, 3]
    assert record.test_looks == 3


def test_a_run_whose_last_epochs_are_refused_has_failed_and_not_finished(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "record_epoch", _full)
        events = list(training.train(tiny_config, store=store))
    assert isinstance(events[-1], RunFailed)
    record = store.run(events[-1].run_id)
    assert (record.status, record.message) == ("failed", events[-1].message)
    assert "disk is full" in record.message
    assert record.epochs == ()
    store.rename(record.id, "b")
    with pytest.raises(UserError, match="has 3 epochs already"):
        list(training.resume(record.id, store=store, epochs=2))
    assert isinstance(list(training.resume(record.id, store=store, epochs=4))[-1], RunFinished)
    record = store.run(record.id)
    assert (record.status, record.name, record.number) == ("finished", "b", 1)
    assert [epoch.epoch for epoch in record.epochs] == [1, 2, 3, 4]
    assert store.series(record.id).steps.tolist() == list(range(1, 25))


def test_epochs_that_its_journal_lacks_too_keep_no_run_from_going_on(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "record_epoch", _full)
        run_id = list(training.train(tiny_config, store=store))[-1].run_id
    (store.folder(run_id) / "journal.jsonl").unlink()
    assert isinstance(list(training.resume(run_id, store=store, epochs=4))[-1], RunFinished)
    assert [epoch.epoch for epoch in store.run(run_id).epochs] == [4]


def _full(*_: object) -> None:
    raise UserError("cannot write the run database: database or disk is full")


def test_an_end_that_cannot_be_recorded_is_said(tiny_config: RunConfig, store: RunStore) -> None:
    with closing(sqlite3.connect(store.home.database, isolation_level=None)) as other:
        for event in training.train(tiny_config, store=store):
            if isinstance(event, EpochMetrics) and event.epoch == 2:
                other.execute("BEGIN EXCLUSIVE")
    assert isinstance(event, RunFailed)
    assert "database is locked" in event.message
    assert not event.is_bug
    record = store.run(event.run_id)
    assert record.status == "interrupted", "no process trains it any more"
    assert isinstance(list(training.resume(record.id, store=store, epochs=4))[-1], RunFinished)
    # The figures of the third were in its journal alone.
    assert [epoch.epoch for epoch in store.run(record.id).epochs] == [1, 2, 3, 4]
    assert store.series(record.id).steps.tolist() == list(range(1, 25))


def test_a_stop_that_cannot_be_recorded_is_raised(tiny_config: RunConfig, store: RunStore) -> None:
    events = training.train(tiny_config, store=store)
    run_id = next(event for event in events if isinstance(event, StepMetrics)).run_id
    with closing(sqlite3.connect(store.home.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError, match="database is locked"):
            events.close()
    assert store.run(run_id).status == "interrupted"
    assert isinstance(list(training.resume(run_id, store=store))[-1], RunFinished)


def test_steps_are_recorded_before_the_checkpoint_that_is_behind_them(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, the run would go on with a hole in its curve for good."""
    recorded_then = []
    save = checkpoint.save

    def looked(*arguments: Any, **values: Any) -> Path:
        steps = store.steps(run_id)
        recorded_then.extend([] if steps is None else steps.steps.tolist())
        return save(*arguments, **values)

    with closing(RunStore(home)) as store:
        monkeypatch.setattr(recording, "_RECORD_INTERVAL_S", 1000.0)
        events = training.train(tiny_config, store=store)
        said = 0
        for event in events:
            run_id = event.run_id
            if isinstance(event, StepMetrics):
                said = int(event.steps[-1])
                break
        monkeypatch.setattr(checkpoint, "save", looked)
        events.close()
    assert recorded_then == list(range(1, said + 1))


def test_a_lost_process_ends_a_run_without_asking_the_gpu(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the lost one as well, until the launcher's patience is over."""
    asked: list[None] = []
    monkeypatch.setattr(recording.torch.cuda, "is_available", lambda: asked.append(None) or False)
    events = training.train(tiny_config, store=store)
    for event in events:
        if isinstance(event, StepMetrics):
            monkeypatch.setattr("workbench.engine.training.trainer.Trainer.step", _lost)
            asked.clear()
    assert isinstance(event, RunFailed)
    assert store.run(event.run_id).status == "failed"
    assert not asked


def _lost(*_: object) -> None:
    raise recording.UserError("another process of this run has ended")
