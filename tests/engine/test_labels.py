"""Doubtful labels: planted ones are found, as cleanlab itself says, by a network that was not trained on them."""

import multiprocessing
import os
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from tests.trained import exhausted, opened, record_run
from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection import labels

CLASSES = ("cat", "dog", "frog", "ship", "truck")


@pytest.fixture
def store(home: Home) -> Iterator[RunStore]:
    with closing(RunStore(home)) as store:
        yield store


def planted(images: int = 2000, share: float = 0.05) -> tuple[Evaluation, np.ndarray]:
    """A good network's answers to images of which a share has a label of another class; and which these are."""
    random = np.random.default_rng(0)
    truth = random.integers(0, len(CLASSES), images)
    logits = random.normal(size=(images, len(CLASSES)))
    logits[np.arange(images), truth] += 5
    is_wrong = random.random(images) < share
    given = np.where(is_wrong, (truth + random.integers(1, len(CLASSES), images)) % len(CLASSES), truth)
    return Evaluation(given, logits.astype(np.float32), CLASSES, 3), is_wrong


def test_planted_labels_are_found_the_least_believable_first() -> None:
    evaluation, is_wrong = planted()
    rows, quality = labels.doubt(evaluation)
    found = np.isin(np.arange(len(is_wrong)), rows)
    assert found[is_wrong].mean() > 0.9
    assert is_wrong[rows].mean() > 0.8
    assert (np.diff(quality[rows]) >= 0).all()
    assert len(set(quality[rows].tolist())) == len(rows)
    assert is_wrong[rows[:40]].all()
    probabilities = evaluation.probabilities[np.arange(len(quality)), evaluation.labels]
    assert np.abs(quality - probabilities).max() < 1e-5


def test_it_says_what_cleanlab_says() -> None:
    from cleanlab.filter import find_label_issues

    evaluation, _ = planted()
    rows, _ = labels.doubt(evaluation)
    exact = evaluation.logits.astype(np.float64)
    probabilities = np.exp(exact) / np.exp(exact).sum(axis=1, keepdims=True)
    theirs = find_label_issues(
        evaluation.labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    assert rows.tolist() == theirs.tolist()


def test_what_is_suggested_is_what_the_network_says() -> None:
    evaluation, _ = planted()
    images = ImageSet(np.zeros((5000, 4, 4, 3), np.uint8), np.zeros(5000, np.int64), ("",) * 5000)
    found = exhausted(labels.among("validation", evaluation, np.arange(2000) * 2, images))
    assert (found.indices == found.rows * 2).all()
    assert (found.given == evaluation.labels[found.rows]).all()
    assert (found.suggested == evaluation.logits[found.rows].argmax(axis=1)).all()
    assert (found.given != found.suggested).all()
    assert found.flags.sum() == len(found)
    # All of them are mistakes: without them, accuracy can only be higher.
    assert evaluation.accuracy_of(~found.flags) > evaluation.accuracy
    assert evaluation.accuracy_of(found.flags) == 0


def test_no_process_is_started_and_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a process was forked")

    monkeypatch.setattr(os, "fork", refuse)
    monkeypatch.setattr(multiprocessing, "Pool", refuse)
    # 400 classes of which some have few images, of which cleanlab warns.
    random = np.random.default_rng(0)
    given = random.integers(0, 400, 900)
    logits = random.normal(size=(900, 400)).astype(np.float32)
    names = tuple(f"class {number}" for number in range(400))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        labels.doubt(Evaluation(given, logits, names))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("images", [0, 1, 3])
def test_few_images_of_one_class_are_no_reason_to_stop(images: int) -> None:
    evaluation = Evaluation(np.zeros(images, np.int64), np.ones((images, 2), np.float32), ("cat", "dog"))
    rows, quality = labels.doubt(evaluation)
    assert (len(rows), len(quality)) == (0, images)


def test_recorded_answers_are_taken_and_others_asked_for(
    home: Home, store: RunStore, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    subject = opened(home, run_id)
    for part in ("test", "validation"):
        recorded = (store.evaluation if part == "test" else store.validation)(run_id, subject.epoch)
        assert recorded is not None
        found = exhausted(labels.find(subject, store, part))
        assert (found.evaluation.logits == recorded.logits).all()
        assert (found.images.labels[found.numbers] == recorded.labels).all()
    for path in (store.folder(run_id) / "evaluations").glob("validation-*"):
        path.unlink()
    again = exhausted(labels.find(subject, store, "validation"))
    assert np.abs(again.evaluation.probabilities - found.evaluation.probabilities).max() < 2e-3
    assert again.numbers.tolist() == subject.indices("validation").tolist()


def test_without_a_split_there_are_no_validation_labels(
    home: Home, store: RunStore, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config.with_values({"data.validation_fraction": 0.0}))
    with pytest.raises(UserError, match=r"data\.validation_fraction of this run is 0"):
        exhausted(labels.find(opened(home, run_id), store, "validation"))


def test_answers_to_other_images_are_not_taken(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config)
    subject = opened(home, run_id)
    recorded = store.validation(run_id, subject.epoch)
    replace(recorded, labels=np.roll(recorded.labels, 1)).save(
        store.folder(run_id) / "evaluations" / f"validation-{subject.epoch:05d}.npz"
    )
    found = exhausted(labels.find(subject, store, "validation"))
    assert (found.evaluation.labels == recorded.labels).all()
