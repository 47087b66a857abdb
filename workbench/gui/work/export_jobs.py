"""The job that writes a run in the format of another program."""

from contextlib import closing
from functools import partial
from pathlib import Path

from workbench.core.export.formats import ExportFormat
from workbench.core.home import Home
from workbench.gui.work.job import Job, Work


def export_run(run_id: str, wanted: ExportFormat, path: Path, *, with_training: bool = False) -> Job:
    """Write a run's network with the weights of its kept epoch, or its figures. Result: Exported.

    Args:
        with_training: of Python alone, the script that trains it too.
    """
    return Job(partial(_export_run, run_id, wanted, path, with_training))


def _export_run(run_id: str, wanted: ExportFormat, path: Path, with_training: bool, home: Home) -> Work:
    from workbench.core.records.store import RunStore
    from workbench.engine.export import run_export

    with closing(RunStore.for_reading(home)) as store:
        return (yield from run_export.export(run_id, store, wanted, path, with_training=with_training))
