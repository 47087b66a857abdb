"""The left of the workspace Inspect: which run, what it got right, its confusion matrix, and filters by class."""

from collections.abc import Sequence
from functools import cached_property

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import count, percent
from workbench.core.records.run_record import RunRecord
from workbench.gui.inspect.evaluation_bar import EvaluationBar
from workbench.gui.inspect.matrix.class_view import ClassView
from workbench.gui.inspect.matrix.confusion_pairs import ConfusedPairs
from workbench.gui.inspect.matrix.confusion_panel import ConfusionPanel
from workbench.gui.inspect.matrix.confusion_view import ConfusionView
from workbench.gui.inspect.seen_words import absence, epoch_words
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_WIDTH = 380


class RunSide(QWidget):
    """Follows the selection, and filters it. `run_chosen` carries the id of a run to look at.

    `images_shown` comes when a click has put images into the gallery.
    """

    run_chosen = Signal(str)
    images_shown = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._theme = theme
        self.confusion = ConfusionPanel(theme, selection)
        self._runs = QComboBox()
        self._runs.setAccessibleName(self.tr("Run"))
        self._runs.setToolTip(self.tr("The run whose answers are shown"))
        self._runs.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._runs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._runs.setMinimumContentsLength(12)
        self._runs.setPlaceholderText(self.tr("No run yet"))
        self._runs.activated.connect(self._on_run)
        self.bar = EvaluationBar(self._runs)
        self._lay_out()
        self._connect()
        self._follow_epoch()

    def _lay_out(self) -> None:
        self._empty = EmptyState()
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self.confusion, self.tr("Confusion"))
        self._pairs_room, self._classes_room = (
            LatePlot(build, is_plot=False) for build in (self._build_pairs, self._build_classes)
        )
        self._tabs.addTab(self._pairs_room, self.tr("Confused pairs"))
        self._tabs.addTab(self._classes_room, self.tr("Per class"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self.bar)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self._tabs, 1)
        layout.addLayout(self._filters())

    def _filters(self) -> QHBoxLayout:
        self._truth = self._class_box(self.tr("Truth"), self.tr("Show only images of this true class"))
        self._prediction = self._class_box(self.tr("Prediction"), self.tr("Show only images taken for this class"))
        self._clear = QPushButton(self.tr("Clear"))
        self._clear.setToolTip(self.tr("Show all classes again (Escape)"))
        self._clear.clicked.connect(self._selection.clear_filter)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._truth, 1)
        row.addWidget(self._prediction, 1)
        row.addWidget(self._clear)
        return row

    def _class_box(self, name: str, tooltip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.activated.connect(self._on_filter)
        return box

    def _connect(self) -> None:
        selection = self._selection
        self._tabs.currentChanged.connect(self._show_views)
        selection.epoch_changed.connect(self._follow_epoch)
        selection.epochs_changed.connect(self._show_title)
        selection.marks.changed.connect(self._show_title)
        selection.filter_changed.connect(self._follow_filter)
        view = self.confusion_view
        for signal, do in (
            (view.cell_clicked, selection.filter_classes),
            (view.row_clicked, self._filter_truth),
            (view.column_clicked, self._filter_prediction),
        ):
            signal.connect(do)
            signal.connect(self.images_shown)

    @cached_property
    def pairs(self) -> ConfusedPairs:
        """The list of confused pairs."""
        pairs = ConfusedPairs()
        pairs.pair_chosen.connect(self._selection.filter_classes)
        pairs.pair_chosen.connect(self.images_shown)
        return pairs

    @cached_property
    def class_view(self) -> ClassView:
        """The figures of every class."""
        view = ClassView(self._theme)
        view.class_clicked.connect(self._filter_truth)
        view.class_clicked.connect(self.images_shown)
        return view

    def _build_pairs(self) -> ConfusedPairs:
        self._show_views()
        return self.pairs

    def _build_classes(self) -> ClassView:
        self._show_views()
        return self.class_view

    @property
    def confusion_view(self) -> ConfusionView:
        """The matrix itself."""
        return self.confusion.view

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, 480)

    def show_runs(self, records: Sequence[RunRecord]) -> None:
        """The runs that can be looked at; rows stay where they are unless runs came or went."""
        self.confusion.show_runs(records)
        texts = [f"{record.number}  {record.name}" for record in records]
        if [record.id for record in records] == [self._runs.itemData(row) for row in range(self._runs.count())]:
            for row, text in enumerate(texts):
                if self._runs.itemText(row) != text:
                    self._runs.setItemText(row, text)
            return
        # What a person is about to choose must not move away.
        self._runs.hidePopup()
        self._runs.clear()
        for record, text in zip(records, texts, strict=True):
            self._runs.addItem(text, record.id)
        self._mark_run()

    @Slot()
    def _mark_run(self) -> None:
        self._runs.setCurrentIndex(self._runs.findData(self._selection.run_id))

    @Slot(int)
    def _on_run(self, index: int) -> None:
        self.run_chosen.emit(self._runs.itemData(index))

    @Slot()
    def _follow_epoch(self) -> None:
        selection = self._selection
        reason = absence(selection, self.tr("The confusion matrix appears here"))
        self._mark_run()
        self._show_title()
        self._empty.show_text(reason)
        self._empty.setVisible(bool(reason))
        self._tabs.setVisible(not reason)
        self._show_views()
        for box, title in ((self._truth, self.tr("Truth")), (self._prediction, self.tr("Prediction"))):
            names = selection.class_names
            # Without an evaluation the filter is still of the former classes.
            if box.count() == 0 or (names and tuple(box.itemText(i) for i in range(1, box.count())) != names):
                box.clear()
                box.addItem(self.tr("{0}: any").format(title), None)
                for index, name in enumerate(names):
                    box.addItem(name, index)
        self._follow_filter()

    @Slot()
    def _show_views(self) -> None:
        """What can be seen: of a thousand classes, matrix and figures take most of a second."""
        if not self.isVisible():
            return
        match self._tabs.currentWidget():
            case self.confusion:
                self.confusion.refresh()
            case self._pairs_room if self._pairs_room.is_built:
                self.pairs.show_evaluation(self._selection.evaluation)
            case self._classes_room if self._classes_room.is_built:
                self.class_view.show_evaluation(self._selection.evaluation)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_views()

    @Slot()
    def _show_title(self) -> None:
        evaluation = self._selection.evaluation
        if evaluation is None:
            self.bar.show_title("")
            return
        right, images = percent(evaluation.accuracy), count(len(evaluation.labels))
        words = self.tr("{0}: {1} of {2} test images right")
        said = epoch_words(self._selection)
        said = said[:1].upper() + said[1:]
        marked = self._selection.marks.flags(len(evaluation.labels))
        if marked.any():
            words = self.tr("{0}: {1} right, {2} without {3} marked")
            without = percent(evaluation.accuracy_of(~marked))
            self.bar.show_title(words.format(said, right, without, count(int(marked.sum()))))
        else:
            self.bar.show_title(words.format(said, right, images))

    @Slot()
    def _follow_filter(self) -> None:
        chosen = self._selection.filter
        self._truth.setCurrentIndex(0 if chosen.truth is None else chosen.truth + 1)
        self._prediction.setCurrentIndex(0 if chosen.prediction is None else chosen.prediction + 1)
        self._clear.setEnabled(not chosen.is_any)
        self.confusion_view.mark(chosen.truth, chosen.prediction)

    @Slot(int)
    def _on_filter(self, _index: int) -> None:
        self._selection.filter_classes(self._truth.currentData(), self._prediction.currentData())

    @Slot(int)
    def _filter_truth(self, index: int) -> None:
        self._selection.filter_classes(index, None)

    @Slot(int)
    def _filter_prediction(self, index: int) -> None:
        self._selection.filter_classes(None, index)
