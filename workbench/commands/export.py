"""A network for use elsewhere: `export`."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import console
from workbench.commands.options import RUN_HELP, Data, Json, Recipe, Set, presets_of, reading_store_of, run_config
from workbench.core.errors import UserError, shown
from workbench.core.home import Home
from workbench.core.settings.assignments import parse_assignments
from workbench.core.settings.config import RunConfig

commands = typer.Typer()


@commands.command()
def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", help="The .py file to write; weights go beside it.")],
    run: Annotated[str | None, typer.Argument(help=RUN_HELP)] = None,
    model: Annotated[
        str | None, typer.Option(help="A model preset instead of a run: code without weights.")
    ] = None,
    set_: Set = None,
    with_training: Annotated[
        bool,
        typer.Option(
            "--with-training", help="Write NAME_train.py too, which trains it with PyTorch and torchvision."
        ),
    ] = False,
    recipe: Recipe = None,
    data: Data = None,
    format_: Annotated[
        str, typer.Option("--format", help="python: one file that needs PyTorch alone.")
    ] = "python",
    json: Json = False,
) -> None:
    """Write a network as code that needs nothing of the workbench, with the run's weights beside it."""
    if format_ != "python":
        raise UserError(f"--format is '{shown(format_)}'; it must be python")
    if (run is None) == (model is None):
        raise UserError("give either RUN or --model NAME")
    given = {"--set": set_, "--recipe": recipe, "--data": data}
    for option, value in given.items():
        if run is not None and value:
            raise UserError(f"RUN has its own network, recipe and images; give it without {option}")
        if option != "--set" and value and not with_training:
            raise UserError(f"{option} is of training; give it with --with-training")
    if run is not None:
        written = _run(context, run, output, with_training)
    elif with_training:
        written = _training(context, model or "", recipe, data, set_, output, json)
    else:
        written = [_model(context, model or "", set_, output)]
    if json:
        console.print_json({"files": [str(path) for path in written]})
        return
    for path in written:
        console.print_line(f"written to {path}")


def _run(context: typer.Context, run: str, output: Path, with_training: bool) -> list[Path]:
    from workbench.engine.training import training_export
    from workbench.engine.weights import code_export

    with reading_store_of(context) as store:
        exporting = training_export if with_training else code_export
        return [*exporting.export_run(store.find(run), store, output)]


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
