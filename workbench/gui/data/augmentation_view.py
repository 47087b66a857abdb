"""Training images in pairs: as they are, and as training sees them."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.pictures import to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN

_MAX_PAIRS = 16
_COLUMNS = (8, 6, 4, 3)
# Of the pictures: one image drawn many times has room below them.
_SMALLEST_SIDE, _LARGEST_SIDE = 48, 96
# What belongs together stands close together.
_PAIR_GAP, _WIDEST_GAP = GAP, 32
# Around every picture: the black edge of a crop is as dark as a dark window.
_FRAME = 1
_HINT_WIDTH = 276
_STALE_OPACITY = 0.35


class AugmentationView(QWidget):
    """Asks for examples of an epoch, counted from 0, and shows them; meanwhile it offers to stop."""

    examples_asked = Signal(int)
    cancel_asked = Signal()
    seen = Signal()
    """It has come into sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epoch = 0
        self._is_stale, self._activity = False, ""
        self._note, self._caption = labeled("", "secondary"), labeled("", "secondary")
        self._problem = labeled("", "error")
        self._pairs = ImagePairs()
        self._button = QPushButton()
        self._button.clicked.connect(self._on_button)
        row = QHBoxLayout()
        row.addWidget(self._button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(labeled(self.tr("What training sees"), "heading"))
        for label in (self._note, self._problem, self._caption):
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(self._pairs)
        layout.addLayout(row)
        self._note.hide()
        self._reason = ""
        self._refresh()

    def show_examples(self, plain: NDArray[np.uint8], augmented: NDArray[np.uint8]) -> None:
        """Show up to 16 pairs of two arrays (N, H, W, 3)."""
        self._is_stale, self._activity = False, ""
        self._problem.setText("")
        self._pairs.show_pairs(plain[:_MAX_PAIRS], augmented[:_MAX_PAIRS])
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def show_note(self, text: str) -> None:
        """What is active, in words."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def show_activity(self, activity: str) -> None:
        """Examples are being made; images may have to be read first."""
        self._activity = activity
        self._problem.setText("")
        self._refresh()

    def show_problem(self, sentence: str) -> None:
        """Say why there are no examples; empty where they were only stopped."""
        self._activity = ""
        self._problem.setText(sentence)
        self._refresh()

    def mark_stale(self) -> None:
        """The settings are others now: the pictures are of the past."""
        self._is_stale = self._pairs.count > 0
        self._problem.setText("")
        self._refresh()

    def allow(self, allowed: bool, reason: str) -> None:
        """Enable the button, or say in its tooltip why it is disabled."""
        self._reason = "" if allowed else reason or self.tr("Not possible now")
        self._refresh()

    def _refresh(self) -> None:
        has_pairs = self._pairs.count > 0
        if self._activity:
            caption = self._activity
        elif not has_pairs:
            caption = self.tr("Pairs of training images appear here: as they are, and as training sees them.")
        elif self._is_stale:
            caption = self.tr("Settings have changed since: show the examples again.")
        else:
            caption = self.tr("Above: original. Below: as trained.")
        self._caption.setText(caption)
        role = "warning" if self._is_stale else "secondary"
        if self._caption.property("role") != role:
            self._caption.setProperty("role", role)
            self._caption.style().unpolish(self._caption)
            self._caption.style().polish(self._caption)
        self._pairs.setVisible(has_pairs)
        self._pairs.set_faint(self._is_stale)
        self._problem.setVisible(bool(self._problem.text()))
        again = has_pairs and not self._is_stale
        self._button.setText(self.tr("Draw again") if again else self.tr("Show examples"))
        if self._activity:
            self._button.setText(self.tr("Stop"))
            self._button.setEnabled(True)
            self._button.setToolTip(self.tr("Make no examples now"))
            return
        what = (
            self.tr("Other training images with other random changes: those of the next epoch")
            if again
            else self.tr("Take some training images and change them as training will")
        )
        self._button.setEnabled(not self._reason)
        self._button.setToolTip(self._reason or what)

    @Slot()
    def _on_button(self) -> None:
        if self._activity:
            self.cancel_asked.emit()
            return
        # After a change of the settings the same images say more than others would.
        if self._pairs.count and not self._is_stale:
            self._epoch += 1
        self.examples_asked.emit(self._epoch)


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
