"""Figures of training steps between the step and the event that tells them."""

import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from workbench.core.block_figures import FIGURES
from workbench.core.events import GradientsMeasured, StepMetrics
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.training.trainer import Trainer


@dataclass
class PendingSteps:
    """Steps whose figures are still on the device; read back together, once."""

    processes: Processes = ALONE
    started: float = 0.0
    losses: list[Tensor] = field(default_factory=list)
    corrects: list[Tensor] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    gradients: list[GradientsMeasured] = field(default_factory=list)
    """Of steps whose figures are read; see `take_gradients`."""

    def __post_init__(self) -> None:
        self.restart_clock()

    def append(self, loss: Tensor, correct: Tensor, rate: float) -> None:
        self.losses.append(loss)
        self.corrects.append(correct)
        self.rates.append(rate)

    @property
    def age_s(self) -> float:
        return time.perf_counter() - self.started

    def flush(self, trainer: Trainer, run_id: str) -> StepMetrics:
        """Read the figures, add the steps to the epoch's sums and start anew."""
        figures = self._read(trainer, run_id)
        if self.processes.are_many:
            figures = self.processes.sum(figures)
            figures[0] /= self.processes.count
        losses, corrects = figures.numpy()
        seconds = self.age_s
        position, count, last = trainer.position, len(self.rates), trainer.step_number
        sizes = np.array([trainer.images_of_step(step) for step in range(last - count, last)], np.float32)
        images = int(sizes.sum())
        position.loss_sum += float((losses * sizes).sum(dtype=np.float64))
        position.correct += float(corrects.sum(dtype=np.float64))
        position.images += images
        position.train_s += seconds
        position.elapsed_s += seconds
        metrics = StepMetrics(
            run_id=run_id,
            epoch=position.epoch + 1,
            steps=np.arange(last - count + 1, last + 1, dtype=np.int64),
            loss=losses.copy(),
            accuracy=corrects / sizes,
            learning_rate=np.array(self.rates, np.float64),
            images_per_s=images / seconds,
            elapsed_s=position.elapsed_s,
            seconds=seconds,
        )
        self.losses, self.corrects, self.rates = [], [], []
        return metrics

    def _read(self, trainer: Trainer, run_id: str) -> Tensor:
        """The one device-to-host read. Returns (2, steps) losses and numbers of right answers."""
        measured = trainer.gradient_norms.take() if trainer.gradient_norms is not None else []
        epoch = trainer.position.epoch + 1
        figures = [
            torch.stack(self.losses),
            torch.stack(self.corrects).float(),
            *(part for each in measured for part in (each.norms, each.blocks.flatten())),
        ]
        losses, corrects, *parts = torch.cat(figures).cpu().split_with_sizes([len(each) for each in figures])
        values = [part.numpy().copy() for part in parts]
        self.gradients += [
            GradientsMeasured(run_id, each.step, epoch, each.layers, norms, blocks.reshape(-1, FIGURES))
            for each, norms, blocks in zip(measured, values[::2], values[1::2], strict=True)
        ]
        return torch.stack([losses, corrects])

    def take_gradients(self) -> list[GradientsMeasured]:
        """What was measured of all steps that were flushed since the last time."""
        gradients, self.gradients = self.gradients, []
        return gradients

    def restart_clock(self) -> None:
        """Call when the consumer asks for the next event: the time it took is not training time."""
        self.started = time.perf_counter()
