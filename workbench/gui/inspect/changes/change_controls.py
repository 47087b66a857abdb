"""Sliders that say how an image is changed."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from workbench.core.formats import percent
from workbench.core.inspection.image_changes import FACTORS, ImageChange
from workbench.gui.widgets.field_form import WheelGuard, labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, tabular

_PERCENT_STEP = 5
_LARGEST_ROTATION_DEG = 30
_SIDE = 32


class ChangeControls(QWidget):
    """A switch, five sliders, and a button that puts all back. `changed` follows each move."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_moved_at_once = False
        self._wheel = WheelGuard(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(FIELD_GAP)
        self._grid.setVerticalSpacing(GAP)
        self._grid.setColumnStretch(1, 1)
        self._flip = QCheckBox(self.tr("Mirrored"))
        self._flip.setToolTip(self.tr("Left and right are exchanged"))
        self._flip.toggled.connect(self._on_move)
        self._reset = QPushButton(self.tr("Reset"))
        self._reset.setToolTip(self.tr("Show the image as it is"))
        self._reset.clicked.connect(self.reset)
        self._grid.addWidget(self._flip, 0, 0, 1, 2)
        self._grid.addWidget(self._reset, 0, 2, Qt.AlignmentFlag.AlignRight)
        self._values: dict[QSlider, tuple[QLabel, Callable[[int], str]]] = {}
        at_border = self.tr("What comes in is mirrored at the border")
        self._right = self._add(self.tr("Right"), 1, _pixels, at_border)
        self._down = self._add(self.tr("Down"), 1, _pixels, at_border)
        self._brightness = self._add(
            self.tr("Brightness"), _PERCENT_STEP, _per_cent, self.tr("All values times this")
        )
        contrast = self.tr("Distances to the image's mean gray times this")
        self._contrast = self._add(self.tr("Contrast"), _PERCENT_STEP, _per_cent, contrast)
        turn = self.tr("Counterclockwise around the middle; corners are mirrored at the border")
        self._rotation = self._add(self.tr("Rotation"), 1, _degrees, turn)
        for slider in (self._brightness, self._contrast):
            slider.setRange(round(100 * FACTORS[0]), round(100 * FACTORS[-1]))
        self._rotation.setRange(-_LARGEST_ROTATION_DEG, _LARGEST_ROTATION_DEG)
        self.set_side(_SIDE)
        self.reset()

    def _add(self, caption: str, step: int, words: Callable[[int], str], help_text: str) -> QSlider:
        row = self._grid.rowCount()
        slider, value, label = QSlider(Qt.Orientation.Horizontal), labeled("", "secondary"), QLabel(caption)
        slider.setSingleStep(step)
        slider.setPageStep(2 * step)
        slider.setAccessibleName(caption)
        label.setBuddy(slider)
        slider.setToolTip(help_text)
        label.setToolTip(help_text)
        self._wheel.guard(slider)
        value.setFont(tabular(value.font()))
        value.setMinimumWidth(value.fontMetrics().horizontalAdvance(_per_cent(150)))
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, widget in enumerate((label, slider, value)):
            self._grid.addWidget(widget, row, column)
        slider.valueChanged.connect(self._on_move)
        self._values[slider] = value, words
        return slider

    def set_side(self, side: int) -> None:
        """How far images of this many pixels can be shifted: by a quarter."""
        self._is_moved_at_once = True
        for slider in (self._right, self._down):
            slider.setRange(-max(1, side // 4), max(1, side // 4))
        self._is_moved_at_once = False
        self._show_values()

    @property
    def change(self) -> ImageChange:
        """What the sliders say."""
        return ImageChange(
            self._flip.isChecked(),
            self._right.value(),
            self._down.value(),
            float(self._rotation.value()),
            self._brightness.value() / 100,
            self._contrast.value() / 100,
        )

    def show_change(self, change: ImageChange) -> None:
        """Move all sliders at once."""
        self._is_moved_at_once = True
        self._flip.setChecked(change.is_flipped)
        self._right.setValue(change.right_px)
        self._down.setValue(change.down_px)
        self._rotation.setValue(round(change.rotation_deg))
        self._brightness.setValue(round(100 * change.brightness))
        self._contrast.setValue(round(100 * change.contrast))
        self._is_moved_at_once = False
        self._on_move()

    @Slot()
    def reset(self) -> None:
        """The image as it is."""
        self.show_change(ImageChange())

    @Slot()
    def _on_move(self) -> None:
        if not self._is_moved_at_once:
            self._show_values()
            self._reset.setEnabled(not self.change.is_none)
            self.changed.emit()

    def _show_values(self) -> None:
        for slider, (label, words) in self._values.items():
            label.setText(words(slider.value()))


def _pixels(value: int) -> str:
    return f"{value}\u202fpx"


def _per_cent(value: int) -> str:
    return percent(value / 100, 0)


def _degrees(value: int) -> str:
    return f"{value}°"
