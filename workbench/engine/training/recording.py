"""Recording a run: every event that the store keeps, and how the run ended."""

import logging
import time
import traceback
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace

import torch

from workbench.core.errors import UserError
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    Event,
    GradientsMeasured,
    Progress,
    RateChanged,
    RunFailed,
    RunFinished,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.network.memory import give_back
from workbench.core.records.store import RunStore
from workbench.core.uncut import uncut
from workbench.engine.machine.memory_limits import is_out_of_memory, what_fits
from workbench.engine.machine.processes import is_process_gone, lost_process

_log = logging.getLogger(__name__)

_RECORD_INTERVAL_S = 2.0
# What is written waits for the disk: on a slow one, or of many steps, it is written less often.
_TIMES_COST = 150
# Who follows the run from elsewhere sees it so late, and a power cut costs so much of its curves.
_MOST_INTERVAL_S = 10.0

Events = Generator[Event, None, None]
_RECORDED = (RunStarted, StepMetrics, GradientsMeasured, EpochMetrics, EvaluationReady, RateChanged, Warned)


def recorded(run_id: str, events: Events, store: RunStore, *, is_new: bool = False) -> Events:
    """The one place that records a run: its events, and how it ended. Raises nothing but what stops it.

    Args:
        is_new: it has not begun before; if it cannot begin, nothing stays recorded.

    Raises:
        UserError: why it could not begin.
    """
    recorder = _Recorder(run_id, store, is_new)
    end: RunFinished | RunFailed = RunFinished(run_id, "finished")
    lacks_memory = False
    try:
        for event in events:
            if isinstance(event, Progress | Warned):
                # Who prepares, reads or downloads knows of no run.
                event = replace(event, run_id=run_id)
            if isinstance(event, RunFinished):
                # Said once it is recorded.
                end = event
                break
            if (warning := recorder.take(event)) is not None:
                yield warning
            yield event
    except GeneratorExit:
        _stop(run_id, events, recorder)
        raise
    except UserError as error:
        end = RunFailed(run_id, str(error), is_bug=False, remedy=error.remedy, fields=error.fields)
        traceback.clear_frames(error.__traceback__)
    # A bug ends the run, not the program: it is logged with its traceback and the next run works.
    except Exception as error:  # noqa: BLE001
        lacks_memory = is_out_of_memory(error)
        end = _explained(run_id, error)
        # A log record keeps the traceback, and with it the tensors; running out of memory must free them.
        if end.is_bug and not lacks_memory:
            _log.exception("run %s failed", run_id)
        # The frames hold the tensors that memory must be freed of. Not by gc.collect(): on a worker's thread it
        # could free objects of the window, and Qt aborts then.
        traceback.clear_frames(error.__traceback__)
    # Outside the except block, where the exception itself is gone too.
    events.close()
    if lacks_memory:
        # Only then: it waits for the GPU, which waits for ever after a lost process.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        give_back()
        sentence, remedy = what_fits(store.run(run_id).config)
        end = RunFailed(run_id, sentence, is_bug=False, remedy=remedy)
    try:
        with uncut():
            recorder.end(end)
    except UserError as error:
        end = RunFailed(run_id, str(error), is_bug=False)
    recorder.refuse_beginning(end)
    yield end


