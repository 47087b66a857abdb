"""The real network against torchvision and against the arithmetic table."""

from typing import Any

import pytest
import torch
import torchvision
from hypothesis import given, settings
from torch import Tensor, nn

from tests.model_trees import allowed, model_trees
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import Presets
from workbench.engine.network import resnet
from workbench.engine.network.blocks import parts
from workbench.engine.network.blocks.block import Block

PRESETS = Presets.load()


IMAGENET = [name for name in PRESETS.models if name.endswith("-imagenet")]


@pytest.mark.parametrize("name", IMAGENET)
def test_torchvisions_weights_load_strictly_and_give_the_same_logits(name: str) -> None:
    torch.manual_seed(0)
    theirs = name.removesuffix("-imagenet").replace("-", "_")
    reference = getattr(torchvision.models, theirs)(num_classes=10).eval()
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    ours = resnet.build(PRESETS.model(name).config, seed=1).eval()
    ours.load_state_dict(reference.state_dict(), strict=True)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected = reference(images)
        torch.testing.assert_close(ours(images), expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@settings(max_examples=60, deadline=None)
@given(model_trees(max_stages=4))
def test_the_table_is_the_real_network(tree: dict[str, object]) -> None:
    config = allowed(tree)
    table = Architecture.of(config)
    network = resnet.build(config, seed=0)
    assert table.parameters == sum(p.numel() for p in network.parameters())
    shapes: dict[str, tuple[int, ...]] = {}
    counted = (nn.Conv2d, nn.BatchNorm2d, nn.GroupNorm, nn.MaxPool2d, nn.Dropout, parts.ZeroPadShortcut,
               parts.SqueezeExcitation, parts.DropPath)  # fmt: skip
    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: shapes.update({name: tuple(out.shape[1:])}))
        for name, module in network.named_modules()
        if isinstance(module, counted)
    ]
    logits = network(torch.zeros(2, 3, config.input_size, config.input_size))
    for hook in hooks:
        hook.remove()
    assert logits.shape == (2, config.num_classes)
    kinds = ("conv", "norm", "max-pool", "zero-pad", "dropout", "squeeze-excitation", "drop-path")
    # What has no module of its own is left out: pooling in front of the last layer.
    in_table = {row.name: row for row in table.layers if row.kind in kinds and row.name != "globalpool"}
    assert {name: layer.output_shape for name, layer in in_table.items()} == shapes
    for name, layer in in_table.items():
        module = network.get_submodule(name)
        assert layer.parameters == sum(p.numel() for p in module.parameters())
        if isinstance(module, nn.Conv2d):
            assert layer.macs == module.weight.numel() * shapes[name][1] * shapes[name][2]


