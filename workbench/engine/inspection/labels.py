"""Labels that are probably wrong, found by confident learning.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021,
https://arxiv.org/abs/1911.00068, as their library cleanlab computes it. It wants probabilities from a network that
was not trained on the labels in question: test images, and validation images, which are held out.
"""

import warnings
from collections.abc import Generator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress, Warned
from workbench.core.inspection.doubtful_labels import DoubtfulLabels, Part
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.records.store import RunStore
from workbench.core.softmax import softmax
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_interlude

Looking = Generator[Progress | Warned, None, DoubtfulLabels]
# The rows that are doubtful, the least believable first, and how believable each label is.
_Found = tuple[NDArray[np.int64], NDArray[np.float64]]


def find(subject: Subject, store: RunStore, part: Part) -> Looking:
    """Doubtful labels of a part, by what was recorded of its images after the subject's epoch, or by asking anew.

    Raises:
        UserError: nothing is held out for validation.
    """
    numbers = subject.indices(part)
    if not len(numbers):
        raise UserError(
            "data.validation_fraction of this run is 0: there are no validation images; look at part test instead"
        )
    said = store.validation if part == "validation" else store.evaluation
    evaluation = None
    try:
        evaluation = said(subject.run_id, subject.epoch)
    except UserError as error:
        yield Warned(f"{error}; asking anew")
    if evaluation is None or not np.array_equal(evaluation.labels, subject.images(part).labels[numbers]):
        evaluation = yield from subject.evaluate(part, activity=f"Asking about the {part} images")
    return (yield from among(part, evaluation, numbers, subject.images(part)))


def among(part: Part, evaluation: Evaluation, numbers: NDArray[np.int64], images: ImageSet) -> Looking:
    """Doubtful labels among images that a network was asked about.

    Args:
        numbers: (N,) of the images of `evaluation` within `images`.
    """
    waiting = Progress("Looking for doubtful labels", 0, 0)
    yield waiting
    # Not in an interlude: it takes a second or two.
    _load()
    # 10 000 labels of 10 classes take some 20 ms.
    (rows, quality), _ = yield from in_interlude(partial(doubt, evaluation), BESIDE_RUNS, waiting)
    return DoubtfulLabels(part, evaluation, numbers, images, rows, quality)


def doubt(evaluation: Evaluation) -> _Found:
    """(M,) rows whose label is doubtful, and (N,) how believable each label is, 0 to 1."""
    # In double precision: in single, the most confident mistakes would all have the score 0.
    labels, probabilities = evaluation.labels, softmax(evaluation.logits.astype(np.float64))
    if not len(labels):
        return np.zeros(0, np.int64), np.zeros(0)
    with warnings.catch_warnings():
        # That a class has few images: those of its labels that stay undoubted do no harm.
        warnings.simplefilter("ignore")
        from cleanlab.filter import find_label_issues
        from cleanlab.rank import get_label_quality_scores

        # Of one job: others would be forks of a process with Qt and torch's threads in it.
        is_doubtful = find_label_issues(labels, probabilities, n_jobs=1)
        quality = np.asarray(get_label_quality_scores(labels, probabilities, method="self_confidence"), np.float64)
    rows = np.flatnonzero(is_doubtful)
    return rows[np.argsort(quality[rows], kind="stable")], quality


def _load() -> None:
    with warnings.catch_warnings():
        # Of the many libraries that it loads, which warn each other's users.
        warnings.simplefilter("ignore")
        import cleanlab.filter
        import cleanlab.rank  # noqa: F401
