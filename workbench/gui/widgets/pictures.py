"""Pixels of the test images as Qt pictures."""

import itertools
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QPixmapCache

from workbench.core.data.dataset import ImageSet

EDGE_PX = 2

# Where a set of images was freed, another one may have its place in memory, and its id.
_numbers: WeakKeyDictionary[ImageSet, int] = WeakKeyDictionary()
_next_number = itertools.count()


def to_qimage(pixels_nhwc: NDArray[np.uint8]) -> QImage:
    """A copy of one (height, width, 3) uint8 image."""
    pixels = np.ascontiguousarray(pixels_nhwc)
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """The inverse: a (height, width, 3) uint8 copy."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def on_white(image: QImage) -> QImage:
    """The same without transparency; to be called on any thread."""
    if not image.hasAlphaChannel():
        return image
    ground = QImage(image.size(), QImage.Format.Format_RGB32)
    ground.fill(Qt.GlobalColor.white)
    painter = QPainter(ground)
    painter.drawImage(0, 0, image)
    painter.end()
    return ground


def fitted(image: QImage, side: int) -> QImage:
    """At most `side` pixels high and wide: pixels stay pixels where all become equally large, else smooth."""
    longer = max(image.width(), image.height())
    is_even = longer > 0 and side % longer == 0
    mode = Qt.TransformationMode.FastTransformation if is_even else Qt.TransformationMode.SmoothTransformation
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, mode)


def thumbnail(images: ImageSet, index: int, side: int) -> QPixmap:
    """As `fitted`; kept in Qt's cache of the last used ones."""
    number = _numbers.get(images)
    if number is None:
        number = _numbers[images] = next(_next_number)
    key = f"{number}-{index}-{side}"
    pixmap = QPixmap()
    if not QPixmapCache.find(key, pixmap):
        pixmap = QPixmap.fromImage(fitted(to_qimage(images.images[index]), side))
        QPixmapCache.insert(key, pixmap)
    return pixmap


def draw_edge(painter: QPainter, picture: QRect, color: QColor) -> None:
    painter.setPen(
        QPen(color, EDGE_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(picture.adjusted(-1, -1, 1, 1))
