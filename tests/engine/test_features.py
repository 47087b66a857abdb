"""What networks make of images before their last layer."""

from contextlib import closing

import numpy as np
import pytest
import torch

from tests.trained import exhausted, opened, record_run
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.features import features, features_at, features_of, remembered
from workbench.engine.inspection.memory import Memory
from workbench.engine.inspection.subject import Subject, Subjects

KINDS = {
    "basic": {},
    "plain": {"model.shortcut": "none"},
    "bottleneck": {"model.block": "bottleneck"},
    "preactivation": {"model.block": "preact-basic"},
    "maximum, scaled, without bias": {
        "model.head_pooling": "max", "model.logit_scale": 0.125, "model.head_bias": False,
    },
}  # fmt: skip


@pytest.fixture
def subject(home: Home, tiny_config: RunConfig) -> Subject:
    return opened(home, record_run(home, tiny_config.with_values({"training.epochs": 1})))


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_layer_makes_logits_of_them(home: Home, tiny_config: RunConfig, kind: str) -> None:
    subject = opened(home, record_run(home, tiny_config.with_values({"training.epochs": 1, **KINDS[kind]})))
    for part in ("test", "validation", "training"):
        found = exhausted(features(subject, part))
        evaluation = exhausted(subject.evaluate(part))
        assert found.vectors.dtype == np.float32
        said = subject.network.fc(torch.from_numpy(found.vectors)).numpy() * subject.config.model.logit_scale
        np.testing.assert_allclose(said, found.logits, atol=1e-5)
        np.testing.assert_allclose(found.logits, evaluation.logits, atol=1e-4)
        np.testing.assert_array_equal(found.labels, subject.images(part).labels[subject.indices(part)])
        np.testing.assert_array_equal(found.predictions, evaluation.predictions)
        np.testing.assert_allclose(found.norms, np.linalg.norm(found.vectors, axis=1), rtol=1e-5)


def test_of_some_images_and_of_brought_ones(subject: Subject) -> None:
    found = exhausted(features(subject, "test"))
    chosen = np.array([7, 2, 30])
    some = exhausted(features_at(subject, "test", chosen))
    np.testing.assert_allclose(some.vectors, found.vectors[chosen], atol=1e-4)
    np.testing.assert_array_equal(some.labels, found.at(chosen).labels)
    brought = features_of(subject, subject.images("test").images[chosen])
    np.testing.assert_allclose(brought, found.vectors[chosen], atol=1e-4)
    assert exhausted(features_at(subject, "test", chosen[:0])).vectors.shape == (0, found.vectors.shape[1])


def test_nothing_stays_in_the_network(subject: Subject) -> None:
    exhausted(features(subject, "test"))
    assert not subject.folded.fc._forward_pre_hooks
    assert not subject.network.fc._forward_pre_hooks


def test_epochs_that_were_seen_are_remembered(home: Home, tiny_config: RunConfig) -> None:
    run_id, subjects = record_run(home, tiny_config.with_values({"training.epochs": 2})), Subjects()
    with closing(RunStore.for_reading(home)) as store:
        first = exhausted(features(exhausted(subjects.open(run_id, store, 1)), "test"))
        second = exhausted(features(exhausted(subjects.open(run_id, store, 2)), "test"))
        assert not np.array_equal(first.vectors, second.vectors)
        again = exhausted(subjects.open(run_id, store, 1))
        assert remembered(again, "test") is first
        assert exhausted(features(again, "test")) is first
        assert remembered(again, "training") is None


def test_the_memory_keeps_what_was_used_last() -> None:
    memory, array = Memory(budget_bytes=250), np.zeros(100, np.uint8)
    memory.put("a", array)
    memory.put("b", array)
    assert memory.get("a", np.ndarray) is array
    memory.put("c", array)
    assert memory.get("b", np.ndarray) is None
    assert memory.get("a", np.ndarray) is array
    assert memory.get("a", Memory) is None  # type: ignore[type-var]  # what a wrong key would find
    large = np.zeros(1000, np.uint8)
    memory.put("d", large)
    assert memory.get("d", np.ndarray) is large
    assert memory.get("c", np.ndarray) is None
