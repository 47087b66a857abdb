"""What people write down about a run."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QPushButton, QWidget

from workbench.core.errors import UserError
from workbench.core.names import note_text
from workbench.core.records.run_record import RunRecord
from workbench.gui.widgets.dialog_column import lay_out_dialog
from workbench.gui.widgets.field_form import labeled

_WIDTH, _HEIGHT = 460, 160


class NoteDialog(QDialog):
    """Lines of plain text; Ctrl+Return keeps them."""

    def __init__(self, run: RunRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Note on {0}").format(run.name))
        self._text = QPlainTextEdit(run.note)
        self._text.setAccessibleName(self.tr("Note"))
        self._text.setPlaceholderText(self.tr("What was tried, what was seen, what to do next"))
        self._text.setTabChangesFocus(True)
        self._text.setMinimumHeight(_HEIGHT)
        self._text.textChanged.connect(self._check)
        self._error = labeled("", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._keep = QPushButton(self.tr("Keep"))
        self._keep.setToolTip(self.tr("Keep the note (Ctrl+Return)"))
        lay_out_dialog(self, [self._text, self._error], self._keep, _WIDTH)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self).activated.connect(self._keep.click)
        self._text.setFocus()

    @property
    def note(self) -> str:
        return self._text.toPlainText().strip()

    @Slot()
    def _check(self) -> None:
        said = ""
        try:
            note_text(self.note)
        except UserError as error:
            said = str(error)
        self._error.setText(said)
        self._error.setVisible(bool(said))
        self._keep.setEnabled(not said)
