"""Searches over settings: begins them, trains one trial after the other, and shows what was found."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.formats import percent
from workbench.core.search.refusals import Refusals
from workbench.core.search.study import StudyRecord, TrialRecord
from workbench.core.search.trial_events import TrialEnded
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.training_desk import TrainingDesk
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.widgets.late_view import LateView
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.theme import Theme
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import search_jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane
from workbench.gui.work.training_session import State, TrainingSession

if TYPE_CHECKING:
    from workbench.gui.search.search_view import SearchView

# How soon what other processes have found is seen.
_WATCH_INTERVAL_MS = 3000


class SearchDesk(QObject):
    """Each trial is a run in the training lane, as any other: what shows and steers runs knows of no search.

    Between two of them the lane is free for a moment, and this desk asks for the next.
    """

    page_asked = Signal()
    stopped = Signal()
    """The person stopped a trial."""
    """A search was begun: its page is to be seen."""
    settings_taken = Signal()
    """The left side was filled with those of a trial."""

    def __init__(
        self,
        session: TrainingSession,
        training: TrainingDesk,
        build: BuildPanel,
        network: NetworkDesk,
        runs_panel: RunsPanel,
        inspecting: Lane,
        theme: Theme,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._training, self._build, self._network = session, training, build, network
        self._runs_panel, self._lane, self._theme, self._window = runs_panel, inspecting, theme, window
        self.page = LateView(self._build_view)
        self._view: SearchView | None = None
        self.active = ""
        """The study that is worked on here; empty: none."""
        self._is_due = False
        """Whether the next trial is to begin once the lane is free."""
        self._refusals = Refusals()
        self._done = ""
        """A study whose trials are done, until that is told."""
        self._shown = ""
        self._studies: list[StudyRecord] = []
        self._read_at: tuple[int, int] | None = None
        self._beginner = QObject(self)
        self._timer = QTimer(self)
        self._timer.setInterval(_WATCH_INTERVAL_MS)
        self._timer.timeout.connect(self._watch)
        session.state_changed.connect(self._on_state)

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu Run that is about searches."""
        menus.add(menus.run, self.tr("New &search…"), self.ask, "Ctrl+Shift+F")

    def _build_view(self) -> QWidget:
        from workbench.gui.search.search_view import SearchView

        view = self._view = SearchView(self._theme)
        view.new_asked.connect(self.ask)
        view.study_chosen.connect(self._show)
        view.go_on_asked.connect(self.work_on)
        view.trial_chosen.connect(self._select)
        view.settings_asked.connect(self._use_best)
        view.installEventFilter(self)
        return view

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and event.type() == QEvent.Type.Show:
            self._timer.start()
            self.refresh()
        elif watched is self._view and event.type() == QEvent.Type.Hide:
            self._timer.stop()
        return super().eventFilter(watched, event)

    # Beginning

    @Slot()
    def ask(self) -> None:
        """Ask what to search over, and begin."""
        if self._build.config is None:
            self._training.message_bar.tell("error", self._build.problem())
        elif self.active:
            words = self.tr("Search '{0}' goes on; stop it first").format(self.active)
            self._training.message_bar.tell("info", words)
        else:
            # Which names are taken is known first: what was filled in would be lost with a refusal.
            handle = self._lane.ask(search_jobs.read_studies("", False), self._training.home, self._beginner)
            handle.finished.connect(self._ask_beside)
            handle.refused.connect(self._refuse)

    @Slot(object)
    def _ask_beside(self, studies: list[StudyRecord]) -> None:
        from workbench.gui.search.search_dialog import SearchDialog

        config = self._build.config
        if config is None or self.active:
            return
        presets = self._build.presets
        names = presets.model_name(config.model, self._build.model_panel.base), presets.recipe_name(config)
        taken = {study.name for study in studies}
        dialog = SearchDialog(config, names, self._network.times.seconds(config), taken, self._window)
        if dialog.exec() and dialog.definition is not None:
            handle = self._lane.ask(
                search_jobs.begin(dialog.definition, dialog.trials), self._training.home, self._beginner
            )
            handle.finished.connect(self._on_begun)
            handle.refused.connect(self._refuse)
        dialog.deleteLater()

    @Slot(object)
    def _on_begun(self, name: str) -> None:
        self.work_on(name)
        self.page_asked.emit()

    @Slot(str)
    def work_on(self, name: str) -> None:
        """Train what is left of a study's trials, once no other run goes on."""
        if self.active and self.active != name:
            words = self.tr("Search '{0}' goes on; stop it first, and then go on with '{1}'")
            self._training.message_bar.tell("info", words.format(self.active, name))
            return
        self.active, self._shown = name, name
        self._refusals, self._is_due = Refusals(), True
        self._next()
        self.refresh()

    # One trial after the other

    @Slot(object)
    def _on_state(self, state: State) -> None:
        if state is State.IDLE and self._is_due:
            # When all others have heard of it.
            QTimer.singleShot(0, self, self._next)
        elif state is State.IDLE:
            # Now there is time to find out what matters.
            self.refresh()

    @Slot()
    def _next(self) -> None:
        if not self._is_due or self._session.state is not State.IDLE or not self._window.isVisible():
            return
        handle: Handle | None = self._training.begin_queued(search_jobs.next_trial(self.active))
        if handle is not None:
            self._is_due = False
            handle.finished.connect(self._on_trial)
            handle.canceled.connect(self._on_canceled)
            handle.refused.connect(self._on_refused)

    @Slot(object)
    def _on_trial(self, ended: TrialEnded | None) -> None:
        # Asked to stop while its last event was on the way.
        is_stopped = self._session.state is State.STOPPING and ended is not None and ended.state != "pruned"
        if ended is None or is_stopped:
            self._end(is_done=ended is None)
            return
        if reason := self._refusals.take(ended):
            self._end()
            self._training.message_bar.tell("error", reason)
            return
        self._is_due = True
        self.refresh()

    @Slot()
    def _end(self, is_done: bool = False) -> None:
        self._done = self.active if is_done else ""
        self.active, self._is_due = "", False
        self._read()

    @Slot()
    def _on_canceled(self) -> None:
        self._end()
        self.stopped.emit()

    @Slot()
    def give_up(self) -> None:
        """The person stopped a run that was not of the search: none of it shall begin in its place."""
        if self._is_due:
            self._end()

    def _tell_done(self, study: StudyRecord) -> None:
        words = self.tr("Search '{0}' is done").format(study.name)
        if any(trial.state == "running" for trial in study.trials):
            words = self.tr("Search '{0}': other processes train its last trials").format(study.name)
        elif study.best is not None:
            text = self.tr("{0}: the best is trial {1}, {2} validation accuracy")
            words = text.format(words, study.best.number, percent(study.best.accuracy))
        self._training.message_bar.tell("info", words)

    @Slot(object)
    def _on_refused(self, _error: Exception) -> None:
        """The desk of training has said why."""
        self._end()

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        self._training.message_bar.tell("error", sentence_of(error))

    # Showing

    @Slot(str)
    def _show(self, name: str) -> None:
        self._shown = name
        self.refresh()

    @Slot()
    def _watch(self) -> None:
        """Other processes may work on a study too."""
        if self._changed_at() != self._read_at:
            self.refresh()

    def _changed_at(self) -> tuple[int, int] | None:
        try:
            found = self._training.home.studies.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    @Slot()
    def refresh(self) -> None:
        """Read all studies anew, if any is to be seen or worked on."""
        if self.active or (self._view is not None and self._view.isVisible()):
            self._read()

    def _read(self) -> None:
        self._read_at = self._changed_at()
        # A forest takes the machine for a moment: not beside a run.
        is_idle = self._session.state is State.IDLE and not self.active
        job = search_jobs.read_studies(self._shown, is_idle and bool(self._shown))
        handle = self._lane.ask(job, self._training.home, self)
        handle.finished.connect(self._take)
        handle.refused.connect(self._on_unreadable)

    @Slot(object)
    def _take(self, studies: list[StudyRecord]) -> None:
        self._studies = studies
        done, self._done = self._done, ""
        for study in studies:
            if study.name == done:
                self._tell_done(study)
        names = [study.name for study in studies]
        if self._shown not in names:
            self._shown = names[-1] if names else ""
        if self._view is None:
            return
        shown = next((each for each in studies if each.name == self._shown), None)
        if shown is None:
            self._view.show_nothing(
                self.tr("A search tries settings by itself, each trial a run. None has been begun here.")
            )
            return
        self._view.show_studies(names, shown, self.active)

    @Slot(object)
    def _on_unreadable(self, error: Exception) -> None:
        if self._view is not None:
            self._view.show_nothing(sentence_of(error))

    @Slot(object)
    def _select(self, trial: TrialRecord) -> None:
        if any(record.id == trial.run_id for record in self._runs_panel.model.every):
            self._runs_panel.select(trial.run_id)

    @Slot()
    def _use_best(self) -> None:
        study = self._view.study if self._view is not None else None
        if study is None or study.best is None:
            return
        try:
            self._build.show_config(study.definition.config_at(study.best.values))
        except UserError as error:
            self._refuse(error)
            return
        self.settings_taken.emit()
        taken = self.tr("Settings of trial {0} of '{1}' are taken; Ctrl+Z brings back the former ones")
        self._training.message_bar.tell("info", taken.format(study.best.number, study.name))
