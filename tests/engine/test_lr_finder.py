"""The learning-rate range test: a network of its own, an end in time, and a suggestion that holds."""

import random
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import torch

from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.core.settings.trials import RateSuggestion, RateTrial
from workbench.engine.network import resnet
from workbench.engine.training import training
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials import lr_finder
from workbench.engine.trials.isolation import LacksMemory
from workbench.engine.trials.lr_finder import find, smoothed, suggestion

RATES = np.geomspace(1e-5, 10, 100)


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lr_finder, "_YIELD_INTERVAL_S", 0.0)


def end_of(work: lr_finder.Finding) -> tuple[list[RateTrial], RateSuggestion]:
    trials = []
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return trials, end.value
        if isinstance(event, RateTrial):
            trials.append(event)


def trial_of(losses: np.ndarray) -> RateTrial:
    return RateTrial(RATES[: len(losses)], losses, smoothed(losses), len(RATES))


def valley(turn: float, noise: float = 0.03) -> np.ndarray:
    """A loss that falls from 2.3 to 1.8 over a decade and a half up to the rate `turn`, then rises."""
    decades = np.log10(RATES / turn)
    falling = 2.3 - 0.5 * np.clip(1 + decades / 1.5, 0, 1)
    return falling + np.clip(decades, 0, None) + np.random.default_rng(0).normal(0, noise, len(RATES))


@pytest.mark.usefixtures("every_step")
def test_every_step_is_told_and_the_data_are_gone_through_again(tiny_config: RunConfig, home: Home) -> None:
    """The data have 6 steps per epoch."""
    trials, found = end_of(find(tiny_config, home, steps=40))
    *counts, last = (len(trial.rates) for trial in trials)
    assert counts == list(range(1, len(trials)))
    # Where the loss explodes in the end, that step is left out.
    assert last in (len(counts) + 1, len(counts))
    assert all(trial.total == 40 for trial in trials)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) > 25
    ratios = found.rates[1:] / found.rates[:-1]
    assert ratios == pytest.approx(np.full(len(ratios), 1e6 ** (1 / 39)))
    assert found.rates[0] == pytest.approx(1e-5)
    assert found.smoothed[0] == pytest.approx(found.losses[0])
    assert found.losses[0] == pytest.approx(np.log(3), abs=0.5)


def test_the_suggestion_trains(tiny_config: RunConfig, home: Home) -> None:
    _, found = end_of(find(tiny_config, home))
    assert found.suggestion is not None
    assert 0.01 < found.suggestion < 5
    assert found.suggestion == float(f"{found.suggestion:.2g}")
    assert f"{found.suggestion:.2g}" in found.reason
    with closing(RunStore(home)) as store:
        config = tiny_config.with_values({"training.learning_rate": found.suggestion})
        (*_, last) = (e for e in training.train(config, store=store) if isinstance(e, EpochMetrics))
    assert last.test_accuracy > 0.8


def test_the_same_is_found_again(tiny_config: RunConfig, home: Home) -> None:
    (_, one), (_, other) = (end_of(find(tiny_config, home, steps=12)) for _ in range(2))
    assert one.losses.tolist() == other.losses.tolist()


@pytest.mark.parametrize(
    "values",
    [
        {"training.optimizer": "adamw"}, {"training.mixup": 1.0}, {"training.accumulation": 2},
        {"model.dropout": 0.5}, {"training.label_smoothing": 0.1}, {"training.batch_size": 8},
    ],
    ids=str,
)  # fmt: skip
def test_it_tries_what_the_run_trains(values: dict[str, Any], tiny_config: RunConfig, home: Home) -> None:
    (_, usual), (_, found) = (end_of(find(c, home, 12)) for c in (tiny_config, tiny_config.with_values(values)))
    assert usual.losses.tolist() != found.losses.tolist()
    assert found.rates[0] == pytest.approx(1e-6 if "training.optimizer" in values else 1e-5)


