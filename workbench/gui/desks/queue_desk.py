"""The queue of runs: worked off in this window, run after run, as if each had been started by hand."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.core.errors import UserError
from workbench.core.records.epoch_times import EpochTimes
from workbench.core.records.queue_entry import QueueEntry, TakenOut
from workbench.core.records.run_record import RunRecord
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.queue_news import QueueNews
from workbench.gui.desks.training_desk import TrainingDesk
from workbench.gui.records.queue_library import QueueLibrary
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.queue_panel import QueuePanel
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import told
from workbench.gui.work.job import Handle
from workbench.gui.work.queue_jobs import train_next
from workbench.gui.work.training_session import State, TrainingSession


class QueueDesk(QObject):
    """Connects the queue with its panel, and begins its entries while it works.

    `run_asked` carries the id of a run to look at; `settings_taken` says that the left side was filled;
    `filled` whether there are entries.
    """

    run_asked = Signal(str)
    settings_taken = Signal()
    stopped = Signal()
    """The person stopped an entry's run."""
    filled = Signal(bool)

    def __init__(
        self,
        queue: QueueLibrary,
        panel: QueuePanel,
        session: TrainingSession,
        training: TrainingDesk,
        build_panel: BuildPanel,
        times: EpochTimes,
        message_bar: MessageBar,
        news: QueueNews,
    ) -> None:
        super().__init__(panel)
        self.message_bar = message_bar
        self._queue, self._panel, self._session, self._training = queue, panel, session, training
        self._build, self._times, self._news = build_panel, times, news
        self.is_working = False
        self._failed_before: set[str] = set()
        """Whether this window begins entries; only a person lets it."""
        self._handle: Handle | None = None
        self._epoch_s: dict[str, float | None] = {}
        self._known: tuple[object, ...] = ()
        self._offered = ""
        """What was said at the window's start of entries that were left over."""
        queue.changed.connect(self.refresh)
        session.state_changed.connect(self._on_state)
        panel.start_asked.connect(self.start)
        panel.pause_asked.connect(self.pause)
        panel.dropped.connect(self.move)
        panel.name_entered.connect(self.rename)
        actions = panel.actions_of_entry
        actions.move_asked.connect(self.move)
        actions.skip_asked.connect(self.skip)
        actions.retry_asked.connect(self.retry)
        actions.remove_asked.connect(self.remove)
        actions.clear_asked.connect(self.clear)
        actions.run_asked.connect(self.run_asked)
        actions.settings_asked.connect(self.show_settings)

    @property
    def library(self) -> RunLibrary:
        return self._training.library

    # What is shown

    @Slot()
    def refresh(self) -> None:
        """Show the present queue."""
        listing = self._queue.listing
        seconds = {entry.id: self._left(entry) for entry in listing.entries if not entry.is_done}
        self._panel.show_queue(listing, self._queue.state, seconds, is_working=self.is_working)
        self.filled.emit(bool(listing.entries or listing.damaged))

    @Slot(object)
    def take_runs(self, records: Sequence[RunRecord]) -> None:
        """Learn from recorded runs how long entries take, and how far they are."""
        # Before others hear of the list: what is estimated below is of it.
        self._times.records = records
        known = tuple((record.id, record.status, bool(record.epochs)) for record in records)
        if known != self._known:
            # Not after every epoch: to compare each entry with all runs takes a while.
            self._known = known
            self._epoch_s.clear()
        if self._queue.listing.entries:
            self.refresh()

    @Slot()
    def forget_times(self) -> None:
        """The machine was measured anew, say."""
        self._epoch_s.clear()
        self.refresh()

    def _left(self, entry: QueueEntry) -> float | None:
        if entry.id not in self._epoch_s:
            self._epoch_s[entry.id] = self._times.seconds(entry.config)
        return self._times.left(entry, self._epoch_s[entry.id])

    # Working it off

    def offer_to_continue(self) -> None:
        """At the start of the window nothing begins by itself; what is left over is offered."""
        listing = self._queue.listing
        is_worked_on = any(entry.state == "running" for entry in listing.entries)
        if not listing.waiting or is_worked_on or self.is_working:
            return
        count = len(listing.waiting)
        words = self.tr("1 run waits in the queue") if count == 1 else self.tr("{0} runs wait in the queue")
        self._offered = words.format(count)
        if self.message_bar.isHidden():
            self.message_bar.tell("info", self._offered, self.tr("Continue the queue"), self.start, stays=True)

    @Slot()
    @told
    def start(self) -> None:
        """Train what waits, one after the other, as soon as nothing else is trained here."""
        if self._queue.state.is_paused:
            self._queue.proceed()
        self.message_bar.withdraw(self._offered)
        self._news.begin()
        self.is_working = True
        self.refresh()
        if self._session.state is not State.IDLE:
            self.message_bar.tell("info", self.tr("The queue begins when the present run or measurement is over"))
        self._begin_soon()

    @Slot()
    @told
    def pause(self) -> None:
        """Begin no other entry; the present one goes on."""
        self.is_working = False
        self._queue.pause()
        self.refresh()

    def let_go(self) -> None:
        """Begin nothing more: the window closes, or another home is opened."""
        self.is_working = False

    @Slot(object)
    def _on_state(self, state: State) -> None:
        if state is State.IDLE:
            self._begin_soon()

    def _begin_soon(self) -> None:
        # Not within a signal of the session, whose other hearers would hear of the next run first.
        if self.is_working:
            QTimer.singleShot(0, self._begin_next)

    @Slot()
    def _begin_next(self) -> None:
        if not self.is_working or self._session.state is not State.IDLE or self._training.home_problem:
            return
        self._queue.watch()
        if self._queue.state.is_paused or not self._queue.listing.waiting:
            self._end()
            return
        self._failed_before = self._failed()
        handle = self._handle = self._training.begin_queued(train_next())
        if handle is not None:
            handle.finished.connect(self._on_trained)
            handle.refused.connect(self._on_refused)
            handle.canceled.connect(self._on_canceled)

    @Slot(object)
    def _on_trained(self, entry_id: str | None) -> None:
        self._queue.watch()
        if entry_id is None:
            # Others were faster.
            self._end()
        elif (entry := self._queue.entry(entry_id)) is not None:
            self._news.tell(entry, self._record(entry))

    @Slot(object)
    def _on_refused(self, error: Exception) -> None:
        self._queue.watch()
        if self._handle is not None and self._handle.ticket.control.is_canceled:
            self._on_canceled()
        elif isinstance(error, UserError):
            self._news.tell_refusal(str(error))
            if self._failed() == self._failed_before:
                # No entry has failed: the list itself refuses, and would do so again at once.
                self.is_working = False
                self.refresh()
        else:
            # A bug, which is told: the next one may meet it too.
            self._hold(self.tr("an entry met a bug of the workbench"))

    def _failed(self) -> set[str]:
        return {entry.id for entry in self._queue.listing.entries if entry.state == "failed"}

    @Slot()
    def hold(self) -> None:
        """The person stopped a run that was not of the queue: none of it shall begin in its place."""
        if self.is_working:
            self._hold(self.tr("a run was stopped"))

    @Slot()
    @told
    def _on_canceled(self) -> None:
        """Who stops a run does not want the next one at once."""
        self.stopped.emit()
        if self.is_working:
            self._hold(self.tr("its run was stopped"))
            sentence = self.tr("The run is saved, and the queue is paused: it goes on with this run")
            self.message_bar.tell("info", sentence, self.tr("Continue the queue"), self.start, stays=True)

    def _hold(self, reason: str) -> None:
        self.is_working = False
        self._queue.pause(reason)
        self.refresh()

    def _record(self, entry: QueueEntry) -> RunRecord | None:
        try:
            return self.library.record(entry.id)
        except UserError:
            return None

    def _end(self) -> None:
        """Nothing waits, or it is paused, by too many failures or another process."""
        self.is_working = False
        state = self._queue.state
        reason = state.reason or self.tr("by another process")
        self._news.end(self.tr("The queue is paused: {0}").format(reason) if state.is_paused else "")
        self.refresh()

    # What a person changes

    @Slot(list, int)
    @told
    def move(self, entry_ids: list[str], place: int) -> None:
        """Train them sooner or later."""
        self._panel.choose(entry_ids)
        self._queue.move(entry_ids, place)

    @Slot(list, bool)
    @told
    def skip(self, entry_ids: list[str], is_skipped: bool) -> None:
        """Pass them over, or not any more."""
        self._queue.skip(entry_ids, is_skipped)
        self._begin_soon()

    @Slot(list)
    @told
    def retry(self, entry_ids: list[str]) -> None:
        """Train again what has failed."""
        self._panel.choose(entry_ids)
        self._queue.retry(entry_ids)
        self._begin_soon()

    @Slot(str, str)
    @told
    def rename(self, entry_id: str, name: str) -> None:
        """What its run will be called."""
        self._queue.rename(entry_id, name)

    @Slot(list)
    @told
    def remove(self, entry_ids: list[str]) -> None:
        """Take them out, which can be undone."""
        self._tell_removed(self._queue.remove(entry_ids))

    @Slot()
    @told
    def clear(self) -> None:
        """Take out what is done, likewise."""
        self._tell_removed(self._queue.clear())

    def _tell_removed(self, taken: TakenOut) -> None:
        words = self.tr("1 entry was removed") if len(taken) == 1 else self.tr("{0} entries were removed")
        self.message_bar.tell("info", words.format(len(taken)), self.tr("Undo"), lambda: self.put_back(taken))

    @told
    def put_back(self, taken: TakenOut) -> None:
        """Undo a removal."""
        self._queue.put_back(taken)

    @told
    def stop_after(self, failures: int) -> None:
        """Pause it when so many runs have failed; 0: never."""
        self._queue.stop_after(failures)

    @Slot(str)
    @told
    def show_settings(self, entry_id: str) -> None:
        """Fill the left side with what an entry is trained by."""
        entry = self._queue.entry(entry_id)
        if entry is None:
            return
        self._build.show_config(entry.config)
        self.settings_taken.emit()
        taken = self.tr("Settings of {0} are taken; Ctrl+Z brings back the former ones")
        self.message_bar.tell("info", taken.format(entry.name))
