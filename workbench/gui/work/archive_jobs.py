"""Jobs that pack runs into a file, and take them out of one."""

from contextlib import closing
from functools import partial
from pathlib import Path

from workbench.core.home import Home
from workbench.gui.work.job import Job, Work


def back_up(path: Path) -> Job:
    """Pack all runs but those that are trained or cannot be read. Result: ExportedRuns."""
    return Job(partial(_back_up, path))


def _back_up(path: Path, home: Home) -> Work:
    from workbench.core.records.run_export import export_runs
    from workbench.core.records.store import RunStore

    with closing(RunStore.for_reading(home)) as store:
        return (yield from export_runs(store, store.ids(even_set_aside=False), path, as_far_as=True))


def take_in(path: Path) -> Job:
    """Take the runs of a file that are not here yet. Result: ImportedRuns."""
    return Job(partial(_take_in, path))


def _take_in(path: Path, home: Home) -> Work:
    from workbench.core.records.run_import import import_runs
    from workbench.core.records.store import RunStore

    with closing(RunStore(home)) as store:
        return (yield from import_runs(store, path))
