"""Networks whose norms are part of their convolutions, against themselves."""

import copy

import torch
from hypothesis import given, settings
from torch import nn

from tests.model_trees import allowed, model_trees
from workbench.core.settings.presets import Presets
from workbench.engine.network import resnet
from workbench.engine.network.folding import fold_norms


def with_norms_that_do_something(network: resnet.ResNet) -> resnet.ResNet:
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 1.5, generator=generator)
            for values in (module.bias.data, module.running_mean):
                values.normal_(0, 0.2, generator=generator)
    return network.eval()


@settings(max_examples=60, deadline=None)
@given(model_trees(max_stages=3))
def test_folded_norms_change_no_logits(tree: dict[str, object]) -> None:
    # In double precision, what is left of rounding is far below any mistake.
    network = with_norms_that_do_something(resnet.build(allowed(tree), seed=0)).double()
    folded = copy.deepcopy(network)
    fold_norms(folded)
    side = network.config.input_size
    images = torch.randn(3, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = network(images)
        torch.testing.assert_close(folded(images), expected, rtol=1e-8, atol=1e-8 * float(expected.abs().max()))


def test_no_norm_of_a_usual_network_is_left() -> None:
    network = resnet.build(Presets.load().model("resnet20-b").config, seed=0)
    fold_norms(network)
    assert not [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
