"""Training on from given weights: what is frozen stays, what is freed learns, and it pays."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import RunFinished, StepMetrics, Warned
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import FineTuningConfig, RunConfig
from workbench.engine.data.device_images import subset
from workbench.engine.network import resnet
from workbench.engine.training import loop, training
from workbench.engine.training.trainer import frozen_stages
from workbench.engine.weights import checkpoint

PUBLISHED = Path(__file__).parents[1] / "data" / "resnet20-12fca82f.th"


@pytest.fixture
def tuning(tiny_config: RunConfig, tmp_path: Path) -> RunConfig:
    """Starts from weights of seed 7 for five classes; the data have three."""
    model = tiny_config.model.model_copy(update={"num_classes": 5})
    torch.save(resnet.build(model, seed=7).state_dict(), tmp_path / "w.pt")
    return tiny_config.with_values(
        {"fine_tuning.weights": str(tmp_path / "w.pt"), "data.normalization": "cifar10"}
    )


def final(store: RunStore, run_id: str) -> dict[str, Tensor]:
    return checkpoint.load(store.checkpoints(run_id), "last").network


def changed(store: RunStore, config: RunConfig, run_id: str) -> set[str]:
    before = resnet.build(config.model.model_copy(update={"num_classes": 5}), seed=7).state_dict()
    after = final(store, run_id)
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_frozen_stages_stay_bit_for_bit(tuning: RunConfig, store: RunStore) -> None:
    config = tuning.with_values({"fine_tuning.frozen_stages": 1})
    events = list(training.train(config, store=store))
    assert isinstance(events[-1], RunFinished)
    assert any(
        "last layer has 5 outputs, the data 3 classes" in e.message for e in events if isinstance(e, Warned)
    )
    names = changed(store, config, events[-1].run_id)
    # Running statistics too: a frozen norm neither learns nor counts.
    assert not [name for name in names if name.startswith(("conv1", "bn1", "layer1"))]
    assert {"layer2.0.conv1.weight", "layer2.0.bn1.running_mean", "fc.weight"} <= names


def test_stages_are_freed_one_by_one_the_last_first() -> None:
    config = FineTuningConfig(weights="w.pt", frozen_stages=3, unfreeze_every=2)
    assert [frozen_stages(config, epoch) for epoch in range(8)] == [3, 3, 2, 2, 1, 1, 0, 0]
    assert frozen_stages(config.model_copy(update={"unfreeze_every": 0}), 99) == 3


def test_gradual_unfreezing_reaches_the_stem(tuning: RunConfig, store: RunStore) -> None:
    config = tuning.with_values({"fine_tuning.frozen_stages": 2, "fine_tuning.unfreeze_every": 1})
    run_id = list(training.train(config, store=store))[-1].run_id
    assert "conv1.weight" in changed(store, config, run_id)


def test_the_backbone_learns_at_its_own_rate(tuning: RunConfig, store: RunStore) -> None:
    slow = tuning.with_values({"fine_tuning.backbone_rate": 1e-6, "training.weight_decay": 0.0})
    before = resnet.build(tuning.model.model_copy(update={"num_classes": 5}), seed=7).state_dict()
    moved = {}
    for config in (tuning, slow):
        run_id = list(training.train(config, store=store))[-1].run_id
        after = final(store, run_id)
        moved[config] = float((after["layer2.0.conv1.weight"] - before["layer2.0.conv1.weight"]).abs().max())
        assert float(after["fc.weight"].std()) > 0
    assert moved[slow] < 1e-3 * moved[tuning]


@pytest.mark.parametrize(
    "values",
    [
        {"fine_tuning.frozen_stages": 2, "fine_tuning.unfreeze_every": 1, "fine_tuning.backbone_rate": 0.1},
        {"model.dropout": 0.2, "model.stochastic_depth": 0.3},
        {"training.optimizer": "adam", "training.learning_rate": 0.01},
    ],
)
def test_resumed_it_ends_with_the_same_weights(
    values: dict[str, object], tuning: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "YIELD_INTERVAL_S", 0.0)
    config = tuning.with_values(values)
    whole = list(training.train(config, store=store))[-1].run_id
    events = training.train(config, store=store)
    for event in events:
        if isinstance(event, StepMetrics) and event.steps[-1] == 8:
            break
    events.close()
    torch.manual_seed(99)
    list(training.resume(event.run_id, store=store))
    expected = final(store, whole)
    for name, tensor in final(store, event.run_id).items():
        assert torch.equal(tensor, expected[name]), name


def test_normalization_follows_the_weights_and_a_contradiction_is_said(
    tiny_config: RunConfig, store: RunStore, tmp_path: Path
) -> None:
    state = resnet.build(tiny_config.model, seed=7).state_dict()
    torch.save({"best_prec1": 90.0, "state_dict": state}, tmp_path / "w.th")
    config = tiny_config.with_values({"fine_tuning.weights": str(tmp_path / "w.th"), "training.epochs": 1})
    run_id = list(training.train(config, store=store))[-1].run_id
    assert store.run(run_id).config.data.normalization == "imagenet"
    events = list(training.train(config.with_values({"data.normalization": "cifar10"}), store=store))
    assert any("normalized by imagenet, not by cifar10" in e.message for e in events if isinstance(e, Warned))
    torch.save(state, tmp_path / "w.th")
    events = list(training.train(config, store=store))
    assert any("does not say how its images" in e.message for e in events if isinstance(e, Warned))
    assert store.run(events[-1].run_id).config.data.normalization == "cifar10"


def test_killed_before_its_start_is_recorded_it_keeps_the_normalization(
    tiny_config: RunConfig, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = resnet.build(tiny_config.model, seed=7).state_dict()
    torch.save({"best_prec1": 90.0, "state_dict": state}, tmp_path / "w.th")
    config = tiny_config.with_values({"fine_tuning.weights": str(tmp_path / "w.th"), "training.epochs": 1})

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(store, "record_start", die)
        events = training.train(config, store=store)
        with pytest.raises(Killed):
            list(events)
    (record,) = store.runs()
    assert record.config.data.normalization == "auto"
    store.finish(record.id, "interrupted")
    list(training.resume(record.id, store=store))
    assert store.run(record.id).config.data.normalization == "imagenet"


def test_without_weights_auto_is_cifar10_and_nothing_is_said(tiny_config: RunConfig, store: RunStore) -> None:
    events = list(training.train(tiny_config, store=store))
    assert not [event for event in events if isinstance(event, Warned)]
    assert store.run(events[-1].run_id).config.data.normalization == "cifar10"


def test_a_subset_has_as_many_of_every_class() -> None:
    labels = np.repeat(np.arange(4), (50, 50, 50, 3))
    indices = np.arange(1, 153)
    chosen = subset(indices, labels, 40, seed=0)
    *equal, rare = np.bincount(labels[chosen]).tolist()
    assert sorted(equal) == [12, 12, 13]
    assert rare == 3
    assert len(set(chosen.tolist())) == 40
    assert np.array_equal(chosen, subset(indices, labels, 40, seed=0))
    assert not np.array_equal(chosen, subset(indices, labels, 40, seed=1))
    assert len(subset(indices, labels, 152, seed=0)) == 152


def test_more_images_than_there_are_is_refused(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"data.train_images": 97})
    with pytest.raises(UserError, match=r"data\.train_images is 97; it must be at most 96"):
        list(training.train(config, store=store))


def test_fine_tuning_beats_training_from_scratch(sample_home: Home, store: RunStore) -> None:
    """Idelbayev's ResNet-20, in its published layout, on 500 images of the sample."""
    scratch = RunConfig.build(
        {
            "model": {"shortcut": "A", "blocks": [3, 3, 3], "widths": [16, 32, 64]},
            "data": {"source": "sample", "train_images": 500, "validation_fraction": 0},
            "training": {"epochs": 1, "batch_size": 50, "learning_rate": 0.02},
        }
    )
    weights = str(PUBLISHED)
    accuracies = []
    for values in ({"fine_tuning.weights": weights}, {}):
        run_id = list(training.train(scratch.with_values(values), store=store))[-1].run_id
        best = store.run(run_id).best
        assert best is not None
        accuracies.append(best.test_accuracy)
    tuned, from_scratch = accuracies
    assert tuned > 0.75
    assert tuned > from_scratch + 0.2
