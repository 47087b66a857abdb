"""What each stage still sees of a real image: the grid of its maps, and how far one position looks."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.core.network.architecture import Architecture
from workbench.core.network.stems import stem_of
from workbench.gui.network.network_layout import sees_all
from workbench.gui.widgets.pictures import to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, tabular

_CAPTION_PX, _LINE_PX = 11, 15
_WIDEST_SLOT_PX = 132
_LARGEST_MULTIPLE = 6
# Finer grids would hide the image; a multiple of 1 or 2 shows pixels, not lines.
_FINEST_CELL_PX = 4.0
_VEIL = 0.55


@dataclass(frozen=True)
class Look:
    """One picture of the row: which map it is about, and what its middle position sees."""

    role: str
    """`input`, `stem` or `stage`."""
    stage: int
    map_size: int
    stride: int
    receptive_field: int
    origin: float
    """How far the middle of what position 0 sees is from the first pixel's."""


def looks_of(architecture: Architecture) -> list[Look]:
    """The input, the stem and the last block of each stage."""
    config = architecture.config
    looks = [Look("input", 0, config.input_size, 1, 1, 0)]
    last = {part.stage: part for part in architecture.parts if part.role != "head"}
    for stage, part in last.items():
        stride = stem_of(config.stem).total_stride * prod(config.stage_strides[:stage])
        role = "stage" if stage else "stem"
        origin = part.layers[-1].origin
        looks.append(Look(role, stage, part.output_shape[1], stride, part.receptive_field, origin))
    return looks


