"""A study as its storage has it: its definition and the trials so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from workbench.core.search.definition import StudyDefinition
from workbench.core.search.dimensions import Value

TrialState = Literal["waiting", "running", "finished", "pruned", "stopped", "failed"]
"""stopped: its process was stopped or killed, and another trial of the same values is to go on with it."""


@dataclass(frozen=True)
class TrialRecord:
    """One point of the space that was tried, or is."""

    number: int
    """From 1."""
    state: TrialState
    values: Mapping[str, Value]
    accuracies: Mapping[int, float] = field(default_factory=dict)
    """Of the held-out images, by epoch."""
    run_id: str = ""
    host: str = ""
    """Where it was trained: the run is recorded there."""
    message: str = ""
    """Why it failed, or how it was pruned."""
    heard_utc: str = ""
    """When its process was last heard of, in ISO 8601; empty before that."""

    @property
    def accuracy(self) -> float | None:
        """Of the kept epoch; of a pruned trial of the best so far."""
        return max(self.accuracies.values()) if self.accuracies else None

    def entry(self) -> dict[str, Any]:
        return {
            "trial": self.number,
            "state": self.state,
            "run": self.run_id or None,
            "host": self.host or None,
            "values": dict(self.values),
            "validation_accuracy": self.accuracy,
            "epochs": max(self.accuracies, default=0),
            "message": self.message,
        }


@dataclass(frozen=True)
class StudyRecord:
    """A study as its storage has it now."""

    definition: StudyDefinition
    limit: int
    """Trials in all, those that were stopped and gone on with counted once."""
    trials: tuple[TrialRecord, ...] = ()
    importances: Mapping[str, float] = field(default_factory=dict)
    """Share of the accuracy's differences that each field explains; empty while that is not known."""

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def best(self) -> TrialRecord | None:
        """Of those that were trained to their end."""
        finished = [trial for trial in self.trials if trial.state == "finished" and trial.accuracy is not None]
        return max(finished, key=lambda trial: trial.accuracy or 0.0, default=None)

    def count(self, *states: TrialState) -> int:
        return sum(trial.state in states for trial in self.trials)

    @property
    def done(self) -> int:
        return self.count("finished", "pruned", "failed")

    def entry(self) -> dict[str, Any]:
        """Of the list."""
        best, definition = self.best, self.definition
        return {
            "study": self.name,
            "limit": self.limit,
            **{state: self.count(state) for state in get_args(TrialState)},
            "best": best.entry() if best else None,
            "sampler": definition.sampler,
            "pruner": definition.pruner,
            "space": {name: str(dimension) for name, dimension in definition.space.items()},
        }

    def document(self) -> dict[str, Any]:
        """With everything that is known."""
        return {
            **self.entry(),
            "importances": dict(self.importances) or None,
            "trials": [trial.entry() for trial in self.trials],
            "config": self.definition.config.model_dump(mode="json"),
        }
