"""Pictures that are there twice or nearly so: in training and test images, or twice among test images."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.core.files import require_file, write_atomically

_N = TypeVar("_N", bound=np.generic)

# Raise it when another search finds others: former results are not taken any more then.
_VERSION = 1
_FILE = "near-duplicates.npz"


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """M pairs, the most alike first. What they belong to is the decoded copy of a source."""

    test: NDArray[np.int64]
    """(M,) the test image of each pair."""
    other: NDArray[np.int64]
    """(M,) the image that is like it."""
    is_training: NDArray[np.bool_]
    """(M,) whether that one is no test image; else it is a test image of a higher number."""
    likeness: NDArray[np.float64]
    """(M,) correlation of the pictures' details where they fit best, up to 1."""
    difference: NDArray[np.float64]
    """(M,) mean absolute difference of their pixels there, in gray levels of 0 to 255: 0 of exact copies."""
    searched: tuple[int, int]
    """How many training and test images there were."""

    def others(self, training: NDArray[_N], test: NDArray[_N]) -> NDArray[_N]:
        """(M,) what is known of the other image of each pair, of all training and of all test images."""
        result: NDArray[_N] = np.where(
            self.is_training,
            training[np.where(self.is_training, self.other, 0)],
            test[np.where(self.is_training, 0, self.other)],
        )
        return result

    def __len__(self) -> int:
        return len(self.test)

    def parts(self, uses: NDArray[np.str_]) -> NDArray[np.str_]:
        """(M,) what a run does with the other image of each pair: "training", "validation", "excluded",
        "unused" or "test".

        Args:
            uses: (N,) the same of each image that is no test image.
        """
        return self.others(uses, np.full(self.searched[1], "test", dtype="<U10"))

    def flags(self, uses: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Which of the test images are like one that a run is trained on: their answer may be known by heart."""
        flags = np.zeros(self.searched[1], np.bool_)
        flags[self.test[self.parts(uses) == "training"]] = True
        return flags

    def save(self, folder: Path) -> None:
        """Keep them beside the decoded images, whose folder has another name when they change."""
        buffer = io.BytesIO()
        np.savez(
            buffer, version=_VERSION, test=self.test, other=self.other, is_training=self.is_training,
            likeness=self.likeness, difference=self.difference, searched=np.array(self.searched),
        )  # fmt: skip
        write_atomically(folder / _FILE, lambda file: file.write(buffer.getvalue()))

    @classmethod
    def open(cls, folder: Path) -> "NearDuplicates | None":
        """What was found before; None if nothing was, or nothing that can be read: then it is searched again."""
        try:
            require_file(folder / _FILE)
            with np.load(io.BytesIO((folder / _FILE).read_bytes()), allow_pickle=False) as file:
                found = cls(
                    file["test"].astype(np.int64), file["other"].astype(np.int64),
                    file["is_training"].astype(np.bool_), file["likeness"].astype(np.float64),
                    file["difference"].astype(np.float64), (int(file["searched"][0]), int(file["searched"][1])),
                )  # fmt: skip
                return found if int(file["version"]) == _VERSION and found._is_sound() else None
        # numpy names a cut file in many ways: BadZipFile, EOFError, KeyError, ValueError.
        except Exception:  # noqa: BLE001
            return None

    def _is_sound(self) -> bool:
        train, test = self.searched
        limits = np.where(self.is_training, train, test)
        are_there = (self.test >= 0) & (self.test < test) & (self.other >= 0) & (self.other < limits)
        alike = {len(values) for values in (self.other, self.is_training, self.likeness, self.difference)}
        return alike == {len(self)} and bool(are_there.all())
