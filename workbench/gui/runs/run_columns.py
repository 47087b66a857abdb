"""What stands in the columns of the list of runs: their texts, tooltips, and what they are sorted by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject

from workbench.core.events import EpochMetrics
from workbench.core.formats import duration, percent
from workbench.core.records.run_record import RunRecord

(
    NAME, STATUS, VALIDATION, TEST, EPOCHS, TIME, RECIPE, DATA, STAR, LOSS, TAGS, DEVICE, STARTED, MODEL, NOTE,
) = range(15)  # fmt: skip

FIRST_SHOWN = (STAR, NAME, STATUS, VALIDATION, TEST, LOSS, EPOCHS, TIME, TAGS, RECIPE, DATA, DEVICE, STARTED, NOTE)
"""From left to right, until the person chooses others."""
IN_ORDER = (*FIRST_SHOWN[:9], MODEL, *FIRST_SHOWN[9:])

Value = float | str | None
"""What a column is sorted by; None, and not a number, come last either way."""


@dataclass(frozen=True)
class Column:
    """One of them; a narrow table shows the most telling ones only."""

    title: str
    tooltip: str
    text: Callable[[RunRecord], str]
    value: Callable[[RunRecord], Value]
    is_number: bool = False


@dataclass
class Live:
    """The run that is trained here: newer than what the list says of it. No run: empty."""

    run_id: str = ""
    elapsed_s: float = 0.0
    is_paused: bool = False


class RunColumns(QObject):
    """All columns, of which each table shows some."""

    def __init__(self) -> None:
        super().__init__()
        self.live = Live()
        self.all = self._make()

    def _make(self) -> tuple[Column, ...]:
        figures = (
            Column(
                self.tr("Validation"),
                self.tr("Validation accuracy of the epoch that is kept: the best by validation"),
                lambda run: percent(run.best.validation_accuracy if run.best else None),
                _of_best(lambda best: best.validation_accuracy), True,
            ),
            Column(
                self.tr("Test"),
                self.tr("Test accuracy of the epoch that is kept; with nothing held out, the last one"),
                lambda run: percent(run.best.test_accuracy if run.best else None),
                _of_best(lambda best: best.test_accuracy), True,
            ),
            Column(
                self.tr("Epochs"), self.tr("Finished epochs, or the present one, of those planned"),
                lambda run: f"{self.epoch(run)}/{run.config.training.epochs}", lambda run: len(run.epochs), True,
            ),
            Column(
                self.tr("Time"), self.tr("Time spent training, pauses not counted"),
                lambda run: duration(self._elapsed_s(run)), self._elapsed_s, True,
            ),
        )  # fmt: skip
        return (*self._identity(), *figures, *self._origin(), *self._more())

    def _identity(self) -> tuple[Column, ...]:
        name = self.tr("Name (and model where it differs); checked runs are drawn; a double click inspects")
        status = self.tr("How the run ended, if it has; (!): it has warned, see its tooltip")
        return (
            Column(self.tr("Run"), name, _name, lambda run: run.name.casefold()),
            Column(self.tr("Status"), status, self._status, self._status),
        )

    def _origin(self) -> tuple[Column, ...]:
        return (
            Column(
                self.tr("Recipe"), self.tr("How it was trained"), lambda run: run.recipe, lambda run: run.recipe
            ),
            Column(self.tr("Data"), self.tr("Source of the images"), _source, _source),
        )

    def _more(self) -> tuple[Column, ...]:
        star = self.tr("Runs with a star; a click on this column gives one or takes it away (S)")
        return (
            Column("★", star, lambda run: "★" if run.is_starred else "", lambda run: float(not run.is_starred)),
            Column(
                self.tr("Loss"), self.tr("Test loss of the epoch that is kept, in nats"),
                lambda run: f"{run.best.test_loss:.3f}" if run.best else "",
                _of_best(lambda best: best.test_loss), True,
            ),
            Column(
                self.tr("Tags"), self.tr("What it was tagged with (T)"),
                lambda run: ", ".join(run.tags), lambda run: ", ".join(run.tags).casefold() or None,
            ),
            Column(
                self.tr("Device"), self.tr("What it was trained on"),
                _device, lambda run: _device(run) or None,
            ),
            Column(
                self.tr("Started"), self.tr("When it was begun; at first, the newest run stands above"),
                lambda run: started_text(run.created_utc), lambda run: run.created_utc,
            ),
            Column(self.tr("Model"), self.tr("The preset that its network came from"), _model, _model),
            Column(
                self.tr("Note"), self.tr("What was noted of it (N)"),
                lambda run: run.note.partition("\n")[0], lambda run: run.note.casefold() or None,
            ),
        )  # fmt: skip

    def _elapsed_s(self, run: RunRecord) -> float:
        return self.live.elapsed_s if run.id == self.live.run_id else run.elapsed_s

    def _status(self, run: RunRecord) -> str:
        words = {
            "running": self.tr("running"), "finished": self.tr("finished"), "stopped": self.tr("stopped"),
            "failed": self.tr("failed"), "interrupted": self.tr("interrupted"),
        }  # fmt: skip
        is_held = self.live.is_paused and goes_on(run) and run.id == self.live.run_id
        word = self.tr("paused") if is_held else words[run.status]
        return word + (" (!)" if run.warnings else "")

    def epoch(self, run: RunRecord) -> int:
        """Finished epochs; of a run that goes on, the present one, as soon as it has begun."""
        done = len(run.epochs)
        return min(done + 1, run.config.training.epochs) if goes_on(run) and run.started else done

    def tooltip(self, run: RunRecord, column: int) -> str:
        """What a figure is of; how the run ended, and what it has warned of, whichever process trains it."""
        about = run.message or self.tr("{0} ({1}), started {2}").format(
            run.name, run.id, started_text(run.created_utc)
        )
        warnings = [self.tr("Warning: {0}").format(sentence) for sentence in run.warnings]
        tags = self.tr("Tags: {0}").format(", ".join(run.tags)) if run.tags and column != TAGS else ""
        note = self.tr("Note: {0}").format(run.note) if run.note else ""
        return "\n".join(filter(None, [self._says(run, column), about, *warnings, tags, note]))

    def _says(self, run: RunRecord, column: int) -> str:
        kept = run.best
        match column:
            # There may be no room for these in the cell.
            case 6:
                return self.tr("Recipe: {0}").format(run.recipe)
            case 7:
                return run.source
            case 10:
                return ", ".join(run.tags)
            case 4 if goes_on(run) and run.started:
                return self.tr("Epoch {0} goes on").format(self.epoch(run))
            case 2 | 3 if kept is not None:
                return self._of_kept(kept, column)
            case _:
                return ""

    def _of_kept(self, kept: EpochMetrics, column: int) -> str:
        if kept.validation_accuracy is None and column == VALIDATION:
            return self.tr("Nothing was held out to validate by")
        of = self.tr("Validation accuracy") if column == VALIDATION else self.tr("Test accuracy")
        why = self.tr("the last") if kept.validation_accuracy is None else self.tr("the best by validation")
        return self.tr("{0} of the kept epoch {1}, {2}").format(of, kept.epoch, why)


def goes_on(run: RunRecord) -> bool:
    return run.status == "running"


def started_text(utc: str) -> str:
    """In the time of this machine: `2026-11-29 14:05`."""
    try:
        return datetime.fromisoformat(utc).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return utc


def sorted_runs(runs: list[RunRecord], column: Column, *, descending: bool) -> list[RunRecord]:
    """By a column; equal ones stay in their order, and those without a value come last."""
    known = [(value, run) for run in runs if (value := column.value(run)) is not None and value == value]
    ids = {run.id for _, run in known}
    known.sort(key=lambda each: each[0], reverse=descending)
    return [*(run for _, run in known), *(run for run in runs if run.id not in ids)]


def _name(run: RunRecord) -> str:
    return f"{run.number}  {run.name if run.name == run.model else f'{run.name} ({run.model})'}"


def _model(run: RunRecord) -> str:
    return run.model


def _device(run: RunRecord) -> str:
    return str(run.started.get("device", ""))


def _source(run: RunRecord) -> str:
    return run.source.rstrip("/").rpartition("/")[2]


def _of_best(value: Callable[[EpochMetrics], float | None]) -> Callable[[RunRecord], Value]:
    return lambda run: value(run.best) if run.best else None
