"""The confusion matrix: counts of (truth, prediction); a click on a cell or a heading shows its images."""

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.core.evaluation import Evaluation
from workbench.core.formats import count
from workbench.gui.inspect.confusion_layout import CAPTION_PX, ConfusionLayout, Place
from workbench.gui.inspect.confusion_painter import ConfusionPainter, Marks, highest_counts
from workbench.gui.inspect.confusion_scales import Legend, LegendEntry
from workbench.gui.inspect.confusion_words import most_confused, words_of
from workbench.gui.widgets.scrolling import bring_into_view
from workbench.gui.widgets.theme import FIELD_GAP, Theme

_PREFERRED_WIDTH, _EMPTY_SIZE = 420, QSize(160, 64)


class ConfusionView(QWidget):
    """Rows are truths, columns predictions. The diagonal has its own scale, so that errors stay visible."""

    cell_clicked = Signal(int, int)
    row_clicked = Signal(int)
    """A truth, whatever was predicted."""
    column_clicked = Signal(int)
    """A prediction, whatever the truth is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._evaluation: Evaluation | None = None
        self._made: ConfusionLayout | None = None
        self._painter: ConfusionPainter | None = None
        self._hovered: Place | None = None
        self._chosen: Place = (None, None)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Confusion matrix"))
        theme.changed.connect(self._lay_out_anew)
        self.show_evaluation(None)

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        names = evaluation.class_names if evaluation else ()
        if self._evaluation is None or names != self._evaluation.class_names:
            self._hovered = None
        self._evaluation = evaluation
        self._tell()
        self._lay_out_anew()
        self.updateGeometry()

    def mark(self, truth: int | None, prediction: int | None) -> None:
        """Frame the cell, row or column that the gallery shows."""
        self._chosen = (truth, prediction)
        self.update()

    @property
    def marked(self) -> tuple[int | None, int | None]:
        """Truth and prediction in the frame; None: any."""
        return self._chosen

    def cell_rect(self, truth: int, prediction: int) -> QRect:
        """Where a cell is drawn and can be clicked, in this widget's pixels."""
        return self._layout().rect((truth, prediction))

    def row_heading_rect(self, truth: int) -> QRect:
        """Where all images of a class can be clicked."""
        return self._layout().heading_rect((truth, None))

    def column_heading_rect(self, prediction: int) -> QRect:
        """Where all images taken for a class can be clicked."""
        return self._layout().heading_rect((None, prediction))

    @property
    def headings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names as they are written beside rows and above columns; empty where there is no room for any."""
        layout = self._layout()
        return layout.rows.texts, layout.columns.texts

    @property
    def has_counts(self) -> bool:
        """Whether counts are written in the cells."""
        return self._layout().count_font is not None

    @property
    def legend_texts(self) -> tuple[str, ...]:
        """What the legend below the cells says: each scale's words and end numbers."""
        return self._legend(self.width()).texts

    def sizeHint(self) -> QSize:
        least = self.minimumSizeHint()
        if self._evaluation is None:
            return QSize(_PREFERRED_WIDTH, _PREFERRED_WIDTH)
        width = max(least.width(), _PREFERRED_WIDTH)
        wide = ConfusionLayout(
            self._evaluation.class_names, self._widest_count(), self.font(), QSize(width, 99_999)
        )
        return QSize(width, max(least.height(), wide.cells.bottom() + self._foot(width)))

    def minimumSizeHint(self) -> QSize:
        """What surrounds this view should scroll before cells get too small to be hit."""
        if self._evaluation is None:
            return _EMPTY_SIZE
        names = self._evaluation.class_names
        least = ConfusionLayout.least_size(names, self._widest_count(), self.font())
        return least + QSize(0, self._foot(least.width()))

    def _widest_count(self) -> str:
        return str(int(self._evaluation.confusion.max())) if self._evaluation else ""

    def _legend(self, width: int) -> Legend:
        right, mistakes = highest_counts(self._evaluation) if self._evaluation else (0, 0)
        entries = (
            LegendEntry(self.tr("right"), count(right)),
            LegendEntry(self.tr("mistaken"), count(mistakes)),
        )
        font = QFont(self.font())
        font.setPixelSize(CAPTION_PX)
        return Legend(entries, font, width)

    def _foot(self, width: int) -> int:
        return FIELD_GAP + self._legend(width).height

    def _layout(self) -> ConfusionLayout:
        if self._made is None:
            names = self._evaluation.class_names if self._evaluation else ()
            foot = self._foot(self.width())
            self._made = ConfusionLayout(names, self._widest_count(), self.font(), self.size(), foot)
        return self._made

    @Slot()
    def _lay_out_anew(self) -> None:
        self._made = self._painter = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_anew()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._evaluation is None:
            painter.setPen(self._theme.color("secondary"))
            centered = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), centered, self._empty_words())
            return
        if self._painter is None:
            titles = self.tr("truth"), self.tr("prediction")
            legend = self._legend(self.width())
            self._painter = ConfusionPainter(self._evaluation, self._layout(), legend, self._theme, titles)
        self._painter.draw(painter, Marks(self._hovered, self._chosen))

    def describe(self, truth: int, prediction: int) -> str:
        """What a cell says, in words."""
        return words_of(self._evaluation, (truth, prediction)) if self._evaluation else ""

    def _tell(self) -> None:
        if self._evaluation is None:
            self.setAccessibleDescription(self._empty_words())
            return
        place = words_of(self._evaluation, self._hovered) if self._hovered else ""
        self.setAccessibleDescription(". ".join(filter(None, (place, most_confused(self._evaluation)))))

    def _empty_words(self) -> str:
        return self.tr("Appears after the first epoch.")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(event.pos())
            if place is not None and self._evaluation is not None:
                QToolTip.showText(event.globalPos(), words_of(self._evaluation, place), self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._lay_out_anew()

    def _place_at(self, position: QPoint) -> Place | None:
        return self._layout().place_at(position) if self._evaluation is not None else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._place_at(event.position().toPoint()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._place_at(event.position().toPoint()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Reached by keys, it shows where these begin."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._hover(self._hovered or self._begin())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move over the cells and, beyond the first, over the headings; Return or Space chooses one."""
        moves = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if self._evaluation is None:
            super().keyPressEvent(event)
        elif key in moves:
            self._hover(self._moved(self._hovered or (0, 0), *moves[key]))
            self._bring_into_view()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._hovered is not None:
            self._choose(self._hovered)
        else:
            super().keyPressEvent(event)

    def _begin(self) -> Place:
        row, column = self._chosen
        return (row or 0, column or 0)

    def _moved(self, place: Place, down: int, right: int) -> Place:
        """The place beside; headings stand before the first row and column, and nothing in their corner."""
        last = len(self._layout().xs) - 2
        row, column = (-1 if index is None else index for index in place)
        least = (0 if column < 0 else -1, 0 if row < 0 else -1)
        row, column = (
            min(max(index + step, low), last)
            for index, step, low in zip((row, column), (down, right), least, strict=True)
        )
        return (None if row < 0 else row, None if column < 0 else column)

    def _choose(self, place: Place | None) -> None:
        match place:
            case (int(row), int(column)):
                self.cell_clicked.emit(row, column)
            case (int(row), None):
                self.row_clicked.emit(row)
            case (None, int(column)):
                self.column_clicked.emit(column)

    def _hover(self, place: Place | None) -> None:
        if place != self._hovered:
            self._hovered = place
            self._tell()
            self.update()

    def _bring_into_view(self) -> None:
        if self._hovered is not None:
            layout, (row, column) = self._layout(), self._hovered
            is_cell = row is not None and column is not None
            bring_into_view(self, layout.rect(self._hovered) if is_cell else layout.heading_rect(self._hovered))
