"""The small file that names a checkpoint's data file, its SHA-256 and its place in the run."""

import contextlib
import itertools
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from workbench.core.errors import UserError, literal, reason, shown
from workbench.core.files import read_text, write_atomically

VERSION = 2
Kind = Literal["last", "best", "previous"]
KINDS: tuple[Kind, ...] = ("last", "best", "previous")

_DATA_FILE = re.compile(r"step-\d+-[0-9a-f]{8}\.pt")
_MOST = 2**63
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NewerVersion(UserError):
    """A newer workbench wrote it: nothing is damaged, and nothing may take its place."""


@dataclass(frozen=True)
class Manifest:
    """What is known of a checkpoint without opening it."""

    file: str
    sha256: str
    version: int
    step: int
    epoch: int


def path_of(folder: Path, kind: Kind) -> Path:
    return folder / f"{kind}.json"


def exists(folder: Path, kind: Kind) -> bool:
    """Whether anything is in its place, be it a link that leads nowhere."""
    return os.path.lexists(path_of(folder, kind))


def read(folder: Path, kind: Kind) -> Manifest | None:
    """None if there is none.

    Raises:
        NewerVersion: a newer workbench wrote it.
        UserError: it is damaged or none of ours; names the file, the field, and what is allowed.
    """
    path = path_of(folder, kind)
    if not exists(folder, kind):
        return None
    try:
        tree = json.loads(read_text(path))
    # ValueError: no UTF-8, no JSON, or a number of thousands of digits.
    except (OSError, ValueError, RecursionError) as error:
        is_astray = isinstance(error, FileNotFoundError) and path.is_symlink()
        why = "it is a link to what is not there" if is_astray else reason(error)
        raise UserError(f"cannot read the checkpoint manifest {shown(path)}: {why}") from error
    return _checked(tree, path)


def write(manifest: Manifest, folder: Path, kind: Kind) -> None:
    """Put it in place at once, or not at all.

    Raises:
        UserError: it cannot be written.
    """
    path, content = path_of(folder, kind), json.dumps(vars(manifest), indent=2).encode()
    _make_way(path)
    write_atomically(path, lambda file: file.write(content))


def _make_way(path: Path) -> None:
    """Rename a folder in its place, which no file can replace, but keep what is in it."""
    if not path.is_dir() or path.is_symlink():
        return
    names = itertools.chain([f"{path.name}.damaged"], (f"{path.name}.damaged-{n}" for n in itertools.count(2)))
    free = next(aside for name in names if not os.path.lexists(aside := path.with_name(name)))
    # Where that is refused, writing says why.
    with contextlib.suppress(OSError):
        path.rename(free)


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < _MOST


def _is_like(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


_COUNT = "a whole number, at least 0 and below 2**63"
_ALLOWED: dict[str, tuple[Callable[[object], bool], str]] = {
    # First: what else a newer one holds is not known.
    "version": (lambda value: _is_whole(value, 1), f"a whole number from 1 to {VERSION}"),
    "file": (
        lambda value: _is_like(value, _DATA_FILE),
        "the name of a file beside it, such as step-00000012-0a1b2c3d.pt",
    ),
    "sha256": (lambda value: _is_like(value, _SHA256), "64 hexadecimal digits"),
    "step": (lambda value: _is_whole(value, 0), _COUNT),
    "epoch": (lambda value: _is_whole(value, 0), _COUNT),
}


def _checked(tree: Any, path: Path) -> Manifest:
    def odd(what: str) -> UserError:
        return UserError(f"the checkpoint manifest {shown(path)} is damaged: {what}")

    if not isinstance(tree, dict):
        raise odd(f"it holds {literal(tree)}; expected an object with {', '.join(_ALLOWED)}")
    for name, (is_allowed, words) in _ALLOWED.items():
        if name not in tree:
            raise odd(f"it lacks {name}, {words}")
        if not is_allowed(tree[name]):
            raise odd(f"{name} is {literal(tree[name])}; it must be {words}")
        if name == "version" and tree[name] > VERSION:
            raise NewerVersion(
                f"{shown(path)} has version {literal(tree[name])}, written by a newer workbench; "
                f"this one reads up to {VERSION}"
            )
    unknown = next((name for name in tree if name not in _ALLOWED), None)
    if unknown is not None:
        raise odd(f"it has '{shown(unknown)}'; known are {', '.join(_ALLOWED)}")
    return Manifest(**tree)
