"""All that the window has of the queue: reads it, shows it, adds to it and works it off."""

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget

from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.queue_adding import QueueAdding
from workbench.gui.desks.queue_desk import QueueDesk
from workbench.gui.desks.queue_news import QueueNews
from workbench.gui.desks.run_desk import RunDesk
from workbench.gui.desks.training_desk import TrainingDesk
from workbench.gui.records.queue_library import QueueLibrary
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.runs.queue_panel import QueuePanel
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.notifier import Notifier
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.lane import Lane
from workbench.gui.work.training_session import TrainingSession

_FAILURES = (0, 1, 2, 3, 5)


class QueueSide(QObject):
    """Builds the parts of the queue and joins them.

    `settings_taken` says that the left side was filled, `queue_asked` that the queue is to be seen; `filled`
    carries whether there is anything in it.
    """

    settings_taken = Signal()
    queue_asked = Signal()
    filled = Signal(bool)

    def __init__(
        self,
        session: TrainingSession,
        training_desk: TrainingDesk,
        run_desk: RunDesk,
        network_desk: NetworkDesk,
        build_panel: BuildPanel,
        progress_panel: ProgressPanel,
        inspecting: Lane,
        theme: Theme,
        settings: QSettings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        bar, home = training_desk.message_bar, training_desk.home
        self.library, self.panel = QueueLibrary(self), QueuePanel(theme)
        self.notifier = Notifier(QApplication.windowIcon(), self)
        news = QueueNews(self.notifier, bar)
        times = network_desk.times
        self.desk = QueueDesk(self.library, self.panel, session, training_desk, build_panel, times, bar, news)
        self.adding = QueueAdding(self.library, build_panel, progress_panel, inspecting, bar, home)
        self._settings = settings
        self._failures: list[QAction] = []
        self.panel.offer_adding(self.adding.add)
        self.adding.refused.connect(training_desk.refuse)
        self.adding.queue_asked.connect(self.queue_asked)
        self.desk.run_asked.connect(run_desk.show_run)
        self.desk.settings_taken.connect(self.settings_taken)
        self.desk.filled.connect(self.filled)
        self.library.changed.connect(self._show_failures)
        run_desk.library.runs_changed.connect(self.desk.take_runs)
        network_desk.speeds_forgotten.connect(self.desk.forget_times)

    def trains(self, run_id: str) -> bool:
        """Whether a run is an entry's, which nobody has started by hand."""
        return self.library.entry(run_id) is not None

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu Run that is about the queue."""
        self.adding.add_to(menus)
        menus.add(menus.run, self.tr("Start the q&ueue"), self.desk.start)
        menus.add(menus.run, self.tr("Pause the queue"), self.desk.pause)
        after = menus.run.addMenu(self.tr("Pause the queue after &failures"))
        words = (
            self.tr("Never"),
            self.tr("1 failure"),
            *(self.tr("{0} failures").format(n) for n in _FAILURES[2:]),
        )
        menus.add_choice(after, tuple(zip(words, map(str, _FAILURES), strict=True)), "0", self._choose_failures)
        self._failures = after.actions()
        notify = menus.add(menus.run, self.tr("&Notify on the desktop"), self._choose_notifying)
        notify.setCheckable(True)
        self.notifier.is_on = self._settings.value("notify", "true") != "false"
        notify.setChecked(self.notifier.is_on)

    @Slot(QAction)
    def _choose_failures(self, action: QAction) -> None:
        self.desk.stop_after(int(action.data()))
        self._show_failures()

    @Slot()
    def _show_failures(self) -> None:
        """As the queue has it: a command may have set another number."""
        for action in self._failures:
            action.setChecked(action.data() == str(self.library.state.stop_after_failures))

    @Slot(bool)
    def _choose_notifying(self, wanted: bool) -> None:
        self.notifier.is_on = wanted
        self._settings.setValue("notify", "true" if wanted else "false")

    def open(self, home: Home, problem: str) -> None:
        """Show the queue of `home` from now on; with a `problem` there is none."""
        self.desk.let_go()
        self.adding.home, self.adding.problem = home, problem
        self.adding.update()
        self.library.close()
        if problem:
            return
        try:
            self.library.open(home)
        except UserError as error:
            self.adding.problem = str(error)
            self.adding.update()
            return
        self.desk.offer_to_continue()

    def close(self) -> None:
        """The window closes."""
        self.desk.let_go()
        self.library.close()
        self.notifier.put_away()
