"""Runs as one file, for a backup or another machine: `runs export` and `runs import`."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import console
from workbench.commands.options import RUN_HELP, Json, reading_store_of, require_output, store_of
from workbench.commands.run_changes import found
from workbench.core.errors import UserError, shown
from workbench.core.formats import memory
from workbench.core.records.run_export import export_runs
from workbench.core.records.run_import import import_runs

commands = typer.Typer()

_ZIP = ".zip"


@commands.command("export")
def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="The .zip to write.")],
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN...]", help=RUN_HELP)] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="All runs but those that are being trained or cannot be read.")
    ] = False,
    json: Json = False,
) -> None:
    """Write runs with all that they left into one file, to keep or to import on another machine."""
    if bool(runs) == all_:
        raise UserError("give either RUN... or --all")
    require_output(output, _ZIP)
    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        ids = store.ids(even_set_aside=False) if all_ else found(store, runs or [])
        done = console.exhaust(export_runs(store, ids, output, as_far_as=all_), display)
    if json:
        entries = [{"run": run.id, "name": run.name, "size_bytes": run.size_bytes} for run in done.runs]
        document = {"output": str(output), "size_bytes": done.size_bytes, "runs": entries}
        console.print_json(document | {"left_out": done.left_out, "warnings": display.warnings})
        return
    count = "1 run" if len(done.runs) == 1 else f"{len(done.runs)} runs"
    console.print_line(f"{count}, {memory(done.size_bytes, ' ')}, written to {shown(output)}")


@commands.command("import")
def import_(
    context: typer.Context,
    archive: Annotated[Path, typer.Argument(metavar="FILE.zip", help="What 'runs export' wrote.")],
    again: Annotated[
        bool,
        typer.Option("--again", help="Take runs too that are here with other results, under another id."),
    ] = False,
    json: Json = False,
) -> None:
    """Take runs out of a file that another home exported; all of them, or none where anything is wrong."""
    with store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        done = console.exhaust(import_runs(store, archive, again=again), display)
    if json:
        entries = [
            {"run": run.id, "number": run.number, "name": run.name, "former_id": run.former_id}
            for run in done.runs
        ]
        console.print_json({"runs": entries, "skipped": done.skipped, "warnings": display.warnings})
        return
    for run in done.runs:
        former = f", which was {run.former_id} there" if run.former_id != run.id else ""
        console.print_line(f"imported run {run.id}{former}: {shown(run.name)}")
    for run_id, why in done.skipped.items():
        console.print_line(f"not imported: {run_id}, {why}")
    if not done.runs and not done.skipped:
        console.print_line("there are no runs in it")
