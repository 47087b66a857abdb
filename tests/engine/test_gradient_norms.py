"""Norms of gradients: those that torch gives by hand, measured now and then, and nothing is trained otherwise."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.engine.test_process_group import Talking
from tests.generators import result_of
from workbench.core.events import GradientsMeasured, RunStarted, StepMetrics
from workbench.core.gradients import WeightedLayers
from workbench.core.home import Home
from workbench.core.network.model_config import ModelConfig
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.network.resnet import ResNet
from workbench.engine.training import gradient_norms, training
from workbench.engine.training.gradient_norms import GradientNorms
from workbench.engine.training.loop import TrainingLoop
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import prepare
from workbench.engine.training.trainer import Trainer
from workbench.engine.weights import checkpoint

NETWORKS = {name: preset.config for name, preset in Presets.load().models.items()} | {
    "squeezed": ModelConfig(blocks=(1, 2), widths=(8, 16), shortcut="B", se_reduction=4),
    "squeezed and pre-activated": ModelConfig(
        block="preact-bottleneck", blocks=(1, 2), widths=(8, 16), se_reduction=2
    ),
}


@pytest.fixture
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEAST_DISTANCE_S", "_SHARE_OF_RUN", "_TIMES_COST"):
        monkeypatch.setattr(gradient_norms, name, 0.0)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_with_weights_is_known_by_its_modules_name(name: str) -> None:
    with torch.device("meta"):
        network = ResNet(NETWORKS[name])
    modules = [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    layers = WeightedLayers.of(NETWORKS[name])
    assert sorted(layers.names) == sorted(modules)
    assert len(layers.groups) == len(modules)


def by_hand(trainer: Trainer, parts: int) -> list[float]:
    """Norms of the gradients of the batch's mean loss at the first step, layer after layer."""
    network, size = trainer.network, trainer.config.training.batch_size
    for index in range(parts):
        part = slice(index * size // parts, (index + 1) * size // parts)
        batch = trainer.images.batch(trainer._epoch_plan(), 0, size, part)
        (functional.cross_entropy(network(batch.images), batch.labels) / parts).backward()
    weights = (network.get_parameter(f"{name}.weight") for name in WeightedLayers.of(network.config).names)
    return [float(np.linalg.norm(weight.grad.double().numpy())) for weight in weights]


def measured_by(trainer: Trainer) -> GradientsMeasured:
    """Of its next step, as the training loop reads it."""
    trainer.gradient_norms = GradientNorms(trainer.network)
    pending = PendingSteps()
    pending.append(*trainer.step())
    pending.flush(trainer, "r")
    (gradients,) = pending.take_gradients()
    assert pending.take_gradients() == []
    return gradients


@pytest.mark.parametrize("parts", [1, 2])
def test_norms_are_those_by_hand_before_clipping(tiny_config: RunConfig, home: Home, parts: int) -> None:
    config = tiny_config.with_values(
        {"training.accumulation": parts, "training.clip_norm": 1e-3, "model.se_reduction": 2}
    )
    one, other = (result_of(prepare(config, home)).trainer for _ in range(2))
    gradients = measured_by(one)
    np.testing.assert_allclose(gradients.norms, by_hand(other, parts), rtol=1e-5)
    assert gradients.norms.dtype == np.float32
    assert (gradients.run_id, gradients.step, gradients.epoch) == ("r", 1, 1)
    assert gradients.layers == WeightedLayers.of(config.model).names


def test_frozen_layers_have_none(tiny_config: RunConfig, home: Home) -> None:
    config = tiny_config.with_values({"fine_tuning.frozen_stages": 1, "fine_tuning.weights": "some.pt"})
    trainer = result_of(prepare(config, home)).trainer
    gradients = measured_by(trainer)
    frozen = [name for name, norm in zip(gradients.layers, gradients.norms, strict=True) if np.isnan(norm)]
    assert frozen == ["conv1", "layer1.0.conv1", "layer1.0.conv2"]


@pytest.mark.usefixtures("at_every_step")
def test_every_bit_of_the_weights_is_as_without_measuring(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config.with_values(
        {"training.clip_norm": 1.0, "model.dropout": 0.1, "model.block": "preact-basic"}
    )
    with_norms = list(training.train(config, store=store))
    for name in ("begin", "look"):
        monkeypatch.setattr(GradientNorms, name, lambda *_: None)
    without = list(training.train(config, store=store))
    steps = [event.step for event in with_norms if isinstance(event, GradientsMeasured)]
    assert steps == list(range(1, 19))
    assert not any(isinstance(event, GradientsMeasured) for event in without)
    ends = [checkpoint.load(store.checkpoints(events[-1].run_id), "last") for events in (with_norms, without)]
    for name, tensor in ends[0].network.items():
        assert torch.equal(tensor, ends[1].network[name]), name
    losses = [store.steps(events[-1].run_id).loss for events in (with_norms, without)]
    np.testing.assert_array_equal(*losses)


@pytest.mark.usefixtures("at_every_step")
def test_what_is_measured_is_recorded_and_follows_its_steps(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config, store=store))
    told = 0
    for event in events:
        if isinstance(event, StepMetrics):
            told = int(event.steps[-1])
        if isinstance(event, GradientsMeasured):
            assert event.step <= told
    said = [event for event in events if isinstance(event, GradientsMeasured)]
    recorded = store.gradients(store.run(events[-1].run_id))
    assert [(each.step, each.epoch, each.layers) for each in recorded] == [
        (each.step, each.epoch, each.layers) for each in said
    ]
    assert [each.epoch for each in said] == sorted([1, 2, 3] * 6)
    for one, other in zip(recorded, said, strict=True):
        np.testing.assert_array_equal(one.norms, other.norms)


def test_a_run_is_measured_at_its_first_step_and_when_it_goes_on(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config.with_values({"training.epochs": 1}), store=store))
    run_id = events[-1].run_id
    first = next(event.step for event in events if isinstance(event, GradientsMeasured))
    rest = list(training.resume(run_id, store=store, epochs=2))
    (started,) = (event for event in rest if isinstance(event, RunStarted))
    again = next(event.step for event in rest if isinstance(event, GradientsMeasured))
    assert (first, again) == (1, started.first_step + 1)
    assert store.gradients(store.run(run_id))[0].step == 1


