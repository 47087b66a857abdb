"""Checks of the images of a source before they are trained on: `data verify`, and the report in the window."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.data_report import (
    Alike,
    DataReport,
    ImageAt,
    class_counts,
    exact_copies,
    image_at,
    sizes_of,
)
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.events import Progress
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.engine.data.device_images import normalization_of
from workbench.engine.inspection import duplicates

_AT_ONCE = 2000
# Of what is not the same pixel by pixel, however alike.
_NEARLY = 0.9999
_ACTIVITY = "Looking for copies"

Checking = Generator[Progress, None, DataReport]


def check(folder: Path, *, near: bool = True) -> Checking:
    """Look at all images of a decoded copy.

    Args:
        near: also for images that are nearly the same, which takes half a minute for CIFAR-10 on two cores.

    Raises:
        UserError: the images are gone.
    """
    dataset = Dataset.require(folder)
    digests = yield from _digests(dataset)
    exact = exact_copies(dataset, digests)
    similar = (yield from _near(folder, dataset, _is_copy(digests))) if near else []
    group_of = {image: group for group, alike in enumerate(exact) for image in alike.images}
    alike = [*exact, *(each for each in similar if not _is_within(each, group_of))]
    mean, std = normalization_of(dataset.train.images, np.arange(len(dataset.train)))[1:]
    return DataReport(
        class_names=dataset.class_names,
        counts=class_counts(dataset),
        unreadable=dataset.unreadable,
        alike=tuple(sorted(alike, key=lambda each: (not each.is_between_parts, -each.likeness))),
        looked_for_near=near,
        mean=mean,
        std=std,
        image_size=dataset.image_size,
        sizes=sizes_of(dataset),
        is_split_here=dataset.is_split_here,
    )


def _digests(dataset: Dataset) -> Generator[Progress, None, NDArray[np.int64]]:
    """(N,) of the pixels of training images, then of test images."""
    digests, total = list[int](), len(dataset.train) + len(dataset.test)
    for part in (dataset.train, dataset.test):
        for start in range(0, len(part), _AT_ONCE):
            digests += [hash(image.tobytes()) for image in part.images[start : start + _AT_ONCE]]
            yield Progress(_ACTIVITY, len(digests), total)
    return np.array(digests, np.int64)


def _is_copy(digests: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) whether an image is the same as one before it."""
    is_copy = np.ones(len(digests), np.bool_)
    is_copy[np.unique(digests, return_index=True)[1]] = False
    return is_copy


def _near(folder: Path, dataset: Dataset, is_copy: NDArray[np.bool_]) -> Generator[Progress, None, list[Alike]]:
    # Of test images; they are known where somebody has looked at the errors of a run.
    found = duplicates.kept(folder, dataset)
    if found is None:
        found = yield from duplicates.find(dataset, is_copy)
    alone = _training_alone(dataset)
    among_training = yield from duplicates.find(alone, is_copy[: len(dataset.train)])
    return [*_pairs(found, dataset), *_pairs(among_training, alone, "train")]


def _training_alone(dataset: Dataset) -> Dataset:
    """Of its training images as if they were test images, which are compared with each other."""
    none = ImageSet(dataset.train.images[:0], dataset.train.labels[:0], ())
    return Dataset(dataset.class_names, none, dataset.train)


def _pairs(found: NearDuplicates, dataset: Dataset, name: str = "test") -> list[Alike]:
    """
    Args:
        name: of the part that is `dataset.test`.
    """
    pairs = []
    for number in range(len(found)):
        other = image_at(dataset, "train" if found.is_training[number] else "test", int(found.other[number]))
        image = replace(image_at(dataset, "test", int(found.test[number])), part=name)
        if not found.is_training[number]:
            other = replace(other, part=name)
        first, second = (
            (other, image) if found.is_training[number] or other.index < image.index else (image, other)
        )
        pairs.append(Alike((first, second), min(float(found.likeness[number]), _NEARLY)))
    return pairs


def _is_within(alike: Alike, group_of: dict[ImageAt, int]) -> bool:
    """Whether they are known as exact copies of each other."""
    groups = {group_of.get(image) for image in alike.images}
    return len(groups) == 1 and None not in groups
