"""Which decoded images are those of a run, and where a home keeps them."""

import os
from pathlib import Path

import numpy as np

from workbench.core.data.copies import is_copy_of
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.records.run_record import RunRecord


def are_of(record: RunRecord, said: Evaluation | None, dataset: Dataset) -> bool:
    """Whether images can be those that the run was trained and tested with, as far as it is known.

    Args:
        said: what the run said of its test images after any epoch; None where nothing tells them apart.
    """
    names = record.started.get("class_names") or (said.class_names if said is not None else ())
    counts = record.started.get("images")
    if tuple(names) != dataset.class_names or dataset.image_size != record.config.model.input_size:
        return False
    if counts and not record.config.data.train_images:
        found = len(dataset.train), len(dataset.test)
        if (counts[0] + counts[1] + len(record.config.data.excluded), counts[2]) != found:
            return False
    return said is None or np.array_equal(said.labels, dataset.test.labels)


def find_copy(record: RunRecord, said: Evaluation | None, home: Home) -> Path | None:
    """The folder of the run's decoded images: where it left them, else a copy of a source of that name in this
    home; None if there is none.

    A run that came from another machine names a folder of that one.
    """
    left = record.started.get("dataset_path")
    name = record.source if record.source in IMAGE_SOURCES else Path(record.source).stem
    for folder in [*([Path(left)] if left else []), *_copies(home, name)]:
        dataset = Dataset.open(folder)
        if dataset is not None and are_of(record, said, dataset):
            return folder
    return None


def _copies(home: Home, source_name: str) -> list[Path]:
    try:
        return [home.data / name for name in sorted(os.listdir(home.data)) if is_copy_of(name, source_name)]
    except OSError:
        return []
