"""Recorded runs whose answers are given, for tests of comparing them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import CLASSES
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, EvaluationReady, RunStarted, Status
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig

_FAR = 8.0


def labels_of(images: int) -> np.ndarray:
    """As many of each class, in turn."""
    return np.arange(images) % len(CLASSES)


def answering(
    right: np.ndarray, epoch: int = 1, labels: np.ndarray | None = None, wrong_by: int = 1
) -> Evaluation:
    """Surely right where `right` says so, elsewhere for the class so many further."""
    labels = labels_of(len(right)) if labels is None else labels
    said = np.where(right, labels, (labels + wrong_by) % len(CLASSES))
    return Evaluation(labels, _FAR * np.eye(len(CLASSES), dtype=np.float32)[said], CLASSES, epoch)


def right_but(images: int, *wrong: int) -> np.ndarray:
    """All images but those of these numbers."""
    right = np.ones(images, bool)
    right[list(wrong)] = False
    return right


@dataclass
class Recording:
    """Writes runs that are over into a store."""

    store: RunStore
    folder: Path = Path("/nonexistent/copy")
    source: str = "sample"

    def run(
        self,
        *evaluations: Evaluation,
        name: str = "a",
        seed: int = 0,
        status: Status = "finished",
        **values: Any,
    ) -> str:
        """A run with these evaluations, the last of which it keeps; `values`: `model__stem="7x7"`."""
        dotted = {key.replace("__", "."): value for key, value in values.items()}
        given = {"data.source": self.source, "training.seed": seed, "training.epochs": max(len(evaluations), 1)}
        config = RunConfig().with_values(given | dotted)
        run_id = self.store.create(config, name=name, model="resnet8", recipe="quick", machine={})
        images = len(evaluations[0].labels) if evaluations else 1
        self.store.record_start(
            RunStarted(run_id, name, config, "CPU", "fp32", 10, CLASSES, (90, 10, images), self.folder, 10, 0, 0.0)
        )
        for number, evaluation in enumerate(evaluations, 1):
            self.store.record_evaluation(EvaluationReady(run_id, evaluation))
            self.store.record_epoch(
                EpochMetrics(
                    run_id, number, 10 * number, 1.0, 0.5, 1.0, number / 10, 1.0, evaluation.accuracy, 100.0,
                    float(number), True,
                )
            )  # fmt: skip
        self.store.finish(run_id, status)
        return run_id


def save_copy(
    folder: Path, numbers: range, *, side: int = 4, shade: int = 0, wrong_label: int | None = None
) -> Path:
    """A decoded copy of test images called by these numbers; image N is as bright as N and `shade` say."""
    labels = np.array([number % len(CLASSES) for number in numbers])
    if wrong_label is not None:
        labels[wrong_label] = (labels[wrong_label] + 1) % len(CLASSES)
    names = tuple(f"test/{CLASSES[number % len(CLASSES)]}/{number:05d}.png" for number in numbers)
    pixels = np.stack([np.full((side, side, 3), number + shade, np.uint8) for number in numbers])
    images = ImageSet(pixels, labels.astype(np.int64), names)
    Dataset(CLASSES, images, images).save(folder)
    return folder
