"""The chosen test image, enlarged, with the probability of every class as a bar."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.inspect.class_bars import ROW_PX, BarRows, ClassBar, probability_bars, probability_words
from workbench.gui.inspect.image_caption import Captions, Verdict
from workbench.gui.inspect.seen_words import absence, epoch_words
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.pictures import draw_edge, to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_MAX_CLASSES_SHOWN = 10
_SMALLEST_SIDE, _LARGEST_SIDE = 96, 384
_WIDTH, _HEIGHT = 300, 480
# From this width on, the bars stand beside the picture.
_WIDE = 520


class ImageView(QWidget):
    """The picture at a whole multiple of its pixels, and a bar per class: below, or beside it where it is wide."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._selection = theme, selection
        self._image: QImage | None = None
        self._bars: list[ClassBar] = []
        self._verdict: Verdict | None = None
        self._captions = Captions()
        self._name = self._absence = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Chosen image"))
        selection.image_changed.connect(self._follow)
        selection.epochs_changed.connect(self.update)
        theme.changed.connect(self.update)
        self._follow()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH - 2 * MARGIN, _SMALLEST_SIDE + _MAX_CLASSES_SHOWN * ROW_PX)

    @property
    def caption(self) -> str:
        """What is written below the picture: truth, and where that was missed the prediction."""
        return self._verdict.caption if self._verdict else ""

    @property
    def absence(self) -> str:
        """What is said in place of a picture; empty if there is one."""
        return self._absence

    @Slot()
    def _follow(self) -> None:
        selection = self._selection
        evaluation, index = selection.evaluation, selection.image
        self._absence = absence(selection, self.tr("The chosen image appears here"), needs_pictures=True)
        if not self._absence and index is None:
            self._absence = self.tr("No image is in sight.")
        self._image, self._bars, self._verdict, self._name = None, [], None, ""
        if not self._absence and evaluation is not None and selection.images is not None and index is not None:
            self._image = to_qimage(selection.images.images[index])
            self._verdict = Verdict.of(evaluation, index)
            self._name = selection.images.names[index]
            self._bars = probability_bars(evaluation, index, _MAX_CLASSES_SHOWN)
        self.setAccessibleDescription(self.caption or self._absence)
        self.setToolTip(plain_tip(self._name))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None or self._verdict is None:
            painter.setPen(self._theme.color("secondary"))
            room = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._absence)
            return
        picture = self._picture_rect(self._image)
        painter.drawImage(picture, self._image)
        if self._verdict.said:
            draw_edge(painter, picture, self._theme.color("wrong"))
        words = self._words_rect(picture)
        self._draw_words(painter, words, self._verdict)
        bars = self._bars_rect(picture, words)
        BarRows(self._bars, self.font(), bars.width(), probability_words()).draw(painter, bars, self._theme)

    @property
    def _is_wide(self) -> bool:
        return self.width() >= _WIDE

    def _lines_height(self) -> int:
        return 3 * self.fontMetrics().height() + GAP

    def _picture_rect(self, image: QImage) -> QRect:
        across, down = self.width() - 2 * MARGIN, self.height() - self._lines_height() - 3 * FIELD_GAP
        if self._is_wide:
            across = across * 2 // 5
        else:
            down -= len(self._bars) * ROW_PX
        room = min(max(min(across, down), _SMALLEST_SIDE), _LARGEST_SIDE)
        side = max(1, room // image.width()) * image.width()
        if image.width() > room:
            side = room
        return QRect(MARGIN, FIELD_GAP, side, side)

    def _words_rect(self, picture: QRect) -> QRect:
        right = picture.right() if self._is_wide else self.width() - MARGIN
        top = picture.bottom() + FIELD_GAP
        return QRect(picture.left(), top, right - picture.left(), self._lines_height())

    def _bars_rect(self, picture: QRect, words: QRect) -> QRectF:
        left, top = MARGIN, words.bottom() + FIELD_GAP
        if self._is_wide:
            left, top = picture.right() + 2 * MARGIN, picture.top()
        height = min(self.height() - top - GAP, len(self._bars) * ROW_PX)
        return QRectF(left, top, self.width() - left - MARGIN, height)

    def _draw_words(self, painter: QPainter, rect: QRect, verdict: Verdict) -> None:
        """Truth and prediction; the epoch; the file."""
        line = self.fontMetrics().height()
        row = QRect(rect.left(), rect.top(), rect.width(), line)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self._theme.color("wrong" if verdict.said else "text"))
        caption = self._captions.of(verdict, QFontMetrics(font), row.width())
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, caption)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        for text in (epoch_words(self._selection), self._name):
            row.translate(0, line)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideLeft, row.width())
            painter.drawText(row, Qt.AlignmentFlag.AlignLeft, shown)
