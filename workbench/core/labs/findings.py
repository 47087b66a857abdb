"""What the runs of a lab say, arm by arm: errors with their spread over seeds, and curves."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from workbench.core.comparison.verdict import Verdict
from workbench.core.events import EpochMetrics
from workbench.core.labs.lab import Arm, Lab
from workbench.core.labs.plan import LabRun, LabSettings
from workbench.core.labs.spreads import Difference, Spread, difference
from workbench.core.records.run_record import RunRecord

Kind = Literal["test", "train"]
KINDS: tuple[Kind, ...] = ("test", "train")


class Curve(NamedTuple):
    """Error after each epoch, over the seeds that are so far."""

    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    """Of the best seed."""
    high: tuple[float, ...]
    """Of the worst one."""


@dataclass(frozen=True)
class ArmFindings:
    """What is known of one arm. Errors are fractions: 1 minus accuracy."""

    arm: Arm
    runs: tuple[LabRun, ...]
    """One for each seed, also those that are still to be trained."""

    @property
    def finished(self) -> list[RunRecord]:
        """In the order of their seeds."""
        return [run.record for run in self.runs if run.state == "finished" and run.record is not None]

    @property
    def failed(self) -> list[LabRun]:
        return [run for run in self.runs if run.state == "failed"]

    @cached_property
    def test(self) -> Spread | None:
        """Error of the test images after the epoch that counts; None before a run has finished."""
        return self._spread("test")

    @cached_property
    def train(self) -> Spread | None:
        """Error of the training images during that epoch, as they were trained on."""
        return self._spread("train")

    def _spread(self, kind: Kind) -> Spread | None:
        values = tuple(error_of(record.best, kind) for record in self.finished if record.best is not None)
        return Spread(values) if values else None

    def curve(self, kind: Kind) -> Curve:
        """Of the finished runs; where none is, of all that have begun."""
        begun = [run.record for run in self.runs if run.record is not None]
        errors = dict[int, list[float]]()
        for record in self.finished or begun:
            for epoch in record.epochs:
                errors.setdefault(epoch.epoch, []).append(error_of(epoch, kind))
        epochs = tuple(sorted(errors))
        values = [errors[epoch] for epoch in epochs]
        means = tuple(map(statistics.fmean, values))
        return Curve(epochs, means, tuple(map(min, values)), tuple(map(max, values)))


@dataclass(frozen=True)
class Findings:
    """All that is known of a lab so far."""

    lab: Lab
    settings: LabSettings
    arms: tuple[ArmFindings, ...]
    verdicts: Mapping[tuple[str, str], Verdict]
    """About the test images, by the names of two arms in their order; those of arms without a finished run, or
    without its answers, are missing."""
    problem: str = ""
    """Why answers could not be compared; empty if they could."""

    @property
    def runs(self) -> list[LabRun]:
        """Of all arms, arm by arm."""
        return [run for arm in self.arms for run in arm.runs]

    def of(self, name: str) -> ArmFindings:
        """By the name of an arm."""
        return next(arm for arm in self.arms if arm.arm.name == name)

    @property
    def known(self) -> list[ArmFindings]:
        """Arms with a finished run."""
        return [arm for arm in self.arms if arm.test is not None]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be trained: each run has finished or failed."""
        return all(run.state in ("finished", "failed") for run in self.runs)

    @property
    def most_seeds(self) -> int:
        """Of any arm's finished runs."""
        return max((len(arm.finished) for arm in self.arms), default=0)

    def verdict(self, a: str, b: str) -> Verdict | None:
        """About two arms in their order."""
        return self.verdicts.get((a, b))

    def apart(self, kind: Kind, a: str, b: str) -> Difference | None:
        """How far arm b's error lies above arm a's; None before both have a finished run."""
        of_a, of_b = (getattr(self.of(name), kind) for name in (a, b))
        return None if of_a is None or of_b is None else difference(of_a, of_b)


def error_of(epoch: EpochMetrics, kind: Kind) -> float:
    return 1 - (epoch.test_accuracy if kind == "test" else epoch.train_accuracy)


def findings(
    lab: Lab,
    settings: LabSettings,
    runs: Sequence[LabRun],
    verdicts: Mapping[tuple[str, str], Verdict] | None = None,
    problem: str = "",
) -> Findings:
    """Arm by arm, in the lab's order."""
    arms = (ArmFindings(arm, tuple(run for run in runs if run.arm == arm)) for arm in lab.arms)
    return Findings(lab, settings, tuple(arms), verdicts or {}, problem)
