"""Recording a run: every event that the store keeps, and how the run ended."""

import logging
import time
import traceback
from collections.abc import Generator

import torch

from workbench.core.errors import UserError
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    Event,
    RateChanged,
    RunFailed,
    RunFinished,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.memory import give_back
from workbench.core.store import RunStore
from workbench.engine.memory_limits import is_out_of_memory, what_fits
from workbench.engine.processes import is_process_gone, lost_process

_log = logging.getLogger(__name__)

_RECORD_INTERVAL_S = 2.0

Events = Generator[Event, None, None]


def recorded(run_id: str, events: Events, store: RunStore) -> Events:
    """The one place that records a run: its events, and how it ended."""
    pending: list[StepMetrics] = []
    recorded_at = time.monotonic()
    end: RunFinished | RunFailed = RunFinished(run_id, "finished")
    lacks_memory = False
    try:
        for event in events:
            if isinstance(event, RunFinished):
                # Said once it is recorded.
                end = event
                break
            if isinstance(event, StepMetrics):
                pending.append(event)
            if not isinstance(event, StepMetrics) or time.monotonic() - recorded_at > _RECORD_INTERVAL_S:
                store.record_steps(pending)
                pending, recorded_at = [], time.monotonic()
                _record(event, store)
            yield event
    except GeneratorExit:
        _stop(run_id, events, pending, store)
        raise
    except UserError as error:
        end = RunFailed(run_id, str(error), is_bug=False, remedy=error.remedy)
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
    if isinstance(end, RunFailed) and torch.cuda.is_available():
        torch.cuda.empty_cache()
    if lacks_memory:
        give_back()
        sentence, remedy = what_fits(store.run(run_id).config)
        end = RunFailed(run_id, sentence, is_bug=False, remedy=remedy)
    store.record_steps(pending)
    if isinstance(end, RunFailed):
        store.finish(run_id, "failed", end.message)
    else:
        store.finish(run_id, end.status, end.reason)
    yield end


def _stop(run_id: str, events: Events, pending: list[StepMetrics], store: RunStore) -> None:
    """Close the run, which saves a checkpoint, and record it as stopped.

    Raises:
        UserError: the checkpoint cannot be written; the run is recorded as failed, with the ones before.
    """
    store.record_steps(pending)
    try:
        events.close()
    except UserError as error:
        store.finish(run_id, "failed", str(error))
        raise
    store.finish(run_id, "stopped")


def _record(event: Event, store: RunStore) -> None:
    match event:
        case RunStarted():
            store.record_start(event)
        case EpochMetrics():
            store.record_epoch(event)
        case EvaluationReady(run_id, evaluation):
            store.record_evaluation(run_id, evaluation)
        case RateChanged():
            store.record_rate_change(event)
        case Warned():
            store.record_warning(event)


def _explained(run_id: str, error: Exception) -> RunFailed:
    if is_process_gone(error):
        return RunFailed(run_id, lost_process(error), is_bug=False)
    first_line = str(error).split("\n")[0]
    return RunFailed(run_id, f"{type(error).__name__}: {first_line}", is_bug=True)
