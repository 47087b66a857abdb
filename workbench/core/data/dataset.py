"""Images in memory as uint8 arrays, and their decoded copy on disk."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError, shown
from workbench.core.files import read_text, require_file, write_atomically
from workbench.core.names import is_name

_N = TypeVar("_N", bound=np.generic)

_VERSION = 1
_MANIFEST = "dataset.json"
_DIGEST_LENGTH = 12


def is_class_name(name: str) -> bool:
    """Whether a folder of this name makes a class: an archive may hold what is no name of a folder."""
    return is_name(name) and name not in ("", ".", "..")


def copy_name(source_name: str, digest: str) -> str:
    """The folder of a decoded copy: of a source's name, and of a digest of all that decides its images."""
    return f"{_slug(source_name)}-{digest[:_DIGEST_LENGTH]}"


def is_copy_of(folder_name: str, source_name: str) -> bool:
    """Whether a folder may be one that `copy_name` named, with whichever digest."""
    return folder_name[: -_DIGEST_LENGTH - 1] == _slug(source_name)


def copy_digest(folder: str) -> str:
    """The digest in the path of a decoded copy, of whichever system; empty where the path has none."""
    found = re.search(rf"-([0-9a-f]{{{_DIGEST_LENGTH}}})$", folder)
    return found[1] if found else ""


def _slug(source_name: str) -> str:
    return re.sub(r"[^\w-]+", "-", source_name)[:40]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """N labeled square images.

    Args:
        images: (N, height, width, 3) uint8, RGB.
        labels: (N,) class of each image.
        names: N file names inside the source, such as `test/cat/00012.jpg`.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test images of one source."""

    class_names: tuple[str, ...]
    train: ImageSet
    test: ImageSet

    @property
    def image_size(self) -> int:
        """Height and width in pixels."""
        return int(self.train.images.shape[1])

    def save(self, folder: Path) -> None:
        """Write the decoded images; the manifest comes last, so that a cut copy is never taken for whole."""
        for part, images in (("train", self.train), ("test", self.test)):
            _save_array(folder / f"{part}-images.npy", images.images)
            _save_array(folder / f"{part}-labels.npy", images.labels)
        manifest = {
            "version": _VERSION,
            "class_names": self.class_names,
            "train": self.train.names,
            "test": self.test.names,
        }
        write_atomically(folder / _MANIFEST, lambda file: file.write(json.dumps(manifest).encode()))

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
            UserError: there is none.
        """
        try:
            return _opened(folder)
        # json and numpy name what is cut or odd in many ways: KeyError, EOFError, SyntaxError, RecursionError.
        except Exception as error:
            raise UserError(
                f"the decoded images in {shown(folder)} are gone; start a run on that source to read them"
            ) from error


def _opened(folder: Path) -> Dataset:
    """Raises whatever it meets where the files are not as `Dataset.save` wrote them."""
    manifest = json.loads(read_text(folder / _MANIFEST))
    if type(manifest["version"]) is not int or manifest["version"] != _VERSION:
        raise ValueError("of another version")
    class_names = _texts(manifest["class_names"])
    if not class_names or not all(map(is_class_name, class_names)):
        raise ValueError("no names of classes")
    train, test = (
        _open_part(folder, part, _texts(manifest[part]), len(class_names)) for part in ("train", "test")
    )
    if train.images.shape[1:] != test.images.shape[1:]:
        raise ValueError("parts of different sizes")
    return Dataset(class_names, train, test)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise TypeError("not a list of texts")
    return tuple(value)


def _open_part(folder: Path, part: str, names: tuple[str, ...], classes: int) -> ImageSet:
    images = _load_array(folder / f"{part}-images.npy", np.uint8, mapped=True)
    labels = _load_array(folder / f"{part}-labels.npy", np.int64)
    count, height, width, channels = images.shape
    if height != width or channels != 3 or labels.shape != (count,) or len(names) != count:
        raise ValueError("arrays of other shapes")
    if not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError("labels of no class")
    return ImageSet(images, labels, names)


def _load_array(path: Path, kind: type[_N], mapped: bool = False) -> NDArray[_N]:
    require_file(path)
    array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype != np.dtype(kind):
        raise TypeError("an array of another kind")
    return array


def _save_array(path: Path, array: NDArray[np.generic]) -> None:
    write_atomically(path, lambda file: np.lib.format.write_array(file, array, allow_pickle=False))
