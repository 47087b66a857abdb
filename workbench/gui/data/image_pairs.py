"""Images in pairs: one as it is above, what became of it below."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.widgets.pictures import to_qimage
from workbench.gui.widgets.theme import GAP, MARGIN

_COLUMNS = (8, 6, 4, 3)
# Of the pictures: one image drawn many times has room below them.
_SMALLEST_SIDE, _LARGEST_SIDE = 48, 96
# What belongs together stands close together.
_PAIR_GAP, _WIDEST_GAP = GAP, 32
# Around every picture: the black edge of a crop is as dark as a dark window.
_FRAME = 1
_HINT_WIDTH = 276
_STALE_OPACITY = 0.35


class ImagePairs(QWidget):
    """A grid of two images above each other, at whole multiples of their pixels, or scaled down.

    Args:
        lower, name: what the lower one is in words, and what all of them are; empty: what training sees.
    """

    def __init__(self, lower: str = "", name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lower = lower or self.tr("as trained")
        self._images: list[tuple[QImage, QImage]] = []
        self._scaled: list[tuple[QPixmap, QPixmap]] = []
        # Size of the scaled ones on the screen.
        self._scaled_to = QSize()
        self._is_faint = False
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(name or self.tr("Training images, the original above what training sees"))

    @property
    def count(self) -> int:
        return len(self._images)

    def show_pairs(self, plain: NDArray[np.uint8], augmented: NDArray[np.uint8]) -> None:
        """Two arrays (N, H, W, 3)."""
        self._images = [(to_qimage(a), to_qimage(b)) for a, b in zip(plain, augmented, strict=True)]
        self._scaled_to = QSize()
        self.setAccessibleDescription(self.tr("{0} pairs").format(self.count))
        self.updateGeometry()
        self.update()

    def set_faint(self, faint: bool) -> None:
        self._is_faint = faint
        self.update()

    def rects(self, width: int) -> list[tuple[QRect, QRect]]:
        """Where the pairs stand in a widget of this width."""
        if not self._images:
            return []
        columns, size = self._grid(width - 2 * _FRAME)
        # As wide as the fields above, unless that would tear the rows apart.
        gap = min((width - 2 * _FRAME - columns * size.width()) // (columns - 1), _WIDEST_GAP)
        across, down = size.width() + gap, size.height() + _PAIR_GAP
        result = []
        for index in range(self.count):
            row, column = divmod(index, columns)
            x, y = _FRAME + column * across, _FRAME + row * (2 * down - _PAIR_GAP + MARGIN)
            result.append((QRect(QPoint(x, y), size), QRect(QPoint(x, y + down), size)))
        return result

    def _grid(self, width: int) -> tuple[int, QSize]:
        """Columns, and size of a picture: fewer columns where four would leave the pixels too small to see."""
        source = self._images[0][0].size()
        longest = max(source.width(), source.height())
        sides = {}
        for columns in _COLUMNS:
            cell = max(1, min((width - (columns - 1) * GAP) // columns, _LARGEST_SIDE))
            sides[columns] = cell // longest * longest or cell
        chosen = next((columns for columns, side in sides.items() if side >= _SMALLEST_SIDE), _COLUMNS[-1])
        room = QSize(sides[chosen], sides[chosen])
        return chosen, source.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)

    def sizeHint(self) -> QSize:
        return QSize(_HINT_WIDTH, self.heightForWidth(_HINT_WIDTH))

    def heightForWidth(self, width: int) -> int:
        rects = self.rects(width)
        return rects[-1][1].bottom() + 1 + _FRAME if rects else 0

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(_STALE_OPACITY if self._is_faint else 1.0)
        painter.setPen(self.palette().mid().color())
        rects = self.rects(self.width())
        for places, pixmaps in zip(rects, self._pixmaps(rects), strict=True):
            for place, pixmap in zip(places, pixmaps, strict=True):
                painter.drawPixmap(place, pixmap)
                painter.drawRect(place.adjusted(-_FRAME, -_FRAME, 0, 0))

    def _pixmaps(self, rects: list[tuple[QRect, QRect]]) -> list[tuple[QPixmap, QPixmap]]:
        size = rects[0][0].size() * self.devicePixelRatioF() if rects else QSize()
        if size != self._scaled_to:
            self._scaled_to = size
            self._scaled = [(_scaled(a, size), _scaled(b, size)) for a, b in self._images]
        return self._scaled

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(event.pos()), self)
            return True
        return super().event(event)

    def words_at(self, position: QPoint) -> str:
        """What a picture is; empty beside all of them."""
        for index, (above, below) in enumerate(self.rects(self.width()), 1):
            if above.contains(position):
                return self.tr("Image {0}, original").format(index)
            if below.contains(position):
                return f"{self.tr('Image {0}').format(index)}, {self._lower}"
        return ""


def _scaled(image: QImage, size: QSize) -> QPixmap:
    """Pixels stay sharp when enlarged; made smaller, they are averaged."""
    smaller = size.width() < image.width()
    mode = Qt.TransformationMode.SmoothTransformation if smaller else Qt.TransformationMode.FastTransformation
    return QPixmap.fromImage(image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode))
