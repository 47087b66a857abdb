"""What a batch costs of a training step: of images in memory, and of images streamed from their decoded copy.

    python -m tests.benchmarks.data_batches [--model resnet20] [--images 50000] [--rounds 5] [--steps 40]

Steps of the same network in one process and in turn, because a shared machine drifts; medians of single steps and
batches. Streamed images come from the system's page cache, and once from the disk: the pages of the copy are
dropped before each of these rounds.
"""

import argparse
import mmap
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from tests.benchmarks.measured_config import measured_config
from tests.benchmarks.table import machine, print_table
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import choose
from workbench.engine.training.trainer import Trainer

_WARM_UP, _AT_ONCE = 5, 4
_FROM_DISK = "streamed, from the disk"
_ALL = 1 << 60


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    config = measured_config(arguments.model)
    compute = choose(config.training)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = written(folder, arguments.images, config.model.input_size)
        ways = {
            "in memory": DeviceImages(images, config.data, compute, most_bytes=_ALL),
            "streamed": DeviceImages(images, config.data, compute, most_bytes=0),
        }
        trainers = {way: Trainer(config, compute, each) for way, each in ways.items()}
        step_s: dict[str, list[float]] = {way: [] for way in ways}
        batch_s: dict[str, list[float]] = {way: [] for way in (*ways, _FROM_DISK)}
        for trainer in trainers.values():
            steps(trainer, _WARM_UP)
        for _ in range(arguments.rounds):
            # In turn within a round too.
            for _ in range(-(-arguments.steps // _AT_ONCE)):
                for way, trainer in trainers.items():
                    step_s[way] += steps(trainer, _AT_ONCE)
            for way, trainer in trainers.items():
                batch_s[way] += batches(trainer)
            drop(images)
            batch_s[_FROM_DISK] += batches(trainers["streamed"])
    step = {way: statistics.median(taken) for way, taken in step_s.items()}
    rows = []
    for way, taken in batch_s.items():
        cost = statistics.median(taken)
        whole = f"{1000 * step[way]:.1f}" if way in step else ""
        rate = f"{step['in memory'] / step[way]:.3f}" if way in step else ""
        share = f"{cost / step['in memory']:.2%}"
        late = f"{1000 * statistics.quantiles(taken, n=100)[-1]:.2f}"
        rows.append((arguments.model, way, whole, rate, f"{1000 * cost:.2f}", late, share))
    columns = ("network", "images", "a step, ms", "rate", "its batch, ms", "p99, ms", "of a step in memory")
    print_table(columns, rows)
    print(machine())


def written(folder: Path, count: int, side: int) -> ImageSet:
    """Noise, mapped from a decoded copy."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (count, side, side, 3), np.uint8)
    images = ImageSet(pixels, np.arange(count) % 10, ("",) * count)
    few = ImageSet(pixels[:10], images.labels[:10], ("",) * 10)
    Dataset(tuple("abcdefghij"), images, few).save(folder)
    return Dataset.require(folder).train


def steps(trainer: Trainer, count: int) -> list[float]:
    """Seconds of each."""
    taken = []
    for _ in range(count):
        if trainer.epoch_is_done:
            trainer.position.next_epoch()
        taken.append(seconds_of(trainer.step))
    return taken


def batches(trainer: Trainer) -> list[float]:
    """Seconds of each of an epoch, without any training."""
    trainer.position.next_epoch()
    plan, size = trainer._epoch_plan(), trainer.config.training.batch_size
    return [
        seconds_of(partial(trainer.images.batch, plan, index, size)) for index in range(trainer.steps_per_epoch)
    ]


def seconds_of(act: Callable[[], object]) -> float:
    _wait()
    started = time.perf_counter()
    act()
    _wait()
    return time.perf_counter() - started


def drop(images: ImageSet) -> None:
    """Out of this process, and then out of the system's memory."""
    pixels = images.images
    if not isinstance(pixels, np.memmap) or not isinstance(pixels.base, mmap.mmap):
        raise TypeError("the images are not mapped from a file")
    pixels.base.madvise(mmap.MADV_DONTNEED)
    with open(str(pixels.filename), "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
