"""Networks by arithmetic, without training one: `models` and `describe`."""

from typing import Any

import typer

from workbench.commands import console
from workbench.commands.options import Json, Model, Set, presets_of
from workbench.core.architecture import Architecture
from workbench.core.config import RunConfig, parse_assignments

commands = typer.Typer()


@commands.command()
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


@commands.command()
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
