"""Which run is shown, what it got right in a line; and the button that has its kept epoch evaluated anew."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.core.formats import percent
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import FIELD_GAP, GAP


class EvaluationBar(QWidget):
    """A title, in whose place stands how far an evaluation is while one goes on.

    Args:
        chooser: of the run; it stands beside the button.
    """

    evaluation_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, chooser: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = self._activity = self._reason = ""
        # A longer title must not make the panel wider.
        self._label = ElidedLabel("secondary")
        self._button = QPushButton()
        self._button.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(chooser, 1)
        row.addWidget(self._button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(row)
        layout.addWidget(self._label)
        self._refresh()

    def show_title(self, title: str) -> None:
        self._title = title
        self._refresh()

    def allow(self, reason: str) -> None:
        """Whether an evaluation could begin: it cannot with a `reason` why not."""
        self._reason = reason
        self._refresh()

    def show_progress(self, activity: str, done: int, total: int) -> None:
        share = f" {percent(done / total, 0)}" if total else ""
        self._activity = f"{activity}…{share}"
        self._refresh()

    def show_idle(self) -> None:
        self._activity = ""
        self._refresh()

    def _refresh(self) -> None:
        self._label.setText(self._activity or self._title)
        self._label.setToolTip(self._activity or self._title)
        self._button.setEnabled(bool(self._activity) or not self._reason)
        if self._activity:
            self._button.setText(self.tr("Cancel"))
            self._button.setToolTip(self.tr("Stop evaluating"))
        else:
            self._button.setText(self.tr("Evaluate"))
            self._button.setToolTip(
                self._reason
                or self.tr(
                    "Ask the network of the epoch that the run keeps about all test images, beside whatever is "
                    "trained (Ctrl+K)"
                )
            )

    @Slot()
    def _ask(self) -> None:
        if self._activity:
            self.cancel_asked.emit()
        else:
            self.evaluation_asked.emit()
