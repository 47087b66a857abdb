"""A change of the learning rate while a run is being trained."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from workbench.gui.runs.then_and_now import then_and_now
from workbench.gui.widgets.config_form import DecimalBox
from workbench.gui.widgets.dialog_column import lay_out_dialog
from workbench.gui.widgets.field_form import labeled, mark_invalid, shrinkable
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN

_HIGHEST = 100.0
_DECIMALS = 12
_FACTORS = (0.1, 0.5, 2.0)
_CURVE_HEIGHT, _WIDTH = 72, 340

Rates = NDArray[np.float64]


class RateChangeDialog(QDialog):
    """Asks for a new rate; `factor` is what the rest of the schedule is to be multiplied by.

    Args:
        current: the rate of the last step.
        upcoming: the rates of the steps that remain, evenly spread; drawn before and after if given.
    """

    def __init__(self, current: float, parent: QWidget | None = None, upcoming: Rates | None = None) -> None:
        super().__init__(parent)
        self._current = current
        # Of a button: the field holds a rounded number.
        self._exact: float | None = None
        self.setWindowTitle(self.tr("Change the learning rate"))
        self._box = DecimalBox(_HIGHEST)
        self._box.setDecimals(_DECIMALS)
        self._box.setAccessibleName(self.tr("Learning rate from the next step"))
        self._box.setToolTip(self.tr("The learning rate of the next step; later ones follow the schedule's shape"))
        self._box.setValue(_short(current))
        shrinkable(self._box)
        self._now = QLabel(f"{current:.4g}")
        self._curve = RestCurve(upcoming) if upcoming is not None and len(upcoming) > 1 else None
        self._explanation = QLabel()
        self._explanation.setWordWrap(True)
        self._quick = QButtonGroup(self)
        self._quick.idClicked.connect(self._multiply)
        self._change = QPushButton(self.tr("Change"))
        self._box.valueChanged.connect(self._on_edit)
        self._lay_out()
        self._refresh()
        self._box.selectAll()

    def show_rate(self, current: float) -> None:
        """The run has gone on: a chosen factor stays, and so does a rate that was typed."""
        is_untouched = self.factor is None and self._box.value() > 0
        self._current = current
        self._now.setText(f"{current:.4g}")
        if self._exact is not None or is_untouched:
            blocked = self._box.blockSignals(True)
            self._box.setValue(_short(current * (self._exact or 1.0)))
            self._box.blockSignals(blocked)
        self._refresh()

    @property
    def factor(self) -> float | None:
        """None where the new rate is none, or changes nothing."""
        new = self._box.value()
        if self._current <= 0 or new <= 0:
            return None
        if self._exact is not None:
            return self._exact
        is_same = self._box.text() == self._box.textFromValue(_short(self._current))
        return None if is_same else new / self._current

    def _lay_out(self) -> None:
        grid = then_and_now(self.tr("Now"), self._now, self.tr("From the next step"), self._box)
        quick = QHBoxLayout()
        quick.setSpacing(FIELD_GAP)
        for index, factor in enumerate(_FACTORS):
            button = QPushButton(f"×\u202f{factor:g}")
            # Return changes the rate; it does not press the button that was clicked last.
            button.setAutoDefault(False)
            button.setToolTip(self.tr("{0} times the rate of now").format(f"{factor:g}"))
            self._quick.addButton(button, index)
            quick.addWidget(button, 1)
        grid.addLayout(quick, 2, 1)
        curve = [] if self._curve is None else [self._captioned(self._curve)]
        lay_out_dialog(self, [grid, *curve, self._explanation], self._change, _WIDTH)

    def _captioned(self, curve: "RestCurve") -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(GAP)
        grid.addWidget(curve, 0, 0, 1, 2)
        grid.addWidget(labeled(self.tr("next step"), "secondary"), 1, 0)
        grid.addWidget(labeled(self.tr("end of the run"), "secondary"), 1, 1, Qt.AlignmentFlag.AlignRight)
        return grid

    @Slot(int)
    def _multiply(self, index: int) -> None:
        """By one of the buttons' factors; always of the rate of now, so that pressed twice is pressed once."""
        factor = _FACTORS[index]
        blocked = self._box.blockSignals(True)
        self._box.setValue(_short(self._current * factor))
        self._box.blockSignals(blocked)
        self._exact = factor
        self._refresh()

    @Slot()
    def _on_edit(self) -> None:
        self._exact = None
        self._refresh()

    def _refresh(self) -> None:
        factor, problem = self.factor, self._problem()
        mark_invalid(self._box, bool(problem))
        self._explanation.setProperty("role", "error" if problem else "secondary")
        self._explanation.style().unpolish(self._explanation)
        self._explanation.style().polish(self._explanation)
        if problem:
            text = problem
        elif factor is None:
            text = self.tr("Choose another rate; the rest of the schedule is multiplied alike.")
        else:
            text = self.tr("The rest of the schedule is multiplied by {0}. The change is recorded with the run.")
            text = text.format(f"{factor:.3g}")
        self._explanation.setText(text)
        self._change.setEnabled(factor is not None)
        self._change.setToolTip(self.tr("Train on with the new rate from the next step") if factor else text)
        if self._curve is not None:
            self._curve.show_factor(factor or 1.0)

    def _problem(self) -> str:
        if self._current <= 0:
            return self.tr("The rate is 0 now, which no factor changes; try again after the next steps.")
        if self._box.value() <= 0:
            return self.tr("The learning rate is 0; it must be greater than 0.")
        return ""


def _short(rate: float) -> float:
    """Four digits: what a schedule makes of a rate has more than anyone reads."""
    return float(f"{rate:.4g}")


class RestCurve(QWidget):
    """The rest of a schedule as it was planned, faint, and as it becomes."""

    def __init__(self, upcoming: Rates, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._upcoming = upcoming
        self._factor = 1.0
        self.setFixedHeight(_CURVE_HEIGHT)
        self.setAccessibleName(self.tr("Rest of the schedule, before and after"))
        self.setToolTip(self.tr("Learning rate of the steps that remain: planned (faint) and changed"))

    def show_factor(self, factor: float) -> None:
        self._factor = factor
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH - 2 * MARGIN, _CURVE_HEIGHT)

    def line(self, factor: float) -> list[QPointF]:
        """The rates times `factor` in pixels; the higher of both curves fills the height."""
        top = float(self._upcoming.max()) * max(1.0, self._factor) or 1.0
        x = np.linspace(0, self.width() - 1, len(self._upcoming))
        room = self.height() - 2 * GAP
        y = GAP + room * (1 - factor * self._upcoming / top)
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.fillRect(self.rect(), palette.base())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for factor, color, style in (
            (1.0, palette.placeholderText().color(), Qt.PenStyle.DotLine),
            (self._factor, palette.highlight().color(), Qt.PenStyle.SolidLine),
        ):
            painter.setPen(QPen(color, 1, style))
            painter.drawPolyline(self.line(factor))
