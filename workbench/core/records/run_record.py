"""What the store knows of one run."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.events import EpochMetrics, Status
from workbench.core.settings.config import RunConfig

ENDED_EARLY = "ended early"
"""What the message of a run begins with whose patience ended; by other words somebody ended it."""

_SUMMARY = (
    "run", "name", "model", "recipe", "source", "status", "message", "epochs", "steps", "seconds", "images_per_s",
    "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy",
    "best_epoch", "device", "precision",
)  # fmt: skip
_ENTRY = (*_SUMMARY, "created_utc", "starred", "tags", "note")


@dataclass(frozen=True)
class RunRecord:
    """One row of the list of runs."""

    id: str
    number: int
    """Counts the runs of this home from 1; decides the run's color."""
    name: str
    model: str
    recipe: str
    source: str
    config: RunConfig
    status: Status
    message: str
    created_utc: str
    machine: Mapping[str, Any]
    started: Mapping[str, Any]
    """What RunStarted said: device, precision, parameters, class_names, images, dataset_path, starts, ..."""
    elapsed_s: float
    test_looks: int
    """How often the test images were evaluated: they are for looking at, not for choosing by."""
    epochs: tuple[EpochMetrics, ...]
    warnings: tuple[str, ...] = ()
    """What it has warned of, in its order."""
    is_starred: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    """What people noted of it, in lines."""
    is_rate_changed: bool = False
    """Whether a person changed its learning rate while it was trained."""

    @property
    def starts(self) -> list[tuple[int, float]]:
        """Steps done and seconds spent before each of its starts: the first one, then where it was resumed."""
        return starts_of(self.started)

    @property
    def planned(self) -> list[int]:
        """For how many epochs it was begun, and each time resumed; empty where an earlier version did not say."""
        planned = list(self.started.get("planned", []))
        return planned if len(planned) == len(self.starts) else []

    @property
    def altered(self) -> str:
        """Why it is no draw of the experiment that its settings describe; empty if it is one."""
        planned = self.planned
        if self.is_rate_changed:
            return "its learning rate was changed while it was trained"
        if len(set(planned)) > 1 and self.config.training.goes_by_epochs:
            return f"the number of its epochs was changed while it was trained, from {planned[0]} to {planned[-1]}"
        return ""

    @property
    def last(self) -> EpochMetrics | None:
        return self.epochs[-1] if self.epochs else None

    @property
    def best(self) -> EpochMetrics | None:
        """The epoch that validation chose; without a split, the last one."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def chosen_word(self) -> str:
        """What its epoch that counts is: the best by validation, or, where nothing chooses, the last."""
        return "best" if self.best is None or self.best.validation_accuracy is not None else "last"

    def word_of(self, epoch: EpochMetrics) -> str:
        """`best` of each epoch that was the best so far; without a split, `last` of the last one; else empty."""
        if epoch.validation_accuracy is not None:
            return "best" if epoch.best else ""
        return "last" if epoch is self.last else ""

    @property
    def is_whole(self) -> bool:
        """Trained as far as its settings say: to its last epoch, or until its patience ended."""
        planned = self.config.training.epochs
        has_all = self.last is not None and self.last.epoch >= planned
        return self.status == "finished" and (has_all or self.message.startswith(ENDED_EARLY))

    @property
    def can_resume(self) -> bool:
        return self.status in ("stopped", "failed", "interrupted")

    def summary(self) -> dict[str, Any]:
        """The result as plain values; losses and accuracies are those of `best_epoch`, None before the first."""
        best, last = self.best, self.last
        return {
            "run": self.id,
            "name": self.name,
            "model": self.model,
            "recipe": self.recipe,
            "source": self.source,
            "status": self.status,
            "message": self.message,
            "epochs": last.epoch if last else 0,
            "steps": last.step if last else 0,
            "seconds": self.elapsed_s,
            "images_per_s": statistics.median(e.images_per_s for e in self.epochs) if last else None,
            "train_loss": best.train_loss if best else None,
            "train_accuracy": best.train_accuracy if best else None,
            "validation_loss": best.validation_loss if best else None,
            "validation_accuracy": best.validation_accuracy if best else None,
            "test_loss": best.test_loss if best else None,
            "test_accuracy": best.test_accuracy if best else None,
            "best_epoch": best.epoch if best else None,
            "device": self.started.get("device"),
            "precision": self.started.get("precision"),
        }

    def entry(self) -> dict[str, Any]:
        """Of the list: the summary, and what people said of the run."""
        said = {"created_utc": self.created_utc, "starred": self.is_starred, "tags": list(self.tags)}
        return {**self.summary(), **said, "note": self.note}


@dataclass(frozen=True)
class DamagedRun:
    """A run of the list that cannot be read, and why; its folder may hold all that is needed to rebuild it."""

    id: str
    name: str
    reason: str

    def entry(self) -> dict[str, Any]:
        """The same keys as a whole record's, with None for all that is not known."""
        unknown = dict.fromkeys(_ENTRY)
        return unknown | {"run": self.id, "name": self.name, "status": "damaged", "message": self.reason}


@dataclass(frozen=True)
class RunList:
    """All runs, newest first, and those of the list that cannot be read."""

    records: tuple[RunRecord, ...]
    damaged: tuple[DamagedRun, ...] = ()


def starts_of(started: Mapping[str, Any]) -> list[tuple[int, float]]:
    """Steps and seconds before each start, of what a record says of them; runs of earlier versions tell of one."""
    starts = started.get("starts", [(0, 0.0)]) if started else []
    return [(int(step), float(seconds)) for step, seconds in starts]
