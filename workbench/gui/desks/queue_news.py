"""What is told of a queue that is worked off here: on the desktop after each run, in the window at its end."""

from PySide6.QtCore import QObject

from workbench.core.formats import duration, percent
from workbench.core.inspection.evaluation_changes import deciding_accuracy
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.run_record import RunRecord
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.notifier import Notifier


class QueueNews(QObject):
    """Counts what came of the entries since the queue was started."""

    def __init__(self, notifier: Notifier, message_bar: MessageBar) -> None:
        super().__init__(notifier)
        self.notifier, self._bar = notifier, message_bar
        self._finished = self._failed = 0

    def begin(self) -> None:
        """The queue is started."""
        self._finished = self._failed = 0

    def tell(self, entry: QueueEntry, record: RunRecord | None) -> None:
        """How an entry ended."""
        if entry.state == "failed":
            self.tell_refusal(entry.message, entry.name)
            return
        self._finished += 1
        sentence = self.tr("finished")
        if record is not None and record.best is not None:
            count = len(record.epochs)
            epochs = self.tr("1 epoch") if count == 1 else self.tr("{0} epochs").format(count)
            right = percent(deciding_accuracy(record.best))
            sentence = self.tr("{0} in {1}, {2} right").format(epochs, duration(record.elapsed_s), right)
        self.notifier.tell(self.tr("{0} is trained").format(entry.name), sentence)

    def tell_refusal(self, sentence: str, name: str = "") -> None:
        """An entry failed, or could not begin."""
        self._failed += 1
        title = self.tr("{0} failed").format(name) if name else self.tr("A run of the queue could not begin")
        self.notifier.tell(title, sentence)

    def end(self, reason: str) -> None:
        """The queue is worked off, or ends before that for a `reason`."""
        if not (self._finished or self._failed or reason):
            return
        counts = self.tr("{0} finished, {1} failed").format(self._finished, self._failed)
        sentence = f"{reason or self.tr('The queue is done')}; {counts}"
        self._bar.tell("warning" if self._failed or reason else "info", sentence)
        self.notifier.tell(reason or self.tr("The queue is done"), counts)
