"""A run's figures as they are exported: of every step, and where in time and in which epoch that was."""

from collections.abc import Generator, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError
from workbench.core.events import Warned
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore

_MOST_RANGES = 3


def series_of(record: RunRecord, store: RunStore) -> Generator[Warned, None, RunSeries]:
    """All recorded steps that can be read, which may be none where epochs are known; warns of the others.

    Raises:
        UserError: there are neither steps nor epochs to export.
    """
    blocks, lost = store.step_blocks(record.id)
    missing = ""
    if lost:
        missing = (
            f"{_ranges(lost)} of run {record.id} cannot be read; 'doctor --repair' looks for them in its journal"
        )
    elif not blocks:
        missing = f"run {record.id} has no steps yet"
    if not blocks and not record.epochs:
        raise UserError(f"{missing}; there are no figures to export")
    if missing:
        yield Warned(f"{missing}; {'the others' if blocks else 'only its epochs'} are exported")
    return RunSeries.joined([block.series() for block in blocks])


def _ranges(lost: Sequence[tuple[int, int]]) -> str:
    """`steps 1 to 40, 81 to 90`; where a step is not known any more, without numbers."""
    known = [f"{first} to {last}" for first, last in lost if first > 0]
    if len(known) < len(lost) or len(known) > _MOST_RANGES:
        return f"{len(lost)} blocks of steps"
    return f"steps {', '.join(known)}"


def epochs_of(record: RunRecord, steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the epoch that each step belongs to, from 1."""
    ends = np.array([each.step for each in record.epochs], np.int64)
    numbers = np.array([each.epoch for each in record.epochs], np.int64)
    # Of steps after the last finished epoch: the one after it.
    following = np.append(numbers, (numbers[-1] if len(numbers) else 0) + 1)
    found: NDArray[np.int64] = following[np.searchsorted(ends, steps)]
    return found


def wall_times(record: RunRecord, elapsed_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) seconds since 1970: the run's creation and its work since; when it rested is not recorded.

    Of a run that was rebuilt without its creation, the seconds of work alone.
    """
    if not record.created_utc:
        return elapsed_s
    created = datetime.fromisoformat(record.created_utc)
    if created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    return created.timestamp() + elapsed_s
