"""The looked-at image, enlarged by whole pixels or smoothly, and what was said of it."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from workbench.gui.inspect.image_caption import Captions, Verdict
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.pictures import draw_edge
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_SMALLEST_SIDE, _LARGEST_SIDE = 96, 384
# Where the picture would be smaller than that above the lines, it stands beside them.
_LEAST_ABOVE = 132
_LEAST_BESIDE = 140
_LINES = 3
_EDGE = 2


class AnswerPicture(QWidget):
    """The picture, and three lines below or beside it: truth and prediction, the epoch, the file."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image: QImage | None = None
        self._verdict: Verdict | None = None
        self._captions = Captions()
        self._epoch = self._name = ""
        self._smooth = QCheckBox(self.tr("Smooth"), self)
        self._smooth.setToolTip(self.tr("Enlarge the image smoothly rather than pixel by pixel"))
        self._smooth.toggled.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMaximumHeight(_LARGEST_SIDE + self._below())
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As small as it gets: it takes what the bars leave."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(_SMALLEST_SIDE, _SMALLEST_SIDE + 2 * _EDGE)

    @property
    def verdict(self) -> Verdict | None:
        return self._verdict

    def show_answer(self, image: QImage, verdict: Verdict, epoch: str, name: str) -> None:
        """An image with what was said of it after an epoch."""
        self._image, self._verdict, self._epoch, self._name = image, verdict, epoch, name
        self.setToolTip(plain_tip(name))
        self._place_choice()
        self.update()

    def _below(self) -> int:
        """Pixels below the picture, for the lines."""
        return _LINES * self.fontMetrics().height() + GAP + FIELD_GAP

    @property
    def _is_beside(self) -> bool:
        return self.height() < _LEAST_ABOVE + self._below()

    def _picture_rect(self) -> QRect:
        image = self._image
        if image is None:
            return QRect()
        across, down = self.width(), self.height() - self._below()
        if self._is_beside:
            across, down = self.width() - _LEAST_BESIDE, self.height()
        room = min(max(min(across, down) - 2 * _EDGE, _SMALLEST_SIDE), _LARGEST_SIDE)
        scale = max(1, room // image.width()) if image.width() <= room else room / image.width()
        return QRect(_EDGE, _EDGE, round(image.width() * scale), round(image.height() * scale))

    def _lines(self) -> QRect:
        """Where the lines stand."""
        picture, high = self._picture_rect(), _LINES * self.fontMetrics().height()
        if self._is_beside:
            left = picture.right() + MARGIN
            return QRect(left, picture.top(), self.width() - left, high)
        return QRect(0, picture.bottom() + FIELD_GAP, self.width(), high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_choice()

    def _place_choice(self) -> None:
        """At the right of the last two lines, which are short or may be cut; below them beside the picture."""
        size, lines = self._smooth.sizeHint(), self._lines()
        at = QPoint(lines.right() - size.width(), lines.top() + self.fontMetrics().height())
        if self._is_beside:
            at = QPoint(lines.left(), lines.bottom() + GAP)
        self._smooth.setGeometry(QRect(at, size))

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._image is None or self._verdict is None:
            return
        painter, picture = QPainter(self), self._picture_rect()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth.isChecked())
        painter.drawImage(picture, self._image)
        if self._verdict.is_wrong:
            draw_edge(painter, picture, self._theme.color("wrong"))
        self._draw_words(painter, self._verdict)

    def _draw_words(self, painter: QPainter, verdict: Verdict) -> None:
        row, line = self._lines(), self.fontMetrics().height()
        row.setHeight(line)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self._theme.color("wrong" if verdict.is_wrong else "text"))
        caption = self._captions.of(verdict, QFontMetrics(font), row.width())
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, caption)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        if not self._is_beside:
            row.setRight(self._smooth.x() - FIELD_GAP)
        for text in (self._epoch, self._name):
            row.translate(0, line)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideLeft, row.width())
            painter.drawText(row, Qt.AlignmentFlag.AlignLeft, shown)
