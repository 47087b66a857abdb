"""All that a lab's report holds, as data: for the window, the command line, JSON and pages alike."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.core.comparison.verdict import Verdict
from workbench.core.labs import words
from workbench.core.labs.findings import KINDS, ArmFindings, Findings
from workbench.core.labs.plan import LabRun, config_of
from workbench.core.labs.sentences import Seen, seen
from workbench.core.labs.spreads import Spread
from workbench.core.settings.config import RunConfig
from workbench.core.settings.same_experiment import OF_THE_MACHINE

_SHOWN = (
    "data.source", "data.validation_fraction", "training.epochs", "training.batch_size",
    "training.optimizer", "training.learning_rate", "training.schedule", "training.weight_decay",
)  # fmt: skip


@dataclass(frozen=True)
class LabReport:
    """What came of a lab so far."""

    findings: Findings

    @cached_property
    def seen(self) -> Seen:
        return seen(self.findings)

    @property
    def config(self) -> RunConfig:
        """Of the first arm: what all have in common can be read there."""
        found = self.findings
        return config_of(found.lab, found.lab.arms[0], found.settings, 1)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Arm, finished runs of all, test error with deviation, its interval, training error, what papers say."""
        return [self._row(arm) for arm in self.findings.arms]

    def _row(self, arm: ArmFindings) -> tuple[str, ...]:
        papers = [each.figure for each in self.findings.lab.published if each.arm == arm.arm.name]
        return (
            arm.arm.title,
            f"{len(arm.finished)} of {len(arm.runs)}",
            words.spread(arm.test) if arm.test is not None else "–",
            f"{words.interval(arm.test.interval)} %" if arm.test is not None and arm.test.interval else "–",
            words.spread(arm.train) if arm.train is not None else "–",
            ", ".join(papers) or "–",
        )

    @property
    def pairs(self) -> list[tuple[str, ...]]:
        """Of each pair: both arms, the points of test accuracy between them, the interval, p, which is better."""
        return [_pair(verdict) for verdict in self.findings.verdicts.values()]

    @property
    def setting_rows(self) -> list[tuple[str, str]]:
        """What all runs have in common, by field: what a reader wants to know first, and what was set here."""
        config, lab = self.config, self.findings.lab
        # What is of the machine is not asked of runs that count.
        left_out = {*lab.fields, *(f"training.{name}" for name in OF_THE_MACHINE)}
        chosen = [field for field in (*_SHOWN, *self.findings.settings.values) if field not in left_out]
        rows = []
        for field in dict.fromkeys(chosen):
            section, _, name = field.partition(".")
            rows.append((field, str(getattr(getattr(config, section), name))))
        return rows

    @property
    def paper_rows(self) -> list[tuple[str, str, str]]:
        """What was trained there, its figure, and where it stands."""
        return [(each.subject, each.figure, each.where) for each in self.findings.lab.published]

    def document(self) -> dict[str, Any]:
        """As plain values; errors are fractions."""
        found = self.findings
        return {
            "lab": found.lab.name,
            "title": found.lab.title,
            "question": found.lab.question,
            "epochs": found.settings.epochs,
            "seeds": found.settings.seeds,
            "values": dict(found.settings.values),
            "is_whole": found.is_whole,
            "seen": self.seen.sentence,
            "agreement": self.seen.agreement,
            "notes": list(self.seen.notes),
            "arms": [_arm_document(arm) for arm in found.arms],
            "pairs": [_pair_document(pair, verdict) for pair, verdict in found.verdicts.items()],
            "paper": found.lab.paper,
            "paper_setting": found.lab.paper_setting,
            "published": [vars(each) for each in found.lab.published],
        }


def _pair(verdict: Verdict) -> tuple[str, ...]:
    p = verdict.decisive_p
    return (
        *verdict.labels,
        words.points(verdict.difference, is_signed=True),
        words.interval(verdict.interval, is_signed=True),
        "below 0.001" if p < 0.001 else f"{p:.3f}",
        _better(verdict),
    )


def _better(verdict: Verdict) -> str:
    a, b = verdict.labels
    match verdict.outcome:
        case "a better":
            return a
        case "b better":
            return b
        case _:
            return "not decided"


def _pair_document(pair: tuple[str, str], verdict: Verdict) -> dict[str, Any]:
    return {
        "a": pair[0],
        "b": pair[1],
        "difference": verdict.difference,
        "interval": list(verdict.interval),
        "p_value": verdict.p_value,
        "p_holm": verdict.p_adjusted,
        "outcome": verdict.outcome,
        "verdict": verdict.sentence,
    }


def _arm_document(arm: ArmFindings) -> dict[str, Any]:
    curves = {kind: arm.curve(kind)._asdict() for kind in KINDS}
    return {
        "arm": arm.arm.name,
        "title": arm.arm.title,
        "test_error": _spread_document(arm.test),
        "train_error": _spread_document(arm.train),
        "curves": {kind: {key: list(values) for key, values in curve.items()} for kind, curve in curves.items()},
        "runs": [run_document(run) for run in arm.runs],
    }


def _spread_document(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    interval = list(spread.interval) if spread.interval else None
    return {
        "mean": spread.mean, "deviation": spread.deviation, "interval": interval, "of_seeds": list(spread.values),
    }  # fmt: skip


def run_document(run: LabRun) -> dict[str, Any]:
    """As plain values."""
    return {
        "name": run.planned.name,
        "arm": run.arm.name,
        "seed": run.planned.seed,
        "state": run.state,
        "run": run.record.id if run.record else None,
        "entry": run.entry.id if run.entry else None,
        "message": run.message,
    }
