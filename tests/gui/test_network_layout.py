"""Geometry and words of the drawn network, without a window."""

import math
from itertools import pairwise

import pytest

from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import Presets
from workbench.gui.network.network_difference import changes, differing_parts
from workbench.gui.network.network_figures import about, difference
from workbench.gui.network.network_layout import MIN_HEIGHT, Box, Drawing, groups_of, lay_out

PRESETS = Presets.load()


def network(name: str) -> Architecture:
    return Architecture.of(PRESETS.model(name).config)


def drawing_of(name: str, width: float = 800, height: float = 160) -> Drawing:
    return lay_out([groups_of(network(name))], width, height, {})[0]


def box(drawing: Drawing, name: str) -> Box:
    found = drawing.box_of(name)
    assert found is not None
    return found


def test_heights_are_maps_to_scale_and_breadths_follow_the_root_of_the_channels() -> None:
    drawing = drawing_of("resnet18")
    first, last = box(drawing, "layer1.0"), box(drawing, "layer4.0")
    assert drawing.columns[0].boxes[0].height == pytest.approx(160)
    assert first.height == pytest.approx(160)
    assert last.height == pytest.approx(160 * 4 / 32)
    assert last.breadth / first.breadth == pytest.approx(math.sqrt(512 / 64))
    assert box(drawing, "head").height == max(MIN_HEIGHT, 160 / 32)


@pytest.mark.parametrize("width", [300, 520, 1100])
def test_boxes_stand_apart_in_their_order_and_within_the_room(width: float) -> None:
    for name in ("resnet8", "resnet50", "resnet1202", "wrn-28-10", "conv8"):
        boxes = drawing_of(name, width).boxes
        assert all(left.right < right.left for left, right in pairwise(boxes)), name
        assert boxes[0].left >= 0
        assert boxes[-1].right <= width + 1


def test_many_blocks_are_folded_between_the_first_and_the_last_ones() -> None:
    drawing = drawing_of("resnet1202", 520)
    stages = [column for column in drawing.columns if column.key[0] == "stage"]
    for number, stage in enumerate(stages, start=1):
        assert stage.blocks == 200
        assert [b.is_folded for b in stage.boxes].count(True) == 1
        assert sum(len(b.parts) for b in stage.boxes) == 200
        assert not stage.boxes[0].is_folded
        assert not stage.boxes[-1].is_folded
        assert box(drawing, f"layer{number}.100").is_folded
    for name in ("resnet20", "wrn-28-10"):
        assert not any(b.is_folded for b in drawing_of(name, 512).boxes), name


def test_a_broader_room_shows_more_blocks() -> None:
    assert len(drawing_of("resnet110", 1300).boxes) > len(drawing_of("resnet110", 500).boxes)


def test_compared_networks_share_scale_and_columns() -> None:
    small, large = lay_out([groups_of(network("resnet20")), groups_of(network("resnet50"))], 900, 100, {})
    assert small.scale == large.scale
    left = {column.key: column.left for column in large.columns}
    assert all(column.left == left[column.key] for column in small.columns)
    assert ("stage", 4) not in {column.key for column in small.columns}


def test_more_blocks_differ_only_where_the_other_has_none() -> None:
    deeper = Architecture.of(ModelConfig(blocks=(2, 1, 1)))
    assert differing_parts(deeper, Architecture.of(ModelConfig())) == {"layer1.1"}
    grouped = Architecture.of(ModelConfig(norm="group"))
    assert "layer3.0" in differing_parts(grouped, Architecture.of(ModelConfig()))


def test_changes_are_told_in_words() -> None:
    base = ModelConfig()
    assert changes(base, base) == []
    assert changes(base, ModelConfig(widths=(16, 64, 64), shortcut="A")) == [
        "shortcut: B → A",
        "width of stage 2: 32 → 64",
    ]
    assert changes(base, ModelConfig(blocks=(1, 1, 1, 2), widths=(16, 32, 64, 128))) == [
        "stages: 3 → 4",
        "stage 4: none → 2 × 128 channels",
    ]
    assert changes(base, ModelConfig(strides=(2, 2, 2), se_reduction=16, zero_init_last=True, dropout=0.3)) == [
        "stride of stage 1: 1 → 2",
        "squeeze-and-excitation: none → 1/16",
        "dropout: none → 0.3",
        "blocks begin as identity: no → yes",
    ]
    page = PRESETS.model("resnet9-page").config
    assert changes(page, page.model_copy(update={"residuals": (), "head_bias": True, "logit_scale": 1.0})) == [
        "residual of stage 2: no → yes",
        "bias in the last layer: no → yes",
        "logit scale: 0.125 → 1",
    ]
    assert changes(ModelConfig(stem_width=8, dropout=0.1), base) == [
        "width of the stem: 8 → as stage 1",
        "dropout: 0.1 → none",
    ]


def test_figures_are_written_for_people() -> None:
    told = [about(s) for s in (None, 0.3, 12.4, 119, 300, 9000)]
    assert told == ["–", "under 1 s", "about 12 s", "about 119 s", "about 5 min", "about 2.5 h"]
    assert difference(5, 5, str) == "the same"
    assert difference(5, 0, str) == "+5"
    assert difference(1_000_001, 1_000_000, str) == "+1"
    assert difference(150, 100, str) == "+50 (+50.0\u202f%)"
