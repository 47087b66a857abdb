"""Which format a run is exported in."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QWidget,
)

from workbench.core.export.formats import EXPORT_FORMATS, PYTHON, ExportFormat
from workbench.core.records.run_record import RunRecord
from workbench.gui.widgets.dialog_column import lay_out_dialog
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP

_WIDTH = 560
# As wide as a radio button's circle with the gap behind it: sentences stand below titles.
_INDENT = 24


class ExportDialog(QDialog):
    """All formats, each with what it is for; one whose library is not installed says what installs it."""

    def __init__(self, record: RunRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export run {0}, {1}").format(record.number, record.name))
        self._group = QButtonGroup(self)
        self._group.buttonToggled.connect(self._update)
        self._training = QCheckBox(self.tr("With the script that trains it, in plain PyTorch"))
        self._training.setToolTip(self.tr("Write NAME_train.py too, which trains the network as this run was"))
        choose = QPushButton(self.tr("Choose where…"))
        choose.setToolTip(self.tr("Ask for the name of the file, then write it"))
        lay_out_dialog(self, [self._make_list(), self._kept(record)], choose, _WIDTH)
        self._group.buttons()[0].setChecked(True)
        # Sentences in several lines: the height that is asked for by itself is that of a narrower dialog.
        self.resize(_WIDTH, self.heightForWidth(_WIDTH))

    @property
    def chosen(self) -> ExportFormat:
        return list(EXPORT_FORMATS.values())[self._group.checkedId()]

    @property
    def with_training(self) -> bool:
        """Whether the script that trains the network is wanted too."""
        return self.chosen.name == PYTHON and self._training.isChecked()

    def _make_list(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(GAP)
        grid.setColumnMinimumWidth(0, _INDENT)
        grid.setHorizontalSpacing(0)
        grid.setColumnStretch(1, 1)
        for number, each in enumerate(EXPORT_FORMATS.values()):
            button, reason = self._make_button(each), each.why_not
            self._group.addButton(button, number)
            grid.addWidget(button, grid.rowCount(), 0, 1, 2)
            sentence = labeled(reason or each.sentence, "secondary")
            sentence.setWordWrap(True)
            if reason:
                # What installs it is to be copied.
                sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(sentence, grid.rowCount(), 1)
            if each.name == PYTHON:
                grid.addWidget(self._training, grid.rowCount(), 1)
            grid.setRowMinimumHeight(grid.rowCount(), FIELD_GAP)
        return grid

    def _make_button(self, each: ExportFormat) -> QRadioButton:
        where = self.tr("a folder") if each.is_folder else each.suffix
        button = QRadioButton(self.tr("{0} ({1})").format(each.title, where))
        button.setEnabled(not each.why_not)
        button.setToolTip(each.why_not or each.sentence)
        return button

    def _kept(self, record: RunRecord) -> QLabel:
        """Of which epoch weights are."""
        epoch = record.best.epoch if record.best is not None else 0
        text = self.tr("Weights are those of the kept epoch, {0}. A network is loaded anew and compared first.")
        label = labeled(text.format(epoch), "secondary")
        label.setWordWrap(True)
        return label

    @Slot()
    def _update(self) -> None:
        self._training.setEnabled(self._group.checkedId() >= 0 and self.chosen.name == PYTHON)
