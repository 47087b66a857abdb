"""Errors that may be excused: doubtful labels, near-duplicates, and what people say: `labels`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from workbench.commands import console
from workbench.commands.duplicates import list_duplicates
from workbench.commands.label_words import MOST_IN_A_TABLE, first_words, print_accuracy
from workbench.commands.options import PICTURES, TABLE, Epoch, Json, Run, reading_store_of, require_output
from workbench.core.data.dataset import ImageSet
from workbench.core.data.image_marks import ImageMarks, numbered
from workbench.core.errors import UserError, shown
from workbench.core.inspection.answer_table import write_table
from workbench.core.inspection.doubtful_labels import DoubtfulLabels
from workbench.core.inspection.human_counts import HumanCounts, numbers_of
from workbench.core.inspection.label_tables import (
    HUMAN_COLUMNS,
    LABEL_COLUMNS,
    label_rows,
)
from workbench.core.records.store import RunStore

commands = typer.Typer()

_PARTS = ("test", "validation")


@commands.command()
def labels(
    context: typer.Context,
    run: Run,
    part: Annotated[str, typer.Option(help="Whose labels: test or validation.")] = "test",
    human: Annotated[
        Path | None, typer.Option(help="Counts of people's labels in CIFAR-10H's form: .npy, .npz or .csv.")
    ] = None,
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="In place of doubtful labels: near-duplicates of test images.")
    ] = False,
    epoch: Epoch = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write the table to this .csv, or pictures of doubtful labels to this .png."),
    ] = None,
    json: Json = False,
) -> None:
    """List the images whose labels are doubtful, the least believable first, and the accuracy without them."""
    _check(part, human, duplicates, output)
    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        run_id = store.find(run)
        if duplicates:
            list_duplicates(run_id, store, epoch, output, json, display)
        else:
            _list_labels(run_id, store, epoch, part, human, output, json, display)
    if json:
        # The document is a list, without room for them.
        for warning in display.warnings:
            console.print_error(f"warning: {warning}")


def _check(part: str, human: Path | None, duplicates: bool, output: Path | None) -> None:
    if part not in _PARTS:
        raise UserError(f"--part is '{shown(part)}'; it must be test or validation")
    if human is not None and (part != "test" or duplicates):
        other = "--duplicates" if duplicates else f"--part {part}"
        raise UserError(f"--human has answers to test images; give it without {other}")
    if duplicates and part != "test":
        raise UserError("--duplicates are those of test images; give it without --part validation")
    require_output(output, TABLE, *(() if duplicates else (PICTURES,)))


def _list_labels(
    run_id: str,
    store: RunStore,
    epoch: int | None,
    part: str,
    human: Path | None,
    output: Path | None,
    json: bool,
    display: console.TrainingDisplay,
) -> None:
    from workbench.engine.inspection import labels as looking
    from workbench.engine.inspection.subject import Subjects

    subject = console.exhaust(Subjects().open(run_id, store, epoch), display)
    people = _people(human, subject.dataset.test, subject.config.data.source, len(subject.class_names))
    found = console.exhaust(
        looking.find(subject, store, "validation" if part == "validation" else "test"), display
    )
    marked = _marked(store, run_id, "test" if part == "test" else "train", found.images)
    rows = label_rows(found, marked, people)
    if json:
        console.print_json(rows)
    else:
        _print(found, rows, marked, people)
    if output is not None:
        columns = LABEL_COLUMNS if people is None else (*LABEL_COLUMNS, *HUMAN_COLUMNS)
        _write(found, rows, columns, output, display)
        if not json:
            console.print_written(output)


def _people(path: Path | None, images: ImageSet, source: str, classes: int) -> HumanCounts | None:
    if path is None:
        return None
    return HumanCounts.read(path, len(images), classes, numbers_of(source, images.names))


def _marked(store: RunStore, run_id: str, part: Any, images: ImageSet) -> NDArray[np.bool_]:
    """(N,) which images the person has marked in the window."""
    flags = np.zeros(len(images), np.bool_)
    marks = ImageMarks(store.home, store.run(run_id).source).read()
    flags[list(numbered(marks, part, images.names))] = True
    return flags


def _write(
    found: DoubtfulLabels,
    rows: list[dict[str, Any]],
    columns: Sequence[str],
    output: Path,
    display: console.TrainingDisplay,
) -> None:
    if output.suffix.lower() == ".csv":
        write_table(rows, output, columns)
        return
    if not rows:
        raise UserError("no label is doubtful, and there is nothing to draw")
    from workbench.engine.inspection import sheet

    images = found.images
    names = tuple(images.names[number] for number in found.numbers.tolist())
    asked = ImageSet(images.images[found.numbers], images.labels[found.numbers], names)
    console.exhaust(sheet.write_sheet(output, found.evaluation, asked, found.rows), display)


# For a person


def _print(
    found: DoubtfulLabels, rows: list[dict[str, Any]], marked: NDArray[np.bool_], people: HumanCounts | None
) -> None:
    _print_labels(rows, people is not None)
    doubtful, asked, epoch = len(found), len(found.numbers), found.evaluation.epoch
    word = f"{doubtful} of {asked} {found.part} labels are doubtful after epoch {epoch}"
    console.print_line(f"{word}, by what a network says that was not trained on them{first_words(rows)}")
    print_accuracy(found.evaluation, {"doubtful": found.flags, "marked": marked[found.numbers]})
    if found.are_mostly_mistakes:
        console.print_line("at this accuracy, most of them are the network's own mistakes: look at the first")
    if people is not None:
        _print_people(found, people)


def _print_labels(rows: list[dict[str, Any]], with_people: bool) -> None:
    texts = [
        (str(row["index"]), row["given"], row["suggested"], f"{row['score']:.2g}", f"{row['probability']:.3f}",
         *((f"{row['human_agreement']:.0%}", row["human_suggested"]) if with_people else ()),
         "marked" if row["marked"] else "", shown(row["path"], 80))
        for row in rows[:MOST_IN_A_TABLE]
    ]  # fmt: skip
    people = ("people agree", "people say") if with_people else ()
    columns = ("image", "label", "suggested", "score", "probability", *people, "", "file")
    console.print_table(columns, texts, right=("image", "score", "probability", "people agree"))


def _print_people(found: DoubtfulLabels, people: HumanCounts) -> None:
    from workbench.engine.inspection.human_agreement import compare

    beside = compare(found.evaluation, people)
    agreed = console.percent(found.evaluation.accuracy_of(beside.agreed))
    console.print_line(
        f"people gave the label in {beside.agreement.mean():.1%} of answers; rank correlation with the network's "
        f"probability of it {beside.correlation:.2f}, of both entropies {beside.entropy_correlation:.2f}"
    )
    console.print_line(
        f"of {int(beside.agreed.sum())} images whose label three in four people give {agreed} are right; of "
        f"{int((~found.evaluation.correct).sum())} wrong ones, people disagree too about "
        f"{int(beside.shared_mistakes.sum())}; most people say another class than the label of "
        f"{int(beside.outvoted.sum())}"
    )
