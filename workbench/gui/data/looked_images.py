"""All images of a source in one row, training images first, with what a run does with each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.class_figures import ClassCounts
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_marks import Part

Split = Literal["training", "validation", "unused", "test"]


@dataclass(frozen=True, eq=False)
class LookedImages:
    """Images are named by their place in that row, from 0.

    Args:
        uses: (N,) what a run does with each image of the folder `train`; None: not known, all count as trained.
    """

    dataset: Dataset
    uses: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.dataset.train) + len(self.dataset.test)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(all,) class of each image."""
        return np.concatenate([self.dataset.train.labels, self.dataset.test.labels])

    @cached_property
    def splits(self) -> NDArray[np.str_]:
        """(all,) the `Split` of each image."""
        splits = np.full(len(self), "test", dtype="<U10")
        splits[: len(self.dataset.train)] = "training" if self.uses is None else self.uses
        return splits

    @cached_property
    def counts(self) -> ClassCounts:
        train = len(self.dataset.train)
        classes = len(self.dataset.class_names)
        return ClassCounts.of(self.dataset.train.labels, self.splits[:train], self.dataset.test.labels, classes)

    def without(self, excluded: Sequence[int]) -> "LookedImages":
        """The same images, of which these training images are neither trained on nor held out."""
        if self.uses is None or not excluded:
            return self
        numbers, uses = np.array(excluded, np.int64), self.uses.copy()
        uses[numbers[numbers < len(uses)]] = "unused"
        return LookedImages(self.dataset, uses)

    def place(self, image: int) -> tuple[ImageSet, int]:
        """The part that holds an image, and its number there."""
        train = len(self.dataset.train)
        return (self.dataset.train, image) if image < train else (self.dataset.test, image - train)

    def by_part(self, images: Iterable[int]) -> dict[Part, list[int]]:
        """Numbers within their parts."""
        train = len(self.dataset.train)
        chosen = list(map(int, images))
        return {
            "train": [image for image in chosen if image < train],
            "test": [image - train for image in chosen if image >= train],
        }

    def name(self, image: int) -> str:
        """Of its file."""
        images, index = self.place(image)
        return images.names[index]

    def class_name(self, image: int) -> str:
        return self.dataset.class_names[int(self.labels[image])]
