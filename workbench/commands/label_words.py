"""What lists of odd images have in common when they are printed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.commands import console
from workbench.core.evaluation import Evaluation

MOST_IN_A_TABLE = 30


def first_words(rows: Sequence[Any]) -> str:
    return f"; the first {MOST_IN_A_TABLE} are listed" if len(rows) > MOST_IN_A_TABLE else ""


def print_accuracy(evaluation: Evaluation, left_out: Mapping[str, NDArray[np.bool_]]) -> None:
    """As it is, and without the images of each of these kinds."""
    texts = [f"accuracy {evaluation.accuracy:.2%}"]
    for word, flags in left_out.items():
        if flags.any():
            figure = console.percent(evaluation.accuracy_of(~flags))
            # Labels are only doubted where the network says otherwise: all of these are its mistakes.
            bound = "at most " if word == "doubtful" else ""
            texts.append(f"{bound}{figure} without the {int(flags.sum())} {word}")
    console.print_line(", ".join(texts))
