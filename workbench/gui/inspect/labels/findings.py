"""What a list of odd images shows of each: its pictures, what is written below, and what a mark would mark."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from workbench.core.class_names import isolated, pair_words, short_names
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_marks import Part
from workbench.core.formats import percent
from workbench.core.inspection.doubtful_labels import DoubtfulLabels
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.core.inspection.near_duplicates import NearDuplicates


@dataclass(frozen=True)
class Words:
    """A text, and a shorter form of it for where there is less room."""

    whole: str
    short: str


@dataclass(frozen=True)
class Finding:
    """One row of such a list."""

    pictures: tuple[tuple[ImageSet, int], ...]
    """One, or two side by side."""
    captions: tuple[Words, ...]
    """Below each picture."""
    line: str
    """Below all of them."""
    tip: str
    is_odd: bool
    """Whether it is to be told from the others at a glance."""


class Findings(Protocol):
    """Rows, made when they are looked at: there may be ten thousand."""

    part: Part
    """Of the images that `indices` count."""
    indices: NDArray[np.int64]
    """(rows,) the image of each row that a mark would mark."""
    pictures: int
    """Of each row."""

    def __getitem__(self, row: int) -> Finding: ...


def tr(text: str) -> str:
    return QCoreApplication.translate("Findings", text)


class _Names:
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names, self._short = names, short_names(names)

    def one(self, label: int, words: str = "{0}") -> Words:
        return Words(words.format(isolated(self._names[label])), words.format(isolated(self._short[label])))

    def both(self, first: int, second: int) -> Words:
        """`cat → dog`."""
        whole, short = self._names, self._short
        return Words(pair_words(whole[first], whole[second]), pair_words(short[first], short[second]))


class DoubtfulFindings:
    """A picture, `given → suggested`, and the score."""

    pictures = 1

    def __init__(self, found: DoubtfulLabels) -> None:
        self._found, self._names = found, _Names(found.evaluation.class_names)
        self._given, self._suggested, self._scores = found.given, found.suggested, found.scores
        self.part: Part = "test" if found.part == "test" else "train"
        self.indices = found.indices

    def __getitem__(self, row: int) -> Finding:
        found, index = self._found, int(self.indices[row])
        given, suggested = self._given[row], self._suggested[row]
        caption = self._names.both(given, suggested)
        score = score_words(float(self._scores[row]))
        confidence = found.evaluation.confidence[found.rows[row]]
        tip = tr("{0}\nlabel {1}, suggested {2} ({3}); score of the label: {4}").format(
            found.images.names[index], self._names.one(given).whole, self._names.one(suggested).whole,
            percent(float(confidence)), score,
        )  # fmt: skip
        return Finding(((found.images, index),), (caption,), tr("score {0}").format(score), tip, False)


class DuplicateFindings:
    """A test image and the one that is like it, each with its label."""

    pictures = 2

    def __init__(self, found: NearDuplicates, dataset: Dataset, uses: NDArray[np.str_]) -> None:
        self._found, self._dataset, self._names = found, dataset, _Names(dataset.class_names)
        self._parts = found.parts(uses)
        self._others = found.others(dataset.train.labels, dataset.test.labels)
        self.part: Part = "test"
        self.indices = found.test

    def __getitem__(self, row: int) -> Finding:
        found, test = self._found, self._dataset.test
        index, other, part = int(found.test[row]), int(found.other[row]), str(self._parts[row])
        images = test if part == "test" else self._dataset.train
        label, other_label = int(test.labels[index]), int(self._others[row])
        captions = (
            self._names.one(label, tr("test: {0}")),
            self._names.one(other_label, _part_words(part)),
        )
        difference = round(float(found.difference[row]))
        line = tr("differ by {0}").format(difference) if difference else tr("the same")
        if label != other_label:
            line = tr("other label · {0}").format(line)
        tip = tr("{0}\n{1}\nalike by {2:.2f}; mean difference of pixels: {3:.1f} of 255").format(
            test.names[index], images.names[other], found.likeness[row], found.difference[row]
        )
        return Finding(((test, index), (images, other)), captions, line, tip, label != other_label)


class HumanFindings:
    """A picture, its label and what most people said instead, and how many gave the label."""

    pictures = 1

    def __init__(self, found: HumanAgreement, images: ImageSet) -> None:
        self._found, self._images, self._names = found, images, _Names(found.evaluation.class_names)
        self.part: Part = "test"
        self.indices = found.by_agreement
        self._is_outvoted = found.outvoted

    def __getitem__(self, row: int) -> Finding:
        found, index = self._found, int(self.indices[row])
        label, is_outvoted = int(found.evaluation.labels[index]), bool(self._is_outvoted[index])
        answer = int(found.people.answers[index])
        caption = self._names.both(label, answer) if is_outvoted else self._names.one(label)
        agreement, confidence = percent(found.agreement[index], 0), percent(found.confidence[index], 0)
        line = tr("people {0} · net {1}").format(agreement, confidence)
        prediction = self._names.one(int(found.evaluation.predictions[index])).whole
        tip = tr("{0}\n{1} of the people gave the label, most said {2}; the network says {3}").format(
            self._images.names[index], agreement, self._names.one(answer).whole, prediction
        )
        return Finding(((self._images, index),), (caption,), line, tip, not found.evaluation.correct[index])


def _part_words(part: str) -> str:
    words = {
        "training": tr("train: {0}"),
        "validation": tr("held out: {0}"),
        "excluded": tr("left out: {0}"),
        "unused": tr("not used: {0}"),
        "test": tr("test: {0}"),
    }
    return words[part]


def score_words(score: float) -> str:
    """`0.42`, `0.0031`; not smaller than a person can tell apart."""
    return f"{score:.2g}" if score >= 0.0001 else "<0.0001"
