"""Source text of blocks and of what they are made of, with a few words left open for `block_code`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One kind of block. NORM, ACT and GROUPS stand for the network's choices; lines with dropout may go."""

    name: str
    about: str
    layers: str
    forward: str
    last_scale: str
    """Zero at first, it makes the block the identity."""


FAMILIES = {
    "basic": Family(
        "BasicBlock",
        "Two 3x3 convolutions (He et al. 2015, figure 5, left).",
        """\
self.conv1 = conv3x3(channels_in, channels_out, stride)
self.bn1 = NORM(channels_out)
self.conv2 = conv3x3(channels_out, channels_out)
self.bn2 = NORM(channels_out)""",
        """\
out = self.ACT(self.bn1(self.conv1(x)))
out = self.dropout(out)
out = self.bn2(self.conv2(out))""",
        "bn2.weight",
    ),
    "conv": Family(
        "ConvBlock",
        "A single 3x3 convolution.",
        """\
self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
self.bn1 = NORM(channels_out)""",
        """\
out = self.dropout(x)
out = self.bn1(self.conv1(out))""",
        "bn1.weight",
    ),
    "bottleneck": Family(
        "Bottleneck",
        """\
1x1, 3x3, 1x1 convolutions: the 3x3 works on `inner` channels (He et al. 2015, figure 5).

    The stride is on the 3x3 convolution, as in torchvision ("ResNet v1.5"): none of the input's
    pixels is left out.""",
        """\
self.conv1 = conv1x1(channels_in, inner)
self.bn1 = NORM(inner)
# Of GROUPS groups: a channel sees only those of its own group (Xie et al. 2017, figure 3c).
self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, groups=GROUPS, bias=False)
self.bn2 = NORM(inner)
self.conv3 = conv1x1(inner, channels_out)
self.bn3 = NORM(channels_out)""",
        """\
out = self.ACT(self.bn1(self.conv1(x)))
out = self.ACT(self.bn2(self.conv2(out)))
out = self.dropout(out)
out = self.bn3(self.conv3(out))""",
        "bn3.weight",
    ),
    "separable": Family(
        "SeparableBlock",
        """\
Twice a 3x3 convolution of each channel by itself, then a 1x1 convolution across them.

    Space and channels apart need far fewer weights than both at once (Chollet 2017).""",
        """\
self.depth1 = depthwise3x3(channels_in, stride)
self.point1 = conv1x1(channels_in, channels_out)
self.bn1 = NORM(channels_out)
self.depth2 = depthwise3x3(channels_out)
self.point2 = conv1x1(channels_out, channels_out)
self.bn2 = NORM(channels_out)""",
        """\
out = self.ACT(self.bn1(self.point1(self.depth1(x))))
out = self.depth2(out)
out = self.dropout(out)
out = self.bn2(self.point2(out))""",
        "bn2.weight",
    ),
    "preact-basic": Family(
        "PreActBasicBlock",
        "Two 3x3 convolutions, norm and activation before each (He et al. 2016, figure 4e).",
        """\
self.bn1 = NORM(channels_in)
self.conv1 = conv3x3(channels_in, channels_out, stride)
self.bn2 = NORM(channels_out)
self.conv2 = conv3x3(channels_out, channels_out)""",
        """\
activated = self.ACT(self.bn1(x))
out = self.conv1(activated)
out = self.ACT(self.bn2(out))
out = self.dropout(out)
out = self.conv2(out)""",
        "conv2.weight",
    ),
    "preact-bottleneck": Family(
        "PreActBottleneck",
        "1x1, 3x3, 1x1 convolutions, norm and activation before each (He et al. 2016, figure 4e).",
        """\
self.bn1 = NORM(channels_in)
self.conv1 = conv1x1(channels_in, inner)
self.bn2 = NORM(inner)
# Of GROUPS groups: a channel sees only those of its own group (Xie et al. 2017, figure 3c).
self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, groups=GROUPS, bias=False)
self.bn3 = NORM(inner)
self.conv3 = conv1x1(inner, channels_out)""",
        """\
activated = self.ACT(self.bn1(x))
out = self.conv1(activated)
out = self.conv2(self.ACT(self.bn2(out)))
out = self.ACT(self.bn3(out))
out = self.dropout(out)
out = self.conv3(out)""",
        "conv3.weight",
    ),
}

# Of pre-activation blocks with a shortcut.
NOTHING_AFTER_SUM = "Nothing comes after the sum, so that the signal can pass all blocks unchanged."

CONV3X3 = """\
def conv3x3(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    # Padded by one pixel, so that the size stays. No bias: the norms shift by one of their own.
    return nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)"""

DEPTHWISE = """\
def depthwise3x3(channels: int, stride: int = 1) -> nn.Conv2d:
    # As many groups as channels: each channel is convolved by itself.
    return nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False)"""

CONV1X1 = """\
def conv1x1(channels_in: int, channels_out: int) -> nn.Conv2d:
    # Mixes the channels of each pixel by itself.
    return nn.Conv2d(channels_in, channels_out, 1, bias=False)"""

GROUP_NORM = '''\
def group_norm(channels: int) -> nn.GroupNorm:
    """Normalizes groups of channels of each image by itself (Wu and He 2018).

    COUNT Layers keep the name bn, as in the weights.
    """
    LINES'''

ZERO_PAD = '''\
class ZeroPadShortcut(nn.Module):
    """Shortcut A, without weights: takes every stride-th pixel, fills new channels with zeros.

    The zeros go half before and half behind, as in the common CIFAR implementations.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.before = (channels_out - channels_in) // 2
        self.behind = channels_out - channels_in - self.before

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        # Two numbers per dimension, the last dimension first: columns, rows, channels.
        return functional.pad(x, (0, 0, 0, 0, self.before, self.behind))'''

SQUEEZE_EXCITATION = '''\
class SqueezeExcitation(nn.Module):
    """Weighs each channel by a number from 0 to 1 (Hu et al. 2018, figure 2).

    The number depends on the mean of every channel: what the image shows as a whole decides which
    features count.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = SQUEEZED
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = functional.relu(self.fc1(x.mean((2, 3))))
        weights = torch.sigmoid(self.fc2(squeezed))
        return x * weights[:, :, None, None]'''

DROP_PATH = '''\
class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016): while training, some images skip the block.

    The values of the others are scaled up, so that the mean stays and evaluation needs no change.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.probability
        return x * (kept / (1 - self.probability)).to(x.dtype)'''
