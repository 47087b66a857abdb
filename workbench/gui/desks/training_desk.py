"""The run that is trained here: Start, Pause and Stop, what it says, and why it cannot start or has ended."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction

from workbench.core.comparison.seed_runs import with_next_seed
from workbench.core.errors import DamagedDatabase, UserError
from workbench.core.events import (
    EpochMetrics,
    Event,
    RateChanged,
    RunFailed,
    RunFinished,
    RunStarted,
    Warned,
)
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.run_desk import RunDesk
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.remedies import offer
from workbench.gui.widgets.told import sentence_of, told
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle, RunJob
from workbench.gui.work.training_session import State, TrainingSession


class TrainingDesk(QObject):
    """Connects the training session with the strip of progress, the settings and the recorded runs."""

    start_allowed = Signal(bool, str)
    """Whether a run could start now, and if not, why."""
    run_started = Signal(object)

    def __init__(
        self,
        session: TrainingSession,
        progress_panel: ProgressPanel,
        build_panel: BuildPanel,
        run_desk: RunDesk,
        message_bar: MessageBar,
        home: Home,
    ) -> None:
        super().__init__(session)
        self.home = home
        self.message_bar = message_bar
        self._session, self._progress, self._build, self._runs = session, progress_panel, build_panel, run_desk
        self.home_problem = ""
        """Why nothing can be trained into it; empty if it can."""
        self._remedy: dict[str, object] = {}
        self._wrong_field = ""
        """What was said of a field, until that is edited."""
        self._refused: RunConfig | None = None
        self._is_resuming = False
        """Whether the run that was begun last is a recorded one, whose settings are not those on the left."""
        self._start_entry: QAction | None = None
        self._stop_entry: QAction | None = None
        self._entries_of_run: list[QAction] = []
        progress_panel.start_asked.connect(self.start)
        progress_panel.pause_asked.connect(session.pause)
        progress_panel.proceed_asked.connect(session.proceed)
        progress_panel.stop_asked.connect(session.stop)
        progress_panel.finish_asked.connect(self.finish)
        progress_panel.rate_factor_chosen.connect(session.change_rate)
        run_desk.resume_asked.connect(self.resume)
        run_desk.longer_asked.connect(self.train_longer)
        run_desk.refused.connect(self.refuse)
        build_panel.config_changed.connect(self._on_edit)
        session.state_changed.connect(self._on_state)
        session.event_said.connect(self.take_event)
        session.refused.connect(self._on_refused)
        session.run_ended.connect(self._on_run_ended)

    @property
    def library(self) -> RunLibrary:
        return self._runs.library

    # Orders

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu Run that is about the run that is trained here."""
        self._start_entry = menus.add(menus.run, self.tr("&Start"), self.start, "Ctrl+Return")
        pause = menus.add(menus.run, self.tr("&Pause or resume"), self.toggle_pause, "Ctrl+P")
        self._stop_entry = menus.add(menus.run, self.tr("S&top"), self._session.stop, "Ctrl+.")
        finish = menus.add(menus.run, self.tr("Stop and &keep the best"), self.finish, "Ctrl+Shift+.")
        rate = menus.add(menus.run, self.tr("Change &learning rate…"), self._progress.ask_rate, "Ctrl+L")
        self._entries_of_run = [pause, finish, rate]
        self._allow_entries()

    def _allow_entries(self) -> None:
        state = self._session.state
        is_on = state in (State.RUNNING, State.PAUSED)
        if self._start_entry is not None:
            self._start_entry.setEnabled(not self._reason())
        if self._stop_entry is not None:
            self._stop_entry.setEnabled(is_on or state in (State.STARTING, State.TRYING))
        for entry in self._entries_of_run:
            entry.setEnabled(is_on)

    def set_home(self, home: Home, problem: str = "") -> None:
        """Train into `home` from now on; with a `problem` nothing can start."""
        self.home, self.home_problem = home, problem
        self.update_start()

    @Slot()
    def update_start(self) -> None:
        """Say whether a run could start, and if not, why."""
        reason = self._reason()
        self._progress.allow_start(not reason, reason)
        self._allow_entries()
        self.start_allowed.emit(not reason, reason)

    @Slot()
    def _on_edit(self) -> None:
        config = self._build.config
        if self._wrong_field and config is not None and config != self._refused:
            self.message_bar.withdraw(self._wrong_field)
            self._wrong_field = ""
        self.update_start()

    def _reason(self) -> str:
        if self.home_problem:
            return self.home_problem
        if self._session.state is State.TRYING:
            return self.tr("A measurement is going on; it can be stopped")
        if self._session.state is not State.IDLE:
            return self.tr("A run is going on; stop it first")
        return self._build.problem()

    @Slot()
    def start(self) -> None:
        """Train what the panels say."""
        if not self._reason():
            self._is_resuming = False
            self._begin(self._build.job())

    @Slot(str)
    def resume(self, run_id: str) -> None:
        """Go on with a recorded run."""
        self._resume(jobs.resume(run_id))

    @Slot(str, int)
    def train_longer(self, run_id: str, epochs: int) -> None:
        """Go on with a recorded run until it has so many epochs in all."""
        self._resume(jobs.resume(run_id, epochs))

    @Slot(str, bool)
    @told
    def run_again(self, run_id: str, next_seed: bool) -> None:
        """Train a new run by a recorded one's settings; with the next seed that none of its repetitions has."""
        record = self.library.record(run_id)
        config = record.config
        if next_seed:
            config = with_next_seed(config, [run.config for run in self._runs.records])
        self._resume(jobs.train(config, model=record.model, recipe=record.recipe, name=record.name))

    def _resume(self, job: RunJob) -> None:
        self._is_resuming = True
        self._begin(job)

    def begin_queued(self, job: RunJob) -> Handle | None:
        """Train what a queue or a search says, not what stands on the left; None if the lane is taken."""
        self._is_resuming = True
        return self._session.start(self.home, job)

    def _begin(self, job: RunJob) -> None:
        self.message_bar.hide()
        self._session.start(self.home, job)

    @Slot()
    def toggle_pause(self) -> None:
        if self._session.state is State.PAUSED:
            self._session.proceed()
        else:
            self._session.pause()

    @Slot()
    def finish(self) -> None:
        """End the run with its best epoch, if there is one yet."""
        if self._progress.can_finish:
            self._session.finish()
        else:
            self.message_bar.tell("info", self.tr("No epoch is finished yet; Stop saves the run as it is"))

    # Answers

    @Slot(object)
    def _on_state(self, state: State) -> None:
        self._progress.show_state(state)
        self._runs.show_paused(state is State.PAUSED)
        self._runs.allow_training(state is State.IDLE)
        self.update_start()

    @Slot(object)
    @told
    def take_event(self, event: Event) -> None:
        """What the run that is trained here says."""
        match event:
            case RunStarted():
                self._runs.take_up(event)
                self.run_started.emit(event)
            case RunFailed():
                self._tell_failure(event)
            case RunFinished(_, _, reason) if reason:
                self.message_bar.tell("info", reason[:1].upper() + reason[1:])
            case RateChanged(_, step, factor, rate):
                text = self.tr("Learning rate {0:.3g} from step {1} on: times {2:.3g} for the rest of the run")
                self.message_bar.tell("info", text.format(rate, step + 1, factor))
            case Warned(sentence):
                self.warn(sentence)
        self._progress.append(event)
        if isinstance(event, RunStarted) and event.first_step:
            record = self.library.record(event.run_id)
            self._progress.result.take_before(record.last, record.best)
        self._runs.show_time(self._progress.elapsed_s)
        self._runs.append(event)
        if isinstance(event, EpochMetrics | RunFinished | RunFailed):
            self.library.refresh()

    def _tell_failure(self, event: RunFailed) -> None:
        advice = self.tr(" (a bug of the workbench; details are in the log)") if event.is_bug else ""
        if self._is_resuming:
            self._tell_error(event.message + advice, {})
            return
        self._tell_error(event.message + advice, dict(event.remedy))
        self._build.show_errors(event.fields)

    @Slot(str)
    def warn(self, sentence: str) -> None:
        """Say what is doubtful."""
        self.message_bar.tell("warning", sentence)

    @Slot(object)
    def refuse(self, error: Exception) -> None:
        """Say why something did not happen, at the field too where one is named; offer what would do."""
        if isinstance(error, DamagedDatabase):
            self.library.report(error)
        elif isinstance(error, UserError):
            self._tell_error(str(error), error.remedy)
            self._build.show_errors(error.fields)
            self._wrong_field, self._refused = str(error) if error.fields else "", self._build.config
        else:
            self._tell_error(sentence_of(error), {})

    @Slot(object)
    def _on_refused(self, error: Exception) -> None:
        """A run was not begun; the fields that a recorded one names are not those on the left."""
        if self._is_resuming and isinstance(error, UserError) and not isinstance(error, DamagedDatabase):
            self._tell_error(str(error), {})
        else:
            self.refuse(error)

    def _tell_error(self, sentence: str, remedy: dict[str, object]) -> None:
        self._remedy = remedy
        self.message_bar.tell("error", sentence, offer(remedy), self._take_remedy)

    def _take_remedy(self) -> None:
        self._build.take_values(self._remedy)

    @Slot()
    def _on_run_ended(self) -> None:
        self._runs.end_run()
        self.library.refresh()
