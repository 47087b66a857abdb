"""With what the confusion matrix is compared: another epoch of the run, or another run of the same images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.selection import Selection

NOTHING, BEFORE, MARKED = "", "before", "marked"


def tr(text: str) -> str:
    return QCoreApplication.translate("ConfusionReference", text)


@dataclass(frozen=True)
class Reference:
    """What is compared with, and a sentence about it: what it is, or why it is not there."""

    evaluation: Evaluation | None
    sentence: str


def comparable(records: Sequence[RunRecord], record: RunRecord | None) -> list[RunRecord]:
    """The other runs that were tested on the same images, as far as their records tell."""
    if record is None:
        return []
    keys = ("class_names", "dataset_path")
    tested = [record.started.get(key) for key in keys]
    others = (each for each in records if each.id != record.id and each.epochs)
    return [each for each in others if None not in tested and [each.started.get(key) for key in keys] == tested]


class References:
    """Finds what is compared with; another run's answers are read once, not for every epoch of this one."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._read: tuple[RunRecord, Evaluation | None] | None = None

    def forget(self) -> None:
        """What was read may be of a former attempt."""
        self._read = None

    def of(self, choice: str, others: Sequence[RunRecord]) -> Reference:
        """For a choice: nothing, an epoch of the run, or the id of one of `others`."""
        evaluation = self._selection.evaluation
        if choice == NOTHING or evaluation is None:
            return Reference(None, "")
        if choice in (BEFORE, MARKED):
            return _epoch(choice, self._selection)
        other = next((each for each in others if each.id == choice), None)
        if other is None:
            return Reference(None, "")
        try:
            found = self._answers(other)
        except UserError as error:
            return Reference(None, str(error))
        if found is None:
            return Reference(None, tr("What {0} said is not there any more.").format(other.name))
        return _checked(found, tr("{0}, epoch {1}").format(other.name, found.epoch), evaluation)

    def _answers(self, other: RunRecord) -> Evaluation | None:
        # A record is another one once more is known of its run.
        if self._read is None or self._read[0] is not other:
            # The last one where none is kept.
            epoch = other.best.epoch if other.best is not None else None
            self._read = other, self._selection.source.evaluation(other.id, epoch)
        return self._read[1]


def _epoch(choice: str, selection: Selection) -> Reference:
    epoch = selection.marked_epoch if choice == MARKED else selection.run.before(selection.epoch)
    if choice == MARKED and not epoch:
        return Reference(None, tr("No epoch is marked (Ctrl+B)."))
    if choice == MARKED and epoch == selection.epoch:
        return Reference(None, tr("This is the marked epoch: go to another one."))
    if not epoch:
        return Reference(None, tr("There is no epoch before this one."))
    found = selection.evaluation_after(epoch)
    if found is None:
        return Reference(None, tr("What was said after epoch {0} is not there any more.").format(epoch))
    return _checked(found, tr("epoch {0}").format(epoch), selection.evaluation)


def _checked(found: Evaluation, name: str, evaluation: Evaluation | None) -> Reference:
    is_same = (
        evaluation is not None
        and found.class_names == evaluation.class_names
        and np.array_equal(found.labels, evaluation.labels)
    )
    if not is_same:
        return Reference(None, tr("The test images of {0} are others.").format(name))
    return Reference(found, tr("Against {0}: blue is better, orange is worse").format(name))
