"""Errors that may be excused: doubtful labels, near-duplicates, and what people say: `labels`."""

from collections.abc import Sequence
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
from workbench.core.inspection.answer_table import write_table
from workbench.core.inspection.doubtful_labels import DoubtfulLabels
from workbench.core.inspection.human_counts import HumanCounts, numbers_of
from workbench.core.inspection.image_marks import ImageMarks, numbered
from workbench.core.inspection.label_tables import (
    HUMAN_COLUMNS,
    LABEL_COLUMNS,
    PAIR_COLUMNS,
    label_rows,
    pair_rows,
)
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.core.records.store import RunStore

commands = typer.Typer()

_PARTS = ("test", "validation")
_MOST_IN_A_TABLE = 30


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
            _list_duplicates(run_id, store, epoch, output, json, display)
        else:
            _list_labels(run_id, store, epoch, part, human, output, json, display)


def _check(part: str, human: Path | None, duplicates: bool, output: Path | None) -> None:
    if part not in _PARTS:
        raise UserError(f"--part is '{shown(part)}'; it must be test or validation")
    if human is not None and (part != "test" or duplicates):
        other = "--duplicates" if duplicates else f"--part {part}"
        raise UserError(f"--human has answers to test images; give it without {other}")
    if duplicates and part != "test":
        raise UserError("--duplicates are those of test images; give it without --part validation")
    require_kind(output, TABLE, *(() if duplicates else (PICTURES,)))


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
    columns = LABEL_COLUMNS if people is None else (*LABEL_COLUMNS, *HUMAN_COLUMNS)
    _write(found, rows, columns, output, display)
    if json:
        console.print_json(rows)
        return
    _print_labels(rows, people is not None)
    word = f"{len(found)} of {len(found.numbers)} {part} labels are doubtful after epoch {subject.epoch}"
    console.print_line(f"{word}, by what a network says that was not trained on them{_first(rows)}")
    _print_accuracy(found.evaluation, {"doubtful": found.flags, "marked": marked[found.numbers]})
    if found.are_mostly_mistakes:
        console.print_line("at this accuracy, most of them are the network's own mistakes: look at the first")
    if people is not None:
        _print_people(found, people)
    _print_written(output)


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
    output: Path | None,
    display: console.TrainingDisplay,
) -> None:
    if output is None:
        return
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


def _list_duplicates(
    run_id: str,
    store: RunStore,
    epoch: int | None,
    output: Path | None,
    json: bool,
    display: console.TrainingDisplay,
) -> None:
    from workbench.engine.data import sources
    from workbench.engine.inspection import duplicates as searching

    record = store.run(run_id)
    epoch = epoch or (record.best.epoch if record.best is not None else 0)
    evaluation = store.evaluation(run_id, epoch) if epoch in store.evaluated_epochs(run_id) else None
    folder = Path(record.started.get("dataset_path", ""))
    if Dataset.open(folder) is None:
        config = record.config
        folder = console.exhaust(sources.read(config.data.source, config.model.input_size, store.home), display)
    found, dataset = console.exhaust(searching.search(folder), display)
    rows = pair_rows(found, dataset)
    if output is not None:
        write_table(rows, output, PAIR_COLUMNS)
    if json:
        console.print_json(rows)
        return
    _print_pairs(rows)
    _print_found(found, dataset, rows)
    if evaluation is not None and len(evaluation.labels) == len(dataset.test):
        _print_accuracy(evaluation, {"also trained on": found.flags()})
    _print_written(output)


# For a person


def _print_labels(rows: list[dict[str, Any]], with_people: bool) -> None:
    texts = [
        (str(row["index"]), row["given"], row["suggested"], f"{row['score']:.2g}", f"{row['probability']:.3f}",
         *((f"{row['human_agreement']:.0%}", row["human_suggested"]) if with_people else ()),
         "marked" if row["marked"] else "", shown(row["path"], 80))
        for row in rows[:_MOST_IN_A_TABLE]
    ]  # fmt: skip
    people = ("people agree", "people say") if with_people else ()
    columns = ("image", "label", "suggested", "score", "probability", *people, "", "file")
    console.print_table(columns, texts, right=("image", "score", "probability", "people agree"))


def _first(rows: list[dict[str, Any]]) -> str:
    return f"; the first {_MOST_IN_A_TABLE} are listed" if len(rows) > _MOST_IN_A_TABLE else ""


def _print_accuracy(evaluation: Evaluation, left_out: dict[str, NDArray[np.bool_]]) -> None:
    texts = [f"accuracy {evaluation.accuracy:.2%}"]
    for word, flags in left_out.items():
        if flags.any():
            figure = console.percent(evaluation.accuracy_of(~flags))
            # Labels are only doubted where the network says otherwise: all of these are its mistakes.
            bound = "at most " if word == "doubtful" else ""
            texts.append(f"{bound}{figure} without the {int(flags.sum())} {word}")
    console.print_line(", ".join(texts))


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


def _print_pairs(rows: list[dict[str, Any]]) -> None:
    texts = [
        (str(row["index"]), row["label"], f"{row['other_part']} {row['other_index']}", row["other_label"],
         f"{row['likeness']:.3f}", f"{row['difference']:.1f}", shown(row["path"]), shown(row["other_path"]))
        for row in rows[:_MOST_IN_A_TABLE]
    ]  # fmt: skip
    console.print_table(
        ("test image", "label", "is like", "label", "likeness", "difference", "file", "other file"),
        texts,
        right=("test image", "likeness", "difference"),
    )


def _print_found(found: NearDuplicates, dataset: Dataset, rows: list[dict[str, Any]]) -> None:
    flags, total = found.flags(), len(dataset.test)
    within = int((~found.is_training).sum())
    other = sum(not row["same_label"] for row in rows)
    console.print_line(
        f"{int(flags.sum())} of {total} test images ({flags.mean():.2%}) have a near-duplicate among the training "
        f"images, {within} pairs are within the test images; {other} pairs have different labels{_first(rows)}"
    )


def _print_written(output: Path | None) -> None:
    if output is not None:
        console.print_line(f"written to {shown(output)}")
