"""How a row of blocks looks: boxes that are switched on or off, their shortcuts, and bars of a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from workbench.core.formats import percent
from workbench.core.inspection.lesions import BlockSite, Sweep
from workbench.gui.inspect.blocks.block_strip_layout import AXIS_PX, BOX_PX, END_PX, HEADING_PX, StripLayout
from workbench.gui.widgets.theme import GAP, MARGIN, Theme, mixed, tabular


def tr(text: str) -> str:
    return QCoreApplication.translate("BlockStrip", text)


_CAPTION_PX = 11
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_OWN, _BESIDE = 0, 1
_TICKS = (0.0, 0.5, 1.0)
# Narrower columns have no room for a percentage, and for a number.
_VALUES_FROM_PX, _NAMES_FROM_PX = 34, 15


@dataclass(frozen=True)
class Bars:
    """A sweep to draw, and what it is of."""

    sweep: Sweep
    name: str
    is_beside: bool = False

    @property
    def series(self) -> int:
        return _BESIDE if self.is_beside else _OWN


@dataclass(frozen=True)
class BlockMarks:
    """Which block stands out; None: none."""

    chosen: int | None
    hovered: int | None
    is_focused: bool


class BlockStripPainter:
    """Draws with one QPainter, for one paint event."""

    def __init__(self, painter: QPainter, theme: Theme, layout: StripLayout) -> None:
        self._painter, self._theme, self._layout = painter, theme, layout
        self._plain = tabular(painter.font())
        self._plain.setPixelSize(_CAPTION_PX)
        self._bold = QFont(self._plain)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._surface, self._secondary = theme.color("surface"), theme.color("secondary")
        self._text, self._accent = theme.color("text"), theme.color("accent")
        self._edge = mixed(self._secondary, self._surface, 0.8)

    # The network

    def draw_network(self, sites: Sequence[BlockSite], scales: Sequence[float], marks: BlockMarks) -> None:
        """Boxes on the signal's way; `scales` has the factor of each branch."""
        layout, y = self._layout, round(self._layout.axis_y) + 0.5
        self._painter.setPen(QPen(self._edge, 1))
        self._painter.drawLine(QPointF(layout.begin, y), QPointF(layout.end, y))
        for number, (site, scale) in enumerate(zip(sites, scales, strict=True)):
            self._draw_hop(layout.box(number), site, scale)
            self._draw_box(layout.box(number), site, scale, number, marks)
            if layout.pitch >= _NAMES_FROM_PX:
                color = self._accent if number == marks.chosen else self._secondary
                font = self._bold if number == marks.chosen else self._plain
                self._words(layout.name(number), _short(site, layout.pitch), font, color, _CENTER)
        self._draw_stages(sites)
        for x, word, where in (
            (layout.begin - END_PX - GAP, tr("stem"), _RIGHT),
            (layout.end + GAP, tr("head"), _MIDDLE),
        ):
            self._words(QRectF(x, y - BOX_PX / 2, END_PX, BOX_PX), word, self._plain, self._secondary, where)

    def _draw_stages(self, sites: Sequence[BlockSite]) -> None:
        for stage, together in groupby(range(len(sites)), lambda number: sites[number].stage):
            numbers = list(together)
            first, last = self._layout.centers[numbers[0]], self._layout.centers[numbers[-1]]
            left = first - self._layout.pitch / 2
            room = QRectF(left, 0, last - first + self._layout.pitch, HEADING_PX)
            channels, height, width = sites[numbers[-1]].output_shape
            name = tr("stage {0}").format(stage)
            forms = (f"{name} · {channels} × {height} × {width}", name, str(stage))
            metrics = QFontMetricsF(self._bold)
            text = next((form for form in forms if metrics.horizontalAdvance(form) <= room.width()), forms[-1])
            self._words(room, text, self._bold, self._text, _CENTER)

    def _draw_box(self, rect: QRectF, site: BlockSite, scale: float, number: int, marks: BlockMarks) -> None:
        """Filled as far as its branch counts; hollow and crossed out where it is removed."""
        tone = mixed(self._secondary, self._surface, 0.2 + 0.06 * site.stage)
        self._painter.fillRect(rect, self._surface)
        filled = rect.adjusted(0, (1 - scale) * rect.height(), 0, 0)
        self._painter.fillRect(filled, tone)
        is_marked = number in (marks.chosen, marks.hovered)
        edge = self._accent if number == marks.chosen else self._text if is_marked else self._edge
        if scale == 0:
            edge = edge if number == marks.chosen else self._theme.color("wrong")
        breadth = 2 if number == marks.chosen and rect.width() > 8 else 1
        style = Qt.PenStyle.DashLine if scale < 1 else Qt.PenStyle.SolidLine
        self._painter.setPen(QPen(edge, breadth, style))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = breadth / 2
        self._painter.drawRect(rect.adjusted(inset, inset, -inset, -inset))
        if scale == 0:
            self._cross(rect)
        elif scale < 1 and rect.width() >= 28:
            self._words(rect, f"{100 * scale:.0f}", self._bold, self._text, _CENTER)
        if number == marks.chosen and marks.is_focused:
            self._painter.setPen(QPen(self._accent, 1))
            self._painter.drawRect(rect.adjusted(-2.5, -2.5, 2.5, 2.5))

    def _cross(self, rect: QRectF) -> None:
        side = min(rect.width() - 4, 12.0) / 2
        center = rect.center()
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setPen(QPen(self._theme.color("wrong"), 2))
        for direction in (1, -1):
            self._painter.drawLine(
                center + QPointF(-side, -side * direction), center + QPointF(side, side * direction)
            )
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_hop(self, rect: QRectF, site: BlockSite, scale: float) -> None:
        """The way around the block; dotted where a removed block has none, and something stands in for it."""
        has_own = site.remainder == "shortcut"
        if not has_own and (scale == 1 or site.remainder == "nothing removed"):
            return
        reach = max(2.0, min(8.0, (self._layout.pitch - rect.width()) / 2 - 2))
        left, right = rect.left() - reach + 0.5, rect.right() + reach - 0.5
        top, axis, radius = HEADING_PX + GAP + 0.5, round(self._layout.axis_y) + 0.5, min(4.0, reach)
        path = QPainterPath(QPointF(left, axis))
        path.lineTo(left, top + radius)
        path.quadTo(left, top, left + radius, top)
        path.lineTo(right - radius, top)
        path.quadTo(right, top, right, top + radius)
        path.lineTo(right, axis)
        color = self._text if scale < 1 else self._secondary
        style = Qt.PenStyle.SolidLine
        if not has_own:
            color, style = self._theme.color("wrong"), Qt.PenStyle.DotLine
        elif site.part.shortcut != "identity":
            style = Qt.PenStyle.DashLine
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setPen(QPen(color, 2 if scale < 1 else 1.25, style))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawPath(path)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # The sweep

    def draw_axis(self, title: str) -> None:
        area = self._layout.bars
        heading = QRectF(MARGIN, area.top() - HEADING_PX - 4, self._layout.width, HEADING_PX)
        self._words(heading, title, self._plain, self._secondary, _MIDDLE)
        for tick in _TICKS:
            y = round(area.bottom() - tick * area.height())
            self._painter.fillRect(QRectF(area.left(), y, area.width(), 1), self._theme.color("hairline"))
            room = QRectF(0, y - HEADING_PX / 2, AXIS_PX - GAP, HEADING_PX)
            self._words(room, percent(tick, 0), self._plain, self._secondary, _RIGHT)

    def draw_sweeps(self, shown: Sequence[Bars]) -> None:
        """Bars side by side, and for each sweep a line at what the intact network reaches."""
        for slot, bars in enumerate(shown):
            color = self._theme.series(bars.series)
            for number, removed in enumerate(bars.sweep.removed):
                rect = self._layout.bar(number, removed.accuracy, slot, len(shown))
                self._painter.fillRect(rect, color)
            self._draw_intact(bars, color)
        if len(shown) == 1 and self._layout.pitch >= _VALUES_FROM_PX:
            for number, removed in enumerate(shown[0].sweep.removed):
                rect = self._layout.bar(number, removed.accuracy)
                room = QRectF(rect.center().x() - self._layout.pitch / 2, rect.top() - 15, self._layout.pitch, 14)
                self._value(room, f"{100 * removed.accuracy:.0f}")

    def _value(self, room: QRectF, text: str) -> None:
        """On its own ground, as lines run through it."""
        breadth = QFontMetricsF(self._plain).horizontalAdvance(text) + 4
        ground = QRectF(room.center().x() - breadth / 2, room.top(), breadth, room.height())
        self._painter.fillRect(ground, self._surface)
        self._words(room, text, self._plain, self._text, _CENTER)

    def _draw_intact(self, bars: Bars, color: QColor) -> None:
        area = self._layout.bars
        y = round(area.bottom() - bars.sweep.intact * area.height()) + 0.5
        pen = QPen(color, 1)
        pen.setDashPattern([4, 3])
        self._painter.setPen(pen)
        self._painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def draw_column(self, number: int) -> None:
        """Behind all: the column of the block under the pointer."""
        pitch, center = self._layout.pitch, self._layout.centers[number]
        ground = mixed(self._theme.color("hairline"), self._surface, 0.5)
        self._painter.fillRect(QRectF(center - pitch / 2, HEADING_PX, pitch, self._layout.height), ground)

    def _words(self, room: QRectF, text: str, font: QFont, color: QColor, where: Qt.AlignmentFlag) -> None:
        self._painter.setFont(font)
        self._painter.setPen(color)
        self._painter.drawText(room, where, text)


def _short(site: BlockSite, pitch: float) -> str:
    """`layer2.1`, `2.1`, or `1` in narrow columns."""
    if pitch >= 56:
        return site.name
    return site.name.removeprefix("layer") if pitch >= 26 else str(site.part.number - 1)
