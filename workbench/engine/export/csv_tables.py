"""The figures of a run as two tables: a line per step, and beside it a line per epoch."""

import csv
import io
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError, shown
from workbench.core.events import EpochMetrics, Progress, Warned
from workbench.core.export.exported import Exported
from workbench.core.export.formats import CSV
from workbench.core.files import write_atomically
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore
from workbench.engine.export.series import epochs_of, series_of

STEP_COLUMNS = ("step", "epoch", "loss", "accuracy", "learning_rate", "elapsed_s", "images_per_s")
EPOCH_COLUMNS = (
    "epoch", "step", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss",
    "test_accuracy", "elapsed_s", "images_per_s", "best",
)  # fmt: skip
NOTE = (
    "losses are in nats, accuracies from 0 to 1, elapsed_s are seconds of work without pauses; where there is no "
    "number, a cell is empty"
)
_MICROSECONDS = 6


def epochs_path(output: Path) -> Path:
    """Of the table of epochs beside that of steps."""
    return output.with_name(f"{output.stem}_epochs{output.suffix}")


def export(run_id: str, store: RunStore, output: Path) -> Generator[Progress | Warned, None, Exported]:
    """Write steps to `output` and epochs beside it.

    Raises:
        UserError: there are no figures yet; a table cannot be written or would go over another file.
    """
    beside = epochs_path(output)
    # An export replaces an earlier one, never a file that only happens to have this name.
    if beside.exists() and not output.exists():
        raise UserError(
            f"cannot export to {shown(output)}: {shown(beside)} is there already; choose another name or move it"
        )
    yield Progress("Reading the figures", 0, 0, "parts")
    with store.snapshot():
        record = store.run(run_id)
        series = yield from series_of(record, store)
    yield Progress("Writing tables", 0, 0, "parts")
    _write(output, STEP_COLUMNS, _step_rows(series, epochs_of(record, series.steps)))
    _write(beside, EPOCH_COLUMNS, map(_epoch_row, record.epochs))
    return Exported(run_id, CSV, (output, beside), notes=(NOTE,))


def _step_rows(series: RunSeries, epochs: NDArray[np.int64]) -> Iterable[Sequence[str]]:
    columns = (
        series.steps, epochs, series.loss, series.accuracy, series.learning_rate,
        series.elapsed_s.round(_MICROSECONDS), series.images_per_s,
    )  # fmt: skip
    return zip(*(_texts(column) for column in columns), strict=True)


def _texts(values: NDArray[Any]) -> list[str]:
    """The shortest that give the same number again; empty where there is none."""
    return ["" if text == "nan" else text for text in values.astype(str).tolist()]


def _epoch_row(epoch: EpochMetrics) -> Sequence[object]:
    values = [getattr(epoch, column) for column in EPOCH_COLUMNS]
    # csv leaves the cell of None empty.
    return [int(value) if isinstance(value, bool) else None if value != value else value for value in values]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))
