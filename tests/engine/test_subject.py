"""Opening a run's network after one of its epochs, to look at it."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch

from tests.trained import exhausted, opened, record_run
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.subject import Subjects
from workbench.engine.weights import epoch_weights


@pytest.fixture
def store(home: Home) -> Iterator[RunStore]:
    with closing(RunStore(home)) as store:
        yield store


def test_each_epoch_says_what_it_said_then(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3, "training.precision": "fp32"}))
    subjects = Subjects()
    for epoch in (1, 2, 3):
        subject = exhausted(subjects.open(run_id, store, epoch))
        recorded = store.evaluation(run_id, epoch)
        assert subject.epoch == epoch
        assert np.abs(exhausted(subject.evaluate("test")).probabilities - recorded.probabilities).max() < 2e-3
        held_out = store.validation(run_id, epoch)
        assert (
            np.abs(exhausted(subject.evaluate("validation")).probabilities - held_out.probabilities).max() < 2e-3
        )
        assert subject.logits_of(subject.images("test").images[:3]).shape == (3, len(subject.class_names))


def test_the_kept_epoch_is_opened_unless_another_is_asked_for(
    home: Home, store: RunStore, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3}))
    assert opened(home, run_id).epoch == store.run(run_id).best.epoch


def test_the_last_subject_is_kept(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    subjects = Subjects()
    first = exhausted(subjects.open(run_id, store, 1))
    assert exhausted(subjects.open(run_id, store, 1)) is first
    assert exhausted(subjects.open(run_id, store, 2)) is not first


def test_an_epoch_without_weights_names_the_nearest(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3, "training.epoch_weights_mb": 0}))
    assert not store.weights_by_epoch(run_id)
    kept = store.run(run_id).best.epoch
    other = 1 if kept != 1 else 2
    with pytest.raises(UserError, match=f"no weights of epoch {other} .* are kept; .* epoch {kept} "):
        opened(home, run_id, other)
    with pytest.raises(UserError, match=r"epoch is 7; .* the epochs 1 to 3"):
        opened(home, run_id, 7)


def test_damaged_weights_are_refused(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    path = store.weights_by_epoch(run_id)[1]
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged: their SHA-256"):
        opened(home, run_id, 1)
    opened(home, run_id, 2)


@pytest.mark.parametrize(
    ("planned", "places", "kept"),
    [
        (5, 10, [1, 2, 3, 4, 5]),
        (6, 3, [2, 4, 6]),
        (7, 3, [1, 4, 7]),
        (5, 1, [5]),
    ],
)
def test_epochs_are_kept_evenly_and_always_the_newest(planned: int, places: int, kept: list[int]) -> None:
    there: set[int] = set()
    for epoch in range(1, planned + 1):
        there = set(epoch_weights.chosen({*there, epoch}, planned, places))
        assert epoch in there
        assert len(there) <= places
    assert sorted(there) == kept


def test_a_run_that_is_trained_longer_keeps_to_its_room() -> None:
    there: set[int] = set()
    for planned in (10, 37):
        for epoch in range(max(there, default=0) + 1, planned + 1):
            there = set(epoch_weights.chosen({*there, epoch}, planned, 5))
            assert len(there) <= 5
    gaps = np.diff([0, *sorted(there)])
    assert gaps.max() <= 3 * gaps.min()


def test_the_network_can_be_built_with_other_weights(home: Home, tiny_config: RunConfig) -> None:
    subject = opened(home, record_run(home, tiny_config))
    zeros = {name: torch.zeros_like(tensor) for name, tensor in subject.weights.items()}
    assert not subject.build(zeros).fc.weight.any()
    assert subject.network.fc.weight.any()