@settings(max_examples=40, deadline=None)
@given(model_trees(max_stages=2))
def test_activation_memory_is_what_autograd_keeps(tree: dict[str, object]) -> None:
    # Dropout's mask has another type on every device; it is estimated. On maps of one pixel, the norms' statistics
    # and the vectors of squeeze-and-excitation, which are left out, would be as large as the maps.
    config = allowed(tree | {"dropout": 0.0, "num_classes": 2, "input_size": 64})
    network = resnet.build(config, seed=0)
    own = {tensor.data_ptr() for tensor in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in own:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    images = torch.randn(4, 3, config.input_size, config.input_size)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(images).sum()
    estimate = Architecture.of(config).activation_bytes(4)
    assert estimate == pytest.approx(sum(kept.values()), rel=0.1)


@settings(max_examples=30, deadline=None)
@given(model_trees(max_stages=3))
def test_a_block_that_starts_at_zero_is_the_identity(tree: dict[str, object]) -> None:
    config = allowed(tree | {"zero_init_last": True, "activation": "relu", "se_reduction": 0})
    network = resnet.build(config, seed=0).eval()
    for stage in network.stage_names:
        for block in network.get_submodule(stage)[1:]:
            x = torch.rand(2, config.out_channels(int(stage[5:]) - 1), 8, 8)
            if block.downsample is None and block.has_shortcut:
                torch.testing.assert_close(block(x), x)


def test_a_plain_network_has_no_way_around() -> None:
    network = resnet.build(PRESETS.model("plain20").config, seed=0).eval()
    block = network.layer2[1]
    nn.init.zeros_(block.bn2.weight)
    assert block(torch.rand(1, 32, 8, 8)).abs().sum() == 0


def test_a_stem_without_activation_passes_what_is_negative() -> None:
    images = torch.randn(2, 3, 32, 32)
    entered: list[Tensor] = []
    for flag in (True, False):
        network = resnet.build(ModelConfig(stem_activation=flag), seed=0).eval()
        network.layer1.register_forward_pre_hook(lambda _module, inputs: entered.append(inputs[0].clone()))
        network(images)
    assert torch.equal(entered[1].relu(), entered[0])
    assert entered[1].min() < 0


@pytest.mark.parametrize("shortcut", ["A", "B"])
def test_without_norms_a_preactivation_leaves_what_the_shortcut_carries(shortcut: str) -> None:
    config = ModelConfig.model_validate({"block": "preact-basic", "shortcut": shortcut, "norm": "none"})
    block = resnet.build(config, seed=0).layer1[0]
    x = torch.randn(2, 16, 8, 8)
    before = x.clone()
    out = block(x)
    assert torch.equal(x, before)
    torch.testing.assert_close(out, x + block.conv2(block.conv1(x.relu()).relu()))


def test_dropout_and_stochastic_depth_act_in_training_alone() -> None:
    config = ModelConfig(dropout=0.5, stochastic_depth=0.5)
    network = resnet.build(config, seed=0)
    images = torch.randn(4, 3, 32, 32)
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))
    skipping = parts.DropPath(0.25)
    kept = skipping(torch.ones(20_000, 1, 1, 1))
    assert kept.mean() == pytest.approx(1, abs=0.02)
    assert (kept == 0).float().mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ("conv1", "layer1.0.conv2", "layer2.0.conv2")),
        ({"block": "inverted", "shortcut": "identity"}, ("layer1.0.conv3", "layer2.0.conv2", "layer2.0.conv3")),
        ({"block": "page", "shortcut": "identity"}, ("layer1.0.conv3", "layer2.0.conv1", "layer2.0.conv3")),
        ({"block": "page", "shortcut": "identity", "strides": (2, 3)}, ("layer1.0.conv2", "layer2.0.conv2")),
    ],
    ids=str,
)
def test_receptive_field_is_what_the_gradient_sees(options: dict[str, Any], names: tuple[str, ...]) -> None:
    """Each middle output value depends on exactly the square of pixels that the table says, and where it says."""
    config = ModelConfig(**{"blocks": (1, 1), "widths": (4, 4), "input_size": 48} | options)
    network = resnet.build(config, seed=0).double()
    # Without ReLU and with positive weights, no path from input to output can cancel out; a mean in place of the
    # largest lets all values through.
    for module in list(network.modules()):
        if isinstance(module, nn.ReLU):
            module.inplace = False
        if isinstance(module, Block) and isinstance(getattr(module, "pool", None), nn.MaxPool2d):
            module.pool = nn.AvgPool2d(module.pool.kernel_size, ceil_mode=True)
    for name, parameter in network.named_parameters():
        if "conv" in name or "downsample.0" in name:
            parameter.data.uniform_(0.1, 1.0)
    rows = {layer.name: layer for layer in Architecture.of(config).layers}
    outputs: dict[str, torch.Tensor] = {}
    for name in names:
        network.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: outputs.update({name: out})
        )
    network.eval()
    image = torch.rand(1, 3, config.input_size, config.input_size, dtype=torch.double, requires_grad=True)
    network(image)
    for name, output in outputs.items():
        middle = output.shape[2] // 2
        (gradient,) = torch.autograd.grad(output[0, :, middle, middle].sum(), image, retain_graph=True)
        seen = gradient.abs().sum((0, 1, 3)).nonzero()
        assert int(seen.max() - seen.min()) + 1 == rows[name].receptive_field
        jump = config.input_size // output.shape[2]
        assert (int(seen.max()) + int(seen.min())) / 2 == middle * jump + rows[name].origin


def test_initial_weights_depend_on_the_seed_alone() -> None:
    config = PRESETS.model("resnet8").config
    torch.manual_seed(123)
    state = torch.get_rng_state()
    first, again, other = (resnet.build(config, seed) for seed in (1, 1, 2))
    assert torch.equal(first.conv1.weight, again.conv1.weight)
    assert not torch.equal(first.conv1.weight, other.conv1.weight)
    assert torch.equal(torch.get_rng_state(), state)


def test_shortcut_a_subsamples_and_pads_with_zeros() -> None:
    x = torch.randn(2, 4, 6, 6)
    out = parts.ZeroPadShortcut(4, 8, stride=2)(x)
    assert torch.equal(out[:, 2:6], x[:, :, ::2, ::2])
    assert out[:, :2].abs().sum() == out[:, 6:].abs().sum() == 0


@pytest.mark.parametrize(
    "options",
    [
        {"shortcut": "A"},
        {"shortcut": "B", "se_reduction": 4},
        {"shortcut": "C", "norm": "group"},
        {"block": "preact-basic", "dropout": 0.2, "stochastic_depth": 0.2},
        {"block": "bottleneck", "activation": "gelu"},
        {"block": "separable"},
        {"block": "inverted", "shortcut": "identity"},
        {"block": "page", "shortcut": "identity", "strides": (2, 2), "head_pooling": "max"},
        {"stem": "7x7", "input_size": 64},
    ],
    ids=str,
)
def test_gradients_stay_channels_last(options: dict[str, Any]) -> None:
    """One that does not makes all layers before it slower, several times."""
    config = ModelConfig(**{"blocks": (2, 2), "widths": (16, 32), "num_classes": 3} | options)
    network = resnet.build(config, seed=0).to(memory_format=torch.channels_last)
    others: list[str] = []

    def watch(name: str, output: Tensor) -> None:
        output.register_hook(
            lambda gradient: (
                None if gradient.is_contiguous(memory_format=torch.channels_last) else others.append(name)
            )
        )

    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.GroupNorm | nn.ReLU | nn.GELU | Block):
            layer.register_forward_hook(lambda _module, _inputs, output, name=name: watch(name, output))
    images = torch.randn(2, 3, config.input_size, config.input_size).to(memory_format=torch.channels_last)
    network(images).sum().backward()
    assert others == []