def test_it_starts_from_the_runs_weights(tiny_config: RunConfig, home: Home, tmp_path: Any) -> None:
    network = resnet.build(tiny_config.model, seed=7)
    with torch.no_grad():
        network.fc.weight.zero_()
        network.fc.bias.copy_(torch.tensor([9.0, 0.0, 0.0]))
    torch.save(network.state_dict(), tmp_path / "w.pt")
    config = tiny_config.with_values(
        {"fine_tuning.weights": str(tmp_path / "w.pt"), "fine_tuning.frozen_stages": 2,
         "fine_tuning.unfreeze_every": 1}
    )  # fmt: skip
    trained: list[set[str]] = []
    step = Trainer.step

    def watched(trainer: Trainer, rate: float) -> Any:
        result = step(trainer, rate)
        trained.append({name for name, p in trainer.network.named_parameters() if p.requires_grad})
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "step", watched)
        _, found = end_of(find(config, home, steps=12))
    # Two thirds of the labels are wrong, by 9 each.
    assert found.losses[0] == pytest.approx(6, abs=2)
    assert trained == [{"fc.weight", "fc.bias"}] * 12
    assert not list(home.runs.iterdir())


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("closed_at", [0, 1, 5, None])
def test_nothing_is_left_behind(
    closed_at: int | None, tiny_config: RunConfig, home: Home, settings: Callable[[], object]
) -> None:
    config = tiny_config.with_values({"model.dropout": 0.3, "training.deterministic": True, "training.mixup": 0.5})
    other = resnet.build(config.model, seed=1)
    weights = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with torch.no_grad():
        before = settings()
        work = find(config, home, steps=12)
        for index, _ in enumerate(work):
            assert settings() == before
            # What others draw meanwhile is not taken back.
            torch.rand(1), random.random(), np.random.random()
            before = settings()
            if index == closed_at:
                break
        work.close()
        assert settings() == before
    assert all(torch.equal(weights[name], tensor) for name, tensor in other.state_dict().items())


@pytest.mark.usefixtures("every_step")
def test_it_ends_when_the_loss_explodes(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, steps = Trainer.step, []

    def exploding(trainer: Trainer, rate: float) -> Any:
        loss, correct, rate = step(trainer, rate)
        steps.append(rate)
        return loss + (100 if len(steps) > 30 else 0), correct, rate

    monkeypatch.setattr(Trainer, "step", exploding)
    _, found = end_of(find(tiny_config, home))
    assert len(found.losses) == 30
    assert len(steps) == 31


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_losses_that_are_no_numbers_end_it(
    bad: float, tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, steps = Trainer.step, []

    def broken(trainer: Trainer, rate: float) -> Any:
        loss, correct, rate = step(trainer, rate)
        steps.append(rate)
        return loss * (bad if len(steps) == 5 else 1), correct, rate

    monkeypatch.setattr(Trainer, "step", broken)
    _, found = end_of(find(tiny_config, home))
    assert len(found.losses) == 4
    assert np.isfinite(found.smoothed).all()
    assert found.suggestion is None
    assert found.reason.startswith("The loss exploded after 4 steps")


@pytest.mark.parametrize("turn", [0.003, 0.05, 0.5])
def test_a_schedule_that_rises_gets_the_rate_at_which_the_loss_stops_falling(turn: float) -> None:
    found = suggestion(trial_of(valley(turn)), TrainingConfig())
    assert found.suggestion is not None
    assert turn < found.suggestion < 3 * turn  # smoothing lags behind
    cosine = suggestion(trial_of(valley(turn)), TrainingConfig(schedule="cosine"))
    assert cosine.suggestion == pytest.approx(found.suggestion / 2, rel=0.05)
    warmed = suggestion(trial_of(valley(turn)), TrainingConfig(schedule="cosine", warmup_epochs=1))
    assert warmed.suggestion == found.suggestion


def test_a_second_valley_beyond_a_rise_is_not_taken() -> None:
    losses = valley(0.05)
    losses[-15:] = 1.0
    found = suggestion(trial_of(losses), TrainingConfig())
    assert found.suggestion is not None
    assert found.suggestion < 0.15


def test_a_loss_that_never_rises_suggests_its_steepest_descent() -> None:
    found = suggestion(trial_of(2 / (1 + (RATES / 0.1) ** 2)), TrainingConfig(schedule="cosine"))
    assert found.suggestion is not None
    assert 0.1 < found.suggestion < 0.3
    assert "highest rate tried" in found.reason


@pytest.mark.parametrize("slope", [0.0, 0.5, -0.05])
def test_a_curve_without_a_descent_says_nothing(slope: float) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, len(RATES))
    found = suggestion(trial_of(2.3 + slope * np.linspace(0, 1, len(RATES)) + noise), TrainingConfig())
    assert found.suggestion is None
    assert "falls at no rate" in found.reason


def test_running_out_of_memory_says_what_fits(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Trainer, "step", greedy)
    with pytest.raises(LacksMemory) as caught:
        end_of(find(tiny_config, home))
    assert caught.value.remedy == {"training.accumulation": 2}


def test_what_a_run_cannot_begin_with_is_refused(tiny_config: RunConfig, home: Home) -> None:
    with pytest.raises(UserError, match=r"fine_tuning\.weights is 'no-such-run'"):
        end_of(find(tiny_config.with_values({"fine_tuning.weights": "no-such-run"}), home))


def test_a_first_loss_that_is_no_number_is_said() -> None:
    found = suggestion(RateTrial(np.empty(0), np.empty(0), np.empty(0), 100), TrainingConfig())
    assert (found.suggestion, found.reason) == (None, "The loss is no number at the first step.")
