"""The moving average of weights."""

import pytest
import torch
from torch import nn

from workbench.engine.network.averaging import WeightAverage


def test_it_follows_the_formula() -> None:
    network = nn.BatchNorm1d(2)
    average = WeightAverage(network, decay=0.5)
    expected = network.weight.detach().clone()
    for step in range(20):
        with torch.no_grad():
            network.weight.add_(1.0)
            network.running_mean.add_(2.0)
            network.num_batches_tracked.add_(1)
        average.update(network)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * network.weight.detach()
    averaged = average.network
    torch.testing.assert_close(averaged.weight, expected)
    torch.testing.assert_close(averaged.running_mean, 2 * (expected - 1))
    assert int(averaged.num_batches_tracked) == 20
    assert float(network.weight.detach()[0]) == 21, "the network itself stays"


def test_restored_it_goes_on() -> None:
    network = nn.Linear(2, 2)
    first = WeightAverage(network, 0.9)
    first.update(network)
    again = WeightAverage(nn.Linear(2, 2), 0.9)
    again.restore(first.state())
    with torch.no_grad():
        network.weight.mul_(3.0)
    for average in (first, again):
        average.update(network)
    assert torch.equal(first.network.weight, again.network.weight)
    assert first.state().steps == again.state().steps == 2


def test_it_needs_no_gradients() -> None:
    network = nn.Linear(2, 2)
    average = WeightAverage(network, 0.9)
    assert not any(p.requires_grad for p in average.network.parameters())
    network(torch.zeros(1, 2)).sum().backward()
    with pytest.raises(RuntimeError):
        average.network(torch.zeros(1, 2)).sum().backward()
