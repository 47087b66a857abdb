"""One test image, enlarged, with the probability of every class as a bar."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.gui.inspect.class_bars import ClassBar, draw_class_bars
from workbench.gui.inspect.image_caption import Verdict
from workbench.gui.widgets.pictures import draw_edge, to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

_MAX_CLASSES_SHOWN = 10
_MIN_HEIGHT, _HEIGHT = 164, 228


class ImageView(QWidget):
    """Left the picture at a whole multiple of its pixels, right a bar per class."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image: QImage | None = None
        self._bars: list[ClassBar] = []
        self._verdict: Verdict | None = None
        self._name = ""
        self.setMinimumHeight(_MIN_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Chosen image"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, _HEIGHT)

    @property
    def caption(self) -> str:
        """What is written below the picture: truth, and where that was missed the prediction."""
        return self._verdict.caption if self._verdict else ""

    def show_image(self, evaluation: Evaluation, images: ImageSet, index: int) -> None:
        """Show test image `index` and what the network said of it."""
        names = evaluation.class_names
        truth, said = int(evaluation.labels[index]), int(evaluation.predictions[index])
        probabilities = evaluation.probabilities[index]
        self._image = to_qimage(images.images[index])
        self._verdict = Verdict.of(evaluation, index)
        self._name = images.names[index]
        shown = list(range(len(names)))
        if len(names) > _MAX_CLASSES_SHOWN:
            likely = sorted(shown, key=lambda i: -probabilities[i])[: _MAX_CLASSES_SHOWN - 1]
            shown = sorted({*likely, truth})
        self._bars = [
            ClassBar(names[i], float(probabilities[i]), i, is_truth=i == truth, is_prediction=i == said)
            for i in shown
        ]
        self.setAccessibleDescription(self.caption)
        self.update()

    def clear(self) -> None:
        self._image, self._bars, self._verdict, self._name = None, [], None, ""
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None or self._verdict is None:
            painter.setPen(self._theme.color("secondary"))
            text = self.tr("Choose an image below to see what the network thinks of it.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        picture = self._picture_rect()
        painter.drawImage(picture, self._image)
        if self._verdict.said:
            draw_edge(painter, picture, self._theme.color("wrong"))
        self._draw_caption(painter, picture, self._verdict)
        left = picture.right() + 2 * FIELD_GAP
        bars = QRectF(left, 0, self.width() - left, self.height())
        draw_class_bars(painter, bars, self._bars, self._theme)

    def _picture_rect(self) -> QRect:
        if self._image is None:
            return QRect()
        line = self.fontMetrics().height()
        room = min(self.height() - 2 * line - 2 * GAP, self.width() * 2 // 5)
        multiple = max(1, room // self._image.width())
        side = multiple * self._image.width()
        return QRect(2, 2, side, side)

    def _draw_caption(self, painter: QPainter, picture: QRect, verdict: Verdict) -> None:
        line = self.fontMetrics().height()
        rect = QRect(picture.left(), picture.bottom() + GAP, picture.width(), line)
        font = self.font()
        font.setBold(bool(verdict.said))
        painter.setFont(font)
        painter.setPen(self._theme.color("wrong" if verdict.said else "text"))
        caption = verdict.fitted(QFontMetrics(font), rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft, caption)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        rect.translate(0, line)
        name = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideLeft, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft, name)
