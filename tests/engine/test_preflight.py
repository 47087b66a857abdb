"""Measuring before a run: figures that belong together; memory that runs out is a result. No time is asserted."""

import math
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.generators import result_of
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.engine.machine.memory_meter import MemoryMeter
from workbench.engine.network.resnet import ResNet
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials import preflight
from workbench.engine.trials.preflight import measure

MB = 10**6


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_TRAINING_S", 0.02)
    monkeypatch.setattr(preflight, "_EVALUATION_S", 0.0)


def test_the_figures_belong_together(tiny_config: RunConfig, home: Home) -> None:
    found = result_of(measure(tiny_config, home))
    assert (found.fits, found.message, found.remedy) == (True, "", {})
    assert (found.device, found.precision, found.batch_size) == ("CPU, 1 thread", "fp32", 16)
    assert found.steps_per_epoch == 6
    assert found.images_per_s == pytest.approx(16 / found.step_s)
    # 24 validation and 36 test images.
    epoch_s = 6 * found.step_s + 60 / found.evaluation_images_per_s
    assert found.seconds_per_epoch == pytest.approx(epoch_s)
    assert found.total_s == pytest.approx(3 * epoch_s)
    # Doubled as long as there are as many training images.
    assert found.largest_batch == 64
    assert 0 < found.peak_bytes < found.free_bytes


def test_steps_are_warmed_up_and_then_measured_three_times_at_least(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "_TRAINING_S", 0.0)
    seconds = iter([99.0, 0.5, 0.5, 0.75, 0.25])
    monkeypatch.setattr(preflight, "_seconds", lambda *_: next(seconds))
    assert result_of(measure(tiny_config, home)).step_s == 0.5
    assert next(seconds, None) is None


