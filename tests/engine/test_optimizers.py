"""The optimizers against torch's own, and their buffers through a checkpoint."""

from typing import Any

import pytest
import torch
from torch import nn

from workbench.core.settings.config import RunConfig
from workbench.engine.training.optimizers import Optimizers


def network(channels_last: bool = False) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = nn.Sequential()
        made.add_module("conv", nn.Conv2d(3, 8, 3))
        made.add_module("pool", nn.AdaptiveAvgPool2d(1))
        made.add_module("flat", nn.Flatten())
        made.add_module("fc", nn.Linear(8, 4))
    return made.to(memory_format=torch.channels_last) if channels_last else made


def step_of(made: nn.Module, seed: int) -> None:
    """Fill the gradients."""
    made.zero_grad()
    inputs = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    made(inputs).square().sum().backward()


def config(**fields: Any) -> RunConfig:
    return RunConfig.build({"training": fields | {"momentum": 0.8, "weight_decay": 0.01}})


TORCHS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, weight_decay=0.01, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.999), weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.999), weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.8, weight_decay=0.01),
}


@pytest.mark.parametrize("name", TORCHS)
def test_it_is_torchs_optimizer(name: str) -> None:
    ours, theirs = network(), network()
    optimizers = Optimizers(ours, config(optimizer=name), fused=False)
    reference = TORCHS[name](theirs.parameters())
    for seed in range(4):
        for made in (ours, theirs):
            step_of(made, seed)
        optimizers.step(0.1)
        reference.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_sgd_without_nesterov_is_another() -> None:
    plain, looking_ahead = network(), network()
    for made, nesterov in ((plain, False), (looking_ahead, True)):
        optimizers = Optimizers(made, config(nesterov=nesterov), fused=False)
        step_of(made, 0)
        optimizers.step(0.1)
    assert not torch.equal(plain.conv.weight, looking_ahead.conv.weight)


@pytest.mark.parametrize("channels_last", [False, True])
def test_muon_is_torchs_for_convolutions_and_adamw_for_the_rest(channels_last: bool) -> None:
    made, others = network(channels_last), network()
    order = (0, 2, 3, 1) if channels_last else (0, 1, 2, 3)
    matrix = made.conv.weight.detach().permute(order).reshape(8, -1).clone().requires_grad_()
    muon = torch.optim.Muon(
        [matrix], lr=0.1, momentum=0.8, weight_decay=0.01, nesterov=True, adjust_lr_fn="match_rms_adamw"
    )
    rest = [p for name, p in others.named_parameters() if name != "conv.weight"]
    adamw = torch.optim.AdamW(rest, lr=0.1, betas=(0.8, 0.999), weight_decay=0.01)
    optimizers = Optimizers(made, config(optimizer="muon"), fused=False)
    for seed in range(3):
        step_of(made, seed)
        matrix.grad = made.conv.weight.grad.permute(order).reshape(8, -1).clone()
        for mine, theirs in zip(made.named_parameters(), others.parameters(), strict=True):
            theirs.grad = mine[1].grad.clone()
        optimizers.step(0.1)
        muon.step()
        adamw.step()
    assert torch.equal(made.conv.weight.permute(order).reshape(8, -1), matrix)
    assert torch.equal(made.fc.weight, others.fc.weight)
    assert torch.equal(made.conv.bias, others.conv.bias)


@pytest.mark.parametrize("name", [*TORCHS, "muon"])
@pytest.mark.parametrize("layout", ["same", "other"])
def test_restored_it_goes_on_as_if_nothing_had_happened(name: str, layout: str) -> None:
    """In another memory format too, as a checkpoint from another device has it."""
    whole, first = network(), network()
    uninterrupted = Optimizers(whole, config(optimizer=name), fused=False)
    begun = Optimizers(first, config(optimizer=name), fused=False)
    for seed in range(3):
        for made, optimizers in ((whole, uninterrupted), (first, begun)):
            step_of(made, seed)
            optimizers.step(0.1)
    second = network(channels_last=layout == "other")
    second.load_state_dict(first.state_dict())
    resumed = Optimizers(second, config(optimizer=name), fused=False)
    resumed.restore(begun.state(), "the first one")
    for made, optimizers in ((whole, uninterrupted), (second, resumed)):
        step_of(made, 9)
        optimizers.step(0.1)
    for mine, other in zip(second.parameters(), whole.parameters(), strict=True):
        if layout == "same":
            assert torch.equal(mine, other)
        else:
            torch.testing.assert_close(mine, other, rtol=2e-2, atol=2e-3)


def test_the_last_layer_may_be_faster_than_the_backbone() -> None:
    made, reference = network(), network()
    tuned = RunConfig.build({"training": {"momentum": 0.0}, "fine_tuning": {"backbone_rate": 0.5}})
    plain = RunConfig.build({"training": {"momentum": 0.0}})
    changes = []
    for net, settings in ((made, tuned), (reference, plain)):
        before = [p.detach().clone() for p in net.parameters()]
        step_of(net, 0)
        Optimizers(net, settings, fused=False).step(0.1)
        changes.append([after - start for start, after in zip(before, net.parameters(), strict=True)])
    half, full = changes
    torch.testing.assert_close(half[0], full[0] / 2)
    torch.testing.assert_close(half[2], full[2])
