"""Every headless command. Prints the engine's events; imports no Qt, and torch only where it computes."""

import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands import console
from workbench.commands import training as run_commands
from workbench.commands import trials as trial_commands
from workbench.commands.options import SOURCE_HELP, Json, Model, Run, Set, presets_of, store_of
from workbench.core.architecture import Architecture
from workbench.core.config import RunConfig, parse_assignments
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.formats import duration
from workbench.core.home import Home

app = typer.Typer(
    name="resnet-workbench",
    help="Build residual networks, watch them train, look at what they get wrong. Without a command: the window.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
runs_app = typer.Typer(help="List and show recorded runs.", no_args_is_help=True)
app.add_typer(runs_app, name="runs")
run_commands.register(app)
trial_commands.register(app)


def run(arguments: list[str]) -> int:
    """Execute one command; errors become one sentence and an exit code."""
    try:
        result = app(args=arguments, prog_name="resnet-workbench", standalone_mode=False)
    except UserError as error:
        console.print_failure(str(error), error.remedy)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # noqa: BLE001  # the last line of defense: a bug gets its traceback and exit 1
        # Wrong usage; typer does not export the class of these exceptions.
        if hasattr(error, "format_message"):
            console.print_error(f"error: {error.format_message()} (--help shows what is allowed)")
            return 2
        traceback.print_exception(error)
        return 1
    return result if isinstance(result, int) else 0


@app.callback()
def _root(
    context: typer.Context,
    home: Annotated[str | None, typer.Option(help="Folder of runs, data and own presets.")] = None,
) -> None:
    context.obj = Home.locate(home)


@app.command()
def models(context: typer.Context, json: Json = False) -> None:
    """List the model presets."""
    rows: list[dict[str, Any]] = []
    for preset in presets_of(context).models.values():
        table = Architecture.of(preset.config)
        rows.append(
            {"name": preset.name, "title": preset.title, "parameters": table.parameters, "macs": table.macs,
             "stem": preset.config.stem, "input_size": preset.config.input_size}
        )  # fmt: skip
    if json:
        console.print_json(rows)
        return
    columns = ("name", "title", "parameters", "MACs", "stem", "input")
    cells = [
        (r["name"], r["title"], console.number(r["parameters"], 0), f"{r['macs'] / 1e6:.1f} M", r["stem"],
         console.shape((r["input_size"], r["input_size"])))
        for r in rows
    ]  # fmt: skip
    console.print_table(columns, cells, right=("parameters", "MACs"))


@app.command()
def describe(context: typer.Context, model: Model, set_: Set = None, json: Json = False) -> None:
    """Print a network's layers with their shapes, parameters and MACs."""
    config = RunConfig(model=presets_of(context).model(model).config).with_values(parse_assignments(set_ or []))
    table = Architecture.of(config.model)
    if json:
        document = {
            "model": model,
            "parameters": table.parameters,
            "macs": table.macs,
            "depth": table.depth,
            "warnings": table.warnings,
            "layers": [layer._asdict() for layer in table.layers],
        }
        console.print_json(document)
        return
    rows = [
        (row.name, row.kind, row.detail, console.shape(row.output_shape), console.number(row.parameters, 0),
         console.number(row.macs, 0), str(row.receptive_field))
        for row in table.layers
    ]  # fmt: skip
    columns = ("layer", "kind", "detail", "output", "parameters", "MACs", "sees")
    console.print_table(columns, rows, right=columns[3:])
    total = f"{console.number(table.parameters, 0)} parameters, {table.macs / 1e6:.1f} M MACs"
    console.print_line(f"{total}, {table.depth} weighted layers")
    for warning in table.warnings:
        console.print_error(f"warning: {warning}")


@app.command()
def evaluate(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help="Id of a run, a unique prefix of one, or 'latest'.")] = None,
    data: Annotated[str | None, typer.Option(help=SOURCE_HELP)] = None,
    weights: Annotated[
        str | None, typer.Option(help="A file, a run or torchvision: weights to evaluate for --model.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model preset of the weights.")] = None,
    set_: Set = None,
    json: Json = False,
) -> None:
    """Evaluate a run's best checkpoint, or weights from a file, on test images."""
    if (run is None) == (weights is None):
        raise UserError("give either RUN or --weights WEIGHTS with --model NAME")
    from workbench.engine.training import evaluation as evaluating

    with store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        if run is not None:
            if model is not None or set_:
                raise UserError("RUN has its own network and settings; give it without --model and --set")
            work = evaluating.evaluate_run(store.find(run), store, data)
        else:
            if model is None:
                raise UserError("--weights needs --model NAME: a state dict does not say its network")
            config = RunConfig(model=presets_of(context).model(model).config)
            source = {} if data is None else {"data.source": data}
            config = config.with_values(parse_assignments(set_ or []) | source)
            work = evaluating.evaluate_weights(config, weights or "", store)
        evaluation = console.exhaust(work, display)
    if json:
        console.print_json(_evaluation_document(evaluation))
    else:
        console.print_evaluation(evaluation)


