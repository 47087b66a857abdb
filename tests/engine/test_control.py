"""Orders while training, early stopping, divergence, compiling: what ends or changes a run."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from workbench.core.config import RunConfig
from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, Event, RunFailed, RunFinished, StepMetrics, Warned
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.store import RunStore
from workbench.core.training_config import TrainingConfig
from workbench.engine import checkpoint, training
from workbench.engine.divergence import Divergence


@pytest.fixture
def store(home: Home) -> RunStore:
    return RunStore(home)


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
    manifest = checkpoint.read_manifest(store.checkpoints(record.id), "best")
    assert manifest is not None
    assert record.best is not None
    assert manifest.epoch == record.best.epoch
    with pytest.raises(UserError, match="give --epochs above 2"):
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
    ends = [checkpoint.load(store.checkpoints(run), "last")["model"] for run in (plain, events[-1].run_id)]
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
