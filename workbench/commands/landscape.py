"""The loss around a run's weights: `landscape`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from workbench.commands import console
from workbench.commands.options import PICTURE, RUN_HELP, Epoch, Json, Run, reading_store_of, require_output
from workbench.core.errors import UserError
from workbench.core.inspection.landscape import QUICK_SIZE, Grid, Landscape
from workbench.core.inspection.landscape_words import caption, comparison

commands = typer.Typer()

# More, a line is longer than a terminal is wide.
_MOST_COLUMNS = 15
_LARGEST_SEED = 2**31 - 1


@commands.command()
def landscape(
    context: typer.Context,
    run: Run,
    beside: Annotated[
        str | None, typer.Option(help=f"Another run, its kept epoch, on the same grid. {RUN_HELP}")
    ] = None,
    size: Annotated[int, typer.Option(help="Points along each direction; odd, 5 to 101.")] = QUICK_SIZE,
    range_: Annotated[
        float, typer.Option("--range", help="How far to both sides; 1 is as far as each filter is long.")
    ] = 1.0,
    images: Annotated[int, typer.Option(help="Training images whose mean loss is measured.")] = 256,
    seed: Annotated[int, typer.Option(help="Of the two random directions.")] = 0,
    epoch: Epoch = None,
    output: Annotated[Path | None, typer.Option(help="A .png file to draw it into.")] = None,
    json: Json = False,
) -> None:
    """Measure the loss around a run's weights along two filter-normalized random directions (Li et al. 2018)."""
    grid = Grid(size, range_)
    require_output(output, PICTURE)
    if not 0 <= seed <= _LARGEST_SEED:
        raise UserError(f"--seed is {seed}; it must be 0 to {_LARGEST_SEED}")
    from workbench.engine.inspection import landscape as engine
    from workbench.engine.inspection.subject import Subjects

    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        runs = [store.find(each) for each in (run, beside) if each is not None]
        epochs = (epoch, None)
        subjects = [
            console.exhaust(Subjects().open(each, store, at), display)
            for each, at in zip(runs, epochs, strict=False)
        ]
        names = [store.run(each).name for each in runs]
        survey = engine.survey(subjects, grid, images=images, seed=seed)
        found = console.exhaust(engine.progress_of(survey), display)
    if json:
        console.print_json(_document(found, names))
    else:
        _print_all(found, names)
    if output is not None:
        from workbench.commands.landscape_plot import draw

        draw(found, names, output)
        if not json:
            console.print_written(output)


def _print_all(found: Sequence[Landscape], names: list[str]) -> None:
    for each, name in zip(found, names, strict=True):
        _print(each, name)
    if len(found) == 2:
        console.print_line(comparison(found[0], found[1], (names[0], names[1])))


def _print(landscape: Landscape, name: str) -> None:
    axis, every = landscape.axis, -(-(landscape.size - 1) // (_MOST_COLUMNS - 1))
    # From the middle, so that the weights themselves are shown.
    shown_at = np.arange(landscape.size // 2 % every, landscape.size, every)
    columns = ("second / first", *(f"{axis[at]:.3g}" for at in shown_at))
    rows = [
        (f"{axis[row]:.3g}", *(_loss_text(landscape.level_loss[row, column]) for column in shown_at))
        for row in shown_at[::-1]
    ]
    console.print_line(f"{name}, run {landscape.run_id}, epoch {landscape.epoch}: loss in nats")
    console.print_table(columns, rows, right=columns)
    console.print_line(caption(landscape))


def _loss_text(loss: float) -> str:
    return f"{loss:.2f}" if loss < 1000 else f"{loss:.1e}"


def _document(found: tuple[Landscape, ...], names: list[str]) -> dict[str, Any]:
    document = _entry(found[0])
    if len(found) == 2:
        document["beside"] = _entry(found[1])
        document["comparison"] = comparison(found[0], found[1], (names[0], names[1]))
    return document


def _entry(landscape: Landscape) -> dict[str, Any]:
    lowest, first, second = landscape.lowest
    return {
        "run": landscape.run_id,
        "epoch": landscape.epoch,
        "range": landscape.grid.reach,
        "size": landscape.size,
        "images": landscape.images,
        "seed": landscape.seed,
        "axis": landscape.axis.tolist(),
        # Rows along the second direction; what is no finite number becomes null.
        "loss": np.where(np.isfinite(landscape.level_loss), landscape.level_loss, np.nan).tolist(),
        "accuracy": landscape.level_accuracy.tolist(),
        "caption": caption(landscape),
        "center": {"loss": landscape.center_loss, "accuracy": landscape.center_accuracy},
        "lowest": {"loss": lowest, "first": first, "second": second},
        "directions": [
            {
                "doubles_before": slope.before,
                "doubles_after": slope.after,
                "width": slope.width,
                "curvature": slope.curvature,
            }
            for slope in landscape.slopes
        ],
        "dips": landscape.dips,
        "share_below_chance": landscape.share_below_chance,
    }
