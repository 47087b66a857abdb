"""Where two networks agree about the same images, and where they do not."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation

Cell = Literal["both right", "only a right", "only b right", "both wrong"]
CELLS: tuple[Cell, ...] = ("both right", "only a right", "only b right", "both wrong")


class Counts(NamedTuple):
    """Numbers of images; the first four are all of them."""

    both_right: int
    only_a_right: int
    only_b_right: int
    both_wrong: int
    same_answers: int
    """Of the same prediction, right or wrong."""

    @property
    def images(self) -> int:
        return sum(self[:4])

    @property
    def disagree(self) -> int:
        """Images that only one of them recognizes: all that a paired comparison goes by."""
        return self.only_a_right + self.only_b_right


@dataclass(frozen=True)
class ClassDifference:
    """How well both know one class: accuracies, NaN where it has no image."""

    name: str
    images: int
    accuracy_a: float
    accuracy_b: float

    @property
    def difference(self) -> float:
        return self.accuracy_b - self.accuracy_a


class Split(NamedTuple):
    """Images of which A says one class and B another."""

    said_a: int
    said_b: int
    images: int


@dataclass(frozen=True, eq=False)
class Agreement:
    """What two networks say of the same N images, in the same order."""

    a: Evaluation
    b: Evaluation

    @cached_property
    def counts(self) -> Counts:
        both, only_a, only_b, neither = (int(self.mask(cell).sum()) for cell in CELLS)
        return Counts(both, only_a, only_b, neither, int((self.a.predictions == self.b.predictions).sum()))

    def mask(self, cell: Cell) -> NDArray[np.bool_]:
        """(N,) which images are in that cell of the table."""
        right_a = self.a.correct if cell in ("both right", "only a right") else ~self.a.correct
        right_b = self.b.correct if cell in ("both right", "only b right") else ~self.b.correct
        found: NDArray[np.bool_] = right_a & right_b
        return found

    def split_mask(self, said_a: int, said_b: int) -> NDArray[np.bool_]:
        """(N,) of which images A says the one and B the other class."""
        found: NDArray[np.bool_] = (self.a.predictions == said_a) & (self.b.predictions == said_b)
        return found

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """All pairs of different answers, the most frequent first."""
        classes = len(self.a.class_names)
        flat = np.bincount(self.a.predictions * classes + self.b.predictions, minlength=classes * classes)
        table = flat.reshape(classes, classes)
        np.fill_diagonal(table, 0)
        order = np.argsort(-table, axis=None, kind="stable")
        order = order[: np.count_nonzero(table)]
        return tuple(Split(int(i // classes), int(i % classes), int(table.flat[i])) for i in order)

    @cached_property
    def per_class(self) -> tuple[ClassDifference, ...]:
        """In the order of the classes."""
        figures = zip(self.a.per_class(), self.b.per_class(), strict=True)
        return tuple(ClassDifference(a.name, a.images, a.accuracy, b.accuracy) for a, b in figures)
