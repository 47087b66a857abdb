"""The marked images of the source that the selected run was trained on: held once for all views."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.data.image_marks import ImageMarks, Mark, Marked, Part, marks_of, numbered
from workbench.core.errors import UserError
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.run_source import RunSource


class Marks(QObject):
    """Marks count for the source, whichever run is looked at. They are written at once; undo takes back in turn.

    Numbers are of test images, unless a part is named whose names were given to `learn`.
    """

    changed = Signal()
    """Other images are marked, or others of another run's source."""
    refused = Signal(object)
    """Marks could not be read or written: a UserError. Nothing has changed."""

    def __init__(self, source: RunSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._file: ImageMarks | None = None
        self._key: tuple[str, tuple[str, ...] | None] = ("", None)
        self._names: dict[Part, tuple[str, ...]] = {}
        self._marked: Marked = frozenset()
        self._numbered: dict[Part, dict[int, Mark]] = {}
        self._undo: list[tuple[Marked, Marked]] = []
        """What each change added and took away."""
        self._redo: list[tuple[Marked, Marked]] = []
        self._picked: frozenset[int] = frozenset()
        self.problem = ""
        """Why it is not known what is marked; empty if it is."""

    def follow(self, record: RunRecord | None, names: tuple[str, ...] | None) -> None:
        """Be those of a run's source from now on.

        Args:
            names: of its test images; None where they are gone.
        """
        key = (record.source if record is not None else "", names)
        if key[0] == self._key[0] and key[1] is self._key[1]:
            return
        if key[0] != self._key[0]:
            self._undo, self._redo = [], []
        self._key, self._picked, self._file = key, frozenset(), None
        self._names = {} if names is None else {"test": names}
        try:
            self._file = self._source.marks(record) if record is not None else None
            marked: Marked = self._file.read() if self._file is not None else frozenset()
            self.problem = ""
        except UserError as error:
            marked, self.problem = frozenset(), str(error)
        self._take(marked)

    def learn(self, part: Part, names: tuple[str, ...]) -> None:
        """Take the names of another part's images, so that they can be marked too."""
        if self._names.get(part) is not names:
            self._names[part] = names
            self._numbered.pop(part, None)

    @Slot()
    def reread(self) -> None:
        """They may have been changed elsewhere."""
        if self._file is None or self.problem:
            return
        try:
            marked = self._file.read()
        except UserError:
            # Told by whoever changes them next.
            return
        if marked != self._marked:
            self._take(marked)

    # What is marked

    def is_marked(self, index: int, part: Part = "test") -> bool:
        return index in self._of(part)

    def indices(self, part: Part = "test") -> NDArray[np.int64]:
        """Numbers of a part's marked images, in order."""
        return np.array(sorted(self._of(part)), np.int64)

    def flags(self, images: int, part: Part = "test") -> NDArray[np.bool_]:
        """(images,) which of them are marked."""
        flags = np.zeros(images, np.bool_)
        indices = self.indices(part)
        flags[indices[indices < images]] = True
        return flags

    def _of(self, part: Part) -> dict[int, Mark]:
        if part not in self._numbered:
            self._numbered[part] = numbered(self._marked, part, self._names.get(part))
        return self._numbered[part]

    # Marking

    def pick(self, indices: Iterable[int]) -> None:
        """Test images that a list has picked, for `picked_with`."""
        self._picked = frozenset(map(int, indices))

    @property
    def picked(self) -> frozenset[int]:
        """By the list that picked last."""
        return self._picked

    def picked_with(self, image: int | None) -> list[int]:
        """What an action means while `image` is looked at: all that are picked with it, else it alone."""
        if image is None:
            return []
        return sorted(self._picked) if image in self._picked else [image]

    def toggle(self, indices: Iterable[int], part: Part = "test") -> None:
        """Mark images; those of which all are marked are unmarked."""
        chosen = sorted(set(map(int, indices)))
        if chosen:
            self.set_marked(chosen, not all(self.is_marked(index, part) for index in chosen), part)

    def set_marked(self, indices: Iterable[int], marked: bool, part: Part = "test") -> None:
        """Mark images, or take their marks away. Without the pictures' names nothing is done."""
        names = self._names.get(part)
        if names is None:
            return
        there = self._of(part)
        numbers = set(map(int, indices))
        if marked:
            self._apply(marks_of(part, numbers - there.keys(), names), frozenset())
        else:
            self._apply(frozenset(), frozenset(there[number] for number in numbers & there.keys()))

    def _apply(self, added: Marked, removed: Marked) -> None:
        if (added or removed) and self._change(added, removed):
            self._undo.append((added, removed))
            self._redo.clear()
            self.changed.emit()

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def undo(self) -> None:
        """Take the last change back."""
        if self._undo and self._change(self._undo[-1][1], self._undo[-1][0]):
            self._redo.append(self._undo.pop())
            self.changed.emit()

    def redo(self) -> None:
        if self._redo and self._change(*self._redo[-1]):
            self._undo.append(self._redo.pop())
            self.changed.emit()

    def _change(self, added: Iterable[Mark], removed: Iterable[Mark]) -> bool:
        """Whether it could be written."""
        if self._file is None:
            return False
        try:
            self._marked = self._file.change(added, removed)
        except UserError as error:
            self.refused.emit(error)
            return False
        self.problem = ""
        self._numbered = {}
        return True

    def _take(self, marked: Marked) -> None:
        self._marked, self._numbered = marked, {}
        self.changed.emit()
