"""What the form describes, shown: counts the network at every edit and hands it to drawing, table and size."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from workbench.core import speed
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import ConfigError, shown
from workbench.core.formats import count, memory, short_count
from workbench.core.home import Home
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.records.epoch_times import EpochTimes
from workbench.core.records.run_record import RunRecord
from workbench.core.resources import resource_path
from workbench.core.settings.config import RunConfig, parse
from workbench.core.settings.presets import CUSTOM
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.network.network_figures import Figures, about, length
from workbench.gui.network.network_panel import NetworkPanel
from workbench.gui.widgets.pictures import to_pixels

_BASE = "\0base"


class NetworkDesk(QObject):
    """Connects the form at the left with the network in the middle; needs no torch.

    `speed_wanted` asks for this machine's figures, which are not known yet for the chosen device, and
    `speeds_forgotten` follows when there may be others. `steps_changed`
    carries the number of steps of an epoch, None while it is not known; `plan_changed` what Start would train.
    """

    speed_wanted = Signal()
    speeds_forgotten = Signal()
    steps_changed = Signal(object)
    plan_changed = Signal(str)

    def __init__(self, build_panel: BuildPanel, network_panel: NetworkPanel, home: Home) -> None:
        super().__init__(network_panel)
        self._build, self._panel = build_panel, network_panel
        self.times = EpochTimes(home)
        self.plan = ""
        """What Start would train and about how long, in a sentence; empty while a field is wrong."""
        self._compared = ""
        self._other: Architecture | None = None
        self._wanted = set[str]()
        """Of which figures of this machine were asked for."""
        self._precision = "fp32"
        self._measured_text = ""
        self._scale = 1.0
        """What an epoch of the present network takes in truth, as a share of its estimate."""
        network_panel.show_image(to_pixels(QImage(str(resource_path("data/example.png")))))
        network_panel.compare_chosen.connect(self.compare)
        build_panel.config_changed.connect(self.refresh)
        self.set_presets()
        self.refresh()

    @property
    def home(self) -> Home:
        """Whose figures of this machine are read."""
        return self.times.home

    @home.setter
    def home(self, home: Home) -> None:
        self.times.home = home

    @property
    def title(self) -> str:
        """What to call the present network."""
        config, presets = self._build.model_panel.config, self._build.presets
        preset = presets.preset_of(config, self._build.model_panel.base) if config else None
        if preset is not None:
            return preset.title
        base = presets.models.get(self._build.model_panel.base)
        return self.tr("{0}, changed").format(base.title) if base else self.tr("Custom network")

    def set_presets(self) -> None:
        """Offer the presets to compare with, after one was saved or deleted."""
        choices = [("", self.tr("nothing")), (_BASE, self.tr("its preset"))]
        self._panel.set_choices(
            [*choices, *((preset.name, preset.title) for preset in self._build.presets.models.values())]
        )

    def set_machine(self, device: str, precision: str) -> None:
        """What `auto` means on this machine, known once torch is loaded."""
        self.times.device, self._precision = device, precision
        self.forget_speeds()

    def set_images(self, source: str, images: int, classes: int) -> None:
        """How many training images a source turned out to have, the held out ones too, and of how many classes."""
        self.times.counts[source] = (images, classes)
        self.refresh()

    @Slot(object)
    def take_runs(self, records: Sequence[RunRecord]) -> None:
        """Learn from recorded runs, the newest first, how long an epoch takes in truth."""
        self.times.records = records
        config = self._build.config
        if config is not None and _measured_text(config, self._measured(config)) != self._measured_text:
            self.refresh()

    @Slot()
    def forget_speeds(self) -> None:
        """Read this machine's figures again, for example after they were measured."""
        self.times.forget_speeds()
        self._wanted.clear()
        self.refresh()
        self.speeds_forgotten.emit()

    @Slot()
    def refresh(self) -> None:
        """Count and show the present network."""
        self._build.set_most_images(self._most_images())
        self.steps_changed.emit(self.steps_per_epoch)
        panel, config = self._build.model_panel, self._build.model_panel.config
        if config is None:
            panel.show_size(self.tr("Known again when the marked field is corrected"))
            self._panel.show_problem(self.tr("A field at the left is wrong; this is the network before that."))
            return
        architecture = Architecture.of(config)
        figures = self._figures(architecture)
        panel.show_size(self._size(figures))
        self._panel.show_network(self.title, architecture, figures)
        if self._compared:
            self.compare(self._compared)
        self.plan = self._plan(figures)
        self.plan_changed.emit(self.plan)

    def _plan(self, figures: Figures) -> str:
        """What Start would train, and about how long; empty while a field is wrong."""
        config, presets = self._build.config, self._build.presets
        if config is None:
            return ""
        name = presets.recipe_name(config)
        recipe = presets.recipe(name).title if name != CUSTOM else self.tr("a recipe of your own")
        known = IMAGE_SOURCES.get(config.data.source)
        images = self.tr(known.title) if known else shown(Path(config.data.source).name or config.data.source)
        planned = config.training.epochs
        epochs = self.tr("1 epoch") if planned == 1 else self.tr("{0} epochs").format(count(planned))
        words = self.tr("Start (Ctrl+Return) trains {0} on {1} by {2}, {3}")
        words = words.format(self.title, images, recipe, epochs)
        if figures.epoch_s is None:
            return words
        return self.tr("{0}: {1}").format(words, about(figures.epoch_s * config.training.epochs))

    @Slot(str)
    def compare(self, name: str) -> None:
        """Set a preset beside the present network; empty for none."""
        self._compared = name
        presets = self._build.presets
        preset = presets.models.get(self._build.model_panel.base if name == _BASE else name)
        config = self._build.model_panel.config
        if preset is None or config is None:
            self._panel.show_compared("", None, None)
            return
        # The same images for both, so that the figures can be compared.
        same = {"num_classes": config.num_classes, "input_size": config.input_size}
        try:
            other = parse(ModelConfig, preset.config.model_dump() | same)
        except ConfigError:
            other = preset.config
        # Counted once, not at every edit of the network beside it.
        if self._other is None or self._other.config != other:
            self._other = Architecture.of(other)
        self._panel.show_compared(preset.title, self._other, self._figures(self._other))

    def _figures(self, architecture: Architecture) -> Figures:
        config = self._build.config
        epoch_s, is_measured = self._epoch_s(architecture, config)
        training = config.training if config else self._build.training_panel.config
        batch_size = training.batch_size if training else 128
        precision = training.precision if training else "auto"
        bytes_per_value = 2 if (self._precision if precision == "auto" else precision) == "bf16" else 4
        return Figures(
            parameters=architecture.parameters,
            macs=architecture.macs,
            depth=architecture.depth,
            activation_bytes=architecture.activation_bytes(batch_size, bytes_per_value),
            batch_size=batch_size,
            epoch_s=epoch_s,
            is_measured=is_measured,
        )

    def _trained_images(self, config: RunConfig | None) -> int | None:
        """Images of an epoch, without those held out; None while their number is not known."""
        is_known = config is not None and config.data.source in self.times.counts
        return self.times.images(config) if config is not None and is_known else None

    def _most_images(self) -> int | None:
        """With those that will be held out, whose number depends on the sizes of the classes."""
        config = self._build.config
        counts = self.times.counts.get(config.data.source) if config is not None else None
        if config is None or counts is None:
            return None
        return config.data.train_images or counts[0] - len(config.data.excluded)

    @property
    def steps_per_epoch(self) -> int | None:
        """Of the data at hand; None while their number is not known."""
        config = self._build.config
        trained = self._trained_images(config)
        return max(1, config.training.steps_per_epoch(trained)) if config and trained is not None else None

    def _epoch_s(self, architecture: Architecture, config: RunConfig | None) -> tuple[float | None, bool]:
        """And whether it was measured in a run."""
        estimate = self._estimate(architecture, config) if config is not None else None
        measured = self._measured(config) if config is not None else None
        if config is None or architecture.config != config.model:
            # As far off as the estimate of the network beside it.
            return (None if estimate is None else estimate * self._scale), False
        self._measured_text = _measured_text(config, measured)
        self._scale = measured / estimate if measured and estimate else 1.0
        return (estimate if measured is None else measured), measured is not None

    def _measured(self, config: RunConfig) -> float | None:
        return self.times.measured(config)

    def _estimate(self, architecture: Architecture, config: RunConfig) -> float | None:
        key = speed.key_of(config.training)
        if self.times.images(config) is not None and self.times.speed(config) is None and key not in self._wanted:
            self._wanted.add(key)
            self.speed_wanted.emit()
        return self.times.estimated(config, architecture)

    def _size(self, figures: Figures) -> str:
        lines = [
            self.tr("{0} parameters").format(count(figures.parameters)),
            self.tr("{0} MACs per image").format(short_count(figures.macs)),
            self.tr("{0} weighted layers").format(figures.depth),
            self.tr("{0} of activations per batch").format(memory(figures.activation_bytes)),
        ]
        if figures.epoch_s is not None:
            line = (
                self.tr("{0} per epoch here, measured") if figures.is_measured else self.tr("{0} per epoch here")
            )
            lines.append(line.format(length(figures.epoch_s) if figures.is_measured else about(figures.epoch_s)))
        return "\n".join(lines)


def _measured_text(config: RunConfig, seconds: float | None) -> str:
    """What is shown of it: of an epoch, and of all of them, which may change where an epoch's does not."""
    return "" if seconds is None else f"{length(seconds)} {length(seconds * config.training.epochs)}"
