"""Basic blocks (He et al. 2015, "Deep Residual Learning for Image Recognition", figure 5, left)."""

from torch import Tensor

from workbench.core.model_config import ModelConfig
from workbench.engine.network.blocks.parts import Block, conv3x3, norm


class BasicBlock(Block):
    """Two 3x3 convolutions."""

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__(config, stage, channels_in, stride, skip_probability)
        width = config.out_channels(stage)
        self.conv1 = conv3x3(channels_in, width, stride)
        self.bn1 = norm(config, width)
        self.conv2 = conv3x3(width, width)
        self.bn2 = norm(config, width)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(self.dropout(out)))
        return self.relu(self.joined(out, x))  # type: ignore[no-any-return]

    def last_scale(self) -> Tensor:
        return self.bn2.weight  # type: ignore[return-value]  # of a norm


class ConvBlock(Block):
    """A single 3x3 convolution; without shortcuts, the stages of an ordinary convolutional network."""

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__(config, stage, channels_in, stride, skip_probability)
        width = config.out_channels(stage)
        self.conv1 = conv3x3(channels_in, width, stride)
        self.bn1 = norm(config, width)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn1(self.conv1(self.dropout(x)))
        return self.relu(self.joined(out, x))  # type: ignore[no-any-return]

    def last_scale(self) -> Tensor:
        return self.bn1.weight  # type: ignore[return-value]  # of a norm
