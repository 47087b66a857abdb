"""Every job that compares recorded runs. The engine is imported inside the function that a lane's thread calls."""

from contextlib import closing
from functools import partial

from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.gui.work.job import Job, Work


def compare(a: str, b: str, with_seeds: bool) -> Job:
    """Whether run B is better than A, after the epochs that they keep. Result: a Comparison."""
    return Job(partial(_compare, a, b, with_seeds))


def _compare(a: str, b: str, with_seeds: bool, home: Home) -> Work:
    from workbench.core.records.store import RunStore
    from workbench.engine.comparison import comparing

    yield Progress("Comparing the runs", 0, 0)
    with closing(RunStore.for_reading(home)) as store:
        return comparing.compare(store, (a, b), with_seeds=with_seeds)
