"""The answer to the looked-at image: enlarged, with the probability of every class, and its history."""

import numpy as np
from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from workbench.core.inspection.image_changes import ChangedAnswer
from workbench.gui.inspect.answer_bars import AnswerBars, AnswerBarsArea
from workbench.gui.inspect.class_bars import answer_bars, probability_bars
from workbench.gui.inspect.image.answer_picture import AnswerPicture
from workbench.gui.inspect.image.history_curve import HistoryCurve
from workbench.gui.inspect.image_caption import Verdict
from workbench.gui.inspect.seen_words import absence, epoch_words
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.pictures import to_qimage
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme

_WIDTH, _HEIGHT = 300, 480
# From this width on, the bars stand beside the picture.
_WIDE = 520


class ImageView(QWidget):
    """The picture at a whole multiple of its pixels; a bar per class and the history below, or beside it."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._absence = ""
        self._said: ChangedAnswer | None = None
        self._answered: object = None
        self._empty, self._picture = EmptyState(), AnswerPicture(theme)
        self._bars, self._history = AnswerBars(theme), HistoryCurve(theme, selection)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._answer())
        self.setAccessibleName(self.tr("Chosen image"))
        selection.image_changed.connect(self._follow)
        selection.epochs_changed.connect(self._follow)
        self._follow()

    def _answer(self) -> QWidget:
        self._rows = AnswerBarsArea(self._bars)
        figures = QVBoxLayout()
        figures.setSpacing(FIELD_GAP)
        figures.addWidget(self._rows)
        figures.addWidget(self._history)
        figures.addStretch(1)
        answer = QWidget()
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom, answer)
        self._halves.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        self._halves.setSpacing(FIELD_GAP)
        self._halves.addWidget(self._picture, 1)
        self._halves.addLayout(figures)
        return answer

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH - 2 * MARGIN, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE
        self._halves.setDirection(
            QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        )
        self._halves.setStretch(1, 2 if is_wide else 0)

    @property
    def caption(self) -> str:
        """What is written below the picture: truth, and where that was missed the prediction."""
        verdict = self._picture.verdict
        return verdict.caption if verdict is not None and not self._absence else ""

    @property
    def absence(self) -> str:
        """What is said in place of a picture; empty if there is one."""
        return self._absence

    @Slot(object)
    def show_answer(self, answer: ChangedAnswer) -> None:
        """Of the image that is tried now, of which no evaluation says anything."""
        self._said, self._answered = answer, self._asked
        self._follow()

    @property
    def _asked(self) -> tuple[object, str, int]:
        selection = self._selection
        return selection.looked_at, selection.run_id, selection.epoch

    def _show_brought(self, looked: LookedAt) -> None:
        answer = self._said if self._answered == self._asked else None
        names = answer.class_names if answer else self._selection.class_names
        said = answer.probabilities if answer else np.full(len(names), np.nan, np.float32)
        best = names[int(said.argmax())] if answer else ""
        verdict = Verdict("", best, float(said.max()) if best else 0.0, names)
        # Its name stands above.
        self._picture.show_answer(to_qimage(looked.pixels), verdict, epoch_words(self._selection), "")
        self._bars.show_bars(answer_bars(names, said, None))
        self._rows.updateGeometry()

    @Slot()
    def _follow(self) -> None:
        selection = self._selection
        evaluation, index, images = selection.evaluation, selection.image, selection.images
        self._absence = absence(selection, self.tr("The chosen image appears here"), needs_pictures=True)
        looked = selection.looked_at
        if looked is not None and looked.is_brought:
            self._absence = ""
            self._show_brought(looked)
        elif not self._absence and index is None:
            self._absence = self.tr("No image is in sight.")
        if not self._absence and evaluation is not None and images is not None and index is not None:
            verdict = Verdict.of(evaluation, index)
            picture = to_qimage(images.images[index])
            self._picture.show_answer(picture, verdict, epoch_words(selection), images.names[index])
            self._bars.show_bars(probability_bars(evaluation, index))
            self._rows.updateGeometry()
        self._history.setVisible(index is not None)
        self._empty.show_text(self._absence)
        self._stack.setCurrentIndex(0 if self._absence else 1)
        self.setAccessibleDescription(self.caption or self._absence)
