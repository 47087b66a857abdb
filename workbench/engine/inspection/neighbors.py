"""Why a network may have thought so: the training images whose features are most like those of an image."""

from collections.abc import Generator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.core.events import Progress
from workbench.core.inspection.neighbors import Neighbor, Neighbors
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.inspection.features import Features, answers_to, features
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_interlude

NEAREST = 12
# Of the true class, where another one was predicted.
_OF_TRUTH = 3


def nearest(
    subject: Subject,
    pixels: NDArray[np.uint8],
    truth: int | None = None,
    count: int = NEAREST,
    activity: str = "Reading the training images",
) -> Generator[Progress, None, Neighbors]:
    """The training images most like an (H, W, 3) image by the cosine of their features.

    Reads the features of all training images, unless that was done before.
    """
    training = yield from features(subject, "training", activity)
    waiting = Progress(activity, len(training), len(training))
    (vectors, logits), _ = yield from in_interlude(
        partial(answers_to, subject, pixels[np.newaxis]), BESIDE_RUNS, waiting
    )
    prediction = int(logits[0].argmax())
    similarity = similarities(training, vectors[0])
    order = np.argsort(-similarity, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    images = subject.images("training")

    def found(rows: NDArray[np.int64]) -> tuple[Neighbor, ...]:
        return tuple(
            Neighbor(
                int(rank[row]), float(similarity[row]), int(training.labels[row]), int(at), images.names[at],
                np.array(images.images[at]),
            )
            for row, at in zip(rows, training.indices[rows], strict=True)
        )  # fmt: skip

    of_truth = order[:0]
    if truth is not None and truth != prediction:
        of_truth = order[training.labels[order] == truth][:_OF_TRUTH]
    return Neighbors(
        subject.epoch, subject.class_names, prediction, truth, found(order[:count]), found(of_truth), len(training)
    )


def similarities(training: Features, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) cosines between a (D,) vector and N others; 0 where either is of length 0."""
    lengths = training.norms * np.sqrt(vector @ vector)
    products = training.vectors @ vector
    cosines: NDArray[np.float32] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines
