"""The main window: builds the panels and holds every connection between them."""

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from workbench import __version__
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, EvaluationReady, Event, RunFailed, RunFinished, RunStarted, Warned
from workbench.core.home import Home
from workbench.core.presets import Presets
from workbench.gui.build_panel import BuildPanel
from workbench.gui.inspect_panel import InspectPanel
from workbench.gui.mailbox import EngineReady, JobEnded, JobRefused, Message, ResumeJob
from workbench.gui.menus import Menus
from workbench.gui.message_bar import MessageBar
from workbench.gui.plot_panel import PlotPanel
from workbench.gui.progress_panel import ProgressPanel
from workbench.gui.run_library import RunLibrary
from workbench.gui.runs_panel import RunsPanel
from workbench.gui.theme import MARGIN, Theme
from workbench.gui.told import told
from workbench.gui.training_session import State, TrainingSession

_BUILD_WIDTH, _INSPECT_WIDTH, _RUNS_HEIGHT = 288, 432, 190
_LAYOUT_VERSION = 1
# Of the window manager's title bar, which is not known before the window is shown.
_FRAME_HEIGHT = 48


class MainWindow(QMainWindow):
    """Build on the left, learning curves and runs in the middle, mistakes on the right."""

    def __init__(self, home: Home, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self.home, self.theme, self._settings = home, theme, settings
        self._home_problem = ""
        self._shown_run = self._training_run = ""
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
        try:
            presets = Presets.load(self.home.presets)
        except UserError as error:
            presets = Presets.load()
            self.message_bar.tell("warning", str(error))
        self.build_panel = BuildPanel(presets, self.theme)
        self.progress_panel = ProgressPanel(self.theme)
        self.plot_panel = PlotPanel(self.theme)
        self.runs_panel = RunsPanel(self.theme)
        self.inspect_panel = InspectPanel(self.theme)
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
        column.addWidget(self.plot_panel, 1)
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
        menus.add(menus.file, self.tr("&Quit"), self.close, QKeySequence.StandardKey.Quit)
        self._start_action = menus.add(menus.run, self.tr("&Start"), self.start, "Ctrl+Return")
        self._pause_action = menus.add(menus.run, self.tr("&Pause or resume"), self.toggle_pause, "Ctrl+P")
        self._stop_action = menus.add(menus.run, self.tr("S&top"), self.session.stop, "Ctrl+.")
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
        progress, session, runs = self.progress_panel, self.session, self.runs_panel
        progress.start_asked.connect(self.start)
        progress.pause_asked.connect(session.pause)
        progress.proceed_asked.connect(session.proceed)
        progress.stop_asked.connect(session.stop)
        session.message_received.connect(self._receive)
        session.state_changed.connect(self._on_state)
        self.build_panel.config_changed.connect(self._update_start)
        self.library.runs_changed.connect(runs.show_runs)
        self.library.event_read.connect(self._read)
        runs.run_chosen.connect(self.show_run)
        runs.run_drawn_changed.connect(self._draw_run)
        runs.resume_asked.connect(self.resume)
        runs.rerun_asked.connect(self._use_settings)
        runs.delete_asked.connect(self._delete)
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
        self.resizeDocks([runs], [_RUNS_HEIGHT], Qt.Orientation.Vertical)

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
        text = self.tr(
            "<b>ResNet Workbench {0}</b><br>Build residual networks, watch them train, and look at what they get "
            "wrong.<br><br>Images: CIFAR-10, Krizhevsky 2009.<br>Runs and data: {1}"
        )
        QMessageBox.about(self, self.tr("About"), text.format(__version__, self.home.root))

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
        records = self.runs_panel.model.records
        if records and not self._shown_run:
            self.runs_panel.select(records[0].id)
        if not self.session.engine_is_ready:
            self.session.open()

    def _choose_home(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("Folder for runs and data"))
        if path:
            self.home = Home.locate(path)
            self._open_home()

    @Slot(str)
    @told
    def show_run(self, run_id: str) -> None:
        """Look at a recorded run: draw its curves and show its last evaluation."""
        if run_id == self._shown_run:
            return
        self._shown_run = run_id
        self.runs_panel.model.set_checked(run_id, True)
        self.inspect_panel.show_evaluation("", None, None)
        self._show_evaluation(run_id, self.library.evaluation(run_id))

    def _show_evaluation(self, run_id: str, evaluation: Evaluation | None) -> None:
        """Show what a run says of its test images, if those are still there."""
        record = self.library.record(run_id)
        images = self.library.images(record) if evaluation is not None else None
        self.inspect_panel.show_evaluation(record.name, evaluation, images)

    @Slot(str, bool)
    @told
    def _draw_run(self, run_id: str, drawn: bool) -> None:
        if not drawn:
            self.plot_panel.hide_run(run_id)
            return
        known = self.plot_panel.has_run(run_id)
        record = self.library.record(run_id)
        self.plot_panel.add_run(run_id, record.name, record.number - 1)
        if not known and run_id != self._training_run:
            for event in self.library.events(run_id):
                self.plot_panel.append(event)

    @Slot(object)
    @told
    def _read(self, event: Event) -> None:
        """What a run that another process trains has said."""
        if event.run_id != self._training_run:
            self.plot_panel.append(event)
            if isinstance(event, EvaluationReady) and event.run_id == self._shown_run:
                self._show_evaluation(event.run_id, event.evaluation)

    @Slot(str)
    @told
    def _use_settings(self, run_id: str) -> None:
        self.build_panel.show_config(self.library.record(run_id).config)

    @Slot(str)
    @told
    def _delete(self, run_id: str) -> None:
        question = self.tr("Delete run {0} with its checkpoints? This cannot be undone.")
        name = self.library.record(run_id).name
        answer = QMessageBox.question(self, self.tr("Delete run"), question.format(name))
        if answer != QMessageBox.StandardButton.Yes:
            return
        self.library.delete(run_id)
        self.plot_panel.remove_run(run_id)
        self._shown_run = ""
        self.inspect_panel.show_evaluation("", None, None)

    # Training

    @Slot()
    def _update_start(self) -> None:
        reason = ""
        if self._home_problem:
            reason = self._home_problem
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

    @Slot(str)
    def resume(self, run_id: str) -> None:
        """Go on with a stopped run."""
        self.message_bar.hide()
        self.session.start(self.home, ResumeJob(run_id))

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

    @Slot(object)
    @told
    def _receive(self, message: Message) -> None:
        """Everything that the worker says, in order."""
        match message:
            case EngineReady(device, precision):
                self._machine.setText(f"{device} · {precision}")
                return
            case JobRefused(sentence):
                self._refuse(sentence)
                return
            case JobEnded():
                self._training_run = ""
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
        self.plot_panel.append(message)
        if isinstance(message, EvaluationReady) and message.run_id == self._shown_run:
            self._show_evaluation(message.run_id, message.evaluation)
        if isinstance(message, EpochMetrics | RunFinished | RunFailed):
            self.library.refresh()

    def _take_up(self, event: RunStarted) -> None:
        self._training_run = event.run_id
        self.library.forget(event.run_id)
        self.library.refresh()
        train, validation, test = event.images
        self._machine.setText(
            self.tr("{0} · {1} · {2} ({3} / {4} / {5} images)").format(
                event.device, event.precision, event.config.data.source, train, validation, test
            )
        )
        self._draw_run(event.run_id, True)
        self.runs_panel.model.set_checked(event.run_id, True)
        self._shown_run = ""
        self.runs_panel.select(event.run_id)
        self.show_run(event.run_id)

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
