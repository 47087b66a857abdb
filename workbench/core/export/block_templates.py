"""Source text of what blocks are made of, with a few words left open for `block_code`."""

# Of pre-activation blocks with a shortcut.
NOTHING_AFTER_SUM = "Nothing comes after the sum, so that the signal can pass all blocks unchanged."

# Left out where there are no norms.
NO_BIAS = " No bias: the norms shift by one of their own."

CONV3X3 = f"""\
def conv3x3(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    # Padded by one pixel, so that the size stays.{NO_BIAS}
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
