"""Images that a person has marked as excusable: doubtful labels, or pictures that nobody could recognize.

They belong to the source of the images, not to a run, so that every run on it is counted with and without them.
"""

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError, reason, shown
from workbench.core.files import read_text, write_atomically
from workbench.core.home import Home

_log = logging.getLogger(__name__)

Part = Literal["test", "train"]
_PARTS = ("test", "train")

_FORMAT, _VERSION = "resnet-workbench marks", 1
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


class ImageMarks:
    """The marks of one source, in `<home>/marks/<source>.json`: text that a person can read and correct.

    Every change reads the file again, so that two windows lose nothing of each other.
    """

    def __init__(self, home: Home, source: str) -> None:
        self.source, self.path = source, home.marks / f"{slug(source)}.json"

    def read(self) -> Marked:
        """All that are marked; none where nothing was yet.

        Raises:
            UserError: the file is damaged, or none of ours.
        """
        try:
            return _marked(json.loads(read_text(self.path)), self.source)
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"cannot read the marks {shown(self.path)}: {reason(error)}; {_WAY_OUT}") from error

    def change(self, added: Iterable[Mark] = (), removed: Iterable[Mark] = ()) -> Marked:
        """Mark images, and take marks away; returns all that are marked then.

        Raises:
            UserError: as `read`, or it cannot be written. Nothing is changed then.
        """
        with self._alone():
            marked = (self.read() - frozenset(removed)) | frozenset(added)
            write_atomically(self.path, lambda file: file.write(_content(self.source, marked)))
        return marked

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


def _content(source: str, marked: Marked) -> bytes:
    """A line for each image."""
    lines = [f"    {json.dumps(vars(mark), ensure_ascii=False)}" for mark in sorted(marked)]
    head = json.dumps({"format": _FORMAT, "version": _VERSION, "source": source}, indent=2, ensure_ascii=False)
    text = head[:-2] + ',\n  "marked": [\n' + ",\n".join(lines) + "\n  ]\n}\n"
    # A byte of a path that is no UTF-8 becomes an escape of JSON's.
    return text.encode(errors="backslashreplace")


def _marked(tree: Any, source: str) -> Marked:
    """
    Raises:
        ValueError: it is not what `_content` makes; says how.
    """
    if not isinstance(tree, dict) or tree.get("format") != _FORMAT:
        raise ValueError(f"it is not a file of marks, whose 'format' is '{_FORMAT}'")
    if type(tree.get("version")) is not int or tree["version"] != _VERSION:
        raise ValueError(f"its version is {shown(tree.get('version'))}; this workbench reads version {_VERSION}")
    if tree.get("source") != source:
        raise ValueError(f"it is of the images '{shown(tree.get('source'))}', not of '{shown(source)}'")
    entries = tree.get("marked")
    if not isinstance(entries, list):
        raise ValueError("'marked' in it is not a list")
    return frozenset(_mark(number, entry) for number, entry in enumerate(entries, 1))


def _mark(number: int, entry: Any) -> Mark:
    match entry:
        case {"part": "test" | "train" as part, "index": int(index), "name": str(name)} if index >= 0:
            return Mark(part, index, name)
    raise ValueError(f"entry {number} of 'marked' is not of the form {{part: test or train, index, name}}")
