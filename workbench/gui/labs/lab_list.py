"""All labs: what each asks, how much of it is done, how long the rest takes."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from workbench.core.formats import rough_duration
from workbench.core.labs.catalog import LABS
from workbench.gui.labs.lab_table import LabTable
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN
from workbench.gui.work.lab_jobs import LabLook


class _Roomy(QStyledItemDelegate):
    """Leaves room above and below texts of several lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return super().sizeHint(option, index) + QSize(0, FIELD_GAP)


class LabList(QWidget):
    """`opened` carries the name of a lab."""

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = list(LABS)
        columns = (
            (self.tr("Lab"), ""),
            (self.tr("Question"), self.tr("What the runs of this lab answer")),
            (
                self.tr("Done"),
                self.tr("Finished runs of all; those that were trained for something else count too"),
            ),
            (self.tr("Epochs"), self.tr("Of each run")),
            (self.tr("Time left"), self.tr("Of all runs that are still to be trained, on this machine")),
        )
        self._table = LabTable(self.tr("Labs"), columns, numbers=(2, 3, 4), wide=1)
        # Questions of a narrow window stand in several lines.
        self._table.setWordWrap(True)
        self._table.setItemDelegate(_Roomy(self._table))
        self._table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._table.row_opened.connect(self._on_opened)
        self._table.clicked.connect(lambda index: self._on_opened(index.row()))
        words = labeled(
            self.tr(
                "A lab is a question that a few trainings answer. Open one to see what it takes and what was seen."
            ),
            "secondary",
        )
        words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(words)
        layout.addWidget(self._table, 1)
        self.show_looks({})

    def show_looks(self, looks: Mapping[str, LabLook]) -> None:
        """What is known of each lab by its name; of others, what they ask."""
        self._table.show_rows([self._row(name, looks.get(name)) for name in self._names])

    def _row(self, name: str, look: LabLook | None) -> tuple[str, ...]:
        lab = LABS[name]
        if look is None:
            return lab.title, lab.question, "", "", ""
        runs = look.bench.runs
        done = self.tr("{0} of {1}").format(sum(run.state == "finished" for run in runs), len(runs))
        return lab.title, lab.question, done, str(look.bench.settings.epochs), self._time(look)

    def _time(self, look: LabLook) -> str:
        seconds, is_all = look.left
        if not look.bench.left:
            return self.tr("done")
        if not seconds:
            return "–"
        return rough_duration(seconds) if is_all else self.tr("more than {0}").format(rough_duration(seconds))

    @Slot(int)
    def _on_opened(self, row: int) -> None:
        self.opened.emit(self._names[row])
