"""The training images that are most like an image."""

import numpy as np
import pytest

from tests.trained import exhausted, opened, record_run
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.features import Features, features
from workbench.engine.inspection.neighbors import nearest, similarities
from workbench.engine.inspection.subject import Subject


@pytest.fixture
def subject(home: Home, tiny_config: RunConfig) -> Subject:
    return opened(home, record_run(home, tiny_config.with_values({"training.epochs": 1})))


def test_they_are_those_of_the_largest_cosines(subject: Subject) -> None:
    training, tested = exhausted(features(subject, "training")), exhausted(features(subject, "test"))
    images = subject.images("training")
    for index in (0, 20, 35):
        found = exhausted(nearest(subject, subject.images("test").images[index], count=5))
        vector = tested.vectors[index]
        cosines = [each @ vector / np.linalg.norm(each) / np.linalg.norm(vector) for each in training.vectors]
        best = sorted(range(len(cosines)), key=lambda row: -cosines[row])[:5]
        assert [each.rank for each in found.nearest] == [1, 2, 3, 4, 5]
        np.testing.assert_allclose(
            [each.similarity for each in found.nearest], [cosines[row] for row in best], atol=1e-4
        )
        for each in found.nearest:
            assert each.index in training.indices
            assert each.label == images.labels[each.index]
            assert each.name == images.names[each.index]
            np.testing.assert_array_equal(each.pixels, images.images[each.index])
        assert found.prediction == tested.predictions[index]
        assert found.images == len(training)
        assert found.of_truth == ()


def test_an_image_that_was_trained_on_is_its_own_nearest(subject: Subject) -> None:
    at = int(subject.indices("training")[7])
    found = exhausted(nearest(subject, subject.images("training").images[at]))
    assert found.nearest[0].index == at
    assert found.nearest[0].similarity == pytest.approx(1, abs=1e-4)
    assert len(found.nearest) == 12
    assert sum(count for _, count in found.counts) == 12


def test_of_a_wrong_one_the_nearest_of_its_truth_come_too(subject: Subject) -> None:
    pixels = subject.images("test").images[0]
    said = int(subject.logits_of(pixels[None])[0].argmax())
    right = exhausted(nearest(subject, pixels, said))
    assert right.of_truth == ()
    truth = (said + 1) % 3
    wrong = exhausted(nearest(subject, pixels, truth))
    assert [each.label for each in wrong.of_truth] == [truth] * 3
    everything = exhausted(nearest(subject, pixels, truth, count=96))
    assert len(everything.nearest) == 96
    for each in wrong.of_truth:
        assert everything.nearest[each.rank - 1].index == each.index
    assert everything.counts == sorted(everything.counts, key=lambda item: -item[1])


def test_features_of_no_length_are_like_nothing() -> None:
    vectors = np.array([[3, 4], [0, 0], [-3, -4], [4, -3]], np.float32)
    some = np.zeros(4, np.int64)
    training = Features(vectors, vectors, some, some)
    np.testing.assert_allclose(similarities(training, np.array([6, 8], np.float32)), [1, 0, -1, 0])
    np.testing.assert_array_equal(similarities(training, np.zeros(2, np.float32)), [0, 0, 0, 0])
