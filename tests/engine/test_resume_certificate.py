"""Resuming is tried for real: exact for every kind of state there is, and told when something is lost."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.generators import result_of
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.trials import Certificate
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.network.averaging import WeightAverage
from workbench.engine.training.optimizers import Optimizers
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials.resume_certificate import certify, differences
from workbench.engine.weights import checkpoint
from workbench.engine.weights.checkpoint_state import Position

KINDS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "adamw, average": {"training.optimizer": "adamw", "training.learning_rate": 0.01, "training.ema_decay": 0.9},
    "muon, bf16": {"training.optimizer": "muon", "training.learning_rate": 0.01, "training.precision": "bf16"},
    "rmsprop, parts": {
        "training.optimizer": "rmsprop",
        "training.learning_rate": 0.01,
        "training.accumulation": 2,
    },
    "mixing": {"training.mixup": 0.2, "training.cutmix": 1.0, "training.random_erasing": 0.5},
    "dropout": {"model.dropout": 0.3, "model.stochastic_depth": 0.2, "training.accumulation": 2},
    "warm-up": {"training.warmup_epochs": 2.5, "training.schedule": "cosine", "training.clip_norm": 0.1},
    "one epoch": {"training.epochs": 1},
    "one step": {"training.batch_size": 64},
}


def names_of(certificate: Certificate) -> set[str]:
    return {difference.name for difference in certificate.differences}


@pytest.mark.parametrize("kind", KINDS)
def test_resuming_is_exact(kind: str, tiny_config: RunConfig, home: Home) -> None:
    certificate = result_of(certify(tiny_config.with_values(KINDS[kind]), home))
    assert certificate.is_exact, [str(difference) for difference in certificate.differences]
    assert certificate.is_repeatable
    assert (certificate.differences, certificate.advice) == ((), "")
    assert certificate.steps == (2 if kind == "one step" else 6)
    assert (certificate.device, certificate.threads) == ("CPU, 1 thread", 1)
    assert certificate.precision == ("bf16" if "bf16" in kind else "fp32")


def test_lost_buffers_of_the_optimizer_are_named(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Optimizers, "restore", lambda *_: None)
    certificate = result_of(certify(tiny_config, home))
    assert not certificate.is_exact
    assert certificate.is_repeatable
    assert names_of(certificate) == {f"optimizer.{i}.momentum_buffer" for i in range(10)}
    assert all(str(difference).endswith("(missing)") for difference in certificate.differences)
    assert "report" in certificate.advice


def test_a_lost_position_is_named(tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restore = Trainer.restore

    def forgetful(trainer: Trainer, *arguments: Any) -> None:
        restore(trainer, *arguments)
        trainer.position = Position()

    monkeypatch.setattr(Trainer, "restore", forgetful)
    certificate = result_of(certify(tiny_config, home))
    assert not certificate.is_exact
    assert {"position.batch", "position.loss_sum", "position.images"} <= names_of(certificate)
    assert not any(name.startswith("network.") for name in names_of(certificate))


def test_a_lost_average_is_named(tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WeightAverage, "restore", lambda *_: None)
    certificate = result_of(certify(tiny_config.with_values({"training.ema_decay": 0.9}), home))
    assert "average.steps" not in names_of(certificate)  # at most 10, the weights first
    assert len(certificate.differences) == 10
    assert all(difference.name.startswith("average.network.") for difference in certificate.differences)
    assert certificate.differences[0].largest


def test_what_no_checkpoint_holds_is_seen_by_its_consequences(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Augmentation that depends on the number of times that it was drawn, which a new trainer does not know."""
    draw = EpochPlan.draw.__func__
    plans: list[int] = []

    def counted(cls: type, images: int, side: int, epoch: int, *arguments: Any) -> EpochPlan:
        plans.append(epoch)
        # 2 plans each of the first and the second training; 4 of the one with stops.
        return draw(cls, images, side, 7 if len(plans) == 6 else epoch, *arguments)

    monkeypatch.setattr(EpochPlan, "draw", classmethod(counted))
    certificate = result_of(certify(tiny_config, home))
    assert len(plans) == 8
    assert certificate.is_repeatable
    assert not certificate.is_exact
    assert certificate.differences[0].name == "loss of step 3"


def test_a_machine_that_does_not_repeat_itself_is_told_apart(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, generator = Trainer.step, np.random.default_rng(0)

    def shaky(trainer: Trainer) -> Any:
        loss, correct, rate = step(trainer)
        return loss + generator.random() * 1e-3, correct, rate

    monkeypatch.setattr(Trainer, "step", shaky)
    certificate = result_of(certify(tiny_config, home))
    assert not certificate.is_repeatable
    assert not certificate.is_exact
    assert "loss of step 1" in names_of(certificate)
    assert "training.threads" in certificate.advice


def test_bits_are_compared() -> None:
    one = {"nan": torch.tensor([float("nan"), 1.0]), "zero": torch.tensor(0.0), "shape": torch.zeros(2)}
    assert differences(one, {name: value.clone() for name, value in one.items()}) == []
    other = {"nan": one["nan"], "zero": torch.tensor(-0.0), "shape": torch.zeros(3), "more": torch.zeros(1)}
    found = differences(one, other)
    assert [(difference.name, difference.largest) for difference in found] == [
        ("zero", 0.0), ("shape", None), ("more", None),
    ]  # fmt: skip


def test_progress_is_told_and_nothing_is_left_behind(
    tiny_config: RunConfig, home: Home, settings: Callable[[], object]
) -> None:
    config = tiny_config.with_values({"model.dropout": 0.3, "training.deterministic": True})
    with torch.no_grad():
        before = settings()
        said = []
        for progress in certify(config, home):
            assert settings() == before
            said.append(progress)
        assert settings() == before
    told = {progress.activity: (progress.done, progress.total) for progress in said}
    for activity in ("Training without a stop", "Training the same again", "Training with stops"):
        assert told[activity] == (96, 96)
    assert not home.database.exists()


def test_a_closed_one_leaves_nothing_behind(
    tiny_config: RunConfig, home: Home, settings: Callable[[], object]
) -> None:
    work = certify(tiny_config.with_values({"model.dropout": 0.3}), home)
    before = settings()
    for progress in work:
        if progress.activity == "Training with stops":
            break
    work.close()
    assert settings() == before


def test_what_a_run_cannot_begin_with_is_refused(tiny_config: RunConfig, home: Home) -> None:
    with pytest.raises(UserError, match=r"training\.batch_size is 512"):
        result_of(certify(tiny_config.with_values({"training.batch_size": 512}), home))


def test_a_checkpoint_that_cannot_be_read_is_not_taken_for_inexact(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise UserError("the checkpoint is damaged")

    monkeypatch.setattr(checkpoint, "load_last", damaged)
    with pytest.raises(UserError, match="damaged"):
        result_of(certify(tiny_config, home))
