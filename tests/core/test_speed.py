"""The estimate as arithmetic: it grows with work, and its file survives damage."""

import json
import math
from dataclasses import replace
from importlib import metadata

import pytest

from workbench.core import speed
from workbench.core.home import Home
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.core.speed import Speed, Unit, seconds_per_epoch, seconds_per_step, work

SPEED = Speed("CPU, 2 threads", "fp32", False, dict.fromkeys(speed.UNITS, 1e-9) | {"step": 1e-3, "layer": 1e-4})
SMALL = ModelConfig(blocks=(1, 1), widths=(16, 32))


def epoch(
    model: ModelConfig,
    images: int = 45_000,
    batch_size: int = 128,
    speed: Speed = SPEED,
    keep_last: bool = False,
) -> float:
    training = TrainingConfig(batch_size=batch_size, keep_last_batch=keep_last)
    return seconds_per_epoch(Architecture.of(model), images=images, training=training, speed=speed)


def units_of(model: ModelConfig) -> set[Unit]:
    return {unit for unit, count in work(Architecture.of(model), 1).items() if count}


def changed(**fields: object) -> ModelConfig:
    return ModelConfig.model_validate(SMALL.model_dump() | fields)


@pytest.mark.parametrize(
    "bigger",
    [
        {"blocks": (2, 1)},
        {"blocks": (1, 2)},
        {"widths": (32, 32)},
        {"widths": (16, 33)},
        {"widths": (17, 32)},
        {"input_size": 48},
        {"strides": (1, 1)},
        {"shortcut": "C"},
        {"se_reduction": 4},
        {"dropout": 0.1},
        {"activation": "silu"},
        {"activation": "gelu"},
        {"stochastic_depth": 0.5},
    ],
)
def test_more_work_takes_longer(bigger: dict[str, object]) -> None:
    assert epoch(changed(**bigger)) > epoch(SMALL)


def test_an_epoch_is_as_many_steps_as_in_training() -> None:
    step = seconds_per_step(Architecture.of(SMALL), 128, SPEED)
    assert epoch(SMALL, images=1280) == pytest.approx(10 * step)
    # A last batch that is not full is left out, unless it is kept.
    assert epoch(SMALL, images=1280 + 127) == pytest.approx(10 * step)
    last = seconds_per_step(Architecture.of(SMALL), 127, SPEED)
    assert epoch(SMALL, images=1280 + 127, keep_last=True) == pytest.approx(10 * step + last)
    assert epoch(SMALL, images=127) == 0
    assert epoch(SMALL, images=100_000) > epoch(SMALL, images=50_000)


def test_small_batches_pay_for_every_step() -> None:
    assert epoch(SMALL, batch_size=8) > epoch(SMALL, batch_size=256)


def test_a_gpu_computes_while_it_dispatches() -> None:
    """So that a tiny batch costs its dispatch alone, and a large one its computing alone."""
    slow = replace(SPEED, seconds_per=SPEED.seconds_per | {"step": 1.0, "layer": 0.1})
    gpu, table = replace(slow, overlaps=True), Architecture.of(SMALL)
    dispatch = 1.0 + 0.1 * len(table.layers)
    assert seconds_per_step(table, 2, gpu) == pytest.approx(dispatch)
    assert seconds_per_step(table, 2, slow) > dispatch
    assert seconds_per_step(table, 65_536, gpu) == pytest.approx(seconds_per_step(table, 65_536, slow) - dispatch)


def test_counts_of_a_convolution_by_hand() -> None:
    """A stem of 3 to 16, a block of two 16 to 16, and the linear layer; norms read what convolutions write."""
    counts = work(Architecture.of(ModelConfig(blocks=(1,), widths=(16,), input_size=8)), 2)
    assert counts["mac"] == 2 * (64 * 9 * 16 * (3 + 16 + 16) + 16 * 10)
    # Three norms and the pooling.
    assert counts["pass value"] == 2 * 4 * 64 * 16
    assert (counts["step"], counts["unaligned value"]) == (1, 0)


