"""The curves of a lab with their legend, of test images or of those that are learned."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.core.labs import words
from workbench.core.labs.findings import KINDS, ArmFindings, Kind
from workbench.gui.labs.curve_legend import CurveLegend, LegendRow
from workbench.gui.labs.lab_curves import ArmCurve, LabCurves
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.theme import GAP, Theme


class CurvesView(QWidget):
    """Both kinds share their axes, so that turning from one to the other compares them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[Kind, tuple[ArmCurve, ...]] = {}
        self._kind = ChoiceBox(
            self.tr("Error of"),
            self.tr("Of the test images after each epoch, or of the training images, augmented, during it"),
            (("test", self.tr("Test error")), ("train", self.tr("Training error"))),
        )
        self._kind.activated.connect(self._show)
        self._plot, self._legend = LabCurves(theme), CurveLegend(theme)
        self._plot.pointed_at.connect(self._name_values)
        theme.changed.connect(self._plot.restyle)
        side = QVBoxLayout()
        side.setSpacing(GAP)
        side.addWidget(self._kind)
        side.addWidget(self._legend, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GAP, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._plot, 1)
        row.addLayout(side)
        self.show_arms(())

    def show_arms(self, arms: Sequence[ArmFindings]) -> None:
        self._curves = {
            kind: tuple(ArmCurve(arm.arm.title, place, arm.curve(kind)) for place, arm in enumerate(arms))
            for kind in KINDS
        }
        self._show()

    @property
    def _shown(self) -> tuple[ArmCurve, ...]:
        return next(curves for kind, curves in self._curves.items() if kind == self._kind.value)

    @Slot()
    def _show(self) -> None:
        others = [each.curve for curves in self._curves.values() for each in curves]
        self._plot.show_curves(self._shown, others)
        self._name_values(0)

    @Slot(int)
    def _name_values(self, epoch: int) -> None:
        """At an epoch; 0: at each one's last."""
        heading = self.tr("epoch {0}").format(epoch) if epoch else self.tr("last epoch")
        self._legend.show_rows(heading, [_row(each, epoch) for each in self._shown])


def _row(each: ArmCurve, epoch: int) -> LegendRow:
    values = dict(zip(each.curve.epochs, each.curve.mean, strict=True))
    wanted = epoch or max(values, default=0)
    return LegendRow(each.title, each.color, words.error(values[wanted]) if wanted in values else "–")
