"""The smaller batch at an epoch's end: trained on when asked for, to the last bit as it should be."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from workbench.core.data.dataset import ImageSet
from workbench.core.errors import ConfigError, UserError
from workbench.core.events import EpochMetrics, RunStarted, StepMetrics
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute
from workbench.engine.machine.processes import Processes
from workbench.engine.training import training
from workbench.engine.training.trainer import Trainer, _slices_of_last

CPU = Compute(torch.device("cpu"), torch.float32)


def config_of(**values: object) -> RunConfig:
    fields = {"model.blocks": [1], "model.widths": [4], "model.input_size": 8, "training.batch_size": 8,
              "training.keep_last_batch": True, "training.crop_padding": 2, "training.precision": "fp32",
              **{key.replace("__", "."): value for key, value in values.items()}}  # fmt: skip
    return RunConfig().with_values(fields)


def trainer_of(config: RunConfig, count: int) -> Trainer:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (count, 8, 8, 3), np.uint8)
    images = ImageSet(pixels, generator.integers(0, 10, count), ("",) * count)
    return Trainer(config, CPU, DeviceImages(images, config.data, CPU))


def test_every_image_is_seen_once_an_epoch() -> None:
    trainer = trainer_of(config_of(), 21)
    assert trainer.steps_per_epoch == 3
    plan = trainer._epoch_plan()
    seen = [trainer.images.batch(plan, index, 8).labels for index in range(3)]
    assert [len(labels) for labels in seen] == [8, 8, 5]
    assert torch.equal(torch.cat(seen), trainer.images.labels[plan.order])
    assert [trainer.images_of_step(step) for step in range(6)] == [8, 8, 5] * 2
    assert trainer_of(config_of(training__keep_last_batch=False), 21).steps_per_epoch == 2


def test_losses_and_accuracies_count_every_image_alike(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"training.keep_last_batch": True, "training.batch_size": 20})
    events = list(training.train(config, store=store))
    started = next(event for event in events if isinstance(event, RunStarted))
    # 96 images.
    assert started.steps_per_epoch == 5
    first = next(event for event in events if isinstance(event, EpochMetrics))
    steps = [event for event in events if isinstance(event, StepMetrics) and event.epoch == 1]
    sizes = np.array([20, 20, 20, 20, 16])
    losses, accuracies = (
        np.concatenate([getattr(event, name) for event in steps]) for name in ("loss", "accuracy")
    )
    assert first.train_loss == pytest.approx((losses * sizes).sum() / 96, rel=1e-5)
    assert first.train_accuracy == pytest.approx((accuracies * sizes).sum() / 96, rel=1e-5)
    assert (accuracies * sizes).round(3).tolist() == (accuracies * sizes).round().tolist()


@pytest.mark.parametrize("mixing", [{}, {"training__mixup": 0.5}, {"training__cutmix": 1.0}])
def test_in_parts_of_unequal_size_the_gradient_is_that_of_the_whole_batch(mixing: dict[str, object]) -> None:
    """Without batch norm, which looks at each part alone."""
    whole = trainer_of(config_of(model__norm="none", **mixing), 14)
    parts = trainer_of(config_of(model__norm="none", training__accumulation=2, **mixing), 14)
    for trainer in (whole, parts):
        for _ in range(2):
            trainer.step()
    assert [(part.start, part.stop) for part in parts._last_slices] == [(0, 4), (4, 6)]
    for name, tensor in whole.network.state_dict().items():
        torch.testing.assert_close(parts.network.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)


def test_the_last_step_is_one_on_its_images_alone() -> None:
    config = config_of(training__momentum=0.0, training__nesterov=False, training__weight_decay=0.0,
                       training__schedule="constant")  # fmt: skip
    trainer = trainer_of(config, 13)
    trainer.step()
    before = {name: parameter.detach().clone() for name, parameter in trainer.network.named_parameters()}
    batch = trainer.images.batch(trainer._epoch_plan(), 1, 8)
    assert len(batch.images) == 5
    loss = functional.cross_entropy(trainer.network(batch.images), batch.labels)
    gradients = torch.autograd.grad(loss, list(trainer.network.parameters()))
    told, _, rate = trainer.step()
    assert float(told) == pytest.approx(loss.item())
    for (name, parameter), gradient in zip(trainer.network.named_parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.detach(), before[name] - rate * gradient)


def test_a_single_image_is_refused_where_batch_norm_would_see_it() -> None:
    with pytest.raises(ConfigError, match="it would hold a single image") as refusal:
        trainer_of(config_of(), 17)
    assert set(refusal.value.fields) == {"training.keep_last_batch"}
    with pytest.raises(ConfigError, match="a single image"):
        trainer_of(config_of(training__accumulation=2), 13)
    for values in ({"model__norm": "group"}, {"training__keep_last_batch": False}):
        trainer = trainer_of(config_of(**values), 17)
        for _ in range(trainer.steps_per_epoch):
            trainer.step()
        assert trainer.is_finite()


def test_that_refusal_leaves_no_run(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"training.keep_last_batch": True, "training.batch_size": 19})
    with pytest.raises(UserError, match=r"another training\.batch_size, now 19"):
        list(training.train(config, store=store))
    assert store.ids() == []


def test_processes_share_a_last_batch_that_they_can_divide() -> None:
    config = config_of()
    assert _slices_of_last(config, Processes(1, 2), 6, shares_parts=True) == [slice(3, 6)]
    with pytest.raises(ConfigError, match="2 processes cannot share the 5 images that are left over"):
        _slices_of_last(config, Processes(0, 2), 5, shares_parts=True)
    whole_parts = config_of(training__accumulation=2)
    assert _slices_of_last(whole_parts, Processes(1, 2), 6, shares_parts=False) == [slice(3, 6)]
