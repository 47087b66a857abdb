"""A network with the weights of another one and modules of its own, for who listens to what is inside."""

import copy
from itertools import chain

from torch import nn

from workbench.core.inspection.explanations import STEM
from workbench.engine.network.resnet import ResNet


def twin(network: ResNet) -> ResNet:
    """Shares the weights; hooks, flags and modes of its modules are its own. Takes a few milliseconds.

    A piece of work that was canceled may still be computed by the thread of a run while the next one is asked for
    (`Piece.withdraw`): with hooks on one network, each would get the maps of the other.
    """
    shared = {id(each): each for each in chain(network.parameters(), network.buffers())}
    return copy.deepcopy(network, shared)


def hooked(network: ResNet, layer: str) -> nn.Module:
    """The module whose output is the layer's.

    Captum hands a copy of that output on, so that what later layers change in place is the copy
    (https://github.com/meta-pytorch/captum/blob/master/captum/_utils/gradient.py, forward_hook_with_return). But a
    module that is called more than once, as a block's `relu` is, would give the maps of its last call: blocks are
    called once, and so is `maxpool`, which ends every stem, as an identity if need be.
    """
    return network.maxpool if layer == STEM else network.get_submodule(layer)
