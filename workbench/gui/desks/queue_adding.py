"""What the left side describes, added to the queue: a button, a key, an entry of the menu."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction

from workbench.core.home import Home
from workbench.core.records.queue_entry import QueueEntry
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.records.queue_library import QueueLibrary
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.work.lane import Lane
from workbench.gui.work.queue_jobs import add_to_queue


class QueueAdding(QObject):
    """Asks a lane, because only the engine can say whether such a run could begin.

    `added` carries the entry, `refused` an error with its fields.
    """

    added = Signal(object)
    refused = Signal(object)
    queue_asked = Signal()

    def __init__(
        self,
        queue: QueueLibrary,
        build_panel: BuildPanel,
        progress_panel: ProgressPanel,
        lane: Lane,
        message_bar: MessageBar,
        home: Home,
    ) -> None:
        super().__init__(build_panel)
        self.home, self.problem = home, ""
        """Why there is no queue, if there is none."""
        self._queue, self._build, self._progress = queue, build_panel, progress_panel
        self._lane, self._bar = lane, message_bar
        self._entry: QAction | None = None
        progress_panel.queue_asked.connect(self.add)
        build_panel.config_changed.connect(self.update)
        self.update()

    def add_to(self, menus: Menus) -> None:
        """The entry of the menu Run."""
        self._entry = menus.add(menus.run, self.tr("Add to &queue"), self.add, "Ctrl+Shift+Return")
        self.update()

    @Slot()
    def update(self) -> None:
        """Say whether the present settings could be added, and if not, why."""
        reason = self.problem or self._build.problem()
        self._progress.allow_queue(not reason, reason)
        if self._entry is not None:
            self._entry.setEnabled(not reason)

    @Slot()
    def add(self) -> None:
        """Have what the left side describes trained later, whatever is changed there until then."""
        if self.problem or self._build.problem():
            return
        config, model, recipe = self._build.planned()
        handle = self._lane.ask(add_to_queue(config, model=model, recipe=recipe), self.home, self, replaces=False)
        handle.finished.connect(self._on_added)
        handle.refused.connect(self.refused)

    @Slot(object)
    def _on_added(self, entry: QueueEntry) -> None:
        self._queue.watch()
        words = self.tr("{0} is in the queue, at place {1}").format(entry.name, entry.place)
        self._bar.tell("info", words, self.tr("Show the queue"), self.queue_asked.emit)
        self.added.emit(entry)
