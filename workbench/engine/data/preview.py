"""What augmentation makes of a few training images, for a look before the run."""

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset
from workbench.core.settings.config import RunConfig
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages, normalization_of
from workbench.engine.data.run_split import split_of
from workbench.engine.machine.device import Compute

_CPU = Compute(torch.device("cpu"), torch.float32)


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
    data = config.data
    if data.needs_images:
        _, mean, std = normalization_of(dataset.train.images, chosen)
        data = data.model_copy(update={"mean": mean, "std": std})
    images = DeviceImages(dataset.train, data, _CPU, chosen)
    batch = images.batch(dataclasses.replace(plan, order=torch.arange(count)), 0, count)
    return dataset.train.images[chosen], images.as_pixels(batch.images).numpy()
