"""The images that a run was trained and tested with."""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np

from workbench.core.data.dataset import Dataset
from workbench.core.errors import ConfigError, UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.records.run_copies import are_of, find_copy
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.engine.data import sources


def read(record: RunRecord, store: RunStore) -> Generator[Progress, None, tuple[Path, Dataset]]:
    """Their decoded copy as the run left it, and its folder; where it is gone, the source is read again or, where
    that is not on this machine, another copy of it.

    Raises:
        UserError: the source is gone too, or has other images now.
    """
    config, path = record.config, record.started.get("dataset_path")
    if path:
        folder = Path(path)
        dataset = Dataset.open(folder)
        if dataset is not None and dataset.image_size == config.model.input_size:
            return folder, dataset
    said = None
    # What it said of them is damaged, or it has said nothing yet: then only names and numbers tell them apart.
    with suppress(UserError):
        said = store.evaluation(record.id)
    try:
        folder = yield from sources.read(config.data.source, config.model.input_size, store.home)
    except ConfigError:
        # Of a run from another machine, whose images lay somewhere else.
        found = find_copy(record, said, store.home)
        if found is None:
            raise
        folder = found
    dataset = Dataset.require(folder)
    if not are_of(record, said, dataset):
        raise others(record)
    return folder, dataset


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
