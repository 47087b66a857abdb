"""When images were learned and forgotten, and what they are sorted by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.evaluation import Evaluation
from workbench.core.inspection.image_histories import Histories
from workbench.core.inspection.image_measures import entropies, losses, margins


def said(epoch: int, right: list[bool], sure: float = 3.0) -> Evaluation:
    """Of two classes: all images are of class 0."""
    logits = np.array([[sure, 0.0] if each else [0.0, sure] for each in right], np.float32)
    return Evaluation(np.zeros(len(right), np.int64), logits, ("a", "b"), epoch)


@given(st.integers(1, 6), st.integers(1, 8), st.randoms(use_true_random=False))
def test_it_agrees_with_going_through_the_epochs_one_by_one(images: int, epochs: int, random) -> None:
    right = [[random.random() < 0.5 for _ in range(images)] for _ in range(epochs)]
    numbers = [3 * (place + 1) for place in range(epochs)]
    histories = Histories.of(said(number, row) for number, row in zip(numbers, right, strict=True))
    assert histories is not None
    for image in range(images):
        course = [row[image] for row in right]
        learned = forgotten = events = 0
        for place in range(epochs):
            if all(course[place:]) and not learned:
                learned = numbers[place]
            if course[place] and not course[-1]:
                forgotten = numbers[place]
            events += place > 0 and course[place - 1] and not course[place]
        assert histories.learned_at[image] == learned
        assert histories.forgotten_after[image] == forgotten
        assert histories.never_learned[image] == (not any(course))
        assert histories.forgetting_events[image] == events


def test_an_epoch_more_takes_the_place_of_what_a_resumed_run_does_again() -> None:
    histories = Histories.of([said(1, [True, False]), said(2, [False, False]), said(3, [True, True])])
    again = histories.with_epoch(said(2, [True, False]))
    assert list(again.epochs) == [1, 2]
    assert list(again.learned_at) == [1, 0]
    assert list(again.with_epoch(said(3, [False, True])).forgotten_after) == [2, 0]


def test_the_history_of_one_image() -> None:
    history = Histories.of([said(2, [False]), said(1, [True])]).image(0)
    assert list(history.epochs) == [1, 2]
    assert history.truth == pytest.approx([0.9526, 0.0474], abs=1e-3)
    assert list(history.predictions) == [0, 1]
    assert history.confidence == pytest.approx([0.9526, 0.9526], abs=1e-3)


def test_epochs_of_other_images_are_left_out_and_no_epoch_is_no_history() -> None:
    assert Histories.of([]) is None
    histories = Histories.of([said(1, [True, True, True]), said(2, [True, False])])
    assert list(histories.epochs) == [2]
    assert list(histories.with_epoch(said(3, [True])).epochs) == [3]


def test_measures_are_what_their_definitions_say() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (50, 4)).astype(np.float32)
    labels = generator.integers(0, 4, 50)
    evaluation = Evaluation(labels, logits, ("a", "b", "c", "d"))
    for image in range(50):
        p = np.exp(logits[image].astype(np.float64))
        p /= p.sum()
        truth, others = p[labels[image]], np.delete(p, labels[image])
        assert losses(evaluation)[image] == pytest.approx(-np.log(truth), rel=1e-5, abs=1e-7)
        assert margins(evaluation)[image] == pytest.approx(truth - others.max(), abs=1e-5)
        assert entropies(evaluation)[image] == pytest.approx(-(p * np.log(p)).sum(), rel=1e-4)
    assert losses(evaluation).mean() == pytest.approx(evaluation.loss, rel=1e-6)


def test_certainty_has_no_entropy_and_an_infinite_loss_is_none() -> None:
    evaluation = Evaluation(np.array([1]), np.array([[0.0, -60_000.0]], np.float32), ("a", "b"))
    assert entropies(evaluation)[0] == 0
    assert losses(evaluation)[0] == 60_000
