"""What follows from what is looked at, found when it is asked for."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Evaluation
from workbench.core.inspection.evaluation_changes import Changes
from workbench.core.inspection.image_histories import Histories
from workbench.gui.records.image_filter import ImageFilter
from workbench.gui.records.marks import Marks


class Seen:
    """What follows from an evaluation, another one to compare with, all of the run, and a filter."""

    def __init__(
        self,
        evaluation: Evaluation | None,
        reference: Evaluation | None,
        histories: Histories | None,
        chosen: ImageFilter,
        marks: Marks,
    ) -> None:
        self._evaluation, self._reference = evaluation, reference
        self._histories, self._filter, self._marks = histories, chosen, marks

    @cached_property
    def changes(self) -> Changes | None:
        if self._evaluation is None or self._reference is None:
            return None
        return Changes.between(self._reference, self._evaluation)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        if self._evaluation is None:
            return np.zeros(0, np.int64)
        marked = self._marks.flags(len(self._evaluation.labels)) if self._filter.marked else None
        return self._filter.order(self._evaluation, self.changes, self._histories, marked)
