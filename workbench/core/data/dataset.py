"""Images in memory as uint8 arrays, mapped from their decoded copy on disk."""

import json
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError, shown
from workbench.core.files import read_text, require_file, write_atomically
from workbench.core.formats import count
from workbench.core.names import is_name

_N = TypeVar("_N", bound=np.generic)

# Copies of version 1 are read too: recorded runs name them.
_VERSION, _VERSIONS = 2, (1, 2)
_PARTS = ("train", "test")
_MOST_LISTED = 3
_CHUNK = 1 << 22

MANIFEST = "dataset.json"
"""Written last into the folder of a decoded copy."""


def is_class_name(name: str) -> bool:
    """Whether a folder of this name makes a class: an archive may hold what is no name of a folder."""
    return is_name(name) and name not in ("", ".", "..")


class Unreadable(NamedTuple):
    """A file of a source that was left out."""

    path: str
    """Within the source, as it can be shown."""
    reason: str


def listed(unreadable: Sequence[Unreadable]) -> str:
    """The first of them with their reasons, and how many more there are."""
    first = "; ".join(f"{path} ({why})" for path, why in unreadable[:_MOST_LISTED])
    more = len(unreadable) - _MOST_LISTED
    return f"{first}; and {count(more)} more" if more > 0 else first


@dataclass(frozen=True, eq=False)
class ImageSet:
    """N labeled square images.

    Args:
        images: (N, height, width, 3) uint8, RGB.
        labels: (N,) class of each image.
        names: N file names inside the source, such as `test/cat/00012.jpg`.
        indices: (N,) the place of each image in its part as the source has it, counted from 0: what was left out
            keeps its number. None: as they stand here.
        sizes: (N, 2) width and height before the image was cropped and scaled; None: not known.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    indices: NDArray[np.int64] | None = None
    sizes: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def original_indices(self) -> NDArray[np.int64]:
        """(N,) `indices`, known or not."""
        return np.arange(len(self)) if self.indices is None else self.indices


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test images of one source."""

    class_names: tuple[str, ...]
    train: ImageSet
    test: ImageSet
    unreadable: tuple[Unreadable, ...] = ()
    """What was left out."""
    is_split_here: bool = False
    """The source has no test images of its own: some were taken, the same ones each time."""

    @property
    def image_size(self) -> int:
        """Height and width in pixels."""
        return int(self.train.images.shape[1])

    def require_readable(self, source: str) -> None:
        """
        Raises:
            UserError: files were left out as they cannot be read.
        """
        if self.unreadable:
            raise UserError(f"{shown(source)} has files that cannot be read: {listed(self.unreadable)}")

    def save(self, folder: Path) -> None:
        """Write the decoded images; the manifest comes last, so that a cut copy is never taken for whole."""
        for part, images in self._parts():
            _save_array(folder / f"{part}-images.npy", images.images)
        self.save_beside(folder)

    def save_beside(self, folder: Path) -> None:
        """All but the pixels, which are there."""
        for part, images in self._parts():
            _save_array(folder / f"{part}-labels.npy", images.labels)
            _save_array(folder / f"{part}-indices.npy", images.original_indices)
            if images.sizes is not None:
                _save_array(folder / f"{part}-sizes.npy", images.sizes)
        manifest = {
            "version": _VERSION,
            "class_names": self.class_names,
            "train": self.train.names,
            "test": self.test.names,
            "unreadable": self.unreadable,
            "is_split_here": self.is_split_here,
            "files": {path.name: _Seal.of(path) for path in sorted(folder.glob("*.npy"))},
        }
        _write_manifest(folder, manifest)

    def _parts(self) -> Iterable[tuple[str, ImageSet]]:
        return zip(_PARTS, (self.train, self.test), strict=True)

    @classmethod
    def open(cls, folder: Path) -> "Dataset | None":
        """The decoded copy, its pixels mapped from disk; None if there is none, or none that `save` wrote."""
        try:
            return cls.require(folder)
        except UserError:
            return None

    @classmethod
    def require(cls, folder: Path) -> "Dataset":
        """The decoded copy.

        Raises:
            UserError: there is none, or its files are not as they were written.
        """
        try:
            return _opened(folder)
        # json and numpy name what is cut or odd in many ways: KeyError, EOFError, SyntaxError, RecursionError.
        except Exception as error:
            raise UserError(
                f"the decoded images in {shown(folder)} are gone; start a run on that source to read them"
            ) from error


