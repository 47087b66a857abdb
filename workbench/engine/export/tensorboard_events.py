"""The figures of a run as an event file of TensorBoard's.

Of tensorboardX only the messages and the checksum are used: one event holds all figures of a step, where its own
writer makes an event of each and hands it to a thread, which takes many times as long.
"""

import struct
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError, shown
from workbench.core.events import EpochMetrics, Progress, Warned
from workbench.core.export.exported import Exported
from workbench.core.export.formats import TENSORBOARD
from workbench.core.files import write_atomically
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore
from workbench.engine.export.series import series_of, wall_times

STEP_TAGS = ("loss/step", "accuracy/step", "learning_rate", "images_per_s")
_EPOCH_TAGS = {
    "loss/train": "train_loss", "loss/validation": "validation_loss", "loss/test": "test_loss",
    "accuracy/train": "train_accuracy", "accuracy/validation": "validation_accuracy",
    "accuracy/test": "test_accuracy",
}  # fmt: skip
"""A figure of each epoch, at its last step."""
_NOTES = (
    "TensorBoard shows a thousand points of a curve unless it is told otherwise: "
    "tensorboard --samples_per_plugin scalars=0 --logdir FOLDER",
    "wall times are the run's creation and its seconds of work since; pauses are not counted",
)
# Steps between two words about how far it is.
_PART = 5_000


def export(run_id: str, store: RunStore, folder: Path) -> Generator[Progress | Warned, None, Exported]:
    """Write an event file into `folder`, over that of an earlier export of the same run.

    Raises:
        UserError: there are no figures yet; the folder has event files of something else; it cannot be written.
    """
    yield Progress("Reading the figures", 0, 0, "parts")
    with store.snapshot():
        record = store.run(run_id)
        _refuse_folder_of_another(folder, run_id)
        series = yield from series_of(record, store)
    path = folder / _file_name(record)
    records = [_sealed(_version())]
    for done, part in enumerate(_records(record, series), 1):
        records.append(part)
        if done % _PART == 0:
            yield Progress("Writing events", min(done, len(series)), len(series), "parts")
    write_atomically(path, lambda file: file.write(b"".join(records)))
    return Exported(run_id, TENSORBOARD, (path,), notes=_NOTES)


def _file_name(record: RunRecord) -> str:
    """The same for every export of a run, and found by TensorBoard by its beginning."""
    return f"events.out.tfevents.0.{record.id}"


def _refuse_folder_of_another(folder: Path, run_id: str) -> None:
    """TensorBoard draws all event files of a folder as one run."""
    others = [each.name for each in folder.glob("*tfevents*") if not each.name.endswith(f".{run_id}")]
    if others:
        raise UserError(
            f"--output is {shown(folder)}, which has event files already ({shown(others[0])}) that TensorBoard "
            "would mix with these; give each run a folder of its own"
        )


def _records(record: RunRecord, series: RunSeries) -> Iterator[bytes]:
    """Framed events, of each step and of each epoch behind its last step."""
    times = wall_times(record, series.elapsed_s).tolist()
    figures = [
        column.tolist() for column in (series.loss, series.accuracy, series.learning_rate, series.images_per_s)
    ]
    epochs = {each.step: each for each in record.epochs}
    # Those whose last step could not be read stand on their own.
    are_known = np.isin([each.step for each in record.epochs], series.steps)
    alone = deque(epoch for epoch, is_known in zip(record.epochs, are_known, strict=True) if not is_known)
    for step, wall_time, *values in zip(series.steps.tolist(), times, *figures, strict=True):
        while alone and alone[0].step < step:
            yield _of_epoch_alone(record, alone.popleft())
        named = list(zip(STEP_TAGS, values, strict=True))
        # What an earlier version did not record. A loss that is no number was computed, and is shown.
        if values[-1] != values[-1]:
            named.pop()
        if step in epochs:
            named += _of_epoch(epochs[step])
        yield _event(wall_time, step, named)
    for epoch in alone:
        yield _of_epoch_alone(record, epoch)


def _of_epoch_alone(record: RunRecord, epoch: EpochMetrics) -> bytes:
    (wall_time,) = wall_times(record, np.array([epoch.elapsed_s])).tolist()
    return _event(wall_time, epoch.step, _of_epoch(epoch))


def _event(wall_time: float, step: int, named: Iterable[tuple[str, float]]) -> bytes:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in named])
    return _sealed(Event(wall_time=wall_time, step=step, summary=summary))


def _of_epoch(epoch: EpochMetrics) -> list[tuple[str, float]]:
    values = {tag: getattr(epoch, name) for tag, name in _EPOCH_TAGS.items()}
    return [(tag, value) for tag, value in values.items() if value is not None]


def _version() -> Any:
    from tensorboardX.proto.event_pb2 import Event

    return Event(file_version="brain.Event:2")


def _sealed(event: Any) -> bytes:
    """As a record of a TFRecord file: length, its checksum, the message, its checksum."""
    from tensorboardX.record_writer import masked_crc32c

    data: bytes = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    checks = (struct.pack("<I", masked_crc32c(part)) for part in (length, data))
    return length + next(checks) + data + next(checks)
