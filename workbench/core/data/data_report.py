"""What is odd in the images of a source: what a person wants to know before training on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset, ImageSet, Unreadable
from workbench.core.data.survey import Sizes
from workbench.core.errors import shown
from workbench.core.formats import count

_PARTS = ("train", "test")
# From here on accuracy says little of the small classes, and losses are weighted in practice.
_IMBALANCE = 3.0
_FEW = 2


@dataclass(frozen=True)
class ImageAt:
    """One image of a source."""

    part: str
    index: int
    """Within its part, counted from 0."""
    name: str
    label: int


@dataclass(frozen=True)
class Alike:
    """Images that are the same, or nearly so."""

    images: tuple[ImageAt, ...]
    """At least two, in the order of the source."""
    likeness: float
    """1 of those whose decoded pixels are the same; else correlation of their details."""

    @property
    def is_exact(self) -> bool:
        return self.likeness >= 1.0

    @property
    def is_between_parts(self) -> bool:
        """Whether a test image is among the training images too."""
        return len({image.part for image in self.images}) > 1

    @property
    def labels_differ(self) -> bool:
        return len({image.label for image in self.images}) > 1


@dataclass(frozen=True)
class DataReport:
    """Everything that `data verify` says."""

    class_names: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    """Images of each class, for train and test."""
    unreadable: tuple[Unreadable, ...]
    alike: tuple[Alike, ...]
    """Those between training and test images first, then the most alike ones."""
    looked_for_near: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    """Of each channel over all training images, from 0 to 1."""
    image_size: int
    sizes: Sizes | None
    """Before images were cropped and scaled; None where that was not written down."""
    is_split_here: bool

    @property
    def images(self) -> int:
        return sum(map(sum, self.counts.values()))

    @property
    def imbalance(self) -> float:
        """How many times as many training images the largest class has as the smallest."""
        return max(self.counts["train"]) / max(1, min(self.counts["train"]))

    def notes(self) -> list[str]:
        """What is odd, a sentence each, the worst first; empty where nothing is."""
        return [*self._of_files(), *self._of_copies(), *self._of_classes()]

    def _of_files(self) -> list[str]:
        many = len(self.unreadable)
        if not many:
            return []
        path, why = self.unreadable[0]
        return [f"{count(many)} {_files(many)} cannot be read and {_are(many)} left out, such as {path}: {why}"]

    def _of_copies(self) -> list[str]:
        said = []
        leaked = sum(alike.is_between_parts for alike in self.alike)
        if leaked:
            said.append(
                f"{_groups(leaked)} hold both training and test images: accuracy on the latter is too good by "
                "what is known by heart"
            )
        differing = sum(alike.labels_differ for alike in self.alike)
        if differing:
            said.append(f"{_groups(differing)} have several labels")
        rest = len(self.alike) - leaked
        if rest:
            said.append(f"{_groups(rest)} lie within one part")
        return said

    def _of_classes(self) -> list[str]:
        said = []
        if self.imbalance >= _IMBALANCE:
            said.append(
                f"the largest class has {self.imbalance:.1f} times as many training images as the smallest"
            )
        small = [name for name, images in self._counted("train") if images < _FEW]
        if small:
            said.append(f"only one training image of {_listed(small)}")
        untested = [name for name, images in self._counted("test") if not images]
        if untested:
            said.append(f"no test images of {_listed(untested)}")
        return said

    def _counted(self, part: str) -> Sequence[tuple[str, int]]:
        return list(zip(self.class_names, self.counts[part], strict=True))

    def as_json(self) -> dict[str, Any]:
        classes = {
            name: {part: self.counts[part][label] for part in _PARTS}
            for label, name in enumerate(self.class_names)
        }
        sizes = self.sizes
        return {
            "images": self.images,
            "classes": classes,
            "unreadable": [unreadable._asdict() for unreadable in self.unreadable],
            "duplicates": [
                {
                    "kind": "exact" if alike.is_exact else "near",
                    "likeness": round(alike.likeness, 4),
                    "labels_differ": alike.labels_differ,
                    "images": [_as_json(image) for image in alike.images],
                }
                for alike in self.alike
            ],
            "looked_for_near": self.looked_for_near,
            "mean": list(self.mean),
            "std": list(self.std),
            "image_size": self.image_size,
            "sizes": None if sizes is None else {
                "smallest": list(sizes.smallest), "median": list(sizes.median), "largest": list(sizes.largest),
            },
            "imbalance": round(self.imbalance, 3),
            "split": "here" if self.is_split_here else "source",
            "notes": self.notes(),
        }  # fmt: skip


def _as_json(image: ImageAt) -> dict[str, Any]:
    return {"part": image.part, "index": image.index, "name": image.name}


def class_counts(dataset: Dataset) -> dict[str, tuple[int, ...]]:
    """Images of each class, for train and test."""
    classes = len(dataset.class_names)
    return {
        part: tuple(np.bincount(images.labels, minlength=classes).tolist())
        for part, images in zip(_PARTS, (dataset.train, dataset.test), strict=True)
    }


def sizes_of(dataset: Dataset) -> Sizes | None:
    known = [part.sizes for part in (dataset.train, dataset.test) if part.sizes is not None]
    return Sizes.of(np.concatenate(known)) if known else None


def image_at(dataset: Dataset, part: str, index: int) -> ImageAt:
    images: ImageSet = dataset.train if part == "train" else dataset.test
    return ImageAt(part, index, images.names[index], int(images.labels[index]))


def exact_copies(dataset: Dataset, digests: NDArray[np.int64]) -> list[Alike]:
    """Groups of images whose pixels are the same.

    Args:
        digests: (N,) of the pixels of all training images, then of all test images.
    """
    train = len(dataset.train)
    order = np.argsort(digests, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(digests[order]) != 0, True])
    groups = []
    for start, stop in pairwise(starts):
        if stop - start > 1:
            numbers = np.sort(order[start:stop]).tolist()
            images = [
                image_at(dataset, "train", number) if number < train else image_at(dataset, "test", number - train)
                for number in numbers
            ]
            groups.append(Alike(tuple(images), 1.0))
    return groups


def _files(many: int) -> str:
    return "file" if many == 1 else "files"


def _groups(many: int) -> str:
    return f"{count(many)} {'group' if many == 1 else 'groups'} of the same or nearly the same images"


def _are(many: int) -> str:
    return "is" if many == 1 else "are"


def _listed(names: Sequence[str]) -> str:
    first = ", ".join(shown(name, 60) for name in names[:3])
    return f"{first} and {count(len(names) - 3)} more" if len(names) > 3 else first
