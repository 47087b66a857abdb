"""What a recorded run says, all so far and then what is new: the events of a run that is trained here."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    Event,
    GradientsMeasured,
    RateChanged,
    RunFailed,
    RunFinished,
    RunStarted,
    Status,
    StepMetrics,
    Warned,
)
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """How far a run's events are told: where another follower, on another thread, goes on."""

    has_begun: bool = False
    warnings: int = 0
    """Their number."""
    starts: int = 0
    """Their number: the first one, and one for every time that the run was resumed."""
    step: int = 0
    rate_change: int = -1
    """The step of the last one."""
    gradients: int = 0
    """The step of the last sample."""
    epoch: int = 0
    end: tuple[Status, str] | None = None
    """Status and message, unless the run was going on."""

    def back_to(self, record: RunRecord, step: int) -> "Place":
        """What came after `step` was deleted and is done again."""
        return replace(
            self,
            step=min(self.step, step),
            rate_change=min(self.rate_change, step),
            gradients=min(self.gradients, step),
            epoch=min(self.epoch, step // record.started["steps_per_epoch"]),
            end=None,
        )


@dataclass(frozen=True, eq=False)
class WholeRun:
    """All that a run has said that is drawn as curves, at one moment."""

    record: RunRecord
    started: RunStarted | None
    """None of a run that has not begun."""
    series: RunSeries
    lost: tuple[tuple[int, int], ...]
    """First and last of steps that were recorded and cannot be read."""
    rate_changes: tuple[RateChanged, ...]
    gradients: tuple[GradientsMeasured, ...]
    place: Place


class RunFollower:
    """Tells a run's events once each, in their order, whichever process trains it.

    A run that was resumed says RunStarted again, with the steps that are kept: views cut back to them, as they do
    for a run that is resumed here. Progress and CheckpointSaved are not recorded. Evaluations replace each other:
    at first only the last one is told, then every new one.

    Args:
        store: of the calling thread.
        place: behind which to go on.
    """

    def __init__(self, store: RunStore, run_id: str, place: Place | None = None) -> None:
        self._store, self.run_id = store, run_id
        self._place = place or Place()

    def move_to(self, store: RunStore) -> None:
        """Read from another connection, to the same runs, from now on."""
        self._store = store

    def whole(self) -> WholeRun:
        """All so far at once, which then counts as told.

        Raises:
            UserError: the run is gone.
        """
        with self._store.snapshot():
            record = self._store.run(self.run_id)
            changes = tuple(self._store.rate_changes(self.run_id))
            gradients = tuple(self._store.gradients(record))
            blocks, lost = self._store.step_blocks(self.run_id)
        series = RunSeries.joined([block.series() for block in blocks])
        self._place = Place(
            True, len(record.warnings), len(record.starts), int(series.steps[-1]) if len(series) else 0,
            changes[-1].step if changes else -1, gradients[-1].step if gradients else 0,
            record.epochs[-1].epoch if record.epochs else 0, _end(record),
        )  # fmt: skip
        started = _started(record, 0, 0.0) if record.starts else None
        return WholeRun(record, started, series, tuple(lost), changes, gradients, self._place)

    def skip(self) -> None:
        """Count everything so far as told.

        Raises:
            UserError: the run is gone.
        """
        with self._store.snapshot():
            record = self._store.run(self.run_id)
            changes, step = self._store.rate_changes(self.run_id), self._store.last_step(self.run_id)
            gradients = self._store.last_gradients(self.run_id)
        self._place = Place(
            True, len(record.warnings), len(record.starts), step, changes[-1].step if changes else -1, gradients,
            record.epochs[-1].epoch if record.epochs else 0, _end(record),
        )  # fmt: skip

    def news(self) -> list[Event]:
        """What the run has said since the last time.

        Raises:
            UserError: the run is gone, or cannot be read; nothing counts as told then.
        """
        place, events = self._place, list[Event]()
        with self._store.snapshot():
            record = self._store.run(self.run_id)
            warnings = record.warnings[place.warnings :]
            events += [Warned(message, self.run_id) for message in warnings]
            if len(record.starts) > place.starts:
                step, seconds = min(record.starts[place.starts :]) if place.starts else (0, 0.0)
                events.append(_started(record, step, seconds))
                place = place.back_to(record, step)
            steps = self._store.steps(self.run_id, after=place.step) if record.starts else None
            changes = self._store.rate_changes(self.run_id, after=place.rate_change)
            gradients = self._store.gradients(record, after=place.gradients)
        epochs = [epoch for epoch in record.epochs if epoch.epoch > place.epoch]
        told = epochs if place.has_begun else epochs[-1:]
        evaluations = [self._evaluation(epoch) for epoch in told]
        events += _in_order(record, steps, [*changes, *gradients], epochs, evaluations)
        end = _end(record)
        if end is not None and end != place.end:
            events.append(_ended(record))
        self._place = Place(
            True,
            place.warnings + len(warnings),
            len(record.starts),
            int(steps.steps[-1]) if steps else place.step,
            changes[-1].step if changes else place.rate_change,
            gradients[-1].step if gradients else place.gradients,
            epochs[-1].epoch if epochs else place.epoch,
            end,
        )
        return events

    def _evaluation(self, epoch: EpochMetrics) -> tuple[int, EvaluationReady] | None:
        """With its step; None if it is not there any more."""
        try:
            evaluation = self._store.evaluation(self.run_id, epoch.epoch)
        except UserError as error:
            # Who looks at the run is told; the curves of the others go on.
            _log.warning("run %s: %s", self.run_id, error)
            return None
        return None if evaluation is None else (epoch.step, EvaluationReady(self.run_id, evaluation))


def _started(record: RunRecord, first_step: int, elapsed_s: float) -> RunStarted:
    started = record.started
    return RunStarted(
        record.id, record.name, record.config, started["device"], started["precision"],
        started["parameters"], tuple(started["class_names"]), tuple(started["images"]),
        Path(started["dataset_path"]), started["steps_per_epoch"], first_step, elapsed_s,
    )  # fmt: skip


def _in_order(
    record: RunRecord,
    steps: StepMetrics | None,
    between: Sequence[RateChanged | GradientsMeasured],
    epochs: Sequence[EpochMetrics],
    evaluations: Sequence[tuple[int, EvaluationReady] | None],
) -> Iterator[Event]:
    """Steps, parted where something else was said after one of them; but for gradients, of which a long run has
    thousands: they follow the steps among which they were measured, as they do in the run itself."""
    others: list[tuple[int, int, Event]] = [(each.step, 0, each) for each in between]
    others += [(step, 1, ready) for step, ready in filter(None, evaluations)]
    others += [(epoch.step, 2, epoch) for epoch in epochs]
    done, measured = 0, list[GradientsMeasured]()
    for step, _, event in sorted(others, key=lambda other: other[:2]):
        if isinstance(event, GradientsMeasured):
            measured.append(event)
            continue
        if steps is not None:
            until = int(steps.steps.searchsorted(step, side="right"))
            yield from _part(record, steps, done, until)
            done = max(done, until)
        yield from measured
        measured.clear()
        yield event
    if steps is not None:
        yield from _part(record, steps, done, len(steps.steps))
    yield from measured


def _part(record: RunRecord, steps: StepMetrics, first: int, last: int) -> Iterator[StepMetrics]:
    if first < last:
        per_epoch = record.started["steps_per_epoch"]
        yield replace(
            steps,
            epoch=(int(steps.steps[last - 1]) - 1) // per_epoch + 1,
            steps=steps.steps[first:last],
            loss=steps.loss[first:last],
            accuracy=steps.accuracy[first:last],
            learning_rate=steps.learning_rate[first:last],
        )


def _end(record: RunRecord) -> tuple[Status, str] | None:
    return None if record.status == "running" else (record.status, record.message)


def _ended(record: RunRecord) -> RunFinished | RunFailed:
    match record.status:
        case "finished" | "stopped":
            return RunFinished(record.id, record.status, record.message)
        case "interrupted":
            sentence = "the process that trained the run is gone without a word; it can be resumed"
            return RunFailed(record.id, sentence, is_bug=False)
        case "failed" | "running":
            # Whether it was a bug is in that process's log.
            return RunFailed(record.id, record.message, is_bug=False)
