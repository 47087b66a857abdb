"""The real network against torchvision and against the arithmetic table."""

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from workbench.core.architecture import Architecture
from workbench.core.config import EXPANSION, ModelConfig
from workbench.core.presets import Presets
from workbench.engine import resnet

PRESETS = Presets.load()


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])
def test_torchvisions_weights_load_strictly_and_give_the_same_logits(name: str) -> None:
    torch.manual_seed(0)
    reference = getattr(torchvision.models, name)(num_classes=10).eval()
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 1.5)
    ours = resnet.build(PRESETS.model(f"{name}-imagenet").config, seed=1).eval()
    ours.load_state_dict(reference.state_dict(), strict=True)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(ours(images), reference(images), rtol=1e-5, atol=1e-5)


@st.composite
def model_configs(draw: st.DrawFn) -> ModelConfig:
    stages = draw(st.integers(1, 4))
    block = draw(st.sampled_from(["basic", "bottleneck"]))
    widths = sorted(draw(st.lists(st.integers(1, 12), min_size=stages, max_size=stages)))
    return ModelConfig(
        stem=draw(st.sampled_from(["3x3", "7x7"])),
        block=block,
        shortcut=draw(st.sampled_from(["A", "B"])),
        blocks=tuple(draw(st.lists(st.integers(1, 3), min_size=stages, max_size=stages))),
        widths=tuple(widths),
        num_classes=draw(st.integers(2, 12)),
        input_size=draw(st.integers(8, 40)),
    )


@settings(max_examples=40, deadline=None)
@given(model_configs())
def test_the_table_is_the_real_network(config: ModelConfig) -> None:
    table = Architecture.of(config)
    network = resnet.build(config, seed=0)
    assert table.parameters == sum(p.numel() for p in network.parameters())
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: shapes.update({name: tuple(out.shape[1:])}))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.MaxPool2d | resnet.ZeroPadShortcut)
    ]
    logits = network(torch.zeros(2, 3, config.input_size, config.input_size))
    for hook in hooks:
        hook.remove()
    assert logits.shape == (2, config.num_classes)
    in_table = {
        layer.name: layer for layer in table.layers if layer.kind in ("conv", "norm", "max-pool", "zero-pad")
    }
    assert {name: layer.output_shape for name, layer in in_table.items()} == shapes
    for name, layer in in_table.items():
        module = network.get_submodule(name)
        assert layer.parameters == sum(p.numel() for p in module.parameters())
        if isinstance(module, nn.Conv2d):
            assert layer.macs == module.weight.numel() * shapes[name][1] * shapes[name][2]


def test_receptive_field_is_what_the_gradient_sees() -> None:
    """Each middle output value depends on exactly the square of pixels that the table says."""
    config = ModelConfig(blocks=(1, 1), widths=(4, 4), input_size=32)
    network = resnet.build(config, seed=0).double()
    # Without ReLU and with positive weights, no path from input to output can cancel out.
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    for name, parameter in network.named_parameters():
        if "conv" in name or "downsample.0" in name:
            parameter.data.uniform_(0.1, 1.0)
    fields = {layer.name: layer.receptive_field for layer in Architecture.of(config).layers}
    outputs: dict[str, torch.Tensor] = {}
    for name in ("conv1", "layer1.0.conv2", "layer2.0.conv2"):
        network.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: outputs.update({name: out})
        )
    network.eval()
    image = torch.rand(1, 3, 32, 32, dtype=torch.double, requires_grad=True)
    network(image)
    for name, output in outputs.items():
        middle = output.shape[2] // 2
        (gradient,) = torch.autograd.grad(output[0, :, middle, middle].sum(), image, retain_graph=True)
        rows = gradient.abs().sum((0, 1, 3)).nonzero()
        assert int(rows.max() - rows.min()) + 1 == fields[name]


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
    out = resnet.ZeroPadShortcut(4, 8, stride=2)(x)
    assert torch.equal(out[:, 2:6], x[:, :, ::2, ::2])
    assert out[:, :2].abs().sum() == out[:, 6:].abs().sum() == 0


@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_expansion_is_the_blocks(block: str) -> None:
    config = ModelConfig(block=block, blocks=(1,), widths=(4,))
    assert resnet.build(config, 0).fc.in_features == 4 * EXPANSION[block]
