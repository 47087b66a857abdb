"""The left side: network, data and training in three tabs, together one RunConfig."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QTabWidget, QVBoxLayout, QWidget

from workbench.core.config import RunConfig
from workbench.core.errors import ConfigError
from workbench.core.presets import DEFAULT_MODEL, DEFAULT_RECIPE, Presets
from workbench.gui.data_panel import DataPanel
from workbench.gui.mailbox import TrainJob
from workbench.gui.model_panel import ModelPanel
from workbench.gui.theme import Theme
from workbench.gui.training_panel import TrainingPanel

_MIN_WIDTH = 280


class BuildPanel(QWidget):
    """Edits a RunConfig; says which field keeps it from being one."""

    config_changed = Signal()

    def __init__(self, presets: Presets, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = presets
        self.model_panel = ModelPanel(presets, theme)
        self.data_panel = DataPanel()
        self.training_panel = TrainingPanel(presets)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._panels: list[ModelPanel | DataPanel | TrainingPanel]
        self._panels = [self.model_panel, self.data_panel, self.training_panel]
        titles = (self.tr("Model"), self.tr("Data"), self.tr("Train"))
        for panel, title in zip(self._panels, titles, strict=True):
            self.tabs.addTab(_scrolling(panel), title)
            panel.config_changed.connect(self.config_changed)
        # Wide enough for the longest preset; the tabs scroll, so they have no width of their own.
        self.setMinimumWidth(_MIN_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.show_config(presets.run_config(DEFAULT_MODEL, DEFAULT_RECIPE))

    def show_config(self, config: RunConfig) -> None:
        """Fill all three tabs."""
        self.model_panel.show_config(config.model)
        self.data_panel.show_config(config.data)
        self.training_panel.show_config(config.training)

    def problem(self) -> str:
        """Why there is no RunConfig now, in one sentence; empty if there is one."""
        for index, panel in enumerate(self._panels):
            if panel.config is None:
                return self.tr("Correct the marked field in the tab '{0}' first").format(self.tabs.tabText(index))
        try:
            self.job()
        except ConfigError as error:
            return str(error)
        return ""

    def job(self) -> TrainJob:
        """What to train.

        Raises:
            ConfigError: the tabs do not fit together.
        """
        sections = zip(("model", "data", "training"), self._panels, strict=True)
        config = RunConfig.build(
            {name: panel.config.model_dump() if panel.config else {} for name, panel in sections}
        )
        names = self._presets.model_name(config.model), self._presets.recipe_name(config.training)
        return TrainJob(config, *names)

    def show_error(self, sentence: str) -> None:
        """Mark the field that a sentence begins with, if it is one that only the engine could judge."""
        field = sentence.split(" ", 1)[0]
        if field.startswith("training."):
            self.training_panel.show_error(field, sentence)
            self.tabs.setCurrentIndex(2)
        elif field == "data.source":
            self.data_panel.show_source_error(sentence)
            self.tabs.setCurrentIndex(1)


def _scrolling(panel: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(panel)
    return area
