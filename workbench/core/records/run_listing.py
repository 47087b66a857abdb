"""The list of runs, read once and then only where it has changed; a long one in slices of time."""

import time
from itertools import islice
from typing import TYPE_CHECKING

from workbench.core.records.run_record import DamagedRun, RunRecord

if TYPE_CHECKING:
    from workbench.core.records.run_reader import Glance, RunReader

_AT_ONCE = 16


class RunListing:
    """What was read of a list of runs so far. `look`, then `read` until it `is_whole`."""

    def __init__(self) -> None:
        self.seen: dict[str, Glance] = {}
        """Every run, as it was when `look` was called last."""
        self._known: dict[str, RunRecord | DamagedRun] = {}
        self._unread: dict[str, None] = {}
        self._order: list[str] = []

    def read_again(self) -> None:
        """Count nothing as read; what was stays until then, as the list would look empty meanwhile."""
        self.seen = {}

    def look(self, reader: "RunReader") -> None:
        """Find out what is to be read: what came, and what has changed since.

        Raises:
            UserError: the list cannot be read.
        """
        before, self.seen = self.seen, reader.glance()
        self._order = reader.ids(even_set_aside=False)
        for run_id in self._known.keys() - self.seen.keys():
            del self._known[run_id]
        changed = {run_id for run_id, glance in self.seen.items() if glance != before.get(run_id)}
        self._unread = {run_id: None for run_id in self._order if run_id in changed or run_id in self._unread}

    def read(self, reader: "RunReader", most_s: float) -> None:
        """Read on, the newest first, for about so many seconds; at least some runs.

        Raises:
            UserError: the list cannot be read.
        """
        began = time.perf_counter()
        while self._unread:
            some = list(islice(self._unread, _AT_ONCE))
            found = reader.listing(some)
            for run_id in some:
                del self._unread[run_id]
            self._known |= {record.id: record for record in found.records}
            self._known |= {damaged.id: damaged for damaged in found.damaged}
            if time.perf_counter() - began > most_s:
                return

    @property
    def is_whole(self) -> bool:
        return not self._unread

    @property
    def records(self) -> list[RunRecord]:
        """Those that are read, newest first."""
        known = (self._known.get(run_id) for run_id in self._order)
        return [each for each in known if isinstance(each, RunRecord)]

    @property
    def damaged(self) -> tuple[DamagedRun, ...]:
        """Those that are read and cannot be understood."""
        return tuple(each for each in self._known.values() if isinstance(each, DamagedRun))
