"""One training image beside many ways in which training may see it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QImage, QKeySequence, QPainter, QPaintEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.data.data_pictures import sides_for
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.pictures import fitted, to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN

# As many rows of 24 pictures are full.
_COLUMNS = (12, 8, 6, 4, 3, 2)
_ENOUGH_COLUMNS = 8
_LARGEST_SIDE = 96
_FRAME = 1
_HINT_WIDTH = 320
_STALE_OPACITY = 0.35


class DrawsView(QWidget):
    """`again_asked` asks for other draws of the same image, `seen` says that it has come into sight."""

    again_asked = Signal()
    seen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption, self._problem = labeled("", "secondary"), labeled("", "error")
        for label in (self._caption, self._problem):
            label.setWordWrap(True)
        self._problem.hide()
        self._grid = DrawsGrid()
        self._grid.hide()
        self._button = QPushButton(self.tr("Draw again"))
        self._button.clicked.connect(self.again_asked)
        self.again = QAction(self.tr("Draw again"), self)
        """For who gives its key a place: it counts where the view is seen."""
        self.again.setShortcut(QKeySequence("R"))
        self.again.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.again.triggered.connect(self._on_key)
        row = QHBoxLayout()
        row.addWidget(self._button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(labeled(self.tr("One image, many times"), "heading"))
        for widget in (self._caption, self._problem, self._grid):
            layout.addWidget(widget)
        layout.addLayout(row)
        self.show_absence(self.tr("The image that is chosen in Images appears here, changed at random."))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def show_draws(self, caption: str, plain: NDArray[np.uint8], drawn_nhwc: NDArray[np.uint8]) -> None:
        """Show one image (H, W, 3), and what was made of it."""
        self._caption.setText(caption)
        self._problem.hide()
        self._grid.show_pictures(plain, drawn_nhwc)
        self._grid.set_faint(False)
        self._grid.show()
        self._allow("")

    def show_absence(self, reason: str) -> None:
        """There is nothing to draw from yet."""
        self._grid.hide()
        self._problem.hide()
        self._caption.setText(reason)
        self._allow(reason)

    def show_problem(self, sentence: str) -> None:
        """Why there are no draws."""
        self._problem.setText(sentence)
        self._problem.show()
        self._grid.set_faint(True)

    def mark_stale(self) -> None:
        """Others are being drawn."""
        self._grid.set_faint(True)

    def _allow(self, reason: str) -> None:
        self._button.setEnabled(not reason)
        tooltip = self.tr("The same image with other random changes (R)")
        self._button.setToolTip(reason or tooltip)

    @Slot()
    def _on_key(self) -> None:
        if self.isVisible() and self._button.isEnabled():
            self.again_asked.emit()


class DrawsGrid(QWidget):
    """The original, twice as large, left of a grid of what was made of it, at whole multiples of their pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plain = QImage()
        self._drawn: list[QImage] = []
        self._pixmaps: tuple[int, list[QPixmap]] = (0, [])
        """Of which side, the original first."""
        self._is_faint = False
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("A training image, and as training may see it"))

    def show_pictures(self, plain: NDArray[np.uint8], drawn_nhwc: NDArray[np.uint8]) -> None:
        """(H, W, 3), and (N, H, W, 3) of the same size."""
        self._plain, self._drawn = to_qimage(plain), [to_qimage(each) for each in drawn_nhwc]
        self._pixmaps = (0, [])
        self.setAccessibleDescription(self.tr("{0} random changes").format(len(self._drawn)))
        self.updateGeometry()
        self.update()

    def set_faint(self, faint: bool) -> None:
        self._is_faint = faint
        self.update()

    @property
    def count(self) -> int:
        return len(self._drawn)

    def rects(self, width: int) -> list[QRect]:
        """Where the pictures stand in a widget of this width, the original first."""
        if not self._drawn:
            return []
        side, columns = self._layout_in(width - 2 * _FRAME)
        large = 2 * side
        places = [QRect(_FRAME, _FRAME, large, large)]
        left = _FRAME + large + MARGIN
        for number in range(self.count):
            row, column = divmod(number, columns)
            place = QPoint(left + column * (side + GAP), _FRAME + row * (side + GAP))
            places.append(QRect(place, QSize(side, side)))
        return places

    def _layout_in(self, width: int) -> tuple[int, int]:
        """Side of a picture and how many stand in a row: large ones where enough of them fit."""
        sides = [side for side in sides_for(self._plain.width()) if side <= _LARGEST_SIDE] or [_LARGEST_SIDE]
        for side in reversed(sides):
            room = (width - 2 * side - MARGIN + GAP) // (side + GAP)
            columns = next((each for each in _COLUMNS if each <= room), 1)
            if columns >= _ENOUGH_COLUMNS or side == sides[0]:
                return side, columns
        return sides[0], 1

    def sizeHint(self) -> QSize:
        return QSize(_HINT_WIDTH, self.heightForWidth(_HINT_WIDTH))

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() + 1 + _FRAME for place in self.rects(width)), default=0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        places = self.rects(self.width())
        if not places:
            return
        painter = QPainter(self)
        painter.setOpacity(_STALE_OPACITY if self._is_faint else 1.0)
        painter.setPen(self.palette().mid().color())
        for place, pixmap in zip(places, self._scaled(places[1].width()), strict=True):
            inside = QRect(QPoint(), pixmap.size())
            inside.moveCenter(place.center())
            painter.drawPixmap(inside, pixmap)
            painter.drawRect(inside.adjusted(-_FRAME, -_FRAME, 0, 0))

    def _scaled(self, side: int) -> list[QPixmap]:
        if self._pixmaps[0] != side:
            images = [(self._plain, 2 * side), *((drawn, side) for drawn in self._drawn)]
            self._pixmaps = side, [QPixmap.fromImage(fitted(image, to)) for image, to in images]
        return self._pixmaps[1]
