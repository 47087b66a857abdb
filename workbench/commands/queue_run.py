"""Working the queue off in a terminal: `queue run`."""

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from workbench.commands import console
from workbench.commands.stopping import StopSignals, closed_whole
from workbench.core.errors import UserError
from workbench.core.events import Event, RunFailed
from workbench.core.records.queue_entry import EntryBegan, EntryEnded, QueueEntry, QueueState
from workbench.core.records.store import RunStore

if TYPE_CHECKING:
    from workbench.engine.training.queue_work import Work

STOPPING = "stopping; go on later with: resnet-workbench queue run"
"""What is said when it is asked to stop."""


def work_off(store: RunStore, stop: StopSignals, json: bool) -> int:
    """Train what waits, and print what came of it; returns the exit code.

    Raises:
        UserError: as of `work`.
    """
    worked = work(store, stop, json)
    _print_end(worked, store.queue.state(), json)
    return worked.exit_code


def work(store: RunStore, stop: StopSignals, json: bool, only: Collection[str] | None = None) -> "Worked":
    """Train what waits, and show it.

    Args:
        stop: whether it is asked to stop.
        only: the ids of the entries that are to be trained; None: all.

    Raises:
        UserError: the queue is paused, this is one of several processes, or the store refuses.
    """
    state = store.queue.state()
    if state.is_paused:
        reason = f" ({state.reason})" if state.reason else ""
        raise UserError(f"the queue is paused{reason}; let it go on with: resnet-workbench queue continue")
    from workbench.engine.machine.processes import Processes
    from workbench.engine.training.queue_work import work_queue

    if Processes.are_launched():
        raise UserError(
            "the queue is worked off in one process, but PyTorch's launcher has started several; call it alone"
        )
    worked = Worked(store, json, only)
    with worked:
        worked.was_stopped = _follow(work_queue(store, only=only), worked, stop)
    return worked


def _follow(work: "Work", shown: "Worked", stop: StopSignals) -> bool:
    """Show all of it; returns whether it was asked to stop."""
    with closed_whole(work):
        while not stop.asked and (event := next(work, None)) is not None:
            match event:
                case EntryBegan(entry):
                    shown.begin(entry)
                    stop.display = shown.display
                case EntryEnded(entry):
                    shown.end(entry)
                    stop.display = None
                case _:
                    shown.show(event)
    return stop.asked


class Worked:
    """What was trained: a display for each entry, one after the other, and what came of them."""

    def __init__(self, store: RunStore, json: bool, only: Collection[str] | None) -> None:
        self._store, self._json, self._only = store, json, only
        self._stack = ExitStack()
        self._entry: QueueEntry | None = None
        self.display: console.TrainingDisplay | None = None
        self.ended: list[dict[str, Any]] = []
        """Documents of all that were worked on."""
        self._remedy: Mapping[str, Any] = {}
        self.failures = 0
        self.has_bug = False
        self.was_stopped = False

    @property
    def exit_code(self) -> int:
        return 1 if self.has_bug else 2 if self.failures else 0

    def status(self, state: QueueState) -> str:
        return "stopped" if self.was_stopped else "paused" if state.is_paused else "done"

    def __enter__(self) -> "Worked":
        return self

    def __exit__(self, *_: object) -> None:
        if self._entry is not None:
            # Stopped: its run is saved by now.
            self.end(self._store.queue.entry(self._entry.id))
        self._stack.close()

    def begin(self, entry: QueueEntry) -> None:
        self._entry, self._remedy = entry, {}
        if not self._json:
            ids = [each.id for each in self._store.queue.listing().waiting]
            waiting = sum(self._only is None or entry_id in self._only for entry_id in ids)
            console.print_error(f"entry {entry.id}: {entry.name}; {waiting} more in the queue")
        self.display = self._stack.enter_context(console.TrainingDisplay(quiet=self._json))

    def show(self, event: Event) -> None:
        if self.display is not None:
            self.display.show(event)
        if isinstance(event, RunFailed):
            self.has_bug |= event.is_bug
            self._remedy = event.remedy

    def end(self, entry: QueueEntry) -> None:
        self._stack.close()
        warnings = self.display.warnings if self.display is not None else []
        self._entry = self.display = None
        record = self._store.run(entry.id) if entry.id in self._store.ids() else None
        document = entry.document() | {"run": record.summary() if record else None, "warnings": warnings}
        self.ended.append(document)
        self.failures += entry.state == "failed"
        if entry.state == "failed":
            console.print_failure(f"entry {entry.id}, {entry.name}: {entry.message}", self._remedy)
        elif record is not None and not self._json:
            console.print_result(record)


def _print_end(shown: Worked, state: QueueState, json: bool) -> None:
    status = shown.status(state)
    if json:
        console.print_json(
            {"status": status, "reason": state.reason, "failed": shown.failures, "entries": shown.ended}
        )
        return
    finished = sum(document["state"] == "finished" for document in shown.ended)
    counts = f"{finished} finished, {shown.failures} failed"
    match status:
        case "paused":
            reason = f": {state.reason}" if state.reason else ""
            console.print_line(f"the queue is paused{reason}; {counts}")
        case "done" if not shown.ended:
            console.print_line("Nothing waits in the queue. Add a run: resnet-workbench queue add")
        case _:
            console.print_line(f"the queue is {status}; {counts}")
