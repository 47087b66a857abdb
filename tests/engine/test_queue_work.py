"""Working off the queue: real runs one after the other, one that cannot begin, a stop in the middle."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.conftest import write_images
from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochMetrics,
    Event,
    RunFailed,
    RunFinished,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.records.queue_entry import EntryBegan, EntryEnded, QueueEntry
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import training
from workbench.engine.training.queue_work import frozen, work_queue
from workbench.engine.weights import checkpoint

Said = Event | EntryBegan | EntryEnded


def outcomes(said: list[Said]) -> list[tuple[str, str]]:
    return [(each.entry.name, each.entry.state) for each in said if isinstance(each, EntryEnded)]


def until(work: Iterator[Said], kind: type) -> list[Said]:
    said = list[Said]()
    for each in work:
        said.append(each)
        if isinstance(each, kind):
            break
    return said


def add(store: RunStore, config: RunConfig, name: str, **values: object) -> QueueEntry:
    return store.queue.add(frozen(config, store), name=name, model="tiny", recipe="own", **values)


@pytest.fixture
def lost_folder(tmp_path: Path) -> Path:
    """Images that are there when an entry is added."""
    return write_images(tmp_path / "lost", 8, 4)


def test_runs_are_trained_one_after_the_other_as_they_were_added(tiny_config: RunConfig, store: RunStore) -> None:
    first = add(store, tiny_config, "a", tags=("lab",))
    second = add(store, tiny_config.with_values({"training.epochs": 2, "training.seed": 5}), "b")
    said = list(work_queue(store))
    assert outcomes(said) == [("a", "finished"), ("b", "finished")]
    assert [each.run_id for each in said if isinstance(each, RunStarted)] == [first.id, second.id]
    records = [store.run(first.id), store.run(second.id)]
    assert [(record.name, len(record.epochs), record.status) for record in records] == [
        ("a", 3, "finished"), ("b", 2, "finished"),
    ]  # fmt: skip
    assert [(record.model, record.recipe, record.tags) for record in records] == [
        ("tiny", "own", ("lab",)), ("tiny", "own", ()),
    ]  # fmt: skip
    assert records[1].config.training.seed == 5
    assert [entry.state for entry in store.queue.listing().entries] == ["finished", "finished"]
    assert list(work_queue(store)) == []


def test_the_same_settings_give_the_same_run_as_without_a_queue(tiny_config: RunConfig, store: RunStore) -> None:
    entry = add(store, tiny_config, "a")
    list(work_queue(store))
    alone = list(training.train(tiny_config, store=store))[-1].run_id
    assert store.run(entry.id).last.test_loss == store.run(alone).last.test_loss  # type: ignore[union-attr]
    assert store.run(entry.id).config == store.run(alone).config


def test_one_that_cannot_begin_leaves_its_sentence_and_no_run(
    tiny_config: RunConfig, store: RunStore, lost_folder: Path
) -> None:
    bad = add(store, tiny_config.with_values({"data.source": str(lost_folder)}), "bad")
    good = add(store, tiny_config.with_values({"training.epochs": 1}), "good")
    lost_folder.rename(lost_folder.with_name("elsewhere"))
    said = list(work_queue(store))
    assert outcomes(said) == [("bad", "failed"), ("good", "finished")]
    failed = store.queue.entry(bad.id)
    assert "there is no such file" in failed.message
    assert failed.message == next(each.entry.message for each in said if isinstance(each, EntryEnded))
    assert [record.id for record in store.runs()] == [good.id]
    assert not failed.has_begun


def test_a_run_that_fails_is_told_and_the_next_follows(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_values: object) -> Path:
        monkeypatch.undo()
        raise UserError("the disk is full")

    add(store, tiny_config, "bad")
    add(store, tiny_config.with_values({"training.epochs": 1}), "good")
    monkeypatch.setattr(checkpoint, "save", full)
    said = list(work_queue(store))
    assert outcomes(said) == [("bad", "failed"), ("good", "finished")]
    assert [each.message for each in said if isinstance(each, RunFailed)] == ["the disk is full"]
    assert store.queue.listing().entries[0].message == "the disk is full"


def test_what_failed_is_tried_again_with_its_run(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_values: object) -> Path:
        monkeypatch.undo()
        raise UserError("the disk is full")

    entry = add(store, tiny_config.with_values({"training.epochs": 1}), "again")
    monkeypatch.setattr(checkpoint, "save", full)
    assert outcomes(list(work_queue(store))) == [("again", "failed")]
    store.queue.retry([entry.id])
    said = list(work_queue(store))
    assert outcomes(said) == [("again", "finished")]
    assert any(isinstance(each, Warned) and "it starts anew" in each.message for each in said)
    assert [(run.id, run.status) for run in store.runs()] == [(entry.id, "finished")]


def test_after_too_many_failures_nothing_more_is_begun(
    tiny_config: RunConfig, store: RunStore, lost_folder: Path
) -> None:
    for name in "abc":
        add(store, tiny_config.with_values({"data.source": str(lost_folder)}), name)
    lost_folder.rename(lost_folder.with_name("elsewhere"))
    store.queue.stop_after(2)
    assert outcomes(list(work_queue(store))) == [("a", "failed"), ("b", "failed")]
    assert store.queue.state().is_paused
    assert [entry.name for entry in store.queue.listing().waiting] == ["c"]


def test_stopped_in_the_middle_it_goes_on_where_it_was(tiny_config: RunConfig, home: Home) -> None:
    """With the same result as without the stop."""
    with closing(RunStore(home)) as store:
        first = add(store, tiny_config, "a", tags=("lab",))
        add(store, tiny_config.with_values({"training.epochs": 1}), "b")
        with closing(work_queue(store)) as work:
            until(work, EpochMetrics)
        assert store.run(first.id).status == "stopped"
        entries = store.queue.listing().entries
        assert [(entry.name, entry.state, entry.has_begun) for entry in entries] == [
            ("a", "waiting", True), ("b", "waiting", False),
        ]  # fmt: skip
    with closing(RunStore(home)) as store:
        said = list(work_queue(store))
        assert outcomes(said) == [("a", "finished"), ("b", "finished")]
        started = next(each for each in said if isinstance(each, RunStarted))
        assert (started.run_id, started.first_step > 0) == (first.id, True)
        alone = list(training.train(tiny_config, store=store))[-1].run_id
        assert store.run(first.id).last.test_loss == store.run(alone).last.test_loss  # type: ignore[union-attr]
        assert store.run(first.id).tags == ("lab",)


def test_stopped_before_anything_was_trained_it_waits_as_before(tiny_config: RunConfig, store: RunStore) -> None:
    add(store, tiny_config, "a")
    with closing(work_queue(store)) as work:
        until(work, EntryBegan)
        assert [entry.state for entry in store.queue.listing().entries] == ["running"]
    assert [entry.state for entry in store.queue.listing().entries] == ["waiting"]
    assert not store.runs()


def test_what_a_dead_process_left_is_resumed(tiny_config: RunConfig, home: Home) -> None:
    """Neither the run nor the queue was told of its end."""
    with closing(RunStore(home)) as dying:
        entry = add(dying, tiny_config, "a")
        work = work_queue(dying)
        until(work, CheckpointSaved)
        dying.release(entry.id)
        dying.queue.let_go()
        with closing(RunStore(home)) as store:
            assert store.run(entry.id).status == "interrupted"
            said = list(work_queue(store))
            assert outcomes(said) == [("a", "finished")]
            assert len(store.runs()) == 1
        # In truth it would be gone.
        with suppress(UserError):
            work.close()


def test_asked_to_stop_by_order_it_begins_no_other(tiny_config: RunConfig, store: RunStore) -> None:
    orders = Orders()
    orders.stop()
    add(store, tiny_config, "a")
    add(store, tiny_config, "b")
    assert outcomes(list(work_queue(store, orders_for=lambda _entry: orders))) == [("a", "waiting")]
    assert [entry.has_begun for entry in store.queue.listing().entries] == [True, False]


def test_a_stop_that_cannot_be_saved_is_told(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_values: object) -> Path:
        raise UserError("the disk is full")

    add(store, tiny_config, "a")
    work = work_queue(store)
    until(work, StepMetrics)
    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(UserError, match="the disk is full"):
        work.close()
    assert [(entry.state, entry.message) for entry in store.queue.listing().entries] == [
        ("failed", "the disk is full"),
    ]  # fmt: skip


def test_resumed_by_hand_to_its_end_it_counts_as_finished(tiny_config: RunConfig, store: RunStore) -> None:
    entry = add(store, tiny_config, "a")
    with closing(work_queue(store)) as work:
        until(work, EpochMetrics)
    list(training.resume(entry.id, store=store))
    said = list(work_queue(store))
    assert [type(each) for each in said] == [EntryBegan, RunFinished, EntryEnded]
    assert outcomes(said) == [("a", "finished")]


def test_deleted_by_hand_it_is_not_trained_unseen(tiny_config: RunConfig, store: RunStore) -> None:
    entry = add(store, tiny_config, "a")
    with closing(work_queue(store)) as work:
        until(work, EpochMetrics)
    store.set_aside([entry.id])
    assert outcomes(list(work_queue(store))) == [("a", "failed")]
    assert "was deleted after it had begun" in store.queue.entry(entry.id).message


def test_what_could_not_begin_now_is_not_added(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    for values, sentence in (
        ({"data.source": str(tmp_path / "nowhere")}, "data.source is"),
        ({"training.device": "cuda:77"}, "training.device is"),
        ({"fine_tuning.weights": "nowhere.pth"}, "fine_tuning.weights is"),
    ):
        with pytest.raises(UserError, match=sentence):
            frozen(tiny_config.with_values(values), store)


def test_names_last_wherever_the_queue_is_worked(
    tiny_config: RunConfig, store: RunStore, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(image_folder.parent)
    entry = add(store, tiny_config.with_values({"data.source": image_folder.name}), "a")
    assert entry.config.data.source == str(image_folder)
