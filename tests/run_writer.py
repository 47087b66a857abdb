"""A run that another process would write: on a connection of its own, without training anything."""

from pathlib import Path

import numpy as np

from workbench.core.evaluation import Evaluation
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    GradientsMeasured,
    RateChanged,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.gradients import WeightedLayers
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig

PER_EPOCH = 10


class Writer:
    """The process that trains a run, on a connection of its own."""

    def __init__(self, home: Home) -> None:
        self.store = RunStore(home)
        self.id = self.store.create(RunConfig(), name="a", model="resnet8", recipe="quick", machine={})

    def start(self, first_step: int = 0, elapsed_s: float = 0.0) -> RunStarted:
        event = RunStarted(
            self.id, "a", RunConfig(), "CPU", "bf16", 10, ("x", "y"), (8, 1, 2), Path("/d"), PER_EPOCH,
            first_step, elapsed_s,
        )  # fmt: skip
        self.store.record_start(event)
        return event

    def steps(self, first: int, last: int, loss: float = 0.5) -> None:
        numbers = np.arange(first, last + 1)
        ones = np.ones(len(numbers), np.float32)
        self.store.record_steps(
            [StepMetrics(self.id, 1, numbers, ones * loss, ones * 0.25, ones.astype(float), 100.0, 1.5)]
        )

    def gradients(self, step: int, first: float = 0.125) -> GradientsMeasured:
        """As of a network whose first layer is frozen."""
        layers = WeightedLayers.of(RunConfig().model).names
        norms = np.arange(len(layers), dtype=np.float32) / 3 + np.float32(first)
        norms[0] = np.nan
        event = GradientsMeasured(self.id, step, (step - 1) // PER_EPOCH + 1, layers, norms)
        self.store.record_steps([event])
        return event

    def epoch(self, number: int, evaluated: bool = True) -> EpochMetrics:
        if evaluated:
            evaluation = Evaluation(np.array([0]), np.zeros((1, 2), np.float32), ("x", "y"), number)
            self.store.record_evaluation(EvaluationReady(self.id, evaluation))
        event = EpochMetrics(
            self.id, number, PER_EPOCH * number, 1.0, 0.4, 1.1, 0.5, 1.2, 0.3, 1000.0, 2.0 * number, True
        )
        self.store.record_epoch(event)
        return event

    def change_rate(self, step: int) -> RateChanged:
        event = RateChanged(self.id, step, 0.5, 0.05)
        self.store.record_rate_change(event)
        return event

    def warn(self, sentence: str) -> None:
        self.store.record_warning(self.warning(sentence))

    def warning(self, sentence: str) -> Warned:
        return Warned(sentence, self.id)

    def resume(self, first_step: int) -> None:
        self.store.claim(self.id)
        self.store.reopen(self.id, RunConfig())
        self.start(first_step, 1.0)
