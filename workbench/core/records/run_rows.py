"""Rows of the run database as records. Every value is checked: a flipped bit must not pass for a result."""

import json
import math
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from workbench.core.block_figures import FIGURES
from workbench.core.errors import reason, shown
from workbench.core.events import EpochMetrics, GradientsMeasured, RateChanged, Status
from workbench.core.records.queue_entry import DONE, OPEN, QueueEntry
from workbench.core.records.run_folder import is_run_id
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig

COLUMNS = (
    "rowid AS number, id, name, model, recipe, source, config, machine, status, message, created_utc, started, "
    "elapsed_s, test_looks"
)
RATE_CHANGED = "EXISTS (SELECT 1 FROM rate_changes WHERE rate_changes.run_id=runs.id) AS rate_changed"
# With what they are in a run of an earlier version.
LATER_COLUMNS: dict[str, str | int] = {"starred": 0, "tags": "[]", "note": "", "deleted_utc": ""}
# The moment as it is written, and nothing that a flipped bit may make of an empty text: by it files are removed.
SET_ASIDE = (
    "(typeof(deleted_utc)='text' AND ifnull("
    "deleted_utc=strftime('%Y-%m-%dT%H:%M:%S+00:00', deleted_utc, '+0 days'), 0))"
)
_TEXTS = ("name", "model", "recipe", "source", "config", "machine", "status", "message", "created_utc", "started")
_QUEUE_TEXTS = ("name", "model", "recipe", "config", "state", "message", "added_utc")
_STATUSES: tuple[str, ...] = get_args(Status)
_STARTED: dict[str, type] = {
    "device": str, "precision": str, "parameters": int, "class_names": list, "images": list,
    "dataset_path": str, "steps_per_epoch": int,
}  # fmt: skip

_FIGURES = {"train_loss", "train_accuracy", "test_loss", "test_accuracy", "images_per_s", "elapsed_s"}
_UNKNOWN_WITHOUT_SPLIT = {"validation_loss", "validation_accuracy"}


class DamagedRow(ValueError):
    """Says which column is no longer what the workbench writes."""


def record_of(row: sqlite3.Row, epochs: Sequence[sqlite3.Row], warnings: Sequence[sqlite3.Row]) -> RunRecord:
    """Of the rows of one run.

    Raises:
        DamagedRow: a value is none that the workbench writes.
        UserError: its configuration is not allowed; a newer workbench may have written it.
    """
    if not is_run_id(row["id"]):
        raise DamagedRow("its id")
    for column in _TEXTS:
        _text(row[column], column)
    if row["status"] not in _STATUSES:
        raise DamagedRow("its status")
    if not is_moment(row["created_utc"]):
        raise DamagedRow("its created_utc")
    if not is_moment(_text(row["deleted_utc"], "deleted_utc")):
        raise DamagedRow("its deleted_utc")
    # Whether it is JSON first: the configuration's own sentences are for settings, not for damage.
    _json_object(row["config"], "config")
    return RunRecord(
        id=row["id"], number=_whole(row["number"], "number"), name=row["name"], model=row["model"],
        recipe=row["recipe"], source=row["source"],
        config=RunConfig.from_json(row["config"], f"config of run {row['id']}"),
        status=row["status"], message=row["message"], created_utc=row["created_utc"],
        machine=_json_object(row["machine"], "machine"), started=started_of(row["started"]),
        elapsed_s=_finite(row["elapsed_s"], "elapsed_s"), test_looks=_whole(row["test_looks"], "test_looks"),
        epochs=tuple(epoch_of(row["id"], epoch["epoch"], epoch["metrics"]) for epoch in epochs),
        warnings=tuple(_text(warning["message"], "warnings") for warning in warnings),
        is_starred=bool(_whole(row["starred"], "starred")), tags=_tags(row["tags"]),
        note=_text(row["note"], "note"), is_rate_changed=bool(row["rate_changed"]),
    )  # fmt: skip


def queue_entry_of(row: sqlite3.Row) -> QueueEntry:
    """Of a row of `queue`; its place among the others is not known here, and 0.

    Raises:
        DamagedRow, UserError: as of `record_of`.
    """
    if not is_run_id(row["id"]):
        raise DamagedRow("its id")
    for column in _QUEUE_TEXTS:
        _text(row[column], column)
    _real(row["place"], "place")
    if row["state"] not in (*OPEN, *DONE, "running"):
        raise DamagedRow("its state")
    _json_object(row["config"], "config")
    return QueueEntry(
        id=row["id"], place=0, name=row["name"], model=row["model"], recipe=row["recipe"],
        config=RunConfig.from_json(row["config"], f"config of the queue's entry {row['id']}"),
        tags=_tags(row["tags"]), state=row["state"], has_begun=bool(row["has_begun"]), message=row["message"],
        added_utc=row["added_utc"],
    )  # fmt: skip


