"""A thread that runs jobs one after the other, and hands what they say to whoever asked for them."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QDeadlineTimer, QObject, QThread, QTimer, Signal, Slot

from workbench.core.home import Home
from workbench.core.interludes import Interludes
from workbench.gui.work.job import Canceled, Finished, Handle, Job, Outcome, Refused, Ticket
from workbench.gui.work.lane_worker import LaneWorker
from workbench.gui.work.mailbox import Mailbox

_DRAIN_INTERVAL_MS = 50


class Lane(QObject):
    """The window's side of one worker on one thread. Everything here runs on the window's thread.

    Args:
        name: of the thread.
        prepare: called once on that thread, before its first job.
        hosts: of which its thread is the host.
        beside: whose host comes first: this lane rests most of the time while that one works.
        patience_ms: how long `close` waits for a job that does not end; None: as long as it takes.
    """

    _begun = Signal(object)

    def __init__(
        self,
        name: str,
        prepare: Callable[[], None] | None = None,
        hosts: Interludes | None = None,
        beside: Interludes | None = None,
        patience_ms: int | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._patience_ms, self._is_closed = patience_ms, False
        self._mailbox = Mailbox()
        self._worker: LaneWorker = LaneWorker(self._mailbox, prepare, hosts, beside)
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._worker.moveToThread(self._thread)
        self._begun.connect(self._worker.run)
        self._worker.job_ended.connect(self.drain)
        self._waiting: deque[Handle] = deque()
        self._current: Handle | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_INTERVAL_MS)
        self._timer.timeout.connect(self.drain)

    def open(self) -> None:
        """Start the thread; jobs that wait begin. A lane that was closed stays so."""
        if not self._is_closed:
            self._thread.start()
            self._begin_next()

    @property
    def is_open(self) -> bool:
        """Whether the thread runs."""
        return self._thread.isRunning()

    def ask(self, job: Job, home: Home, asker: QObject, *, replaces: bool = True) -> Handle:
        """Have a job done after those that wait already; connect to the handle's signals at once.

        Args:
            home: whose runs and data it works on.
            asker: who wants it. With `replaces`, what it asked this lane for before is canceled and says no more.
        """
        if replaces:
            for older in (*self._waiting, *([self._current] if self._current else [])):
                if older.asker is asker:
                    older.drop()
        handle = Handle(Ticket(job, home), asker, self)
        handle.cancel_asked.connect(self._drop_canceled)
        if self._current is not None and self._current.ticket.job.gives_way:
            self._current.cancel()
        self._waiting.append(handle)
        self._begin_next()
        return handle

    def close(self) -> bool:
        """End the thread for good. The job that is going on is canceled, which saves a run; no asker hears more.

        Returns:
            False if that job has not ended in time. Its thread cannot be ended then, and Qt aborts the process
            that destroys a running one: keep the lane until the process is left without cleaning up.
        """
        self._is_closed = True
        for handle in (*self._waiting, *([self._current] if self._current else [])):
            handle.drop()
        self._current = None
        self._timer.stop()
        self._thread.quit()
        deadline = QDeadlineTimer(QDeadlineTimer.ForeverConstant.Forever)
        if self._patience_ms is not None:
            deadline = QDeadlineTimer(self._patience_ms)
        return not self._thread.isRunning() or self._thread.wait(deadline)

    def _begin_next(self) -> None:
        if self._current is None and self._waiting and self.is_open:
            self._current = self._waiting.popleft()
            self._timer.start()
            self._begun.emit(self._current.ticket)

    @Slot()
    def _drop_canceled(self) -> None:
        """What has not begun need not begin."""
        for handle in [each for each in self._waiting if each.ticket.control.is_canceled]:
            self._waiting.remove(handle)
            self._tell(handle, Canceled())

    @Slot()
    def drain(self) -> None:
        """Pass on everything said since the last time, in order."""
        for said in self._mailbox.take():
            handle = self._current
            if handle is None:
                return
            # An error in a slot goes to the exception hook, not here: what comes after it is not lost.
            if isinstance(said, Finished | Refused | Canceled):
                self._current = None
                self._timer.stop()
                # The next one is computed while the asker looks at this one's result.
                self._begin_next()
                self._tell(handle, said)
            elif not handle.is_silent:
                handle.progressed.emit(said)

    def _tell(self, handle: Handle, outcome: Outcome) -> None:
        if not handle.is_silent:
            match outcome:
                case Finished(result):
                    handle.finished.emit(result)
                case Refused(error):
                    handle.refused.emit(error)
                case Canceled():
                    handle.canceled.emit()
            handle.ended.emit()
        # Not deleted: whoever keeps it may still cancel it, which does nothing then.
        handle.setParent(None)
