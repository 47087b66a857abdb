"""A run stopped anywhere and resumed ends bit for bit as if it had not been: for every way to train."""

from contextlib import closing
from dataclasses import is_dataclass
from typing import Any

import pytest
import torch

from tests.generators import result_of
from workbench.core.events import RateChanged, StepMetrics
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import evaluation as evaluating
from workbench.engine.training import loop, training
from workbench.engine.weights import checkpoint

WAYS: dict[str, dict[str, Any]] = {
    "nesterov": {},
    "sgd": {"nesterov": False},
    "adam": {"optimizer": "adam", "learning_rate": 0.01},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01},
    "rmsprop": {"optimizer": "rmsprop", "learning_rate": 0.001},
    "muon": {"optimizer": "muon", "learning_rate": 0.01},
    "constant": {"schedule": "constant"},
    "step": {"schedule": "step", "step_epochs": 1},
    "multi-step": {"schedule": "multi-step"},
    "cosine with warm-up": {"schedule": "cosine", "warmup_epochs": 1.5},
    "average": {"ema_decay": 0.9},
    "mixup": {"mixup": 0.4},
    "cutmix": {"cutmix": 1.0},
    "both mixed": {"mixup": 0.2, "cutmix": 1.0, "label_smoothing": 0.1},
    "erasing": {"random_erasing": 0.5},
    "trivial augment": {"trivial_augment": True},
    "accumulation": {"accumulation": 4},
    "clipping": {"clip_norm": 0.5},
    "everything": {"optimizer": "adamw", "learning_rate": 0.01, "ema_decay": 0.95, "mixup": 0.2, "cutmix": 1.0,
                   "accumulation": 2, "clip_norm": 1.0, "random_erasing": 0.3, "trivial_augment": True,
                   "label_smoothing": 0.1, "schedule": "cosine", "warmup_epochs": 1.0, "deterministic": True},
}  # fmt: skip


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "YIELD_INTERVAL_S", 0.0)


def tensors(tree: Any, name: str = "") -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint by their path."""
    if isinstance(tree, torch.Tensor):
        return {name: tree}
    if is_dataclass(tree):
        tree = vars(tree)
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return {path: t for key, value in items for path, t in tensors(value, f"{name}/{key}").items()}


def assert_same_end(store: RunStore, run_id: str, other: str) -> None:
    mine, theirs = (tensors(checkpoint.load(store.checkpoints(run), "last")) for run in (run_id, other))
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if not torch.equal(mine[name], theirs[name])] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("steps", [2, 7])
def test_every_way_to_train_resumes_exactly(tiny_config: RunConfig, store: RunStore, way: str, steps: int) -> None:
    values = {"training.epochs": 2} | {f"training.{name}": value for name, value in WAYS[way].items()}
    config = tiny_config.with_values(values)
    whole = list(training.train(config, store=store))[-1].run_id
    with closing(training.train(config, store=store)) as events:
        stopped = next(e for e in events if isinstance(e, StepMetrics) and e.steps[-1] >= steps)
    assert store.run(stopped.run_id).status == "stopped"
    list(training.resume(stopped.run_id, store=store))
    assert_same_end(store, stopped.run_id, whole)


def test_the_ways_differ(tiny_config: RunConfig, store: RunStore) -> None:
    """Else the test above would compare the same thing again and again."""
    ends = set()
    for way in WAYS.values():
        config = tiny_config.with_values({f"training.{name}": value for name, value in way.items()})
        run_id = list(training.train(config, store=store))[-1].run_id
        weights = checkpoint.load(store.checkpoints(run_id), "last").network["conv1.weight"]
        ends.add(tuple(weights.flatten().tolist()))
    assert len(ends) == len(WAYS) - 1, "all but the average, which trains as the first one does"


def test_a_changed_rate_is_recorded_and_resumed(tiny_config: RunConfig, store: RunStore) -> None:
    """Also where the run is stopped before and after the change."""
    config = tiny_config.with_values({"training.schedule": "cosine"})
    runs = []
    for stops in ((), (2, 9)):
        orders = Orders()
        events = training.train(config, store=store, orders=orders)
        for event in events:
            if not isinstance(event, StepMetrics):
                continue
            step = int(event.steps[-1])
            if step == 4:
                orders.change_rate(0.25)
            if step in stops:
                events.close()
                events = training.resume(event.run_id, store=store, orders=orders)
                rest = events
                break
        else:
            rest = iter(())
        for event in rest:
            if isinstance(event, StepMetrics) and int(event.steps[-1]) == 4:
                orders.change_rate(0.25)
            if isinstance(event, StepMetrics) and int(event.steps[-1]) == stops[1]:
                rest.close()
                list(training.resume(event.run_id, store=store))
                break
        runs.append(event.run_id)
    whole, interrupted = runs
    assert_same_end(store, interrupted, whole)
    assert store.rate_changes(whole) == [
        RateChanged(whole, change.step, 0.25, change.learning_rate) for change in store.rate_changes(interrupted)
    ]
    (change,) = store.rate_changes(whole)
    assert change.step == 5
    steps = store.steps(whole)
    assert steps is not None
    assert steps.learning_rate[5] == pytest.approx(change.learning_rate)
    assert steps.learning_rate[5] < 0.3 * steps.learning_rate[4]


def test_accumulated_parts_give_the_gradient_of_the_batch(tiny_config: RunConfig, store: RunStore) -> None:
    """With group norm, which looks at each image alone."""
    values = {"model.norm": "group", "training.epochs": 1}
    ends = []
    for parts in (1, 4):
        config = tiny_config.with_values(values | {"training.accumulation": parts})
        ends.append(list(training.train(config, store=store))[-1].run_id)
    whole, parted = (checkpoint.load(store.checkpoints(run), "last").network for run in ends)
    for name, tensor in parted.items():
        torch.testing.assert_close(tensor, whole[name], rtol=1e-3, atol=1e-5)
    assert store.steps(ends[0]).loss == pytest.approx(store.steps(ends[1]).loss, rel=1e-4)


def test_with_an_average_it_is_what_is_evaluated(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config.with_values({"training.ema_decay": 0.95}), store=store))[-1].run_id
    best = store.run(run_id).best
    assert best is not None
    state = checkpoint.load_best(store.checkpoints(run_id))
    assert not torch.equal(state.network["conv1.weight"], state.evaluated_weights["conv1.weight"])
    work = evaluating.evaluate_run(run_id, store)
    assert result_of(work).loss == pytest.approx(best.test_loss, rel=1e-4)
