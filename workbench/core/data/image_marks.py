"""Images that a person has marked: as excusable (doubtful labels, pictures that nobody could recognize), or as
left out of training.

They belong to the source of the images, not to a run: every run on it is counted with and without the excusable
ones. What is left out is only offered to whoever makes a configuration; a run goes by `data.excluded` alone.
"""

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from workbench.core.data.copies import is_copy_of
from workbench.core.data.dataset import MANIFEST, Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError, reason, shown
from workbench.core.files import read_text, write_atomically
from workbench.core.home import Home

_log = logging.getLogger(__name__)

Part = Literal["test", "train"]
_PARTS = ("test", "train")

_FORMAT, _VERSION = "resnet-workbench marks", 2
# Without what is left out of training.
_FORMER_VERSION = 1
# Of another window that writes its own mark.
_PATIENCE_S = 1.0
_WAY_OUT = "it is left as it is; correct it or move it away to begin anew"


@dataclass(frozen=True, order=True)
class Mark:
    """One image of a source."""

    part: Part
    index: int
    """Within its part, counted from 0."""
    name: str
    """Of its file, such as `test/cat/00012.jpg`: it counts where images have been added or taken away since."""


Marked = frozenset[Mark]


@dataclass(frozen=True)
class _Marks:
    """All that one file holds."""

    marked: Marked = frozenset()
    excluded: Marked = frozenset()