def test_a_register_that_is_half_full_costs_a_whole_one() -> None:
    def macs(width: int) -> int:
        return work(Architecture.of(ModelConfig(blocks=(1,), widths=(width,), stem_width=16)), 1)["mac"]

    assert macs(24) == pytest.approx(macs(32), rel=1e-3)
    assert macs(33) > 1.3 * macs(32)
    assert "unaligned value" in units_of(changed(widths=(24, 32)))


@pytest.mark.parametrize(
    ("fields", "unit"),
    [
        ({"block": "separable"}, "depthwise value"),
        ({"norm": "group"}, "group-norm value"),
        ({"activation": "silu"}, "silu value"),
        ({"activation": "gelu"}, "gelu value"),
        ({"dropout": 0.2}, "dropout value"),
    ],
)
def test_options_have_their_own_price(fields: dict[str, object], unit: Unit) -> None:
    assert unit not in units_of(SMALL)
    assert unit in units_of(changed(**fields))


def test_wide_groups_are_counted_by_their_macs() -> None:
    resnext = ModelConfig(block="bottleneck", blocks=(1,), widths=(64,), cardinality=8, base_width=16)
    counts = work(Architecture.of(resnext), 1)
    assert counts["depthwise value"] == 0
    assert counts["mac"] == Architecture.of(resnext).macs


def test_figures_survive_the_file(home: Home) -> None:
    other = replace(SPEED, device="NVIDIA H200", precision="bf16", overlaps=True)
    assert speed.read(home, "cpu") is None
    speed.write(home, "cpu", SPEED)
    speed.write(home, "gpu", other)
    assert speed.read(home, "cpu") == SPEED
    assert speed.read(home, "gpu") == other
    speed.write(home, "cpu", replace(SPEED, precision="bf16"))
    assert speed.read(home, "cpu") == replace(SPEED, precision="bf16")
    assert speed.read(home, "other") is None


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}', b'{"version": 1, "speeds": []}',
        b'{"version": 1, "speeds": {"cpu": 3}}', b'{"version": 1, "speeds": {"cpu": {"seconds_per": []}}}',
        b'{"version": 0, "speeds": {}}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_no_figures(home: Home, content: bytes) -> None:
    (home.root / "speed.json").write_bytes(content)
    assert speed.read(home, "cpu") is None
    # And is replaced by the next measurement.
    speed.write(home, "cpu", SPEED)
    assert speed.read(home, "cpu") == SPEED


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, "x", None, [], 10**400])
def test_a_wrong_figure_is_no_figures(home: Home, value: object) -> None:
    speed.write(home, "cpu", SPEED)
    path = home.root / "speed.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree["speeds"]["cpu"]["seconds_per"]["mac"] = value
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert speed.read(home, "cpu") is None


def test_figures_of_an_older_version_are_measured_anew(home: Home) -> None:
    speed.write(home, "cpu", SPEED)
    path = home.root / "speed.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    del tree["speeds"]["cpu"]["seconds_per"]["gelu value"]
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert speed.read(home, "cpu") is None
    path.write_text(json.dumps(tree | {"version": 0}), encoding="utf-8")
    assert speed.read(home, "cpu") is None


def test_host_names_that_change_do_not_fill_the_file(home: Home) -> None:
    for number in range(40):
        speed.write(home, f"host {number}", SPEED)
    assert speed.read(home, "host 39") == SPEED
    assert speed.read(home, "host 0") is None


def test_the_key_follows_device_precision_and_threads() -> None:
    keys = {
        speed.key_of(TrainingConfig(**fields))
        for fields in ({}, {"device": "cpu"}, {"precision": "fp32"}, {"threads": 1}, {"epochs": 3})
    }
    assert len(keys) == 4


def test_the_key_names_the_version_of_torch() -> None:
    assert speed.key_of(TrainingConfig()).endswith(f", torch {metadata.version('torch')}")
