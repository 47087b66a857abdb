"""Learning-rate schedules: their ends, their peak, and torch's own one-cycle."""

import pytest
import torch

from workbench.core.settings.schedule import learning_rate
from workbench.core.settings.training_config import TrainingConfig


def rates(schedule: str, total: int) -> list[float]:
    return rates_of(total, 1, schedule=schedule, learning_rate=0.4)


def rates_of(steps: int, epochs: int, **fields: object) -> list[float]:
    config = TrainingConfig.model_validate(fields | {"epochs": epochs})
    return [learning_rate(config, step, steps // epochs) for step in range(steps)]


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


def test_step_falls_every_so_many_epochs() -> None:
    values = rates_of(60, 6, schedule="step", step_epochs=2, decay_factor=0.5, learning_rate=0.8)
    assert values == pytest.approx([0.8] * 20 + [0.4] * 20 + [0.2] * 20)


def test_multi_step_falls_at_its_milestones() -> None:
    values = rates_of(40, 4, schedule="multi-step", milestones=(0.5, 0.75), learning_rate=0.1)
    assert values == pytest.approx([0.1] * 20 + [0.01] * 10 + [0.001] * 10)


@pytest.mark.parametrize("schedule", ["constant", "step", "multi-step", "cosine", "one-cycle"])
def test_warm_up_rises_in_equal_steps_to_the_schedule(schedule: str) -> None:
    plain = rates_of(100, 10, schedule=schedule)
    warmed = rates_of(100, 10, schedule=schedule, warmup_epochs=2)
    assert [w / p for w, p in zip(warmed, plain, strict=True)] == pytest.approx(
        [(step + 1) / 20 for step in range(20)] + [1.0] * 80
    )
