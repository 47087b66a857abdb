"""Which tags some runs shall have."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.names import tag_names
from workbench.core.records.run_record import RunRecord
from workbench.gui.widgets.dialog_column import lay_out_dialog
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import GAP

_WIDTH, _MOST_HEIGHT, _ROW_PX = 340, 220, 24


class TagsDialog(QDialog):
    """Checks those that all of the runs have, half those that some have; new ones are typed, with commas.

    `add` and `remove` say what is to be done.
    """

    def __init__(self, runs: Sequence[RunRecord], known: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        count = len(runs)
        whose = runs[0].name if count == 1 else self.tr("{0} runs").format(count)
        self.setWindowTitle(self.tr("Tags of {0}").format(whose))
        self._boxes: dict[str, tuple[QCheckBox, Qt.CheckState]] = {}
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for tag in sorted({*known, *(tag for run in runs for tag in run.tags)}, key=str.casefold):
            has = sum(tag in run.tags for run in runs)
            box = QCheckBox(tag.replace("&", "&&"))
            box.setTristate(0 < has < count)
            state = (Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked, Qt.CheckState.Checked)
            before = state[0 if not has else 2 if has == count else 1]
            box.setCheckState(before)
            self._boxes[tag] = box, before
            column.addWidget(box)
        column.addStretch(1)
        area = scrolling(content)
        area.setFixedHeight(min(_MOST_HEIGHT, max(1, len(self._boxes)) * _ROW_PX))
        area.setVisible(bool(self._boxes))
        self._typed = QLineEdit()
        self._typed.setPlaceholderText(self.tr("New tags, with commas between them"))
        self._typed.setAccessibleName(self.tr("New tags"))
        self._typed.textChanged.connect(self._check)
        self._error = labeled("", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._take = QPushButton(self.tr("Tag"))
        lay_out_dialog(self, [area, self._typed, self._error], self._take, _WIDTH)
        self._typed.setFocus()

    @property
    def add(self) -> list[str]:
        chosen = [tag for tag in self._boxes if self._changed_to(tag, Qt.CheckState.Checked)]
        return [*chosen, *self._new()]

    @property
    def remove(self) -> list[str]:
        return [tag for tag in self._boxes if self._changed_to(tag, Qt.CheckState.Unchecked)]

    def _changed_to(self, tag: str, state: Qt.CheckState) -> bool:
        box, before = self._boxes[tag]
        return box.checkState() == state != before

    def _new(self) -> list[str]:
        return [tag.strip() for tag in self._typed.text().split(",") if tag.strip()]

    @Slot()
    def _check(self) -> None:
        said = ""
        try:
            tag_names(self._new())
        except UserError as error:
            said = str(error)
        self._error.setText(said)
        self._error.setVisible(bool(said))
        self._take.setEnabled(not said)