@app.command()
def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", help="The .py file to write; weights go beside it.")],
    run: Annotated[str | None, typer.Argument(help="Id of a run, a unique prefix of one, or 'latest'.")] = None,
    model: Annotated[
        str | None, typer.Option(help="A model preset instead of a run: code without weights.")
    ] = None,
    set_: Set = None,
    format_: Annotated[
        str, typer.Option("--format", help="python: one file that needs PyTorch alone.")
    ] = "python",
    json: Json = False,
) -> None:
    """Write a network as code that needs nothing of the workbench, with the run's weights beside it."""
    if format_ != "python":
        raise UserError(f"--format is '{format_}'; it must be python")
    if (run is None) == (model is None):
        raise UserError("give either RUN or --model NAME")
    from workbench.engine.weights import code_export

    if run is not None:
        if set_:
            raise UserError("RUN has its own network; give it without --set")
        with store_of(context) as store:
            written = [*code_export.export_run(store.find(run), store, output)]
    else:
        preset = presets_of(context).model(model or "")
        config = RunConfig(model=preset.config).with_values(parse_assignments(set_ or []))
        written = [code_export.export_model(config.model, preset.title, output)]
    if json:
        console.print_json({"files": [str(path) for path in written]})
        return
    for path in written:
        console.print_line(f"written: {path}")


@runs_app.command("list")
def list_runs(context: typer.Context, json: Json = False) -> None:
    """List all runs, newest first."""
    with store_of(context) as store:
        records = store.runs()
    if json:
        console.print_json([record.summary() | {"created_utc": record.created_utc} for record in records])
        return
    if not records:
        console.print_line("No runs yet. Start one: resnet-workbench train")
        return
    rows = [
        (r.id, r.name, r.model, r.recipe, r.source, r.status, f"{len(r.epochs)}/{r.config.training.epochs}",
         console.percent(r.best.test_accuracy if r.best else None), duration(r.elapsed_s))
        for r in records
    ]  # fmt: skip
    columns = ("run", "name", "model", "recipe", "data", "status", "epochs", "test accuracy", "time")
    console.print_table(columns, rows, right=columns[6:])


@runs_app.command("show")
def show_run(context: typer.Context, run: Run, json: Json = False) -> None:
    """Show one run: settings, machine, result and every epoch."""
    with store_of(context) as store:
        record = store.run(store.find(run))
        warnings = store.warnings(record.id)
        changes = store.rate_changes(record.id)
        folder = store.folder(record.id)
    document = record.summary() | {
        "created_utc": record.created_utc,
        "test_looks": record.test_looks,
        "warnings": warnings,
        "rate_changes": [{k: v for k, v in vars(change).items() if k != "run_id"} for change in changes],
        "folder": str(folder),
        "config": record.config.model_dump(mode="json"),
        "machine": record.machine,
        "history": [{k: v for k, v in vars(epoch).items() if k != "run_id"} for epoch in record.epochs],
    }
    if json:
        console.print_json(document)
        return
    console.print_run(record, document)


def _evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "images": len(evaluation.labels),
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "expected_calibration_error": evaluation.calibration().expected_error,
        "per_class": [vars(figures) for figures in evaluation.per_class()],
        "confusion": evaluation.confusion.tolist(),
    }
