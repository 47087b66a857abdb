"""The images that a run gets wrong: `mistakes`."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from workbench.commands import console
from workbench.commands.options import PICTURES, TABLE, Epoch, Json, Run, reading_store_of, require_output
from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.answer_table import answer_rows, write_table

commands = typer.Typer()

_MOST_IN_A_TABLE = 30


@commands.command()
def mistakes(
    context: typer.Context,
    run: Run,
    epoch: Epoch = None,
    truth: Annotated[str | None, typer.Option(help="Only images of this class.")] = None,
    prediction: Annotated[str | None, typer.Option(help="Only images taken for this class.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="At most so many, the worst ones.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write the pictures to this .png, or the table to this .csv.")
    ] = None,
    json: Json = False,
) -> None:
    """List the test images that a run gets wrong, the surest mistakes first."""
    require_output(output, PICTURES, TABLE)
    from workbench.engine.data import run_images

    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        record = store.run(store.find(run))
        evaluation = store.answers(record, epoch)
        _, dataset = console.exhaust(run_images.read(record, store), display)
    run_images.refuse_unless_of(record, evaluation, dataset)
    images = dataset.test
    indices = evaluation.indices(
        _class_number(truth, "--truth", evaluation), _class_number(prediction, "--prediction", evaluation), True
    )[:most]
    rows = answer_rows(evaluation, images.names, indices)
    # First what there is to say: it is not lost where the file cannot be written.
    if json:
        console.print_json(rows)
    else:
        _print(rows, evaluation, all_asked=most is not None)
    if output is None:
        return
    if output.suffix.lower() == ".csv":
        write_table(rows, output)
    else:
        _write_sheet(output, evaluation, images, indices, quiet=json)
    if not json:
        console.print_written(output)


def _class_number(name: str | None, option: str, evaluation: Evaluation) -> int | None:
    if name is None:
        return None
    if name not in evaluation.class_names:
        known = shown(", ".join(evaluation.class_names), 200)
        raise UserError(f"{option} is '{shown(name)}'; it must be one of {known}")
    return evaluation.class_names.index(name)


def _write_sheet(
    path: Path, evaluation: Evaluation, images: ImageSet, indices: NDArray[np.int64], quiet: bool
) -> None:
    from workbench.engine.inspection import sheet

    if not len(indices):
        raise UserError("there is no such mistake, and nothing to draw")
    with console.TrainingDisplay(quiet=quiet) as display:
        console.exhaust(sheet.write_sheet(path, evaluation, images, indices), display)


def _print(rows: list[dict[str, Any]], evaluation: Evaluation, all_asked: bool) -> None:
    shown_rows = rows if all_asked else rows[:_MOST_IN_A_TABLE]
    texts = [
        (str(row["index"]), str(row["truth"]), str(row["prediction"]), f"{row['probability']:.3f}",
         console.number(row["loss"], 2), shown(row["path"], 80))
        for row in shown_rows
    ]  # fmt: skip
    console.print_table(
        ("image", "truth", "prediction", "probability", "loss", "file"),
        texts,
        right=("image", "probability", "loss"),
    )
    total, wrong = len(evaluation.labels), int((~evaluation.correct).sum())
    line = f"{wrong} of {total} test images are wrong after epoch {evaluation.epoch}"
    if len(rows) != wrong:
        line += f", {len(rows)} of them as asked for"
    if len(shown_rows) < len(rows):
        line += f"; the first {len(shown_rows)} are listed (--most N lists as many)"
    console.print_line(line)
