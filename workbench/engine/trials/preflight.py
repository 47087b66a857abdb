"""Measuring a run before it starts: how long it will take, and whether it fits into memory."""

import math
import statistics
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from torch import Tensor, nn

from workbench.core.events import Progress, Warned
from workbench.core.home import Home
from workbench.core.network.architecture import Architecture
from workbench.core.settings.config import RunConfig
from workbench.core.settings.trials import Preflight
from workbench.engine.machine.device import Compute, choose, device_name
from workbench.engine.machine.memory_limits import free_bytes, needed_bytes, what_fits
from workbench.engine.machine.memory_meter import MemoryMeter
from workbench.engine.training.inference import logits
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import Prepared, prepare
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials.isolation import LacksMemory, free_cached, isolated, within_memory

_WARM_UP = 2
_LEAST_STEPS, _MOST_STEPS = 3, 2000
_TRAINING_S = 1.5
_LEAST_BATCHES = 3
_EVALUATION_S = 0.5
_YIELD_INTERVAL_S = 0.05
_LARGEST_BATCH = 65_536
# What a CPU takes per byte of activations; 1.3 to 2 were measured.
_TIMES_ACTIVATIONS = 2.0
# Memory that the largest batch may take of what is free.
_USABLE = 0.9

Measuring = Generator[Progress | Warned, None, Preflight]


def measure(config: RunConfig, home: Home) -> Measuring:
    """Do a few steps and evaluate a few batches, with random weights; call it while nothing else trains.

    Raises:
        UserError: the run could not begin either: the data or the device are not there. Memory that runs out is a
            result.
    """
    return (yield from isolated(_measure(config, home)))


def _measure(config: RunConfig, home: Home) -> Measuring:
    compute = choose(config.training)
    free_cached()
    free = free_bytes(compute.device)
    try:
        if compute.device.type == "cpu" and _likely_bytes(config, compute) > free:
            # A process that takes all of the machine's memory is killed, not told.
            raise LacksMemory(*what_fits(config))
        return (yield from within_memory(_measured(config, home, free), config))
    except LacksMemory as error:
        return Preflight(
            device=device_name(compute.device),
            precision=compute.precision,
            batch_size=config.training.batch_size,
            free_bytes=free,
            fits=False,
            message=str(error),
            remedy=error.remedy,
        )


def _measured(config: RunConfig, home: Home, free: int) -> Measuring:
    prepared = yield from prepare(config, home)
    trainer, compute, training = prepared.trainer, prepared.compute, prepared.config.training
    meter = MemoryMeter(compute.device)
    step_s = yield from _step_seconds(trainer, meter)
    taken = meter.bytes
    rate = yield from _evaluation_rate(prepared)
    memory = _Memory.of(prepared, taken, free)
    _, validation, test = prepared.images
    seconds_per_epoch = trainer.steps_per_epoch * step_s + (validation + test) / rate
    return Preflight(
        device=device_name(compute.device),
        precision=compute.precision,
        batch_size=training.batch_size,
        free_bytes=free,
        fits=True,
        step_s=step_s,
        images_per_s=training.batch_size / step_s,
        evaluation_images_per_s=rate,
        steps_per_epoch=trainer.steps_per_epoch,
        seconds_per_epoch=seconds_per_epoch,
        total_s=training.epochs * seconds_per_epoch,
        peak_bytes=max(memory.with_images(training.part_size), memory.held + (meter.bytes or 0)),
        is_measured=taken is not None,
        largest_batch=memory.largest_batch(prepared),
    )


def _likely_bytes(config: RunConfig, compute: Compute) -> float:
    return _TIMES_ACTIVATIONS * Architecture.of(config.model).activation_bytes(
        config.training.part_size, _bytes(compute)
    )


