"""A network for use elsewhere: `export`."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import console
from workbench.commands.options import Json, Set, presets_of, reading_store_of
from workbench.core.assignments import parse_assignments
from workbench.core.config import RunConfig
from workbench.core.errors import UserError, shown

commands = typer.Typer()


@commands.command()
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
        raise UserError(f"--format is '{shown(format_)}'; it must be python")
    if (run is None) == (model is None):
        raise UserError("give either RUN or --model NAME")
    from workbench.engine.weights import code_export

    if run is not None:
        if set_:
            raise UserError("RUN has its own network; give it without --set")
        with reading_store_of(context) as store:
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
