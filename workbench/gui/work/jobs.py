"""Every job of the window: one function each, which describes it and knows where the engine does it.

The engine is imported inside the functions that a lane's thread calls: torch takes seconds to load.
"""

from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core import speed
from workbench.core.curves.export import CurveTable, csv_parts
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.files import open_atomically
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.work.job import Job, RunJob, Work

if TYPE_CHECKING:
    from workbench.core.records.store import RunStore


def _opened(home: Home) -> "closing[RunStore]":
    # The first picture needs no database.
    from workbench.core.records.store import RunStore

    return closing(RunStore(home.prepare()))


# Of the training lane


@dataclass(frozen=True)
class Machine:
    """What `auto` means here, known once torch is loaded."""

    device: str
    precision: str


def load_engine() -> Job:
    """Load torch and all of the engine. Result: Machine."""
    return Job(_load_engine)


def _load_engine(_home: Home) -> Work:
    yield from ()
    from workbench.engine.machine import device
    from workbench.engine.training import training  # noqa: F401  # loads what a run needs

    compute = device.choose(TrainingConfig())
    return Machine(device.device_name(compute.device), compute.precision)


def train(config: RunConfig, *, model: str, recipe: str, name: str = "") -> RunJob:
    """Train a new run; yields its events."""
    orders = Orders()

    def begin(home: Home) -> Work:
        from workbench.engine.training import training

        with _opened(home) as store:
            yield from training.train(config, store=store, name=name, model=model, recipe=recipe, orders=orders)

    return RunJob(begin, orders=orders)


def resume(run_id: str, epochs: int | None = None) -> RunJob:
    """Go on with a recorded run, to more `epochs` if given; yields its events."""
    orders = Orders()

    def begin(home: Home) -> Work:
        from workbench.engine.training import training

        with _opened(home) as store:
            yield from training.resume(run_id, store=store, epochs=epochs, orders=orders)

    return RunJob(begin, orders=orders)


def measure_speed(training: TrainingConfig) -> Job:
    """Time this machine for the estimates of an epoch's time. Result: whether there are new figures."""
    return Job(partial(_measure_speed, training), gives_way=True)


def _measure_speed(training: TrainingConfig, home: Home) -> Work:
    from workbench.engine.machine import device
    from workbench.engine.trials import speed_probe

    measured = yield from speed_probe.probe(device.choose(training))
    if measured is not None:
        speed.write(home.prepare(), speed.key_of(training), measured)
    return measured is not None


Trial = Literal["preflight", "rate", "certificate"]


def trial(kind: Trial, config: RunConfig) -> Job:
    """Find something out about a configuration before it is trained.

    Result: Preflight, RateSuggestion or Certificate.
    """
    return Job(partial(_trial, kind, config))


def _trial(kind: Trial, config: RunConfig, home: Home) -> Work:
    from workbench.engine.trials import lr_finder, preflight, resume_certificate

    home.prepare()
    match kind:
        case "rate":
            return (yield from lr_finder.find(config, home))
        case "preflight":
            return (yield from preflight.measure(config, home))
        case "certificate":
            return (yield from resume_certificate.certify(config, home))


# Of the inspecting lane. A run may be trained beside them: they read weights from its verified checkpoint,
# never its network; they change no setting of the process, draw nothing from its generators, and yield every
# 50 ms or so.


def use_one_thread() -> None:
    """Make the calling thread, the lane's, compute on one core."""
    from workbench.engine.machine import device

    device.use_one_thread()


@dataclass(frozen=True)
class Examples:
    """(N, H, W, 3) uint8 images, as they are and as training sees them."""

    plain: NDArray[np.uint8]
    augmented: NDArray[np.uint8]


def examples(config: RunConfig, *, epoch: int, count: int) -> Job:
    """Augmented images as training would see them in an epoch, counted from 0. Result: Examples."""
    return Job(partial(_examples, config, epoch, count))


