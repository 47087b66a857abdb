"""Images that are streamed from their decoded copy make the same batches, bit for bit, as those in memory."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.test_exact_resume import assert_same_end
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.events import Warned
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data import pixel_stores
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute
from workbench.engine.training import training

CPU = Compute(torch.device("cpu"), torch.float32)
COUNT, SIDE, BATCH = 150, 16, 32

WAYS: dict[str, dict[str, Any]] = {
    "nothing": {"crop_padding": 0, "horizontal_flip": False},
    "crops": {},
    "black crops": {"crop_border": "zeros"},
    "rotation": {"rotation": 20.0},
    "jitter": {"brightness_jitter": 0.4, "hue_jitter": 0.1},
    "trivial augment": {"trivial_augment": True},
    "erasing": {"random_erasing": 0.5},
    "mixup": {"mixup": 0.4},
    "cutmix": {"cutmix": 1.0},
    "everything": {"rotation": 5.0, "contrast_jitter": 0.3, "trivial_augment": True, "random_erasing": 0.3,
                   "mixup": 0.2, "cutmix": 1.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    """Mapped from disk, as those of a run are."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)
    found = ImageSet(pixels, generator.integers(0, 10, COUNT), tuple(map(str, range(COUNT))))
    folder = tmp_path_factory.mktemp("copy")
    Dataset(tuple("abcdefghij"), found, found).save(folder)
    return Dataset.require(folder).train


def both(images: ImageSet, config: RunConfig, indices: np.ndarray | None) -> tuple[DeviceImages, DeviceImages]:
    """In memory, and streamed."""
    stores = [DeviceImages(images, config.data, CPU, indices, most_bytes=most_bytes) for most_bytes in (10**9, 0)]
    assert [each.streamed_bytes > 0 for each in stores] == [False, True]
    return stores[0], stores[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("indices", [None, np.arange(0, COUNT, 3), np.array([9, 3, 77, 4, 149, 0, 148, 2] * 5)])
def test_every_batch_is_the_same(images: ImageSet, way: str, indices: np.ndarray | None) -> None:
    values = {f"training.{name}": value for name, value in WAYS[way].items()}
    config = RunConfig().with_values({"model.input_size": SIDE, "training.batch_size": BATCH} | values)
    held, streamed = both(images, config, indices)
    assert len(held) == len(streamed)
    for epoch in range(2):
        plan = EpochPlan.draw(len(held), SIDE, epoch, config.training, CPU.device)
        for index in range(-(-len(held) // BATCH)):
            left = min(BATCH, len(held) - index * BATCH)
            for part in (None, slice(0, left // 2), slice(left // 2, left)):
                mine, theirs = (each.batch(plan, index, BATCH, part) for each in (held, streamed))
                assert torch.equal(mine.images, theirs.images)
                assert torch.equal(mine.labels, theirs.labels)
                if plan.mixing is not None:
                    assert torch.equal(mine.partners, theirs.partners)


@pytest.mark.parametrize("indices", [None, np.array([9, 3, 77, 4, 149, 0])])
def test_so_are_images_that_are_not_augmented(images: ImageSet, indices: np.ndarray | None) -> None:
    held, streamed = both(images, RunConfig(), indices)
    for start, stop in ((0, 4), (4, 8), (8, 1000), (1000, 1001)):
        for mine, theirs in zip(held.plain(start, stop), streamed.plain(start, stop), strict=True):
            assert torch.equal(mine, theirs)
    assert torch.equal(held.pixels_nhwc, streamed.pixels_nhwc)
    expected = images.images if indices is None else images.images[indices]
    np.testing.assert_array_equal(held.pixels_nhwc.numpy(), expected)
    assert streamed.held_bytes == held.held_bytes - expected.nbytes == len(held) * 8


class Advised:
    """Stands in for the map, which cannot be watched."""

    def __init__(self, real: mmap.mmap) -> None:
        self.real, self.ranges = real, list[tuple[int, int]]()

    def madvise(self, option: int, start: int, length: int) -> None:
        assert option == mmap.MADV_WILLNEED
        self.real.madvise(option, start, length)
        self.ranges.append((start, start + length))


@pytest.mark.skipif(not hasattr(mmap, "MADV_WILLNEED"), reason="this system takes no advice")
def test_the_next_batchs_pages_are_asked_for(images: ImageSet) -> None:
    config = RunConfig().with_values({"model.input_size": SIDE, "training.batch_size": BATCH})
    _, streamed = both(images, config, np.arange(COUNT)[::-1].copy())
    advice = streamed._pixels._advice  # type: ignore[attr-defined]
    advice._map = advised = Advised(advice._map)
    plan = EpochPlan.draw(COUNT, SIDE, 0, config.training, CPU.device)
    size, header = images.images[0].nbytes, images.images.offset
    last = -(-COUNT // BATCH) - 1
    for index in range(last + 1):
        advised.ranges.clear()
        streamed.batch(plan, index, BATCH)
        rows = (COUNT - 1 - plan.order[(index + 1) * BATCH : (index + 2) * BATCH]).tolist()
        for row in rows:
            start, stop = header + row * size, header + (row + 1) * size
            assert any(low <= start and stop <= high for low, high in advised.ranges)
        asked = sum(high - low for low, high in advised.ranges)
        assert asked <= len(rows) * (size + 2 * mmap.PAGESIZE)
        assert (index == last) == (not advised.ranges)


def test_what_is_small_or_fits_well_is_held(images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    free = 3 * images.images.nbytes

    def free_bytes(device: torch.device) -> int:
        asked.append(device)
        return free

    monkeypatch.setattr(pixel_stores, "free_bytes", free_bytes)
    assert not DeviceImages(images, RunConfig().data, CPU).streamed_bytes
    assert not asked, "of what is small nobody asks"
    monkeypatch.setattr(pixel_stores, "_ALWAYS_HELD_BYTES", 0)
    assert not DeviceImages(images, RunConfig().data, CPU).streamed_bytes
    free -= 4
    assert DeviceImages(images, RunConfig().data, CPU).streamed_bytes == images.images.nbytes
    assert not DeviceImages(images, RunConfig().data, CPU, np.arange(COUNT - 1)).streamed_bytes
    assert set(asked) == {CPU.device}


def test_a_run_whose_images_are_streamed_says_so_once_and_ends_the_same(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = list(training.train(tiny_config, store=store))[-1].run_id
    monkeypatch.setattr(pixel_stores, "_ALWAYS_HELD_BYTES", 0)
    monkeypatch.setattr(pixel_stores, "free_bytes", lambda device: 0)
    events = list(training.train(tiny_config, store=store))
    (warning,) = [event.message for event in events if isinstance(event, Warned)]
    assert warning == (
        "120 kB of images would take too much room in memory: they are read from their decoded copy batch by "
        "batch, which changes no result"
    )
    assert store.run(events[-1].run_id).warnings == (warning,)
    assert_same_end(store, events[-1].run_id, held)
    assert store.run(held).epochs[-1].test_loss == store.run(events[-1].run_id).epochs[-1].test_loss
    assert Path(store.run(held).started["dataset_path"]).is_dir()
