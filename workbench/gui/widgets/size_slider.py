"""How large the pictures of a gallery are, in steps."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSlider, QWidget

_WIDTH = 72


class SizeSlider(QSlider):
    """`side_chosen` carries one of `sides`, in pixels."""

    side_chosen = Signal(int)

    def __init__(self, sides: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._sides = tuple(sides)
        self.setRange(0, len(self._sides) - 1)
        self.setPageStep(1)
        self.setFixedWidth(_WIDTH)
        self.setAccessibleName(self.tr("Size of the pictures"))
        self.setToolTip(self.tr("Size of the pictures (Ctrl and the wheel, Ctrl++ and Ctrl+−)"))
        self.valueChanged.connect(self._on_value)

    @property
    def side(self) -> int:
        """The chosen one."""
        return self._sides[self.value()]

    def set_sides(self, sides: Sequence[int]) -> None:
        """Offer others; the nearest one to that which was chosen is chosen then."""
        before = self.side
        self._sides = tuple(sides)
        blocked = self.blockSignals(True)
        self.setRange(0, len(self._sides) - 1)
        self.setValue(min(range(len(self._sides)), key=lambda step: abs(self._sides[step] - before)))
        self.blockSignals(blocked)
        self.side_chosen.emit(self.side)

    def choose(self, side: int) -> None:
        self.setValue(self._sides.index(side))

    def change(self, by: int) -> None:
        """Larger or smaller pictures by so many steps."""
        self.setValue(self.value() + by)

    @Slot(int)
    def _on_value(self, step: int) -> None:
        self.side_chosen.emit(self._sides[step])
