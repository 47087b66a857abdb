"""Which test images several runs were all asked about: a comparison in pairs needs the very same ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.copies import may_be_others, were_others
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.records.run_record import RunRecord

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AskedRun:
    """A run, and what it said of its test images after one epoch."""

    record: RunRecord
    evaluation: Evaluation

    @property
    def label(self) -> str:
        return f"run {self.record.id} ({shown(self.record.name)})"

    @property
    def tested_on(self) -> str:
        return f"{len(self.evaluation.labels)} images of {shown(self.record.config.data.source, 60)}"

    @property
    def folder(self) -> str:
        """Where the decoded copy of its images is or was; empty if that is not known."""
        return str(self.record.started.get("dataset_path") or "")

    @property
    def left(self) -> str:
        """Where that copy was when it was trained: of an imported run, in the home that it comes from."""
        return str(self.record.started.get("copy_left") or self.folder)

    @cached_property
    def images(self) -> ImageSet | None:
        """Its test images, unless their copy is gone or has become another."""
        dataset = Dataset.open(Path(self.folder)) if self.folder else None
        if dataset is None or not np.array_equal(dataset.test.labels, self.evaluation.labels):
            return None
        return dataset.test

    def of(self, positions: Positions) -> Evaluation:
        """What it said of these images alone, in this order."""
        said = self.evaluation
        if len(positions) == len(said.labels):
            return said
        return replace(said, labels=said.labels[positions], logits=said.logits[positions])


def common_images(runs: Sequence[AskedRun]) -> list[Positions]:
    """For each run the numbers of those of its test images that all were asked about, in one order for all.

    Images are the same if they come from one decoded copy, or have the same names, labels and pixels in several.
    Where the images of one run are all among those of another, as the sample's are among cifar10-jpeg's, these
    are what is common.

    Raises:
        UserError: the sets differ otherwise; says in what.
    """
    least = min(runs, key=lambda run: len(run.evaluation.labels))
    return [_positions(least, run) for run in runs]


def _positions(wanted: AskedRun, run: AskedRun) -> Positions:
    """Of all images of `wanted` among those of `run`."""
    classes, others = wanted.evaluation.class_names, run.evaluation.class_names
    if classes != others:
        raise _differ(wanted, run, f"their classes are {_listed(classes)}, and {_listed(others)}")
    labels = wanted.evaluation.labels
    everything = np.arange(len(labels))
    are_as_many = len(labels) == len(run.evaluation.labels)
    if are_as_many and not np.array_equal(labels, run.evaluation.labels):
        raise _differ(wanted, run, "their labels are others, or in another order")
    source = wanted.record.config.data.source
    is_one_source = source == run.record.config.data.source
    # What the workbench brings or fetches has the same images for everybody, wherever it lies.
    may_change = is_one_source and source not in IMAGE_SOURCES
    if may_change and _were_others(wanted, run):
        raise _differ(wanted, run, f"{shown(source, 60)} had changed in between, where they were trained")
    if are_as_many and wanted.folder and wanted.folder == run.folder:
        return everything
    ours, theirs = wanted.images, run.images
    if ours is None or theirs is None:
        gone = "the decoded copies that could show which are the same are gone"
        if may_change and may_be_others(wanted.left, run.left):
            raise _differ(wanted, run, f"the files of that source were others, or lay elsewhere, and {gone}")
        # No copy is left to look at; the labels in their order and the source are all that is known.
        if are_as_many and is_one_source:
            return everything
        raise _differ(wanted, run, gone)
    return _matched(wanted, run, ours, theirs)


def _were_others(a: AskedRun, b: AskedRun) -> bool:
    """Whether two runs had different copies of one source in the home that they come from.

    Here both may have found the same copy by its labels alone. Runs of this home have their own copies to be
    compared by.
    """
    is_one_size = a.record.config.model.input_size == b.record.config.model.input_size
    return (a.left, b.left) != (a.folder, b.folder) and is_one_size and were_others(a.left, b.left)


def _matched(wanted: AskedRun, run: AskedRun, ours: ImageSet, theirs: ImageSet) -> Positions:
    if ours.names == theirs.names:
        found: Positions = np.arange(len(ours))
    else:
        numbers = {name: number for number, name in enumerate(theirs.names)}
        missing = next((name for name in ours.names if name not in numbers), None)
        if missing is not None:
            raise _differ(wanted, run, f"{shown(missing)} is among the former only")
        found = np.array([numbers[name] for name in ours.names], np.int64)
    if not np.array_equal(ours.labels, theirs.labels[found]):
        raise _differ(wanted, run, "images of the same names have other labels")
    if ours.images.shape[1:] == theirs.images.shape[1:]:
        if not np.array_equal(ours.images, theirs.images[found]):
            raise _differ(wanted, run, "images of the same names have other pixels")
    elif wanted.record.config.data.source != run.record.config.data.source:
        raise _differ(
            wanted, run, "they are of different sizes too, so that nothing tells whether they are the same"
        )
    return found


def _differ(a: AskedRun, b: AskedRun, how: str) -> UserError:
    return UserError(
        f"{a.label} was tested on {a.tested_on} and {b.label} on {b.tested_on}: {how}; only runs that were tested "
        "on the same images can be compared"
    )


def _listed(names: tuple[str, ...]) -> str:
    return shown(", ".join(names), 100)
