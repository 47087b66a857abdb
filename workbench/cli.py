"""Every headless command. Prints the engine's events; imports no Qt, and torch only where it computes."""

import signal
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import console
from workbench.core.architecture import Architecture
from workbench.core.config import RunConfig, help_of, parse_assignments, parse_value
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import RunFailed, RunStarted
from workbench.core.home import Home
from workbench.core.presets import DEFAULT_MODEL, DEFAULT_RECIPE, FINE_TUNING_RECIPE, Presets
from workbench.core.store import RunStore

if TYPE_CHECKING:
    from workbench.engine.recording import Events

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

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Model = Annotated[str, typer.Option("--model", help="Name of a model preset ('models' lists them).")]
Set = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, such as training.learning_rate=0.05.")]
Run = Annotated[str, typer.Argument(help="Id of a run, a unique prefix of one, or 'latest'.")]
_SOURCE_HELP = help_of("data.source")


def run(arguments: list[str]) -> int:
    """Execute one command; errors become one sentence and an exit code."""
    try:
        result = app(args=arguments, prog_name="resnet-workbench", standalone_mode=False)
    except UserError as error:
        console.print_error(f"error: {error}")
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
    for preset in _presets(context).models.values():
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
    config = RunConfig(model=_presets(context).model(model).config).with_values(parse_assignments(set_ or []))
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
def train(
    context: typer.Context,
    model: Annotated[str | None, typer.Option(help=f"Name of a model preset; {DEFAULT_MODEL} by default.")] = None,
    recipe: Annotated[
        str | None, typer.Option(help=f"Name of a recipe; by default {DEFAULT_RECIPE} or the model's own.")
    ] = None,
    data: Annotated[str | None, typer.Option(help=_SOURCE_HELP)] = None,
    epochs: Annotated[str | None, typer.Option(help=help_of("training.epochs"), metavar="INTEGER")] = None,
    device: Annotated[str | None, typer.Option(help=help_of("training.device"))] = None,
    set_: Set = None,
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    config_file: Annotated[
        Path | None, typer.Option("--config", help="JSON of a whole run, in place of --model and --recipe.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help=help_of("fine_tuning.weights"))] = None,
    json: Json = False,
) -> int:
    """Train a network. Ctrl+C stops it, saves it, and 'resume' goes on."""
    presets = _presets(context)
    if config_file is None:
        config = presets.run_config(model or DEFAULT_MODEL, recipe or (FINE_TUNING_RECIPE if weights else ""))
    elif model or recipe:
        raise UserError("--config holds model and recipe already; give it without --model and --recipe")
    else:
        config = _read_config(config_file)
    values: dict[str, Any] = parse_assignments(set_ or [])
    options = {"data.source": data, "training.epochs": _parsed(epochs), "training.device": device,
               "fine_tuning.weights": weights}  # fmt: skip
    values |= {key: value for key, value in options.items() if value is not None}
    config = config.with_values(values)
    with _store(context) as store:
        from workbench.engine import training

        events = training.train(
            config,
            store=store,
            name=name,
            model=presets.model_name(config.model),
            recipe=presets.recipe_name(config.training),
        )
        return _follow(events, store, json)


@app.command()
def resume(
    context: typer.Context,
    run: Run,
    epochs: Annotated[str | None, typer.Option(help="New total number of epochs.", metavar="INTEGER")] = None,
    json: Json = False,
) -> int:
    """Go on with a stopped run from its last checkpoint."""
    with _store(context) as store:
        from workbench.engine import training

        return _follow(training.resume(store.find(run), store=store, epochs=_parsed(epochs)), store, json)


@app.command()
def evaluate(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help="Id of a run, a unique prefix of one, or 'latest'.")] = None,
    data: Annotated[str | None, typer.Option(help=_SOURCE_HELP)] = None,
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
    from workbench.engine import evaluating

    with _store(context) as store, console.TrainingDisplay(quiet=json) as display:
        if run is not None:
            if model is not None or set_:
                raise UserError("RUN has its own network and settings; give it without --model and --set")
            work = evaluating.evaluate_run(store.find(run), store, data)
        else:
            if model is None:
                raise UserError("--weights needs --model NAME: a state dict does not say its network")
            config = RunConfig(model=_presets(context).model(model).config)
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
    from workbench.engine import code_export

    if run is not None:
        if set_:
            raise UserError("RUN has its own network; give it without --set")
        with _store(context) as store:
            written = [*code_export.export_run(store.find(run), store, output)]
    else:
        preset = _presets(context).model(model or "")
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
    with _store(context) as store:
        records = store.runs()
    if json:
        console.print_json([record.summary() | {"created_utc": record.created_utc} for record in records])
        return
    if not records:
        console.print_line("No runs yet. Start one: resnet-workbench train")
        return
    rows = [
        (r.id, r.name, r.model, r.recipe, r.source, r.status, f"{len(r.epochs)}/{r.config.training.epochs}",
         console.percent(r.best.test_accuracy if r.best else None), console.duration(r.elapsed_s))
        for r in records
    ]  # fmt: skip
    columns = ("run", "name", "model", "recipe", "data", "status", "epochs", "test accuracy", "time")
    console.print_table(columns, rows, right=columns[6:])


@runs_app.command("show")
def show_run(context: typer.Context, run: Run, json: Json = False) -> None:
    """Show one run: settings, machine, result and every epoch."""
    with _store(context) as store:
        record = store.run(store.find(run))
        warnings = store.warnings(record.id)
        folder = store.folder(record.id)
    document = record.summary() | {
        "created_utc": record.created_utc,
        "test_looks": record.test_looks,
        "warnings": warnings,
        "folder": str(folder),
        "config": record.config.model_dump(mode="json"),
        "machine": record.machine,
        "history": [{k: v for k, v in vars(epoch).items() if k != "run_id"} for epoch in record.epochs],
    }
    if json:
        console.print_json(document)
        return
    console.print_run(record, document)


@app.command()
def doctor(context: typer.Context, json: Json = False) -> int:
    """Say what this machine has, what is wrong, and the fix."""
    from workbench.engine.doctor import examine

    findings = examine(context.obj)
    if json:
        console.print_json([vars(finding) for finding in findings])
    else:
        rows = [("!" if f.fix else "", f.topic, f.value, f.fix) for f in findings]
        console.print_table(("", "what", "found", "fix"), rows, wrap=("found", "fix"))
    return 0


def _parsed(text: str | None) -> Any:
    """Left to the config to judge, whose sentences name field, value and what is allowed."""
    return None if text is None else parse_value(text)


def _presets(context: typer.Context) -> Presets:
    home: Home = context.obj
    presets = Presets.load(home.presets)
    for problem in presets.problems:
        console.print_error(f"warning: {problem}")
    return presets


@contextmanager
def _store(context: typer.Context) -> Iterator[RunStore]:
    home: Home = context.obj
    with closing(RunStore(home.prepare())) as store:
        yield store


def _read_config(path: Path) -> RunConfig:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the configuration {path}: {error}") from error
    return RunConfig.from_json(text, str(path))


def _follow(events: "Events", store: RunStore, json: bool) -> int:
    """Show a run until it ends or is asked to stop; print its result."""
    run_id, failure = "", None
    with _StopSignals() as stop, console.TrainingDisplay(quiet=json) as display, closing(events):
        for event in events:
            run_id = event.run_id
            display.show(event)
            if isinstance(event, RunStarted):
                stop.message = f"stopping; go on later with: resnet-workbench resume {run_id}"
            if isinstance(event, RunFailed):
                failure = event
            if stop.asked:
                break
    if not run_id:
        # Stopped while its weights were downloaded.
        console.print_error("stopped before the run began; nothing is recorded")
        if json:
            console.print_json({"run": None, "status": "stopped"})
        return 0
    record = store.run(run_id)
    if json:
        console.print_json(record.summary())
    else:
        console.print_result(record)
    if failure is None:
        return 0
    console.print_error(f"error: {failure.message}")
    return 1 if failure.is_bug else 2


class _StopSignals:
    """The first Ctrl+C or SIGTERM asks the run to stop and be saved; the second one interrupts at once."""

    def __init__(self) -> None:
        self.asked = False
        self.message = "stopping"
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "_StopSignals":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._former[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            # Not an Exception: nothing on the way may take it for a failure of its own.
            raise KeyboardInterrupt
        self.asked = True
        console.print_error(self.message)


def _evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "images": len(evaluation.labels),
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "expected_calibration_error": evaluation.calibration().expected_error,
        "per_class": [vars(figures) for figures in evaluation.per_class()],
        "confusion": evaluation.confusion.tolist(),
    }
