"""The one selection: which epoch it stands at, what is in sight, and what it says where something is missing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.gui.recorded import Recorded, answers, record
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.evaluation_changes import Changes, bumps
from workbench.gui.inspect.seen_words import absence, epoch_words, in_sight
from workbench.gui.records.epoch_evaluations import EpochEvaluations
from workbench.gui.records.image_filter import ImageFilter, OnlyImages
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.records.selection import Selection

# Epoch 3 is kept; 4 falls by far more than chance.
VALIDATION = [0.3, 0.5, 0.7, 0.4, 0.6]


@pytest.fixture
def source(evaluation: Evaluation, images: ImageSet) -> Recorded:
    """Five epochs of 40 images. Image 1 is wrong in epoch 2 alone, image 5 from epoch 4 on."""
    changed = {2: {"i1": 0}, 4: {"i5": 0}, 5: {"i5": 0}}
    return Recorded({n: answers(evaluation, n, **changed.get(n, {})) for n in range(1, 6)}, images)


@pytest.fixture
def selection(qapp: object, source: Recorded) -> Selection:
    selection = Selection(source)
    selection.look_at(record(VALIDATION))
    return selection


@pytest.fixture
def told(selection: Selection) -> Callable[[], list[str]]:
    """What it has said since the last time."""
    said: list[str] = []
    for name in ("run_changed", "epochs_changed", "epoch_changed", "filter_changed", "image_changed"):
        getattr(selection, name).connect(lambda name=name: said.append(name))

    def take() -> list[str]:
        taken = said.copy()
        said.clear()
        return taken

    return take


def test_a_finished_run_stands_at_its_kept_epoch(selection: Selection) -> None:
    assert selection.epoch == selection.run.kept == 3
    assert selection.follows
    assert selection.evaluation.epoch == 3
    assert epoch_words(selection) == "epoch 3, kept"


def test_a_run_that_trains_stands_at_its_newest_epoch_until_it_is_moved(
    selection: Selection, source: Recorded, evaluation: Evaluation
) -> None:
    selection.look_at(record(VALIDATION[:4], run_id="0badbeef", status="running"))
    assert selection.epoch == 4, "on the disk there is a fifth, of a former attempt"
    selection.add("0badbeef", source.evaluations[5])
    assert selection.epoch == 5, "it comes before its epoch counts"
    assert epoch_words(selection) == "epoch 5, live"
    selection.add("0badbeef", answers(evaluation, 6))
    assert selection.epoch == 6
    selection.step(-2)
    assert not selection.follows
    selection.add("0badbeef", answers(evaluation, 7))
    assert selection.epoch == 4, "nobody is moved"
    assert epoch_words(selection) == "epoch 4 (kept: 3)"
    selection.show_epoch(7)
    selection.add("0badbeef", answers(evaluation, 8))
    assert selection.epoch == 8, "who goes to the newest follows again"
    selection.update(record(VALIDATION, run_id="0badbeef"))
    assert selection.epoch == 3, "when it ends, its figures are those of the kept epoch"


def test_the_ends_hold_and_the_nearest_is_taken(selection: Selection) -> None:
    selection.step(100)
    assert selection.epoch == 5
    selection.step(-100)
    assert selection.epoch == 1
    selection.show_epoch(1_000)
    assert selection.epoch == 5


def test_going_back_and_forth_reads_each_epoch_once(selection: Selection, source: Recorded) -> None:
    for by in (-1, -1, 1, 1, 1, 1, -4):
        selection.step(by)
    assert sorted(source.read) == [1, 2, 3, 4, 5]


def test_what_changed_against_the_epoch_before_or_a_marked_one(selection: Selection) -> None:
    assert selection.reference_epoch == 2
    assert np.flatnonzero(selection.changes.newly_right).tolist() == [1]
    assert not selection.changes.newly_wrong.any()
    selection.mark(3)
    assert selection.reference_epoch == 0
    assert selection.changes is None
    selection.show_epoch(5)
    assert selection.reference_epoch == 3
    assert np.flatnonzero(selection.changes.newly_wrong).tolist() == [5]
    selection.mark(0)
    assert selection.reference_epoch == 4
    assert not selection.changes.newly_wrong.any()
    selection.show_epoch(1)
    assert selection.reference_epoch == 0


def test_changes_are_filters(selection: Selection) -> None:
    wrong = selection.order.tolist()
    selection.toggle_change("right")
    assert selection.order.tolist() == [1]
    assert in_sight(selection) == "1 newly right · epoch 3, kept"
    selection.show_epoch(4)
    assert selection.order.tolist() == []
    selection.toggle_change("wrong")
    assert selection.order.tolist() == [5]
    selection.toggle_change("wrong")
    assert selection.order.tolist() == [5, *wrong]


def test_a_cell_of_the_diagonal_shows_right_ones_and_leaves_the_answers_as_they_are(selection: Selection) -> None:
    selection.filter_classes(3, 3)
    assert set(selection.order) == set(range(3, 40, 4))
    assert selection.filter.answers == "wrong"
    selection.clear_filter()
    assert set(selection.order) == set(range(0, 40, 4))


def test_a_picked_image_stays_and_else_the_worst_is_looked_at(selection: Selection) -> None:
    assert selection.image == selection.order[0] == 36
    selection.choose_image(5)
    selection.show_epoch(4)
    assert selection.image == 5
    selection.show_epoch(1)
    assert selection.image == 5, "in no filter, but still looked at"


def test_each_view_hears_of_what_concerns_it(selection: Selection, told: Callable[[], list[str]]) -> None:
    selection.choose_image(7)
    assert told() == ["image_changed"]
    selection.choose_image(7)
    selection.show_epoch(3)
    assert told() == []
    selection.filter_classes(0, None)
    assert told() == ["filter_changed", "image_changed"]
    selection.step(1)
    assert told() == ["epoch_changed", "filter_changed", "image_changed"]
    selection.look_at(None)
    assert told() == ["run_changed", "epochs_changed", "epoch_changed", "filter_changed", "image_changed"]


def test_another_run_of_the_same_classes_keeps_the_classes(selection: Selection, source: Recorded) -> None:
    selection.filter_classes(0, 1)
    selection.toggle_change("wrong")
    selection.look_at(record(VALIDATION, run_id="0badbeef"))
    assert (selection.filter.truth, selection.filter.prediction) == (0, 1)
    names = ("a", "b", "c", "d")
    source.evaluations = {n: replace(e, class_names=names) for n, e in source.evaluations.items()}
    selection.look_at(record(VALIDATION, run_id="0badf00d"))
    assert selection.filter == ImageFilter()


def test_images_chosen_by_number_are_those_of_their_source(selection: Selection, source: Recorded) -> None:
    selection.show_only([7, 0, 39], "chosen on the map")
    selection.look_at(record(VALIDATION, run_id="0badbeef"))
    assert selection.order.tolist() == [7, 0, 39], "the same images, as another run sees them"
    source.evaluations = {
        n: replace(e, labels=e.labels[:20], logits=e.logits[:20]) for n, e in source.evaluations.items()
    }
    selection.look_at(replace(record(VALIDATION, run_id="0badf00d"), source="elsewhere"))
    assert selection.filter.only is None
    assert len(selection.order)


def test_numbers_beyond_the_images_find_nothing(evaluation: Evaluation) -> None:
    only = OnlyImages(np.array([39, 3, 400]), "chosen on the map")
    found = ImageFilter(answers="", only=only).order(evaluation, None)
    assert found.tolist() == [39, 3]


def test_what_is_missing_is_said(selection: Selection, source: Recorded, evaluation: Evaluation) -> None:
    source.damaged = {1}
    selection.show_epoch(1)
    assert selection.evaluation is None
    assert "epoch-00001.npz: it is cut short" in absence(selection, "Pictures appear here")
    selection.show_epoch(2)
    assert selection.changes is None, "the epoch before cannot be read"
    assert absence(selection, "Pictures appear here") == ""
    selection.look_at(record([*VALIDATION, 0.1], run_id="0badbeef"))
    selection.show_epoch(6)
    assert "after epoch 6 is not there" in absence(selection, "Pictures appear here")
    source.evaluations = {}
    selection.look_at(record([], run_id="0badfeed", status="running"))
    assert absence(selection, "Pictures appear here") == "Pictures appear here after the run's first epoch."
    selection.look_at(None)
    assert absence(selection, "Pictures appear here") == "Pictures appear here once a run is chosen or trained."


def test_answers_are_shown_where_the_pictures_are_gone_or_others(selection: Selection, source: Recorded) -> None:
    source.pictures = None
    selection.look_at(record(VALIDATION, run_id="0badbeef"))
    assert absence(selection, "Pictures appear here") == ""
    assert "are gone" in absence(selection, "Pictures appear here", needs_pictures=True)
    labels = (np.arange(40) + 1) % 4
    source.pictures = ImageSet(np.zeros((40, 32, 32, 3), np.uint8), labels, ("x",) * 40)
    selection.look_at(record(VALIDATION, run_id="0badf00d"))
    assert "have changed since run a run" in absence(selection, "Pictures", needs_pictures=True)


def test_a_resumed_run_forgets_what_is_done_again(selection: Selection, source: Recorded) -> None:
    selection.mark(5)
    selection.show_epoch(4)
    read = len(source.read)
    selection.restart("0badcafe", 2)
    selection.update(record(VALIDATION[:2], status="running"))
    assert selection.epoch == 2
    assert selection.follows
    assert selection.marked_epoch == 0
    assert selection.run.every == (1, 2)
    assert set(source.read[read:]) <= {1, 2}


def test_memory_is_bounded_and_the_longest_unused_goes_first(evaluation: Evaluation) -> None:
    read: list[int] = []

    def load(_run_id: str, epoch: int) -> Evaluation:
        read.append(epoch)
        return replace(evaluation, epoch=epoch)

    kept = EpochEvaluations(load, most_bytes=2 * evaluation.logits.nbytes)
    kept.take_run("a")
    for epoch in (1, 2, 1, 3, 1, 2):
        kept.get(epoch)
    assert read == [1, 2, 3, 2]


def test_changes_need_the_same_images(evaluation: Evaluation) -> None:
    fewer = Evaluation(evaluation.labels[:20], evaluation.logits[:20], evaluation.class_names)
    assert Changes.between(fewer, evaluation) is None


def test_bumps_are_falls_that_chance_hardly_brings_about() -> None:
    epochs = record(VALIDATION).epochs
    assert [(bump.epoch, round(bump.fall, 2)) for bump in bumps(epochs, 1_000)] == [(4, 0.3)]
    small = record([0.700, 0.695, 0.699, 0.690]).epochs
    assert bumps(small, 1_000) == []
    saw = record([0.8 - 0.1 * (n % 2) * n / 20 for n in range(20)]).epochs
    found = bumps(saw, 10_000)
    assert len(found) == 5
    assert [bump.epoch for bump in found] == sorted(bump.epoch for bump in found)
    assert min(bump.fall for bump in found) > 0.05


def test_nothing_is_wrong_with_nothing(qtbot: QtBot) -> None:
    selection = Selection(Recorded())
    selection.step(1)
    selection.show_epoch(3)
    selection.toggle_change("right")
    selection.choose_image(3)
    assert (selection.epoch, selection.image, len(selection.order)) == (0, None, 0)


def test_what_is_compared_with_is_what_is_said_after_a_resume(selection: Selection) -> None:
    selection.show_epoch(2)
    selection.mark(5)
    selection.restart("0badcafe", 3)
    assert selection.reference_epoch == 1
    assert np.flatnonzero(selection.changes.newly_wrong).tolist() == [1]


def test_what_can_be_read_again_is_read(selection: Selection, source: Recorded) -> None:
    source.damaged = {5}
    selection.show_epoch(5)
    assert selection.problem
    source.damaged = set()
    selection.update(record(VALIDATION))
    assert selection.epoch == 5
    assert selection.problem == ""
    assert selection.evaluation is not None


def test_a_class_that_is_gone_filters_nothing(selection: Selection, source: Recorded) -> None:
    two = Evaluation(np.arange(40) % 2, np.eye(2, dtype=np.float32)[np.arange(40) % 2], ("cat", "dog"), 5)
    source.evaluations[5] = two
    selection.filter_classes(3, None)
    selection.show_epoch(5)
    assert selection.filter.is_any
    assert in_sight(selection) == "0 wrong · epoch 5 (kept: 3)"


def test_an_image_of_ones_own_is_looked_at_until_a_test_image_is_chosen(
    selection: Selection, told: Callable[[], list[str]]
) -> None:
    selection.choose_image(3)
    brought = LookedAt(np.zeros((32, 32, 3), np.uint8), "mine.png", words="32 x 32 pixels.")
    told()
    selection.try_image(brought)
    assert told() == ["image_changed"]
    assert selection.looked_at is brought
    assert selection.image is None
    selection.step(-1)
    assert selection.looked_at is brought, "another epoch answers it too"
    told()
    selection.choose_image(3)
    assert told() == ["image_changed"]
    assert selection.looked_at.index == 3
    selection.try_image(brought)
    selection.look_at(None)
    assert selection.looked_at is None
