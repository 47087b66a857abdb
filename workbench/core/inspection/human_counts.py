"""How many people gave each label to each test image, and what follows from it.

In the form of CIFAR-10H: Peterson, Battleday, Griffiths and Russakovsky, "Human uncertainty makes classification
more robust", ICCV 2019, https://arxiv.org/abs/1908.07086, whose file `cifar10h-counts.npy` has some 51 answers to
each of CIFAR-10's 10 000 test images, in their order.
"""

import csv
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.image_marks import slug
from workbench.core.data.image_sources import CIFAR10, SAMPLE
from workbench.core.errors import UserError, reason, shown
from workbench.core.files import read_text, require_file, write_atomically
from workbench.core.home import Home
from workbench.core.softmax import entropies

COUNTS_SUFFIXES = (".npy", ".npz", ".csv")
# Of a hundred thousand images of a thousand classes; a longer file is another one.
_MOST_BYTES = 1_000_000_000


@dataclass(frozen=True, eq=False)
class HumanCounts:
    """(N, K) answers of people to N test images, counts or shares; no row is all zeros."""

    counts: NDArray[np.float64]

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """(N, K) of the people who gave each label."""
        result: NDArray[np.float64] = self.counts / self.counts.sum(axis=1, keepdims=True)
        return result

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """(N,) what most people said; the first of equals."""
        result: NDArray[np.int64] = self.counts.argmax(axis=1).astype(np.int64)
        return result

    def agreement(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """(N,) share of the people who gave the label."""
        result: NDArray[np.float64] = self.shares[np.arange(len(labels)), labels]
        return result

    @cached_property
    def entropy(self) -> NDArray[np.float64]:
        """(N,) of people's answers, in nats: 0 where all agree."""
        return entropies(self.shares)

    @property
    def are_counts(self) -> bool:
        """Whether they are numbers of people; else they are shares."""
        return bool((self.counts == np.round(self.counts)).all() and self.counts.max() > 1)

    # Files

    @classmethod
    def read(
        cls, path: Path, images: int, classes: int, numbers: NDArray[np.int64] | None = None
    ) -> "HumanCounts":
        """A file of `images` rows and `classes` columns; nothing in it is ever executed.

        Args:
            numbers: of the images within CIFAR-10's test images, whose whole table will do then too.

        Raises:
            UserError: it cannot be read, or is of another form; names the file, what it holds and what is allowed.
        """
        allowed = _allowed(images, classes, numbers)
        table = _table(path, allowed)
        if table.ndim != 2 or table.shape[1] != classes:
            raise UserError(f"{shown(path)} has the shape {_shape(table)}; {allowed}")
        if numbers is not None and len(table) == CIFAR10.test != images:
            table = table[numbers]
        if len(table) != images:
            raise UserError(f"{shown(path)} has the shape {_shape(table)}; {allowed}")
        return cls(_checked(table, path))

    @classmethod
    def remembered(cls, home: Home, source: str, images: int, classes: int) -> "HumanCounts | None":
        """Those of a source that were kept; None if there are none.

        Raises:
            UserError: they are damaged, or of other images.
        """
        path = path_of(home, source)
        return cls.read(path, images, classes) if path.exists() else None

    def remember(self, home: Home, source: str) -> None:
        """Keep a copy for a source, in place of a former one.

        Raises:
            UserError: it cannot be written.
        """
        buffer = io.BytesIO()
        np.save(buffer, self.counts, allow_pickle=False)
        write_atomically(path_of(home, source), lambda file: file.write(buffer.getvalue()))


def path_of(home: Home, source: str) -> Path:
    """Where the copy for a source is kept."""
    return home.root / "human-counts" / f"{slug(source)}.npy"


def numbers_of(source: str, names: tuple[str, ...]) -> NDArray[np.int64] | None:
    """Of the shipped sample's images within CIFAR-10's test images, by which their files are named; else None."""
    if source != SAMPLE.name:
        return None
    numbers = np.array([int(PurePosixPath(name).stem) for name in names], np.int64)
    return numbers if numbers.max(initial=0) < CIFAR10.test else None


def _allowed(images: int, classes: int, numbers: NDArray[np.int64] | None) -> str:
    shapes = f"{images} x {classes}"
    if numbers is not None and images != CIFAR10.test:
        shapes += f", or {CIFAR10.test} x {classes} of all of CIFAR-10"
    return f"it must have {shapes}: a row of counts for each test image, a column for each class"


def _shape(table: NDArray[Any]) -> str:
    return " x ".join(map(str, table.shape)) or "of one number"


def _table(path: Path, allowed: str) -> NDArray[Any]:
    suffix = path.suffix.lower()
    if suffix not in COUNTS_SUFFIXES:
        raise UserError(
            f"{shown(path)} is no table of counts that can be read; it must be a .npy, .npz or .csv file"
        )
    try:
        require_file(path)
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{shown(path)} is too long; {allowed}")
        return _of_csv(path) if suffix == ".csv" else _of_numpy(path)
    except UserError:
        raise
    # numpy names a cut file in many ways: BadZipFile, EOFError, KeyError, ValueError.
    except Exception as error:
        # Its words tell how to switch the protection off.
        words = "it holds Python objects, not numbers" if "allow_pickle" in str(error) else reason(error)
        raise UserError(f"cannot read {shown(path)}: {words}; {allowed}") from error


def _of_numpy(path: Path) -> NDArray[Any]:
    # From memory: given a path, numpy leaves the file open when it is damaged.
    found = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    if isinstance(found, np.ndarray):
        return found
    with found:
        names = list(found.files)
        if len(names) != 1 and "counts" not in names:
            raise ValueError(f"it holds {len(names)} arrays, none of them called 'counts'")
        return np.asarray(found["counts" if "counts" in names else names[0]])


def _of_csv(path: Path) -> NDArray[Any]:
    rows = [row for row in csv.reader(io.StringIO(read_text(path).removeprefix("\ufeff"))) if row]
    if rows and not any(map(_is_number, rows[0])):
        # The names of its columns.
        del rows[0]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise ValueError(f"its rows have {widths[0]} to {widths[-1]} columns")
    for number, row in enumerate(rows, 1):
        odd = next((cell for cell in row if not _is_number(cell)), None)
        if odd is not None:
            raise ValueError(f"row {number} of it holds '{shown(odd, 40)}', which is no number")
    return np.array([[float(cell) for cell in row] for row in rows], np.float64).reshape(len(rows), *widths or [0])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _checked(table: NDArray[Any], path: Path) -> NDArray[np.float64]:
    allowed = "counts must be numbers from 0 on, and each row must have one above 0"
    if table.dtype.kind not in "iufb":
        raise UserError(f"{shown(path)} holds values of the kind {table.dtype}; {allowed}")
    counts = table.astype(np.float64)
    for is_odd, what in (
        (~np.isfinite(counts), "a value that is no finite number"),
        (counts < 0, "a negative count"),
        ((counts.sum(axis=1) == 0)[:, None], "nothing but zeros"),
    ):
        if is_odd.any():
            row = int(np.flatnonzero(is_odd.any(axis=1))[0])
            raise UserError(f"{shown(path)} holds {what} in row {row + 1}; {allowed}")
    return counts
