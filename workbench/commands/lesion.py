"""What a trained network says without some of its blocks: `lesion`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands import console
from workbench.commands.options import PICTURE, Epoch, Json, Run, reading_store_of, require_output
from workbench.core.inspection.lesions import DEFAULT_IMAGES, Lesioned, Remainder, Removed, Sweep, scales_of

if TYPE_CHECKING:
    from workbench.engine.inspection.lesions import LesionBoard

commands = typer.Typer()

_LEFT: dict[Remainder, str] = {
    "shortcut": "its shortcut",
    "identity": "its input",
    "stand-in": "pixels by its stride, zeros",
    "nothing removed": "all: it has no branch",
}


@commands.command()
def lesion(
    context: typer.Context,
    run: Run,
    block: Annotated[
        list[str] | None,
        typer.Option(help="NAME removes a block such as layer2.1, NAME=SCALE weakens it; may be repeated."),
    ] = None,
    images: Annotated[
        int, typer.Option(help="Of the test images, as many of every class; 0: all.", min=0)
    ] = DEFAULT_IMAGES,
    epoch: Epoch = None,
    output: Annotated[Path | None, typer.Option(help="A .png file to draw it into, a bar per block.")] = None,
    json: Json = False,
) -> None:
    """Remove blocks of a trained network and test what is left; without --block, each in turn."""
    require_output(output, PICTURE)
    from workbench.engine.inspection.lesions import LesionBoard
    from workbench.engine.inspection.subject import Subjects

    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        run_id = store.find(run)
        record = store.run(run_id)
        scales = scales_of(block or [], record.config.model)
        subject = console.exhaust(Subjects().open(run_id, store, epoch), display)
        board = LesionBoard(subject, images or None)
        found: Lesioned | None = None
        if scales:
            found = console.exhaust(board.lesioned(scales), display)
            alone = [_alone(board, name, scale, display) for name, scale in scales.items()]
            sweep = Sweep(len(board.indices), found.intact.accuracy, tuple(alone))
        else:
            sweep = console.exhaust(board.sweep(), display)
    if json:
        console.print_json(_document(run_id, subject.epoch, sweep, found))
    else:
        _print(sweep, found, subject.epoch, {site.name: site.remainder for site in board.sites})
    if output is not None:
        from workbench.commands.lesion_plot import draw

        draw(sweep, found, record.name, subject.epoch, output)
        if not json:
            console.print_written(output)


def _print(sweep: Sweep, found: Lesioned | None, epoch: int, remainders: Mapping[str, Remainder]) -> None:
    scales = {} if found is None else found.scales
    rows = [
        (each.name, console.number(scales.get(each.name, 0.0), 2), console.percent(each.accuracy),
         f"{100 * (each.accuracy - sweep.intact):+.1f}", str(each.flipped), _LEFT[remainders[each.name]])
        for each in sweep.removed
    ]  # fmt: skip
    columns = ("block", "branch times", "accuracy", "points", "flipped", "what is left of it at 0")
    console.print_table(columns, rows, right=columns[1:-1])
    console.print_line(f"intact, epoch {epoch}: {sweep.intact:.1%} of {sweep.images} test images")
    if found is not None and len(scales) > 1:
        console.print_line(f"all together: {found.now.accuracy:.1%}, {len(found.flipped)} answers flipped")


def _alone(board: "LesionBoard", name: str, scale: float, display: console.TrainingDisplay) -> Removed:
    found = console.exhaust(board.lesioned({name: scale}), display)
    return Removed(name, found.now.accuracy, len(found.flipped))


def _document(run_id: str, epoch: int, sweep: Sweep, found: Lesioned | None) -> dict[str, Any]:
    """With --block, `blocks` are those, each alone; `lesioned` and `flipped` are of all of them together."""
    document: dict[str, Any] = {
        "run": run_id,
        "epoch": epoch,
        "images": sweep.images,
        "accuracy": sweep.intact,
        "blocks": [{"name": each.name, "accuracy": each.accuracy} for each in sweep.removed],
    }
    if found is not None:
        document |= {"lesioned": found.now.accuracy, "flipped": len(found.flipped)}
    return document
