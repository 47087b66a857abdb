"""Where a person says how to train: recipe, length, batch, learning rate, augmentation, machine."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from workbench.core.errors import ConfigError
from workbench.core.settings.config import RunConfig, parse
from workbench.core.settings.presets import CUSTOM, Presets
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.build.training_groups import (
    AugmentationGroup,
    MachineGroup,
    OptimizerGroup,
    RegularizationGroup,
)
from workbench.gui.widgets.config_form import ConfigForm
from workbench.gui.widgets.field_form import FieldForm, labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN


class TrainingPanel(QWidget):
    """Edits a TrainingConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)
    recipe_chosen = Signal(str)
    """By its name: it may set fields that stand elsewhere, too."""

    def __init__(self, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = presets
        self._config: TrainingConfig | None = None
        self._beside = RunConfig()
        # Always in sight, because the schedule is drawn beside it.
        self._schedule = ConfigForm("training")
        self._fill_schedule()
        self._problem = ""
        self._groups = (OptimizerGroup(), AugmentationGroup(), RegularizationGroup(), MachineGroup())
        self._forms = (self._schedule, *(group.form for group in self._groups))
        for form in self._forms:
            form.edited.connect(self._on_edit)
        self._essentials = QVBoxLayout()
        self._essentials.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._essentials.setSpacing(FIELD_GAP)
        for widget in (self._recipe_form(), self._description, self._schedule):
            self._essentials.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, MARGIN, 0, GROUP_GAP)
        layout.setSpacing(MARGIN)
        layout.addLayout(self._essentials)
        groups = QVBoxLayout()
        groups.setContentsMargins(MARGIN - GAP, 0, MARGIN - GAP, 0)
        groups.setSpacing(MARGIN)
        for group in self._groups:
            groups.addWidget(group)
        layout.addLayout(groups)
        layout.addStretch(1)

    @property
    def config(self) -> TrainingConfig | None:
        """None while the fields are not allowed."""
        return self._config

    @property
    def problem(self) -> str:
        """Why there is none, in a sentence; empty if there is."""
        return self._problem

    def field(self, name: str) -> Any:
        """The widget of a field of TrainingConfig."""
        return self._form_of(name).field(f"training.{name}")

    def error(self, name: str) -> str:
        """The sentence below a field; empty while it is allowed."""
        return self._form_of(name).error(f"training.{name}")

    def _form_of(self, name: str) -> ConfigForm:
        return next(form for form in self._forms if f"training.{name}" in form)

    def show_config(self, config: TrainingConfig) -> None:
        """Fill the fields and announce the config once."""
        for form in self._forms:
            form.show_values(config)
        self._on_edit()

    def show_error(self, dotted: str, sentence: str) -> None:
        """Mark a field whose error is known only once the data are read."""
        self._schedule.show_errors({dotted: sentence})
        for group in self._groups:
            group.show_errors({dotted: sentence})

    def show_beside(self, config: RunConfig) -> None:
        """Name the recipe by what is set elsewhere, too; the training of `config` does not count."""
        self._beside = config
        self._show_recipe()

    def set_presets(self, presets: Presets) -> None:
        """Take the recipes anew; the fields stay."""
        self._presets = presets
        self._fill_recipes()
        self._show_recipe()

    def add_start(self, widget: QWidget) -> None:
        """Add what training starts from, below the recipe."""
        self._essentials.insertWidget(self._essentials.indexOf(self._schedule), widget)

    def _recipe_form(self) -> FieldForm:
        form = FieldForm()
        self._recipe = QComboBox()
        self._fill_recipes()
        self._recipe.activated.connect(self._on_recipe)
        form.add_plain(self.tr("Recipe"), self._recipe, self.tr("A named way to train to start from"))
        self._description = labeled("", "secondary")
        self._description.setWordWrap(True)
        return form

    def _fill_recipes(self) -> None:
        self._recipe.clear()
        for recipe in self._presets.recipes.values():
            self._recipe.addItem(recipe.title, recipe.name)
        self._recipe.addItem(self.tr("Custom"), CUSTOM)

    def _fill_schedule(self) -> None:
        form, epochs = self._schedule, self.tr(" epochs")
        form.add_whole("epochs", self.tr("Epochs"), 100_000)
        form.add_whole("batch_size", self.tr("Batch size"), 65_536, self.tr(" images"))
        form.add_choice("optimizer", self.tr("Optimizer"), (
            ("sgd", "SGD"), ("adam", "Adam"), ("adamw", "AdamW"), ("rmsprop", "RMSprop"), ("muon", "Muon"),
        ))  # fmt: skip
        form.add_decimal("learning_rate", self.tr("Learning rate"), 1000)
        form.add_choice("schedule", self.tr("Schedule"), (
            ("constant", self.tr("Constant")), ("step", self.tr("Step")), ("multi-step", self.tr("Multi-step")),
            ("cosine", self.tr("Cosine")), ("one-cycle", self.tr("One-cycle")),
        ))  # fmt: skip
        form.add_choice("schedule_moves", self.tr("Rate moves"), (
            ("each-step", self.tr("at each step")), ("each-epoch", self.tr("at each epoch")),
        ))  # fmt: skip
        form.add_whole("step_epochs", self.tr("Step every"), 100_000, epochs)
        form.add_shares("milestones", self.tr("Milestones"))
        form.add_decimal("decay_factor", self.tr("Decay factor"), 10)
        form.add_decimal("warmup_epochs", self.tr("Warm-up"), 100_000, epochs, self.tr("none"), step=1)

    @Slot(int)
    def _on_recipe(self, _index: int) -> None:
        name = self._recipe.currentData()
        if name != CUSTOM:
            self.recipe_chosen.emit(name)

    @Slot()
    def _on_edit(self) -> None:
        tree = {name: value for form in self._forms for name, value in form.values().items()}
        shown = _shown(tree)
        self._config, errors = _parse(tree)
        wrong = {field.rstrip(".0123456789") for field in errors}
        hidden = [name for name, is_shown in shown.items() if not is_shown and f"training.{name}" in wrong]
        if hidden:
            # What has no meaning must not keep a training from being allowed.
            self._config, errors = _parse(tree | {name: getattr(TrainingConfig(), name) for name in hidden})
        self._schedule.show_errors(errors)
        self._schedule.set_shown(shown)
        for group in self._groups:
            group.show_state(tree, errors)
        self._problem = next(iter(errors.values()), "")
        self._show_recipe()
        self.config_changed.emit(self._config)

    def _show_recipe(self) -> None:
        name = CUSTOM
        if self._config is not None:
            name = self._presets.recipe_name(self._beside.model_copy(update={"training": self._config}))
        self._recipe.setCurrentIndex(self._recipe.findData(name))
        recipe = None if name == CUSTOM else self._presets.recipe(name)
        also = self.tr(" It also sets {0}.").format(recipe.also) if recipe and recipe.also else ""
        self._description.setText(f"{recipe.description}{also}" if recipe else "")
        self._description.setVisible(name != CUSTOM)


def _parse(tree: Mapping[str, Any]) -> tuple[TrainingConfig | None, dict[str, str]]:
    """The config, or None and a sentence per wrong field."""
    try:
        return parse(TrainingConfig, tree, "training."), {}
    except ConfigError as error:
        return None, error.fields


def _shown(values: Mapping[str, Any]) -> dict[str, bool]:
    """Which fields of the schedule have a meaning."""
    schedule = values["schedule"]
    return {
        "schedule_moves": schedule in ("cosine", "one-cycle", "multi-step"),
        "step_epochs": schedule == "step",
        "milestones": schedule == "multi-step",
        "decay_factor": schedule in ("step", "multi-step"),
    }
