"""What goes on in the training lane: its state, and the orders that the buttons give."""

from enum import Enum

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.events import Event, RunFailed, RunFinished, RunStarted
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.gui.work.job import Handle, Job, RunJob
from workbench.gui.work.lane import Lane


class State(Enum):
    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    TRYING = "trying"
    """Not a run: a trial before one, which needs the whole machine as a run does."""


class TrainingSession(QObject):
    """One run or trial at a time on a lane. Everything here runs on the window's thread."""

    event_said = Signal(object)
    """Every event of the run that is trained here, in order; the last one says how it ended."""
    refused = Signal(object)
    """Why no run began, or what broke it beside the run: an exception."""
    run_ended = Signal()
    """The run, or the attempt at one, is over; the state is still what it was."""
    state_changed = Signal(object)

    def __init__(self, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State.IDLE
        self._lane = lane
        self._handle: Handle | None = None
        self._orders = Orders()
        self._last_event: Event | None = None
        self._run_id = ""

    def start(self, home: Home, job: RunJob) -> Handle | None:
        """Train a run, unless the lane is taken: then None."""
        if self.state is not State.IDLE:
            return None
        self._last_event, self._run_id, self._orders = None, "", job.orders
        self._set_state(State.STARTING)
        handle = self._handle = self._lane.ask(job, home, self)
        handle.progressed.connect(self._take_event)
        handle.refused.connect(self.refused)
        handle.canceled.connect(self._say_stopped)
        handle.ended.connect(self.run_ended)
        handle.ended.connect(self._become_idle)
        return handle

    def try_out(self, home: Home, job: Job, asker: QObject) -> Handle | None:
        """Have a trial done, unless the lane is taken: then None."""
        if self.state is not State.IDLE:
            return None
        self._set_state(State.TRYING)
        handle = self._handle = self._lane.ask(job, home, asker)
        handle.ended.connect(self._become_idle)
        return handle

    def pause(self) -> None:
        if self.state is State.RUNNING and self._handle is not None:
            self._handle.ticket.control.pause()
            self._set_state(State.PAUSED)

    def proceed(self) -> None:
        if self.state is State.PAUSED and self._handle is not None:
            self._handle.ticket.control.proceed()
            self._set_state(State.RUNNING)

    @Slot()
    def stop(self) -> None:
        """Ask the run or trial to stop after the present step; a run is saved, and `run_ended` comes."""
        if self._handle is not None and self.state is not State.STOPPING:
            self._set_state(State.STOPPING)
            self._handle.cancel()

    def finish(self) -> None:
        """Ask the run to end after the present step, its best epoch being the result."""
        if self.state in (State.RUNNING, State.PAUSED) and self._handle is not None:
            self._orders.finish()
            self._handle.ticket.control.proceed()
            self._set_state(State.STOPPING)

    @Slot(float)
    def change_rate(self, factor: float) -> None:
        """Multiply the rest of the run's learning rates."""
        self._orders.change_rate(factor)

    @Slot(object)
    def _take_event(self, event: Event) -> None:
        self._last_event = event
        self._run_id = event.run_id or self._run_id
        if isinstance(event, RunStarted) and self.state is State.STARTING:
            self._set_state(State.RUNNING)
        self.event_said.emit(event)

    @Slot()
    def _say_stopped(self) -> None:
        """Closing the run saved it; only now is it true to say so."""
        # Stopped while its weights were downloaded, there is no run yet.
        if self._run_id and not isinstance(self._last_event, RunFinished | RunFailed):
            self._take_event(RunFinished(self._run_id, "stopped"))

    @Slot()
    def _become_idle(self) -> None:
        self._handle = None
        self._set_state(State.IDLE)

    def _set_state(self, state: State) -> None:
        self.state = state
        self.state_changed.emit(state)