class _Seal(NamedTuple):
    """By which it is known that a file is as it was written.

    Its bytes are looked at only where size or time say that something has happened to it: a copy may be larger
    than memory.
    """

    size: int
    mtime_ns: int
    crc32: int

    @classmethod
    def of(cls, path: Path) -> "_Seal":
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, _crc32(path))


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    write_atomically(folder / MANIFEST, lambda file: file.write(json.dumps(manifest).encode()))


def _opened(folder: Path) -> Dataset:
    """Raises whatever it meets where the files are not as `Dataset.save` wrote them."""
    manifest = json.loads(read_text(folder / MANIFEST))
    if type(manifest["version"]) is not int or manifest["version"] not in _VERSIONS:
        raise ValueError("of another version")
    class_names = _texts(manifest["class_names"])
    if not class_names or not all(map(is_class_name, class_names)):
        raise ValueError("no names of classes")
    if manifest["version"] > 1:
        _require_sealed(folder, manifest)
    train, test = (_open_part(folder, part, _texts(manifest[part]), len(class_names)) for part in _PARTS)
    if train.images.shape[1:] != test.images.shape[1:]:
        raise ValueError("parts of different sizes")
    unreadable = tuple(Unreadable(*_texts(entry)) for entry in manifest.get("unreadable", []))
    return Dataset(class_names, train, test, unreadable, bool(manifest.get("is_split_here", False)))


def _require_sealed(folder: Path, manifest: dict[str, Any]) -> None:
    seals = {str(name): _Seal(*map(int, numbers)) for name, numbers in manifest["files"].items()}
    for part in _PARTS:
        if f"{part}-images.npy" not in seals or f"{part}-labels.npy" not in seals:
            raise ValueError("a manifest without its files")
    is_touched = False
    for name, seal in seals.items():
        path = folder / os.path.basename(name)
        require_file(path)
        status = path.stat()
        if status.st_size != seal.size:
            raise ValueError(f"{name} is of another size")
        if status.st_mtime_ns != seal.mtime_ns:
            if _crc32(path) != seal.crc32:
                raise ValueError(f"{name} has been changed")
            is_touched = True
    if is_touched:
        _renew(folder, manifest, seals)


def _renew(folder: Path, manifest: dict[str, Any], seals: dict[str, _Seal]) -> None:
    """A copy of the copy has other times: they are written down, so that its bytes are looked at once."""
    times = {name: (folder / name).stat().st_mtime_ns for name in seals}
    files = {name: seal._replace(mtime_ns=times[name]) for name, seal in seals.items()}
    try:
        _write_manifest(folder, manifest | {"files": files})
    except UserError:
        # Where nothing can be written, they are looked at each time.
        return


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise TypeError("not a list of texts")
    return tuple(value)


def _open_part(folder: Path, part: str, names: tuple[str, ...], classes: int) -> ImageSet:
    images = _load_array(folder / f"{part}-images.npy", np.uint8, mapped=True)
    labels = _load_array(folder / f"{part}-labels.npy", np.int64)
    number, height, width, channels = images.shape
    if height != width or channels != 3 or labels.shape != (number,) or len(names) != number:
        raise ValueError("arrays of other shapes")
    if not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError("labels of no class")
    indices, sizes = (_load_if_there(folder / f"{part}-{each}.npy") for each in ("indices", "sizes"))
    if (indices is not None and indices.shape != (number,)) or (sizes is not None and sizes.shape != (number, 2)):
        raise ValueError("arrays of other shapes")
    return ImageSet(images, labels, names, indices, sizes)


def _load_if_there(path: Path) -> NDArray[np.int64] | None:
    return _load_array(path, np.int64) if path.exists() else None


def _load_array(path: Path, kind: type[_N], mapped: bool = False) -> NDArray[_N]:
    require_file(path)
    array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype != np.dtype(kind):
        raise TypeError("an array of another kind")
    return array


def _save_array(path: Path, array: NDArray[np.generic]) -> None:
    write_atomically(path, lambda file: np.lib.format.write_array(file, array, allow_pickle=False))
