"""The probe on this machine: figures that can be used, and nothing left behind. No test asserts a time."""

import gc
import itertools
import math
import random

import numpy as np
import pytest
import torch

from tests.generators import result_of
from workbench.core import speed
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.core.speed import DISPATCH_UNITS, UNITS, Speed, seconds_per_epoch
from workbench.engine.machine.device import Compute, choose
from workbench.engine.network import resnet
from workbench.engine.trials import speed_probe
from workbench.engine.trials.speed_probe import non_negative_fit


@pytest.fixture
def compute() -> Compute:
    return choose(TrainingConfig(device="cpu", precision="fp32", threads=1))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rounds are enough however busy the machine is."""
    monkeypatch.setattr(speed_probe, "_AGREEMENT", math.inf)
    monkeypatch.setattr(speed_probe, "_LIMIT_S", math.inf)


def probed(compute: Compute, stop_at: int = 0) -> Speed | None:
    """What the probe says; None where it was closed before the step of this number."""
    work = speed_probe.probe(compute)
    if not stop_at:
        return result_of(work)
    for _ in range(stop_at):
        next(work)
    work.close()
    return None


@pytest.mark.usefixtures("patient")
def test_figures_are_finite_and_predict_something(compute: Compute) -> None:
    found = probed(compute)
    assert found is not None
    assert (found.device, found.precision, found.overlaps) == ("CPU, 1 thread", "fp32", False)
    assert set(found.seconds_per) == set(UNITS)
    assert all(math.isfinite(seconds) and seconds >= 0 for seconds in found.seconds_per.values())
    assert found.seconds_per["mac"] > 0
    table = Architecture.of(ModelConfig())
    assert seconds_per_epoch(table, images=1280, training=TrainingConfig(), speed=found) > 0


def traces() -> tuple[object, ...]:
    return (
        torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist(),
        torch.get_num_threads(), torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"),
    )  # fmt: skip


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("stop_at", [0, 7], ids=["whole", "stopped"])
def test_nothing_is_left_behind(compute: Compute, stop_at: int) -> None:
    gc.collect()
    networks = sum(type(thing) is resnet.ResNet for thing in gc.get_objects())
    with torch.no_grad():
        before = traces()
        probed(compute, stop_at)
        assert traces() == before
    gc.collect()
    assert sum(type(thing) is resnet.ResNet for thing in gc.get_objects()) == networks


@pytest.mark.usefixtures("patient")
def test_it_is_abandoned_before_the_next_step(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    def count(_: object) -> float:
        nonlocal steps
        steps += 1
        return 1.0

    monkeypatch.setattr(speed_probe, "_seconds_of_step", count)
    # At once, and in the middle of the first steps, and of the rounds that count.
    for call in (1, 5, 20):
        steps = 0
        assert probed(compute, call) is None
        assert steps == call - 1


def test_a_busy_machine_gives_no_figures(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that never agree: each step takes twice as long as the one before."""
    taken = itertools.chain((2.0**power for power in range(1000)), itertools.repeat(math.inf))
    monkeypatch.setattr(speed_probe, "_seconds_of_step", lambda _: next(taken))
    monkeypatch.setattr(speed_probe, "_LIMIT_S", 0.5)
    assert probed(compute) is None


def test_out_of_memory_gives_no_figures(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(_: object) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(speed_probe, "_seconds_of_step", greedy)
    assert probed(compute) is None


def test_every_unit_is_in_some_sample(compute: Compute) -> None:
    """Else its price would be zero whatever the machine."""
    table = speed_probe._table(speed_probe._samples(), UNITS, compute)
    assert dict(zip(UNITS, table.max(0) > 0, strict=True)) == dict.fromkeys(UNITS, True)
    assert np.linalg.matrix_rank(table / table.max(0), tol=1e-3) == len(UNITS)


@pytest.mark.parametrize("overlaps", [False, True])
def test_the_fit_finds_the_figures_that_made_the_times(compute: Compute, overlaps: bool) -> None:
    generator = np.random.default_rng(0)
    true = dict(zip(UNITS, generator.uniform(1, 5, len(UNITS)) * 1e-9, strict=True)) | {
        "step": 1e-3,
        "layer": 2e-5,
    }
    samples = speed_probe._samples()
    units = [[unit for unit in UNITS if not overlaps or (unit in DISPATCH_UNITS) == s.is_tiny] for s in samples]
    counts = [speed.work(Architecture.of(sample.model), sample.batch_size) for sample in samples]
    seconds = [sum(true[unit] * count[unit] for unit in own) for own, count in zip(units, counts, strict=True)]
    fit = speed_probe._fitted_apart if overlaps else speed_probe._fitted
    assert fit(samples, seconds, compute) == pytest.approx(true, rel=1e-3)


def test_no_price_is_negative() -> None:
    """The least squares alone would be (2, -1)."""
    table = np.array([[1.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    fit = non_negative_fit(table, np.array([1.0, 2.0, 2.0]))
    assert (fit >= 0).all()
    assert fit[1] == 0
    # Of relative errors: a / 1 - 1, a / 2 - 1 and 2 a / 2 - 1.
    assert fit[0] == pytest.approx(2.5 / 2.25)


def test_the_fit_is_as_good_as_any_nearby() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        table = generator.uniform(0, 1, (12, 6)) * 10.0 ** generator.integers(-6, 6, 6)
        wanted = np.abs(table @ (generator.normal(0, 1, 6) / table.max(0))) + 0.1
        fit = non_negative_fit(table, wanted)

        def error(candidate: np.ndarray, table: np.ndarray = table, wanted: np.ndarray = wanted) -> float:
            return float(((table @ candidate / wanted - 1) ** 2).sum())

        for column in range(6):
            for change in (-1e-3, 1e-3):
                moved = fit.copy()
                moved[column] = max(0.0, moved[column] + change / table[:, column].max())
                assert error(moved) >= error(fit) - 1e-12
