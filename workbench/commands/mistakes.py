"""The images that a run gets wrong: `mistakes`."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from workbench.commands import console
from workbench.commands.options import PICTURES, TABLE, Epoch, Json, Run, reading_store_of, require_kind
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.answer_table import answer_rows, write_table
from workbench.core.records.store import RunStore

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
    require_kind(output, PICTURES, TABLE)
    with reading_store_of(context) as store:
        evaluation, images = _recorded(store, store.find(run), epoch)
    indices = evaluation.indices(
        _class_number(truth, "--truth", evaluation), _class_number(prediction, "--prediction", evaluation), True
    )[:most]
    rows = answer_rows(evaluation, images.names, indices)
    if output is not None and output.suffix.lower() == ".csv":
        write_table(rows, output)
    elif output is not None:
        _write_sheet(output, evaluation, images, indices, quiet=json)
    if json:
        console.print_json(rows)
        return
    _print(rows, evaluation, output, all_asked=most is not None)


def _recorded(store: RunStore, run_id: str, epoch: int | None) -> tuple[Evaluation, ImageSet]:
    """What the run said of its test images after an epoch, by default the kept one; with the images."""
    record = store.run(run_id)
    if epoch is None:
        epoch = record.best.epoch if record.best is not None else 0
    epochs = store.evaluated_epochs(run_id)
    if not epochs:
        raise UserError(f"run {run_id} has not finished an epoch; there are no answers yet")
    if epoch not in epochs:
        raise UserError(f"epoch is {epoch}; run {run_id} has answers of the epochs {_ranges(epochs)}")
    evaluation = store.evaluation(run_id, epoch)
    if evaluation is None:
        raise UserError(f"the answers of epoch {epoch} of run {run_id} are gone")
    images = Dataset.require(Path(record.started.get("dataset_path", ""))).test
    if not np.array_equal(images.labels, evaluation.labels):
        source = shown(record.config.data.source)
        raise UserError(f"the images of {source} have changed since run {run_id} was trained on them")
    return evaluation, images


def _ranges(epochs: list[int]) -> str:
    """`1 to 12`, or `1, 4, 7` where some are missing."""
    if epochs == list(range(epochs[0], epochs[-1] + 1)):
        return f"{epochs[0]} to {epochs[-1]}"
    return shown(", ".join(map(str, epochs)), 200)


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


def _print(rows: list[dict[str, Any]], evaluation: Evaluation, output: Path | None, all_asked: bool) -> None:
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
    if output is not None:
        console.print_line(f"written to {shown(output)}")