def _examples(config: RunConfig, epoch: int, count: int, home: Home) -> Generator[Progress, None, Examples]:
    from workbench.core.data.dataset import Dataset
    from workbench.engine.data import preview, sources

    folder = yield from sources.read(config.data.source, config.model.input_size, home.prepare())
    return Examples(*preview.examples(config, Dataset.require(folder), count, epoch))


def survey_images(source: str) -> Job:
    """Look through a folder or archive, and at some of its images. Result: Survey."""
    return Job(partial(_survey_images, source))


def _survey_images(source: str, home: Home) -> Work:
    from workbench.engine.data import survey

    return (yield from survey.survey(source, home))


def write_curves(path: Path, tables: Sequence[CurveTable]) -> Job:
    """Write all points of these lines as a table. Result: its file."""
    return Job(partial(_write_curves, path, tables))


def _write_curves(path: Path, tables: Sequence[CurveTable], _home: Home) -> Work:
    done, total = 0, sum(map(len, tables))
    with open_atomically(path) as file:
        for rows, text in csv_parts(tables):
            file.write(text.encode())
            done += rows
            yield Progress("Writing curves", done, total, "parts")
    return path


def export_training(config: RunConfig, title: str, path: Path) -> Job:
    """Write a network and its training as code. Result: the script that trains."""
    return Job(partial(_export_training, config, title, path))


def _export_training(config: RunConfig, title: str, path: Path, home: Home) -> Work:
    from workbench.engine.training import training_export

    _, script = yield from training_export.export_model(config, title, path, home.prepare())
    return script


def repair_list() -> Job:
    """Rebuild the list of runs if anything is wrong with it. Result: Repair."""
    return Job(_repair_list)


def _repair_list(home: Home) -> Work:
    from workbench.core.records import store_repair

    return (yield from store_repair.repair(home))


@dataclass(frozen=True)
class HomeFindings:
    """What was found in a home at the start; each a sentence, empty where there is nothing to say."""

    removed: str
    unlisted: str


def look_after_home() -> Job:
    """Remove what killed processes left, and keep a copy of the list. Result: HomeFindings."""
    return Job(_look_after_home)


def _look_after_home(home: Home) -> Work:
    from workbench.core.records import store_backup
    from workbench.core.records.leftovers import clean_up
    from workbench.core.records.store import RunStore
    from workbench.core.records.unlisted_runs import unlisted_sentence, whole_folders

    with closing(RunStore.for_reading(home)) as store:
        if store.is_behind:
            return HomeFindings("", "")
        listed = store.ids()
    yield Progress("Looking after the folders of the runs", 0, 0)
    removed = clean_up(home, listed).sentence
    yield Progress("Looking after the folders of the runs", 0, 0)
    unlisted = [folder.run_id for folder in whole_folders(home, listed)]
    store_backup.keep_copy(home)
    return HomeFindings(removed, unlisted_sentence(home, unlisted) if unlisted else "")


def evaluate_kept(run_id: str) -> Job:
    """What the network of a run's kept checkpoint says of its test images. Result: Evaluation, with its epoch."""
    return Job(partial(_evaluate_kept, run_id))


def _evaluate_kept(run_id: str, home: Home) -> Work:
    from workbench.engine.training import evaluation

    with _opened(home) as store:
        found = yield from evaluation.evaluate_run(run_id, store, beside=True)
        store.mend_evaluation(run_id, found)
        return found


def read_histories(run_id: str) -> Job:
    """What a run said of each test image after each epoch. Result: Histories, or None without any epoch."""
    return Job(partial(_read_histories, run_id))


def _read_histories(run_id: str, home: Home) -> Work:
    from workbench.core.inspection.image_histories import EpochAnswers, Histories
    from workbench.core.records.store import RunStore

    with closing(RunStore.for_reading(home)) as store:
        epochs, found = store.evaluated_epochs(run_id), list[EpochAnswers]()
        for done, epoch in enumerate(epochs):
            yield Progress("Reading all epochs", done, len(epochs), "parts")
            # One that is damaged is left out here: who looks at it is told.
            with suppress(UserError):
                evaluation = store.evaluation(run_id, epoch)
                found += [EpochAnswers.of(evaluation)] if evaluation is not None else []
    return Histories.joined(found)
