"""The marks of a map: thousands of small pictures, painted with one call."""

from collections.abc import Sequence
from enum import IntEnum
from typing import cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

# Radius of a disc, half the width of a cross, and the rim of the ground's color around both.
_DISC, _CROSS, _CROSS_LINE, _RIM = 3.0, 3.4, 1.8, 1.0
_FAINT_DISC = 2.0
# Odd, so that a mark has a pixel in its middle.
_SIDE = 11
# The members of QPainter::PixmapFragment, all of them qreal.
_FIELDS = 10
_X, _SOURCE_X, _SOURCE_Y, _WIDTH, _SCALE, _OPACITY = 0, 2, 3, 4, 6, 9


class Kind(IntEnum):
    """What a mark looks like; the later ones lie above the earlier."""

    FAINT = 0
    RIGHT = 1
    """A disc."""
    WRONG = 2
    """A cross."""


class Marks:
    """Every kind in each of a few colors, in one picture from which all are copied.

    Args:
        ratio: physical pixels of a logical one.
    """

    def __init__(self, colors: Sequence[QColor], faint: Sequence[QColor], ground: QColor, ratio: float) -> None:
        self.ratio = ratio
        side = round(_SIDE * ratio)
        self._side = side + 1 - side % 2
        self._atlas = QPixmap(self._side * max(1, len(colors)), self._side * len(Kind))
        self._atlas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._atlas)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for column, (color, pale) in enumerate(zip(colors, faint, strict=True)):
            for kind in Kind:
                painter.save()
                painter.translate((column + 0.5) * self._side, (kind + 0.5) * self._side)
                painter.scale(ratio, ratio)
                draw_mark(painter, kind, pale if kind is Kind.FAINT else color, ground)
                painter.restore()
        painter.end()

    def painted(
        self, size: QSize, ground: QColor, points: NDArray[np.floating], colors: NDArray[np.int64],
        kinds: NDArray[np.int64],
    ) -> QImage:  # fmt: skip
        """An image with a mark at each of (N, 2) logical pixels, the later ones above.

        Args:
            size: of the image, in logical pixels.
            colors: (N,) which of the colors.
            kinds: (N,) which of `Kind`.
        """
        image = QImage(size * self.ratio, QImage.Format.Format_RGB32)
        image.fill(ground)
        at = np.rint(points * self.ratio)
        seen = ((at > -self._side) & (at < [image.width() + self._side, image.height() + self._side])).all(axis=1)
        fragments = np.zeros((int(seen.sum()), _FIELDS))
        fragments[:, _X : _X + 2] = at[seen] + 0.5
        fragments[:, _SOURCE_X] = colors[seen] * self._side
        fragments[:, _SOURCE_Y] = kinds[seen] * self._side
        fragments[:, _WIDTH : _WIDTH + 2] = self._side
        fragments[:, _SCALE : _SCALE + 2] = 1
        fragments[:, _OPACITY] = 1
        if len(fragments):
            # Qt takes an array of fragments; one object for each would take ten times as long as to paint them.
            address = fragments.ctypes.data
            first = cast(QPainter.PixmapFragment, shiboken6.wrapInstance(address, QPainter.PixmapFragment))
            painter = QPainter(image)
            painter.drawPixmapFragments(first, len(fragments), self._atlas)
            painter.end()
        image.setDevicePixelRatio(self.ratio)
        return image


def draw_mark(painter: QPainter, kind: Kind, color: QColor, ground: QColor) -> None:
    """One mark around 0, with smooth edges."""
    painter.setPen(Qt.PenStyle.NoPen)
    if kind is Kind.FAINT:
        painter.setBrush(color)
        painter.drawEllipse(QPointF(), _FAINT_DISC, _FAINT_DISC)
    elif kind is Kind.RIGHT:
        painter.setBrush(ground)
        painter.drawEllipse(QPointF(), _DISC + _RIM / 2, _DISC + _RIM / 2)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(), _DISC, _DISC)
    else:
        box = QRectF(-_CROSS, -_CROSS, 2 * _CROSS, 2 * _CROSS)
        for pen_color, width in ((ground, _CROSS_LINE + 2 * _RIM), (color, _CROSS_LINE)):
            painter.setPen(QPen(pen_color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
