"""The main window: builds the panels and holds every connection between them."""

from collections.abc import Mapping

from PySide6.QtCore import QSettings, QTimer, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, Event, RateChanged, RunFailed, RunFinished, RunStarted, Warned
from workbench.core.home import Home
from workbench.core.presets import Presets
from workbench.core.trials import Certificate, Preflight, RateSuggestion, RateTrial
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.network_actions import NetworkActions
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.run_desk import RunDesk
from workbench.gui.desks.trial_desk import TrialDesk
from workbench.gui.inspect.inspect_panel import InspectPanel
from workbench.gui.network.network_panel import NetworkPanel
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.runs.run_library import RunLibrary
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.widgets.menus import Menus, show_about
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.theme import MARGIN, Theme
from workbench.gui.widgets.told import told
from workbench.gui.window_layout import WindowLayout
from workbench.gui.work.mailbox import (
    EngineReady,
    Examples,
    Exported,
    Job,
    JobEnded,
    JobRefused,
    Message,
    SpeedMeasured,
)
from workbench.gui.work.training_session import State, TrainingSession


class MainWindow(QMainWindow):
    """Build on the left, learning curves and runs in the middle, mistakes on the right."""

    def __init__(self, home: Home, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self.home, self.theme, self._settings = home, theme, settings
        self._home_problem = ""
        self._remedy: dict[str, object] = {}
        self._closing = self._painted = self._is_closed = False
        self.session, self.library = TrainingSession(self), RunLibrary(self)
        self._build_panels()
        self._lay_out()
        self._build_menus()
        self._connect()
        self._layout.restore(self._settings)

    # Building

    def _build_panels(self) -> None:
        self.setWindowTitle(self.tr("ResNet Workbench"))
        self.message_bar = MessageBar(self.theme)
        presets = Presets.load(self.home.presets)
        if presets.problems:
            self.message_bar.tell("warning", "; ".join(presets.problems))
        self.build_panel = BuildPanel(presets, self.theme)
        self.progress_panel = ProgressPanel(self.theme)
        self.network_panel = NetworkPanel(self.theme)
        self.plot_panel = PlotPanel(self.theme)
        self.runs_panel = RunsPanel(self.theme)
        self.inspect_panel = InspectPanel(self.theme)
        self.desk = NetworkDesk(self.build_panel, self.network_panel, self.home)
        self.actions_of_network = NetworkActions(self.build_panel, self.desk, self.message_bar.tell, self)
        self.trial_desk = TrialDesk(self.build_panel, self.theme, self)
        self.run_desk = RunDesk(
            self.library,
            self.runs_panel,
            self.plot_panel,
            self.inspect_panel,
            self.build_panel,
            self.message_bar,
            self,
        )
        self._machine = QLabel(self.tr("loading PyTorch…"))
        self.statusBar().addPermanentWidget(self._machine)

    def _lay_out(self) -> None:
        self._layout = WindowLayout(
            self, self.progress_panel, self.build_panel, self.runs_panel, self.inspect_panel
        )
        center = QWidget()
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        margins = QVBoxLayout()
        margins.setContentsMargins(MARGIN, 0, MARGIN, 0)
        margins.addWidget(self.message_bar)
        column.addLayout(margins)
        self.center = QTabWidget()
        self.center.setDocumentMode(True)
        self.center.addTab(self.network_panel, self.tr("Network"))
        self.center.addTab(self.plot_panel, self.tr("Learning curves"))
        column.addWidget(self.center, 1)
        self.setCentralWidget(center)

    def _build_menus(self) -> None:
        menus = Menus(self)
        menus.add(menus.file, self.tr("Open &folder of images…"), self.build_panel.data_panel.ask_folder, "Ctrl+O")
        menus.add(
            menus.file,
            self.tr("Open &archive of images…"),
            self.build_panel.data_panel.ask_archive,
            "Ctrl+Shift+O",
        )
        menus.file.addSeparator()
        self.actions_of_network.add_to(menus)
        menus.file.addSeparator()
        menus.add(menus.file, self.tr("&Quit"), self.close, QKeySequence.StandardKey.Quit)
        self._start_action = menus.add(menus.run, self.tr("&Start"), self.start, "Ctrl+Return")
        self._pause_action = menus.add(menus.run, self.tr("&Pause or resume"), self.toggle_pause, "Ctrl+P")
        self._stop_action = menus.add(menus.run, self.tr("S&top"), self.session.stop, "Ctrl+.")
        self._finish_action = menus.add(menus.run, self.tr("Stop and &keep the best"), self.finish, "Ctrl+Shift+.")
        self._rate_action = menus.add(
            menus.run, self.tr("Change &learning rate…"), self.progress_panel.ask_rate, "Ctrl+L"
        )
        menus.run.addSeparator()
        menus.add(menus.run, self.tr("&Measure time and memory"), self.trial_desk.measure, "Ctrl+M")
        menus.add(menus.run, self.tr("&Find a learning rate…"), self.trial_desk.open_finder, "Ctrl+R")
        menus.add(menus.run, self.tr("Certify e&xact resume"), self.trial_desk.certify)
        menus.add(menus.view, self.tr("&Network"), self._look_at_network, "Ctrl+1")
        menus.add(menus.view, self.tr("Learning &curves"), self._look_at_curves, "Ctrl+2")
        menus.view.addSeparator()
        for dock in self._layout.docks:
            menus.view.addAction(dock.toggleViewAction())
        menus.add(menus.view, self.tr("&Reset layout"), self._layout.reset)
        menus.view.addSeparator()
        choices = (
            (self.tr("&System colors"), "system"),
            (self.tr("&Light"), "light"),
            (self.tr("&Dark"), "dark"),
        )
        menus.add_choice(menus.view, choices, self.theme.choice, self._choose_theme)
        menus.add(menus.help, self.tr("&About"), self._show_about)

    def _connect(self) -> None:
        progress, session = self.progress_panel, self.session
        progress.start_asked.connect(self.start)
        progress.pause_asked.connect(session.pause)
        progress.proceed_asked.connect(session.proceed)
        progress.stop_asked.connect(session.stop)
        session.message_received.connect(self._receive)
        session.state_changed.connect(self._on_state)
        self.build_panel.config_changed.connect(self._update_start)
        progress.finish_asked.connect(self.finish)
        progress.rate_factor_chosen.connect(session.change_rate)
        self.run_desk.job_wanted.connect(self.take_job)
        self.trial_desk.job_wanted.connect(self.take_job)
        self.trial_desk.cancel_wanted.connect(session.stop)
        session.state_changed.connect(self.trial_desk.show_state)
        self.desk.network_edited.connect(self._follow_edit)
        # What each stage sees, of the very image that was mistaken.
        self.inspect_panel.image_shown.connect(self.network_panel.show_image)
        self.desk.speed_wanted.connect(self._measure)
        self.theme.changed.connect(self.build_panel.model_panel.refresh_icons)

    @Slot(QAction)
    def _choose_theme(self, action: QAction) -> None:
        self.theme.choose(action.data())
        self._settings.setValue("theme", action.data())

    @Slot()
    def _show_about(self) -> None:
        show_about(self, self.home)

    # The home folder and its runs

    @Slot()
    def _open_home(self) -> None:
        if self._is_closed:
            return
        self._home_problem = ""
        try:
            self.library.open(self.home)
        except UserError as error:
            self._home_problem = str(error)
            self.message_bar.tell("error", str(error), self.tr("Choose folder…"), self._choose_home)
        self._update_start()
        if self.desk.home != self.home:
            self.desk.home = self.home
            self.actions_of_network.reload()
        self.desk.forget_speeds()
        records = self.runs_panel.model.records
        if records and not self.run_desk.shown_run:
            self._look_at_curves()
            self.runs_panel.select(records[0].id)
        if not self.session.engine_is_ready:
            self.session.open()

    def _choose_home(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("Folder for runs and data"))
        if path:
            self.home = Home.locate(path)
            self._open_home()

    @Slot()
    def _look_at_network(self) -> None:
        self.center.setCurrentWidget(self.network_panel)

    @Slot()
    def _look_at_curves(self) -> None:
        self.center.setCurrentWidget(self.plot_panel)

    @Slot()
    def _follow_edit(self) -> None:
        """An edited network is what the person looks at, unless a run draws its curves."""
        if self.session.state is State.IDLE:
            self._look_at_network()

    @Slot()
    def _measure(self) -> None:
        config = self.build_panel.config
        if config is not None:
            self.session.measure(self.home, config.training)

    # Training

    @Slot()
    def _update_start(self) -> None:
        reason = ""
        if self._home_problem:
            reason = self._home_problem
        elif self.session.state is State.EXPORTING:
            reason = self.tr("A run is being exported")
        elif self.session.state is State.TRYING:
            reason = self.tr("A measurement is going on; it can be stopped")
        elif self.session.state is not State.IDLE:
            reason = self.tr("A run is going on; stop it first")
        else:
            reason = self.build_panel.problem()
        self.progress_panel.allow_start(not reason, reason)
        self._start_action.setEnabled(not reason)
        self.statusBar().showMessage(reason if self.session.state is State.IDLE else "")

    @Slot()
    def start(self) -> None:
        """Train what the panels say."""
        if self._start_action.isEnabled():
            self.message_bar.hide()
            self.session.start(self.home, self.build_panel.job())

    @Slot(object)
    def take_job(self, job: Job) -> None:
        """Resume or export a run."""
        self.message_bar.hide()
        self.session.start(self.home, job)

    @Slot()
    def toggle_pause(self) -> None:
        if self.session.state is State.PAUSED:
            self.session.proceed()
        else:
            self.session.pause()

    @Slot(object)
    def _on_state(self, state: State) -> None:
        self.progress_panel.show_state(state)
        self.runs_panel.allow_training(state is State.IDLE)
        self.library.set_watching(state is State.IDLE)
        self._pause_action.setEnabled(state in (State.RUNNING, State.PAUSED))
        self._stop_action.setEnabled(state in (State.STARTING, State.RUNNING, State.PAUSED, State.TRYING))
        for action in (self._rate_action, self._finish_action):
            action.setEnabled(state in (State.RUNNING, State.PAUSED))
        self._update_start()
        if state is State.IDLE and self._closing:
            self.close()
        elif state is State.IDLE:
            # A machine that was too busy to be measured may be free now.
            self.desk.forget_speeds()

    @Slot(object)
    @told
    def _receive(self, message: Message) -> None:
        """Everything that the worker says, in order."""
        self.trial_desk.receive(message)
        match message:
            case EngineReady(device, precision):
                self._machine.setText(f"{device} · {precision}")
                self.desk.set_machine(device, precision)
                self.trial_desk.set_engine_ready()
            case SpeedMeasured():
                self.desk.forget_speeds()
            case Exported(path):
                self.message_bar.tell("info", self.tr("Written: {0}, and the weights beside it").format(path))
            case JobRefused(sentence):
                self._refuse(sentence)
            case JobEnded():
                self.run_desk.training_run = ""
                if self.session.state is not State.EXPORTING:
                    self.progress_panel.end_without_run()
                self.library.refresh()
            case RateTrial() | RateSuggestion() | Preflight() | Certificate() | Examples():
                pass  # The desk of trials has shown it.
            case _:
                self._receive_event(message)

    def _receive_event(self, event: Event) -> None:
        """What the run that is trained here says."""
        match event:
            case RunStarted():
                self._take_up(event)
            case RunFailed(_, sentence, is_bug, remedy):
                advice = self.tr(" (a bug of the workbench; details are in the log)") if is_bug else ""
                self._refuse(sentence + advice, remedy)
            case RunFinished(_, _, reason) if reason:
                self.message_bar.tell("info", reason[:1].upper() + reason[1:])
            case RateChanged(_, step, factor, rate):
                text = self.tr("Learning rate {0:.3g} from step {1} on: times {2:.3g} for the rest of the run")
                self.message_bar.tell("info", text.format(rate, step + 1, factor))
            case Warned(_, sentence):
                self.message_bar.tell("warning", sentence)
        self.progress_panel.append(event)
        self.run_desk.append(event)
        if isinstance(event, EpochMetrics | RunFinished | RunFailed):
            self.library.refresh()

    def _take_up(self, event: RunStarted) -> None:
        train, validation, test = event.images
        if not event.config.data.train_images:
            self.desk.set_images(event.config.data.source, train + validation)
        self._look_at_curves()
        self._machine.setText(
            self.tr("{0} · {1} · {2} ({3} / {4} / {5} images)").format(
                event.device, event.precision, event.config.data.source, train, validation, test
            )
        )
        self.run_desk.take_up(event)

    def _refuse(self, sentence: str, remedy: Mapping[str, object] | None = None) -> None:
        """Say why a run did not start or ended, at the field too where one is named; offer what would do."""
        if remedy:
            self._remedy = dict(remedy)
            offer = ", ".join(
                f"{key.rpartition('.')[2].replace('_', ' ')} {value}" for key, value in remedy.items()
            )
            self.message_bar.tell("error", sentence, self.tr("Use {0}").format(offer), self._take_remedy)
        else:
            self.message_bar.tell("error", sentence)
        self.build_panel.show_error(sentence)

    def _take_remedy(self) -> None:
        self.trial_desk.take_remedy(self._remedy)

    @Slot()
    def finish(self) -> None:
        """End the run with its best epoch, if there is one yet."""
        if self.progress_panel.can_finish:
            self.session.finish()
        else:
            self.message_bar.tell("info", self.tr("No epoch is finished yet; Stop saves the run as it is"))

    # Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # Neither the disk nor torch may delay the first paint.
            QTimer.singleShot(0, self._open_home)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A run that is going on is stopped and saved first; the window closes when that is done."""
        if self.session.state is not State.IDLE:
            self._closing = True
            self.session.stop()
            self.message_bar.tell("info", self.tr("Saving the run, then closing…"))
            event.ignore()
            return
        self._is_closed = True
        self._layout.save(self._settings)
        self._settings.sync()
        self.session.close()
        self.library.close()
        event.accept()
