"""The left side: network, data and training in three tabs, together one RunConfig."""

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from workbench.core.errors import ConfigError
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import DEFAULT_MODEL, DEFAULT_RECIPE, FINE_TUNING_RECIPE, Presets
from workbench.core.settings.recipe_traces import RecipeTraces
from workbench.gui.build.data_panel import DataPanel
from workbench.gui.build.fine_tuning_panel import FineTuningPanel
from workbench.gui.build.model_panel import ModelPanel
from workbench.gui.build.training_panel import TrainingPanel
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import Theme
from workbench.gui.work import jobs
from workbench.gui.work.job import RunJob

_MIN_WIDTH = 304


class BuildPanel(QWidget):
    """Edits a RunConfig; says which field keeps it from being one."""

    config_changed = Signal()

    def __init__(self, presets: Presets, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presets = presets
        self._filling = False
        self._traces = RecipeTraces()
        self._source_problems: dict[str, str] = {}
        self._most_images: int | None = None
        self._misfits: list[DataPanel | TrainingPanel | FineTuningPanel] = []
        self.model_panel = ModelPanel(presets, theme)
        self.data_panel = DataPanel()
        self.training_panel = TrainingPanel(presets)
        self.fine_tuning_panel = FineTuningPanel()
        self.training_panel.add_start(self.fine_tuning_panel)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        pages = (
            (self.tr("Model"), (self.model_panel,)),
            (self.tr("Data"), (self.data_panel,)),
            (self.tr("Train"), (self.training_panel,)),
        )
        for title, panels in pages:
            self.tabs.addTab(scrolling(_page(panels)), title)
        # Section of the config, panel, tab that it stands in.
        self._sections: tuple[tuple[str, ModelPanel | DataPanel | TrainingPanel | FineTuningPanel, int], ...] = (
            ("model", self.model_panel, 0),
            ("data", self.data_panel, 1),
            ("training", self.training_panel, 2),
            ("fine_tuning", self.fine_tuning_panel, 2),
        )
        for _, panel, _ in self._sections:
            panel.config_changed.connect(self._on_edit)
        self.training_panel.recipe_chosen.connect(self.take_recipe)
        self.fine_tuning_panel.weights_taken.connect(self._suit_recipe)
        # Wide enough for the longest preset; the tabs scroll, so they have no width of their own.
        self.setMinimumWidth(_MIN_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.show_config(presets.run_config(DEFAULT_MODEL, DEFAULT_RECIPE))

    def show_config(self, config: RunConfig) -> None:
        """Fill all tabs and announce it once."""
        self._traces.meet(config, self.presets)
        self._filling = True
        for section, panel, _ in self._sections:
            panel.show_config(getattr(config, section))
        self._filling = False
        self._on_edit()

    def show_tab(self, section: str) -> None:
        """Show the tab of a section of the configuration, such as `training`."""
        self.tabs.setCurrentIndex(next((tab for name, _, tab in self._sections if name == section), 0))

    def set_presets(self, presets: Presets, chosen: str = "") -> None:
        """Take the presets anew; the network counts as `chosen` where it equals several."""
        self.presets = presets
        self.model_panel.set_presets(presets, chosen)
        self.training_panel.set_presets(presets)

    @property
    def config(self) -> RunConfig | None:
        """None while a field is wrong, or the tabs do not fit together."""
        try:
            return self._build()
        except ConfigError:
            return None

    def problem(self) -> str:
        """Why there is no RunConfig now, in one sentence; empty if there is one."""
        for _, panel, tab in self._sections:
            if panel.config is None:
                return self.tr("Correct the marked field in the tab '{0}' first").format(self.tabs.tabText(tab))
        try:
            config = self._build()
        except ConfigError as error:
            return str(error)
        return self._misfit_of_images(config)

    def refuse_source(self, source: str, problem: str) -> None:
        """Say why nothing can be trained on a source, by what was found in it; empty takes that back."""
        if self._source_problems.get(source, "") != problem:
            self._source_problems[source] = problem
            self.config_changed.emit()

    @property
    def source_problem(self) -> str:
        """Why nothing can be trained on the present source, by what was found in it; empty where something can."""
        return self._source_problems.get(self.data_panel.source, "")

    def set_most_images(self, images: int | None) -> None:
        """How many images there are to train on at most; None while it is not known."""
        if images != self._most_images:
            self._most_images = images
            self.config_changed.emit()

    def _misfit_of_images(self, config: RunConfig) -> str:
        """Why these images cannot be trained on, as far as that is known before Start."""
        problem = self._source_problems.get(config.data.source, "")
        if problem:
            return problem
        images, batch = self._most_images, config.training.batch_size
        if images is not None and batch > images:
            words = self.tr("Batch size {0} in the tab '{1}' is more than the {2} training images")
            return words.format(batch, self.tabs.tabText(2), images)
        return ""

    def planned(self) -> tuple[RunConfig, str, str]:
        """What to train, and the names of its model and recipe.

        Raises:
            ConfigError: the tabs do not fit together.
        """
        config = self._build()
        model = self.presets.model_name(config.model, self.model_panel.base)
        return config, model, self.presets.recipe_name(config)

    def job(self) -> RunJob:
        """To train that.

        Raises:
            ConfigError: as of `planned`.
        """
        config, model, recipe = self.planned()
        return jobs.train(config, model=model, recipe=recipe)

    def _build(self) -> RunConfig:
        parts = {name: panel.config for name, panel, _ in self._sections}
        wrong = {name: f"{name} has a field that is not allowed" for name, part in parts.items() if part is None}
        if wrong:
            raise ConfigError(wrong)
        return RunConfig.build({name: part.model_dump() for name, part in parts.items() if part is not None})

    def show_errors(self, fields: Mapping[str, str]) -> None:
        """Mark fields that only the engine could judge, by their dotted names, each with its sentence."""
        for section, panel, tab in self._sections:
            for field, sentence in fields.items():
                if field.startswith(section + ".") and not isinstance(panel, ModelPanel):
                    panel.show_error(field, sentence)
                    self.tabs.setCurrentIndex(tab)

    def take_values(self, values: Mapping[str, object], *, turns: bool = True) -> None:
        """Change some fields, by their dotted names, as was offered; undo takes it back.

        Args:
            turns: show the tab of the first one.
        """
        config = self.config
        if config is None:
            return
        try:
            self.show_config(config.with_values(values))
        except ConfigError as error:
            self.show_errors(error.fields)
            return
        if turns:
            self.show_tab(next(iter(values), "").partition(".")[0])

    @Slot()
    def _on_edit(self) -> None:
        if not self._filling:
            complete = self._complete()
            self.training_panel.show_beside(complete)
            kept = self._traces.in_force(complete)
            self.model_panel.keep({key[6:]: value for key, value in kept.items() if key.startswith("model.")})
            self._mark_misfits()
            self.config_changed.emit()

    @Slot()
    def _suit_recipe(self) -> None:
        """A large rate would undo what the weights have learned."""
        self.take_recipe(FINE_TUNING_RECIPE)

    @Slot(str)
    def take_recipe(self, name: str) -> None:
        """Train by a recipe, in one step that undo takes back; in tabs with a wrong field nothing changes."""
        parts = {section: panel.config for section, panel, _ in self._sections}
        try:
            taken = self._traces.replaced(self.presets.recipe(name), self._complete(), self.presets)
        except ConfigError:
            # It does not fit to another tab: what is wrong is marked there.
            self.training_panel.show_config(self.presets.recipe(name).config)
            return
        self._filling = True
        for section, panel, _ in self._sections:
            if parts[section] is not None or section == "training":
                panel.show_config(getattr(taken, section))
        self._filling = False
        self._on_edit()

    def _complete(self) -> RunConfig:
        """What the tabs say, and what is usual in place of one with a wrong field; they need not fit together."""
        return RunConfig().model_copy(
            update={section: panel.config for section, panel, _ in self._sections if panel.config is not None}
        )

    def _mark_misfits(self) -> None:
        """Mark fields that are allowed by themselves but do not fit to another tab's."""
        for marked in self._misfits:
            if marked.config is not None:
                marked.show_error("", "")
        self._misfits = []
        if any(panel.config is None for _, panel, _ in self._sections):
            return
        try:
            self._build()
        except ConfigError as error:
            for section, panel, _ in self._sections:
                for field, sentence in error.fields.items():
                    if field.startswith(section + ".") and not isinstance(panel, ModelPanel):
                        panel.show_error(field, sentence)
                        self._misfits.append(panel)


def _page(panels: tuple[QWidget, ...]) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for panel in panels:
        layout.addWidget(panel)
    return page
