"""Every job that looks into a trained network: one function each, which knows where the engine does it.

The engine is imported inside the functions that the inspecting lane's thread calls.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.inspection import answer_table
from workbench.core.inspection.embedding import Embedding
from workbench.core.inspection.explanations import Question
from workbench.core.inspection.image_changes import ImageChange
from workbench.core.inspection.landscape import Grid, Landscape
from workbench.core.inspection.neighbors import Neighbors
from workbench.gui.widgets.pictures import on_white, to_pixels
from workbench.gui.work.job import Job, Work
from workbench.gui.work.kept_board import KeptBoard
from workbench.gui.work.looker import Looker, Place

if TYPE_CHECKING:
    from workbench.engine.inspection.subject import Subject

Pixels = NDArray[np.uint8]


class ReadImage(NamedTuple):
    """An image of one's own, as a network takes it."""

    pixels: Pixels
    """(side, side, 3)."""
    words: str
    """A sentence: its size, and what was cut and scaled."""


def read_image(source: Path | QImage, side: int) -> Job:
    """Decode an image file, or take a picture, for networks of that input size. Result: a ReadImage."""

    def begin(_home: Home) -> Work:
        from workbench.engine.inspection import given_image

        yield from ()
        if isinstance(source, Path):
            given = given_image.read_image(source, side)
        else:
            given = given_image.from_pixels(to_pixels(on_white(source)), side)
        return ReadImage(given.pixels, given.words)

    return Job(begin)


def answer(looker: Looker, place: Place, pixels: Pixels, change: ImageChange) -> Job:
    """What is said of one image after a change. Result: a ChangedAnswer."""
    return looker.job(place, partial(_answer, pixels=pixels, change=change))


def _answer(subject: "Subject", pixels: Pixels, change: ImageChange) -> Work:
    from workbench.engine.inspection import changes

    return changes.answer(subject, pixels, change)


def effects_of_changes(looker: Looker, place: Place, pixels: Pixels) -> Job:
    """What each of many changes of one image does by itself. Result: a ChangeEffects."""
    return looker.job(place, partial(_effects_of_changes, pixels=pixels))


def _effects_of_changes(subject: "Subject", pixels: Pixels) -> Work:
    from workbench.engine.inspection import changes

    return changes.effects(subject, pixels)


def smallest_changes(looker: Looker, place: Place, pixels: Pixels) -> Job:
    """The smallest ones that change the answer to one image. Result: a SmallestChanges."""
    return looker.job(place, partial(_smallest_changes, pixels=pixels))


def _smallest_changes(subject: "Subject", pixels: Pixels) -> Work:
    from workbench.engine.inspection import smallest_change

    return smallest_change.smallest_changes(subject, pixels)


def augmented_test(looker: Looker, place: Place) -> Job:
    """Every test image answered as it is and with views. Result: an AugmentedTest."""
    return looker.job(place, _augmented_test)


def _augmented_test(subject: "Subject") -> Work:
    from workbench.engine.inspection import changes

    return changes.augmented_test(subject)


def write_sheet(path: Path, evaluation: Evaluation, images: ImageSet, indices: NDArray[np.int64]) -> Job:
    """Draw test images with their answers into one PNG. Result: its path."""
    return Job(partial(_write_sheet, path, evaluation, images, indices))


def _write_sheet(
    path: Path, evaluation: Evaluation, images: ImageSet, indices: NDArray[np.int64], _home: Home
) -> Work:
    from workbench.engine.inspection import sheet

    return (yield from sheet.write_sheet(path, evaluation, images, indices))


def write_answers(path: Path, evaluation: Evaluation, names: Sequence[str], indices: NDArray[np.int64]) -> Job:
    """Write what is said of test images as a table. Result: its path."""
    return Job(partial(_write_answers, path, evaluation, names, indices))


def _write_answers(
    path: Path, evaluation: Evaluation, names: Sequence[str], indices: NDArray[np.int64], _home: Home
) -> Work:
    yield from ()
    answer_table.write_table(answer_table.answer_rows(evaluation, names, indices), path)
    return path


def load_explanations() -> Job:
    """Load what explains answers, ahead of the first question: Captum takes half a second. Result: None."""
    return Job(_load_explanations, gives_way=True)


def _load_explanations(_home: Home) -> Work:
    yield from ()
    from workbench.engine.inspection import attribution  # noqa: F401  # loads Captum


def explain(looker: Looker, place: Place, pixels: NDArray[np.uint8], truth: int | None, question: Question) -> Job:
    """Why a (H, W, 3) image gets its answer. Result: Explanation."""
    return looker.job(place, partial(_explain, pixels, truth, question))


def _explain(pixels: NDArray[np.uint8], truth: int | None, question: Question, subject: "Subject") -> Work:
    from workbench.engine.inspection import attribution

    return (yield from attribution.explain(subject, pixels, truth, question))


def feature_maps(looker: Looker, place: Place, pixels: NDArray[np.uint8], layer: str) -> Job:
    """What a block makes of a (H, W, 3) image. Result: FeatureMaps."""
    return looker.job(place, partial(_feature_maps, pixels, layer))


def _feature_maps(pixels: NDArray[np.uint8], layer: str, subject: "Subject") -> Work:
    from workbench.engine.inspection import feature_maps

    return (yield from feature_maps.feature_maps(subject, pixels, layer))


