"""The table by arithmetic: published parameter counts, shapes, receptive fields."""

import pytest

from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import Presets

PRESETS = Presets.load()


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        ("resnet20", 10, 269_722),
        ("resnet20-b", 10, 272_474),
        ("plain20", 10, 269_722),
        ("resnet1202", 10, 19_421_274),
        ("wrn-28-10", 10, 36_479_194),
        ("preact-resnet164", 10, 1_703_258),
        ("resnext29-8x64d", 10, 34_426_698),
        ("resnet18", 10, 11_173_962),
        ("resnet50", 10, 23_520_842),
        ("resnet9-page", 10, 6_573_120),
        ("resnet18-imagenet", 1000, 11_689_512),
        ("resnet34-imagenet", 1000, 21_797_672),
        ("resnet50-imagenet", 1000, 25_557_032),
        ("resnet101-imagenet", 1000, 44_549_160),
        ("resnet152-imagenet", 1000, 60_192_808),
        ("resnext50-32x4d-imagenet", 1000, 25_028_904),
        ("resnext101-32x8d-imagenet", 1000, 88_791_336),
        ("wide-resnet50-2-imagenet", 1000, 68_883_240),
        ("wide-resnet101-2-imagenet", 1000, 126_886_696),
    ],
)
def test_parameters_are_the_published_ones(name: str, classes: int, parameters: int) -> None:
    config = PRESETS.model(name).config.model_copy(update={"num_classes": classes})
    assert Architecture.of(config).parameters == parameters


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("resnet8", 8),
        ("resnet110", 110),
        ("resnet50", 50),
        ("resnet1202", 1202),
        ("preact-resnet164", 164),
        ("inverted29", 29),
        ("resnet9-page", 9),
    ],
)
def test_depth_is_the_name(name: str, depth: int) -> None:
    assert Architecture.of(PRESETS.model(name).config).depth == depth


def test_macs_at_224_are_the_published_ones() -> None:
    config = PRESETS.model("resnet50-imagenet").config.model_copy(update={"num_classes": 1000, "input_size": 224})
    assert Architecture.of(config).macs == pytest.approx(4.09e9, rel=0.002)


def test_shapes_of_resnet20() -> None:
    shapes = {layer.name: layer.output_shape for layer in Architecture.of(PRESETS.model("resnet20").config).layers}
    assert shapes["conv1"] == (16, 32, 32)
    assert shapes["layer2.0.conv1"] == (32, 16, 16)
    assert shapes["layer3.2.conv2"] == (64, 8, 8)
    assert shapes["fc"] == (10, 1, 1)


def test_receptive_field_grows_by_the_stride() -> None:
    fields = {
        row.name: row.receptive_field for row in Architecture.of(ModelConfig(blocks=(1, 1), widths=(8, 8))).layers
    }
    assert fields["conv1"] == 3
    assert fields["layer1.0.conv2"] == 7
    assert fields["layer2.0.conv1"] == 9
    # After the stride of 2, each further 3x3 sees 4 pixels more.
    assert fields["layer2.0.conv2"] == 13


def test_an_imagenet_stem_on_small_images_is_warned_of() -> None:
    (warning,) = Architecture.of(PRESETS.model("resnet18-imagenet").config).warnings
    assert "8 x 8" in warning
    assert "94%" in warning
    assert Architecture.of(PRESETS.model("resnet18").config).warnings == ()


def test_parts_are_stem_blocks_and_head() -> None:
    table = Architecture.of(PRESETS.model("preact-resnet18").config)
    assert [part.role for part in table.parts] == ["stem", *["block"] * 8, "head"]
    assert sum(part.parameters for part in table.parts) == table.parameters
    assert [layer.name for layer in table.parts[-1].layers] == ["bn1", "relu", "avgpool", "fc"]
    assert table.parts[3].name == "layer2.0"
    assert [part.shortcut for part in table.parts[1:5]] == ["identity", "identity", "projection", "identity"]
    assert Architecture.of(PRESETS.model("resnet20").config).parts[4].shortcut == "zero-pad"
    assert {part.shortcut for part in Architecture.of(PRESETS.model("plain20").config).parts} == {"none"}


def test_shortcuts_of_the_identity_alone_leave_out_blocks_that_change_shapes() -> None:
    inverted = Architecture.of(PRESETS.model("inverted29").config)
    ways = [part.shortcut for part in inverted.parts if part.role == "block"]
    assert ways == ["identity", "identity", "identity", *["none", "identity", "identity"] * 2]
    page = Architecture.of(PRESETS.model("resnet9-page").config)
    assert [part.shortcut for part in page.parts] == ["none", "identity", "none", "identity", "none"]
    assert [(part.stage, part.number) for part in inverted.parts[3:6]] == [(1, 3), (2, 1), (2, 2)]


def test_parts_of_pages_network() -> None:
    rows = {layer.name: layer for layer in Architecture.of(PRESETS.model("resnet9-page").config).layers}
    assert rows["layer1.0.pool"].output_shape == (128, 16, 16)
    assert "layer2.0.conv2" not in rows
    assert rows["globalpool"].kind == "max-pool"
    assert rows["fc"].parameters == 5120
    assert (rows["scale"].kind, rows["scale"].detail) == ("scale", "times 0.125")


def test_rows_tell_groups_and_shortcuts() -> None:
    rows = {
        layer.name: layer for layer in Architecture.of(ModelConfig(block="separable", widths=(4, 8, 8))).layers
    }
    assert (rows["layer2.0.depth1"].groups, rows["layer2.0.point1"].groups) == (4, 1)
    assert {name for name, row in rows.items() if row.is_shortcut} == {
        f"layer{stage}.0.downsample.{index}" for stage in (2, 3) for index in (0, 1)
    }


def test_widths_of_three_block_and_conv8() -> None:
    channels = [
        [
            layer.output_shape[0]
            for layer in Architecture.of(PRESETS.model(name).config).layers
            if layer.kind == "conv" and not layer.is_shortcut
        ]
        for name in ("conv8", "three-block")
    ]
    assert channels[0] == [16, 16, 32, 32, 64, 64, 128, 128]
    assert channels[1] == [16, 16, 16, 32, 32, 32, 64, 64, 64, 128]
    assert PRESETS.model("conv8").recipe in PRESETS.recipes


def test_without_norms_convolutions_have_a_bias_and_nothing_else_is_counted() -> None:
    config = PRESETS.model("conv8-bare").config
    table = Architecture.of(config)
    *layers, head = (part.parameters for part in table.parts)
    assert sum(layers) == 293_520
    assert head == 128 * 10 + 10
    assert {layer.kind for layer in table.layers} == {"conv", "relu", "average-pool", "linear"}
    assert {layer.output_shape[1:] for layer in table.layers if layer.kind == "conv"} == {(32, 32)}
    linear = Architecture.of(config.model_copy(update={"activation": "none"}))
    assert {layer.kind for layer in linear.layers} == {"conv", "average-pool", "linear"}
    assert linear.parameters == table.parameters


def test_a_stem_without_activation_lacks_that_row_alone() -> None:
    names = [
        [layer.name for layer in Architecture.of(ModelConfig(stem_activation=flag)).layers]
        for flag in (True, False)
    ]
    assert names[0][:4] == ["conv1", "bn1", "relu", "layer1.0.conv1"]
    assert names[1] == [*names[0][:2], *names[0][3:]]
