"""What can be found out before a run: time and memory, a learning rate, exact resume."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.events import Progress, Warned
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.trials import RateTrial
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.edit_history import changed_fields
from workbench.gui.trials.plan_panel import PlanPanel
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.training_session import State, TrainingSession

# The rate itself, and for how long, make no other curve.
_NOT_OF_RATES = {"training.learning_rate", "training.epochs"}


class TrialDesk(QObject):
    """Connects the trials' views with the configuration at hand.

    They need the whole machine, so they are done in the lane where runs are trained.

    Args:
        session: of the training lane.
    """

    refused = Signal(object)
    """An error of a trial that its view has no room for."""
    plan_asked = Signal()
    """A trial was asked for: its view is to be seen."""
    warned = Signal(str)
    """What is doubtful about the settings that are tried."""

    def __init__(
        self,
        build_panel: BuildPanel,
        session: TrainingSession,
        plan: PlanPanel,
        home: Home,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.home = home
        self._build, self._session = build_panel, session
        self._trial: Handle | None = None
        self._engine_is_ready = False
        self._tried: RunConfig | None = None
        self._rate_tried: RunConfig | None = None
        self.card, self.finder, self._schedule = plan.card, plan.finder, plan.schedule
        self._connect()
        self._on_edit()

    def _connect(self) -> None:
        self.finder.find_asked.connect(self.find_rate)
        self.finder.cancel_asked.connect(self.cancel)
        self.finder.rate_chosen.connect(self.take_rate)
        self.finder.remedy_asked.connect(self._build.take_values)
        self.card.measure_asked.connect(self.measure)
        self.card.certify_asked.connect(self.certify)
        self.card.cancel_asked.connect(self.cancel)
        self.card.remedy_asked.connect(self._build.take_values)
        self._build.config_changed.connect(self._on_edit)
        self._session.state_changed.connect(self._on_state)

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu Run that is about what comes before a run."""
        menus.add(menus.run, self.tr("&Measure time and memory"), self.measure, "Ctrl+M")
        menus.add(menus.run, self.tr("&Find a learning rate"), self.find_rate, "Ctrl+R")
        menus.add(menus.run, self.tr("Certify e&xact resume"), self.certify)

    # Trials of the whole machine

    @Slot()
    def measure(self) -> None:
        """A few real steps: seconds, memory, largest batch."""
        self.plan_asked.emit()
        handle = self._try("preflight")
        if handle is not None:
            handle.finished.connect(self.card.show_result)

    @Slot()
    def certify(self) -> None:
        """Whether this configuration resumes exactly on this machine."""
        self.plan_asked.emit()
        handle = self._try("certificate")
        if handle is not None:
            handle.finished.connect(self.card.show_certificate)

    def _try(self, kind: jobs.Trial) -> Handle | None:
        """A trial that the card shows; None if it cannot be done now."""
        config = self._build.config
        handle = self._asked(kind, config)
        if handle is not None:
            self._tried = config
            self.card.show_progress(self.tr("Starting"), 0, 0)
            handle.progressed.connect(self._show_progress)
            handle.canceled.connect(self.card.show_canceled)
            handle.refused.connect(self._on_card_refused)
        return handle

    def _asked(self, kind: jobs.Trial, config: RunConfig | None) -> Handle | None:
        if config is None or self._reason():
            return None
        self._trial = self._session.try_out(self.home, jobs.trial(kind, config), self)
        if self._trial is not None:
            self._trial.ended.connect(self._forget_trial)
        return self._trial

    @Slot()
    def find_rate(self) -> None:
        """Look for a learning rate, which its view shows."""
        self.plan_asked.emit()
        handle = self._asked("rate", self._build.config)
        if handle is None:
            if not self.finder.is_running:
                self.finder.show_error(
                    self._reason() or self.tr("Another measurement is going on; try again after it")
                )
            return
        self._rate_tried = self._build.config
        self.finder.show_running()
        handle.progressed.connect(self._show_rates)
        handle.finished.connect(self.finder.show_suggestion)
        handle.canceled.connect(self.finder.show_canceled)
        handle.refused.connect(self._on_finder_refused)

    @Slot()
    def cancel(self) -> None:
        """End the trial that is going on."""
        if self._trial is not None:
            self._session.stop()

    @Slot()
    def _forget_trial(self) -> None:
        self._trial = None

    @Slot(object)
    def _show_progress(self, said: Progress | Warned) -> None:
        if isinstance(said, Warned):
            self.warned.emit(said.message)
        else:
            self.card.show_progress(said.told, said.done, said.total)

    @Slot(object)
    def _show_rates(self, said: RateTrial | Progress | Warned) -> None:
        if isinstance(said, RateTrial):
            self.finder.show_trial(said)
        elif isinstance(said, Warned):
            self.warned.emit(said.message)

    @Slot(object)
    def _on_card_refused(self, error: Exception) -> None:
        self.card.show_canceled()
        self.refused.emit(error)

    @Slot(object)
    def _on_finder_refused(self, error: Exception) -> None:
        self.finder.show_error(sentence_of(error), error.remedy if isinstance(error, UserError) else None)
        if isinstance(error, UserError):
            self._build.show_errors(error.fields)

    # What it depends on

    @Slot(object)
    def _on_state(self, _state: State) -> None:
        self._allow()

    def set_engine_ready(self) -> None:
        self._engine_is_ready = True
        self._allow()

    def _reason(self) -> str:
        """Why nothing can be tried now; empty if it can."""
        if not self._engine_is_ready:
            return self.tr("PyTorch is being loaded")
        if self._session.state is not State.IDLE:
            return self.tr("The machine is busy with a run or a measurement; stop it first")
        return self._build.problem()

    def _allow(self) -> None:
        reason = self._reason()
        self.card.allow(not reason, reason)
        self.finder.allow(reason)

    @Slot()
    def _on_edit(self) -> None:
        self._allow()
        training = self._build.training_panel
        if training.config is not None:
            self._schedule.show_config(training.config)
        else:
            self._schedule.show_problem(training.problem)
        config = self._build.config
        if self._tried is not None and config != self._tried:
            self.card.mark_stale()
        if self._rate_tried is not None and config is not None:
            changed = set(changed_fields(self._rate_tried, config))
            self.finder.mark_stale(bool(changed - _NOT_OF_RATES))

    @Slot(float)
    def take_rate(self, rate: float) -> None:
        """Take the found learning rate."""
        self._build.take_values({"training.learning_rate": rate})
