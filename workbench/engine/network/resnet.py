"""Residual networks from a ModelConfig.

Parameter names are torchvision's, so that its state dicts load strictly.
"""

from collections.abc import Iterator
from typing import assert_never

import torch
from torch import Tensor, nn

from workbench.core.network.model_config import ModelConfig
from workbench.core.network.stems import stem_of
from workbench.engine.network.blocks.block import Block
from workbench.engine.network.blocks.parts import activation, convolution, global_pooling, norm


class ResNet(nn.Module):
    """A stem, stages of residual blocks, global pooling and a linear layer.

    In a pre-activation network `bn1` and `relu` stand behind the last stage instead of in the stem
    (He et al. 2016, appendix).

    Input: (N, 3, height, width) normalized images. Output: (N, num_classes) logits.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.stem_channels
        stem = stem_of(config.stem)
        self.conv1 = convolution(config, 3, width, stem.kernel, stem.stride)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1) if stem.pools else nn.Identity()
        last = config.out_channels(len(config.blocks) - 1)
        self.bn1 = norm(config, last if config.is_preactivation else width)
        self.relu = activation(config)

        channels = width
        self.stage_names = [f"layer{stage + 1}" for stage in range(len(config.blocks))]
        for stage, name in enumerate(self.stage_names):
            self.add_module(name, _stage(config, stage, channels))
            channels = config.out_channels(stage)
        self.fc = nn.Linear(channels, config.num_classes, bias=config.head_bias)
        self._frozen_stages = 0
        _initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))

    def stem(self, x: Tensor) -> Tensor:
        """What comes before the first block."""
        x = self.conv1(x)
        if not self.config.is_preactivation:
            x = self.bn1(x)
            if self.config.stem_activation:
                x = self.relu(x)
        out: Tensor = self.maxpool(x)
        return out

    def head(self, x: Tensor) -> Tensor:
        """What comes behind the last block: (N, num_classes) logits."""
        return self.classify(self.pooled(x))

    def pooled(self, x: Tensor) -> Tensor:
        """(N, channels) means, or maxima, of what leaves the last block: what the last layer decides by."""
        if self.config.is_preactivation:
            x = self.relu(self.bn1(x))
        return global_pooling(self.config, x)

    def classify(self, pooled: Tensor) -> Tensor:
        """(N, num_classes) logits of (N, channels)."""
        logits: Tensor = self.fc(pooled)
        return logits if self.config.logit_scale == 1 else logits * self.config.logit_scale

    def features(self, x: Tensor) -> Tensor:
        """What leaves the last block."""
        x = self.stem(x)
        for name in self.stage_names:
            x = self.get_submodule(name)(x)
        return x

    def freeze(self, stages: int) -> bool:
        """Keep the stem and the first `stages` stages as they are, running statistics too; 0 frees everything.

        Returns:
            Whether this is another number than before.
        """
        changes = stages != self._frozen_stages
        self._frozen_stages = stages
        self.requires_grad_(True)
        for module in self._frozen():
            module.requires_grad_(False)
        self.train(self.training)
        return changes

    def train(self, mode: bool = True) -> "ResNet":
        super().train(mode)
        for module in self._frozen():
            module.eval()
        return self

    def _frozen(self) -> list[nn.Module]:
        if not self._frozen_stages:
            return []
        stem = [self.conv1] if self.config.is_preactivation else [self.conv1, self.bn1]
        return [*stem, *(self.get_submodule(name) for name in self.stage_names[: self._frozen_stages])]

    @property
    def is_random(self) -> bool:
        """Whether training draws random numbers inside the network."""
        return bool(self.config.dropout or self.config.stochastic_depth)


def build(config: ModelConfig, seed: int) -> ResNet:
    """The network with initial weights that depend on `seed` alone; global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ResNet(config)


def hollow(config: ModelConfig) -> ResNet:
    """The network with room for weights and none in it, to load them; draws nothing, not even for a moment."""
    with torch.device("meta"):
        network = ResNet(config)
    return network.to_empty(device="cpu")


def _stage(config: ModelConfig, stage: int, channels: int) -> nn.Sequential:
    before = sum(config.blocks[:stage])
    blocks: list[nn.Module] = []
    for index in range(config.blocks[stage]):
        stride = config.stage_strides[stage] if index == 0 else 1
        blocks.append(Block(config, stage, channels, stride, config.skip_probability(before + index)))
        channels = config.out_channels(stage)
    return nn.Sequential(*blocks)


def _convolutions(network: ResNet) -> Iterator[nn.Conv2d]:
    """In torchvision's order, so that the same seed draws the same weights: a block's projection comes last."""
    yield network.conv1
    for name in network.stage_names:
        for block in network.get_submodule(name).children():
            children = sorted(block.named_children(), key=lambda child: child[0] == "downsample")
            parts = (part for _, child in children for part in child.modules())
            yield from (part for part in parts if isinstance(part, nn.Conv2d))


def _initialize(network: ResNet) -> None:
    match network.config.initialization:
        case "kaiming":
            for each in _convolutions(network):
                # Normal, scaled by fan-out (He et al. 2015, "Delving Deep into Rectifiers", equation 14).
                nn.init.kaiming_normal_(each.weight, mode="fan_out", nonlinearity="relu")
        # Each layer has drawn its own.
        case "pytorch":
            pass
        case _:
            assert_never(network.config.initialization)
    if network.config.zero_init_last:
        for module in network.modules():
            if isinstance(module, Block) and module.has_shortcut:
                nn.init.zeros_(module.last_scale())
