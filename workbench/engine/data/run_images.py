"""The images that a run was trained and tested with."""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np

from workbench.core.data.dataset import Dataset
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.engine.data import sources


def read(record: RunRecord, store: RunStore) -> Generator[Progress, None, tuple[Path, Dataset]]:
    """Their decoded copy as the run left it, and its folder; where it is gone, the source is read again.

    Raises:
        UserError: the source is gone too, or has other images now.
    """
    config, path = record.config, record.started.get("dataset_path")
    if path:
        folder = Path(path)
        dataset = Dataset.open(folder)
        if dataset is not None and dataset.image_size == config.model.input_size:
            return folder, dataset
    folder = yield from sources.read(config.data.source, config.model.input_size, store.home)
    dataset = Dataset.require(folder)
    _refuse_others(record, store, dataset)
    return folder, dataset


def _refuse_others(record: RunRecord, store: RunStore, dataset: Dataset) -> None:
    names, counts = store.class_names(record), record.started.get("images")
    are_others = names != dataset.class_names
    if counts and not record.config.data.train_images:
        are_others = are_others or (counts[0] + counts[1], counts[2]) != (len(dataset.train), len(dataset.test))
    # What it said of them is damaged, or it has said nothing yet: then nothing tells them apart.
    with suppress(UserError):
        said = store.evaluation(record.id)
        are_others = are_others or (said is not None and not np.array_equal(said.labels, dataset.test.labels))
    if are_others:
        raise others(record)


def refuse_unless_of(record: RunRecord, evaluation: Evaluation, dataset: Dataset) -> None:
    """
    Raises:
        UserError: the evaluation is of other test images.
    """
    if not np.array_equal(dataset.test.labels, evaluation.labels):
        raise others(record)


def others(record: RunRecord) -> UserError:
    source = shown(record.config.data.source)
    return UserError(f"the images of {source} have changed since run {record.id} was trained on them")
