"""The side of a lane that lives on its own thread."""

import logging
import time
import traceback
from collections.abc import Callable
from contextlib import closing, nullcontext

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.errors import UserError
from workbench.core.interludes import Interludes
from workbench.gui.work.job import Canceled, Finished, Outcome, Refused, Ticket
from workbench.gui.work.mailbox import Mailbox

_log = logging.getLogger(__name__)

# Times as long as the processor worked. One more thread on the cores of a run slows all of the run's threads,
# which wait for each other at every layer. A lower priority of the thread would do it too, but on busy cores it
# would take a second to hear of being canceled, and keep the interpreter's lock from training for as long.
_REST = 8.0
# Rest that was taken before: short work at times is done at once.
_SAVED_REST_S = 1.0


class LaneWorker(QObject):
    """Runs one job at a time. Its slot is called through a queued signal and runs on the lane's thread.

    Args:
        prepare: called once on that thread, before its first job.
        hosts: of which this worker's thread is the host.
        beside: whose host comes first: while it works, this one rests most of the time.
    """

    job_ended = Signal()

    def __init__(
        self,
        mailbox: Mailbox,
        prepare: Callable[[], None] | None,
        hosts: Interludes | None = None,
        beside: Interludes | None = None,
    ) -> None:
        super().__init__()
        self._mailbox, self._prepare, self._beside = mailbox, prepare, beside
        self._rests_until = 0.0
        self._at_work = nullcontext if hosts is None else hosts.at_work

    @Slot(object)
    def run(self, ticket: Ticket) -> None:
        """Do a job, post what it says, and at last how it ended."""
        self._mailbox.post(self._outcome(ticket))
        self.job_ended.emit()

    def _outcome(self, ticket: Ticket) -> Outcome:
        try:
            if self._prepare is not None:
                self._prepare()
                self._prepare = None
            with closing(ticket.job.begin(ticket.home)) as work:
                while not ticket.control.should_end():
                    # Of this thread: to wait costs the run nothing.
                    started = time.thread_time()
                    try:
                        with self._at_work():
                            said = next(work)
                    except StopIteration as end:
                        return Finished(end.value)
                    self._mailbox.post(said)
                    if self._beside is not None and self._beside.is_at_work:
                        ticket.control.rest(self._due_rest_s(time.thread_time() - started))
            # Only now: closing a run has saved it.
            return Canceled()
        except UserError as error:
            return Refused(_freed(error))
        # A bug ends the job, not the window; the next job works.
        except Exception as error:  # noqa: BLE001
            _log.exception("a job failed")
            return Refused(_freed(error))
        # Out of a slot, SystemExit would end the process, with a run perhaps that is trained on the other lane.
        except (SystemExit, KeyboardInterrupt) as error:
            _log.exception("a job tried to end the process")
            return Refused(RuntimeError(f"{type(error).__name__}: {error}"))

    def _due_rest_s(self, worked_s: float) -> float:
        now = time.monotonic()
        self._rests_until = max(self._rests_until, now - _SAVED_REST_S) + _REST * worked_s
        return max(0.0, self._rests_until - now)


def _freed(error: Exception) -> Exception:
    """`error` without the frames of its traceback, which hold tensors."""
    cause: BaseException | None = error
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error
