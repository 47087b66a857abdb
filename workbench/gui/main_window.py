"""The main window: builds the panels and holds every connection between them."""

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, RunFailed, RunFinished, RunStarted, Warned
from workbench.core.home import Home
from workbench.core.presets import Presets
from workbench.gui.build_panel import BuildPanel
from workbench.gui.inspect_panel import InspectPanel
from workbench.gui.mailbox import (
    EngineReady,
    Exported,
    Job,
    JobEnded,
    JobRefused,
    Message,
    SpeedMeasured,
)
from workbench.gui.menus import Menus, show_about
from workbench.gui.message_bar import MessageBar
from workbench.gui.network_actions import NetworkActions
from workbench.gui.network_desk import NetworkDesk
from workbench.gui.network_panel import NetworkPanel
from workbench.gui.plot_panel import PlotPanel
from workbench.gui.progress_panel import ProgressPanel
from workbench.gui.run_desk import RunDesk
from workbench.gui.run_library import RunLibrary
from workbench.gui.runs_panel import RunsPanel
from workbench.gui.theme import MARGIN, Theme
from workbench.gui.told import told
from workbench.gui.training_session import State, TrainingSession

_BUILD_WIDTH, _INSPECT_WIDTH, _RUNS_HEIGHT = 312, 432, 190
_LOW_WINDOW, _RUNS_HEIGHT_LOW = 800, 140
_LAYOUT_VERSION = 2
# Of the window manager's title bar, which is not known before the window is shown.
_FRAME_HEIGHT = 48


class MainWindow(QMainWindow):
    """Build on the left, learning curves and runs in the middle, mistakes on the right."""

    def __init__(self, home: Home, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self.home, self.theme, self._settings = home, theme, settings
        self._home_problem = ""
        self._closing = self._painted = self._is_closed = False
        self.session, self.library = TrainingSession(self), RunLibrary(self)
        self._build_panels()
        self._lay_out()
        self._build_menus()
        self._connect()
        self._restore_layout()

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
        toolbar = QToolBar(self.tr("Training"))
        toolbar.setObjectName("trainingToolBar")
        toolbar.setMovable(False)
        toolbar.addWidget(self.progress_panel)
        # A hidden tool bar would leave no visible way to start.
        toolbar.toggleViewAction().setEnabled(False)
        self.addToolBar(toolbar)
        left, right, bottom = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, left if corner is Qt.Corner.BottomLeftCorner else right)
        self._docks = [
            self._dock(self.tr("Build"), "build", self.build_panel, left),
            self._dock(self.tr("Runs"), "runs", self.runs_panel, bottom),
            self._dock(self.tr("Inspect"), "inspect", self.inspect_panel, right),
        ]
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

    def _dock(self, title: str, name: str, content: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(content)
        self.addDockWidget(area, dock)
        return dock

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
        menus.add(menus.view, self.tr("&Network"), self._look_at_network, "Ctrl+1")
        menus.add(menus.view, self.tr("Learning &curves"), self._look_at_curves, "Ctrl+2")
        menus.view.addSeparator()
        for dock in self._docks:
            menus.view.addAction(dock.toggleViewAction())
        menus.add(menus.view, self.tr("&Reset layout"), self.reset_layout)
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
        self.run_desk.job_wanted.connect(self.take_job)
        self.desk.network_edited.connect(self._follow_edit)
        # What each stage sees, of the very image that was mistaken.
        self.inspect_panel.image_shown.connect(self.network_panel.show_image)
        self.desk.speed_wanted.connect(self._measure)
        self.theme.changed.connect(self.build_panel.model_panel.refresh_icons)

    # Layout

    def reset_layout(self) -> None:
        """Put the docks back where they were at first."""
        areas = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
        )
        for dock, area in zip(self._docks, areas, strict=True):
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        build, runs, inspect = self._docks
        self.resizeDocks([build, inspect], [_BUILD_WIDTH, _INSPECT_WIDTH], Qt.Orientation.Horizontal)
        is_low = self.height() < _LOW_WINDOW
        height = _RUNS_HEIGHT_LOW if is_low else _RUNS_HEIGHT
        self.resizeDocks([runs], [height], Qt.Orientation.Vertical)

    def _restore_layout(self) -> None:
        available = self.screen().availableGeometry()
        self.resize(min(1440, available.width()), min(900, available.height() - _FRAME_HEIGHT))
        geometry, state = self._settings.value("geometry"), self._settings.value("state")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if not (isinstance(state, QByteArray) and self.restoreState(state, _LAYOUT_VERSION)):
            self.reset_layout()

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
        self._stop_action.setEnabled(state in (State.STARTING, State.RUNNING, State.PAUSED))
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
        match message:
            case EngineReady(device, precision):
                self._machine.setText(f"{device} · {precision}")
                self.desk.set_machine(device, precision)
                return
            case SpeedMeasured():
                self.desk.forget_speeds()
                return
            case Exported(path):
                self.message_bar.tell("info", self.tr("Written: {0}, and the weights beside it").format(path))
                return
            case JobRefused(sentence):
                self._refuse(sentence)
                return
            case JobEnded():
                self.run_desk.training_run = ""
                if self.session.state is not State.EXPORTING:
                    self.progress_panel.end_without_run()
                self.library.refresh()
                return
            case RunStarted():
                self._take_up(message)
            case RunFailed(_, sentence, is_bug):
                advice = self.tr(" (a bug of the workbench; details are in the log)") if is_bug else ""
                self._refuse(sentence + advice)
            case Warned(_, sentence):
                self.message_bar.tell("warning", sentence)
        self.progress_panel.append(message)
        self.run_desk.append(message)
        if isinstance(message, EpochMetrics | RunFinished | RunFailed):
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

    def _refuse(self, sentence: str) -> None:
        """Say why a run did not start or ended, at the field too where one is named."""
        self.message_bar.tell("error", sentence)
        self.build_panel.show_error(sentence)

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
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("state", self.saveState(_LAYOUT_VERSION))
        self._settings.sync()
        self.session.close()
        self.library.close()
        event.accept()
