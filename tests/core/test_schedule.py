"""Learning-rate schedules: their ends, their peak, and torch's own one-cycle."""

import pytest
import torch

from workbench.core.config import TrainingConfig
from workbench.core.schedule import learning_rate


def rates(schedule: str, total: int) -> list[float]:
    config = TrainingConfig.model_validate({"schedule": schedule, "learning_rate": 0.4})
    return [learning_rate(config, step, total) for step in range(total)]


def test_constant() -> None:
    assert set(rates("constant", 10)) == {0.4}


def test_cosine_falls_from_peak_to_nearly_nothing() -> None:
    values = rates("cosine", 100)
    assert values[0] == 0.4
    assert values == sorted(values, reverse=True)
    assert values[50] == pytest.approx(0.2)
    assert values[-1] < 0.001


def test_one_cycle_is_torchs() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.4, total_steps=200, cycle_momentum=False)
    expected = []
    for _ in range(200):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        reference.step()
    assert rates("one-cycle", 200) == pytest.approx(expected)


@pytest.mark.parametrize("total", [1, 2, 3])
def test_one_cycle_of_a_few_steps_stays_in_bounds(total: int) -> None:
    assert all(0 < rate <= 0.4 for rate in rates("one-cycle", total))
