"""A small image at a whole multiple of its pixels, a square of it marked if need be."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets.pictures import draw_edge, to_qimage
from workbench.gui.widgets.theme import Theme


class PixelPicture(QWidget):
    """Takes `side` pixels of the screen across and down, whatever its image has."""

    def __init__(self, theme: Theme, side: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._side = theme, side
        self._image: QImage | None = None
        self._square: tuple[int, int, int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def show_pixels(self, pixels: NDArray[np.uint8] | None, square: tuple[int, int, int] | None = None) -> None:
        """(H, W, 3) pixels; the `square` (x, y, side) of them gets an edge."""
        self._image = None if pixels is None else to_qimage(pixels)
        self._square = square
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), self._theme.color("hairline"))
            return
        factor = max(1, self._side // self._image.width())
        side = factor * self._image.width() if self._image.width() <= self._side else self._side
        picture = QRect((self._side - side) // 2, (self._side - side) // 2, side, side)
        painter.drawImage(picture, self._image)
        if self._square is not None:
            x, y, size = self._square
            scale = side / self._image.width()
            left, top = picture.left() + round(x * scale), picture.top() + round(y * scale)
            draw_edge(
                painter, QRect(left, top, round(size * scale), round(size * scale)), self._theme.color("wrong")
            )
