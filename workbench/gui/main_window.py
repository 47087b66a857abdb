"""The main window: builds the panels, the lanes and the desks that join them."""

from PySide6.QtCore import QSettings, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow

from workbench.core.errors import DamagedDatabase, UserError
from workbench.core.events import RunStarted
from workbench.core.home import Home
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.network.memory import keep_large_blocks
from workbench.core.settings.presets import Presets
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.archive_desk import ArchiveDesk
from workbench.gui.desks.data_side import DataSide
from workbench.gui.desks.drop_desk import DropDesk
from workbench.gui.desks.inspect_desk import InspectDesk
from workbench.gui.desks.labs_page import LabsPage
from workbench.gui.desks.list_upgrade import ListUpgrade
from workbench.gui.desks.network_actions import NetworkActions
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.queue_side import QueueSide
from workbench.gui.desks.repair_desk import RepairDesk
from workbench.gui.desks.run_desk import RunDesk
from workbench.gui.desks.search_desk import SearchDesk
from workbench.gui.desks.speed_desk import SpeedDesk
from workbench.gui.desks.status_desk import StatusDesk
from workbench.gui.desks.training_desk import TrainingDesk
from workbench.gui.desks.trial_desk import TrialDesk
from workbench.gui.desks.verdict_page import VerdictPage
from workbench.gui.network.network_panel import NetworkPanel
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.records.selection import Selection
from workbench.gui.runs.block_panel import BlockPanel
from workbench.gui.runs.gradient_panel import GradientPanel
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.trials.plan_panel import PlanPanel
from workbench.gui.widgets.late_plot import PlotBuilder
from workbench.gui.widgets.menus import Menus, show_about
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.theme import Theme
from workbench.gui.widgets.theme_menu import ThemeMenu
from workbench.gui.window_parts import WindowParts
from workbench.gui.work import jobs
from workbench.gui.work.garbage_collector import GarbageCollector
from workbench.gui.work.lane import Lane
from workbench.gui.work.training_session import State, TrainingSession

# Jobs that look end within 0.2 s of being canceled; one that hangs on a file must not keep the window open.
_PATIENCE_MS = 10_000