def _step_seconds(trainer: Trainer, meter: MemoryMeter) -> Generator[Progress | Warned, None, float]:
    """Median seconds of a step, read back as seldom as in a run; the first two plan their kernels."""
    batch_size = trainer.config.training.batch_size
    for _ in range(_WARM_UP):
        seconds = _seconds(trainer, 1)
    for warning in trainer.take_warnings():
        yield Warned(warning)
    meter.forget_peak()
    steps = min(max(_LEAST_STEPS, math.ceil(_TRAINING_S / seconds)), _MOST_STEPS)
    at_once = max(1, min(round(_YIELD_INTERVAL_S / seconds), steps // _LEAST_STEPS))
    taken = []
    for done in range(0, steps, at_once):
        yield Progress("Measuring steps", done * batch_size, steps * batch_size)
        taken.append(_seconds(trainer, at_once) / at_once)
    return statistics.median(taken)


def _seconds(trainer: Trainer, steps: int) -> float:
    """For so many steps together."""
    pending = PendingSteps()
    for _ in range(steps):
        if trainer.epoch_is_done:
            trainer.position.next_epoch()
        pending.append(*trainer.step())
    started = pending.started
    pending.flush(trainer, "")
    return time.perf_counter() - started


def _evaluation_rate(prepared: Prepared) -> Generator[Progress, None, float]:
    """Median images per second; the first batch plans its kernels."""
    rates: list[float] = []
    spent = 0.0
    network, compute = prepared.trainer.evaluated_network, prepared.compute
    while True:
        before = 0
        with closing(logits(network, prepared.test, compute, "Measuring evaluation")) as batches:
            while True:
                started = time.perf_counter()
                progress = next(batches, None)
                if progress is None:
                    break
                seconds = time.perf_counter() - started
                rates.append((progress.done - before) / seconds)
                before, spent = progress.done, spent + seconds
                if len(rates) > _LEAST_BATCHES and spent > _EVALUATION_S:
                    return statistics.median(rates[1:])
                yield progress


@dataclass(frozen=True)
class _Memory:
    """What a run takes: always, and for each image worked on at once."""

    held: int
    """Images, weights and running statistics."""
    optimizer: int
    per_image: float
    free: int
    is_measured: bool

    @classmethod
    def of(cls, prepared: Prepared, taken: int | None, free: int) -> "_Memory":
        """From the bytes `taken` by training beside what was held, or by arithmetic."""
        trainer = prepared.trainer
        sets = (trainer.images, prepared.validation, prepared.test)
        networks = [trainer.network, *([trainer.average.network] if trainer.average else [])]
        held = sum(images.held_bytes for images in sets)
        held += sum(_network_bytes(network) for network in networks)
        buffers = trainer.optimizers.state().values()
        optimizer = sum(_size(value) for each in buffers for value in each.values() if isinstance(value, Tensor))
        part = trainer.config.training.part_size
        if taken is None:
            config, bytes_per_value = prepared.config, _bytes(prepared.compute)
            per_image = (
                needed_bytes(config, part, bytes_per_value) - needed_bytes(config, 0, bytes_per_value)
            ) / part
        else:
            per_image = max(0, taken - optimizer) / part
        return cls(held, optimizer, per_image, free, taken is not None)

    def with_images(self, part_size: int) -> int:
        """Bytes of training with so many images at once."""
        return round(self.held + self.optimizer + part_size * self.per_image)

    def largest_batch(self, prepared: Prepared) -> int:
        """The largest doubling of the batch that leaves a tenth free."""
        training = prepared.config.training
        batch, parts = training.batch_size, training.accumulation
        most = min(_LARGEST_BATCH, len(prepared.trainer.images))
        while 2 * batch <= most and self.with_images(2 * batch // parts) <= _USABLE * self.free:
            batch *= 2
        return batch


def _network_bytes(network: nn.Module) -> int:
    return sum(_size(tensor) for tensor in (*network.parameters(), *network.buffers()))


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _bytes(compute: Compute) -> int:
    """Of one activation."""
    return 2 if compute.precision == "bf16" else 4
