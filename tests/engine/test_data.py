"""Split, and the batched crops and flips against a plain loop."""

import numpy as np
import pytest
import torch

from workbench.core.data.dataset import ImageSet
from workbench.core.data.image_sources import trained_images
from workbench.core.settings.config import DataConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages, split
from workbench.engine.machine.device import Compute

CPU = Compute(torch.device("cpu"), torch.float32)


@pytest.fixture
def images() -> ImageSet:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (50, 12, 12, 3), dtype=np.uint8)
    return ImageSet(pixels, generator.integers(0, 5, 50), tuple(str(i) for i in range(50)))


def test_split_is_stratified_and_complete() -> None:
    labels = np.repeat(np.arange(4), [100, 50, 20, 10])
    training, validation = split(labels, 0.1, seed=0)
    assert np.bincount(labels[validation]).tolist() == [10, 5, 2, 1]
    assert sorted([*training, *validation]) == list(range(180))


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.12345, 1 / 3, 0.5])
def test_what_is_left_to_train_on_is_known_before_the_images_are_read(fraction: float) -> None:
    training, _ = split(np.repeat(np.arange(10), 1000), fraction, seed=0)
    assert trained_images(10_000, 10, fraction) == len(training)


def test_split_depends_on_the_seed_alone() -> None:
    labels = np.repeat(np.arange(4), 50)
    np.testing.assert_array_equal(split(labels, 0.2, 1)[1], split(labels, 0.2, 1)[1])
    assert not np.array_equal(split(labels, 0.2, 1)[1], split(labels, 0.2, 2)[1])


def test_no_fraction_is_no_validation() -> None:
    training, validation = split(np.zeros(10, int), 0.0, 0)
    assert (len(training), len(validation)) == (10, 0)


def test_augmented_batches_are_those_of_a_plain_loop(images: ImageSet) -> None:
    """Pad with numpy's 'reflect', crop, flip, normalize, image by image."""
    plan = EpochPlan.draw(50, 12, 0, TrainingConfig(crop_padding=4), CPU.device)
    batch = DeviceImages(images, DataConfig(), CPU).batch(plan, 1, 25)
    mean, std = (np.array(values) for values in DataConfig(normalization="cifar10").normalized_by[1:])
    for row, position in enumerate(range(25, 50)):
        index = int(plan.order[position])
        padded = np.pad(images.images[index], ((4, 4), (4, 4), (0, 0)), mode="reflect")
        top, left = 4 + int(plan.shift_y[position]), 4 + int(plan.shift_x[position])
        cropped = padded[top : top + 12, left : left + 12]
        if plan.mirrored[position]:
            cropped = cropped[:, ::-1]
        expected = ((cropped / 255 - mean) / std).transpose(2, 0, 1)
        np.testing.assert_allclose(batch.images[row].numpy(), expected, atol=1e-5)
        assert int(batch.labels[row]) == images.labels[index]


def test_without_augmentation_the_images_are_untouched(images: ImageSet) -> None:
    config = TrainingConfig(crop_padding=0, horizontal_flip=False)
    plan = EpochPlan.draw(50, 12, 0, config, CPU.device)
    device_images = DeviceImages(images, DataConfig(), CPU)
    plain, _ = device_images.plain(0, 50)
    assert torch.equal(device_images.batch(plan, 0, 50).images, plain[plan.order])
    assert np.array_equal(device_images.as_pixels(plain).numpy(), images.images)


def test_bf16_batches_are_channels_last(images: ImageSet) -> None:
    compute = Compute(torch.device("cpu"), torch.bfloat16)
    batch, _ = DeviceImages(images, DataConfig(), compute).plain(0, 8)
    assert batch.dtype == torch.bfloat16
    assert batch.shape == (8, 3, 12, 12)
    assert batch.is_contiguous(memory_format=torch.channels_last)
