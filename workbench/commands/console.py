"""What the command line shows to a person: tables on standard output, progress on standard error."""

import json
import math
import shlex
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich import box
from rich.console import Console
from rich.progress import TextColumn
from rich.table import Table
from rich.text import Text

from workbench.commands.live_bar import LiveBar
from workbench.core.errors import UserError, for_terminal, literal, shown
from workbench.core.events import (
    EpochMetrics,
    Event,
    Progress,
    RateChanged,
    RunFinished,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.formats import duration, transferred
from workbench.core.records.run_record import RunRecord

_T = TypeVar("_T")


def print_json(document: Any) -> None:
    """The one JSON document of a command. NaN and infinity, which JSON lacks, become null."""
    sys.stdout.write(json.dumps(_finite(document), indent=2) + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), wrap: Sequence[str] = ()
) -> None:
    """A plain table: columns in `right` are aligned to the right, those in `wrap` may break their lines."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column, justify="right" if column in right else "left", no_wrap=column not in wrap, overflow="fold"
        )
    for row in rows:
        # Text: names and paths may hold what rich would take for markup.
        table.add_row(*(Text(for_terminal(cell)) for cell in row))
    # A pipe has no width: rich would take 80 and cut the columns that scripts and logs want whole.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def print_line(text: str) -> None:
    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(for_terminal(text))


def print_error(text: str) -> None:
    Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(for_terminal(text))


def print_failure(sentence: str, remedy: Mapping[str, Any]) -> None:
    """What went wrong, and the settings that might do."""
    print_error(f"error: {sentence}")
    if remedy:
        print_error(f"this might do: {set_options(remedy)}")


def set_options(values: Mapping[str, Any]) -> str:
    """Settings by their dotted fields, as a shell takes them."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return " ".join(f"--set {shlex.quote(f'{key}={text}')}" for key, text in texts.items())


def shape(values: Sequence[int]) -> str:
    return " x ".join(str(value) for value in values)


def percent(value: float | None) -> str:
    """A dash for what is not defined, such as the precision of a class that is never said."""
    if value is None:
        return ""
    return "–" if math.isnan(value) else f"{value:.1%}"


def number(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:,.{digits}f}".replace(",", " ")


def print_result(record: RunRecord) -> None:
    best = record.best
    text = f"run {record.id} {record.status} after {len(record.epochs)} epochs, {duration(record.elapsed_s)}"
    if best is not None:
        text += f"; {record.chosen_word} epoch {best.epoch}: test accuracy {best.test_accuracy:.1%}"
        if best.validation_accuracy is not None:
            text += f", validation accuracy {best.validation_accuracy:.1%}"
    print_line(text)


def print_run(record: RunRecord, document: dict[str, Any]) -> None:
    shown = ("run", "name", "model", "recipe", "source", "status", "message", "created_utc", "device", "precision",
             "test_looks", "folder")  # fmt: skip
    print_table(("", ""), [(key, str(document[key])) for key in shown if document[key]])
    settings = [
        (f"{section}.{key}", literal(value) if isinstance(value, list) else str(value))
        for section, fields in document["config"].items()
        for key, value in fields.items()
    ]
    print_table(("setting", "value"), settings)
    rows = [
        (str(e.epoch), number(e.train_loss), percent(e.train_accuracy),
         number(e.validation_loss), percent(e.validation_accuracy), number(e.test_loss),
         percent(e.test_accuracy), number(e.images_per_s, 0), record.word_of(e))
        for e in record.epochs
    ]  # fmt: skip
    columns = (
        "epoch",
        "train loss",
        "train",
        "validation loss",
        "validation",
        "test loss",
        "test",
        "images/s",
        "",
    )
    print_table(columns, rows, right=columns)
    for change in document["rate_changes"]:
        step, rate, factor = change["step"], change["learning_rate"], change["factor"]
        print_line(f"learning rate changed by hand to {rate:.3g} after step {step} (times {factor:.3g})")
    for warning in document["warnings"]:
        print_line(f"warning: {warning}")


class TrainingDisplay(LiveBar):
    """A live bar of the epoch and one line per finished epoch, on standard error."""

    def __init__(self, quiet: bool) -> None:
        super().__init__(quiet, (TextColumn("{task.fields[figures]}", markup=False),), figures="")
        self._started: RunStarted | None = None

    def show(self, event: Event) -> None:
        match event:
            case Progress(activity, done, total, "bytes", speed_per_s=speed) if done:
                self.update(activity, done, total, figures=transferred(done, total, speed, " "))
            case Progress(activity, done, total):
                self.update(activity, done, total, figures="")
            case RunStarted():
                self._start(event)
            case StepMetrics():
                self._step(event)
            case EpochMetrics():
                self._epoch(event)
            case RateChanged(_, step, factor, rate):
                self.say(f"learning rate {rate:.3g} from step {step + 1} on (times {factor:.3g})")
            case Warned(message):
                self.warn(message)
            case RunFinished(_, _, reason) if reason:
                self.say(reason)

    def _start(self, event: RunStarted) -> None:
        self._started = event
        train, validation, test = (number(count, 0) for count in event.images)
        self.console.print(
            f"run {event.run_id}: {for_terminal(event.name)}, {number(event.parameters, 0)} parameters, "
            f"{event.device}, {event.precision}; {train} training, {validation} validation, {test} test images",
            soft_wrap=True,
        )
        self.say("epoch  train loss  train  validation   test   images/s   time", style="bold")

    def _step(self, event: StepMetrics) -> None:
        if self._started is None:
            return
        per_epoch, epochs = self._started.steps_per_epoch, self._started.config.training.epochs
        step = int(event.steps[-1])
        worked = (event.elapsed_s - self._started.elapsed_s) / max(1, step - self._started.first_step)
        left = duration(worked * (self._started.total_steps - step))
        figures = (
            f"loss {float(event.loss.mean()):.3f}  accuracy {float(event.accuracy.mean()):.1%}  "
            f"{event.images_per_s:.0f} images/s  ETA {left}"
        )
        done = step - (event.epoch - 1) * per_epoch
        label = f"Epoch {event.epoch}/{epochs}"
        self.update(label, done, per_epoch, figures=figures)

    def _epoch(self, event: EpochMetrics) -> None:
        self.say(
            f"{event.epoch:5d}  {event.train_loss:10.3f}  {event.train_accuracy:5.1%}  "
            f"{percent(event.validation_accuracy):>10}  {event.test_accuracy:5.1%}  {event.images_per_s:9.0f}  "
            f"{duration(event.elapsed_s):>5}{self._word(event)}"
        )

    def _word(self, event: EpochMetrics) -> str:
        """Without a split nothing is chosen: the last epoch counts."""
        if event.validation_accuracy is not None:
            return "  best" if event.best else ""
        is_last = self._started is not None and event.epoch == self._started.config.training.epochs
        return "  last" if is_last else ""


def exhaust(work: Generator[Progress | Warned, None, _T], display: TrainingDisplay) -> _T:
    """Show the progress of `work` and return its result."""
    while True:
        try:
            display.show(next(work))
        except StopIteration as end:
            result: _T = end.value
            return result


def unless_damaged(load: Callable[[], _T], display: TrainingDisplay) -> _T | None:
    """What is only read beside that which was asked for: where it cannot be, a warning says so."""
    try:
        return load()
    except UserError as error:
        display.show(Warned(str(error)))
        return None


def print_written(output: Path) -> None:
    print_line(f"written to {shown(output)}")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
