"""Examples of augmented images: asked for at a click, and again after an edit that changes how they look."""

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.events import Progress
from workbench.core.formats import percent
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import AUGMENTATIONS, TrainingConfig
from workbench.gui.build.augmentation_words import augmentation_words
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.data.augmentation_view import AugmentationView
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle
from workbench.gui.work.lane import Lane

_EXAMPLES = 16
# All images of a source are decoded to show a few: more of one's own could take long, and all memory.
_MOST_UNASKED = 10_000
# Examples follow an edit once the person has finished typing.
_REDRAW_MS = 400


class ExamplesDesk(QObject):
    """Connects the examples in the tab Data with the configuration at hand. A run goes on beside them."""

    def __init__(self, build_panel: BuildPanel, inspecting: Lane, home: Home, window: QWidget) -> None:
        super().__init__(window)
        self.home = home
        self._build, self._inspecting = build_panel, inspecting
        self._handle: Handle | None = None
        self._engine_is_ready = self._is_shown = False
        self._epoch, self._tried, self._source = 0, "", ""
        self._counts: dict[str, int] = {}
        """Training images of sources of one's own."""
        self.view = AugmentationView()
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self._draw_again)
        self.view.examples_asked.connect(self.draw)
        self.view.seen.connect(self._draw_unasked)
        self.view.cancel_asked.connect(self.cancel)
        build_panel.config_changed.connect(self._on_edit)
        self._on_edit()

    def set_engine_ready(self) -> None:
        self._engine_is_ready = True
        self._allow()
        if self.view.isVisible():
            self._draw_unasked()

    @Slot(int)
    def draw(self, epoch: int) -> None:
        """Show how training would see some images in an epoch, counted from 0; a newer wish replaces an older."""
        config = self._build.config
        if config is None or self._reason():
            return
        self._epoch, self._tried, self._source = epoch, looks_of(config), config.data.source
        job = jobs.examples(config, epoch=epoch, count=_EXAMPLES)
        handle = self._handle = self._inspecting.ask(job, self.home, self)
        self.view.show_activity(self.tr("Taking images…"))
        handle.progressed.connect(self._show_reading)
        handle.finished.connect(self._show_examples)
        handle.canceled.connect(self._show_no_examples)
        handle.refused.connect(self._on_examples_refused)

    @Slot()
    def _draw_unasked(self) -> None:
        """At once for few images on the disk: a download, and reading many, are asked for by a click."""
        config = self._build.config
        if (
            self._are_few(config)
            and self._handle is None
            and (not self._is_shown or _looks_other(config, self._tried))
        ):
            self.draw(self._epoch)

    @Slot(str, object)
    def take_count(self, source: str, images: int) -> None:
        """How many training images a source of one's own turned out to have."""
        self._counts[source] = images
        if self.view.isVisible():
            self._draw_unasked()

    def _are_few(self, config: RunConfig | None) -> bool:
        if config is None:
            return False
        known = IMAGE_SOURCES.get(config.data.source)
        if known is not None:
            return known.is_shipped
        return self._counts.get(config.data.source, _MOST_UNASKED + 1) <= _MOST_UNASKED

    @Slot()
    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    @Slot(object)
    def _show_reading(self, progress: Progress) -> None:
        share = f" {percent(progress.done / progress.total, 0)}" if progress.total else ""
        self.view.show_activity(f"{progress.told}…{share}")

    @Slot(object)
    def _show_examples(self, found: jobs.Examples) -> None:
        self.view.show_examples(found.plain, found.augmented)
        self._is_shown, self._handle = True, None
        # Settings may have been changed while these were made.
        self._follow()

    @Slot()
    def _show_no_examples(self) -> None:
        self.view.show_problem("")
        self._handle = None

    @Slot(object)
    def _on_examples_refused(self, error: Exception) -> None:
        self.view.show_problem(sentence_of(error))
        self._handle = None

    def _reason(self) -> str:
        """Why no examples can be made now; empty if they can."""
        if not self._engine_is_ready:
            return self.tr("PyTorch is being loaded")
        # Pictures can be had of images that are too few for a batch.
        return "" if self._build.config is not None else self._build.problem()

    def _allow(self) -> None:
        reason = self._reason()
        self.view.allow(not reason, reason)

    @Slot()
    def _on_edit(self) -> None:
        self._allow()
        config = self._build.config
        if config is None:
            return
        self.view.show_note(self._note(config.training))
        self._follow()

    def _follow(self) -> None:
        """Make examples anew where those that are shown look otherwise by now, or are made of other images."""
        config = self._build.config
        if config is None or not _looks_other(config, self._tried):
            return
        if self._is_shown:
            self.view.mark_stale()
        if self._is_shown or (self._handle is not None and config.data.source != self._source):
            self._redraw.start()

    @Slot()
    def _draw_again(self) -> None:
        config = self._build.config
        if config is None or not _looks_other(config, self._tried):
            return
        is_same = config.data.source == self._source
        if self.view.isVisible() and (is_same or self._are_few(config)):
            self.draw(self._epoch)
        elif not is_same:
            # Reading images that nobody wants any more would keep others from being looked through.
            self.cancel()

    def _note(self, training: TrainingConfig) -> str:
        """What changes the images, in words."""
        words = augmentation_words(training.model_dump())
        return " · ".join(words) or self.tr("No augmentation: images stay as they are")


def _looks_other(config: RunConfig | None, tried: str) -> bool:
    return config is not None and looks_of(config) != tried


def looks_of(config: RunConfig) -> str:
    """What decides how augmented images look."""
    training = config.training
    return repr((
        config.data, config.model.input_size, training.seed, *(getattr(training, name) for name in AUGMENTATIONS),
    ))  # fmt: skip
