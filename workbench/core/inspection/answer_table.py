"""Answers to single images as rows: for a table, a CSV file, and scripts."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.files import write_atomically
from workbench.core.inspection.image_measures import losses

COLUMNS = ("index", "path", "truth", "prediction", "probability", "loss")


def answer_rows(
    evaluation: Evaluation, names: Sequence[str], indices: Sequence[int] | NDArray[np.int64]
) -> list[dict[str, Any]]:
    """One dictionary for each of these images, with `COLUMNS` as keys.

    Args:
        names: of all N files, inside their source.
    """
    loss = losses(evaluation)
    classes = evaluation.class_names
    values = (
        (
            int(index),
            names[index],
            classes[evaluation.labels[index]],
            classes[evaluation.predictions[index]],
            float(evaluation.confidence[index]),
            float(loss[index]),
        )
        for index in indices
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in values]


def write_table(rows: Sequence[dict[str, Any]], path: Path, columns: Sequence[str] = COLUMNS) -> None:
    """As CSV in UTF-8, with a line of column names.

    Raises:
        UserError: it cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))
