"""A long list of runs that an earlier version kept: made one of this version before it is shown."""

from PySide6.QtCore import QObject, Signal

from workbench.core.home import Home
from workbench.core.records.store_schema import is_long_of_earlier_version
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.work.lane import Lane
from workbench.gui.work.reading_jobs import bring_up_to_date


class ListUpgrade(QObject):
    """Has the lane that reads do it, which takes a second for each half a million steps."""

    ended = Signal()
    """The list can be opened; what went wrong is said when it is."""

    def __init__(self, reading: Lane, message_bar: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._lane, self._bar = reading, message_bar
        self._tried: list[Home] = []

    def begins(self, home: Home) -> bool:
        """Whether there is something to be done, which then goes on; once for each home."""
        if home in self._tried or not is_long_of_earlier_version(home):
            return False
        self._tried.append(home)
        self._bar.tell("info", self.tr("Bringing the list of runs up to date…"))
        self._lane.ask(bring_up_to_date(), home, self).ended.connect(self.ended)
        return True
