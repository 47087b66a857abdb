"""The state of a checkpoint as a record: whole through a file, and every odd field of one named."""

import io
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.checkpoints import state_after
from workbench.core.errors import UserError
from workbench.core.events import RunFailed, RunFinished, RunStarted
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.network.averaging import AverageState
from workbench.engine.training import training
from workbench.engine.weights import checkpoint
from workbench.engine.weights.checkpoint_state import CheckpointState, Position

EARLIER = Path(__file__).parents[1] / "data" / "version-2"
"""Written by the workbench before there was a record."""

Change = Callable[[dict[str, Any]], object]


def whole_state() -> CheckpointState:
    """With a value of its own in every field."""
    position = Position(1, 2, 3.5, 4.5, 5, 6.5, 7.5, 0.75, 8, 9, [(10, 0.5), (11, 2.0)])
    assert all(getattr(position, each.name) != getattr(Position(), each.name) for each in fields(Position))
    state = state_after(3)
    return replace(state, position=position, average=AverageState({"w": torch.full((4,), 2.5)}, 12))


def tree_of(state: CheckpointState) -> dict[str, Any]:
    tree: dict[str, Any] = torch.load(io.BytesIO(state.to_file()), weights_only=True)
    return tree


def reading(tree: object) -> CheckpointState:
    buffer = io.BytesIO()
    torch.save(tree, buffer)
    return CheckpointState.from_file(buffer.getvalue(), "the checkpoint x.pt")


def assert_same(one: CheckpointState, other: CheckpointState) -> None:
    assert (one.config, one.position) == (other.config, other.position)
    assert torch.equal(one.generator, other.generator)
    assert one.network.keys() == other.network.keys()
    assert torch.equal(one.network["w"], other.network["w"])
    assert one.optimizer.keys() == other.optimizer.keys()
    assert torch.equal(one.optimizer[0]["momentum_buffer"], other.optimizer[0]["momentum_buffer"])
    assert one.optimizer[1] == other.optimizer[1] == {"momentum_buffer": None}
    assert (one.average is None) == (other.average is None)
    if one.average is not None and other.average is not None:
        assert one.average.steps == other.average.steps
        assert torch.equal(one.average.network["w"], other.average.network["w"])


@pytest.mark.parametrize("average", [True, False])
def test_it_is_the_same_after_a_file(average: bool) -> None:
    state = whole_state() if average else replace(whole_state(), average=None)
    assert_same(CheckpointState.from_file(bytes(state.to_file()), "x"), state)


def test_the_average_is_what_was_evaluated() -> None:
    state = whole_state()
    assert state.evaluated_weights["w"].tolist() == [2.5] * 4
    assert replace(state, average=None).evaluated_weights["w"].tolist() == [3.0] * 4


ODD_FIELDS: dict[str, tuple[Change, str]] = {
    "config": (lambda tree: tree.update(config={}), "config is an object; it must be a text of JSON"),
    "config's JSON": (
        lambda tree: tree.update(config="{"),
        "the configuration in the checkpoint x.pt is not JSON",
    ),
    "config's field": (
        lambda tree: tree.update(config='{"training": {"epochs": 0}}'),
        "training.epochs is 0; it must be at least 1",
    ),
    "no model": (lambda tree: tree.pop("model"), "it lacks model, an object of tensors"),
    "model": (lambda tree: tree.update(model=[1]), "model is a list; it must be an object of tensors"),
    "weight": (lambda tree: tree["model"].update(w=1.5), "model.w is 1.5; it must be a dense tensor"),
    "complex": (
        lambda tree: tree["model"].update(w=torch.ones(2, dtype=torch.complex64)),
        "model.w is a tensor of complex64, (2,); it must be a dense tensor of real numbers",
    ),
    "weight's name": (lambda tree: tree["model"].update({3: torch.ones(1)}), "model has 3 for a name"),
    "optimizer": (lambda tree: tree.update(optimizer=None), "optimizer is null; it must be an object with state"),
    "no buffers": (lambda tree: tree["optimizer"].pop("state"), "it lacks optimizer.state"),
    "number": (lambda tree: tree["optimizer"]["state"].update(x={}), "optimizer.state has 'x' for the number"),
    "buffers": (
        lambda tree: tree["optimizer"]["state"].update({0: 5}),
        "optimizer.state.0 is 5; it must be an object of tensors",
    ),
    "buffer": (
        lambda tree: tree["optimizer"]["state"][0].update(momentum_buffer="a"),
        "optimizer.state.0.momentum_buffer is 'a'; it must be a dense tensor of real numbers, or null",
    ),
    "no position": (lambda tree: tree.pop("position"), "it lacks position, an object of numbers"),
    "epoch": (lambda tree: tree["position"].update(epoch="2"), "position.epoch is '2'; it must be a whole number"),
    "batch": (lambda tree: tree["position"].update(batch=-1), "position.batch is -1; it must be a whole number"),
    "images": (lambda tree: tree["position"].update(images=True), "position.images is true; it must be a whole"),
    "loss": (
        lambda tree: tree["position"].update(loss_sum=None),
        "position.loss_sum is null; it must be a number",
    ),
    "seconds": (
        lambda tree: tree["position"].update(train_s=10**400),
        "position.train_s is a number of 401 digits; it must be a number",
    ),
    "rates": (
        lambda tree: tree["position"].update(rate_changes=[[1, 0.0]]),
        "position.rate_changes is a list; it must be a list of pairs of steps and a factor above 0",
    ),
    "position's field": (
        lambda tree: tree["position"].update(mood=1),
        "position has 'mood'; known are epoch, batch",
    ),
    "generator": (lambda tree: tree.update(torch_rng=torch.zeros(3)), "torch_rng is a tensor of float32, (3,)"),
    "cut generator": (
        lambda tree: tree.update(torch_rng=tree["torch_rng"][:100]),
        "torch_rng is a tensor of uint8, (100,); it must be the state of a random generator",
    ),
    "average": (lambda tree: tree.update(average=0), "average is 0; it must be an object of network and steps"),
    "average's steps": (
        lambda tree: tree["average"].update(steps=1.5),
        "average.steps is 1.5; it must be a whole",
    ),
    "average's weight": (
        lambda tree: tree["average"]["network"].update(w="w"),
        "average.network.w is 'w'; it must be a dense tensor",
    ),
    "one more": (lambda tree: tree.update(scheduler={}), "it has 'scheduler'; known are config, model, optimizer"),
}


