"""Doubtful labels and near-duplicates as rows: for a table, a CSV file, and scripts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset
from workbench.core.inspection.doubtful_labels import DoubtfulLabels
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.core.inspection.human_counts import HumanCounts
from workbench.core.inspection.near_duplicates import NearDuplicates

LABEL_COLUMNS = ("index", "path", "given", "suggested", "score", "probability", "marked")
HUMAN_COLUMNS = ("human_agreement", "human_entropy", "human_suggested")
PAIR_COLUMNS = (
    "index", "path", "label", "other_part", "other_index", "other_path", "other_label", "same_label", "likeness",
    "difference",
)  # fmt: skip
AGREEMENT_COLUMNS = ("index", "path", "given", "predicted", "probability", *HUMAN_COLUMNS, "entropy", "marked")


def label_rows(
    found: DoubtfulLabels, marked: NDArray[np.bool_], people: HumanCounts | None = None
) -> list[dict[str, Any]]:
    """One dictionary for each doubtful label, with `LABEL_COLUMNS` as keys, and `HUMAN_COLUMNS` with `people`.

    Args:
        marked: which of all `found.images` the person has marked.
        people: of all of them.
    """
    classes, said = found.evaluation.class_names, found.evaluation.confidence
    columns = (found.indices.tolist(), found.given.tolist(), found.suggested.tolist(), found.scores.tolist())
    rows = [
        {
            "index": index, "path": found.images.names[index], "given": classes[given],
            "suggested": classes[suggested], "score": score, "probability": float(said[row]),
            "marked": bool(marked[index]),
        }
        for row, index, given, suggested, score in zip(found.rows.tolist(), *columns, strict=True)
    ]  # fmt: skip
    if people is not None:
        agreement = people.agreement(found.images.labels)
        for row in rows:
            row |= _of_people(people, agreement, row["index"], classes)
    return rows


def _of_people(
    people: HumanCounts, agreement: NDArray[np.float64], index: int, classes: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "human_agreement": float(agreement[index]),
        "human_entropy": float(people.entropy[index]),
        "human_suggested": classes[people.answers[index]],
    }


def agreement_rows(
    found: HumanAgreement, names: tuple[str, ...], marked: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """One dictionary for each test image, those first whose label the fewest people gave."""
    said, classes = found.evaluation, found.evaluation.class_names
    return [
        {
            "index": index, "path": names[index], "given": classes[said.labels[index]],
            "predicted": classes[said.predictions[index]], "probability": float(found.confidence[index]),
            **_of_people(found.people, found.agreement, index, classes), "entropy": float(found.entropy[index]),
            "marked": bool(marked[index]),
        }
        for index in found.by_agreement.tolist()
    ]  # fmt: skip


def pair_rows(found: NearDuplicates, dataset: Dataset, uses: NDArray[np.str_]) -> list[dict[str, Any]]:
    """One dictionary for each pair, with `PAIR_COLUMNS` as keys; the most alike first.

    Args:
        uses: (N,) what the run does with each image that is no test image.
    """
    classes, test, train = dataset.class_names, dataset.test, dataset.train
    labels = found.others(train.labels, test.labels)
    pairs = zip(
        found.test.tolist(), found.other.tolist(), found.parts(uses).tolist(), labels.tolist(), strict=True
    )
    figures = zip(found.likeness.tolist(), found.difference.tolist(), strict=True)
    return [
        {
            "index": index, "path": test.names[index], "label": classes[test.labels[index]],
            "other_part": part, "other_index": other,
            "other_path": (test if part == "test" else train).names[other], "other_label": classes[label],
            "same_label": bool(test.labels[index] == label), "likeness": likeness, "difference": difference,
        }
        for (index, other, part, label), (likeness, difference) in zip(pairs, figures, strict=True)
    ]  # fmt: skip