class MainWindow(QMainWindow):
    """Four workspaces: build a network, watch it train, inspect its mistakes, compare runs."""

    def __init__(self, home: Home, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self.home, self.theme, self._settings = home, theme, settings
        self._closing = self._painted = self._is_closed = False
        self.has_let_go = True
        """False if a job would not end before the window closed, so that a thread still runs."""
        self.engine_is_ready = False
        # What looks never waits for what trains.
        self.training_lane = Lane("training", hosts=BESIDE_RUNS, parent=self)
        # Nor does a quick look wait for a long one.
        self.inspecting_lane, self.studying_lane = (
            Lane(name, jobs.use_one_thread, beside=BESIDE_RUNS, patience_ms=_PATIENCE_MS, parent=self)
            for name in ("inspecting", "studying")
        )
        # Curves are there before torch is, which this one never loads.
        self.reading_lane = Lane("reading", patience_ms=_PATIENCE_MS, parent=self)
        self.session, self.library = TrainingSession(self.training_lane, self), RunLibrary(self)
        self.selection = Selection(self.library, self)
        self._collector = GarbageCollector(self)
        # Before the lanes: beside torch, which they load, it would take longer.
        self._plot_builder = PlotBuilder(self)
        self._plot_builder.finished.connect(self._open_lanes)
        with theme.put_on_last():
            self._build_panels()
            self._lay_out()
            self._build_menus()
            self._connect()
        self.workspaces.restore(self._settings)

    # Building

    def _build_panels(self) -> None:
        self.setWindowTitle(self.tr("ResNet Workbench"))
        self.message_bar = MessageBar(self.theme)
        presets = Presets.load(self.home.presets)
        if presets.problems:
            self.message_bar.tell("warning", "; ".join(presets.problems))
        self.build_panel = BuildPanel(presets, self.theme)
        self.progress_panel, self.network_panel = ProgressPanel(self.theme), NetworkPanel(self.theme)
        self.plan_panel, self.plot_panel = PlanPanel(self.theme), PlotPanel(self.theme)
        self.gradient_panel, self.block_panel = GradientPanel(self.theme), BlockPanel(self.theme)
        self.runs_panel = RunsPanel(self.theme)
        self._build_desks()

    def _build_desks(self) -> None:
        self.network_desk = NetworkDesk(self.build_panel, self.network_panel, self.home)
        self.network_actions = NetworkActions(
            self.build_panel, self.network_desk, self.inspecting_lane, self.message_bar, self
        )
        self.trial_desk = TrialDesk(self.build_panel, self.session, self.plan_panel, self.home, self)
        self.inspect_desk = InspectDesk(
            self.library,
            self.selection,
            self.network_panel,
            self.inspecting_lane,
            self.studying_lane,
            self.theme,
            self,
        )
        self.verdict_page = VerdictPage(self.inspect_desk, self.runs_panel, self)
        self.labs_page = LabsPage(self.library, self.inspecting_lane, self.theme, self.message_bar, self)
        self.data_side = DataSide(
            self.build_panel, self.network_desk, self.network_actions.history, self.selection.marks,
            self.inspecting_lane, self.home, self.theme, self,
        )  # fmt: skip
        self.drop_desk = DropDesk(self.build_panel, self.message_bar, self.theme, self)
        self.run_desk = RunDesk(
            self.library,
            self.selection,
            self.runs_panel,
            self.plot_panel,
            self.gradient_panel,
            self.block_panel,
            self.build_panel,
            self.message_bar,
            self.inspecting_lane,
            self.reading_lane,
            self,
        )
        self._upgrade = ListUpgrade(self.reading_lane, self.message_bar, self)
        self._upgrade.ended.connect(self._open_home)
        self.archive_desk = ArchiveDesk(self.library, self.studying_lane, self.message_bar, self)
        self.repair_desk = RepairDesk(self.library, self.message_bar, self.inspecting_lane, self.home, self)
        self.training_desk = TrainingDesk(
            self.session, self.progress_panel, self.build_panel, self.run_desk, self.message_bar, self.home
        )
        self.speed_desk = SpeedDesk(self.network_desk, self.build_panel, self.session, self.training_lane)
        self.queue_side = QueueSide(
            self.session, self.training_desk, self.run_desk, self.network_desk, self.build_panel,
            self.progress_panel, self.inspecting_lane, self.theme, self._settings, self,
        )  # fmt: skip
        self.search_desk = SearchDesk(self.session, self.training_desk, self.build_panel, self.network_desk,
                                      self.runs_panel, self.inspecting_lane, self.theme, self)  # fmt: skip
        self.status_desk = StatusDesk(self.statusBar(), self.session, self.network_desk, self.training_desk)

    def _lay_out(self) -> None:
        inspect = self.inspect_desk
        self._parts = WindowParts(
            self,
            strip=self.progress_panel,
            settings=self.build_panel,
            network=self.network_panel,
            images=self.data_side.page,
            plan=self.plan_panel,
            curves=self.plot_panel,
            gradients=self.gradient_panel,
            blocks=self.block_panel,
            verdict=self.verdict_page,
            search=self.search_desk.page,
            labs=self.labs_page,
            runs=self.runs_panel,
            queue=self.queue_side.panel,
            mistakes=inspect.strip,
            run_side=inspect.side,
            views=inspect.views,
            image_views=inspect.image_views,
            epochs=inspect.epoch_panel,
        )
        self.workspaces = self._parts.workspaces
        self.setCentralWidget(self._parts.below(self.message_bar))

    def _build_menus(self) -> None:
        menus = Menus(self)
        menus.fill(
            menus.file,
            (self.build_panel.data_panel.add_to, self.inspect_desk.add_trying_to),
            (self.network_actions.add_to,),
            (self.archive_desk.add_to,),
            (self._add_quit,),
        )
        menus.fill(menus.run, (self.training_desk.add_to,), (self.queue_side.add_to, self.run_desk.changes.add_to))
        menus.fill(menus.run, (self.trial_desk.add_to, self.search_desk.add_to, self.labs_page.add_to))
        self.inspect_desk.add_to(menus)
        menus.fill(menus.view, (self._parts.add_to,), (ThemeMenu(self.theme, self._settings, self).add_to,))
        menus.add(menus.help, self.tr("&About"), self._show_about)

    def _add_quit(self, menus: Menus) -> None:
        menus.add(menus.file, self.tr("&Quit"), self.close, QKeySequence.StandardKey.Quit)

    def _connect(self) -> None:
        self.training_desk.run_started.connect(self._show_run)
        self.session.state_changed.connect(self._on_state)
        for refusing in (self.trial_desk, self.network_actions):
            refusing.refused.connect(self.training_desk.refuse)
        self.trial_desk.warned.connect(self.training_desk.warn)
        self.trial_desk.plan_asked.connect(self._look_at_plan)
        self.data_side.source_taken.connect(self._look_at_data)
        self.data_side.refused.connect(self.run_desk.tell_error)
        self.network_desk.steps_changed.connect(self.plan_panel.schedule.set_steps_per_epoch)
        self.plan_panel.schedule.set_steps_per_epoch(self.network_desk.steps_per_epoch)
        self.library.runs_changed.connect(self.network_desk.take_runs)
        for taking in (self.run_desk, self.queue_side, self.search_desk):
            taking.settings_taken.connect(self._parts.show_settings)
            taking.settings_taken.connect(self.data_side.desk.keep)
        self.queue_side.queue_asked.connect(self._parts.show_queue)
        self.queue_side.filled.connect(self._parts.offer_queue)
        self.search_desk.page_asked.connect(self._parts.show_search)
        self.search_desk.stopped.connect(self.queue_side.desk.hold)
        self.queue_side.desk.stopped.connect(self.search_desk.give_up)
        self.queue_side.library.changed.connect(self.labs_page.follow_queue)
        self.network_actions.settings_taken.connect(self._parts.see_settings)
        self.inspect_desk.run_chosen.connect(self.run_desk.show_run)
        self.inspect_desk.refused.connect(self.run_desk.tell_error)
        self.inspect_desk.told.connect(self.message_bar.tell)
        self.inspect_desk.inspect_asked.connect(self._parts.show_mistakes)
        self.inspect_desk.gallery_asked.connect(self._parts.show_gallery)
        self.runs_panel.inspect_asked.connect(self._parts.show_mistakes)
        self.runs_panel.compare_asked.connect(self.verdict_page.compare)
        self.runs_panel.compare_asked.connect(self._parts.show_verdict)
        self.labs_page.asked.connect(self._parts.show_labs)
        self.labs_page.run_asked.connect(self.runs_panel.select)
        self.labs_page.added.connect(self._parts.show_queue)
        self.runs_panel.again_asked.connect(self.training_desk.run_again)
        self.build_panel.tabs.currentChanged.connect(self._parts.show_settings_page)
        self.workspaces.changed.connect(self._on_workspace)
        self.repair_desk.list_closed.connect(self._open_home)
        self.drop_desk.taken.connect(self._parts.show_settings)
        self.drop_desk.image_dropped.connect(self.inspect_desk.trying.try_file)
        self.drop_desk.counts_dropped.connect(self.inspect_desk.take_counts)
        self.theme.changed.connect(self.build_panel.model_panel.refresh_icons)
        self._on_state(self.session.state)

    @Slot()
    def _show_about(self) -> None:
        show_about(self, self.home)

    # The home folder and its runs

    @Slot()
    def _open_home(self) -> None:
        self._open_reading()
        if self._is_closed or self._upgrade.begins(self.home):
            return
        problem = ""
        if self.training_desk.home != self.home:
            self.run_desk.leave_home()
        try:
            self.library.open(self.home)
        except DamagedDatabase as error:
            problem = error.what
            self.repair_desk.tell(problem, self.tr("Choose folder…"), self._choose_home)
        except UserError as error:
            problem = str(error)
            self.message_bar.tell("error", problem, self.tr("Choose folder…"), self._choose_home)
        self.runs_panel.set_readable(not problem)
        self.training_desk.set_home(self.home, problem)
        self.trial_desk.home = self.repair_desk.home = self.home
        self.data_side.set_home(self.home, problem)
        if not problem:
            self.repair_desk.look_after()
        if self.network_desk.home != self.home:
            self.network_desk.home = self.home
            self.network_actions.reload()
        self.network_desk.forget_speeds()
        if not self.selection.run_id:
            self.run_desk.draw_again(self._settings)
        self.queue_side.open(self.home, problem)
        self._focus()
        self._plot_builder.start()

    def _open_reading(self) -> None:
        if not self.reading_lane.is_open:
            # Before the threads: they would get memory arenas of their own.
            keep_large_blocks()
            self._collector.start()
            self.reading_lane.open()

    @Slot()
    def _open_lanes(self) -> None:
        if self._is_closed or self.training_lane.is_open:
            return
        handle = self.training_lane.ask(jobs.load_engine(), self.home, self)
        handle.finished.connect(self._on_engine_ready)
        handle.refused.connect(self._on_engine_missing)
        self.training_lane.open()

    @Slot(object)
    def _on_engine_ready(self, machine: jobs.Machine) -> None:
        self._collector.settle()
        # Only now: two threads that load torch at once would meet half-loaded modules.
        self._open_looking()
        self.engine_is_ready = self.speed_desk.engine_is_ready = True
        self.status_desk.set_machine(machine)
        self.network_desk.set_machine(machine.device, machine.precision)
        self.trial_desk.set_engine_ready()
        self.data_side.examples.set_engine_ready()

    def _open_looking(self) -> None:
        for lane in (self.inspecting_lane, self.studying_lane):
            lane.open()

    @Slot(object)
    def _on_engine_missing(self, error: Exception) -> None:
        """A broken torch does not take the window down: looking at recorded runs needs none."""
        self._open_looking()
        self.message_bar.tell("error", self.tr("PyTorch cannot be loaded: {0}").format(error))

    def _choose_home(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("Folder for runs and data"))
        if path:
            self.home = Home.locate(path)
            self._open_home()

    # Which workspace

    @Slot(str)
    def _on_workspace(self, name: str) -> None:
        self.inspect_desk.allow_keys(name)
        self.network_actions.history.allow(name != "inspect")
        self.run_desk.holds_selection = name == "inspect"
        self._focus()

    def _focus(self) -> None:
        """So that keys work at once in what one has come for."""
        match self.workspaces.current:
            case "inspect":
                self.inspect_desk.gallery.focus_pictures()
            case "compare":
                self.runs_panel.focus_table()
            case _:
                self.progress_panel.focus_start()

    @Slot()
    def _look_at_plan(self) -> None:
        self.workspaces.show("build")
        self.build_panel.show_tab("training")

    @Slot()
    def _look_at_data(self) -> None:
        self.workspaces.show("build")
        self.build_panel.show_tab("data")

    # The run that goes on

    @Slot(object)
    def _on_state(self, state: State) -> None:
        if state is State.IDLE and self._closing:
            self.close()
        elif state is State.IDLE:
            # A machine that was too busy to be measured may be free now.
            self.network_desk.forget_speeds()

    @Slot(object)
    def _show_run(self, event: RunStarted) -> None:
        """Look at the run that begins, unless the person looks at another one; say what it runs on."""
        train, validation, _test = event.images
        if not event.config.data.train_images:
            images = train + validation + len(event.config.data.excluded)
            self.network_desk.set_images(event.config.data.source, images, len(event.class_names))
        is_asked_for = not (self.queue_side.trains(event.run_id) or self.search_desk.active)
        if self.workspaces.current == "build" and is_asked_for:
            self.workspaces.show("train")
        self.status_desk.show_run(event)

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
            self.queue_side.desk.let_go()
            self.session.stop()
            self.message_bar.tell("info", self.tr("Saving the run, then closing…"))
            event.ignore()
            return
        self._is_closed = True
        self.workspaces.save(self._settings)
        self.run_desk.remember(self._settings)
        self._settings.sync()
        for lane in (self.training_lane, self.inspecting_lane, self.studying_lane, self.reading_lane):
            self.has_let_go &= lane.close()
        self._collector.stop()
        self.queue_side.close()
        self.library.close(for_good=True)
        event.accept()
