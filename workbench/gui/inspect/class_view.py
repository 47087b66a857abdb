"""Accuracy of every class as bars; a click shows the class's images."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from workbench.core.evaluation import Evaluation
from workbench.core.formats import percent
from workbench.gui.inspect.class_bars import ClassBar, draw_class_bars, row_height
from workbench.gui.widgets.theme import FIELD_GAP, Theme

_ROW_PX = 22


class ClassView(QWidget):
    """Shows the per-class figures of an Evaluation. `class_clicked` carries the index of a class."""

    class_clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[ClassBar] = []
        self.setAccessibleName(self.tr("Accuracy of every class"))
        self.setToolTip(self.tr("Share of each class's test images that were recognized; click to see them"))
        theme.changed.connect(self.update)

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        figures = evaluation.per_class() if evaluation else ()
        self._bars = [ClassBar(f.name, f.accuracy, index) for index, f in enumerate(figures)]
        self.setMinimumHeight(len(self._bars) * _ROW_PX + 2 * FIELD_GAP)
        self.setAccessibleDescription(", ".join(f"{b.name} {percent(b.value)}" for b in self._bars))
        self.update()

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, FIELD_GAP, -FIELD_GAP, -FIELD_GAP)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._bars:
            painter.setPen(self._theme.color("secondary"))
            text = self.tr("The accuracy of every class appears here after the first epoch.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        draw_class_bars(painter, self._area(), self._bars, self._theme)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        row = int((event.position().y() - area.top()) // row_height(area, len(self._bars)))
        if 0 <= row < len(self._bars):
            self.class_clicked.emit(row)