def test_short_steps_are_measured_together(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GPU is asked as seldom as in a run: here every 50 ms, which are 50 steps of 1 ms."""
    monkeypatch.setattr(preflight, "_TRAINING_S", 0.4)
    asked: list[int] = []
    monkeypatch.setattr(preflight, "_seconds", lambda _, steps: asked.append(steps) or steps / 1000)
    assert result_of(measure(tiny_config, home)).step_s == 0.001
    assert asked == [1, 1, *[50] * 8]


def test_the_peak_grows_with_the_batch(tiny_config: RunConfig, home: Home) -> None:
    model = {"model.widths": [64, 64], "data.validation_fraction": 0, "training.crop_padding": 0}
    small, large = (
        result_of(measure(tiny_config.with_values(model | {"training.batch_size": size}), home))
        for size in (8, 96)
    )
    if not small.is_measured:
        pytest.skip("this system does not tell a process its peak")
    # 64 channels of 16 x 16 in fp32 are 66 kB; each image leaves more than ten of them behind.
    assert large.peak_bytes - small.peak_bytes > 88 * 10 * 65_536


def test_half_a_batch_at_once_takes_less(tiny_config: RunConfig, home: Home) -> None:
    model = {"model.widths": [64, 64], "training.batch_size": 96, "data.validation_fraction": 0}
    whole, parts = (
        result_of(measure(tiny_config.with_values(model | {"training.accumulation": parts}), home))
        for parts in (1, 8)
    )
    if not whole.is_measured:
        pytest.skip("this system does not tell a process its peak")
    assert parts.peak_bytes < 0.7 * whole.peak_bytes


@pytest.mark.parametrize(("free_share", "largest"), [(1.0, 16), (2.6, 32), (100.0, 64)])
def test_the_largest_batch_leaves_memory_free(
    free_share: float, largest: int, tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config.with_values({"model.widths": [16, 16]})
    per_image = MB
    monkeypatch.setattr(preflight, "_likely_bytes", lambda *_: 0)
    monkeypatch.setattr(MemoryMeter, "bytes", property(lambda _: 16 * per_image))
    monkeypatch.setattr(preflight, "free_bytes", lambda _: round(free_share * 16 * per_image))
    assert result_of(measure(config, home)).largest_batch == largest


def test_what_cannot_be_measured_is_arithmetic(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryMeter, "bytes", property(lambda _: None))
    small, large = (
        result_of(measure(tiny_config.with_values({"training.batch_size": size}), home)) for size in (16, 32)
    )
    assert not small.is_measured
    per_image = (large.peak_bytes - small.peak_bytes) / 16
    held = small.peak_bytes - 16 * per_image
    # 156 images of 16 x 16 x 3 bytes, and the weights.
    assert 156 * 768 < held < 156 * 768 + 100_000
    assert per_image > 4 * 8 * 16 * 16 * 8


@pytest.mark.parametrize("where", ["network", "step"])
def test_memory_that_runs_out_is_a_result_and_freed(
    where: str, tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks: list[weakref.ref[ResNet]] = []
    begin = Trainer.__init__

    def watched(trainer: Trainer, *arguments: Any, **options: Any) -> None:
        begin(trainer, *arguments, **options)
        networks.append(weakref.ref(trainer.network))
        if where == "network":
            raise MemoryError

    def greedy(trainer: Trainer) -> None:
        raise RuntimeError(
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 byte"
        )

    monkeypatch.setattr(Trainer, "__init__", watched)
    monkeypatch.setattr(Trainer, "step", greedy)
    found = result_of(measure(tiny_config, home))
    assert [network() for network in networks] == [None]
    assert not found.fits
    assert "not enough for 16 images at once" in found.message
    assert found.remedy == {"training.accumulation": 2}
    assert math.isnan(found.total_s)
    assert (found.peak_bytes, found.largest_batch) == (0, 0)
    assert (found.device, found.precision, found.batch_size) == ("CPU, 1 thread", "fp32", 16)
    assert found.free_bytes > 0


def test_what_would_get_the_process_killed_is_not_tried(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "free_bytes", lambda _: MB)
    monkeypatch.setattr(preflight, "prepare", None)
    found = result_of(measure(tiny_config.with_values({"training.batch_size": 4096}), home))
    assert not found.fits
    assert "not enough for 4096 images at once" in found.message


def test_a_bug_is_no_result(tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Trainer) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(Trainer, "step", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        result_of(measure(tiny_config, home))


def test_what_a_run_cannot_begin_with_is_refused(tiny_config: RunConfig, home: Home) -> None:
    with pytest.raises(UserError, match=r"data\.source"):
        result_of(measure(tiny_config.with_values({"data.source": "nowhere/at-all"}), home))


@pytest.mark.parametrize("closed_at", ["Measuring steps", "Measuring evaluation", None])
def test_nothing_is_left_behind(
    closed_at: str | None, tiny_config: RunConfig, home: Home, settings: Callable[[], object]
) -> None:
    config = tiny_config.with_values({"model.dropout": 0.3, "training.deterministic": True})
    said = set()
    with torch.no_grad():
        before = settings()
        work = measure(config, home)
        for progress in work:
            assert settings() == before
            said.add(progress.activity)
            if progress.activity == closed_at:
                break
        work.close()
        assert settings() == before
    assert closed_at in said or {"Measuring steps", "Measuring evaluation"} <= said
    assert not home.database.exists()


def test_the_meter_sees_a_block_and_not_those_before() -> None:
    earlier = torch.ones(20 * MB, dtype=torch.uint8)
    del earlier
    meter = MemoryMeter(torch.device("cpu"))
    if meter.bytes is None:
        pytest.skip("this system does not tell a process its peak")
    assert meter.bytes < 5 * MB
    block = torch.ones(50 * MB, dtype=torch.uint8)
    del block
    assert 49 * MB < meter.bytes < 60 * MB


def test_where_the_peak_cannot_be_reset_only_a_new_one_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "VmHWM: {} kB\nRssAnon: 300 kB\nRssFile: 200 kB\n"
    peaks = iter([900, 900, 900, 1000])
    opened = open

    def other(path: Any, *arguments: Any, **options: Any) -> Any:
        if path == "/proc/self/clear_refs":
            raise PermissionError(13, "Permission denied")
        if path == "/proc/self/status":
            file = Path(monkeypatch_folder) / "status"
            file.write_text(text.format(next(peaks)))
            return opened(file, *arguments, **options)
        return opened(path, *arguments, **options)

    import tempfile

    with tempfile.TemporaryDirectory() as monkeypatch_folder:
        monkeypatch.setattr("builtins.open", other)
        meter = MemoryMeter(torch.device("cpu"))
        assert meter.bytes is None
        assert meter.bytes == (1000 - 200 - 300) * 1024