class ReceptiveView(QWidget):
    """Small pictures of one test image, one per stage."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._input_size = 0
        self.looks: list[Look] = []
        self._image: QImage | None = None
        self.setAccessibleName(self.tr("What each stage sees of an image"))
        theme.changed.connect(self.update)

    def show_architecture(self, architecture: Architecture) -> None:
        self._input_size, self.looks = architecture.config.input_size, looks_of(architecture)
        told = (f"{self._title(look)}: {self.caption(look)}" for look in self.looks)
        self.setAccessibleDescription(", ".join(told))
        self.updateGeometry()
        self.update()

    def show_image(self, pixels: NDArray[np.uint8] | None) -> None:
        """Take one (height, width, 3) image; None draws the grids alone."""
        self._image = None if pixels is None else to_qimage(pixels)
        self.update()

    def caption(self, look: Look) -> str:
        """`stride 4 · sees 35×35`, or `sees all` where the middle position sees the whole image."""
        return " · ".join(self._caption_lines(look))

    def _caption_lines(self, look: Look) -> list[str]:
        if look.role == "input":
            return [self.tr("every pixel")]
        if sees_all(look.receptive_field, self._input_size):
            sees = self.tr("sees all")
        else:
            sees = self.tr("sees {0}×{0}").format(look.receptive_field)
        return [self.tr("stride {0}").format(look.stride), sees]

    def seen_rect(self, look: Look, picture: QRectF) -> QRectF:
        """What the middle position sees, cut at the image's border."""
        pixel = picture.width() / self._input_size
        # Of convolutions padded by half their kernels, position i lies over pixel i * stride, whatever the depth.
        middle = look.map_size // 2 * look.stride + look.origin + 0.5
        side = look.receptive_field
        left = picture.left() + (middle - side / 2) * pixel
        top = picture.top() + (middle - side / 2) * pixel
        return QRectF(left, top, side * pixel, side * pixel).intersected(picture)

    def picture_rects(self) -> list[QRectF]:
        """Where the pictures stand: all of one size, a whole multiple of the image's where there is room."""
        if not self.looks:
            return []
        slot = (self.width() - 2 * MARGIN + FIELD_GAP) / len(self.looks)
        lines = 2 if self._fits_one_line(slot) else 3
        room = min(slot - FIELD_GAP, self.height() - (lines + 1) * _LINE_PX - 2 * FIELD_GAP - GAP)
        source = max(self._image.width(), self._image.height()) if self._image else self._input_size
        multiple = min(int(room / source), max(1, _LARGEST_MULTIPLE * 32 // source))
        side = source * multiple if multiple else max(8, int(room))
        # Close together where the row has room to spare.
        slot = min(slot, max(side, _WIDEST_SLOT_PX) + MARGIN)
        top = FIELD_GAP + _LINE_PX + GAP
        return [QRectF(MARGIN + round(slot * index), top, side, side) for index in range(len(self.looks))]

    def sizeHint(self) -> QSize:
        return QSize(560, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, 2 * FIELD_GAP + 4 * _LINE_PX + 36)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.looks:
            painter.setPen(self._theme.color("secondary"))
            text = self.tr("What each stage sees of a test image appears here.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        rects = self.picture_rects()
        slot = rects[1].left() - rects[0].left()
        for look, picture in zip(self.looks, rects, strict=True):
            self._draw_picture(painter, picture)
            # The first one is there to be looked at.
            if look.role != "input":
                self._draw_veil(painter, look, picture)
                self._draw_grid(painter, look, picture)
                self._draw_seen(painter, look, picture)
            self._draw_words(painter, look, picture, slot)

    def _draw_picture(self, painter: QPainter, picture: QRectF) -> None:
        if self._image is not None:
            painter.drawImage(picture, self._image, QRectF(self._image.rect()))
        else:
            painter.fillRect(picture, self._theme.color("hairline"))

    def _draw_veil(self, painter: QPainter, look: Look, picture: QRectF) -> None:
        """Dim what the middle position does not see."""
        outside = QPainterPath()
        outside.addRect(picture)
        outside.addRect(self.seen_rect(look, picture))
        veil = self._theme.color("surface")
        veil.setAlphaF(_VEIL)
        painter.fillPath(outside, veil)

    def _draw_grid(self, painter: QPainter, look: Look, picture: QRectF) -> None:
        cell = picture.width() / self._input_size * look.stride
        if cell < _FINEST_CELL_PX:
            return
        line = QColor(self._theme.color("text"))
        # The finer the grid, the fainter: it must not hide the image.
        line.setAlphaF(min(0.55, 0.12 + 0.03 * cell))
        painter.setPen(QPen(line, 1))
        for index in range(1, look.map_size):
            x, y = round(picture.left() + index * cell) - 0.5, round(picture.top() + index * cell) - 0.5
            painter.drawLine(QPointF(x, picture.top()), QPointF(x, picture.bottom() - 1))
            painter.drawLine(QPointF(picture.left(), y), QPointF(picture.right() - 1, y))

    def _draw_seen(self, painter: QPainter, look: Look, picture: QRectF) -> None:
        seen = self.seen_rect(look, picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # A line of the surface inside, so that the edge stands out on any image.
        for color, inset, breadth in (("surface", 2.5, 1), ("accent", 1.0, 2)):
            if min(seen.width(), seen.height()) > 2 * inset + 1:
                pen = QPen(self._theme.color(color), breadth)
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                painter.setPen(pen)
                painter.drawRect(seen.adjusted(inset, inset, -inset, -inset))
            elif color == "accent":
                painter.fillRect(seen, self._theme.color("accent"))

    def _draw_words(self, painter: QPainter, look: Look, picture: QRectF, slot: float) -> None:
        plain = self._caption_font()
        bold = QFont(plain)
        bold.setWeight(QFont.Weight.DemiBold)
        room = QRectF(picture.left(), FIELD_GAP - 2, slot - GAP, _LINE_PX)
        self._line(painter, room, self._title(look), bold, "text")
        room.moveTop(picture.bottom() + GAP)
        values = self.tr("{0}×{0} values").format(look.map_size)
        caption = [self.caption(look)] if self._fits_one_line(slot) else self._caption_lines(look)
        for text in (values, *caption):
            self._line(painter, room, text, plain, "secondary")
            room.translate(0, _LINE_PX)

    def _caption_font(self) -> QFont:
        font = tabular(self.font())
        font.setPixelSize(_CAPTION_PX)
        return font

    def _fits_one_line(self, slot: float) -> bool:
        metrics = QFontMetricsF(self._caption_font())
        return all(metrics.horizontalAdvance(self.caption(look)) < slot - FIELD_GAP for look in self.looks)

    def _line(self, painter: QPainter, room: QRectF, text: str, font: QFont, role: str) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.color(role))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)

    def _title(self, look: Look) -> str:
        names = {"input": self.tr("Image"), "stem": self.tr("Stem")}
        return names.get(look.role) or self.tr("Stage {0}").format(look.stage)
