"""Pre-activation blocks (He et al. 2016, "Identity Mappings in Deep Residual Networks", figure 4e).

Norm and activation come before each convolution, and nothing comes after the sum. Where shapes change, the
projection starts behind the first norm and activation, as in the authors' code. With more channels they are
those of Wide ResNet (Zagoruyko and Komodakis 2016), dropout included.
"""

from torch import Tensor

from workbench.core.model_config import ModelConfig
from workbench.engine.network.blocks.parts import Block, ZeroPadShortcut, conv1x1, conv3x3, norm


class PreActBlock(Block):
    """What both pre-activation blocks share."""

    def source(self, x: Tensor, activated: Tensor) -> Tensor:
        """Where the shortcut starts: a projection behind the first activation, the others at the input."""
        is_projection = self.downsample is not None and not isinstance(self.downsample, ZeroPadShortcut)
        return activated if is_projection else x


class PreActBasicBlock(PreActBlock):
    """Two 3x3 convolutions."""

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__(config, stage, channels_in, stride, skip_probability)
        width = config.out_channels(stage)
        self.bn1 = norm(config, channels_in)
        self.conv1 = conv3x3(channels_in, width, stride)
        self.bn2 = norm(config, width)
        self.conv2 = conv3x3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        activated = self.relu(self.bn1(x))
        out = self.conv1(activated)
        out = self.conv2(self.dropout(self.relu(self.bn2(out))))
        return self.joined(out, self.source(x, activated))

    def last_scale(self) -> Tensor:
        return self.conv2.weight


class PreActBottleneck(PreActBlock):
    """1x1, 3x3, 1x1 convolutions, the last one wider."""

    def __init__(
        self, config: ModelConfig, stage: int, channels_in: int, stride: int, skip_probability: float
    ) -> None:
        super().__init__(config, stage, channels_in, stride, skip_probability)
        inner, channels_out = config.inner_channels(stage), config.out_channels(stage)
        self.bn1 = norm(config, channels_in)
        self.conv1 = conv1x1(channels_in, inner)
        self.bn2 = norm(config, inner)
        self.conv2 = conv3x3(inner, inner, stride, config.cardinality)
        self.bn3 = norm(config, inner)
        self.conv3 = conv1x1(inner, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        activated = self.relu(self.bn1(x))
        out = self.conv1(activated)
        out = self.conv2(self.relu(self.bn2(out)))
        out = self.conv3(self.dropout(self.relu(self.bn3(out))))
        return self.joined(out, self.source(x, activated))

    def last_scale(self) -> Tensor:
        return self.conv3.weight
