"""A run's figures as they are exported: of every step, and where in time and in which epoch that was."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore


def series_of(record: RunRecord, store: RunStore) -> RunSeries:
    """All recorded steps.

    Raises:
        UserError: there are none yet, or they cannot be read.
    """
    found = store.series(record.id)
    if not len(found):
        raise UserError(f"run {record.id} has no steps yet; there are no figures to export")
    return found


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
