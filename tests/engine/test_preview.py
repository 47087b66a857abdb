"""The preview shows what training sees."""

import random

import numpy as np
import pytest
import torch

from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.settings.config import RunConfig
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages, split
from workbench.engine.data.preview import draws, examples
from workbench.engine.machine.device import Compute

CPU = Compute(torch.device("cpu"), torch.float32)
EVERYTHING = {
    "training.trivial_augment": True,
    "training.random_erasing": 0.5,
    "training.mixup": 0.4,
    "training.cutmix": 1.0,
}


@pytest.fixture
def dataset() -> Dataset:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    images = ImageSet(pixels, np.arange(40) % 4, ("",) * 40)
    return Dataset(("a", "b", "c", "d"), images, images)


def _config(**values: object) -> RunConfig:
    return RunConfig().with_values({"model.input_size": 16, "training.batch_size": 8} | values)


def test_it_is_the_first_batch_of_training(dataset: Dataset) -> None:
    config = _config(**EVERYTHING)
    plain, augmented = examples(config, dataset, 8, epoch=2)
    training, _ = split(dataset.train.labels, 0.1, 0)
    plan = EpochPlan.draw(len(training), 16, 2, config.training, CPU.device)
    images = DeviceImages(dataset.train, config.data, CPU, training)
    batch = images.batch(plan, 0, 8)
    np.testing.assert_array_equal(plain, dataset.train.images[training[plan.order[:8].numpy()]])
    np.testing.assert_array_equal(augmented, images.as_pixels(batch.images).numpy())
    assert augmented.dtype == np.uint8
    assert not np.array_equal(plain, augmented)


def test_without_augmentation_both_are_the_same(dataset: Dataset) -> None:
    config = _config(**{"training.crop_padding": 0, "training.horizontal_flip": False})
    plain, augmented = examples(config, dataset, 20)
    np.testing.assert_array_equal(plain, augmented)


def test_it_shows_only_images_that_are_trained_on(dataset: Dataset) -> None:
    config = _config(**{"data.train_images": 12})
    plain, augmented = examples(config, dataset, 100)
    assert plain.shape == augmented.shape == (12, 16, 16, 3)


def test_it_leaves_global_random_states_alone(dataset: Dataset) -> None:
    def states() -> list[bytes]:
        numpy_state = np.random.get_state(legacy=False)
        return [
            torch.get_rng_state().numpy().tobytes(),
            repr(numpy_state).encode(),
            repr(random.getstate()).encode(),
        ]

    before = states()
    examples(_config(**EVERYTHING), dataset, 8)
    assert states() == before


def test_one_image_is_drawn_anew_each_time(dataset: Dataset) -> None:
    state = torch.get_rng_state()
    drawn = draws(_config(**EVERYTHING), dataset, 7, 24, seed=1)
    assert (drawn.shape, drawn.dtype) == ((24, 16, 16, 3), np.uint8)
    assert len({each.tobytes() for each in drawn}) == 24
    np.testing.assert_array_equal(drawn, draws(_config(**EVERYTHING), dataset, 7, 24, seed=1))
    assert not np.array_equal(drawn, draws(_config(**EVERYTHING), dataset, 7, 24, seed=2))
    assert torch.equal(state, torch.get_rng_state())


def test_draws_are_of_the_very_image(dataset: Dataset) -> None:
    plain = _config(**{"training.crop_padding": 0, "training.horizontal_flip": False})
    for normalization in ("auto", "from-data"):
        config = plain.with_values({"data.normalization": normalization})
        np.testing.assert_array_equal(draws(config, dataset, 7, 3, seed=0), dataset.train.images[[7, 7, 7]])
    flipped = draws(_config(**{"training.crop_padding": 0}), dataset, 7, 24, seed=0)
    image = dataset.train.images[7]
    ways = {image.tobytes(), image[:, ::-1].tobytes()}
    assert {each.tobytes() for each in flipped} == ways


def test_draws_are_mixed_each_by_its_own_share(dataset: Dataset) -> None:
    values = {"training.crop_padding": 0, "training.horizontal_flip": False, "training.mixup": 1.0}
    drawn = draws(_config(**values), dataset, 7, 12, seed=0).astype(int)
    distances = [int(abs(each - dataset.train.images[7]).mean()) for each in drawn]
    assert len(set(distances)) > 4
