"""The recorded runs: `runs list` and `runs show`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from workbench.commands import console, gradient_norms
from workbench.commands.options import Json, Run, reading_store_of
from workbench.core.errors import WAY_OUT, UserError, did_you_mean, shown
from workbench.core.events import EpochMetrics
from workbench.core.formats import duration
from workbench.core.records.run_filter import ORDERS, STATUSES, RunFilter, in_order
from workbench.core.records.run_record import DamagedRun, RunRecord

commands = typer.Typer(help="Recorded runs: list, show, change, move.", no_args_is_help=True)

_COLUMNS = ("run", "★", "name", "model", "recipe", "data", "status", "epochs", "test accuracy", "time", "tags")


@commands.command("list")
def list_runs(
    context: typer.Context,
    search: Annotated[
        str,
        typer.Option(
            help="Words that name, note, tags, model, recipe, source or id hold; and terms such as tag:lab, "
            'status:finished,stopped, is:starred, note:"two words", -model:plain20.'
        ),
    ] = "",
    status: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(STATUSES)}; can be repeated: one of them.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag that runs have; can be repeated: all of them.")
    ] = None,
    starred: Annotated[bool, typer.Option("--starred", help="Only runs with a star.")] = False,
    sort: Annotated[str, typer.Option(help=f"{', '.join(ORDERS)}: the best, or newest, first.")] = ORDERS[0],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    json: Json = False,
) -> None:
    """List runs, newest first unless sorted otherwise."""
    wanted = RunFilter.of(search, statuses=_known_statuses(status or []), tags=tag or [], starred=starred)
    with reading_store_of(context) as store:
        runs = store.listing()
        database = store.home.database
    if runs.damaged:
        count = "1 run" if len(runs.damaged) == 1 else f"{len(runs.damaged)} runs"
        console.print_error(f"warning: {count} cannot be read in the run database {shown(database)}; {WAY_OUT}")
    records = in_order(wanted.chosen(runs.records), sort)[:limit]
    damaged = wanted.chosen(runs.damaged)[: None if limit is None else limit - len(records)]
    if json:
        console.print_json([each.entry() for each in records] + [each.entry() for each in damaged])
    elif not runs.records and not runs.damaged:
        console.print_line("No runs yet. Start one: resnet-workbench train")
    elif not records and not damaged:
        console.print_line(f"None of {len(runs.records) + len(runs.damaged)} runs is such.")
    else:
        _print_list(records, damaged)


def _known_statuses(statuses: Sequence[str]) -> list[str]:
    for status in statuses:
        if status.casefold() not in STATUSES:
            raise UserError(
                f"--status is '{shown(status)}'; it must be one of {', '.join(STATUSES)}"
                f"{did_you_mean(status, STATUSES)}"
            )
    return list(statuses)


def _print_list(records: Sequence[RunRecord], damaged: Sequence[DamagedRun]) -> None:
    rows: list[tuple[str, ...]] = [
        (r.id, "★" if r.is_starred else "", r.name, r.model, r.recipe, r.source, r.status,
         f"{len(r.epochs)}/{r.config.training.epochs}",
         console.percent(r.best.test_accuracy if r.best else None), duration(r.elapsed_s), ", ".join(r.tags))
        for r in records
    ]  # fmt: skip
    # What is wrong with them, 'runs show' says.
    rows += [(each.id, "", each.name, "", "", "", "damaged", "", "", "", "") for each in damaged]
    # Without any star or tag, as most lists are, their columns would only take room.
    shown_columns = [
        place
        for place, column in enumerate(_COLUMNS)
        if column not in ("★", "tags") or any(r[place] for r in rows)
    ]
    console.print_table(
        [_COLUMNS[place] for place in shown_columns],
        [[row[place] for place in shown_columns] for row in rows],
        right=_COLUMNS[7:10], wrap=("tags",),
    )  # fmt: skip


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
