"""Measures what this machine needs for each unit of training work, by a few steps of small networks."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.data.dataset import ImageSet
from workbench.core.events import Progress
from workbench.core.network.architecture import Architecture
from workbench.core.network.memory import keep_large_blocks
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.core.speed import DISPATCH_UNITS, UNITS, Speed, Unit, work
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute, device_name
from workbench.engine.training.trainer import Trainer

# A GPU is busy with so many times a CPU's batch for about as long.
_GPU_BATCHES = 16
# With another program on the same cores, steps take two to a hundred times as long, here and there.
_AGREEMENT = 1.25
# A quiet machine with two cores takes 1 s, and another for the first optimizer of the process, which loads much.
_LIMIT_S = 5.0


@dataclass(frozen=True)
class _Sample:
    """A network whose time says something about one or two units of work."""

    model: ModelConfig
    batch_size: int
    is_tiny: bool = False
    """Dispatch takes all its time on a GPU."""


def _sample(batch_size: int, width: int, size: int, **options: Any) -> _Sample:
    """A block on maps of `size` pixels, ReLU and batch norm unless `options` say otherwise.

    A second block shrinks the maps: the gradient of the last mean is laid out unlike a feature map, and would slow
    down whatever large map came before it. Real networks end in small ones.
    """
    fields = {"blocks": [1, 1], "widths": [width, width], "strides": [1, 4], "input_size": size, **options}
    return _Sample(ModelConfig.model_validate(fields), batch_size)


def _samples() -> list[_Sample]:
    """The maps of most are larger than the caches, as those of real batches are."""
    tiny = ModelConfig(blocks=(1,), widths=(16,), input_size=8)
    return [
        _Sample(tiny, 2, is_tiny=True),
        _Sample(tiny.model_copy(update={"blocks": (8,)}), 2, is_tiny=True),
        _Sample(ModelConfig(blocks=(1,), widths=(256,), strides=(4,), input_size=8), 4),  # parameters
        _sample(128, 16, 32),
        _sample(64, 64, 16),
        _sample(16, 128, 16),
        _sample(32, 128, 8),
        _sample(32, 64, 16, block="preact-bottleneck"),
        _sample(16, 24, 32),
        _sample(32, 64, 16, block="separable", strides=[1, 2]),
        _sample(64, 16, 32, block="separable", strides=[1, 2]),
        _sample(32, 16, 32, activation="silu"),
        _sample(32, 16, 32, activation="gelu"),
        _sample(16, 64, 16, norm="group"),
        _sample(32, 16, 32, dropout=0.3),
    ]


def probe(compute: Compute) -> Generator[Progress, None, Speed | None]:
    """Time small networks for about a second; global random state, threads and grad mode stay as they were.

    Call it in a thread that trains nothing meanwhile; closing it before the next step ends it.

    Args:
        compute: from `device.choose`, which also set the threads.

    Returns:
        None if out of memory, or if the machine is too busy with other things for figures that agree.
    """
    # As training does: without it every step takes longer.
    keep_large_blocks()
    samples = _samples()
    devices = [compute.device] if compute.device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices), torch.enable_grad():
            seconds = yield from _measured(samples, compute)
    except torch.OutOfMemoryError:
        seconds = None
    if compute.device.type == "cuda":
        torch.cuda.empty_cache()
    if seconds is None:
        return None
    overlaps = compute.device.type != "cpu"
    seconds_per = _fitted(samples, seconds, compute) if not overlaps else _fitted_apart(samples, seconds, compute)
    return Speed(device_name(compute.device), compute.precision, overlaps, seconds_per)


def _batch_size(sample: _Sample, compute: Compute) -> int:
    return sample.batch_size * (1 if sample.is_tiny or compute.device.type == "cpu" else _GPU_BATCHES)


def _measured(samples: Sequence[_Sample], compute: Compute) -> Generator[Progress, None, list[float] | None]:
    """Shortest seconds of a step of each sample; None if that takes too long. Yields before every step."""
    limit = time.perf_counter() + _LIMIT_S
    activity, done = "Timing this machine", 0
    trainers: list[Trainer] = []
    for sample in samples:
        yield Progress(activity, done, 0)
        if time.perf_counter() > limit:
            return None
        trainers.append(_trainer(sample, compute))
        # The first step plans its kernels.
        _seconds_of_step(trainers[-1])
        done += 1
    seconds: list[list[float]] = [[] for _ in samples]
    # In rounds, so that a busy moment of the machine falls on different samples.
    while not _agree(seconds):
        for taken, trainer in zip(seconds, trainers, strict=True):
            yield Progress(activity, done, 0)
            if time.perf_counter() > limit:
                return None
            taken.append(_seconds_of_step(trainer))
            done += 1
    return [min(taken) for taken in seconds]


def _agree(seconds: Sequence[Sequence[float]]) -> bool:
    """Whether each sample's shortest time was reached twice."""
    return all(len(taken) > 1 and sorted(taken)[1] < _AGREEMENT * min(taken) for taken in seconds)


