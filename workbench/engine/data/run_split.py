"""What a run does with each of its training images: it trains on them, holds them out, or leaves them out."""

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset
from workbench.core.errors import ConfigError, literal, shown
from workbench.core.settings.config import RunConfig
from workbench.engine.data.device_images import split, subset


def split_of(dataset: Dataset, config: RunConfig) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the training images of a run, and of those that it holds out.

    What is left out is taken away last: for the same seed, all others are where they would be without it.

    Raises:
        ConfigError: there are fewer than are wanted, or a number among those left out is of no image.
    """
    training, validation = split(dataset.train.labels, config.data.validation_fraction, config.training.seed)
    excluded = excluded_of(dataset, config)
    if len(excluded):
        kept = np.setdiff1d(training, excluded)
        _refuse_lost_class(dataset, training, kept)
        training, validation = kept, np.setdiff1d(validation, excluded)
    return _limited(training, dataset, config), validation


def excluded_of(dataset: Dataset, config: RunConfig) -> NDArray[np.int64]:
    """Indices of the images that are left out, in order.

    Raises:
        ConfigError: one of them is of no image.
    """
    numbers, images = config.data.excluded, len(dataset.train)
    if numbers and numbers[-1] >= images:
        source, number = shown(config.data.source), literal(numbers[-1])
        sentence = f"data.excluded has {number}, but {source} has only {images} training images"
        raise ConfigError({"data.excluded": f"{sentence}; give numbers from 0 to {images - 1}"})
    return np.array(numbers, np.int64)


def uses_of(dataset: Dataset, config: RunConfig) -> NDArray[np.str_]:
    """(N,) what a run does with each image of the folder `train`: "training", "validation" (held out), "excluded"
    (left out on purpose) or "unused".

    Raises:
        ConfigError: as `split_of`.
    """
    uses = np.full(len(dataset.train), "unused", dtype="<U10")
    for use, indices in zip(("training", "validation"), split_of(dataset, config), strict=True):
        uses[indices] = use
    uses[excluded_of(dataset, config)] = "excluded"
    return uses


def _refuse_lost_class(dataset: Dataset, before: NDArray[np.int64], kept: NDArray[np.int64]) -> None:
    labels = dataset.train.labels
    lost = np.setdiff1d(labels[before], labels[kept])
    if len(lost):
        name, images = shown(dataset.class_names[lost[0]]), int((labels[before] == lost[0]).sum())
        sentence = f"data.excluded leaves out all {images} images of class '{name}' that would be trained on"
        raise ConfigError({"data.excluded": f"{sentence}; leave one of each class at least"})


def _limited(training: NDArray[np.int64], dataset: Dataset, config: RunConfig) -> NDArray[np.int64]:
    wanted = config.data.train_images
    if not wanted:
        return training
    if wanted > len(training):
        raise ConfigError(
            {
                "data.train_images": f"data.train_images is {wanted}; it must be at most {len(training)}, the "
                "number of training images that are not held out, or 0 for all"
            }
        )
    return subset(training, dataset.train.labels, wanted, config.training.seed)
