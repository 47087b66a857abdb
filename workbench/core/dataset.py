"""Images in memory as uint8 arrays, and their decoded copy on disk."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError
from workbench.core.files import write_atomically

_VERSION = 1
_MANIFEST = "dataset.json"


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
        """The decoded copy, its pixels mapped from disk; None if there is none or it is not whole."""
        try:
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            if manifest["version"] != _VERSION:
                return None
            parts = [_open_part(folder, part, tuple(manifest[part])) for part in ("train", "test")]
        except (OSError, ValueError, KeyError, EOFError):
            return None
        return cls(tuple(manifest["class_names"]), *parts)

    @classmethod
    def require(cls, folder: Path) -> "Dataset":
        dataset = cls.open(folder)
        if dataset is None:
            raise UserError(f"the decoded images in {folder} are gone; start a run on that source to read them")
        return dataset


def _open_part(folder: Path, part: str, names: tuple[str, ...]) -> ImageSet:
    images = np.load(folder / f"{part}-images.npy", mmap_mode="r", allow_pickle=False)
    labels = np.load(folder / f"{part}-labels.npy", allow_pickle=False)
    if not len(images) == len(labels) == len(names):
        raise ValueError("parts of different length")
    return ImageSet(images, labels, names)


def _save_array(path: Path, array: NDArray[np.generic]) -> None:
    write_atomically(path, lambda file: np.lib.format.write_array(file, array, allow_pickle=False))
