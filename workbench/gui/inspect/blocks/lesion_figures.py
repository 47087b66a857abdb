"""What the network reaches intact and with its lesions, in large numbers."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.core.formats import count, percent
from workbench.core.inspection.lesions import Lesioned
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import GROUP_GAP, LARGE_NUMBER_PX, tabular

_DASH = "–"


class LesionFigures(QWidget):
    """Grayed while they are of other lesions than those that are chosen. `show_asked`: the flipped images."""

    show_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Lesioned | None = None
        self._is_stale = False
        self._intact, self._now, self._change, self._flipped = (QLabel() for _ in range(4))
        captions = (self.tr("intact"), self.tr("now"), self.tr("points"), self.tr("answers flipped"))
        self._captions = captions
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GROUP_GAP)
        for caption, label in zip(captions, self._labels, strict=True):
            row.addLayout(self._figure(caption, label))
        self._show = QPushButton(self.tr("Show them"))
        self._show.clicked.connect(self.show_asked)
        row.addWidget(self._show, 0, Qt.AlignmentFlag.AlignBottom)
        self._refresh()

    @property
    def _labels(self) -> tuple[QLabel, ...]:
        return self._intact, self._now, self._change, self._flipped

    def _figure(self, caption: str, label: QLabel) -> QVBoxLayout:
        font = tabular(label.font())
        font.setPixelSize(LARGE_NUMBER_PX)
        label.setFont(font)
        # So that what stands beside it does not move with every number.
        label.setMinimumWidth(label.fontMetrics().horizontalAdvance("88.8\u202f%"))
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(labeled(caption, "secondary"))
        column.addWidget(label)
        return column

    def show_found(self, found: Lesioned | None, is_stale: bool) -> None:
        """Take a result, or none; `is_stale` while another one is on its way."""
        self._found, self._is_stale = found, is_stale
        self._refresh()

    @property
    def texts(self) -> tuple[str, ...]:
        """Of the large numbers, from left to right."""
        return tuple(label.text() for label in self._labels)

    @property
    def show_button(self) -> QPushButton:
        return self._show

    def _refresh(self) -> None:
        found = self._found
        texts, change = [_DASH] * 4, 0.0
        if found is not None:
            change = 100 * (found.now.accuracy - found.intact.accuracy)
            texts = [
                percent(found.intact.accuracy),
                percent(found.now.accuracy),
                f"{change:+.1f}".replace("-", "−"),
            ]
            texts.append(count(len(found.flipped)))
            if not change:
                texts[2] = "0.0"
        is_gray = self._is_stale or found is None
        for caption, label, text in zip(self._captions, self._labels, texts, strict=True):
            label.setText(text)
            label.setAccessibleName(f"{caption}: {text}")
            _color(label, "secondary" if is_gray else "")
        if not is_gray and change:
            _color(self._change, "error" if change < 0 else "right")
        has_flipped = found is not None and len(found.flipped) > 0
        self._show.setEnabled(has_flipped and not self._is_stale)
        tip = self.tr("Show in the gallery the images of which the network says something else now")
        self._show.setToolTip(tip if has_flipped else self.tr("No answer is another one"))
        total = "" if found is None else self.tr("of {0} test images").format(count(len(found.indices)))
        self._flipped.setToolTip(total)


def _color(label: QLabel, role: str) -> None:
    """By a role of the style sheet; empty: as every text."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().polish(label)
