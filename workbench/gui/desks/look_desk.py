"""What all views have in common that show something computed from a network: asking, waiting, refusing."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.theme import Theme
from workbench.gui.widgets.work_bar import WorkBar
from workbench.gui.work.job import Handle, Job
from workbench.gui.work.lane import Lane
from workbench.gui.work.looker import Looker, Place

# So long nothing moves before work begins: a slider that is dragged must not ask for every epoch on its way.
_SETTLED_MS = 60
# Beside a run that is trained, an answer may take seconds: so long the former one may be taken for it.
_LATE_MS = 400


@dataclass(frozen=True, eq=False)
class Looking:
    """What the desks of the workspace Inspect share."""

    library: RunLibrary
    selection: Selection
    lane: Lane
    """For what is there within a second or so."""
    long_lane: Lane
    """For what takes longer: a quick look does not wait for it."""
    looker: Looker
    long_looker: Looker
    """Each lane opens networks for itself."""
    theme: Theme

    def lane_of(self, is_long: bool) -> Lane:
        return self.long_lane if is_long else self.lane

    def looker_of(self, is_long: bool) -> Looker:
        return self.long_looker if is_long else self.looker


@dataclass(frozen=True)
class Sight:
    """What a view shows something of: signals of the selection only say that it may be another one."""

    run_id: str
    epoch: int
    has_weights: bool
    evaluation: Evaluation | None
    has_pictures: bool
    image: int | LookedAt | None
    """Number of the test image, or one that was brought; None also of a view that does not look at one."""

    @classmethod
    def of(cls, selection: Selection, of_image: bool) -> "Sight":
        looked = selection.looked_at if of_image else None
        return cls(
            selection.run_id, selection.epoch, selection.epoch in selection.weighted, selection.evaluation,
            selection.images is not None, looked if looked is None or looked.is_brought else looked.index,
        )  # fmt: skip


class LookDesk(QObject):
    """Asks the inspecting lane for what one view shows of the selected run and epoch, as soon as it can be seen.

    A desk of one view derives from it: it implements `renew`, which begins with `self.place()`, and calls `ask`.

    Args:
        view: hidden, nothing is asked for it.
        bar: where it says how far work is, and what is in its way.
        of_image: whether it shows another thing for another image.
        is_long: whether its work takes many seconds.
    """

    def __init__(
        self,
        looking: Looking,
        view: QWidget,
        bar: WorkBar,
        window: QWidget,
        *,
        of_image: bool = False,
        is_long: bool = False,
    ) -> None:
        super().__init__(window)
        self.looking, self.selection, self.bar = looking, looking.selection, bar
        self._lane, self.looker = looking.lane_of(is_long), looking.looker_of(is_long)
        self._view, self._handle = view, None
        self._of_image, self._sight = of_image, Sight.of(self.selection, of_image)
        self._is_due = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self._renew_if_seen)
        bar.cancel_asked.connect(self.cancel)
        view.installEventFilter(self)
        signal = self.selection.image_changed if of_image else self.selection.epoch_changed
        signal.connect(self._on_selection)
        self.selection.weights_changed.connect(self._on_weights)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_LATE_MS)
        self._late.timeout.connect(self._forget_late)

    _handle: Handle | None

    # For the desk of a view

    def renew(self) -> None:
        """Show what is selected now: ask for it, or say why there is nothing."""
        raise NotImplementedError

    forgets_late = False
    """Whether what is shown of something else is taken away where the new takes long."""

    def forget(self) -> None:
        """Nothing will come of what was asked for, or not soon: what is still shown is of something else."""

    def place(self) -> Place | None:
        """The network that is selected; None where there is none, which the bar says then, with a way out."""
        selection = self.selection
        if selection.run.record is None:
            self.bar.say(self.tr("Choose a run, or train one."))
            return None
        if not selection.weighted:
            self.bar.say(self.tr("There is a network to look into after the run's first epoch."))
            return None
        if selection.epoch not in selection.weighted:
            nearest = selection.nearest_weighted
            sentence = self.tr("No weights of epoch {0} are kept.").format(selection.epoch)
            action = self.tr("Go to epoch {0}").format(nearest)
            tooltip = self.tr("The nearest epoch whose weights are kept")
            self.bar.say(sentence, action, tooltip, self._go_to_nearest)
            return None
        return Place(selection.run_id, selection.epoch)

    def ask(self, job: Job, activity: str) -> Handle | None:
        """Have it done in place of what was asked for before; connect to its `finished`. None if it is refused."""
        self.drop()
        try:
            home = self.looking.library.home
        except UserError as error:
            # The list is closed, to be repaired.
            self._refuse(error)
            return None
        self._activity, self._was_refused = activity, False
        self._handle = handle = self._lane.ask(job, home, self)
        self.bar.show_progress(activity, 0, 0)
        handle.progressed.connect(self._show_progress)
        handle.refused.connect(self._refuse)
        handle.canceled.connect(self._on_canceled)
        handle.ended.connect(self._end)
        if self.forgets_late:
            self._late.start()
            handle.ended.connect(self._late.stop)
        return handle

    def drop(self) -> None:
        """Nobody waits any more for what was asked for."""
        self._late.stop()
        if self._handle is not None:
            self._handle.drop()
            self._handle = None
            self.bar.say("")

    @property
    def is_seen(self) -> bool:
        return self._view.isVisible()

    # What moves it

    @Slot()
    def set_due(self) -> None:
        """Another thing is to be shown: at once where it can be seen, else when it is."""
        self._is_due = True
        self.drop()
        if self.is_seen:
            self._timer.start()

    @Slot()
    def _on_selection(self) -> None:
        """Where it is still the same, what goes on goes on: a filter and a mark change nothing here."""
        before, self._sight = self._sight, Sight.of(self.selection, self._of_image)
        if self._sight != before:
            self.set_due()

    @Slot()
    def _on_weights(self) -> None:
        """An epoch more has weights: of interest where one had none, or they were not written yet."""
        before, self._sight = self._sight, Sight.of(self.selection, self._of_image)
        if self._handle is None and (self._was_refused or self._sight != before):
            self.set_due()

    _activity = ""
    _was_refused = False

    @Slot()
    def _renew_if_seen(self) -> None:
        if self._is_due and self.is_seen:
            self._is_due = False
            if self._handle is None:
                # Whatever it says is of something else.
                self.bar.say("")
            self.renew()

    @Slot()
    def _forget_late(self) -> None:
        if self._handle is not None:
            self.forget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and event.type() == QEvent.Type.Show and self._is_due:
            self._timer.start()
        return super().eventFilter(watched, event)

    @Slot()
    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    @Slot()
    def _go_to_nearest(self) -> None:
        self.selection.show_epoch(self.selection.nearest_weighted)

    # How it goes

    @Slot(object)
    def _show_progress(self, said: Any) -> None:
        if isinstance(said, Progress):
            # Images may have to be read first; how many an archive holds is known at its end.
            is_reading = said.unit == "bytes" or (said.unit == "images" and said.done > 0 and not said.total)
            activity = said.told if is_reading else self._activity
            self.bar.show_progress(activity, said.done, said.total)

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        sentence = str(error) if isinstance(error, UserError) else self.tr("Something went wrong; see the log.")
        self._handle, self._was_refused = None, True
        self.forget()
        self.bar.say(sentence, self.tr("Try again"), "", self.try_again)

    @Slot()
    def _on_canceled(self) -> None:
        self._handle = None
        self.forget()
        self.bar.say(self.tr("Canceled."), self.tr("Begin again"), "", self.try_again)

    @Slot()
    def _end(self) -> None:
        if self._handle is not None:
            self._handle = None
            self.bar.say("")

    @Slot()
    def try_again(self) -> None:
        self._is_due = True
        self._renew_if_seen()
