"""The marks of a source of images that are looked at before any run: what is doubtful, and what is excluded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.data.image_marks import ImageMarks, Mark, Marked, Part, marks_of, numbered
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError
from workbench.core.home import Home

Kind = Literal["doubtful", "excluded"]
KINDS: tuple[Kind, Kind] = ("doubtful", "excluded")
Chosen = Mapping[Part, Iterable[int]]
"""Images of both parts by their numbers."""


@dataclass(frozen=True)
class _Change:
    kind: Kind
    added: Marked
    removed: Marked

    @property
    def inverse(self) -> "_Change":
        return _Change(self.kind, self.removed, self.added)


class SourceMarks(QObject):
    """Both kinds of marks of one source. They are written at once; undo takes back in turn."""

    changed = Signal()
    """Other images are marked, or they are those of another source."""
    refused = Signal(object)
    """Marks could not be read or written: a UserError. Nothing has changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file: ImageMarks | None = None
        self._names: dict[Part, tuple[str, ...]] = {}
        self._marked: dict[Kind, Marked] = {"doubtful": frozenset(), "excluded": frozenset()}
        self._undo: list[_Change] = []
        self._redo: list[_Change] = []

    def open(self, home: Home, source: str) -> None:
        """Be those of a source from now on; names of its images are not known yet."""
        file = file_of(home, source)
        if self._file is not None and file.path == self._file.path:
            return
        self._file, self._names, self._undo, self._redo = file, {}, [], []
        self._marked = {"doubtful": frozenset(), "excluded": frozenset()}
        self._read()
        self.changed.emit()

    def learn(self, names: Mapping[Part, tuple[str, ...]]) -> None:
        """Take the names of the images: by these they are found, and can be marked."""
        self._names = dict(names)
        self.changed.emit()

    @Slot()
    def reread(self) -> None:
        """They may have been changed elsewhere."""
        before = dict(self._marked)
        self._read()
        if self._marked != before:
            self.changed.emit()

    def _read(self) -> None:
        if self._file is None:
            return
        try:
            self._marked = {"doubtful": self._file.read(), "excluded": self._file.read_excluded()}
        except UserError as error:
            self.refused.emit(error)

    # What is marked

    def flags(self, kind: Kind, part: Part, images: int) -> NDArray[np.bool_]:
        """(images,) which of a part are marked so."""
        flags = np.zeros(images, np.bool_)
        numbers = [number for number in self._numbers(kind, part) if number < images]
        flags[numbers] = True
        return flags

    @property
    def excluded(self) -> tuple[int, ...]:
        """Numbers of the training images that are excluded, in order."""
        return tuple(self._numbers("excluded", "train"))

    def _numbers(self, kind: Kind, part: Part) -> list[int]:
        return sorted(numbered(self._marked[kind], part, self._names.get(part)))

    # Marking

    def toggle(self, kind: Kind, chosen: Chosen) -> None:
        """Mark images; those of which all are marked are unmarked. Test images cannot be excluded."""
        there, new = frozenset[Mark](), frozenset[Mark]()
        for part, numbers in chosen.items():
            names = self._names.get(part)
            if names is None or (kind == "excluded" and part == "test"):
                continue
            marked, wanted = numbered(self._marked[kind], part, names), set(map(int, numbers))
            there |= {marked[number] for number in wanted & marked.keys()}
            new |= marks_of(part, wanted - marked.keys(), names)
        change = _Change(kind, new, frozenset()) if new else _Change(kind, frozenset(), there)
        if (new or there) and self._apply(change):
            self._undo.append(change)
            self._redo.clear()
            self.changed.emit()

    def _apply(self, change: _Change) -> bool:
        """Whether it could be written."""
        if self._file is None:
            return False
        write = self._file.change if change.kind == "doubtful" else self._file.change_excluded
        try:
            self._marked[change.kind] = write(change.added, change.removed)
        except UserError as error:
            self.refused.emit(error)
            return False
        return True

    # Back and again, as the menu Edit asks for it

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    @property
    def undo_text(self) -> str:
        """What would be taken back; empty without any."""
        return self._words(self._undo[-1]) if self._undo else ""

    @property
    def redo_text(self) -> str:
        return self._words(self._redo[-1]) if self._redo else ""

    def undo(self) -> None:
        if self._undo and self._apply(self._undo[-1].inverse):
            self._redo.append(self._undo.pop())
            self.changed.emit()

    def redo(self) -> None:
        if self._redo and self._apply(self._redo[-1]):
            self._undo.append(self._redo.pop())
            self.changed.emit()

    def _words(self, change: _Change) -> str:
        words = {
            ("doubtful", True): self.tr("marking as doubtful"),
            ("doubtful", False): self.tr("taking marks away"),
            ("excluded", True): self.tr("excluding from training"),
            ("excluded", False): self.tr("taking into training again"),
        }
        return words[change.kind, bool(change.added)]


def file_of(home: Home, source: str) -> ImageMarks:
    """Where the marks of a source lie; runs name it in full, whichever way it was typed."""
    if source not in IMAGE_SOURCES:
        try:
            source = str(Path(source).expanduser().resolve())
        except (OSError, RuntimeError):
            # It cannot be read, which reading it says.
            return ImageMarks(home, source)
    return ImageMarks(home, source)