def _trainer(sample: _Sample, compute: Compute) -> Trainer:
    """With one batch of noise."""
    generator = np.random.default_rng(0)
    count, size = _batch_size(sample, compute), sample.model.input_size
    pixels = generator.integers(0, 256, (count, size, size, 3), np.uint8)
    images = ImageSet(pixels, generator.integers(0, sample.model.num_classes, count), ())
    # Small steps: weights that grow to infinity or vanish would be slow to compute with.
    training = TrainingConfig(batch_size=count, learning_rate=1e-3, schedule="constant")
    config = RunConfig(model=sample.model, training=training)
    return Trainer(config, compute, DeviceImages(images, DataConfig(), compute))


def _seconds_of_step(trainer: Trainer) -> float:
    trainer.position.batch = 0
    trainer.compute.synchronize()
    started = time.perf_counter()
    loss, *_ = trainer.step()
    # Reading a figure waits for the device, Apple's too.
    loss.item()
    trainer.compute.synchronize()
    return time.perf_counter() - started


def _table(samples: Sequence[_Sample], units: Sequence[Unit], compute: Compute) -> NDArray[np.float64]:
    """(samples, units): how much of each unit a step of each sample is made of."""
    counts = [work(Architecture.of(sample.model), _batch_size(sample, compute)) for sample in samples]
    return np.array([[count[unit] for unit in units] for count in counts], np.float64)


def _fitted(samples: Sequence[_Sample], seconds: Sequence[float], compute: Compute) -> dict[Unit, float]:
    """One sum of all units."""
    fit = non_negative_fit(_table(samples, UNITS, compute), np.array(seconds))
    return dict(zip(UNITS, fit.tolist(), strict=True))


def _fitted_apart(samples: Sequence[_Sample], seconds: Sequence[float], compute: Compute) -> dict[Unit, float]:
    """The longer of two sums: dispatch by the tiny networks, computing by the others."""
    computing = [unit for unit in UNITS if unit not in DISPATCH_UNITS]
    fits: dict[Unit, float] = {}
    for units, is_tiny in ((list(DISPATCH_UNITS), True), (computing, False)):
        rows = [index for index, sample in enumerate(samples) if sample.is_tiny == is_tiny]
        table = _table([samples[row] for row in rows], units, compute)
        fit = non_negative_fit(table, np.array([seconds[row] for row in rows]))
        fits.update(zip(units, fit.tolist(), strict=True))
    return fits


def non_negative_fit(table: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of at least 0 with the least relative error of `table @ coefficients` from `wanted`.

    Lawson and Hanson 1974, "Solving Least Squares Problems", chapter 23.
    """
    rows = table / wanted[:, None]
    # Units differ by ten powers of ten.
    scale = np.maximum(rows.max(0), np.finfo(np.float64).tiny)
    rows = rows / scale
    ones = np.ones(len(rows))
    fit = np.zeros(rows.shape[1])
    free = np.zeros(rows.shape[1], bool)
    for _ in range(10 * rows.shape[1]):
        gradient = np.where(free, -np.inf, rows.T @ (ones - rows @ fit))
        if gradient.max() < 1e-9:
            break
        free[gradient.argmax()] = True
        fit = _free_solution(rows, ones, fit, free)
    coefficients: NDArray[np.float64] = fit / scale
    return coefficients


def _free_solution(
    rows: NDArray[np.float64], wanted: NDArray[np.float64], fit: NDArray[np.float64], free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Solve for the free coefficients; those that would fall below 0 are fixed there, in `free` too."""
    while True:
        solution = np.zeros_like(fit)
        solution[free] = np.linalg.lstsq(rows[:, free], wanted, rcond=None)[0]
        negative = free & (solution <= 0)
        if not negative.any():
            return solution
        # As far towards the solution as the first one that reaches 0.
        share = np.min(fit[negative] / np.maximum(fit[negative] - solution[negative], 1e-300))
        fit = fit + share * (solution - fit)
        free &= ~(negative & (fit <= 1e-12))
        fit[~free] = 0
