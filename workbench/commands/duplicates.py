"""Test images that are also among the training images, or twice among themselves: `labels --duplicates`."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.commands import console
from workbench.commands.label_words import MOST_IN_A_TABLE, first_words, print_accuracy
from workbench.core.errors import shown
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.answer_table import write_table
from workbench.core.inspection.label_tables import PAIR_COLUMNS, pair_rows
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore


def list_duplicates(
    run_id: str,
    store: RunStore,
    epoch: int | None,
    output: Path | None,
    json: bool,
    display: console.TrainingDisplay,
) -> None:
    """
    Raises:
        UserError: the images are gone; there are no answers of an epoch that was asked for.
    """
    from workbench.engine.data import run_images
    from workbench.engine.data.run_split import uses_of
    from workbench.engine.inspection import duplicates as searching

    record = store.run(run_id)
    evaluation = _answers(record, store, epoch, display)
    folder, _ = console.exhaust(run_images.read(record, store), display)
    found, dataset = console.exhaust(searching.search(folder), display)
    uses = uses_of(dataset, record.config)
    rows = pair_rows(found, dataset, uses)
    if json:
        console.print_json(rows)
    else:
        _print_pairs(rows)
        _print_found(found, uses, rows)
        if evaluation is not None and len(evaluation.labels) == len(dataset.test):
            print_accuracy(evaluation, {"also trained on": found.flags(uses)})
    if output is not None:
        write_table(rows, output, PAIR_COLUMNS)
        if not json:
            console.print_written(output)


def _answers(
    record: RunRecord, store: RunStore, epoch: int | None, display: console.TrainingDisplay
) -> Evaluation | None:
    """For the accuracy, without which the list is complete: unless an epoch is asked for."""
    if epoch is not None:
        return store.answers(record, epoch)
    if not store.evaluated_epochs(record.id):
        return None
    return console.unless_damaged(partial(store.answers, record), display)


def _print_pairs(rows: list[dict[str, Any]]) -> None:
    texts = [
        (str(row["index"]), row["label"], f"{row['other_part']} {row['other_index']}", row["other_label"],
         f"{row['likeness']:.3f}", f"{row['difference']:.1f}", shown(row["path"]), shown(row["other_path"]))
        for row in rows[:MOST_IN_A_TABLE]
    ]  # fmt: skip
    console.print_table(
        ("test image", "label", "is like", "label", "likeness", "difference", "file", "other file"),
        texts,
        right=("test image", "likeness", "difference"),
    )


def _print_found(found: NearDuplicates, uses: NDArray[np.str_], rows: list[dict[str, Any]]) -> None:
    flags, parts = found.flags(uses), found.parts(uses)
    within = int((parts == "test").sum())
    elsewhere = int(np.isin(parts, ("validation", "excluded", "unused")).sum())
    words = [
        f"{int(flags.sum())} of {len(flags)} test images ({flags.mean():.2%}) have a near-duplicate among the "
        "images that were trained on"
    ]
    if elsewhere:
        words.append(f"{elsewhere} pairs are with images that were held out, left out or not used")
    words.append(f"{within} pairs are within the test images")
    other = sum(not row["same_label"] for row in rows)
    console.print_line(f"{', '.join(words)}; {other} pairs have different labels{first_words(rows)}")
