"""Jobs of the lane that reads recorded runs. It never loads torch: it works as soon as there is a window."""

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from workbench.core.curves.run_curves import RunCurves
from workbench.core.home import Home
from workbench.gui.work.job import Job, Work

# It brings the database along, which the first picture does not need.
if TYPE_CHECKING:
    from workbench.core.records.run_follower import WholeRun


@dataclass(frozen=True, eq=False)
class ReadRun:
    """A recorded run with its curves, of which nothing is left to be computed."""

    whole: "WholeRun"
    curves: RunCurves


def read_run(run_id: str, weight: float) -> Job:
    """Read all steps of a run, and make what is drawn of them. Result: a ReadRun.

    Args:
        weight: of what was, in the smoothed line.
    """
    return Job(partial(_read_run, run_id, weight))


def _read_run(run_id: str, weight: float, home: Home) -> Work:
    from workbench.core.records.run_follower import RunFollower
    from workbench.core.records.store import RunStore

    yield from ()
    with closing(RunStore.for_reading(home)) as store:
        whole = RunFollower(store, run_id).whole()
    per_epoch = whole.started.steps_per_epoch if whole.started else 1
    curves = RunCurves.of(run_id, whole.series, whole.record.epochs, whole.rate_changes, per_epoch, weight)
    return ReadRun(whole, curves)


def bring_up_to_date() -> Job:
    """Make the present tables of a list that an earlier version kept. Result: nothing."""
    return Job(_bring_up_to_date)


def _bring_up_to_date(home: Home) -> Work:
    from workbench.core.records.store import RunStore

    yield from ()
    RunStore.for_reading(home).close()
