"""Bottlenecks: ResNet-50's (He et al. 2015, figure 5), wide ones, and ResNeXt's (Xie et al. 2017, figure 3)."""

from torch import Tensor

from workbench.core.model_config import ModelConfig
from workbench.engine.network.blocks.parts import Block, conv1x1, conv3x3, norm


class Bottleneck(Block):
    """1x1, 3x3, 1x1 convolutions, the last one wider; the 3x3 in groups if the cardinality says so.

    The stride is on the 3x3 convolution, as in torchvision ("ResNet v1.5").
    """

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__(config, stage, channels_in, stride, skip_probability)
        inner, channels_out = config.inner_channels(stage), config.out_channels(stage)
        self.conv1 = conv1x1(channels_in, inner)
        self.bn1 = norm(config, inner)
        self.conv2 = conv3x3(inner, inner, stride, config.cardinality)
        self.bn2 = norm(config, inner)
        self.conv3 = conv1x1(inner, channels_out)
        self.bn3 = norm(config, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(self.dropout(out)))
        return self.relu(self.joined(out, x))  # type: ignore[no-any-return]

    def last_scale(self) -> Tensor:
        return self.bn3.weight  # type: ignore[return-value]  # of a norm
