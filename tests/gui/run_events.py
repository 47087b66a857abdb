"""What a run tells the window, as short as tests need it: 100 steps an epoch, of a loss that falls from 2 to 1."""

import numpy as np

from workbench.core.events import EpochMetrics, RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig


def started(run: str = "r", first_step: int = 0) -> RunStarted:
    config = RunConfig().with_values({"training.epochs": 200})
    home = Home.locate("/tmp").data
    return RunStarted(run, "run", config, "CPU", "fp32", 1, ("a", "b"), (8, 1, 1), home, 100, first_step, 0.0)


def steps(first: int, count: int, run: str = "r") -> StepMetrics:
    numbers = np.arange(first, first + count)
    values = np.linspace(2, 1, count).astype(np.float32)
    return StepMetrics(run, 1, numbers, values, values / 4, values.astype(float), 500.0, float(first))


def epoch(number: int, run: str = "r") -> EpochMetrics:
    return EpochMetrics(run, number, 100 * number, 1.5, 0.4, 1.4, 0.5, 1.3, 0.6, 500.0, 1.0, True)
