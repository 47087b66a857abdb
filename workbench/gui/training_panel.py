"""Where a person says how to train: recipe, length, batch, learning rate, augmentation, machine."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from workbench.core.config import parse
from workbench.core.errors import ConfigError
from workbench.core.presets import CUSTOM, Presets
from workbench.core.training_config import TrainingConfig
from workbench.gui.config_form import ConfigForm
from workbench.gui.field_form import FieldForm, labeled
from workbench.gui.theme import FIELD_GAP, GROUP_GAP, MARGIN


class TrainingPanel(QWidget):
    """Edits a TrainingConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)

    def __init__(self, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = presets
        self._config: TrainingConfig | None = None
        self._schedule, self._augmentation, self._machine = (ConfigForm("training") for _ in range(3))
        self._forms = (self._schedule, self._augmentation, self._machine)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._recipe_form())
        layout.addWidget(self._description)
        layout.addWidget(self._schedule)
        for heading, form in (
            (self.tr("Augmentation"), self._augmentation),
            (self.tr("Machine"), self._machine),
        ):
            layout.addSpacing(GROUP_GAP - FIELD_GAP)
            layout.addWidget(labeled(heading, "heading"))
            layout.addWidget(form)
        self._fill_forms()

    @property
    def config(self) -> TrainingConfig | None:
        """None while the fields are not allowed."""
        return self._config

    def show_config(self, config: TrainingConfig) -> None:
        """Fill the fields and announce the config once."""
        for form in self._forms:
            form.show_values(config)
        self._on_edit()

    def show_error(self, dotted: str, sentence: str) -> None:
        """Mark a field whose error is known only once the data are read."""
        for form in self._forms:
            form.show_errors({dotted: sentence})

    def _recipe_form(self) -> FieldForm:
        form = FieldForm()
        self._recipe = QComboBox()
        for recipe in self._presets.recipes.values():
            self._recipe.addItem(recipe.title, recipe.name)
        self._recipe.addItem(self.tr("Custom"), CUSTOM)
        self._recipe.activated.connect(self._on_recipe)
        form.add_plain(self.tr("Recipe"), self._recipe, self.tr("A named way to train to start from"))
        self._description = labeled("", "secondary")
        self._description.setWordWrap(True)
        return form

    def _fill_forms(self) -> None:
        form = self._schedule
        form.add_whole("epochs", self.tr("Epochs"), 100_000)
        form.add_whole("batch_size", self.tr("Batch size"), 65_536, self.tr(" images"))
        form.add_choice("optimizer", self.tr("Optimizer"), (("sgd", "SGD"), ("adam", "Adam")))
        form.add_decimal("learning_rate", self.tr("Learning rate"), 1000)
        form.add_choice("schedule", self.tr("Schedule"), ("one-cycle", "cosine", "constant"))
        form.add_decimal("momentum", self.tr("Momentum"), 1)
        form.add_decimal("weight_decay", self.tr("Weight decay"), 10)
        form = self._augmentation
        form.add_whole("crop_padding", self.tr("Random crop"), 64, self.tr(" px"))
        form.add_check("horizontal_flip", self.tr("Random flip"))
        form = self._machine
        form.add_choice("device", self.tr("Device"), ("auto", "cpu", "cuda", "mps"))
        form.add_choice("precision", self.tr("Precision"), ("auto", "fp32", "bf16"))
        form.add_whole("threads", self.tr("CPU threads"), 1024, zero=self.tr("one per core"))
        form.add_whole("seed", self.tr("Seed"), 2**31 - 1)
        for form in self._forms:
            form.edited.connect(self._on_edit)

    def select_recipe(self, name: str) -> None:
        self.show_config(self._presets.recipe(name).config)

    @Slot(int)
    def _on_recipe(self, _index: int) -> None:
        name = self._recipe.currentData()
        if name != CUSTOM:
            self.select_recipe(name)

    @Slot()
    def _on_edit(self) -> None:
        errors: dict[str, str] = {}
        tree = {name: value for form in self._forms for name, value in form.values().items()}
        try:
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
