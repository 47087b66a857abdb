"""A recorded run without a disk, for views that follow a selection."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from workbench.core.data.dataset import ImageSet
from workbench.core.data.image_marks import ImageMarks
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, Status
from workbench.core.home import Home
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig


def record(validation: list[float], *, run_id: str = "0badcafe", status: Status = "finished") -> RunRecord:
    """Of a run whose epochs had these accuracies on 1 000 validation images."""
    epochs = [
        EpochMetrics(run_id, n, 10 * n, 1.0, 0.5, 1.0, value, 1.0, value, 100.0, n, value == max(validation[:n]))
        for n, value in enumerate(validation, 1)
    ]
    config = RunConfig().with_values({"training.epochs": max(len(epochs), 10)})
    started = {"images": [9_000, 1_000, 40], "steps_per_epoch": 10}
    return RunRecord(
        run_id, 1, "a run", "resnet8", "quick", "sample", config, status, "", "2026-01-01", {}, started,
        float(len(epochs)), 0, tuple(epochs),
    )  # fmt: skip


@dataclass
class Recorded:
    """Stands in for the library of runs."""

    evaluations: dict[int, Evaluation] = field(default_factory=dict)
    pictures: ImageSet | None = None
    damaged: set[int] = field(default_factory=set)
    weights: set[int] = field(default_factory=set)
    """Epochs whose weights lie in files of their own."""
    held_out: dict[int, Evaluation] = field(default_factory=dict)
    """What was said of validation images, by epoch."""
    home: Home = field(default_factory=lambda: Home(Path("/nonexistent")))
    """Where marks are kept; as it is, nothing can be marked."""
    read: list[int] = field(default_factory=list)
    """Epochs that were asked for, in order."""

    def evaluation(self, _run_id: str, epoch: int | None = None) -> Evaluation | None:
        assert epoch is not None
        self.read.append(epoch)
        if epoch in self.damaged:
            raise UserError(f"cannot read the evaluation epoch-{epoch:05d}.npz: it is cut short")
        return self.evaluations.get(epoch)

    def validation(self, _run_id: str, epoch: int) -> Evaluation | None:
        return self.held_out.get(epoch)

    def evaluated_epochs(self, _run_id: str) -> list[int]:
        return sorted(self.evaluations)

    def weights_by_epoch(self, _run_id: str) -> dict[int, Path]:
        return {epoch: Path(f"epoch-{epoch:05d}.safetensors") for epoch in self.weights}

    def images(self, _record: RunRecord) -> ImageSet:
        if self.pictures is None:
            raise UserError("the decoded images in 'somewhere' are gone; start a run on that source to read them")
        return self.pictures

    def marks(self, record: RunRecord) -> ImageMarks:
        return ImageMarks(self.home, record.source)


def answers(evaluation: Evaluation, epoch: int, **said: int) -> Evaluation:
    """`evaluation` as of another epoch, where image `i7=2` is surely taken for class 2."""
    logits = evaluation.logits.copy()
    for image, prediction in said.items():
        logits[int(image[1:])] = 0
        logits[int(image[1:]), prediction] = 9
    return replace(evaluation, logits=np.asarray(logits), epoch=epoch)
