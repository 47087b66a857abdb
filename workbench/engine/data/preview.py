"""What augmentation makes of a few training images, or of one many times, for a look before the run."""

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages, normalization_of
from workbench.engine.data.run_split import split_of
from workbench.engine.machine.device import Compute

_CPU = Compute(torch.device("cpu"), torch.float32)
# A batch of two: the image, and what it may be mixed with.
_WITH_PARTNER = 2


def examples(
    config: RunConfig, dataset: Dataset, count: int, epoch: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first `count` images of an epoch, counted from 0: as they are, and as one batch that training sees.

    Computes on the CPU and leaves global random states as they are.

    Args:
        count: at least 1; fewer come back if there are fewer training images.

    Raises:
        ConfigError: no run could train on these images either.

    Returns:
        Two arrays (count, H, W, 3), the second with colors back to 0 to 255.
    """
    training, _ = split_of(dataset, config)
    count = min(count, len(training))
    side = dataset.train.images.shape[1]
    plan = EpochPlan.draw(len(training), side, epoch, config.training, _CPU.device)
    chosen = training[plan.order[:count].numpy()]
    # Only these are copied, already in order.
    images = DeviceImages(dataset.train, _with_numbers(config, dataset, chosen), _CPU, chosen)
    batch = images.batch(dataclasses.replace(plan, order=torch.arange(count)), 0, count)
    return dataset.train.images[chosen], images.as_pixels(batch.images).numpy()


def draws(config: RunConfig, dataset: Dataset, index: int, count: int, seed: int) -> NDArray[np.uint8]:
    """One training image `count` times, each changed at random as training would: (count, H, W, 3).

    Where images are mixed, each is with another training image, and by a share of its own.

    Args:
        seed: other ones draw other changes.
    """
    training = config.training.model_copy(update={"seed": seed, "batch_size": _WITH_PARTNER})
    partners = np.random.default_rng(seed).integers(0, len(dataset.train), count)
    chosen = np.stack([np.full(count, index), partners], 1).ravel()
    side = dataset.train.images.shape[1]
    plan = EpochPlan.draw(len(chosen), side, 0, training, _CPU.device)
    plan = dataclasses.replace(plan, order=torch.arange(len(chosen)))
    # What they are normalized by is taken back: mixing and erasing alone need any.
    images = DeviceImages(dataset.train, _with_numbers(config, dataset, chosen), _CPU, chosen)
    drawn = [images.batch(plan, number, _WITH_PARTNER).images[:1] for number in range(count)]
    return images.as_pixels(torch.cat(drawn)).numpy()


def _with_numbers(config: RunConfig, dataset: Dataset, chosen: NDArray[np.int64]) -> DataConfig:
    """The settings with numbers to normalize by: those of the chosen images alone, where the data's are wanted."""
    data = config.data
    if not data.needs_images:
        return data
    _, mean, std = normalization_of(dataset.train.images, chosen)
    return data.model_copy(update={"mean": mean, "std": std})