def evaluate_validation(looker: Looker, place: Place) -> Job:
    """What a network says of the images that are held out, kept in the run. Result: Evaluation, with its epoch."""
    return Job(partial(_kept_validation, looker.job(place, _evaluate_validation), place.run_id))


def _kept_validation(job: Job, run_id: str, home: Home) -> Work:
    from workbench.core.records.store import RunStore

    found = yield from job.begin(home)
    with closing(RunStore(home.prepare())) as store:
        store.mend_validation(run_id, found)
    return found


def _evaluate_validation(subject: "Subject") -> Work:
    return (yield from subject.evaluate("validation"))


def cluster_classes(confusion: NDArray[np.int64]) -> Job:
    """An order of classes in which those confused stand together. Result: their numbers, (K,)."""
    return Job(partial(_cluster_classes, confusion))


def _cluster_classes(confusion: NDArray[np.int64], _home: Home) -> Work:
    yield from ()
    from workbench.core.inspection.confusion import clustered_order

    return clustered_order(confusion)


def landscape(
    looker: Looker,
    other_looker: Looker,
    place: Place,
    beside: Place | None,
    *,
    images: int,
    reach: float,
    seed: int,
    until: int,
    known: Sequence[Landscape] = (),
) -> Job:
    """The loss around a network's weights, and around those of another one on the same grid.

    Yields and results in a tuple of Landscape, one or two.

    Args:
        other_looker: keeps the network of `beside`.
        until: points along an axis; the grid has more, of which the next job may be asked.
        known: what was found before.
    """

    def survey(*subjects: "Subject") -> Work:
        # The window's thread draws lines with it; here nobody waits for it to be loaded.
        import contourpy  # noqa: F401

        from workbench.engine.inspection import landscape as engine

        grid = Grid(reach=reach)
        return (yield from engine.survey(subjects, grid, images=images, seed=seed, until=until, known=known))

    def begin(home: Home) -> Work:
        def look(subject: "Subject") -> Work:
            if beside is None:
                return (yield from survey(subject))
            both = other_looker.job(beside, lambda other: survey(subject, other))
            return (yield from both.begin(home))

        return (yield from looker.job(place, look).begin(home))

    return Job(begin)


def lesion(looker: Looker, place: Place, kept: KeptBoard, scales: Mapping[str, float], images: int | None) -> Job:
    """Test a network whose branches are scaled, on so many test images; None: all. Result: Lesioned."""
    return looker.job(place, partial(_lesion, kept, dict(scales), images))


def _lesion(kept: KeptBoard, scales: Mapping[str, float], images: int | None, subject: "Subject") -> Work:
    return (yield from kept.of(subject, images).lesioned(scales))


def sweep(looker: Looker, place: Place, images: int | None) -> Job:
    """Remove each block in turn; yields SweepProgress. Result: Sweep."""
    return looker.job(place, partial(_sweep, images))


def _sweep(images: int | None, subject: "Subject") -> Work:
    from workbench.engine.inspection.lesions import LesionBoard

    return (yield from LesionBoard(subject, images).sweep())


def look_inside(looker: Looker, place: Place) -> Job:
    """What goes on inside a network while some test images run through it. Result: Insides."""
    return looker.job(place, _look_inside)


def _look_inside(subject: "Subject") -> Work:
    from workbench.engine.inspection import insides

    return (yield from insides.look_inside(subject))


_Mapping = Generator[Progress | Embedding, None, Embedding]


def map_by_pca(looker: Looker, place: Place, former: Embedding | None) -> Job:
    """All test images on a map, turned to look like a former one. On the way perhaps one of some of them.

    Result: Embedding.
    """
    return looker.job(place, partial(_map_by_pca, former=former))


def _map_by_pca(subject: "Subject", former: Embedding | None) -> _Mapping:
    from workbench.engine.inspection import embedding

    return (yield from embedding.by_pca(subject, former))


def map_by_tsne(looker: Looker, place: Place, count: int, former: Embedding | None) -> Job:
    """Some of the test images on a map that takes long; at once where that was done before. Result: Embedding."""
    return looker.job(place, partial(_map_by_tsne, count=count, former=former))


def _map_by_tsne(subject: "Subject", count: int, former: Embedding | None) -> _Mapping:
    from workbench.engine.inspection import embedding

    return (yield from embedding.by_tsne(subject, count, former))


def kept_tsne_map(looker: Looker, place: Place, count: int, former: Embedding | None) -> Job:
    """What `map_by_tsne` has computed before. Result: Embedding, or None."""
    return looker.job(place, partial(_kept_tsne_map, count=count, former=former))


def _kept_tsne_map(
    subject: "Subject", count: int, former: Embedding | None
) -> Generator[Progress, None, Embedding | None]:
    yield from ()
    from workbench.engine.inspection import embedding

    return embedding.kept_tsne(subject, count, former)


def find_neighbors(looker: Looker, place: Place, pixels: NDArray[np.uint8], truth: int | None) -> Job:
    """The training images that the network takes for most like (H, W, 3) pixels. Result: Neighbors."""
    return looker.job(place, partial(_find_neighbors, pixels=pixels, truth=truth))


def _find_neighbors(
    subject: "Subject", pixels: NDArray[np.uint8], truth: int | None
) -> Generator[Progress, None, Neighbors]:
    from workbench.engine.inspection import neighbors

    return (yield from neighbors.nearest(subject, pixels, truth))
