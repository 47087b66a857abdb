"""The confusion matrix with the choices of what it shows: counts or shares, in which order, against what."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.evaluation import Evaluation
from workbench.core.records.run_record import RunRecord
from workbench.gui.inspect.matrix.confusion_reference import BEFORE, MARKED, NOTHING, References, comparable
from workbench.gui.inspect.matrix.confusion_shown import ShownConfusion
from workbench.gui.inspect.matrix.confusion_view import ConfusionView
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import WheelGuard
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import GAP, Theme

_SHORTEST_CHARACTERS = 6


class ConfusionPanel(QWidget):
    """Follows the selection when it is told to. `clustering_asked` carries an Evaluation whose order is wanted."""

    clustering_asked = Signal(object)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection, self._references = selection, References(selection)
        self._records: tuple[RunRecord, ...] = ()
        self._others: list[RunRecord] = []
        self._evaluation: Evaluation | None = None
        self._order: NDArray[np.int64] | None = None
        self._ordered: Evaluation | None = None
        self.view = ConfusionView(theme)
        self._wheel = WheelGuard(self)
        self._cells = self._box(self.tr("Cells"), self.tr("Numbers of images, or shares of each row's images"))
        self._cells.addItem(self.tr("Counts"), "counts")
        self._cells.addItem(self.tr("Shares per row"), "shares")
        self._arranged = self._box(
            self.tr("Order of the classes"),
            self.tr("As the data have them, or so that classes taken for each other stand side by side"),
        )
        self._arranged.addItem(self.tr("Classes as given"), False)
        self._arranged.addItem(self.tr("Classes clustered"), True)
        self._against = self._box(
            self.tr("Against"),
            self.tr("Show by how much the matrix differs: from another epoch, or from another run's kept epoch"),
        )
        self._sentence = ElidedLabel("secondary")
        self._sentence.hide()
        self._lay_out()
        self._offer()
        for box in (self._cells, self._arranged):
            box.activated.connect(self.refresh)
        self._against.activated.connect(self._choose_against)
        selection.redone.connect(self._references.forget)

    def _box(self, name: str, tooltip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(_SHORTEST_CHARACTERS)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._wheel.guard(box)
        return box

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._cells, 1)
        row.addWidget(self._arranged, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(row)
        layout.addWidget(self._against)
        layout.addWidget(self._sentence)
        layout.addWidget(scrolling(self.view, sideways=True), 1)

    def show_runs(self, records: Sequence[RunRecord]) -> None:
        """The runs that there are, of which those with the same images can be compared with."""
        self._records = tuple(records)
        self._offer()

    def _offer(self) -> None:
        """What there is to compare with; a choice that is still there stays."""
        selection = self._selection
        self._others = comparable(self._records, selection.run.record)
        marked = self.tr("Against the marked epoch")
        if selection.marked_epoch:
            marked = self.tr("Against the marked epoch, {0}").format(selection.marked_epoch)
        items = [
            (self.tr("Against nothing"), NOTHING),
            (self.tr("Against the epoch before"), BEFORE),
            (marked, MARKED),
        ]
        items += [(self.tr("Against run {0}  {1}").format(r.number, r.name), r.id) for r in self._others]
        box = self._against
        if [(box.itemText(row), box.itemData(row)) for row in range(box.count())] != items:
            chosen = box.currentData()
            box.clear()
            for text, data in items:
                box.addItem(text, data)
            box.setCurrentIndex(max(0, box.findData(chosen or NOTHING)))
        model = box.model()
        if isinstance(model, QStandardItemModel):
            can_mark = bool(selection.marked_epoch)
            model.item(2).setEnabled(can_mark)
            model.item(2).setToolTip("" if can_mark else self.tr("Mark an epoch first (Ctrl+B)"))

    @Slot()
    def _choose_against(self) -> None:
        """Chosen anew, it is read anew; for the next epochs of this run, it is the same."""
        self._references.forget()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what the selection has now."""
        self._offer()
        evaluation = self._evaluation = self._selection.evaluation
        if evaluation is None:
            self.view.show_matrix(None)
            return
        reference = self._references.of(self._against.currentData(), self._others)
        self._sentence.setText(reference.sentence)
        self._sentence.setToolTip(reference.sentence)
        self._sentence.setVisible(bool(reference.sentence))
        shown = ShownConfusion(
            evaluation, self._cells.currentData(), self._order_of(evaluation), reference.evaluation
        )
        self.view.show_matrix(shown)

    def _order_of(self, evaluation: Evaluation) -> NDArray[np.int64] | None:
        """The wanted one; until that of this epoch is found, the last one, if it is of these classes."""
        if not self._arranged.currentData():
            return None
        if evaluation is not self._ordered:
            self.clustering_asked.emit(evaluation)
        is_known = self._ordered is not None and self._ordered.class_names == evaluation.class_names
        return self._order if is_known else None

    def take_order(self, evaluation: Evaluation, order: NDArray[np.int64]) -> None:
        """The order that was asked for."""
        self._ordered, self._order = evaluation, order
        if evaluation is self._evaluation and self._arranged.currentData():
            self.refresh()
