"""Where a person shapes the network: preset, block, shortcut, stem, stages and options."""

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.core.errors import ConfigError
from workbench.core.network.blocks import BLOCKS, OPTIONS, Description, description_of
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.config import parse
from workbench.core.settings.presets import Presets
from workbench.gui.build.preset_picker import PresetPicker
from workbench.gui.build.stage_table import StageTable
from workbench.gui.widgets.config_form import ConfigForm
from workbench.gui.widgets.field_form import FieldForm, labeled
from workbench.gui.widgets.theme import FIELD_GAP, GROUP_GAP, MARGIN, Theme


class ModelPanel(QWidget):
    """Edits a ModelConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)
    save_asked = Signal()

    def __init__(self, presets: Presets, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets, self._theme = presets, theme
        self._config: ModelConfig | None = None
        self._base = ""
        # A shortcut that the present block cannot have, and what is there instead.
        self._set_aside = "", ""
        self._num_classes = 10
        self._kept: dict[str, Any] = {}
        self._build_fields()
        self._build_options()
        self.stages = StageTable(theme)
        self.stages.edited.connect(self._on_edit)
        self._size = QLabel()
        self._size.setWordWrap(True)
        self._size.setAccessibleName(self.tr("Size of the network"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._preset_form)
        layout.addWidget(self._description)
        layout.addWidget(self._form)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Stages"), "heading"))
        layout.addWidget(self.stages)
        layout.addWidget(self._more)
        layout.addWidget(self._options)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Size"), "heading"))
        layout.addWidget(self._size)
        layout.addStretch(1)

    @property
    def config(self) -> ModelConfig | None:
        """None while the fields do not form an allowed network."""
        return self._config

    @property
    def base(self) -> str:
        """Name of the preset that the network was last equal to; empty before the first."""
        return self._base

    def field(self, name: str) -> Any:
        """The widget of a field of ModelConfig but for the stages' lists, which stand in `stages`."""
        return self._form_of(name).field(f"model.{name}")

    def error(self, name: str) -> str:
        """The sentence below a field; empty while it is allowed."""
        return self._form_of(name).error(f"model.{name}")

    def _form_of(self, name: str) -> ConfigForm:
        return self._form if f"model.{name}" in self._form else self._options

    def show_config(self, config: ModelConfig) -> None:
        """Fill the fields and announce the config once."""
        self._num_classes, self._set_aside = config.num_classes, ("", "")
        self._form.show_values(config)
        self._options.show_values(config)
        self.stages.show_config(config)
        self._on_edit()

    def keep(self, values: dict[str, Any]) -> None:
        """Fields that the recipe has set, which another preset is not to change."""
        self._kept = values

    @Slot(str)
    def select_preset(self, name: str) -> None:
        preset = self._presets.model(name)
        self._base = name
        # Classes and size of the images are those of the data at hand, not a shipped preset's.
        kept = {"num_classes": self._num_classes, **self._kept}
        if not preset.is_own:
            kept["input_size"] = self._form.values()["input_size"]
        try:
            self.show_config(parse(ModelConfig, preset.config.model_dump() | kept))
        except ConfigError:
            self.show_config(preset.config)

    def set_presets(self, presets: Presets, chosen: str = "") -> None:
        """Take the presets anew; the network counts as `chosen` where it equals several."""
        self._base = chosen or self._base
        self._presets = presets
        self._preset.set_presets(presets)
        self._show_preset()

    def show_size(self, text: str) -> None:
        """What the network costs, in a few lines."""
        self._size.setText(text)

    def _build_fields(self) -> None:
        self._preset_form = FieldForm()
        self._preset = PresetPicker(self._presets, self._theme)
        self._preset.chosen.connect(self.select_preset)
        self._save = QToolButton()
        self._save.setAccessibleName(self.tr("Save as preset"))
        self._save.setProperty("role", "icon-button")
        self._save.setToolTip(self.tr("Keep this network as a preset of your own (Ctrl+S)"))
        self._save.clicked.connect(self.save_asked)
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(FIELD_GAP)
        help_text = self.tr("A named network to start from; type in its list to search")
        self._preset.setToolTip(help_text)
        self._preset.setAccessibleName(self.tr("Preset"))
        inside.addWidget(self._preset, 1)
        inside.addWidget(self._save)
        self._preset_form.add_plain(self.tr("Preset"), row, help_text)
        self._description = labeled("", "secondary")
        self._description.setWordWrap(True)
        form = self._form = ConfigForm("model")
        form.add_choice("block", self.tr("Block"), [(block, description_of(block).title) for block in BLOCKS])
        form.add_choice("shortcut", self.tr("Shortcut"), (
            ("A", self.tr("A  identity, zeros")), ("B", self.tr("B  identity, projection")),
            ("C", self.tr("C  projections")), ("identity", self.tr("identity if it fits")),
            ("none", self.tr("none  (plain network)")),
        ))  # fmt: skip
        form.add_choice("stem", self.tr("Stem"), ("3x3", ("7x7", self.tr("7x7 + max pooling"))))
        form.add_whole("input_size", self.tr("Input"), 1024, self.tr(" px"))
        form.edited.connect(self._on_edit)

    def _build_options(self) -> None:
        self._more = QToolButton()
        self._more.setText(self.tr("More options"))
        self._more.setCheckable(True)
        self._more.setProperty("role", "disclosure")
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setToolTip(
            self.tr("Groups, squeeze-and-excitation, dropout, activation, norm, head, initialization")
        )
        self._more.toggled.connect(self._show_options)
        form = self._options = ConfigForm("model")
        form.add_whole("stem_width", self.tr("Stem width"), 8192, zero=self.tr("as stage 1"))
        form.add_whole("expansion", self.tr("Expansion"), 64, self.tr(" ×"))
        form.add_whole("inner_expansion", self.tr("Expansion"), 64, self.tr(" ×"))
        form.add_whole("cardinality", self.tr("Cardinality"), 1024, self.tr(" groups"))
        form.add_whole("base_width", self.tr("Base width"), 1024)
        form.add_choice("activation", self.tr("Activation"), ("relu", "silu", "gelu", "none"))
        form.add_choice("norm", self.tr("Norm"), ("batch", "group", "none"))
        form.add_whole("se_reduction", self.tr("Squeeze-excite"), 64, zero=self.tr("none"))
        form.add_percent("dropout", self.tr("Dropout"), self.tr(" %"))
        form.add_percent("stochastic_depth", self.tr("Stoch. depth"), self.tr(" %"))
        form.add_choice("head_pooling", self.tr("Head pooling"), ("average", "max"))
        form.add_decimal("logit_scale", self.tr("Logits times"), 1000)
        form.add_choice("initialization", self.tr("Initial weights"), ("kaiming", "pytorch"))
        form.add_check("stem_activation", self.tr("Activation in the stem"))
        form.add_check("zero_init_last", self.tr("Blocks begin as identity"))
        form.add_check("head_bias", self.tr("Bias in the last layer"))
        form.edited.connect(self._on_edit)
        self.refresh_icons()

    @Slot(bool)
    def _show_options(self, shown: bool) -> None:
        self._more.setIcon(self._theme.icon("chevron" if shown else "chevron-right"))
        self._options.setVisible(shown)

    @Slot()
    def refresh_icons(self) -> None:
        self._save.setIcon(self._theme.icon("save"))
        self._show_options(self._more.isChecked())

    @Slot()
    def _on_edit(self) -> None:
        tree = self._form.values() | self._options.values() | self.stages.values()
        tree["num_classes"] = self._num_classes
        description = description_of(tree["block"])
        tree["shortcut"] = self._fitting_shortcut(tree["shortcut"], description)
        # They have no meaning there, and their hidden fields must not keep a network from being allowed.
        meaningless = OPTIONS.difference(description.options)
        tree |= {name: getattr(ModelConfig(), name) for name in meaningless}
        if description.is_preactivation:
            tree["stem_activation"] = True
        errors: dict[str, str] = {}
        try:
            self._config = parse(ModelConfig, tree, "model.")
        except ConfigError as error:
            self._config, errors = None, error.fields
        self._form.show_errors(errors)
        self._options.show_errors(errors)
        self.stages.show_errors(errors)
        self._options.set_shown(
            {name: name not in meaningless for name in OPTIONS if f"model.{name}" in self._options}
            | {"stem_activation": not description.is_preactivation}
        )
        self.stages.set_residuals_shown("residuals" not in meaningless)
        if any(field in self._options for field in errors):
            self._more.setChecked(True)
        set_ = sum(value != getattr(ModelConfig(), name) for name, value in self._options.values().items())
        self._more.setText(self.tr("More options, {0} set").format(set_) if set_ else self.tr("More options"))
        self._show_preset()
        self.config_changed.emit(self._config)

    def _fitting_shortcut(self, shortcut: str, description: Description) -> str:
        """A shortcut that the block can have; the one before comes back together with a block that can have it."""
        before, instead = self._set_aside
        if shortcut not in description.shortcuts:
            self._set_aside = shortcut, description.shortcuts[0]
            shortcut = description.shortcuts[0]
        elif before in description.shortcuts:
            shortcut = before if shortcut == instead else shortcut
            self._set_aside = "", ""
        self._form.choose("shortcut", shortcut)
        self._form.set_allowed("shortcut", description.shortcuts)
        return shortcut

    def _show_preset(self) -> None:
        preset = self._presets.preset_of(self._config, self._base) if self._config else None
        begins_otherwise = False
        if preset is not None and self._config is not None:
            self._base = preset.name
            begins_otherwise = self._config.initialization != preset.config.initialization
            self._preset.show_title(f"{preset.title} *" if begins_otherwise else preset.title)
        else:
            known = self._presets.models.get(self._base)
            self._preset.show_title(f"{known.title} *" if known else self.tr("Custom"))
        # Of the preset that it began from, too: a text that goes at the first edit would move every field.
        began = self._presets.models.get(self._base)
        description = began.description if began else ""
        if began and preset is not None and begins_otherwise:
            description = self.tr("Only its first weights differ. {0}").format(description)
        self._description.setText(description)
        self._description.setVisible(bool(description))
