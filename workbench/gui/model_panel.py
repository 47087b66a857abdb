"""Where a person shapes the network: preset, stem, block, shortcut and stages, with its size while typing."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.architecture import Architecture
from workbench.core.config import parse
from workbench.core.errors import ConfigError
from workbench.core.model_config import MAX_STAGES, ModelConfig
from workbench.core.presets import CUSTOM, Presets
from workbench.gui.field_form import FieldForm, labeled, mark_invalid, shrinkable
from workbench.gui.formats import count, short_count
from workbench.gui.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN, Theme

_MAX_BLOCKS, _MAX_WIDTH = 1000, 8192


class ModelPanel(QWidget):
    """Edits a ModelConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)

    def __init__(self, presets: Presets, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets, self._theme = presets, theme
        self._config: ModelConfig | None = None
        self._loading = False
        self._build_fields()
        self._build_stages()
        self._build_summary()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._form)
        layout.addWidget(self._description)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Stages"), "heading"))
        layout.addLayout(self._stage_grid)
        layout.addWidget(self._stage_error)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Size"), "heading"))
        layout.addWidget(self._size)
        layout.addWidget(self._warning)
        layout.addStretch(1)

    @property
    def config(self) -> ModelConfig | None:
        """None while the fields do not form an allowed network."""
        return self._config

    def show_config(self, config: ModelConfig) -> None:
        """Fill the fields and announce the config once."""
        self._loading = True
        self._stem.setCurrentText(config.stem)
        self._block.setCurrentText(config.block)
        self._shortcut.setCurrentText(config.shortcut)
        self._input.setValue(config.input_size)
        self._set_stages(list(zip(config.blocks, config.widths, strict=True)))
        self._loading = False
        self._on_edit()

    def select_preset(self, name: str) -> None:
        self.show_config(self._presets.model(name).config)

    def _build_fields(self) -> None:
        self._form = FieldForm()
        self._preset = QComboBox()
        for preset in self._presets.models.values():
            self._preset.addItem(preset.title, preset.name)
        self._preset.addItem(self.tr("Custom"), CUSTOM)
        self._preset.activated.connect(self._on_preset)
        self._stem = self._choice(("3x3", "7x7"), self.tr("Stem"))
        self._block = self._choice(("basic", "bottleneck"), self.tr("Block"))
        self._shortcut = self._choice(("A", "B"), self.tr("Shortcut"))
        self._form.add_plain(self.tr("Preset"), self._preset, self.tr("A named network to start from"))
        self._form.add("model.stem", self.tr("Stem"), self._stem)
        self._form.add("model.block", self.tr("Block"), self._block)
        self._form.add("model.shortcut", self.tr("Shortcut"), self._shortcut)
        self._input = QSpinBox()
        self._input.setRange(1, 1024)
        self._input.setSuffix(self.tr(" px"))
        self._input.valueChanged.connect(self._on_edit)
        self._form.add("model.input_size", self.tr("Input"), self._input)
        self._description = labeled("", "secondary")
        self._description.setWordWrap(True)

    def _choice(self, values: tuple[str, ...], name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.addItems(values)
        box.currentIndexChanged.connect(self._on_edit)
        return box

    def _build_stages(self) -> None:
        self._stage_grid = QGridLayout()
        self._stage_grid.setHorizontalSpacing(FIELD_GAP)
        self._stage_grid.setVerticalSpacing(GAP)
        for column, text in enumerate((self.tr("Stage"), self.tr("Blocks"), self.tr("Width"))):
            self._stage_grid.addWidget(labeled(text, "secondary"), 0, column)
        self._stage_grid.setColumnStretch(1, 1)
        self._stage_grid.setColumnStretch(2, 1)
        self._rows = [self._stage_row(index) for index in range(MAX_STAGES)]
        self._add = self._tool("add", self.tr("Add a stage"))
        self._add.clicked.connect(self._add_stage)
        self._remove = self._tool("remove", self.tr("Remove the last stage"))
        self._remove.clicked.connect(self._remove_stage)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self._add)
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        self._stage_grid.addLayout(buttons, MAX_STAGES + 1, 1, 1, 2)
        self._stage_error = labeled("", "error")
        self._stage_error.setWordWrap(True)

    def _stage_row(self, index: int) -> tuple[QLabel, QSpinBox, QSpinBox]:
        label = QLabel(str(index + 1))
        blocks, width = QSpinBox(), QSpinBox()
        # 0 can be typed: the field then says what is allowed, which a silent limit would not.
        blocks.setRange(0, _MAX_BLOCKS)
        blocks.setToolTip(self.tr("Residual blocks in this stage (model.blocks): more blocks, a deeper network"))
        blocks.setAccessibleName(self.tr("Blocks of stage {0}").format(index + 1))
        width.setRange(1, _MAX_WIDTH)
        width.setToolTip(self.tr("Channels in this stage (model.widths): more channels see more kinds of pattern"))
        width.setAccessibleName(self.tr("Width of stage {0}").format(index + 1))
        shrinkable(blocks)
        shrinkable(width)
        for column, widget in enumerate((label, blocks, width)):
            self._stage_grid.addWidget(widget, index + 1, column)
        blocks.valueChanged.connect(self._on_edit)
        width.valueChanged.connect(self._on_edit)
        return label, blocks, width

    def _tool(self, icon: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "button")
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button

    def _build_summary(self) -> None:
        self._size = QLabel()
        self._size.setWordWrap(True)
        self._size.setAccessibleName(self.tr("Size of the network"))
        self._warning = labeled("", "warning")
        self._warning.setWordWrap(True)

    @Slot()
    def refresh_icons(self) -> None:
        self._add.setIcon(self._theme.icon("add"))
        self._remove.setIcon(self._theme.icon("remove"))

    @property
    def _stage_count(self) -> int:
        return sum(not row[0].isHidden() for row in self._rows)

    def _set_stages(self, stages: list[tuple[int, int]]) -> None:
        for index, row in enumerate(self._rows):
            for widget in row:
                widget.setVisible(index < len(stages))
            if index < len(stages):
                row[1].setValue(stages[index][0])
                row[2].setValue(stages[index][1])

    def _stages(self) -> list[tuple[int, int]]:
        return [(blocks.value(), width.value()) for _, blocks, width in self._rows[: self._stage_count]]

    @Slot()
    def _add_stage(self) -> None:
        stages = self._stages()
        blocks, width = stages[-1]
        self._loading = True
        self._set_stages([*stages, (blocks, min(2 * width, _MAX_WIDTH))])
        self._loading = False
        self._on_edit()

    @Slot()
    def _remove_stage(self) -> None:
        self._set_stages(self._stages()[:-1])
        self._on_edit()

    @Slot(int)
    def _on_preset(self, _index: int) -> None:
        name = self._preset.currentData()
        if name != CUSTOM:
            self.select_preset(name)

    @Slot()
    def _on_edit(self) -> None:
        if self._loading:
            return
        stages = self._stages()
        self._add.setEnabled(len(stages) < MAX_STAGES)
        self._remove.setEnabled(len(stages) > 1)
        tree = {
            "stem": self._stem.currentText(),
            "block": self._block.currentText(),
            "shortcut": self._shortcut.currentText(),
            "blocks": [blocks for blocks, _ in stages],
            "widths": [width for _, width in stages],
            "input_size": self._input.value(),
        }
        errors: dict[str, str] = {}
        try:
            self._config = parse(ModelConfig, tree, "model.")
        except ConfigError as error:
            self._config, errors = None, error.fields
        self._show_errors(errors)
        self._show_size()
        self.config_changed.emit(self._config)

    def _show_errors(self, errors: dict[str, str]) -> None:
        self._form.show_errors(errors)
        lists = ("model.blocks", "model.widths")
        wrong = ([text for field, text in errors.items() if field.startswith(name)] for name in lists)
        sentences = [texts[0] for texts in wrong if texts]
        self._stage_error.setText("\n".join(sentences))
        self._stage_error.setVisible(bool(sentences))
        for stage, (_, *boxes) in enumerate(self._rows):
            for field, box in zip(lists, boxes, strict=True):
                mark_invalid(box, field in errors or f"{field}.{stage}" in errors)

    def _show_size(self) -> None:
        name = self._presets.model_name(self._config) if self._config else CUSTOM
        self._preset.setCurrentIndex(self._preset.findData(name))
        self._description.setText("" if name == CUSTOM else self._presets.model(name).description)
        self._description.setVisible(name != CUSTOM)
        if self._config is None:
            self._size.setText(self.tr("Known again when the marked field is corrected"))
            self._warning.hide()
            return
        table = Architecture.of(self._config)
        self._size.setText(
            self.tr("{0} parameters\n{1} MACs per image\n{2} weighted layers").format(
                count(table.parameters), short_count(table.macs), table.depth
            )
        )
        self._warning.setText("\n".join(table.warnings))
        self._warning.setVisible(bool(table.warnings))
