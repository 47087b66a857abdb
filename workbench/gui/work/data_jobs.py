"""Every job about images before they are trained on: reading them, their figures, what augmentation makes of one.

The engine is imported inside the functions that a lane's thread calls.
"""

from collections.abc import Generator
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.channel_figures import channel_counts
from workbench.core.data.class_figures import class_means
from workbench.core.data.dataset import Dataset
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.work.job import Job, Work

_R = TypeVar("_R")


def read_images(source: str, image_size: int) -> Job:
    """Decode a source, or map its decoded copy. Result: Dataset."""
    return Job(partial(_read_images, source, image_size))


def _read_images(source: str, image_size: int, home: Home) -> Generator[Progress, None, Dataset]:
    from workbench.engine.data import sources

    return Dataset.require((yield from sources.read(source, image_size, home.prepare())))


def check(source: str, image_size: int, *, near: bool) -> Job:
    """What is odd in a source's images.

    Args:
        near: also images that are nearly the same. Result: DataReport.
    """
    return Job(partial(_check, source, image_size, near))


def _check(source: str, image_size: int, near: bool, home: Home) -> Work:
    from workbench.engine.data import sources
    from workbench.engine.inspection import data_check

    folder = yield from sources.read(source, image_size, home.prepare())
    return (yield from data_check.check(folder, near=near))


def uses(dataset: Dataset, config: RunConfig) -> Job:
    """What a run does with each image of the folder `train`, were none left out: that is told by marks.

    Result: (N,) training, validation or unused.
    """
    return Job(partial(_uses, dataset, config))


def _uses(dataset: Dataset, config: RunConfig, _home: Home) -> Work:
    from workbench.engine.data.run_split import uses_of

    yield from ()
    return uses_of(dataset, config.with_values({"data.excluded": ()}))


def mean_images(dataset: Dataset) -> Job:
    """How the training images of each class look on average. Result: (C, H, W, 3) uint8."""
    return Job(partial(_mean_images, dataset))


def _mean_images(dataset: Dataset, _home: Home) -> Work:
    images, classes = dataset.train, len(dataset.class_names)
    work = class_means(images.images, images.labels, classes)
    return (yield from _said("Averaging classes", work, len(images)))


def pixel_values(dataset: Dataset, indices: NDArray[np.int64]) -> Job:
    """How often each value occurs in the chosen training images. Result: (3, 256) counts."""
    return Job(partial(_pixel_values, dataset, indices))


def _pixel_values(dataset: Dataset, indices: NDArray[np.int64], _home: Home) -> Work:
    return (yield from _said("Counting pixels", channel_counts(dataset.train.images, indices), len(indices)))


def draws(config: RunConfig, dataset: Dataset, index: int, count: int, seed: int) -> Job:
    """One training image as training may change it, many times. Result: (count, H, W, 3) uint8."""
    return Job(partial(_draws, config, dataset, index, count, seed))


def _draws(config: RunConfig, dataset: Dataset, index: int, count: int, seed: int, _home: Home) -> Work:
    from workbench.engine.data import preview

    yield from ()
    return preview.draws(config, dataset, index, count, seed)


def _said(activity: str, work: Generator[int, None, _R], total: int) -> Generator[Progress, None, _R]:
    """The same work, which says how many images are done."""
    while True:
        try:
            done = next(work)
        except StopIteration as end:
            result: _R = end.value
            return result
        yield Progress(activity, done, total)
