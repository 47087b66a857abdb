"""Orders while training, early stopping, divergence, compiling: what ends or changes a run."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochMetrics,
    Event,
    Progress,
    RunFailed,
    RunFinished,
    StepMetrics,
    Warned,
)
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.machine import compiling
from workbench.engine.training import loop, training
from workbench.engine.training.divergence import Divergence
from workbench.engine.training.trainer import Trainer
from workbench.engine.weights import checkpoint, manifest


def watched(events: Iterator[Event], epochs: int, do) -> list[Event]:
    """All events; after so many epochs `do()` is called."""
    said = []
    for event in events:
        said.append(event)
        if isinstance(event, EpochMetrics) and event.epoch == epochs:
            do()
    return said


def test_ended_by_hand_the_best_epoch_is_the_result(tiny_config: RunConfig, store: RunStore) -> None:
    orders = Orders()
    config = tiny_config.with_values({"training.epochs": 50})
    last = watched(training.train(config, store=store, orders=orders), 2, orders.finish)[-1]
    assert isinstance(last, RunFinished)
    assert last.status == "finished"
    assert last.reason.startswith("ended by hand in epoch 3; the best was epoch ")
    record = store.run(last.run_id)
    assert (record.status, record.message, len(record.epochs)) == ("finished", last.reason, 2)
    found = manifest.read(store.checkpoints(record.id), "best")
    assert found is not None
    assert record.best is not None
    assert found.epoch == record.best.epoch
    with pytest.raises(UserError, match="it goes on for more than 2"):
        next(training.resume(record.id, store=store))


def test_ended_by_hand_before_the_first_epoch_it_goes_on_to_it(tiny_config: RunConfig, store: RunStore) -> None:
    """There is no best to keep yet."""
    orders = Orders()
    orders.finish()
    last = list(training.train(tiny_config, store=store, orders=orders))[-1]
    assert len(store.run(last.run_id).epochs) == 1


def test_a_stop_by_order_can_be_resumed(tiny_config: RunConfig, store: RunStore) -> None:
    orders = Orders()
    orders.stop()
    last = list(training.train(tiny_config, store=store, orders=orders))[-1]
    assert last == RunFinished(last.run_id, "stopped")
    assert store.run(last.run_id).can_resume
    assert list(training.resume(last.run_id, store=store))[-1] == RunFinished(last.run_id, "finished")


def test_patience_ends_a_run_that_gets_no_better(tiny_config: RunConfig, store: RunStore) -> None:
    # With so small a rate the validation accuracy stays where it is.
    config = tiny_config.with_values(
        {"training.learning_rate": 1e-12, "training.epochs": 30, "training.patience": 3}
    )
    last = list(training.train(config, store=store))[-1]
    assert isinstance(last, RunFinished)
    record = store.run(last.run_id)
    assert record.best is not None
    assert len(record.epochs) == record.best.epoch + 3
    assert record.message == f"ended early: no better validation accuracy since epoch {record.best.epoch}"


def test_patience_needs_something_to_judge_by(tiny_config: RunConfig) -> None:
    with pytest.raises(UserError, match=r"training\.patience is 3, but nothing is held out"):
        tiny_config.with_values({"training.patience": 3, "data.validation_fraction": 0})


def test_several_changes_between_two_steps_are_one(store: RunStore) -> None:
    orders = Orders()
    orders.change_rate(0.5)
    orders.change_rate(0.5)
    assert orders.take_rate_factor() == 0.25
    assert orders.take_rate_factor() == 1.0


def metrics(losses: list[float]) -> StepMetrics:
    count = len(losses)
    return StepMetrics(
        "r", 1, np.arange(1, count + 1), np.array(losses, np.float32), np.zeros(count, np.float32),
        np.full(count, 0.4), 1.0, 1.0,
    )  # fmt: skip


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_names_step_rate_and_a_smaller_one(loss: float) -> None:
    watch = Divergence(TrainingConfig(learning_rate=0.8), classes=10)
    with pytest.raises(UserError, match=r"at step 3 with learning rate 0\.4; .*such as 0\.08") as error:
        watch.refuse(metrics([2.3, 2.3, loss]))
    assert error.value.remedy == {"training.learning_rate": 0.08}


def test_a_loss_far_above_chance_for_long_is_divergence() -> None:
    watch = Divergence(TrainingConfig(learning_rate=0.8), classes=10)
    watch.refuse(metrics([2.3] * 40 + [100.0] + [2.3] * 100))
    with pytest.raises(UserError, match="the loss grew to"):
        watch.refuse(metrics([20.0] * 50))


def test_a_loss_that_falls_from_far_above_chance_is_none() -> None:
    """Deep networks without norms begin there."""
    watch = Divergence(TrainingConfig(), 10)
    watch.refuse(metrics([128.0, 82.0, 52.0]))
    watch.refuse_end()
    watch.refuse(metrics([50.0] * 60))
    watch = Divergence(TrainingConfig(), 10)
    watch.refuse(metrics([2.3, 40.0, 400.0]))
    with pytest.raises(UserError, match=r"the loss was 220 on average of the last 2 steps"):
        watch.refuse_end()


def test_a_diverged_run_offers_a_rate_that_works(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values(
        {"training.learning_rate": 100.0, "training.schedule": "constant", "training.epochs": 60,
         "training.weight_decay": 1.0, "training.momentum": 0.99}
    )  # fmt: skip
    failed = list(training.train(config, store=store))[-1]
    assert isinstance(failed, RunFailed)
    assert failed.remedy == {"training.learning_rate": 10.0}


def test_what_cannot_be_compiled_runs_as_it_is(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_module: torch.nn.Module, **_: object) -> None:
        raise RuntimeError("no C++ compiler\nmore of it")

    monkeypatch.setattr(torch, "compile", fails)
    plain = list(training.train(tiny_config, store=store))[-1].run_id
    events = list(training.train(tiny_config.with_values({"training.compile": "on"}), store=store))
    (warned,) = (event for event in events if isinstance(event, Warned))
    assert warned.message == "the network could not be compiled, so it runs as it is: no C++ compiler"
    ends = [checkpoint.load(store.checkpoints(run), "last").network for run in (plain, events[-1].run_id)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0]), "the trial left no trace"


def test_graphs_of_a_gpu_are_not_asked_of_the_cpu(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config.with_values({"training.compile": "cuda-graphs"}), store=store))
    (warned,) = (event for event in events if isinstance(event, Warned))
    assert "training.compile is 'cuda-graphs', which the cpu has not" in warned.message
    assert isinstance(events[-1], RunFinished)


def test_deterministic_mode_ends_with_the_run_that_asked_for_it(tiny_config: RunConfig, store: RunStore) -> None:
    list(training.train(tiny_config.with_values({"training.deterministic": True}), store=store))
    assert torch.are_deterministic_algorithms_enabled()
    list(training.train(tiny_config, store=store))
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_changed_rate_that_was_never_taken_is_no_event(tiny_config: RunConfig, store: RunStore) -> None:
    last = list(training.train(tiny_config, store=store, orders=Orders()))[-1]
    assert store.rate_changes(last.run_id) == []


def ordered_at(step: int, order: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an order during one step."""
    do = Trainer.step

    def watched(trainer: Trainer, *arguments: Any) -> Any:
        result = do(trainer, *arguments)
        if trainer.step_number == step:
            order()
        return result

    monkeypatch.setattr(Trainer, "step", watched)


