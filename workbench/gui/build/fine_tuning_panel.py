"""Where a person says what to start from: random weights, a file, a run, torchvision's; and what stays frozen."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QVBoxLayout, QWidget

from workbench.core.errors import ConfigError
from workbench.core.settings.config import FineTuningConfig, parse
from workbench.gui.widgets.config_form import ConfigForm
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP

_FILE = "\0file"
_TORCHVISION = "torchvision"


class FineTuningPanel(QWidget):
    """Edits a FineTuningConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)
    # The person took weights in place of random ones.
    weights_taken = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config: FineTuningConfig | None = None
        self._chosen = ""
        self._form = form = ConfigForm("fine_tuning")
        # What fine-tuning is called where nobody knows the word yet.
        self._weights: QComboBox = form.add_choice("weights", self.tr("Start from"), (
            ("", self.tr("random weights")), (_TORCHVISION, self.tr("ImageNet (torchvision)")),
            (_FILE, self.tr("weights from a file…")),
        ))  # fmt: skip
        self._weights.activated.connect(self._on_choice)
        form.add_whole("frozen_stages", self.tr("Freeze"), 64, self.tr(" stages and the stem"), self.tr("nothing"))
        form.add_whole("unfreeze_every", self.tr("Free one every"), 100_000, self.tr(" epochs"), self.tr("never"))
        form.add_percent("backbone_rate", self.tr("Backbone rate"), self.tr(" % of the rate"))
        form.edited.connect(self._on_edit)
        self._hint = labeled("", "secondary")
        self._hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(form)
        layout.addWidget(self._hint)

    @property
    def config(self) -> FineTuningConfig | None:
        """None while the fields are not allowed."""
        return self._config

    def field(self, name: str) -> Any:
        """The widget of a field of FineTuningConfig."""
        return self._form.field(f"fine_tuning.{name}")

    def error(self, name: str) -> str:
        """The sentence below a field; empty while it is allowed."""
        return self._form.error(f"fine_tuning.{name}")

    def show_config(self, config: FineTuningConfig) -> None:
        """Fill the fields and announce the config once."""
        self.offer(config.weights)
        self._chosen = config.weights
        self._form.show_values(config)
        self._on_edit()

    def choose_weights(self, weights: str) -> None:
        """Start from a file or a run."""
        self.offer(weights)
        self._weights.setCurrentIndex(self._weights.findData(weights))
        self._on_edit()

    def take_weights(self, weights: str) -> None:
        """Likewise, as if the person had chosen it from the list: a recipe that suits follows."""
        before = self._chosen
        self.choose_weights(weights)
        self._chosen = weights
        if not before:
            self.weights_taken.emit()

    def show_error(self, dotted: str, sentence: str) -> None:
        """Mark a field whose error only the engine, or the whole network, can tell."""
        self._form.show_errors({dotted: sentence})

    def offer(self, weights: str, title: str = "") -> None:
        """Add an entry for a file or a run, called `title`, before the one that asks for a file."""
        if self._weights.findData(weights) < 0:
            blocked = self._weights.blockSignals(True)
            text = title or Path(weights).name
            self._weights.insertItem(self._weights.count() - 1, text, weights)
            self._weights.blockSignals(blocked)

    @Slot(int)
    def _on_choice(self, _index: int) -> None:
        before = self._chosen
        if self._weights.currentData() == _FILE:
            self.ask_file()
        self._chosen = self._config.weights if self._config else ""
        if self._chosen and not before:
            self.weights_taken.emit()

    @Slot()
    def ask_file(self) -> None:
        """Ask for a file of weights; cancelled, everything stays as it was."""
        kinds = self.tr("Weights (*.pt *.pth *.th *.bin *.safetensors);;All files (*)")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Weights to start from"), filter=kinds)
        self.choose_weights(path or self._chosen)

    @Slot()
    def _on_edit(self) -> None:
        values = self._form.values()
        if values["weights"] == _FILE:
            return
        is_tuning = bool(values["weights"])
        if not is_tuning:
            values |= {"frozen_stages": 0, "unfreeze_every": 0, "backbone_rate": 1.0}
        errors: dict[str, str] = {}
        try:
            self._config = parse(FineTuningConfig, values, "fine_tuning.")
        except ConfigError as error:
            self._config, errors = None, error.fields
        self._form.show_errors(errors)
        self._form.set_shown(
            {
                "frozen_stages": is_tuning,
                "unfreeze_every": is_tuning and values["frozen_stages"] > 0,
                "backbone_rate": is_tuning,
            }
        )
        self._hint.setText(
            self.tr("Fine-tuning: what these weights know is kept, so that a small rate suits (recipe Fine-tune).")
            if is_tuning
            else self.tr(
                "From scratch. To fine-tune a trained network, choose its weights here, or 'Use weights' of a run."
            )
        )
        self._weights.setStatusTip(str(values["weights"]))
        self.config_changed.emit(self._config)
