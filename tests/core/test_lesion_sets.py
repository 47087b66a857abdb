"""Blocks that can be removed, by arithmetic, and what follows from two evaluations."""

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.lesions import Lesioned, is_counterpart, is_plain, scales_of, sites_of
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import Presets


def test_what_a_lesion_leaves_of_each_block() -> None:
    presets = Presets.load()
    residual, plain = (presets.model(name).config for name in ("resnet20", "plain20"))
    assert {site.remainder for site in sites_of(residual)} == {"shortcut"}
    left = {site.name: site.remainder for site in sites_of(plain)}
    assert [name for name, remainder in left.items() if remainder == "stand-in"] == ["layer2.0", "layer3.0"]
    assert left["layer1.0"] == "identity"
    assert [site.stride for site in sites_of(plain)] == [1, 1, 1, 2, 1, 1, 2, 1, 1]
    assert is_plain(plain)
    assert not is_plain(residual)
    assert is_counterpart(plain, residual)
    assert is_counterpart(residual, plain)
    assert not is_counterpart(plain, plain)
    assert not is_counterpart(plain, presets.model("resnet56").config)


def test_blocks_are_named_as_in_the_state_dict() -> None:
    model = ModelConfig(blocks=(1, 3, 1))
    assert scales_of(["layer2.1", "layer1.0=0.25", "layer3.0=1"], model) == {
        "layer2.1": 0.0, "layer1.0": 0.25, "layer3.0": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "layer2.4",
            r"'layer2.4' \(did you mean .*\); it must be one of layer1.0, layer2.0 to layer2.2",
        ),
        ("", "the block is ''; it must be one of"),
        ("layer2.1=", "the scale of block layer2.1 is ''; it must be a number from 0 to 1"),
        ("layer2.1=half", "the scale of block layer2.1 is 'half'"),
        ("layer2.1=1.5", "the scale of block layer2.1 is '1.5'"),
        ("layer2.1=nan", "the scale of block layer2.1 is 'nan'"),
    ],
)
def test_wrong_names_and_scales_say_what_is_allowed(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        scales_of([text], ModelConfig(blocks=(1, 3, 1)))


def test_what_changed_is_told_of_the_whole_test_set() -> None:
    labels = np.array([0, 0, 1, 1, 2])
    names = ("cat", "dog", "frog")

    def said(*predictions: int) -> Evaluation:
        return Evaluation(labels, np.eye(3, dtype=np.float32)[list(predictions)], names)

    found = Lesioned({"layer1.0": 0.0}, said(0, 1, 1, 1, 0), said(2, 1, 2, 2, 0), np.array([10, 20, 30, 40, 50]))
    assert found.flipped.tolist() == [10, 30, 40]
    assert found.class_changes.tolist() == [-0.5, -1.0, 0.0]
    pairs = [(pair.truth, pair.prediction, pair.before, pair.now) for pair in found.most_changed(5)]
    assert pairs == [(1, 2, 0, 2), (0, 2, 0, 1)]
