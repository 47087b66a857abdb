"""Filters by the course of learning, by marks, and by how sure the answers are."""

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from workbench.gui.records.selection import Selection
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import GAP

_PERCENT = 100


class FilterBox(QWidget):
    """Shows and sets these parts of the selection's filter."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._course = ChoiceBox(
            self.tr("Course"),
            self.tr(
                "Over all epochs: learned is right from this epoch up to the last one; forgotten was right after "
                "this epoch for the last time"
            ),
            (
                ("", self.tr("Course: any")),
                ("learned", self.tr("Learned at this epoch")),
                ("forgotten", self.tr("Forgotten after it")),
                ("never", self.tr("Never learned")),
            ),
        )
        self._marked = ChoiceBox(
            self.tr("Marks"),
            self.tr("Images marked as excusable (M marks those that are chosen)"),
            (("", self.tr("Marks: any")), ("marked", self.tr("Marked")), ("unmarked", self.tr("Not marked"))),
        )
        self._low = self._percent_box(self.tr("Least confidence"), 0)
        self._high = self._percent_box(self.tr("Highest confidence"), _PERCENT)
        for box in (self._course, self._marked):
            box.activated.connect(self._on_choice)
        caption = labeled(self.tr("Confidence"), "secondary")
        caption.setBuddy(self._low)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._course, 3)
        row.addWidget(self._marked, 2)
        for widget in (caption, self._low, labeled(self.tr("to"), "secondary"), self._high):
            row.addWidget(widget)
        for signal in (selection.filter_changed, selection.epoch_changed):
            signal.connect(self._follow)
        self._follow()

    def _percent_box(self, name: str, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, _PERCENT)
        box.setValue(value)
        box.setSuffix(self.tr(" %"))
        box.setAccessibleName(name)
        box.setToolTip(self.tr("Only images whose answer has a probability between these two"))
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_confidence)
        return box

    @Slot()
    def _follow(self) -> None:
        chosen = self._selection.filter
        self._course.show_value(chosen.course)
        self._marked.show_value(chosen.marked)
        for spin, share in zip((self._low, self._high), chosen.confidence, strict=True):
            blocked = spin.blockSignals(True)
            spin.setValue(round(_PERCENT * share))
            spin.blockSignals(blocked)
        self.setEnabled(self._selection.evaluation is not None)

    @Slot()
    def _on_choice(self) -> None:
        chosen = replace(
            self._selection.filter, course=self._course.currentData(), marked=self._marked.currentData()
        )
        self._selection.set_filter(chosen)

    @Slot()
    def _on_confidence(self) -> None:
        """The other end gives way, so that there is always a range."""
        low, high = self._low.value(), self._high.value()
        if low > high:
            low, high = (low, low) if self.sender() is self._low else (high, high)
        chosen = replace(self._selection.filter, confidence=(low / _PERCENT, high / _PERCENT))
        self._selection.set_filter(chosen)
