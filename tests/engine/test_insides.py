"""What goes on inside a network, against values that are computed from its modules one by one."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.engine.test_lesions import COUNT, KINDS, subject_of
from tests.trained import exhausted
from workbench.core.inspection.insides import BlockSignals, filter_pictures
from workbench.core.network.architecture import Architecture
from workbench.core.network.blocks import Block
from workbench.engine.inspection.insides import look_inside


def root_mean_square(values: torch.Tensor) -> float:
    return float(values.square().mean().sqrt())


def test_signals_and_activations_of_a_basic_network() -> None:
    subject = subject_of("basic", blocks=[1, 1])
    found = exhausted(look_inside(subject))
    network: Any = subject.network
    with torch.inference_mode():
        stem = functional.relu(network.bn1(network.conv1(subject.on_device("test").plain(0, COUNT)[0])))
        first, second = network.layer1[0], network.layer2[0]
        inner = functional.relu(first.bn1(first.conv1(stem)))
        branch = first.bn2(first.conv2(inner))
        out = functional.relu(branch + stem)
        inner2 = functional.relu(second.bn1(second.conv1(out)))
        branch2, around2 = second.bn2(second.conv2(inner2)), second.downsample(out)
        out2 = functional.relu(branch2 + around2)
    assert found.images == COUNT
    assert [each.name for each in found.blocks] == ["layer1.0", "layer2.0"]
    for each, f, way in zip(found.blocks, (branch, branch2), (stem, around2), strict=True):
        assert (each.branch, each.shortcut) == pytest.approx(
            (root_mean_square(f), root_mean_square(way)), rel=1e-5
        )
        assert each.ratio == pytest.approx(root_mean_square(f) / root_mean_square(way), rel=1e-5)
    names = ["stem", "layer1.0 #1", "layer1.0 #2", "layer2.0 #1", "layer2.0 #2"]
    assert [each.name for each in found.activations] == names
    for figures, values in zip(found.activations, (stem, inner, out, inner2, out2), strict=True):
        expected = (values.mean().item(), values.std(correction=0).item(), (values == 0).float().mean().item())
        assert (figures.mean, figures.deviation, figures.zeros) == pytest.approx(expected, rel=1e-4)
    assert np.array_equal(found.filters, network.conv1.weight.numpy())


@pytest.mark.parametrize(("block", "shortcut"), KINDS)
def test_every_kind_of_block_says_how_large_its_two_ways_are(block: Block, shortcut: str) -> None:
    subject = subject_of(block, shortcut=shortcut)
    found = exhausted(look_inside(subject))
    architecture = Architecture.of(subject.config.model)
    blocks = [part for part in architecture.parts if part.role == "block"]
    assert [each.name for each in found.blocks] == [part.name for part in blocks]
    for each, part in zip(found.blocks, blocks, strict=True):
        assert each.branch > 0
        assert np.isnan(each.ratio) == (part.shortcut == "none")
    # As many as the table of layers has.
    assert len(found.activations) == sum(layer.kind == "relu" for layer in architecture.layers)
    assert all(0.02 < figures.zeros < 0.98 for figures in found.activations)


def test_identity_of_a_preactivation_block_is_what_enters_it() -> None:
    subject = subject_of("preact-basic", blocks=[2], widths=[8])
    network: Any = subject.network
    with torch.inference_mode():
        stem = network.conv1(subject.on_device("test").plain(0, COUNT)[0])
        block = network.layer1[0]
        inner = block.conv1(functional.relu(block.bn1(stem)))
        branch = block.conv2(functional.relu(block.bn2(inner)))
    found = exhausted(look_inside(subject))
    assert found.blocks[0] == BlockSignals(
        "layer1.0",
        pytest.approx(root_mean_square(branch), rel=1e-5),
        pytest.approx(root_mean_square(stem), rel=1e-5),
    )
    assert found.activations[-1].name == "head"


def test_filters_are_gray_where_they_are_zero() -> None:
    filters = np.zeros((2, 3, 3, 3), np.float32)
    filters[0, 0, 1, 2], filters[0, 2, 0, 0] = 0.5, -0.25
    pictures = filter_pictures(filters)
    assert pictures.shape == (2, 3, 3, 3)
    assert pictures[0, 1, 2].tolist() == [255, 128, 128]
    assert pictures[0, 0, 0].tolist() == [128, 128, 64]
    assert (pictures[1] == 128).all()