@pytest.mark.parametrize("rank", [0, 1])
def test_only_the_first_process_measures(tiny_config: RunConfig, home: Home, rank: int) -> None:
    processes = Talking(rank, 2)
    config = tiny_config.with_values({"training.accumulation": 2})
    prepared = result_of(prepare(config, home, processes=processes))
    TrainingLoop("", prepared, Orders(), processes)
    assert (prepared.trainer.gradient_norms is not None) == (rank == 0)


@pytest.mark.parametrize(
    ("elapsed_s", "cost_s", "distance_s"),
    [(0.0, 0.001, 1.0), (400.0, 0.001, 1.0), (5000.0, 0.001, 10.0), (0.0, 0.05, 10.0)],
    ids=["at first", "within minutes", "after an hour and a half", "a large network"],
)
def test_samples_are_apart_by_the_runs_length_and_their_cost(
    elapsed_s: float, cost_s: float, distance_s: float
) -> None:
    network = ResNet(ModelConfig(blocks=(1,), widths=(4,)))
    # The first one measures, the second comes too early, the third does not.
    second = cost_s + distance_s + 0.01
    times = iter([0.0, 0.0, cost_s, cost_s + distance_s - 0.01, second, second, second + cost_s])
    norms = GradientNorms(network, lambda: next(times))
    for step in (1, 2, 3):
        norms.begin()
        norms.look(step, elapsed_s)
    assert [each.step for each in norms.take()] == [1, 3]
    assert norms.take() == []
