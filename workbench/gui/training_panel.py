"""Where a person says how to train: recipe, length, batch, learning rate, augmentation, machine."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from workbench.core.config import TrainingConfig, parse
from workbench.core.errors import ConfigError
from workbench.core.presets import CUSTOM, Presets
from workbench.gui.field_form import FieldForm, labeled
from workbench.gui.theme import FIELD_GAP, GROUP_GAP, MARGIN


class TrainingPanel(QWidget):
    """Edits a TrainingConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)

    def __init__(self, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = presets
        self._config: TrainingConfig | None = None
        self._loading = False
        self._fields: dict[str, QSpinBox | QDoubleSpinBox | QComboBox | QCheckBox] = {}
        self._forms: list[FieldForm] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._recipe_form())
        layout.addWidget(self._description)
        layout.addWidget(self._schedule_form())
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Augmentation"), "heading"))
        layout.addWidget(self._augmentation_form())
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Machine"), "heading"))
        layout.addWidget(self._machine_form())
        layout.addStretch(1)

    @property
    def config(self) -> TrainingConfig | None:
        """None while the fields are not allowed."""
        return self._config

    def show_config(self, config: TrainingConfig) -> None:
        """Fill the fields and announce the config once."""
        self._loading = True
        for name, field in self._fields.items():
            value = getattr(config, name)
            if isinstance(field, QComboBox):
                if field.findText(value) < 0:
                    field.addItem(value)
                field.setCurrentText(value)
            elif isinstance(field, QCheckBox):
                field.setChecked(value)
            else:
                field.setValue(value)
        self._loading = False
        self._on_edit()

    def show_error(self, dotted: str, sentence: str) -> None:
        """Mark a field whose error is known only once the data are read."""
        for form in self._forms:
            form.show_errors({dotted: sentence})

    def _recipe_form(self) -> FieldForm:
        form = self._form()
        self._recipe = QComboBox()
        for recipe in self._presets.recipes.values():
            self._recipe.addItem(recipe.title, recipe.name)
        self._recipe.addItem(self.tr("Custom"), CUSTOM)
        self._recipe.activated.connect(self._on_recipe)
        form.add_plain(self.tr("Recipe"), self._recipe, self.tr("A named way to train to start from"))
        self._description = labeled("", "secondary")
        self._description.setWordWrap(True)
        return form

    def _schedule_form(self) -> FieldForm:
        form = self._form()
        self._add(form, "epochs", self.tr("Epochs"), _whole(100_000))
        self._add(form, "batch_size", self.tr("Batch size"), _whole(65_536, self.tr(" images")))
        self._add(form, "learning_rate", self.tr("Learning rate"), _decimal(5, 1000))
        self._add(form, "schedule", self.tr("Schedule"), _choice("one-cycle", "cosine", "constant"))
        self._add(form, "momentum", self.tr("Momentum"), _decimal(3, 1))
        self._add(form, "weight_decay", self.tr("Weight decay"), _decimal(6, 10))
        return form

    def _augmentation_form(self) -> FieldForm:
        form = self._form()
        self._add(form, "crop_padding", self.tr("Random crop"), _whole(64, self.tr(" px")))
        self._add(form, "horizontal_flip", "", QCheckBox(self.tr("Random flip")))
        return form

    def _machine_form(self) -> FieldForm:
        form = self._form()
        self._add(form, "device", self.tr("Device"), _choice("auto", "cpu", "cuda", "mps"))
        self._add(form, "precision", self.tr("Precision"), _choice("auto", "fp32", "bf16"))
        threads = _whole(1024)
        threads.setSpecialValueText(self.tr("one per core"))
        self._add(form, "threads", self.tr("CPU threads"), threads)
        self._add(form, "seed", self.tr("Seed"), _whole(2**31 - 1))
        return form

    def _form(self) -> FieldForm:
        form = FieldForm()
        self._forms.append(form)
        return form

    def _add(
        self, form: FieldForm, name: str, label: str, field: QSpinBox | QDoubleSpinBox | QComboBox | QCheckBox
    ) -> None:
        if isinstance(field, QComboBox):
            field.currentIndexChanged.connect(self._on_edit)
        elif isinstance(field, QCheckBox):
            field.setAccessibleName(field.text())
            field.toggled.connect(self._on_edit)
        else:
            field.valueChanged.connect(self._on_edit)
        form.add(f"training.{name}", label, field)
        self._fields[name] = field

    @Slot(int)
    def _on_recipe(self, _index: int) -> None:
        name = self._recipe.currentData()
        if name != CUSTOM:
            self.show_config(self._presets.recipe(name).config)

    @Slot()
    def _on_edit(self) -> None:
        if self._loading:
            return
        errors: dict[str, str] = {}
        try:
            tree = {name: _value(field) for name, field in self._fields.items()}
            self._config = parse(TrainingConfig, tree, "training.")
        except ConfigError as error:
            self._config, errors = None, error.fields
        for form in self._forms:
            form.show_errors(errors)
        self._show_recipe()
        self.config_changed.emit(self._config)

    def _show_recipe(self) -> None:
        name = self._presets.recipe_name(self._config) if self._config else CUSTOM
        self._recipe.setCurrentIndex(self._recipe.findData(name))
        self._description.setText("" if name == CUSTOM else self._presets.recipe(name).description)
        self._description.setVisible(name != CUSTOM)


def _whole(highest: int, suffix: str = "") -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, highest)
    box.setSuffix(suffix)
    return box


def _decimal(decimals: int, highest: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(decimals)
    box.setRange(0, highest)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    return box


def _choice(*values: str) -> QComboBox:
    box = QComboBox()
    box.addItems(values)
    return box


def _value(field: QSpinBox | QDoubleSpinBox | QComboBox | QCheckBox) -> object:
    if isinstance(field, QComboBox):
        return field.currentText()
    if isinstance(field, QCheckBox):
        return field.isChecked()
    # The spin box rounds to its decimals in binary; 0.1 must stay 0.1.
    return round(field.value(), 6) if isinstance(field, QDoubleSpinBox) else field.value()
