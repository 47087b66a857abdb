"""How the parts of a drawn network look: boxes, hops, labels, legend and read-out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from workbench.core.network.shortcuts import Way
from workbench.gui.network.network_layout import CLASSES_WIDTH, Box, Column, Drawing
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, tabular

CAPTION_PX = 11
LINE_PX = 15
HOP_PX = 12
_HOP_RADIUS = 5.0
_THIN_PX = 8
_SAMPLE_PX = 22
_CLASS_PITCH, _MOST_CLASSES = 6, 10
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Row:
    """One network and where it is drawn."""

    drawing: Drawing
    title: str
    top: float
    axis: float
    labels_top: float
    bottom: float

    def rect(self, box: Box) -> QRectF:
        """On whole pixels, so that edges are crisp."""
        left, top = round(MARGIN + box.left), round(self.axis - box.height / 2)
        return QRectF(left + 0.5, top + 0.5, round(box.breadth) - 1, max(2, round(box.height) - 1))


@dataclass(frozen=True)
class Marks:
    """Which boxes of a row stand out."""

    chosen: Box | None
    hovered: Box | None
    differing: frozenset[str]
    focused: bool


def caption_font(font: QFont, bold: bool = False) -> QFont:
    result = tabular(font)
    result.setPixelSize(CAPTION_PX)
    result.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return result


class NetworkPainter:
    """Draws with one QPainter, for one paint event."""

    def __init__(self, painter: QPainter, theme: Theme) -> None:
        self._painter, self._theme = painter, theme
        self._plain, self._bold = caption_font(painter.font()), caption_font(painter.font(), bold=True)
        self._surface, self._secondary = theme.color("surface"), theme.color("secondary")
        self._accent, self._text = theme.color("accent"), theme.color("text")
        self._edge = _mixed(self._surface, self._secondary, 0.8)

    def draw_row(self, row: Row, marks: Marks, labels: Sequence[Sequence[str]]) -> None:
        """Draw a network; `labels` holds title and lines of each column."""
        if row.title:
            self._words(QRectF(MARGIN, row.top, 10_000, LINE_PX), row.title, self._bold, self._text)
        self._draw_axis(row)
        for column in row.drawing.columns:
            for box in column.boxes:
                self._draw_box(row, column, box, marks)
                self._draw_hop(row, box, marks)
        for column, lines in zip(row.drawing.columns, labels, strict=True):
            self._draw_label(row, column, lines)

    def _draw_axis(self, row: Row) -> None:
        """The signal's way through all boxes."""
        boxes, y = row.drawing.boxes, row.axis + 0.5
        self._painter.setPen(QPen(self._edge, 1))
        self._painter.drawLine(QPointF(MARGIN + boxes[0].right, y), QPointF(MARGIN + boxes[-1].left, y))

    def _draw_box(self, row: Row, column: Column, box: Box, marks: Marks) -> None:
        rect = row.rect(box)
        if box.is_folded:
            self._draw_fold(rect, box, marks)
        elif column.key[0] == "head":
            self._draw_head(row, rect, box, marks)
        else:
            self._fill(rect, column, box, marks)

    def _fill(self, rect: QRectF, column: Column, box: Box, marks: Marks) -> None:
        self._painter.fillRect(rect, self._tone(column.key[1], box, marks))
        self._frame(rect, *self._edge_of(box, marks))

    def _tone(self, stage: int, box: Box, marks: Marks) -> QColor:
        """Neutral, a little stronger in each stage; the accent only for what is chosen."""
        if box is marks.chosen:
            return _mixed(self._surface, self._accent, 0.35)
        strength = 0.0 if not box.parts else 0.12 + 0.05 * stage
        return _mixed(self._surface, self._secondary, strength + (0.15 if box is marks.hovered else 0))

    def _edge_of(self, box: Box, marks: Marks) -> tuple[QColor, int]:
        if box is marks.chosen or box.names & marks.differing:
            # Two thick edges would fill a thin box, as if it were chosen.
            is_thin = min(box.breadth, box.height) < _THIN_PX
            return self._accent, 1 if is_thin else 3 if marks.focused and box is marks.chosen else 2
        return (self._text if box is marks.hovered else self._edge), 1

    def _frame(self, rect: QRectF, color: QColor, breadth: int) -> None:
        inset = (breadth - 1) / 2
        self._painter.setPen(QPen(color, breadth, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap,
                                  Qt.PenJoinStyle.MiterJoin))  # fmt: skip
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawRect(rect.adjusted(inset, inset, -inset, -inset))

    def _draw_fold(self, rect: QRectF, box: Box, marks: Marks) -> None:
        """Edges of many boxes, and their number on the axis."""
        color, breadth = self._edge_of(box, marks)
        self._painter.fillRect(rect.adjusted(0, 0, 1, 1), self._surface)
        slices = 7
        for index in range(slices):
            x = round(rect.left() + index * rect.width() / (slices - 1)) + 0.5
            self._painter.setPen(QPen(color, breadth if index in (0, slices - 1) else 1))
            self._painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        text = f"×\u202f{len(box.parts)}"
        room = QFontMetricsF(self._bold).horizontalAdvance(text) + 6
        pill = QRectF(rect.center().x() - room / 2, rect.center().y() - LINE_PX / 2, room, LINE_PX)
        self._painter.fillRect(pill, self._tone(0, box, marks) if box is marks.chosen else self._surface)
        self._words(pill, text, self._bold, self._text, _CENTER)

    def _draw_head(self, row: Row, rect: QRectF, box: Box, marks: Marks) -> None:
        """The pooled vector, and lines that fan out from it to the classes."""
        classes = box.shape[0]
        shown = min(classes, _MOST_CLASSES, max(2, int(row.labels_top - row.axis) * 2 // _CLASS_PITCH - 2))
        height = shown * _CLASS_PITCH - 2
        fan = rect.right() - CLASSES_WIDTH
        pooled = QRectF(
            rect.left(), row.axis - 2.5, round(row.drawing.scale.breadth(box.parts[0].input_shape[0])), 5
        )
        color, breadth = self._edge_of(box, marks)
        top = round(row.axis - height / 2)
        tone = self._tone(3, box, marks)
        for index in range(shown):
            if classes > shown and index in (shown // 2 - 1, shown // 2) and shown > 4:
                # Only the first and the last classes of many.
                self._painter.fillRect(QRectF(fan + 2, top + index * _CLASS_PITCH + 1, 2, 2), self._edge)
                continue
            mark = QRectF(fan + 0.5, top + index * _CLASS_PITCH + 0.5, CLASSES_WIDTH - 1, 3)
            self._painter.setPen(QPen(_mixed(self._surface, self._secondary, 0.45), 1))
            self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._painter.drawLine(
                QPointF(pooled.right() + 1, row.axis + 0.5), QPointF(fan - 1, mark.center().y())
            )
            self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self._painter.fillRect(mark, tone)
            self._frame(mark, color, 1)
        self._painter.fillRect(pooled, tone)
        self._frame(pooled, color, breadth)

    def _draw_hop(self, row: Row, box: Box, marks: Marks) -> None:
        """The shortcut leaves the way before a block and comes back behind it."""
        style = _pen_style(box.parts[0].shortcut) if box.parts else Qt.PenStyle.NoPen
        if style == Qt.PenStyle.NoPen:
            return
        reach = row.drawing.scale.gap * 0.32
        rect = row.rect(box)
        left, right = round(rect.left() - reach) + 0.5, round(rect.right() + reach) + 0.5
        top, axis = rect.top() - HOP_PX, row.axis + 0.5
        path = QPainterPath(QPointF(left, axis))
        path.lineTo(left, top + _HOP_RADIUS)
        path.quadTo(left, top, left + _HOP_RADIUS, top)
        path.lineTo(right - _HOP_RADIUS, top)
        path.quadTo(right, top, right, top + _HOP_RADIUS)
        path.lineTo(right, axis)
        color = self._text if box is marks.hovered else self._secondary
        color = self._accent if box is marks.chosen else color
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setPen(_line(color, style))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawPath(path)
        # Where both ways are added.
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(color)
        self._painter.drawEllipse(QPointF(right, axis), 2.2, 2.2)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_label(self, row: Row, column: Column, lines: Sequence[str]) -> None:
        left, top = MARGIN + column.left, row.labels_top
        self._painter.fillRect(
            QRectF(round(left), round(top), round(column.width), 1), self._theme.color("hairline")
        )
        slack = row.drawing.scale.column_gap - 2
        for index, line in enumerate(lines):
            room = QRectF(left - slack / 2, top + GAP + index * LINE_PX, column.width + slack, LINE_PX)
            font, color = (self._bold, self._text) if index == 0 else (self._plain, self._secondary)
            self._words(room, line, font, color, _CENTER)

    def draw_legend(self, area: QRectF, kinds: Sequence[tuple[Way, str]], differs: str, scale: str) -> None:
        """Samples of the shortcuts that occur; `differs` explains the accent edge, `scale` the sizes."""
        x, y = area.left(), round(area.center().y()) + 0.5
        for kind, word in kinds:
            if _pen_style(kind) != Qt.PenStyle.NoPen:
                self._painter.setPen(_line(self._secondary, _pen_style(kind)))
                self._painter.drawLine(QPointF(x, y), QPointF(x + _SAMPLE_PX, y))
                x += _SAMPLE_PX + GAP + 2
            x = self._entry(area, x, word)
        if differs:
            self._frame(QRectF(round(x) + 0.5, y - 5, 8, 10), self._accent, 2)
            x = self._entry(area, x + 15, differs)
        if area.right() - x > QFontMetricsF(self._plain).horizontalAdvance(scale) + MARGIN:
            self._words(area, scale, self._plain, self._secondary, _MIDDLE | Qt.AlignmentFlag.AlignRight)

    def _entry(self, area: QRectF, x: float, word: str) -> float:
        breadth = QFontMetricsF(self._plain).horizontalAdvance(word) + 1
        room = QRectF(x, area.top(), min(breadth, area.right() - x), area.height())
        self._words(room, word, self._plain, self._secondary)
        return x + breadth + MARGIN

    def draw_readout(self, area: QRectF, fields: Sequence[tuple[str, str]]) -> None:
        """Captions above values; the first field is what they are of."""
        self._painter.fillRect(QRectF(area.left(), area.top(), area.width(), 1), self._theme.color("hairline"))
        value_font = tabular(self._painter.font())
        title_font = QFont(value_font)
        title_font.setWeight(QFont.Weight.DemiBold)
        shares = (0.29, 0.19, 0.15, 0.2, 0.17)
        x = area.left() + MARGIN
        for index, ((caption, value), share) in enumerate(zip(fields, shares, strict=False)):
            breadth = share * (area.width() - 2 * MARGIN)
            room = QRectF(x, area.top() + FIELD_GAP - 2, breadth - GAP, LINE_PX)
            self._words(room, caption, self._plain, self._secondary)
            below = QRectF(x, room.bottom(), breadth - GAP, LINE_PX + 2)
            self._words(below, value, value_font if index else title_font, self._text)
            x += breadth

    def _words(
        self, room: QRectF, text: str, font: QFont, color: QColor, where: Qt.AlignmentFlag = _MIDDLE
    ) -> None:
        """One line, cut with an ellipsis where there is too little room."""
        self._painter.setFont(font)
        self._painter.setPen(color)
        metrics = QFontMetricsF(font)
        self._painter.drawText(
            room, where, metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width() + 1)
        )


def _pen_style(way: Way) -> Qt.PenStyle:
    """Of the hop around a block; none where there is no way around it."""
    match way:
        case "identity":
            return Qt.PenStyle.SolidLine
        case "projection":
            return Qt.PenStyle.DashLine
        case "zero-pad":
            return Qt.PenStyle.DotLine
        case "none":
            return Qt.PenStyle.NoPen
        case _:
            assert_never(way)


def _line(color: QColor, style: Qt.PenStyle) -> QPen:
    pen = QPen(color, 1.5)
    if style == Qt.PenStyle.DashLine:
        pen.setDashPattern([4, 2.5])
    elif style == Qt.PenStyle.DotLine:
        pen.setDashPattern([1.2, 1.8])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _mixed(ground: QColor, color: QColor, share: float) -> QColor:
    """`share` of a color on an opaque ground."""
    rest = 1 - share
    return QColor.fromRgbF(
        rest * ground.redF() + share * color.redF(),
        rest * ground.greenF() + share * color.greenF(),
        rest * ground.blueF() + share * color.blueF(),
    )
