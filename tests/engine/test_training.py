"""Real short trainings: events, records, stop, resume, errors."""

import gc
import json
import math
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import write_images
from tests.generators import result_of
from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochMetrics,
    EvaluationReady,
    Event,
    Progress,
    RunFailed,
    RunFinished,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.network import resnet
from workbench.engine.training import evaluation as evaluating
from workbench.engine.training import loop, training
from workbench.engine.weights import checkpoint, manifest
from workbench.engine.weights.checkpoint_state import Buffers


def all_of(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def stop_after(config: RunConfig, store: RunStore, steps: int) -> str:
    """Train until `steps` steps are done, then close the generator."""
    events = training.train(config, store=store)
    for event in events:
        if isinstance(event, StepMetrics) and event.steps[-1] >= steps:
            break
    events.close()
    return event.run_id


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Yield after every step, so that a run can be stopped at any of them."""
    monkeypatch.setattr(loop, "YIELD_INTERVAL_S", 0.0)


def final_weights(store: RunStore, run_id: str) -> dict[str, torch.Tensor]:
    return checkpoint.load(store.checkpoints(run_id), "last").network


def test_a_run_learns_and_is_recorded(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config, store=store, name="first"))
    (started,) = all_of(events, RunStarted)
    assert started.images == (96, 24, 36)
    assert started.steps_per_epoch == 6
    steps = np.concatenate([event.steps for event in all_of(events, StepMetrics)])
    assert steps.tolist() == list(range(1, 19))
    epochs = all_of(events, EpochMetrics)
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert epochs[-1].test_accuracy > 0.8
    assert epochs[-1].train_loss < epochs[0].train_loss
    assert isinstance(events[-1], RunFinished)

    record = store.run(started.run_id)
    assert (record.status, record.name) == ("finished", "first")
    assert record.epochs == tuple(epochs)
    assert store.evaluated_epochs(started.run_id) == [1, 2, 3]
    recorded = store.steps(started.run_id)
    assert recorded is not None
    assert recorded.steps.tolist() == steps.tolist()


def test_the_event_says_what_the_evaluation_holds(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config, store=store))
    for ready, epoch in zip(all_of(events, EvaluationReady), all_of(events, EpochMetrics), strict=True):
        assert ready.evaluation.epoch == epoch.epoch
        assert ready.evaluation.accuracy == epoch.test_accuracy


def test_the_best_checkpoint_is_the_one_of_the_best_epoch(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config, store=store))
    record = store.run(events[-1].run_id)
    assert record.best is not None
    accuracies = [epoch.validation_accuracy for epoch in record.epochs]
    assert record.best.validation_accuracy == max(accuracies)
    found = manifest.read(store.checkpoints(record.id), "best")
    assert found is not None
    assert found.epoch == record.best.epoch


def test_without_a_split_the_last_epoch_counts(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"data.validation_fraction": 0})
    events = list(training.train(config, store=store))
    epochs = all_of(events, EpochMetrics)
    assert all(epoch.validation_loss is None and epoch.best for epoch in epochs)
    assert store.run(events[-1].run_id).summary()["best_epoch"] == 3


def test_the_same_seed_gives_the_same_weights(tiny_config: RunConfig, store: RunStore) -> None:
    first, again = (list(training.train(tiny_config, store=store))[-1].run_id for _ in range(2))
    for name, tensor in final_weights(store, first).items():
        assert torch.equal(tensor, final_weights(store, again)[name]), name


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("steps", [1, 4, 6, 9, 17])
def test_stopped_anywhere_and_resumed_it_ends_with_the_same_weights(
    tiny_config: RunConfig, store: RunStore, steps: int
) -> None:
    whole = list(training.train(tiny_config, store=store))
    run_id = stop_after(tiny_config, store, steps)
    assert store.run(run_id).status == "stopped"
    rest = list(training.resume(run_id, store=store))
    (started,) = all_of(rest, RunStarted)
    assert started.first_step == steps
    assert store.run(run_id).status == "finished"
    expected = final_weights(store, whole[-1].run_id)
    for name, tensor in final_weights(store, run_id).items():
        assert torch.equal(tensor, expected[name]), name
    recorded, uninterrupted = store.steps(run_id), store.steps(whole[-1].run_id)
    assert recorded is not None
    assert uninterrupted is not None
    assert recorded.steps.tolist() == uninterrupted.steps.tolist()
    np.testing.assert_array_equal(recorded.loss, uninterrupted.loss)
    mine, theirs = store.run(run_id).epochs, store.run(whole[-1].run_id).epochs
    timeless = {"run_id": "", "images_per_s": 0.0, "elapsed_s": 0.0}
    assert [replace(e, **timeless) for e in mine] == [replace(e, **timeless) for e in theirs]


@pytest.mark.parametrize("kind", [Progress, EvaluationReady, EpochMetrics, CheckpointSaved])
def test_stopped_at_any_kind_of_event_no_epoch_is_lost(
    tiny_config: RunConfig, store: RunStore, kind: type
) -> None:
    events = training.train(tiny_config, store=store)
    started = False
    for event in events:
        started |= isinstance(event, RunStarted)
        if started and isinstance(event, kind):
            break
    events.close()
    list(training.resume(event.run_id, store=store))
    record = store.run(event.run_id)
    assert [epoch.epoch for epoch in record.epochs] == [1, 2, 3]
    assert record.best is not None
    found = manifest.read(store.checkpoints(record.id), "best")
    assert found is not None
    assert found.epoch == record.best.epoch


def test_stopped_before_its_first_step_it_can_be_resumed(tiny_config: RunConfig, store: RunStore) -> None:
    events = training.train(tiny_config, store=store)
    run_id = next(event.run_id for event in events)
    events.close()
    assert store.run(run_id).status == "stopped"
    assert isinstance(list(training.resume(run_id, store=store))[-1], RunFinished)


def test_a_finished_run_goes_on_only_to_more_epochs(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config, store=store))[-1].run_id
    with pytest.raises(UserError, match="it goes on for more than 3"):
        next(training.resume(run_id, store=store))
    list(training.resume(run_id, store=store, epochs=4))
    record = store.run(run_id)
    assert len(record.epochs) == 4
    assert record.config.training.epochs == 4


def test_a_running_run_is_not_resumed(tiny_config: RunConfig, store: RunStore) -> None:
    events = training.train(tiny_config, store=store)
    run_id = next(event.run_id for event in events)
    with pytest.raises(UserError, match="trained by another process"):
        next(training.resume(run_id, store=store))
    events.close()


def test_a_damaged_last_checkpoint_falls_back_with_a_warning(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"training.schedule": "constant"})
    run_id = list(training.train(config, store=store))[-1].run_id
    found = manifest.read(store.checkpoints(run_id), "last")
    assert found is not None
    (store.checkpoints(run_id) / found.file).write_bytes(b"cut")
    events = list(training.resume(run_id, store=store, epochs=4))
    (warned,) = all_of(events, Warned)
    assert "damaged" in warned.message
    assert isinstance(events[-1], RunFinished)
    assert store.warnings(run_id) == [warned.message]


def test_the_last_layer_follows_the_data(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"model.num_classes": 10, "training.epochs": 1})
    events = list(training.train(config, store=store))
    (warned,) = all_of(events, Warned)
    assert "3 classes" in warned.message
    assert store.run(events[-1].run_id).config.model.num_classes == 3


def test_a_batch_larger_than_the_data_is_refused_and_leaves_no_run(
    tiny_config: RunConfig, store: RunStore
) -> None:
    with pytest.raises(UserError, match=r"^training\.batch_size is 512; it must be at most 96") as refusal:
        list(training.train(tiny_config.with_values({"training.batch_size": 512}), store=store))
    assert set(refusal.value.fields) == {"training.batch_size"}
    assert store.ids() == []


def test_a_diverging_run_stops_and_keeps_its_checkpoint(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values(
        {"training.learning_rate": 100.0, "training.schedule": "constant", "training.epochs": 60,
         "training.weight_decay": 1.0, "training.momentum": 0.99}
    )  # fmt: skip
    events = list(training.train(config, store=store))
    failed = events[-1]
    assert isinstance(failed, RunFailed)
    assert "learning_rate" in failed.message
    assert "step" in failed.message
    if all_of(events, CheckpointSaved):
        state = checkpoint.load(store.checkpoints(failed.run_id), "last")
        assert all(torch.isfinite(t).all() for t in state.network.values())
    recorded = store.steps(failed.run_id)
    assert recorded is None or all(math.isfinite(loss) for loss in recorded.loss)


def test_a_bug_ends_the_run_and_the_next_one_works(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("a bug\nwith details")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.engine.training.trainer.Trainer.step", broken)
        failed = list(training.train(tiny_config, store=store))[-1]
    assert isinstance(failed, RunFailed)
    assert failed.is_bug
    assert failed.message == "RuntimeError: a bug"
    assert "Traceback" in caplog.text
    assert isinstance(list(training.train(tiny_config, store=store))[-1], RunFinished)


def test_out_of_memory_says_what_to_change_and_frees_the_network(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(self: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    def networks() -> int:
        return sum(type(o) is resnet.ResNet for o in gc.get_objects())

    gc.collect()
    before = networks()
    with monkeypatch.context() as patch:
        patch.setattr("workbench.engine.training.trainer.Trainer.step", greedy)
        failed = list(training.train(tiny_config, store=store))[-1]
    assert isinstance(failed, RunFailed)
    assert not failed.is_bug
    assert "training.accumulation 2" in failed.message
    assert failed.remedy == {"training.accumulation": 2}
    assert networks() <= before


def test_a_full_disk_at_the_stop_is_said_and_recorded(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Path:
        raise UserError("cannot write: no space left")

    events = training.train(tiny_config, store=store)
    for event in events:
        if isinstance(event, StepMetrics):
            break
    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(UserError, match="no space left"):
        events.close()
    assert store.run(event.run_id).status == "failed"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data.source", "nowhere", "no such file"),
        ("training.device", "cuda:99", "training.device is 'cuda:99'"),
    ],
)
def test_what_cannot_start_leaves_no_run(
    tiny_config: RunConfig, store: RunStore, key: str, value: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        next(training.train(tiny_config.with_values({key: value}), store=store))
    assert store.runs() == []


def test_events_can_be_pickled(tiny_config: RunConfig, store: RunStore) -> None:
    import pickle

    for event in training.train(tiny_config, store=store):
        again = pickle.loads(pickle.dumps(event))
        assert type(again) is type(event)


def test_a_paused_consumer_costs_no_time(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time between two events is the consumer's: it is neither in elapsed_s nor in the rates."""
    real, paused = time.perf_counter, [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: real() + paused[0])
    events = []
    for event in training.train(tiny_config, store=store):
        events.append(event)
        paused[0] += 1000.0
    last = all_of(events, EpochMetrics)[-1]
    assert last.elapsed_s < 100
    assert last.images_per_s > 10


def test_going_on_with_another_thread_count_is_warned_of(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = stop_after(tiny_config, store, 1)
    with closing(sqlite3.connect(store.home.database)) as database, database:
        started = json.loads(database.execute("SELECT started FROM runs").fetchone()[0])
        database.execute("UPDATE runs SET started=?", (json.dumps({**started, "device": "CPU, 64 threads"}),))
    warnings = [event.message for event in all_of(list(training.resume(run_id, store=store)), Warned)]
    assert len(warnings) == 1
    assert "began on CPU, 64 threads, fp32 and goes on with CPU, 1 thread, fp32" in warnings[0]


def test_changed_images_are_not_resumed(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    root = write_images(tmp_path / "mine", 40, 12)
    run_id = stop_after(tiny_config.with_values({"data.source": str(root)}), store, 1)
    (root / "train" / "blue").rename(root / "train" / "zebra")
    (root / "test" / "blue").rename(root / "test" / "zebra")
    failed = list(training.resume(run_id, store=store))[-1]
    assert isinstance(failed, RunFailed)
    assert "have changed since the run began" in failed.message
    (root / "train" / "zebra").rename(root / "train" / "blue")
    (root / "test" / "zebra").rename(root / "test" / "blue")
    assert isinstance(list(training.resume(run_id, store=store))[-1], RunFinished)


def test_a_missing_source_leaves_the_stopped_run_as_it_is(
    tiny_config: RunConfig, store: RunStore, tmp_path: Path
) -> None:
    root = write_images(tmp_path / "mine", 40, 12)
    run_id = stop_after(tiny_config.with_values({"data.source": str(root)}), store, 1)
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="no such file"):
        next(training.resume(run_id, store=store))
    assert store.run(run_id).status == "stopped"


def test_a_relative_source_is_found_from_anywhere(
    tiny_config: RunConfig, store: RunStore, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(image_folder.parent)
    run_id = stop_after(tiny_config.with_values({"data.source": image_folder.name}), store, 1)
    monkeypatch.chdir("/")
    assert isinstance(list(training.resume(run_id, store=store))[-1], RunFinished)


def test_given_weights_survive_a_stop_before_the_first_epoch(
    tiny_config: RunConfig, store: RunStore, tmp_path: Path
) -> None:
    network = resnet.build(tiny_config.model, seed=5)
    torch.save(network.state_dict(), tmp_path / "w.pt")
    config = tiny_config.with_values(
        {"training.learning_rate": 1e-9, "fine_tuning.weights": str(tmp_path / "w.pt")}
    )
    events = training.train(config, store=store)
    run_id = next(event.run_id for event in events if isinstance(event, RunStarted))
    del events  # as a killed process would end it: without a word
    store.finish(run_id, "interrupted")
    list(training.resume(run_id, store=store))
    final = final_weights(store, run_id)["conv1.weight"]
    torch.testing.assert_close(final, network.conv1.weight, rtol=1e-3, atol=1e-4)


def test_weights_of_another_network_leave_no_run(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(3, 3)}, tmp_path / "w.pt")
    config = tiny_config.with_values({"fine_tuning.weights": str(tmp_path / "w.pt")})
    with pytest.raises(UserError, match="of another network"):
        next(training.train(config, store=store))
    assert store.runs() == []


def test_a_damaged_manifest_falls_back_too(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config, store=store))[-1].run_id
    (store.checkpoints(run_id) / "last.json").write_text("{")
    events = list(training.resume(run_id, store=store, epochs=4))
    assert isinstance(events[-1], RunFinished)
    assert "last.json" in all_of(events, Warned)[0].message


def test_too_few_images_for_a_split_are_warned_of(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    root = write_images(tmp_path / "few", 8, 2)
    config = tiny_config.with_values({"data.source": str(root), "data.validation_fraction": 0.05})
    (warned,) = all_of(list(training.train(config, store=store)), Warned)
    assert "nothing is held out" in warned.message


def _in_other_layout(buffers: Buffers) -> Buffers:
    buffer = buffers["momentum_buffer"]
    assert buffer is not None
    layout = torch.channels_last if buffer.dim() == 4 else torch.contiguous_format
    return {"momentum_buffer": buffer.contiguous(memory_format=layout)}


@pytest.mark.usefixtures("every_step")
def test_resume_takes_over_buffers_but_not_the_other_machines_layout(
    tiny_config: RunConfig, store: RunStore
) -> None:
    """A checkpoint with another memory format, as from a GPU, gives the same next step."""
    whole = list(training.train(tiny_config, store=store))
    run_id = stop_after(tiny_config, store, 4)
    folder = store.checkpoints(run_id)
    state = checkpoint.load(folder, "last")
    buffers = {number: _in_other_layout(each) for number, each in state.optimizer.items()}
    checkpoint.save(folder, replace(state, optimizer=buffers), step=4, epoch=0, best=False)
    list(training.resume(run_id, store=store))
    expected = final_weights(store, whole[-1].run_id)
    for name, tensor in final_weights(store, run_id).items():
        assert torch.equal(tensor, expected[name]), name


def test_evaluate_gives_the_recorded_accuracy(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config, store=store))[-1].run_id
    evaluation = result_of(evaluating.evaluate_run(run_id, store))
    best = store.run(run_id).best
    assert best is not None
    assert evaluation.accuracy == pytest.approx(best.test_accuracy)
    assert evaluation.loss == pytest.approx(best.test_loss, rel=1e-4)
    assert store.run(run_id).test_looks == 4