def started_of(text: str) -> dict[str, Any]:
    """What RunStarted said, by `runs.started`; empty before that."""
    started = _json_object(text, "started")
    if not started:
        return started
    is_whole = all(isinstance(started.get(key), kind) for key, kind in _STARTED.items())
    if not is_whole or started["steps_per_epoch"] < 1 or len(started["images"]) != 3:
        raise DamagedRow("its start")
    if not all(isinstance(name, str) for name in started["class_names"]):
        raise DamagedRow("its start")
    if not all(isinstance(count, int) for count in started["images"]):
        raise DamagedRow("its start")
    planned = started.get("planned", [])
    if not isinstance(planned, list) or not all(type(epochs) is int for epochs in planned):
        raise DamagedRow("its start")
    try:
        started["starts"] = [(int(step), float(seconds)) for step, seconds in started.get("starts", [(0, 0.0)])]
    except (TypeError, ValueError, OverflowError) as error:
        raise DamagedRow("its start") from error
    if not all(math.isfinite(seconds) for _step, seconds in started["starts"]):
        raise DamagedRow("its start")
    return started


def epoch_of(run_id: str, epoch: object, text: object) -> EpochMetrics:
    """Of a row of `epochs`."""
    what = f"epoch {shown(epoch)}"
    metrics = _json_object(_text(text, what), what)
    if metrics.keys() != _FIGURES | _UNKNOWN_WITHOUT_SPLIT | {"step", "best"} or not isinstance(
        metrics["best"], bool
    ):
        raise DamagedRow(what)
    _whole(metrics["step"], what)
    for key in _FIGURES:
        _real(metrics[key], what)
    _finite(metrics["elapsed_s"], what)
    for key in _UNKNOWN_WITHOUT_SPLIT:
        if metrics[key] is not None:
            _real(metrics[key], what)
    return EpochMetrics(run_id, _whole(epoch, what), **metrics)


def rate_change_of(run_id: str, row: sqlite3.Row) -> RateChanged:
    what = "a change of its learning rate"
    return RateChanged(
        run_id, _whole(row["step"], what), _real(row["factor"], what), _real(row["learning_rate"], what)
    )


def gradients_of(run_id: str, row: sqlite3.Row, layers: tuple[str, ...], blocks: int) -> GradientsMeasured:
    """Of a row of `gradients`, of a network with these layers and so many blocks."""
    what = f"gradients of step {shown(row['step'])}"
    step, epoch = _whole(row["step"], what), _whole(row["epoch"], what)
    values = _values_of(row["norms"])
    if values is None or len(values) not in (len(layers), len(layers) + FIGURES * blocks):
        raise DamagedRow(f"its {what}")
    norms, figures = values[: len(layers)], values[len(layers) :].reshape(-1, FIGURES)
    # Damaged ones may be any bits.
    with np.errstate(invalid="ignore"):
        if (norms < 0).any():
            raise DamagedRow(f"its {what}")
    return GradientsMeasured(run_id, step, epoch, layers, norms, figures)


def sample_blob(sample: GradientsMeasured) -> bytes:
    """As it is kept: norms, then figures of blocks, 4 bytes each, the lowest first."""
    return np.concatenate([sample.norms, sample.blocks.ravel()]).astype("<f4").tobytes()


def _values_of(blob: object) -> NDArray[np.float32] | None:
    """None of what `sample_blob` does not make."""
    if not isinstance(blob, bytes) or len(blob) % 4:
        return None
    return np.frombuffer(blob, "<f4").astype(np.float32)


def _tags(text: object) -> tuple[str, ...]:
    try:
        tags = json.loads(_text(text, "tags"))
    except (ValueError, RecursionError) as error:
        raise DamagedRow("its tags") from error
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise DamagedRow("its tags")
    return tuple(tags)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not (value.isascii() or _is_utf8(value)):
        raise DamagedRow(f"its {what}")
    return value


def _is_utf8(text: str) -> bool:
    """A lone surrogate is a byte that was none (`Database` reads them so)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DamagedRow(f"its {what}")
    return value


def _real(value: object, what: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise DamagedRow(f"its {what}")
    return value


def _finite(value: object, what: str) -> float:
    """A time, which is counted on; a loss may be no number."""
    number = _real(value, what)
    # Of an integer that is too long for a float, too.
    if not abs(number) <= sys.float_info.max:
        raise DamagedRow(f"its {what}")
    return number


def is_moment(text: str) -> bool:
    """Whether it is a date with or without a time, in ISO 8601; empty where a rebuilt run has lost it."""
    try:
        return not text or datetime.fromisoformat(text).astimezone(UTC) is not None
    # Of a year beyond the calendar, on some systems before 1970.
    except (ValueError, OverflowError, OSError):
        return False


def _json_object(text: str, what: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedRow(f"its {what}: {reason(error)}") from error
    if not isinstance(tree, dict):
        raise DamagedRow(f"its {what}")
    return tree
