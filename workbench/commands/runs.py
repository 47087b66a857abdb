"""The recorded runs: `runs list` and `runs show`."""

from typing import Any

import typer

from workbench.commands import console, gradient_norms
from workbench.commands.options import Json, Run, reading_store_of
from workbench.core.errors import WAY_OUT, shown
from workbench.core.events import EpochMetrics
from workbench.core.formats import duration
from workbench.core.records.run_record import RunRecord

commands = typer.Typer(help="List, show and compare recorded runs.", no_args_is_help=True)


@commands.command("list")
def list_runs(context: typer.Context, json: Json = False) -> None:
    """List all runs, newest first."""
    with reading_store_of(context) as store:
        runs = store.listing()
        database = store.home.database
    records = runs.records
    if runs.damaged:
        count = "1 run" if len(runs.damaged) == 1 else f"{len(runs.damaged)} runs"
        console.print_error(f"warning: {count} cannot be read in the run database {shown(database)}; {WAY_OUT}")
    if json:
        console.print_json([each.entry() for each in records] + [each.entry() for each in runs.damaged])
        return
    if not records and not runs.damaged:
        console.print_line("No runs yet. Start one: resnet-workbench train")
        return
    rows: list[tuple[str, ...]] = [
        (r.id, r.name, r.model, r.recipe, r.source, r.status, f"{len(r.epochs)}/{r.config.training.epochs}",
         console.percent(r.best.test_accuracy if r.best else None), duration(r.elapsed_s))
        for r in records
    ]  # fmt: skip
    # What is wrong with them, 'runs show' says.
    rows += [(each.id, each.name, "", "", "", "damaged", "", "", "") for each in runs.damaged]
    columns = ("run", "name", "model", "recipe", "data", "status", "epochs", "test accuracy", "time")
    console.print_table(columns, rows, right=columns[6:])


@commands.command("show")
def show_run(context: typer.Context, run: Run, json: Json = False) -> None:
    """Show one run: settings, machine, result, every epoch, and its gradients."""
    with reading_store_of(context) as store:
        record = store.run(store.find(run))
        warnings = store.warnings(record.id)
        changes = store.rate_changes(record.id)
        gradients = store.gradients(record)
        folder = store.folder(record.id)
    document = record.entry() | {
        "test_looks": record.test_looks,
        "warnings": warnings,
        "gradients": gradient_norms.document_of(record.config.model, gradients),
        "rate_changes": [{k: v for k, v in vars(change).items() if k != "run_id"} for change in changes],
        "folder": str(folder),
        "config": record.config.model_dump(mode="json"),
        "machine": record.machine,
        "history": [_epoch_document(record, epoch) for epoch in record.epochs],
    }
    if json:
        console.print_json(document)
        return
    console.print_run(record, document)
    gradient_norms.print_stages(record.config.model, gradients)


def _epoch_document(record: RunRecord, epoch: EpochMetrics) -> dict[str, Any]:
    """Where nothing is held out, no epoch is the best."""
    values = {key: value for key, value in vars(epoch).items() if key != "run_id"}
    return values | {"best": record.word_of(epoch) == "best"}
