"""What can be asked about an answer: layers, classes, and the sentences where there are none."""

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.inspection.explanations import (
    Explanation,
    Question,
    explained_layers,
    layer_of,
    parse_side,
    sides_of,
)
from workbench.core.inspection.feature_maps import FeatureMaps
from workbench.core.inspection.heat_colors import blended, heat
from workbench.core.network.model_config import ModelConfig

MODEL = ModelConfig(blocks=(2, 3), widths=(8, 16))
NAMES = ("cat", "dog", "Difference")
LOGITS = np.array([1.0, 3.0, 2.0], np.float32)


def test_layers_are_called_as_in_the_table() -> None:
    assert explained_layers(MODEL) == ("stem", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer2.2")
    assert layer_of("", MODEL) == "layer2.2"
    assert layer_of("layer1", MODEL) == "layer1.1"
    assert layer_of("stem", MODEL) == "stem"


def test_a_layer_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UserError, match=r"layer is 'layer3\.0'; this network has stem, layer1\.0, .*did you mean"):
        layer_of("layer3.0", MODEL)
    deep = ModelConfig(blocks=(18, 18, 18), widths=(8, 8, 8))
    with pytest.raises(UserError) as refused:
        layer_of("relu", deep)
    assert len(str(refused.value)) < 120


def test_sides_are_of_the_image() -> None:
    assert sides_of(Question(), LOGITS, 0) == (1, None)
    assert sides_of(Question(target="truth"), LOGITS, 0) == (0, None)
    assert sides_of(Question(against="rival"), LOGITS, 0) == (1, 0)
    # A right answer, and one whose truth is not known, have the second most probable class as their rival.
    assert sides_of(Question(against="rival"), LOGITS, 1) == (1, 2)
    assert sides_of(Question(against="rival"), LOGITS, None) == (1, 2)
    assert sides_of(Question(target=0, against=2), LOGITS, None) == (0, 2)
    # Nothing speaks for a class rather than for itself.
    assert sides_of(Question(target="truth", against="prediction"), LOGITS, 1) == (1, None)


def test_a_truth_that_is_not_known_is_refused() -> None:
    with pytest.raises(UserError, match="target is 'truth', which is not known"):
        sides_of(Question(target="truth"), LOGITS, None)
    with pytest.raises(UserError, match="not known"):
        sides_of(Question(against="truth"), LOGITS, None)


def test_a_class_is_found_by_its_name() -> None:
    assert parse_side("dog", NAMES) == 1
    assert parse_side("DOG", NAMES) == 1
    assert parse_side("truth", NAMES) == "truth"
    assert parse_side("Difference", NAMES) == 2
    with pytest.raises(UserError, match=r"target is 'dgo'; allowed are prediction, .*: cat, dog.*mean 'dog'"):
        parse_side("dgo", NAMES)
    with pytest.raises(UserError, match="against is 'bird'; allowed are prediction, truth, and a class"):
        parse_side("bird", NAMES, "against")


def test_colors_are_warm_above_zero_and_cool_below() -> None:
    colors = heat(np.array([[-2.0, 0.0, 2.0, 1.0]], np.float32), 2.0).astype(int)[0]
    assert colors[0][2] > colors[0][0]
    assert colors[2][0] > colors[2][2]
    assert list(colors[:, 3]) == [255, 0, 255, 255]
    # Weak ones are lighter.
    assert colors[3].sum() > colors[2].sum()
    assert not heat(np.zeros((2, 2), np.float32), 0.0)[..., 3].any()


def test_nothing_is_laid_over_an_image_at_opacity_zero() -> None:
    pixels = np.full((1, 2, 3), 100, np.uint8)
    colors = heat(np.array([[1.0, -1.0]], np.float32), 1.0)
    assert np.array_equal(blended(pixels, colors, 0.0), pixels)
    assert np.array_equal(blended(pixels, colors, 1.0), colors[..., :3])


def explanation(values: np.ndarray) -> Explanation:
    return Explanation(values.astype(np.float32), "occlusion", "", 0, 1, 0, LOGITS, NAMES, 3)


def test_single_pixels_do_not_leave_all_others_pale() -> None:
    values = np.full((20, 20), -2.0)
    values[0, 0] = 50
    assert explanation(values).scale_end == 2
    only_one = np.zeros((20, 20))
    only_one[0, 0] = 50
    assert explanation(only_one).scale_end == 50
    assert explanation(np.zeros((20, 20))).scale_end == 0


def test_the_answer_is_that_of_the_logits() -> None:
    found = explanation(np.zeros((2, 2)))
    assert found.prediction == 1
    assert found.probabilities == pytest.approx(np.exp(LOGITS) / np.exp(LOGITS).sum())
    assert found.target_words == "cat minus dog"


def test_channels_as_pictures() -> None:
    maps = np.zeros((3, 1, 2), np.float32)
    maps[:, 0] = [[0, 1], [-4, 4], [2, 2]]
    found = FeatureMaps(maps, "layer1.0", 3)
    assert found.order(by_mean=True).tolist() == [2, 0, 1]
    assert found.order(by_mean=False).tolist() == [0, 1, 2]
    assert [found.shares(channel, alike=False).tolist() for channel in range(3)] == [[[0, 1]], [[0, 1]], [[0, 0]]]
    assert found.shares(0, alike=True).tolist() == [[0.5, 0.625]]
