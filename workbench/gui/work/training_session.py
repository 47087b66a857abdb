"""The window's side of training: owns the thread, passes on what the worker posts, takes the buttons' orders."""

from enum import Enum

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from workbench.core.events import RunStarted
from workbench.core.home import Home
from workbench.core.memory import keep_large_blocks
from workbench.core.orders import Orders
from workbench.core.training_config import TrainingConfig
from workbench.gui.work.garbage_collector import GarbageCollector
from workbench.gui.work.mailbox import EngineReady, ExamplesJob, ExportJob, Job, JobEnded, Mailbox, TrialJob
from workbench.gui.work.training_worker import RunControl, TrainingWorker

_DRAIN_INTERVAL_MS = 50
_STOP_LIMIT_MS = 60_000


class State(Enum):
    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    EXPORTING = "exporting"
    """Not a run: short, and not to be stopped."""
    TRYING = "trying"
    """Not a run: a trial before one."""


class TrainingSession(QObject):
    """One worker on one thread, one job at a time. Everything here runs on the window's thread."""

    message_received = Signal(object)
    state_changed = Signal(object)
    _warm_up_asked = Signal()
    _run_asked = Signal(object, object, object)
    _measure_asked = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State.IDLE
        self.engine_is_ready = False
        self._mailbox, self._control, self._orders = Mailbox(), RunControl(), Orders()
        self._worker = TrainingWorker(self._mailbox, self._control)
        self._thread = QThread()
        self._thread.setObjectName("training")
        self._worker.moveToThread(self._thread)
        self._warm_up_asked.connect(self._worker.warm_up)
        self._run_asked.connect(self._worker.run)
        self._measure_asked.connect(self._worker.measure)
        self._collector = GarbageCollector(self)
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_INTERVAL_MS)
        self._timer.timeout.connect(self.drain)

    def open(self) -> None:
        """Start the thread and load torch on it."""
        # Before the thread: it would get a memory arena of its own.
        keep_large_blocks()
        self._collector.start()
        self._thread.start()
        self._timer.start()
        self._warm_up_asked.emit()

    def start(self, home: Home, job: Job) -> None:
        if self.state is not State.IDLE:
            return
        self._control.reset()
        self._control.want()
        self._orders = Orders()
        state = State.STARTING
        if isinstance(job, ExportJob):
            state = State.EXPORTING
        elif isinstance(job, TrialJob | ExamplesJob):
            state = State.TRYING
        self._set_state(state)
        self._run_asked.emit(home, job, self._orders)

    def measure(self, home: Home, training: TrainingConfig) -> None:
        """Time the machine for estimates, if nothing else is going on."""
        if self.state is State.IDLE and self.engine_is_ready:
            self._measure_asked.emit(home, training)

    def pause(self) -> None:
        if self.state is State.RUNNING:
            self._control.pause()
            self._set_state(State.PAUSED)

    def proceed(self) -> None:
        if self.state is State.PAUSED:
            self._control.proceed()
            self._set_state(State.RUNNING)

    def stop(self) -> None:
        """Ask the run to stop after the present step; it is saved, then JobEnded comes."""
        if self.state not in (State.IDLE, State.STOPPING, State.EXPORTING):
            self._control.stop()
            self._set_state(State.STOPPING)

    def finish(self) -> None:
        """Ask the run to end after the present step, its best epoch being the result."""
        if self.state in (State.RUNNING, State.PAUSED):
            self._orders.finish()
            self._control.proceed()
            self._set_state(State.STOPPING)

    @Slot(float)
    def change_rate(self, factor: float) -> None:
        """Multiply the rest of the run's learning rates."""
        self._orders.change_rate(factor)

    def close(self) -> None:
        """End the thread; a run that is still going on is stopped and saved first."""
        self.stop()
        self._control.want()
        self._timer.stop()
        self._thread.quit()
        # Bounded by the longest single step and its checkpoint, both of which must not be cut.
        if self._thread.isRunning() and not self._thread.wait(_STOP_LIMIT_MS):
            self._thread.wait()
        self._collector.stop()

    @Slot()
    def drain(self) -> None:
        """Pass on everything posted since the last time, in order."""
        for message in self._mailbox.take():
            if isinstance(message, EngineReady):
                self.engine_is_ready = True
                self._collector.settle()
            if isinstance(message, RunStarted) and self.state is State.STARTING:
                self._set_state(State.RUNNING)
            # An error in a slot goes to the exception hook, not here: the messages after it are not lost.
            self.message_received.emit(message)
            if isinstance(message, JobEnded):
                self._set_state(State.IDLE)

    def _set_state(self, state: State) -> None:
        self.state = state
        self.state_changed.emit(state)