def test_a_stop_by_order_loses_no_figures(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of steps that were not read back yet."""
    monkeypatch.setattr(loop, "YIELD_INTERVAL_S", 100.0)
    whole = list(training.train(tiny_config, store=store))[-1].run_id
    orders = Orders()
    ordered_at(4, orders.stop, monkeypatch)
    stopped = list(training.train(tiny_config, store=store, orders=orders))[-1]
    assert stopped == RunFinished(stopped.run_id, "stopped")
    list(training.resume(stopped.run_id, store=store))
    wanted, got = ([e.train_loss for e in store.run(run).epochs] for run in (whole, stopped.run_id))
    assert got == wanted


def test_a_stop_by_order_with_an_epochs_last_step_can_be_resumed(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config.with_values({"training.batch_size": 96})
    orders = Orders()
    ordered_at(2, orders.stop, monkeypatch)
    run_id = list(training.train(config, store=store, orders=orders))[-1].run_id
    assert len(store.run(run_id).epochs) == 1
    assert list(training.resume(run_id, store=store))[-1] == RunFinished(run_id, "finished")
    assert [epoch.epoch for epoch in store.run(run_id).epochs] == [1, 2, 3]


def test_a_checkpoint_without_its_epochs_sums_can_be_resumed(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier versions wrote such."""
    orders = Orders()
    ordered_at(6, orders.stop, monkeypatch)
    run_id = list(training.train(tiny_config, store=store, orders=orders))[-1].run_id
    folder = store.checkpoints(run_id)
    state = checkpoint.load(folder, "last")
    position = replace(state.position, images=0, train_s=0.0, loss_sum=0.0, correct=0.0)
    checkpoint.save(folder, replace(state, position=position), step=6, epoch=0, best=False)
    assert list(training.resume(run_id, store=store))[-1] == RunFinished(run_id, "finished")


def test_a_rate_that_is_changed_with_the_stop_is_kept(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = Orders()
    ordered_at(4, lambda: (orders.change_rate(0.1), orders.stop()), monkeypatch)
    run_id = list(training.train(tiny_config, store=store, orders=orders))[-1].run_id
    (change,) = store.rate_changes(run_id)
    assert (change.step, change.factor) == (4, pytest.approx(0.1))
    position = checkpoint.load(store.checkpoints(run_id), "last").position
    assert position.rate_changes == [(4, pytest.approx(0.1))]


def test_a_run_that_is_stopped_while_it_evaluates_is_saved_at_once(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A launcher ends what takes too long, and the last checkpoint may be an epoch old."""
    orders = Orders()
    events = training.train(tiny_config, store=store, orders=orders)
    for event in events:
        if isinstance(event, Progress) and event.activity == "Validating":
            orders.stop()
        if isinstance(event, Progress) and event.activity == "Testing":
            break
    found = manifest.read(store.checkpoints(event.run_id), "last")
    assert found is not None
    assert (found.step, found.epoch) == (6, 0)
    assert list(events)[-1] == RunFinished(event.run_id, "stopped")


def test_a_stop_before_the_first_step_is_recorded(tiny_config: RunConfig, store: RunStore) -> None:
    orders = Orders()
    orders.stop()
    events = list(training.train(tiny_config, store=store, orders=orders))
    assert not any(isinstance(event, StepMetrics) for event in events)
    assert store.run(events[-1].run_id).status == "stopped"


def without_progress(tiny_config: RunConfig) -> RunConfig:
    return tiny_config.with_values(
        {"training.learning_rate": 1e-12, "training.epochs": 30, "training.patience": 3}
    )


def test_patience_is_part_of_exact_resume(tiny_config: RunConfig, store: RunStore) -> None:
    """Stopped with its last checkpoint, a run ends when it is resumed, not an epoch later."""
    config = without_progress(tiny_config)
    whole = store.run(list(training.train(config, store=store))[-1].run_id)
    events = training.train(config, store=store)
    for event in events:
        if isinstance(event, CheckpointSaved) and event.step == 6 * len(whole.epochs):
            break
    events.close()
    last = list(training.resume(event.run_id, store=store))[-1]
    assert isinstance(last, RunFinished)
    assert last.reason == whole.message
    assert len(store.run(event.run_id).epochs) == len(whole.epochs)


def test_patience_begins_anew_when_more_epochs_are_asked_for(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(without_progress(tiny_config), store=store))[-1].run_id
    done = len(store.run(run_id).epochs)
    last = list(training.resume(run_id, store=store, epochs=40))[-1]
    assert isinstance(last, RunFinished)
    assert last.reason.startswith("ended early")
    assert len(store.run(run_id).epochs) == done + 3


def test_a_schedule_that_is_stretched_is_warned_of(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config, store=store))[-1].run_id
    events = list(training.resume(run_id, store=store, epochs=6))
    (warned,) = (event for event in events if isinstance(event, Warned))
    assert re.match(
        r"training.schedule 'one-cycle' now spans 6 epochs: the learning rate goes on at 0\.1\d, after 8e-07",
        warned.message,
    )


@pytest.mark.parametrize(("parts", "is_alone", "graphs"), [(1, True, True), (2, True, False), (1, False, False)])
def test_graphs_need_whole_batches_in_one_process(
    parts: int, is_alone: bool, graphs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a part's gradients lie in memory that the next replay writes to."""
    modes = []
    monkeypatch.setattr(torch, "compile", lambda module, mode: modes.append(mode) or module)
    monkeypatch.setattr(compiling, "_gpus", lambda _: [])
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3))
    forward = network if is_alone else torch.nn.Sequential(network)
    config = TrainingConfig(compile="cuda-graphs", accumulation=parts)
    compute = SimpleNamespace(device=SimpleNamespace(type="cuda"), autocast=nullcontext)
    _, warning = compiling.compiled(forward, network, config, compute, torch.randn(4, 3, 2, 2))
    assert modes == ["reduce-overhead" if graphs else "default"]
    assert bool(warning) is not graphs


def test_a_compiled_network_is_resumed_exactly(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial of compiling draws what dropout draws, in the first step of each process alone."""
    monkeypatch.setattr(torch, "compile", lambda module, **_: module)
    monkeypatch.setattr(loop, "YIELD_INTERVAL_S", 0.0)
    config = tiny_config.with_values({"training.compile": "on", "model.dropout": 0.3})
    whole = list(training.train(config, store=store))[-1].run_id
    orders = Orders()
    ordered_at(4, orders.stop, monkeypatch)
    stopped = list(training.train(config, store=store, orders=orders))[-1].run_id
    list(training.resume(stopped, store=store))
    ends = [checkpoint.load(store.checkpoints(run), "last").network for run in (whole, stopped)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