@pytest.mark.parametrize("name", ODD_FIELDS)
def test_an_odd_field_is_named(name: str) -> None:
    tree = tree_of(whole_state())
    change, words = ODD_FIELDS[name]
    change(tree)
    with pytest.raises(UserError) as caught:
        reading(tree)
    assert words in str(caught.value)
    assert "the checkpoint x.pt" in str(caught.value) or name == "config's field"


@pytest.mark.parametrize(("tree", "words"), [([1], "a list"), (torch.ones(2), "a tensor"), ("a", "'a'")])
def test_what_is_no_object_is_described(tree: object, words: str) -> None:
    with pytest.raises(UserError, match=f"no checkpoint of a run: it holds {words}"):
        reading(tree)


def test_the_first_version_is_read_too() -> None:
    """Its position ended with the best accuracy, and its optimizer was torch's own state dict."""
    tree = tree_of(replace(whole_state(), average=None))
    for name in ("best_epoch", "patience_from", "rate_changes"):
        del tree["position"][name]
    tree["optimizer"]["param_groups"] = [{"lr": 0.1, "fused": True, "params": [0, 1]}]
    expected = replace(whole_state().position, best_epoch=0, patience_from=0, rate_changes=[])
    assert_same(reading(tree), replace(whole_state(), position=expected, average=None))


def test_an_earlier_checkpoint_is_read() -> None:
    state, warning = checkpoint.load_last(EARLIER)
    assert warning == ""
    assert (state.position.epoch, state.position.batch, state.position.images) == (1, 2, 32)
    assert state.position.rate_changes == [(4, 0.5)]
    assert state.config.training.optimizer == "adamw"
    assert state.optimizer[0].keys() == {"step", "exp_avg", "exp_avg_sq"}
    assert state.average is not None
    assert state.average.steps == 8


def earlier_run(config: RunConfig, store: RunStore) -> str:
    """A run that was stopped, with the earlier checkpoint."""
    saved, _ = checkpoint.load_last(EARLIER)
    config = saved.config.with_values({"data.source": config.data.source})
    run_id = store.create(config, name="", model="m", recipe="r", machine={})
    shutil.copytree(EARLIER, store.checkpoints(run_id))
    store.finish(run_id, "stopped")
    return run_id


def test_a_run_goes_on_from_an_earlier_checkpoint(tiny_config: RunConfig, home: Home) -> None:
    with closing(RunStore(home)) as store:
        run_id = earlier_run(tiny_config, store)
        events = list(training.resume(run_id, store=store))
        (started,) = [event for event in events if isinstance(event, RunStarted)]
        assert (started.first_step, started.steps_per_epoch) == (8, 6)
        assert events[-1] == RunFinished(run_id, "finished")
        state, _ = checkpoint.load_last(store.checkpoints(run_id))
    assert (state.position.epoch, state.position.rate_changes) == (3, [(4, 0.5)])
    assert state.average is not None
    assert state.average.steps == 18


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda state: replace(state, average=None),
            "has no moving average, which training.ema_decay above 0 needs",
        ),
        (
            lambda state: replace(state, optimizer={0: {"exp_avg": torch.zeros(5)}}),
            "exp_avg of parameter 0 is (5,)",
        ),
        (lambda state: replace(state, network={}), "is of another network: it has no conv1.weight"),
        (
            lambda state: replace(state, average=AverageState({"a": torch.ones(1)}, 1)),
            "the average in the checkpoint of run",
        ),
    ],
)
def test_what_does_not_fit_to_the_run_is_a_sentence(
    change: Callable[[CheckpointState], CheckpointState], words: str, tiny_config: RunConfig, home: Home
) -> None:
    with closing(RunStore(home)) as store:
        run_id = earlier_run(tiny_config, store)
        folder = store.checkpoints(run_id)
        checkpoint.save(folder, change(checkpoint.load(folder, "last")), step=8, epoch=1, best=False)
        failed = list(training.resume(run_id, store=store))[-1]
    assert isinstance(failed, RunFailed)
    assert not failed.is_bug
    assert words in failed.message
