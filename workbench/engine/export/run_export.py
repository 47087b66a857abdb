"""A run in any of the formats: one way in, for the command and the window."""

from collections.abc import Generator
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import Progress, Warned
from workbench.core.export.exported import Exported
from workbench.core.export.formats import (
    HTML,
    PYTHON,
    SAFETENSORS,
    ExportFormat,
)
from workbench.core.records.store import RunStore

Exporting = Generator[Progress | Warned, None, Exported]


def export(
    run_id: str,
    store: RunStore,
    wanted: ExportFormat,
    output: Path,
    *,
    epoch: int | None = None,
    with_training: bool = False,
) -> Exporting:
    """Write a run to `output`.

    Args:
        epoch: of which the weights are; None: of the one that the run keeps.
        with_training: of Python alone, the script that trains it too.

    Raises:
        UserError: a package is missing, the run has no such weights or those of another run, it cannot be written.
    """
    refuse_unless_of(wanted, epoch=epoch, with_training=with_training)
    wanted.require()
    # What torch is needed for is imported where it is: tables of figures do without.
    match wanted.name:
        case "python":
            return (yield from _python(run_id, store, output, epoch, with_training))
        case "csv":
            from workbench.engine.export import csv_tables

            wanted.check_output(output)
            return (yield from csv_tables.export(run_id, store, output))
        case "tensorboard":
            from workbench.engine.export import tensorboard_events

            wanted.check_output(output)
            return (yield from tensorboard_events.export(run_id, store, output))
        case "html":
            from workbench.engine.reports import run_report

            wanted.check_output(output)
            shown = yield from run_report.write_report(run_id, store, output, epoch=epoch)
            return Exported(run_id, HTML, (output,), shown)
        case _:
            wanted.check_output(output)
            return (yield from _network(run_id, store, wanted, output, epoch))


def refuse_unless_of(wanted: ExportFormat, *, epoch: int | None, with_training: bool) -> None:
    """
    Raises:
        UserError: an option is of another format.
    """
    if with_training and wanted.name != PYTHON:
        raise UserError(f"--with-training is of --format {PYTHON}; give {wanted.name} without it")
    if epoch is not None and not wanted.has_weights:
        raise UserError(f"{wanted.name} holds the figures of all epochs; give it without --epoch")


def _python(run_id: str, store: RunStore, output: Path, epoch: int | None, with_training: bool) -> Exporting:
    from workbench.engine.training import training_export
    from workbench.engine.weights import code_export

    yield Progress("Reading the weights", 0, 0, "parts")
    exporting = training_export if with_training else code_export
    written = exporting.export_run(run_id, store, output, epoch)
    return Exported(run_id, PYTHON, written.files, written.epoch)


def _network(run_id: str, store: RunStore, wanted: ExportFormat, output: Path, epoch: int | None) -> Exporting:
    from workbench.engine.export import network_export, safetensors_file
    from workbench.engine.weights import code_export

    yield Progress("Reading the weights", 0, 0, "parts")
    trained = code_export.read_trained(run_id, store, epoch)
    if wanted.name == SAFETENSORS:
        return safetensors_file.export(trained, output)
    return (yield from network_export.export(trained, store, wanted.name, output))
