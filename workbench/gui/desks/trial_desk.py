"""What can be found out before a run: time and memory, a learning rate, exact resume, augmented examples."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.core.config import RunConfig
from workbench.core.errors import ConfigError
from workbench.core.events import Progress
from workbench.core.training_config import TrainingConfig
from workbench.core.trials import Certificate, Preflight, RateSuggestion, RateTrial
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.trials.augmentation_view import AugmentationView
from workbench.gui.trials.preflight_card import PreflightCard
from workbench.gui.trials.rate_finder_window import RateFinderWindow
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.mailbox import Examples, ExamplesJob, JobEnded, JobRefused, Message, TrialJob
from workbench.gui.work.training_session import State

_EXAMPLES = 16
# Examples follow an edit once the person has finished typing.
_REDRAW_MS = 400


class TrialDesk(QObject):
    """Connects the trials' views with the configuration at hand.

    `job_wanted` carries what the worker shall do; `cancel_wanted` ends it.
    """

    job_wanted = Signal(object)
    cancel_wanted = Signal()

    def __init__(self, build_panel: BuildPanel, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._build = build_panel
        self._running = ""
        """Kind of the trial that the worker is at; empty: none of ours."""
        self._state, self._engine_is_ready = State.IDLE, False
        self._tried: RunConfig | None = None
        self._epoch, self._examples_are_shown, self._tried_examples = 0, False, ""
        self.card = PreflightCard()
        self.finder = RateFinderWindow(theme, window)
        self.examples = AugmentationView()
        self._find = QPushButton(self.tr("Find a learning rate…"))
        self._find.clicked.connect(self.open_finder)
        build_panel.training_panel.add_below(self._find)
        build_panel.training_panel.add_below(self.card)
        build_panel.data_panel.add_below(self.examples)
        self.card.measure_asked.connect(self.measure)
        self.card.certify_asked.connect(self.certify)
        self.card.cancel_asked.connect(self.cancel)
        self.card.remedy_asked.connect(self.take_remedy)
        self.finder.find_asked.connect(self.find_rate)
        self.finder.cancel_asked.connect(self.cancel)
        self.finder.rate_chosen.connect(self.take_rate)
        self.examples.examples_asked.connect(self.draw_examples)
        build_panel.config_changed.connect(self._on_edit)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self._draw_again)
        self._on_edit()

    # Asking

    @Slot()
    def measure(self) -> None:
        """A few real steps: seconds, memory, largest batch."""
        self._start("preflight")

    @Slot()
    def certify(self) -> None:
        """Whether this configuration resumes exactly on this machine."""
        self._start("certificate")

    @Slot()
    def open_finder(self) -> None:
        """Show the learning-rate finder and let it begin."""
        self.finder.show()
        self.finder.raise_()
        self.find_rate()

    @Slot()
    def find_rate(self) -> None:
        if self._start("rate"):
            self.finder.show_running()
        elif self._running != "rate":
            self.finder.show_error(
                self._reason() or self.tr("Another measurement is going on; try again after it")
            )

    @Slot(int)
    def draw_examples(self, epoch: int) -> None:
        config = self._build.config
        if config is None or self._reason():
            return
        self._epoch, self._tried_examples = epoch, _looks(config)
        self._running = "examples"
        self.job_wanted.emit(ExamplesJob(config, epoch, _EXAMPLES))

    def _start(self, kind: str) -> bool:
        config = self._build.config
        if config is None or self._reason():
            return False
        self._running = kind
        if kind != "rate":
            self._tried = config
            self.card.show_progress(self.tr("Starting"), 0, 0)
        self.job_wanted.emit(TrialJob(kind, config))  # type: ignore[arg-type]  # one of the three above
        return True

    @Slot()
    def cancel(self) -> None:
        if self._running:
            self.cancel_wanted.emit()

    # Answers

    def receive(self, message: Message) -> None:
        """Take what a trial says; other messages are none of its business."""
        match message:
            case Progress("", activity, done, total) if self._running in ("preflight", "certificate"):
                self.card.show_progress(activity, done, total)
            case RateTrial():
                self.finder.show_trial(message)
            case RateSuggestion():
                self.finder.show_suggestion(message)
                self._running = ""
            case Preflight():
                self.card.show_result(message)
                self._running = ""
            case Certificate():
                self.card.show_certificate(message)
                self._running = ""
            case Examples(plain, augmented):
                self.examples.show_examples(plain, augmented)
                self._examples_are_shown, self._running = True, ""
            case JobRefused() | JobEnded():
                self._end(message)

    def _end(self, message: JobRefused | JobEnded) -> None:
        """A trial that was refused or canceled."""
        if not self._running:
            return
        refused = message.message if isinstance(message, JobRefused) else ""
        match self._running:
            case "rate" if refused:
                self.finder.show_error(refused)
            case "rate":
                self.finder.show_canceled()
            case "examples":
                self.examples.show_problem(refused)
            case _:
                self.card.show_canceled()
        self._running = ""

    # What it depends on

    @Slot(object)
    def show_state(self, state: State) -> None:
        self._state = state
        self._allow()
        if state is State.IDLE and self._examples_are_shown:
            self._redraw.start()

    def set_engine_ready(self) -> None:
        self._engine_is_ready = True
        self._allow()

    def _reason(self) -> str:
        """Why nothing can be tried now; empty if it can."""
        if not self._engine_is_ready:
            return self.tr("PyTorch is being loaded")
        if self._state is not State.IDLE:
            return self.tr("The machine is busy with a run or a measurement; stop it first")
        return self._build.problem()

    def _allow(self) -> None:
        reason = self._reason()
        self.card.allow(not reason, reason)
        self._find.setEnabled(not reason)
        self._find.setToolTip(
            reason or self.tr("Try about a hundred steps at growing rates and see where the loss falls (Ctrl+R)")
        )
        self.examples.allow(not reason, reason)

    @Slot()
    def _on_edit(self) -> None:
        self._allow()
        config = self._build.config
        if self._tried is not None and config != self._tried:
            self.card.mark_stale()
        if config is None:
            return
        self.examples.show_note(self._note(config.training))
        if self._examples_are_shown and _looks(config) != self._tried_examples:
            self.examples.mark_stale()
            self._redraw.start()

    @Slot()
    def _draw_again(self) -> None:
        config = self._build.config
        if config is not None and _looks(config) != self._tried_examples and self.examples.isVisible():
            self.draw_examples(self._epoch)

    def _note(self, training: TrainingConfig) -> str:
        """What changes the images, in words."""
        parts = [
            self.tr("random crop {0} px").format(training.crop_padding) if training.crop_padding else "",
            self.tr("random flip") if training.horizontal_flip else "",
            self.tr("TrivialAugment") if training.trivial_augment else "",
            self.tr("erasing {0:g} %").format(100 * training.random_erasing) if training.random_erasing else "",
            self.tr("mixup {0:g}").format(training.mixup) if training.mixup else "",
            self.tr("CutMix {0:g}").format(training.cutmix) if training.cutmix else "",
        ]
        return " · ".join(part for part in parts if part) or self.tr("No augmentation: images stay as they are")

    @Slot(float)
    def take_rate(self, rate: float) -> None:
        """Take the found learning rate."""
        self.take_remedy({"training.learning_rate": rate})

    @Slot(object)
    def take_remedy(self, values: Mapping[str, object]) -> None:
        """Change settings as was offered; undo takes it back."""
        config = self._build.config
        if config is None:
            return
        try:
            self._build.show_config(config.with_values(values))
        except ConfigError as error:
            self._build.show_error(str(error))
            return
        self._build.tabs.setCurrentIndex(2)


def _looks(config: RunConfig) -> str:
    """What decides how examples look."""
    training = config.training
    return repr((
        config.data, config.model.input_size, training.seed, training.crop_padding, training.horizontal_flip,
        training.trivial_augment, training.random_erasing, training.mixup, training.cutmix,
    ))  # fmt: skip
