"""What is known of a run, for a report: what cannot be read is not in the way of the rest, and says why."""

import json
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass

from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress, RateChanged
from workbench.core.files import read_text
from workbench.core.records.run_copies import find_copy
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore
from workbench.core.settings.presets import Presets
from workbench.engine.data import run_images


@dataclass(frozen=True)
class ReportedRun:
    """A run after one of its epochs."""

    record: RunRecord
    series: RunSeries
    rate_changes: tuple[RateChanged, ...]
    presets: Presets
    """Those of this home."""
    workbench: str
    """The version that began it; empty where that is not known."""
    evaluation: Evaluation | None
    """Of the test images."""
    absence: str
    """Why there is no evaluation; empty where there is one."""
    validation: Evaluation | None
    """Of the held-out images, after the same epoch."""
    pictures: ImageSet | None
    """The test images."""
    pictures_absence: str

    @property
    def color(self) -> int:
        """As in every view of the window."""
        return self.record.number - 1


def read_run(run_id: str, store: RunStore, epoch: int | None = None) -> Generator[Progress, None, ReportedRun]:
    """
    Args:
        epoch: after which; None: after the one that the run keeps.

    Raises:
        UserError: the run is not known or damaged, or `epoch` is none of its epochs.
    """
    yield Progress("Reading the run", 0, 0, "parts")
    record = store.run(run_id)
    evaluation, absence = None, ""
    try:
        evaluation = store.answers(record, epoch)
    except UserError as error:
        if epoch is not None and epoch not in store.evaluated_epochs(run_id):
            raise
        absence = str(error)
    validation = None
    if evaluation is not None:
        with suppress(UserError):
            validation = store.validation(run_id, evaluation.epoch)
    pictures, why = yield from _pictures(record, store, evaluation)
    return ReportedRun(
        record, store.series(run_id), _rate_changes(store, run_id), Presets.load(store.home.presets),
        _workbench(RunFolder(store.folder(run_id))), evaluation, absence, validation, pictures, why,
    )  # fmt: skip


def _pictures(
    record: RunRecord, store: RunStore, evaluation: Evaluation | None
) -> Generator[Progress, None, tuple[ImageSet | None, str]]:
    """The test images, or why there are none. Nothing is downloaded for a report."""
    if evaluation is None:
        return None, "no answers are known that pictures could belong to"
    try:
        folder = find_copy(record, evaluation, store.home)
        if folder is not None:
            return Dataset.require(folder).test, ""
        known = IMAGE_SOURCES.get(record.source)
        if known is not None and not known.is_shipped:
            return None, "the decoded images of the official archive are gone; evaluate the run to read them again"
        _, dataset = yield from run_images.read(record, store)
        run_images.refuse_unless_of(record, evaluation, dataset)
    except UserError as error:
        return None, str(error)
    return dataset.test, ""


def _rate_changes(store: RunStore, run_id: str) -> tuple[RateChanged, ...]:
    with suppress(UserError):
        return tuple(store.rate_changes(run_id))
    return ()


def _workbench(layout: RunFolder) -> str:
    with suppress(OSError, ValueError, RecursionError):
        about = json.loads(read_text(layout.config))
        if isinstance(about, dict) and isinstance(about.get("workbench"), str):
            return str(about["workbench"])
    return ""
