"""A network for use elsewhere: `export`."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import console
from workbench.commands.options import (
    RUN_HELP,
    Data,
    Epoch,
    Json,
    Recipe,
    Set,
    presets_of,
    reading_store_of,
    run_config,
)
from workbench.core.errors import UserError
from workbench.core.export.exported import Exported
from workbench.core.export.formats import EXPORT_FORMATS, HTML, PYTHON, ExportFormat, format_named
from workbench.core.home import Home
from workbench.core.settings.assignments import parse_assignments
from workbench.core.settings.config import RunConfig

commands = typer.Typer()


_FORMATS = " ".join(f"{name}: {each.sentence}" for name, each in EXPORT_FORMATS.items())
_OUTPUT = (
    "What to write: "
    + ", ".join(each.suffix for each in EXPORT_FORMATS.values() if each.suffix)
    + "; for tensorboard a folder. What belongs to it goes beside it."
)


@commands.command()
def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", help=_OUTPUT)],
    run: Annotated[str | None, typer.Argument(help=RUN_HELP)] = None,
    model: Annotated[
        str | None, typer.Option(help="A model preset instead of a run: code without weights.")
    ] = None,
    set_: Set = None,
    with_training: Annotated[
        bool,
        typer.Option(
            "--with-training",
            help="Of python: NAME_train.py too, which trains it with PyTorch and torchvision.",
        ),
    ] = False,
    recipe: Recipe = None,
    data: Data = None,
    format_: Annotated[str, typer.Option("--format", help=_FORMATS)] = PYTHON,
    epoch: Epoch = None,
    json: Json = False,
) -> None:
    """Write a run's network, or its figures, in a format that other programs read."""
    wanted = format_named(format_)
    if (run is None) == (model is None):
        raise UserError("give either RUN or --model NAME")
    given = {"--set": set_, "--recipe": recipe, "--data": data}
    for option, value in given.items():
        if run is not None and value:
            raise UserError(f"RUN has its own network, recipe and images; give it without {option}")
        if option != "--set" and value and not with_training:
            raise UserError(f"{option} is of training; give it with --with-training")
    if run is not None:
        _run(context, run, wanted, output, epoch, with_training, json)
        return
    if wanted.name != PYTHON:
        raise UserError(
            f"--model has neither weights nor figures for {wanted.name}; give RUN, or --format {PYTHON}"
        )
    if epoch is not None:
        raise UserError("--epoch is of a run; give it with RUN")
    if with_training:
        written = _training(context, model or "", recipe, data, set_, output, json)
    else:
        written = [_model(context, model or "", set_, output)]
    if json:
        console.print_json({"run": None, "format": PYTHON, "files": [str(path) for path in written]})
        return
    for path in written:
        console.print_written(path)


def _run(
    context: typer.Context,
    run: str,
    wanted: ExportFormat,
    output: Path,
    epoch: int | None,
    with_training: bool,
    json: bool,
) -> None:
    from workbench.engine.export import run_export

    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        run_id = store.find(run)
        work = run_export.export(run_id, store, wanted, output, epoch=epoch, with_training=with_training)
        exported = console.exhaust(work, display)
    if json:
        console.print_json(exported.document | {"warnings": display.warnings})
    else:
        _print(exported)


def _print(exported: Exported) -> None:
    for path in exported.files:
        console.print_written(path)
    if exported.epoch:
        held = "the report is" if exported.format_name == HTML else "weights"
        console.print_line(f"{held} of epoch {exported.epoch} of run {exported.run_id}")
    for note in exported.notes:
        console.print_line(note)
    if exported.check is not None:
        console.print_line(exported.check.sentence)


def _model(context: typer.Context, model: str, set_: list[str] | None, output: Path) -> Path:
    from workbench.engine.weights import code_export

    preset = presets_of(context).model(model)
    config = RunConfig(model=preset.config).with_values(parse_assignments(set_ or []))
    return code_export.export_model(config.model, preset.title, output)


def _training(
    context: typer.Context,
    model: str,
    recipe: str | None,
    data: str | None,
    set_: list[str] | None,
    output: Path,
    quiet: bool,
) -> list[Path]:
    """The network as `train` would train it."""
    from workbench.engine.training import training_export

    presets = presets_of(context)
    home: Home = context.obj
    config = run_config(presets, model, recipe, None, set_, {"data.source": data})
    with console.TrainingDisplay(quiet=quiet) as display:
        work = training_export.export_model(config, presets.model(model).title, output, home.prepare())
        return [*console.exhaust(work, display)]