class ImageMarks:
    """The marks of one source, in `<home>/marks/<source>.json`: text that a person can read and correct.

    Two lists that do not depend on each other: what is excusable, and what is left out of training. Every change
    reads the file again, so that two windows lose nothing of each other.
    """

    def __init__(self, home: Home, source: str) -> None:
        self.source, self.path = source, home.marks / f"{slug(source)}.json"

    def read(self) -> Marked:
        """All that are marked as excusable; none where nothing was yet.

        Raises:
            UserError: the file is damaged, or none of ours.
        """
        return self._read().marked

    def read_excluded(self) -> Marked:
        """All that are left out of training; as `read`."""
        return self._read().excluded

    def change(self, added: Iterable[Mark] = (), removed: Iterable[Mark] = ()) -> Marked:
        """Mark images as excusable, and take such marks away; returns all that are marked then.

        Raises:
            UserError: as `read`, or it cannot be written. Nothing is changed then.
        """
        with self._alone():
            there = self._read()
            marked = (there.marked - frozenset(removed)) | frozenset(added)
            self._write(replace(there, marked=marked))
        return marked

    def change_excluded(self, added: Iterable[Mark] = (), removed: Iterable[Mark] = ()) -> Marked:
        """Leave images out of training, and take others in again; returns all that are left out then.

        Raises:
            UserError: as `change`.
            ValueError: one that is added is a test image, which no run trains on.
        """
        added = frozenset(added)
        for mark in added:
            if mark.part != "train":
                raise ValueError(f"{mark.name} is an image of part '{mark.part}'; only part train is trained on")
        with self._alone():
            there = self._read()
            excluded = (there.excluded - frozenset(removed)) | added
            self._write(replace(there, excluded=excluded))
        return excluded

    def _read(self) -> _Marks:
        try:
            return _marks(json.loads(read_text(self.path)), self.source)
        except FileNotFoundError:
            return _Marks()
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"cannot read the marks {shown(self.path)}: {reason(error)}; {_WAY_OUT}") from error

    def _write(self, marks: _Marks) -> None:
        write_atomically(self.path, lambda file: file.write(_content(self.source, marks)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process reads and writes it; a file system without locks does without."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=_PATIENCE_S)
        except Timeout:
            raise UserError(f"another process is writing the marks {shown(self.path)}; try again") from None
        except (OSError, NotImplementedError) as error:
            _log.warning("marks are not guarded against a second process: %s", error)
        try:
            yield
        finally:
            lock.release()


def numbered(marked: Marked, part: Part, names: tuple[str, ...] | None) -> dict[int, Mark]:
    """The marked images of a part by their numbers.

    Args:
        names: of all images of the part, by which those are found that have another number by now; what is not
            among them is left out. None: they are not known, and numbers are taken as they are.
    """
    of_part = [mark for mark in marked if mark.part == part]
    if names is None:
        return {mark.index: mark for mark in of_part}
    found = {mark.index: mark for mark in of_part if names[mark.index : mark.index + 1] == (mark.name,)}
    moved = {mark.name: mark for mark in of_part if mark.index not in found}
    # Looked for only then: there may be 50 000 names.
    if moved:
        found |= {index: moved[name] for index, name in enumerate(names) if name in moved}
    return found


def marks_of(part: Part, indices: Iterable[int], names: tuple[str, ...]) -> Marked:
    return frozenset(Mark(part, index, names[index]) for index in map(int, indices))


def slug(source: str) -> str:
    """The name of a source's own file: its own name, or the end of a path with a digest of all of it."""
    if source in IMAGE_SOURCES:
        return source
    name = re.sub(r"[^\w-]+", "-", Path(source).stem)[:40]
    return f"{name}-{hashlib.sha256(os.fsencode(source)).hexdigest()[:12]}"


def excluded_numbers(home: Home, source: str, names: tuple[str, ...] | None = None) -> tuple[int, ...]:
    """What `data.excluded` is to say so that a run leaves out the images that are marked so, in order.

    Args:
        source: as runs record it: a name, or a path in full.
        names: of all its training images, by which marked ones are found that have another number by now. None:
            those of its newest decoded copy; where there is none, and of sources whose images never change, the
            numbers are taken as they are.

    Raises:
        UserError: the marks cannot be read.
    """
    marked = ImageMarks(home, source).read_excluded()
    if marked and names is None and source not in IMAGE_SOURCES:
        names = _decoded_names(home, source, marked)
    return tuple(sorted(numbered(marked, "train", names)))


def _decoded_names(home: Home, source: str, marked: Marked) -> tuple[str, ...] | None:
    """Of the training images in the newest copy of a source of one's own; None where there is none.

    Folders of the same name in other places have copies of the same name: the right one has a marked image.
    """
    wanted, stem = {mark.name for mark in marked}, Path(source).stem
    try:
        manifests = [path for path in home.data.glob(f"*/{MANIFEST}") if is_copy_of(path.parent.name, stem)]
        folders = [path.parent for path in sorted(manifests, key=lambda path: -path.stat().st_mtime_ns)]
    except OSError:
        return None
    for dataset in map(Dataset.open, folders):
        if dataset is not None and not wanted.isdisjoint(dataset.train.names):
            return dataset.train.names
    return None


def _content(source: str, marks: _Marks) -> bytes:
    """A line for each image."""
    head = json.dumps({"format": _FORMAT, "version": _VERSION, "source": source}, indent=2, ensure_ascii=False)
    lists = ",\n".join(f'  "{kind}": [\n{_lines(images)}\n  ]' for kind, images in vars(marks).items())
    # A byte of a path that is no UTF-8 becomes an escape of JSON's.
    return f"{head[:-2]},\n{lists}\n}}\n".encode(errors="backslashreplace")


def _lines(images: Marked) -> str:
    return ",\n".join(f"    {json.dumps(vars(mark), ensure_ascii=False)}" for mark in sorted(images))


def _marks(tree: Any, source: str) -> _Marks:
    """
    Raises:
        ValueError: it is not what `_content` makes; says how.
    """
    if not isinstance(tree, dict) or tree.get("format") != _FORMAT:
        raise ValueError(f"it is not a file of marks, whose 'format' is '{_FORMAT}'")
    version = tree.get("version")
    if type(version) is not int or version not in (_FORMER_VERSION, _VERSION):
        raise ValueError(f"its version is {shown(version)}; this workbench reads versions 1 and {_VERSION}")
    if tree.get("source") != source:
        raise ValueError(f"it is of the images '{shown(tree.get('source'))}', not of '{shown(source)}'")
    excluded = frozenset[Mark]() if version == _FORMER_VERSION else _listed(tree, "excluded")
    for mark in excluded:
        if mark.part != "train":
            raise ValueError(
                f"'excluded' in it has {shown(mark.name)} of part test; only part train is trained on"
            )
    return _Marks(_listed(tree, "marked"), excluded)


def _listed(tree: dict[str, Any], kind: str) -> Marked:
    entries = tree.get(kind)
    if not isinstance(entries, list):
        raise ValueError(f"'{kind}' in it is not a list")
    return frozenset(_mark(number, entry, kind) for number, entry in enumerate(entries, 1))


def _mark(number: int, entry: Any, kind: str) -> Mark:
    match entry:
        case {"part": "test" | "train" as part, "index": int(index), "name": str(name)} if index >= 0:
            return Mark(part, index, name)
    raise ValueError(f"entry {number} of '{kind}' is not of the form {{part: test or train, index, name}}")
