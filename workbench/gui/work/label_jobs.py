"""Every job about images that are odd: doubtful labels, near-duplicates, and what people say.

The engine is imported inside the functions that a lane's thread calls.
"""

from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.work.job import Job, Work
from workbench.gui.work.looker import Looker, Place


def doubtful_test_labels(evaluation: Evaluation, images: ImageSet) -> Job:
    """Labels that confident learning doubts, by what was said of the test images. Result: DoubtfulLabels."""
    return Job(partial(_doubtful_test_labels, evaluation, images))


def _doubtful_test_labels(evaluation: Evaluation, images: ImageSet, _home: Home) -> Work:
    from workbench.engine.inspection import labels

    return (yield from labels.among("test", evaluation, np.arange(len(images)), images))


def doubtful_validation_labels(looker: Looker, place: Place) -> Job:
    """The same of the images held out for validation, asked anew where nothing was recorded of them."""
    return Job(partial(_doubtful_validation_labels, looker, place))


def _doubtful_validation_labels(looker: Looker, place: Place, home: Home) -> Work:
    from workbench.core.records.store import RunStore
    from workbench.engine.inspection import labels

    with closing(RunStore.for_reading(home)) as store:
        look = looker.job(place, lambda subject: labels.find(subject, store, "validation"))
        return (yield from look.begin(home))


def known_near_duplicates(folder: Path, config: RunConfig) -> Job:
    """What was found before in a decoded copy of a run's source.

    Result: NearDuplicates or None, the Dataset, and what the run does with each image that is no test image.
    """
    return Job(partial(_known_near_duplicates, folder, config))


def _known_near_duplicates(folder: Path, config: RunConfig, _home: Home) -> Work:
    from workbench.core.data.dataset import Dataset
    from workbench.engine.data.run_split import uses_of
    from workbench.engine.inspection import duplicates

    yield from ()
    dataset = Dataset.require(folder)
    return duplicates.kept(folder, dataset), dataset, uses_of(dataset, config)


def search_near_duplicates(folder: Path, config: RunConfig) -> Job:
    """Look through all its pictures, and keep what is found. Result: as of `known_near_duplicates`."""
    return Job(partial(_search_near_duplicates, folder, config))


def _search_near_duplicates(folder: Path, config: RunConfig, _home: Home) -> Work:
    from workbench.engine.data.run_split import uses_of
    from workbench.engine.inspection import duplicates

    found, dataset = yield from duplicates.search(folder, again=True)
    return found, dataset, uses_of(dataset, config)


def human_agreement(evaluation: Evaluation, names: tuple[str, ...], source: str, path: Path | None) -> Job:
    """Set people's answers beside an evaluation. Result: HumanAgreement; None where no counts were given yet.

    Args:
        path: a file of counts, which is copied and remembered for the source; None: the one that is remembered.
    """
    return Job(partial(_human_agreement, evaluation, names, source, path))


def _human_agreement(
    evaluation: Evaluation, names: tuple[str, ...], source: str, path: Path | None, home: Home
) -> Work:
    from workbench.core.inspection.human_counts import HumanCounts, numbers_of
    from workbench.engine.inspection.human_agreement import compare

    yield Progress("Reading people's answers", 0, 0)
    images, classes = evaluation.logits.shape
    if path is None:
        people = HumanCounts.remembered(home, source, images, classes)
    else:
        people = HumanCounts.read(path, images, classes, numbers_of(source, names))
        people.remember(home, source)
    return compare(evaluation, people) if people is not None else None
