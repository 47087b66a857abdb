"""The five figures of calibration in a small table: as the network says them, and at another temperature."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workbench.core.evaluation import Scores
from workbench.core.formats import percent
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

_SWATCH_PX = 10


class ScoreTable(QWidget):
    """Keeps its height; a row without figures has dashes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * FIELD_GAP)
        grid.setVerticalSpacing(GAP)
        # Figures stand near what they are of, however wide the window is.
        grid.setColumnStretch(len(self._titles()) + 1, 1)
        for column, (title, tooltip) in enumerate(self._titles(), 1):
            heading = labeled(title, "secondary")
            heading.setToolTip(tooltip)
            grid.addWidget(heading, 0, column, Qt.AlignmentFlag.AlignRight)
        self._names: list[QLabel] = []
        self._cells: list[list[QLabel]] = []
        for row in range(2):
            name = labeled("", "")
            line = QWidget()
            inner = QGridLayout(line)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setHorizontalSpacing(GAP + 2)
            inner.setColumnStretch(1, 1)
            inner.addWidget(_Swatch(theme, row), 0, 0)
            inner.addWidget(name, 0, 1)
            grid.addWidget(line, row + 1, 0)
            self._names.append(name)
            cells = [labeled("–", "") for _ in self._titles()]
            for column, cell in enumerate(cells, 1):
                cell.setFont(tabular(cell.font()))
                grid.addWidget(cell, row + 1, column, Qt.AlignmentFlag.AlignRight)
            self._cells.append(cells)

    def _titles(self) -> list[tuple[str, str]]:
        return [
            (self.tr("accuracy"), self.tr("Accuracy: the share of the test images that are recognized")),
            (self.tr("confidence"), self.tr("Mean confidence: the probability of what is said")),
            (self.tr("ECE"), self.tr("Expected calibration error: how far bins lie from the diagonal on average")),
            (self.tr("NLL"), self.tr("Negative log-likelihood of the truth, in nats: the loss")),
            (self.tr("Brier"), self.tr("Squared distance of the probabilities from the truth, 0 to 2")),
        ]

    def show_row(self, row: int, name: str, scores: Scores | None) -> None:
        self._names[row].setText(name)
        texts = ["–"] * len(self._cells[row])
        if scores is not None:
            texts = [
                percent(scores.accuracy),
                percent(scores.confidence),
                percent(scores.expected_calibration_error),
                f"{scores.loss:.3f}",
                f"{scores.brier:.3f}",
            ]
        for cell, text in zip(self._cells[row], texts, strict=True):
            cell.setText(text)


class _Swatch(QWidget):
    def __init__(self, theme: Theme, index: int) -> None:
        super().__init__()
        self._theme, self._index = theme, index
        self.setFixedSize(_SWATCH_PX, _SWATCH_PX)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.series(self._index))
        # The marks of the lines: round and square.
        (painter.drawRect if self._index else painter.drawEllipse)(self.rect().adjusted(1, 1, -1, -1))
