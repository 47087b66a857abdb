"""Connects the lesion board with the lanes: one tests what is removed now, another removes each block in turn."""

from collections.abc import Sequence
from contextlib import suppress

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.inspection.lesions import Lesioned, Sweep, SweepProgress, is_counterpart
from workbench.core.records.run_record import RunRecord
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.blocks.block_strip_painter import Bars
from workbench.gui.inspect.blocks.lesion_view import LesionView
from workbench.gui.work import inspection_jobs
from workbench.gui.work.kept_board import KeptBoard
from workbench.gui.work.looker import Place

_Key = tuple[str, int, int | None]
"""A run, its epoch, and how many images."""


class LesionDesk(LookDesk):
    """Tests the network of the selected run and epoch with the lesions that are chosen, whenever one changes.

    `images_shown`: those that the lesions flipped were put into the gallery.
    """

    images_shown = Signal()

    def __init__(self, looking: Looking, view: LesionView, window: QWidget) -> None:
        super().__init__(looking, view, view.bar, window)
        self._board, self._kept = view, KeptBoard()
        self._found: Lesioned | None = None
        self._is_taking = False
        self._asked_of: tuple[str, int] = ("", 0)
        self._found_of = self._asked_of
        view.choice.scales_changed.connect(self._on_change)
        view.images_changed.connect(self._on_change)
        view.show_asked.connect(self._show_flipped)
        # An asker of its own: what it asks for replaces nothing.
        self._releaser = QObject(self)
        self.selection.run_changed.connect(self._release)

    def renew(self) -> None:
        record, choice = self.selection.run.record, self._board.choice
        self._is_taking = True
        choice.take_network(record.config.model if record is not None else None)
        self._is_taking = False
        place = self.place()
        self._asked_of = self.selection.run_id, self.selection.epoch
        if place is None or self._asked_of[0] != self._found_of[0]:
            self._found = None
        self._board.show_found(self._found, is_stale=True)
        if place is None:
            return
        job = inspection_jobs.lesion(self.looker, place, self._kept, choice.scales, self._board.images)
        handle = self.ask(job, self.tr("Testing"))
        if handle is not None:
            handle.finished.connect(self._show)

    @Slot()
    def _release(self) -> None:
        """The activations of the former run's network are not needed any more, also where the view is hidden."""
        with suppress(UserError):
            # The list may be closed, to be repaired.
            self.looking.lane.ask(self._kept.release(), self.looking.library.home, self._releaser)

    @Slot()
    def _on_change(self) -> None:
        if self._is_taking:
            return
        if self._found is not None:
            self._board.show_found(self._found, is_stale=True)
        self.set_due()

    @Slot(object)
    def _show(self, found: Lesioned) -> None:
        self._found, self._found_of = found, self._asked_of
        self._board.show_found(found)

    @Slot()
    def _show_flipped(self) -> None:
        if self._found is not None:
            self.selection.show_only(self._found.flipped, self.tr("flipped by the lesion"))
            self.images_shown.emit()


class SweepDesk(LookDesk):
    """Removes each block in turn when it is asked to, of the selected run and of one beside it."""

    def __init__(self, looking: Looking, view: LesionView, window: QWidget) -> None:
        super().__init__(looking, view, view.sweep_bar, window, is_long=True)
        self._board = view
        self._records: Sequence[RunRecord] = ()
        self._partner: RunRecord | None = None
        self._known: dict[_Key, Sweep] = {}
        self._asked: _Key = ("", 0, None)
        view.sweep_asked.connect(self._sweep)
        view.beside_changed.connect(self._on_beside)
        view.images_changed.connect(self.set_due)
        self.selection.redone.connect(self._drop_redone)

    @Slot()
    def try_again(self) -> None:
        """What was canceled or refused: that of the selected run, or of the one beside it."""
        if self._is_whole(self._own_key()):
            self._ask_for_missing()
        else:
            self._sweep()

    @Slot(str, int)
    def _drop_redone(self, run_id: str, epochs_done: int) -> None:
        if Place(*self._asked[:2]).is_redone(run_id, epochs_done):
            self.drop()
        kept = {
            key: each for key, each in self._known.items() if not Place(*key[:2]).is_redone(run_id, epochs_done)
        }
        self._known = kept
        if self.is_seen:
            self._draw()

    def renew(self) -> None:
        """Show what is known already: nothing is asked for by itself."""
        self._find_partner()
        selection = self.selection
        self._board.allow_sweep(selection.run.record is not None and selection.epoch in selection.weighted)
        self._draw()

    def take_runs(self, records: Sequence[RunRecord]) -> None:
        """All runs there are now; one of them may stand beside the selected one."""
        self._records = records
        # Not `set_due`, which drops what goes on: the list changes with every epoch of any run.
        if self.is_seen:
            self._find_partner()
            self._draw()
        else:
            self._is_due = True

    def _find_partner(self) -> None:
        """The newest run that has the same blocks, with shortcuts where this one has none; of its images first."""
        own = self.selection.run.record
        found = [] if own is None else [
            each for each in self._records
            if each.best is not None and is_counterpart(own.config.model, each.config.model)
        ]  # fmt: skip
        found.sort(key=lambda each: (own is not None and each.source == own.source, each.created_utc))
        self._partner = found[-1] if found else None
        self._board.offer_beside(self._partner.name if self._partner is not None else "")

    # The two sweeps

    def _own_key(self) -> _Key:
        return self.selection.run_id, self.selection.epoch, self._board.images

    def _beside_key(self) -> _Key | None:
        partner = self._partner
        if partner is None or partner.best is None or not self._board.beside.isChecked():
            return None
        return partner.id, partner.best.epoch, self._board.images

    @Slot()
    def _sweep(self) -> None:
        place = self.place()
        if place is not None:
            self._known.pop(self._own_key(), None)
            self._ask_for(place, self._own_key())

    @Slot()
    def _on_beside(self) -> None:
        self._draw()
        self._ask_for_missing()

    @Slot()
    def _ask_for_missing(self) -> None:
        """That of the other run, once it is wanted; and the own one with it."""
        key = self._beside_key()
        if self._handle is not None or key is None:
            return
        if not self._is_whole(self._own_key()):
            self._sweep()
        elif not self._is_whole(key):
            self._ask_for(Place(key[0], key[1]), key)

    def _is_whole(self, key: _Key) -> bool:
        return key in self._known and len(self._known[key].removed) == len(self._board.choice.sites)

    def _ask_for(self, place: Place, key: _Key) -> None:
        self._asked = key
        job = inspection_jobs.sweep(self.looker, place, key[2])
        handle = self.ask(job, self.tr("Testing"))
        if handle is not None:
            handle.progressed.connect(self._show_part)
            handle.finished.connect(self._show)

    @Slot(object)
    def _show_part(self, said: object) -> None:
        if isinstance(said, SweepProgress):
            self._known[self._asked] = said.so_far
            self._draw()

    @Slot(object)
    def _show(self, sweep: Sweep) -> None:
        self._known[self._asked] = sweep
        self._draw()
        # Behind the end of this job, which is said next.
        QTimer.singleShot(0, self._ask_for_missing)

    def _draw(self) -> None:
        own, beside, bars = self.selection.run.record, self._beside_key(), list[Bars]()
        if own is not None and self._own_key() in self._known:
            bars.append(Bars(self._known[self._own_key()], own.name))
        if self._partner is not None and beside in self._known:
            bars.append(Bars(self._known[beside], self._partner.name, is_beside=True))
        self._board.show_sweeps(bars)
