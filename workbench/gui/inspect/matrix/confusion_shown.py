"""What the confusion matrix shows of an evaluation: counts or shares, in which order, or how they differ."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.inspection.confusion import row_shares
from workbench.gui.inspect.matrix.confusion_layout import Place

Cells = Literal["counts", "shares"]
MINUS = "−"


@dataclass(frozen=True, eq=False)
class ShownConfusion:
    """Rows and columns stand in `order`; places are counted in it, classes as the evaluation has them."""

    evaluation: Evaluation
    cells: Cells = "counts"
    """Shares are per cent of a row, the images of one true class."""
    given_order: NDArray[np.int64] | None = None
    """Classes in the order of rows and columns; None: as they are."""
    against: Evaluation | None = None
    """Of the same images: what is shown is by how much the matrix differs from this one's."""

    @property
    def is_difference(self) -> bool:
        return self.against is not None

    @cached_property
    def order(self) -> NDArray[np.int64]:
        count = len(self.evaluation.class_names)
        return np.arange(count) if self.given_order is None else self.given_order

    @cached_property
    def _ranks(self) -> NDArray[np.int64]:
        return np.argsort(self.order)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the rows and columns."""
        return tuple(self.evaluation.class_names[index] for index in self.order)

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """(K, K) as they stand there: counts or per cent, or differences of those."""
        values = self._values_of(self.evaluation)
        if self.against is not None:
            values = values - self._values_of(self.against)
        return values if self.given_order is None else values[np.ix_(self.order, self.order)]

    def _values_of(self, evaluation: Evaluation) -> NDArray[np.float64]:
        if self.cells == "shares":
            return 100 * row_shares(evaluation.confusion)
        return evaluation.confusion.astype(np.float64)

    @cached_property
    def highest(self) -> tuple[float, float]:
        """The highest value of the diagonal, and of the rest, whatever its sign."""
        sizes = np.abs(self.values)
        mistakes = sizes - np.diag(sizes.diagonal())
        return float(sizes.diagonal().max(initial=0)), float(mistakes.max(initial=0))

    @cached_property
    def colored(self) -> NDArray[np.float64]:
        """(K, K) places on the scale of each kind, diagonal or not, from 0 to 1; of a difference, 0.5 is none."""
        right, mistakes = (value or 1.0 for value in self.highest)
        places = self.values / mistakes
        np.fill_diagonal(places, self.values.diagonal() / right)
        return (1 + places) / 2 if self.is_difference else places

    @cached_property
    def widest_text(self) -> str:
        """The longest that stands in a cell."""
        values = self.values
        return max((self.written(value) for value in (values.max(initial=0), values.min(initial=0))), key=len)

    def written(self, value: float) -> str:
        """`39`, or `+3` and `−5` of a difference; empty for what rounds to 0."""
        if not round(abs(value)):
            return ""
        sign = "" if not self.is_difference else MINUS if value < 0 else "+"
        return f"{sign}{abs(value):.0f}"

    def classes(self, place: Place) -> Place:
        """Truth and prediction of a row and a column; None stays so."""
        row, column = (None if index is None else int(self.order[index]) for index in place)
        return row, column

    def place(self, classes: Place) -> Place:
        """The inverse."""
        row, column = (None if index is None else int(self._ranks[index]) for index in classes)
        return row, column
