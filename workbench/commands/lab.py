"""Labs: questions that a few trainings answer. `lab` lists them, `lab NAME` does one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands import console
from workbench.commands.lab_tables import print_labs, print_plan, print_report
from workbench.commands.lab_times import lab_times
from workbench.commands.options import Data, Device, Epochs, Json, Set, parsed, reading_store_of, store_of
from workbench.commands.queue_run import work
from workbench.commands.stopping import StopSignals
from workbench.core.errors import UserError, shown
from workbench.core.files import require_writable
from workbench.core.labs.adding import add_missing
from workbench.core.labs.bench import Bench, remembered
from workbench.core.labs.catalog import LABS, lab_of
from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabSettings, config_of, planned_runs
from workbench.core.labs.report import LabReport, run_document
from workbench.core.records.run_reader import RunReader
from workbench.core.records.store import RunStore
from workbench.core.settings.assignments import parse_assignments

commands = typer.Typer()


@commands.command()
def lab(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Which one; without it, all are listed.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show its runs and how long they take; train nothing.")
    ] = False,
    add: Annotated[bool, typer.Option("--add", help="Put its runs into the queue; train nothing now.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write what there is so far as one .html file; train nothing.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Train anew what has failed, too.")] = False,
    epochs: Epochs = None,
    seeds: Annotated[str | None, typer.Option(help="How many runs of each arm.", metavar="INTEGER")] = None,
    data: Data = None,
    device: Device = None,
    set_: Set = None,
    json: Json = False,
) -> int:
    """Answer a question by a few trainings: list the labs, or train what one lacks and say what was seen.

    Options change all arms alike. Runs that are there are not trained again, also those of another origin; what
    was stopped goes on.
    """
    given = (plan, add, again, report, epochs, seeds, data, device, set_)
    if name is None:
        if any(given):
            raise UserError(f"NAME is missing; it must be one of {', '.join(LABS)}")
        return _list_labs(context, json)
    if sum((plan, add, report is not None)) > 1:
        raise UserError("give only one of --plan, --add and --report")
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--report is '{shown(report)}'; it must end in .html")
    chosen = lab_of(name)
    settings = _settings(chosen, epochs, seeds, {"data.source": data, "training.device": device}, set_)
    _require(chosen, settings, context)
    if plan:
        return _plan(context, chosen, settings, json)
    if report is not None:
        return _report(context, chosen, settings, report, json)
    return _train(context, chosen, settings, again=again, only_adds=add, json=json)


def _settings(
    chosen: Lab, epochs: str | None, seeds: str | None, options: dict[str, Any], set_: list[str] | None
) -> LabSettings:
    values = parse_assignments(set_ or []) | {key: value for key, value in options.items() if value is not None}
    of_set = values.pop("training.epochs", chosen.epochs)
    return LabSettings(
        of_set if epochs is None else parsed(epochs), chosen.seeds if seeds is None else parsed(seeds), values
    )


def _require(chosen: Lab, settings: LabSettings, context: typer.Context) -> None:
    """Refuse what could not be trained, before anything is shown or added."""
    from workbench.engine.data import sources

    planned = planned_runs(chosen, settings)
    sources.locate(planned[0].config.data.source, context.obj)


def _list_labs(context: typer.Context, json: bool) -> int:
    with reading_store_of(context) as store:
        records = store.runs()
        benches = []
        for each in LABS.values():
            settings = remembered(each, store, records) or LabSettings.usual(each)
            benches.append(Bench.of(each, settings, store, records))
        times = lab_times(store, records, benches, quiet=json)
    if json:
        console.print_json([_bench_document(bench, times.left(bench)) for bench in benches])
    else:
        print_labs(benches, times)
    return 0


def _plan(context: typer.Context, chosen: Lab, settings: LabSettings, json: bool) -> int:
    with reading_store_of(context) as store:
        records = store.runs()
        bench = Bench.of(chosen, settings, store, records)
        times = lab_times(store, records, [bench], quiet=json)
        _say_others(bench, store)
    if json:
        console.print_json(_bench_document(bench, times.left(bench)) | {"of_runs": times.documents(bench)})
    else:
        print_plan(bench, times)
    return 0


def _report(context: typer.Context, chosen: Lab, settings: LabSettings, path: Path, json: bool) -> int:
    from workbench.engine.labs.report_page import write_report
    from workbench.engine.labs.reporting import report_of

    require_writable(path)
    with reading_store_of(context) as store:
        bench = Bench.of(chosen, settings, store)
        _say_others(bench, store)
        found = report_of(bench, store)
    write_report(found, path)
    if json:
        console.print_json(found.document() | {"written": str(path)})
    else:
        print_report(found)
        console.print_written(path)
    return 0


def _train(
    context: typer.Context, chosen: Lab, settings: LabSettings, *, again: bool, only_adds: bool, json: bool
) -> int:
    from workbench.engine.labs.reporting import report_of
    from workbench.engine.training.queue_work import frozen

    with store_of(context) as store:
        # Refused as a whole, before the first of many runs is added.
        frozen(config_of(chosen, chosen.arms[0], settings, 1), store)
        records = store.runs()
        bench = Bench.of(chosen, settings, store, records)
        times = lab_times(store, records, [bench], quiet=json)
        if not json:
            print_plan(bench, times)
        added = add_missing(store, chosen, settings, again=again)
        bench = Bench.of(chosen, settings, store)
        if only_adds:
            _print_added(bench, [entry.id for entry in added], json)
            return 0
        ids = [run.entry.id for run in bench.left if run.entry is not None]
        # Also stopped, what was seen so far is reported: that takes no second signal.
        with StopSignals(_stopping(chosen)) as stop:
            code, document = _worked(store, ids, stop, json)
            found: LabReport = report_of(Bench.of(chosen, settings, store), store)
            if json:
                console.print_json(found.document() | document)
            else:
                print_report(found)
    return code


def _stopping(chosen: Lab) -> str:
    return f"stopping; go on later with the same command, or see: resnet-workbench lab {chosen.name} --plan"


def _worked(store: RunStore, ids: list[str], stop: StopSignals, json: bool) -> tuple[int, dict[str, Any]]:
    """Train these entries of the queue and no others; returns the exit code and what JSON says of it."""
    if not ids:
        return 0, {"status": "done", "failed": 0, "entries": []}
    worked = work(store, stop, json, only=ids)
    status = worked.status(store.queue.state())
    return worked.exit_code, {"status": status, "failed": worked.failures, "entries": worked.ended}


def _print_added(bench: Bench, ids: list[str], json: bool) -> None:
    if json:
        console.print_json(
            {"lab": bench.lab.name, "added": ids, "runs": [run_document(run) for run in bench.runs]}
        )
    elif ids:
        console.print_line(
            f"{len(ids)} of {len(bench.runs)} runs were added; train them with: resnet-workbench queue run"
        )
    else:
        console.print_line("nothing was added: all runs are there, or wait already")


def _bench_document(bench: Bench, left: tuple[float, bool]) -> dict[str, Any]:
    seconds, is_all = left
    finished = sum(run.state == "finished" for run in bench.runs)
    return {
        "lab": bench.lab.name, "title": bench.lab.title, "question": bench.lab.question, "paper": bench.lab.paper,
        "varies": list(bench.lab.fields), "epochs": bench.settings.epochs, "seeds": bench.settings.seeds,
        "values": dict(bench.settings.values), "runs": len(bench.runs), "finished": finished,
        "seconds_left": seconds if is_all else None,
    }  # fmt: skip


def _say_others(bench: Bench, store: RunReader) -> None:
    """That there are runs of this lab by other settings, where none is by these."""
    if any(run.state != "missing" for run in bench.runs):
        return
    known = remembered(bench.lab, store, store.runs())
    if known is not None:
        options = f"--epochs {known.epochs} --seeds {known.seeds} {console.set_options(known.values)}".strip()
        console.print_error(f"note: there are runs of this lab by other settings: give {options}")
