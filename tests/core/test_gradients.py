"""Whose gradients are measured, and what is said of them: names, stages, how the first compares with the last."""

import math

import numpy as np
import pytest

from workbench.core.gradients import WeightedLayers, comparison, multiple
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import Presets

SMALL = ModelConfig(blocks=(1, 1), widths=(8, 16), shortcut="B", se_reduction=4)


def test_layers_are_named_in_the_order_of_computation() -> None:
    layers = WeightedLayers.of(SMALL)
    block = ["conv1", "conv2", "se.fc1", "se.fc2"]
    second = [f"layer2.0.{name}" for name in [*block, "downsample.0"]]
    assert layers.names == ("conv1", *(f"layer1.0.{name}" for name in block), *second, "fc")
    assert layers.groups == (0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3)
    assert layers.stages == 2


def test_plain_and_residual_networks_have_the_same_layers() -> None:
    presets = Presets.load()
    plain, residual = (WeightedLayers.of(presets.model(name).config) for name in ("plain56", "resnet56"))
    assert plain == residual
    assert len(plain.names) == 56


def test_a_group_has_the_norm_of_all_its_weights_together() -> None:
    layers = WeightedLayers.of(SMALL)
    weights = [np.full(index + 1, 0.5 * index) for index in range(len(layers.names))]
    norms = np.array([np.linalg.norm(each) for each in weights], np.float32)
    together = [
        np.linalg.norm(np.concatenate([w for w, at in zip(weights, layers.groups, strict=True) if at == group]))
        for group in range(4)
    ]
    np.testing.assert_allclose(layers.group_norms(norms), together, rtol=1e-6)
    np.testing.assert_allclose(layers.group_norms(np.stack([norms, 2 * norms]))[1], 2 * np.array(together), 1e-6)


def test_a_frozen_stage_has_no_norm_and_takes_nothing_from_the_others() -> None:
    layers = WeightedLayers.of(SMALL)
    norms = np.ones(len(layers.names), np.float32)
    norms[:5] = np.nan
    norms[5] = np.nan
    stem, first, second, head = layers.group_norms(norms)
    assert math.isnan(stem)
    assert math.isnan(first)
    assert (second, head) == (2, 1)
    assert math.isnan(layers.first_to_last(layers.group_norms(norms)))


def test_the_first_stage_is_compared_with_the_last() -> None:
    layers = WeightedLayers.of(SMALL)
    assert layers.first_to_last(np.array([9.0, 0.5, 2.0, 7.0])) == 0.25
    assert math.isnan(layers.first_to_last(np.array([9.0, 0.5, 0.0, 7.0])))
    alone = WeightedLayers.of(ModelConfig(blocks=(2,), widths=(8,)))
    assert math.isnan(alone.first_to_last(np.array([1.0, 2.0, 3.0])))


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.00812, "0.81\u202f% of"), (0.999, "100\u202f% of"), (0.25, "25\u202f% of"), (3e-9, "3e-7\u202f% of"),
        (1.0, "1 times"), (3.21, "3.2 times"), (123.4, "123 times"), (math.nan, ""), (math.inf, ""),
    ],
)  # fmt: skip
def test_a_comparison_can_be_read_at_once(ratio: float, words: str) -> None:
    assert comparison(ratio) == words
    assert multiple(ratio) == words.removesuffix(" of")
