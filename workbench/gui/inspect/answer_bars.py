"""The probability of every class for one image; they scroll where there are more than fit."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from workbench.gui.inspect.class_bars import ROW_PX, BarRows, ClassBar, probability_words
from workbench.gui.widgets.scrolling import bring_into_view
from workbench.gui.widgets.theme import Theme

_LEAST_WIDTH, _LEAST_ROWS, _MOST_ROWS = 240, 4, 10


class AnswerBars(QWidget):
    """A row per class, in the order of the classes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: Sequence[ClassBar] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Probability of every class"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_LEAST_WIDTH, len(self._bars) * ROW_PX)

    @property
    def bars(self) -> Sequence[ClassBar]:
        return self._bars

    def show_bars(self, bars: Sequence[ClassBar]) -> None:
        """The prediction is brought into sight where there are more than fit."""
        self._bars = bars
        self.setAccessibleDescription(", ".join(f"{bar.name} {bar.value:.1%}" for bar in bars))
        self.setFixedHeight(len(bars) * ROW_PX)
        self.bring_prediction_into_view()
        self.update()

    def bring_prediction_into_view(self) -> None:
        most = max(range(len(self._bars)), key=lambda number: self._bars[number].value, default=0)
        bring_into_view(self, QRect(0, most * ROW_PX, 1, ROW_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(0, 0, self.width(), self.height())
        rows = BarRows(self._bars, self.font(), area.width(), probability_words())
        rows.draw(painter, area, self._theme, QRectF(event.rect()))


class AnswerBarsArea(QScrollArea):
    """As high as ten rows where there is room, and as four where there is not."""

    def __init__(self, bars: AnswerBars) -> None:
        super().__init__()
        self._bars = bars
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # A stop of the Tab key where nothing can be seen.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setWidget(bars)

    def sizeHint(self) -> QSize:
        return QSize(_LEAST_WIDTH, min(_MOST_ROWS, len(self._bars.bars)) * ROW_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bars.bring_prediction_into_view()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(_LEAST_ROWS, len(self._bars.bars)) * ROW_PX)
