"""What there is to choose from, without training: `models`, `describe`, `recipes` and `fields`."""

from typing import Annotated, Any

import typer

from workbench.commands import console
from workbench.commands.options import Json, Model, Set, presets_of
from workbench.core.errors import literal, shown
from workbench.core.network.architecture import Architecture
from workbench.core.settings.assignments import parse_assignments
from workbench.core.settings.config import RunConfig
from workbench.core.settings.field_list import field_lines
from workbench.core.settings.recipes import Recipe

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


@commands.command()
def recipes(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Show every field that this recipe sets.")] = None,
    json: Json = False,
) -> None:
    """List the recipes, or show one."""
    presets = presets_of(context)
    if name is not None:
        _show_recipe(presets.recipe(name), json)
        return
    rows = list(presets.recipes.values())
    if json:
        console.print_json([_recipe_document(recipe) for recipe in rows])
        return
    cells = [(r.name, r.title, r.config.optimizer, f"{r.config.learning_rate:g}", r.config.schedule,
              str(r.config.batch_size), str(r.config.epochs), r.also) for r in rows]  # fmt: skip
    columns = ("name", "title", "optimizer", "rate", "schedule", "batch", "epochs", "also sets")
    console.print_table(columns, cells, right=("rate", "batch", "epochs"), wrap=("also sets",))


def _show_recipe(recipe: Recipe, json: bool) -> None:
    if json:
        console.print_json(_recipe_document(recipe))
        return
    console.print_line(f"{recipe.title}: {recipe.description}")
    trained = {f"training.{key}": value for key, value in recipe.config.model_dump(mode="json").items()}
    rows = [
        (key, literal(value).strip("'"), "" if key in recipe.sets else "usual")
        for key, value in (trained | dict(recipe.beyond)).items()
    ]
    console.print_table(("field", "value", ""), rows)
    console.print_line("all else is as without a recipe; 'resnet-workbench fields' says what each field means")


def _recipe_document(recipe: Recipe) -> dict[str, Any]:
    trained = {f"training.{key}": value for key, value in recipe.config.model_dump(mode="json").items()}
    return {
        "name": recipe.name,
        "title": recipe.title,
        "description": recipe.description,
        "fields": trained | dict(recipe.beyond),
    }


@commands.command()
def fields(
    words: Annotated[
        list[str] | None, typer.Argument(help="Only fields that hold these words in name or meaning.")
    ] = None,
    json: Json = False,
) -> None:
    """List every field that --set takes, with its meaning, default and limits."""
    lines = list(field_lines(words or ()))
    if json:
        console.print_json([vars(line) for line in lines])
        return
    if not lines:
        console.print_line(f"No field speaks of {shown(' '.join(words or ()))}.")
        return
    rows = [(line.key, line.default_text, line.allowed, line.meaning) for line in lines]
    console.print_table(("field", "default", "allowed", "meaning"), rows, wrap=("allowed", "meaning"))
