"""The stages of a network: blocks, width and stride of each, in one grid; where they matter, residuals too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.network.model_config import MAX_STAGES, ModelConfig
from workbench.core.settings.config import help_of
from workbench.gui.widgets.field_form import WheelGuard, labeled, mark_invalid, shrinkable
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme

# More than is allowed can be typed: the field then says what is, which a silent limit would not.
_MAX_BLOCKS, _MAX_WIDTH, _MAX_STRIDE = 1_000_000, 1_000_000_000, 99
_WIDEST = 8192
_MIN_BOX_WIDTH = 54
_LISTS = ("model.blocks", "model.widths", "model.strides", "model.residuals")


class Stage(NamedTuple):
    """What a row says."""

    blocks: int
    width: int
    stride: int
    residual: bool = True


@dataclass(frozen=True)
class _Row:
    label: QLabel
    blocks: QSpinBox
    width: QSpinBox
    stride: QSpinBox
    residual: QCheckBox

    @property
    def fields(self) -> tuple[QSpinBox | QCheckBox, ...]:
        """In the order of a `Stage`."""
        return self.blocks, self.width, self.stride, self.residual


class StageTable(QWidget):
    """One row per stage, with an error below for what is not allowed. `edited` follows every change."""

    edited = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wheel = WheelGuard(self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(FIELD_GAP)
        self._grid.setVerticalSpacing(GAP)
        headings = (self.tr("Stage"), self.tr("Blocks"), self.tr("Width"), self.tr("Stride"), self.tr("Residual"))
        self._headings = [labeled(text, "secondary") for text in headings]
        for column, heading in enumerate(self._headings):
            self._grid.addWidget(heading, 0, column)
        self._has_residuals = False
        for column, stretch in ((1, 3), (2, 4), (3, 2)):
            self._grid.setColumnStretch(column, stretch)
        self._rows = [self._row(index) for index in range(MAX_STAGES)]
        self._add = self._tool("add", self.tr("Add a stage"))
        self._add.clicked.connect(self._add_stage)
        self._remove = self._tool("remove", self.tr("Remove the last stage"))
        self._remove.clicked.connect(self._remove_stage)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self._add)
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        self._grid.addLayout(buttons, MAX_STAGES + 1, 1, 1, 4)
        self._error = labeled("", "error")
        self._error.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._grid)
        layout.addWidget(self._error)
        theme.changed.connect(self._refresh_icons)
        self.set_residuals_shown(False)

    def _row(self, index: int) -> _Row:
        label = QLabel(str(index + 1))
        blocks = self._box(_MAX_BLOCKS, self.tr("Residual blocks in this stage (model.blocks): a deeper network"))
        blocks.setAccessibleName(self.tr("Blocks of stage {0}").format(index + 1))
        width = self._box(
            _MAX_WIDTH, self.tr("Channels in this stage (model.widths): more channels see more kinds of pattern")
        )
        width.setAccessibleName(self.tr("Width of stage {0}").format(index + 1))
        stride = self._box(
            _MAX_STRIDE,
            self.tr("Stride of the first block (model.strides): 2 halves the maps' height and width"),
        )
        stride.setAccessibleName(self.tr("Stride of stage {0}").format(index + 1))
        residual = QCheckBox()
        residual.setToolTip(f"{help_of('model.residuals')}\n(model.residuals)")
        residual.setAccessibleName(self.tr("Residual of stage {0}").format(index + 1))
        residual.toggled.connect(self._on_edit)
        row = _Row(label, blocks, width, stride, residual)
        for column, widget in enumerate((label, *row.fields)):
            self._grid.addWidget(widget, index + 1, column)
        return row

    def _box(self, highest: int, tooltip: str) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, highest)
        box.setToolTip(tooltip)
        shrinkable(box)
        self._wheel.guard(box)
        box.setMinimumWidth(_MIN_BOX_WIDTH)
        box.valueChanged.connect(self._on_edit)
        return box

    def _tool(self, icon: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "button")
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button

    @property
    def count(self) -> int:
        return sum(not row.label.isHidden() for row in self._rows)

    def show_config(self, config: ModelConfig) -> None:
        """Fill the rows; the caller reacts once, not to each of them."""
        residuals = config.residuals or (True,) * len(config.blocks)
        self._show(list(map(Stage, config.blocks, config.widths, config.stage_strides, residuals)))

    def set_residuals_shown(self, shown: bool) -> None:
        """Whether the blocks are such as may have a residual or not."""
        self._has_residuals = shown
        self._headings[-1].setVisible(shown)
        for row in self._rows[: self.count]:
            row.residual.setVisible(shown)

    def values(self) -> dict[str, list[int]]:
        """Blocks, widths, strides and residuals, by the config's names."""
        blocks, widths, strides, residuals = map(list, zip(*self._stages(), strict=True))
        return {"blocks": blocks, "widths": widths, "strides": strides, "residuals": residuals}

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Mark what is not allowed, and say the first sentence of each list."""
        wrong = ([text for field, text in errors.items() if field.startswith(name)] for name in _LISTS)
        sentences = [texts[0] for texts in wrong if texts]
        self._error.setText("\n".join(sentences))
        self._error.setVisible(bool(sentences))
        for stage, row in enumerate(self._rows):
            for field, box in zip(_LISTS, row.fields, strict=True):
                mark_invalid(box, field in errors or f"{field}.{stage}" in errors)

    def _stages(self) -> list[Stage]:
        return [
            Stage(row.blocks.value(), row.width.value(), row.stride.value(), row.residual.isChecked())
            for row in self._rows[: self.count]
        ]

    def _show(self, stages: list[Stage]) -> None:
        for index, row in enumerate(self._rows):
            shown = index < len(stages)
            row.label.setVisible(shown)
            for field, value in zip(row.fields, stages[index] if shown else Stage(1, 1, 1), strict=True):
                blocked = field.blockSignals(True)
                if isinstance(field, QCheckBox):
                    field.setVisible(shown and self._has_residuals)
                    field.setChecked(bool(value))
                else:
                    field.setVisible(shown)
                    field.setValue(value)
                field.blockSignals(blocked)
        self._add.setEnabled(len(stages) < MAX_STAGES)
        self._remove.setEnabled(len(stages) > 1)

    @Slot()
    def _add_stage(self) -> None:
        stages = self._stages()
        last = stages[-1]
        self._show([*stages, last._replace(width=min(2 * last.width, _WIDEST), stride=2)])
        self.edited.emit()

    @Slot()
    def _remove_stage(self) -> None:
        self._show(self._stages()[:-1])
        self.edited.emit()

    @Slot()
    def _on_edit(self) -> None:
        self.edited.emit()

    @Slot()
    def _refresh_icons(self) -> None:
        self._add.setIcon(self._theme.icon("add"))
        self._remove.setIcon(self._theme.icon("remove"))
