"""The confusion matrix: (truth, prediction); a click on a cell or a heading shows its images."""

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
from workbench.core.formats import count, percent
from workbench.gui.inspect.confusion_scales import Legend, LegendEntry
from workbench.gui.inspect.matrix.confusion_layout import CAPTION_PX, ConfusionLayout, Place
from workbench.gui.inspect.matrix.confusion_painter import ConfusionPainter, Marks
from workbench.gui.inspect.matrix.confusion_shown import MINUS, ShownConfusion
from workbench.gui.inspect.matrix.confusion_words import most_confused, words_of
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.scrolling import bring_into_view
from workbench.gui.widgets.theme import FIELD_GAP, Theme

_PREFERRED_WIDTH, _EMPTY_SIZE = 420, QSize(160, 64)


class ConfusionView(QWidget):
    """Rows are truths, columns predictions. The diagonal has its own scale, so that errors stay visible.

    What it is told, asked and says is by class; inside, places are rows and columns as they stand.
    """

    cell_clicked = Signal(int, int)
    row_clicked = Signal(int)
    """A truth, whatever was predicted."""
    column_clicked = Signal(int)
    """A prediction, whatever the truth is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: ShownConfusion | None = None
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
        """As counts, with the classes as they are."""
        self.show_matrix(ShownConfusion(evaluation) if evaluation else None)

    def show_matrix(self, shown: ShownConfusion | None) -> None:
        names = shown.names if shown else ()
        if self._shown is None or names != self._shown.names:
            self._hovered = None
        self._shown = shown
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
        return self._layout().rect(self._place((truth, prediction)))

    def row_heading_rect(self, truth: int) -> QRect:
        """Where all images of a class can be clicked."""
        return self._layout().heading_rect(self._place((truth, None)))

    def column_heading_rect(self, prediction: int) -> QRect:
        """Where all images taken for a class can be clicked."""
        return self._layout().heading_rect(self._place((None, prediction)))

    def _place(self, classes: Place) -> Place:
        return self._shown.place(classes) if self._shown is not None else classes

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
        if self._shown is None:
            return QSize(_PREFERRED_WIDTH, _PREFERRED_WIDTH)
        width = max(least.width(), _PREFERRED_WIDTH)
        wide = ConfusionLayout(self._shown.names, self._shown.widest_text, self.font(), QSize(width, 99_999))
        return QSize(width, max(least.height(), wide.cells.bottom() + self._foot(width)))

    def minimumSizeHint(self) -> QSize:
        """What surrounds this view should scroll before cells get too small to be hit."""
        if self._shown is None:
            return _EMPTY_SIZE
        least = ConfusionLayout.least_size(self._shown.names, self._shown.widest_text, self.font())
        return least + QSize(0, self._foot(least.width()))

    def _legend(self, width: int) -> Legend:
        font = QFont(self.font())
        font.setPixelSize(CAPTION_PX)
        words = self.tr("right"), self.tr("mistaken")
        highest = self._shown.highest if self._shown else (0.0, 0.0)
        return Legend([self._legend_entry(*each) for each in zip(words, highest, strict=True)], font, width)

    def _legend_entry(self, words: str, highest: float) -> LegendEntry:
        shown = self._shown
        is_share = shown is not None and shown.cells == "shares"
        text = percent(highest / 100, 0) if is_share else count(round(highest))
        if shown is None or not shown.is_difference:
            return LegendEntry(words, text)
        return LegendEntry(words, f"+{text}", f"{MINUS}{text}")

    def _foot(self, width: int) -> int:
        return FIELD_GAP + self._legend(width).height

    def _layout(self) -> ConfusionLayout:
        if self._made is None:
            names, widest = (self._shown.names, self._shown.widest_text) if self._shown else ((), "")
            foot = self._foot(self.width())
            self._made = ConfusionLayout(names, widest, self.font(), self.size(), foot)
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
        if self._shown is None:
            painter.setPen(self._theme.color("secondary"))
            centered = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), centered, self._empty_words())
            return
        if self._painter is None:
            titles = self.tr("truth"), self.tr("prediction")
            legend = self._legend(self.width())
            self._painter = ConfusionPainter(self._shown, self._layout(), legend, self._theme, titles)
        self._painter.draw(painter, Marks(self._hovered, self._place(self._chosen)))

    def describe(self, truth: int, prediction: int) -> str:
        """What a cell says, in words."""
        return words_of(self._shown, (truth, prediction)) if self._shown else ""

    def _tell(self) -> None:
        shown = self._shown
        if shown is None:
            self.setAccessibleDescription(self._empty_words())
            return
        place = words_of(shown, shown.classes(self._hovered)) if self._hovered else ""
        self.setAccessibleDescription(". ".join(filter(None, (place, most_confused(shown.evaluation)))))

    def _empty_words(self) -> str:
        return self.tr("Appears after the first epoch.")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(event.pos())
            if place is not None and self._shown is not None:
                words = words_of(self._shown, self._shown.classes(place))
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._lay_out_anew()

    def _place_at(self, position: QPoint) -> Place | None:
        return self._layout().place_at(position) if self._shown is not None else None

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
        if self._shown is None:
            super().keyPressEvent(event)
        elif key in moves:
            self._hover(self._moved(self._hovered or (0, 0), *moves[key]))
            self._bring_into_view()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._hovered is not None:
            self._choose(self._hovered)
        else:
            super().keyPressEvent(event)

    def _begin(self) -> Place:
        row, column = self._place(self._chosen)
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
        if place is None or self._shown is None:
            return
        match self._shown.classes(place):
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
