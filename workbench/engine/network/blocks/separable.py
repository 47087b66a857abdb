"""Depthwise-separable blocks (Chollet 2017, "Xception"): space and channels are convolved one after the other."""

from torch import Tensor

from workbench.core.model_config import ModelConfig
from workbench.engine.network.blocks.parts import Block, conv1x1, conv3x3, norm


class SeparableBlock(Block):
    """Twice a 3x3 convolution of each channel by itself, then a 1x1 convolution across them."""

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__(config, stage, channels_in, stride, skip_probability)
        width = config.out_channels(stage)
        self.depth1 = conv3x3(channels_in, channels_in, stride, groups=channels_in)
        self.point1 = conv1x1(channels_in, width)
        self.bn1 = norm(config, width)
        self.depth2 = conv3x3(width, width, groups=width)
        self.point2 = conv1x1(width, width)
        self.bn2 = norm(config, width)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.point1(self.depth1(x))))
        out = self.bn2(self.point2(self.dropout(self.depth2(out))))
        return self.relu(self.joined(out, x))  # type: ignore[no-any-return]

    def last_scale(self) -> Tensor:
        return self.bn2.weight  # type: ignore[return-value]  # of a norm
