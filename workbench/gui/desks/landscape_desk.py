"""The loss landscape of the selected network: computed when it is asked for, and kept."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.inspection.landscape import FINE_SIZE, QUICK_SIZE, Landscape
from workbench.core.records.run_record import RunRecord
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.landscape.landscape_canvas import Drawn
from workbench.gui.inspect.landscape.landscape_view import LandscapeSettings, LandscapeView
from workbench.gui.work import inspection_jobs
from workbench.gui.work.looker import Looker, Place

Landscapes = tuple[Landscape, ...]
# A run, its epoch, the settings, and the epoch of the run beside it.
_Key = tuple[str, int, LandscapeSettings, int]

# Of 50 kB each.
_MOST_KEPT = 200


class LandscapeDesk(LookDesk):
    """Draws nothing by itself until the person has asked once: it takes seconds. From then on the quick picture
    follows run, epoch and settings, until the person cancels one."""

    def __init__(self, looking: Looking, view: LandscapeView, window: QWidget) -> None:
        super().__init__(looking, view, view.bar, window, is_long=True)
        self._page = view
        self._other_looker = Looker()
        self._records: dict[str, RunRecord] = {}
        self._found: dict[_Key, Landscapes] = {}
        self._key: _Key | None = None
        self._follows = False
        view.draw_asked.connect(self.draw)
        view.settings_changed.connect(self.set_due)
        view.refine_changed.connect(self._on_refine)
        looking.library.runs_changed.connect(self._take_runs)
        looking.selection.run_changed.connect(self._show_runs)
        looking.selection.redone.connect(self._drop_redone)

    @Slot(str, int)
    def _drop_redone(self, run_id: str, epochs_done: int) -> None:
        def is_redone(landscape: Landscape) -> bool:
            return Place(landscape.run_id, landscape.epoch).is_redone(run_id, epochs_done)

        if self._key is not None and self._key[2].beside == run_id:
            # The run beside it is another one by now.
            self.set_due()
        self._found = {key: found for key, found in self._found.items() if not any(map(is_redone, found))}

    def renew(self) -> None:
        place = self.place()
        if place is None:
            self._key = None
            self._page.show_nothing(self.tr("The loss around the network's weights appears here."))
            self._allow()
            return
        self._key = self._key_of(place)
        self._show()
        if self._follows and self._size < QUICK_SIZE:
            self._compute(QUICK_SIZE)

    @Slot()
    def draw(self) -> None:
        """The person wants the picture, as fine as the view says."""
        self._follows = True
        # What was about to be shown by itself would take its place.
        self._is_due = False
        place = self.place()
        if place is not None:
            self._key = self._key_of(place)
            self._compute(FINE_SIZE if self._page.refines else QUICK_SIZE)

    @Slot()
    def try_again(self) -> None:
        """What was canceled or refused: it was asked for."""
        self.draw()

    def _key_of(self, place: Place) -> _Key:
        settings = self._page.settings
        other = self._records.get(settings.beside)
        return place.run_id, place.epoch or 0, settings, other.best.epoch if other and other.best else 0

    @property
    def _size(self) -> int:
        """Points along an axis that all pictures have by now."""
        found = self._found.get(self._key, ()) if self._key is not None else ()
        return min((each.size for each in found), default=0)

    def _compute(self, until: int) -> None:
        if self._key is None:
            return
        run_id, epoch, settings, _ = self._key
        # Also of other settings: the one beside stays while the slider moves, and the same points count.
        known = [each for found in self._found.values() for each in found]
        beside = Place(settings.beside) if settings.beside else None
        job = inspection_jobs.landscape(
            self.looker, self._other_looker, Place(run_id, epoch), beside,
            images=settings.images, reach=settings.reach, seed=settings.seed, until=until, known=known,
        )  # fmt: skip
        handle = self.ask(job, self.tr("Measuring the loss"))
        if handle is not None:
            handle.progressed.connect(self._take)
            handle.finished.connect(self._take)
            handle.canceled.connect(self._stop_following)
            handle.ended.connect(self._show)
        self._show()

    @Slot(object)
    def _take(self, said: Any) -> None:
        """What is known by now, or all of it."""
        if not isinstance(said, tuple) or self._key is None:
            return
        self._found.pop(self._key, None)
        self._found[self._key] = said
        if self._size >= QUICK_SIZE:
            self._activity = self.tr("Refining {0} × {0} points").format(self._size)
        while len(self._found) > _MOST_KEPT:
            del self._found[next(iter(self._found))]
        self._show()

    @Slot()
    def _show(self) -> None:
        """What there is of what is selected."""
        found = self._found.get(self._key, ()) if self._key is not None else ()
        if found:
            self._page.show_landscapes([self._drawn(each) for each in found])
        elif self.bar.is_working:
            self._page.show_nothing(self.tr("The picture appears here as it is measured."))
        elif self._key is not None:
            sentence = self.tr("The loss around these weights, along two random directions, takes some seconds.")
            self._page.show_nothing(sentence, offers=True)
        self._allow()

    def _drawn(self, landscape: Landscape) -> Drawn:
        record = self._records.get(landscape.run_id)
        if record is None:
            return Drawn(landscape, landscape.run_id, 0)
        return Drawn(landscape, record.name, record.number - 1)

    @Slot()
    def _allow(self) -> None:
        """What the button would do now."""
        size, wanted = self._size, FINE_SIZE if self._page.refines else QUICK_SIZE
        words = self.tr("Refine") if QUICK_SIZE <= size < wanted else self.tr("Draw")
        reason = ""
        if self._key is None:
            reason = self.tr("There is no network to look into")
        elif self.bar.is_working:
            reason = self.tr("It is being drawn")
        elif size >= wanted:
            reason = self.tr("All {0} × {0} points are drawn").format(size)
        self._page.allow(words, reason)

    @Slot(bool)
    def _on_refine(self, refines: bool) -> None:
        if refines and self._size >= QUICK_SIZE:
            self._compute(FINE_SIZE)
        elif not refines and self._size >= QUICK_SIZE:
            # What there is stays.
            self.drop()
        self._allow()

    @Slot()
    def _stop_following(self) -> None:
        self._follows = False

    @Slot(object)
    def _take_runs(self, records: Sequence[RunRecord]) -> None:
        self._records = {record.id: record for record in records}
        self._show_runs()
        key = self._key
        if key is not None and self._handle is None and self._key_of(Place(key[0], key[1])) != key:
            # The run beside it keeps another epoch by now.
            self.set_due()

    @Slot()
    def _show_runs(self) -> None:
        self._page.show_runs(list(self._records.values()), self.selection.run_id)
