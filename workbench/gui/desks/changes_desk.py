"""What changes of an image do to the answer: asks for each, and for the smallest ones that change it."""

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.inspection.image_changes import AugmentedTest, ImageChange, SmallestChanges
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.changes.changes_view import ChangesView
from workbench.gui.inspect.seen_words import absence
from workbench.gui.work import inspection_jobs
from workbench.gui.work.job import Handle, Job
from workbench.gui.work.looker import Place

# Moves of a slider that come in one turn of the event loop are one.
_TOGETHER_MS = 10


class ChangesDesk(LookDesk):
    """Asks for the effects of all changes once per image and epoch, and for what the sliders say as they move."""

    def __init__(self, looking: Looking, view: ChangesView, window: QWidget) -> None:
        super().__init__(looking, view, view.bar, window, of_image=True)
        self._changes = view
        self._place: Place | None = None
        self._live: Handle | None = None
        self._wanted: ImageChange | None = None
        # Its own asker: what it asks for replaces nothing else.
        self._asker = QObject(self)
        self._together = QTimer(self)
        self._together.setSingleShot(True)
        self._together.setInterval(_TOGETHER_MS)
        self._together.timeout.connect(self._ask_live)
        view.change_asked.connect(self._want)

    def renew(self) -> None:
        self._drop_live()
        looked, self._place = self.selection.looked_at, None
        if looked is None:
            what = self.tr("The chosen image can be changed here")
            sentence = absence(self.selection, what, needs_pictures=True) or self.tr("No image is in sight.")
            self._changes.show_absence(sentence)
            return
        self._changes.show_image(looked, self.selection.class_names)
        self._place = self.place()
        if self._place is None:
            return
        handle = self.ask(
            inspection_jobs.effects_of_changes(self.looker, self._place, looked.pixels),
            self.tr("Changing the image"),
        )
        if handle is not None:
            handle.finished.connect(self._changes.show_effects)
        if not self._changes.controls.change.is_none:
            self._want(self._changes.controls.change)

    @Slot(object)
    def _want(self, change: ImageChange) -> None:
        self._wanted = change
        if self._live is None:
            self._together.start()

    @Slot()
    def _ask_live(self) -> None:
        """One at a time: while a slider is dragged, each answer is shown before the newest place is asked for."""
        looked, change = self.selection.looked_at, self._wanted
        if looked is None or change is None or self._place is None or self._live is not None:
            return
        self._wanted = None
        try:
            home = self.looking.library.home
        except UserError as error:
            # The list is closed, to be repaired.
            self._refuse(error)
            return
        job = inspection_jobs.answer(self.looker, self._place, looked.pixels, change)
        self._live = self._lane.ask(job, home, self._asker)
        self._live.finished.connect(self._changes.show_answer)
        self._live.refused.connect(self._refuse)
        self._live.ended.connect(self._on_answered)

    @Slot()
    def _on_answered(self) -> None:
        self._live = None
        if self._wanted is not None:
            self._ask_live()

    def _drop_live(self) -> None:
        """Of another image, or another epoch."""
        self._wanted = None
        if self._live is not None:
            self._live.drop()
            self._live = None

    @Slot()
    def set_due(self) -> None:
        self._drop_live()
        super().set_due()


class AskedDesk(LookDesk):
    """Begins only when its button is pressed; what it has found goes with the image or the epoch.

    A desk derives from it: it implements `job`, `show_found` and `forget`.
    """

    activity = ""
    idle: tuple[str, str, str] = ("", "", "")
    """What the bar says, its button and its tooltip."""

    def job(self, place: Place) -> Job | None:
        """What to do; None: there is nothing to do it with."""
        raise NotImplementedError

    def show_found(self, found: object) -> None:
        raise NotImplementedError

    def forget(self) -> None:
        """Show what is known of what is selected now: nothing, mostly."""
        raise NotImplementedError

    def renew(self) -> None:
        self.forget()
        self._rest()

    @Slot()
    def begin(self) -> None:
        place = self.place()
        job = self.job(place) if place is not None else None
        handle = self.ask(job, self.activity) if job is not None else None
        if handle is not None:
            handle.finished.connect(self._take)

    @Slot()
    def try_again(self) -> None:
        self.begin()

    @Slot(object)
    def _take(self, found: object) -> None:
        self.show_found(found)

    @Slot()
    def _end(self) -> None:
        # Of what was refused or canceled the bar says so, and offers to begin again.
        if self._handle is not None:
            self._handle = None
            self._rest()

    def _rest(self) -> None:
        sentence, action, tooltip = self.idle
        self.bar.say(sentence, action, tooltip, self.begin)


class SmallestDesk(AskedDesk):
    """Looks for the smallest patch and shift that change the answer to one image."""

    def __init__(self, looking: Looking, view: ChangesView, window: QWidget) -> None:
        super().__init__(looking, view, view.smallest.bar, window, of_image=True, is_long=True)
        self._changes = view
        self.activity = self.tr("Trying patches and shifts")
        tooltip = self.tr("Try gray squares and shifts, small ones first, until the answer changes: some seconds")
        self.idle = (self.tr("A gray patch, a shift"), self.tr("Find"), tooltip)

    def job(self, place: Place) -> Job | None:
        looked = self.selection.looked_at
        return None if looked is None else inspection_jobs.smallest_changes(self.looker, place, looked.pixels)

    def show_found(self, found: object) -> None:
        if isinstance(found, SmallestChanges):
            self._changes.smallest.show_found(found)

    def forget(self) -> None:
        self._changes.smallest.show_found(None)


class ViewsDesk(AskedDesk):
    """Measures test-time augmentation on all test images; what was measured stays known."""

    def __init__(self, looking: Looking, view: ChangesView, window: QWidget) -> None:
        super().__init__(looking, view, view.views_test.bar, window, is_long=True)
        self._changes = view
        self._known: dict[Place, AugmentedTest] = {}
        self._asked = Place("")
        self.activity = self.tr("Testing")
        tooltip = self.tr("Answer each test image by the mean over ten views; takes ten times an evaluation")
        self.selection.redone.connect(self._drop_redone)
        self.idle = (self.tr("Test-time augmentation"), self.tr("Measure"), tooltip)

    @Slot(str, int)
    def _drop_redone(self, run_id: str, epochs_done: int) -> None:
        kept = {place: found for place, found in self._known.items() if not place.is_redone(run_id, epochs_done)}
        self._known = kept

    def job(self, place: Place) -> Job | None:
        self._asked = place
        return inspection_jobs.augmented_test(self.looker, place)

    def show_found(self, found: object) -> None:
        if isinstance(found, AugmentedTest):
            self._known[self._asked] = found
            self._changes.views_test.show_found(found)

    def forget(self) -> None:
        place = Place(self.selection.run_id, self.selection.epoch)
        self._changes.views_test.show_found(self._known.get(place))