class _Recorder:
    """Writes a run's events into the store, steps now and then; what could not be written is tried again."""

    def __init__(self, run_id: str, store: RunStore, is_new: bool) -> None:
        self._id, self._store, self._is_new = run_id, store, is_new
        self._pending: list[Event] = []
        self._tried_at = time.monotonic()
        self._interval_s = _RECORD_INTERVAL_S
        self._is_failing = False
        self._has_begun = False
        self._lost_answers: Warned | None = None
        """That an evaluation could not be kept."""
        self._is_loss_said = False

    def take(self, event: Event) -> Warned | None:
        """Record `event` now or later; a warning when the store begins to refuse, or to keep no evaluations."""
        if isinstance(event, _RECORDED):
            self._pending.append(event)
        self._has_begun = self._has_begun or isinstance(event, RunStarted)
        began = time.monotonic()
        is_due = began - self._tried_at > self._interval_s
        # A refusal may take half a minute.
        if not is_due and (isinstance(event, StepMetrics | GradientsMeasured) or self._is_failing):
            return None
        try:
            self.write()
        except UserError as error:
            self._store.note(self._pending)
            was_failing, self._is_failing = self._is_failing, True
            return None if was_failing else Warned(f"{error}; training goes on, and it is tried again", self._id)
        finally:
            self._tried_at = time.monotonic()
            cost = _TIMES_COST * (self._tried_at - began)
            self._interval_s = min(max(_RECORD_INTERVAL_S, cost), _MOST_INTERVAL_S)
        self._is_failing = False
        if self._is_loss_said:
            return None
        self._is_loss_said = self._lost_answers is not None
        return self._lost_answers

    def write(self) -> None:
        """All that is pending.

        Raises:
            UserError: the store refuses; what it does is tried again.
        """
        while self._pending:
            steps = list[StepMetrics | GradientsMeasured]()
            for event in self._pending:
                if not isinstance(event, StepMetrics | GradientsMeasured):
                    break
                steps.append(event)
            if steps:
                self._store.record_steps(steps)
            else:
                self._record(self._pending[0])
            del self._pending[: len(steps) or 1]

    def _record(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._store.record_start(event)
            case EpochMetrics():
                self._store.record_epoch(event)
            case EvaluationReady():
                self._record_evaluation(event)
            case RateChanged():
                self._store.record_rate_change(event)
            case Warned():
                self._store.record_warning(event)

    def _record_evaluation(self, event: EvaluationReady) -> None:
        """It can be made anew, and what comes after it cannot."""
        why = self._store.record_evaluation(event)
        if why and self._lost_answers is None:
            said = f"{why}; training goes on without the answers after epoch {event.evaluation.epoch}"
            self._lost_answers = Warned(f"{said}, 'evaluate' can make those of the kept epoch anew", self._id)
            self._pending.append(self._lost_answers)

    def end(self, end: RunFinished | RunFailed) -> None:
        """Write what is left, and how the run ended.

        Raises:
            UserError: the store refuses; the run is recorded as failed, if at all.
        """
        try:
            self.write()
        except UserError as error:
            self._store.note(self._pending)
            # Finished without its last epochs, it could neither go on nor be mended from its journal.
            self._store.finish(self._id, "failed", end.message if isinstance(end, RunFailed) else str(error))
            raise
        if isinstance(end, RunFailed):
            self._store.finish(self._id, "failed", end.message)
        else:
            self._store.finish(self._id, end.status, end.reason)

    def refuse_beginning(self, end: RunFinished | RunFailed) -> None:
        """Leave nothing of a new run that could not begin.

        Raises:
            UserError: it could not; says why.
        """
        if self._has_begun or not self._is_new or isinstance(end, RunFinished) or end.is_bug:
            return
        # What cannot be removed now is a failed run in the list.
        with suppress(UserError):
            self._store.delete(self._id)
        refusal = UserError(end.message, end.remedy)
        refusal.fields = dict(end.fields)
        raise refusal


def _stop(run_id: str, events: Events, recorder: _Recorder) -> None:
    """Close the run, which saves a checkpoint, and record it as stopped.

    Raises:
        UserError: the checkpoint cannot be written, and the run is recorded as failed, with the ones before; or
            the store refuses.
    """
    # Killed after the checkpoint, the run would go on behind steps that nobody has recorded.
    with suppress(UserError):
        recorder.write()
    try:
        events.close()
    except UserError as error:
        recorder.end(RunFailed(run_id, str(error), is_bug=False))
        raise
    recorder.end(RunFinished(run_id, "stopped"))


def _explained(run_id: str, error: Exception) -> RunFailed:
    if is_process_gone(error):
        return RunFailed(run_id, lost_process(error), is_bug=False)
    first_line = str(error).split("\n")[0]
    return RunFailed(run_id, f"{type(error).__name__}: {first_line}", is_bug=True)
