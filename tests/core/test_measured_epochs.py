"""What runs took is told of a configuration that takes as long, on the same machine, and of no other."""

import math
import os
import platform
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from workbench.core.events import EpochMetrics
from workbench.core.records.measured_epochs import seconds_per_epoch
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig

DEVICE = "CPU, 2 threads"
HERE = {"platform": platform.platform(), "cpu_count": os.cpu_count()}


def epoch(number: int, elapsed_s: float) -> EpochMetrics:
    return EpochMetrics("a", number, 10 * number, 1.0, 0.4, 1.1, 0.5, 1.2, 0.3, 1000.0, elapsed_s, True)


def run(*ends_s: float, config: RunConfig | None = None) -> RunRecord:
    epochs = tuple(epoch(number, end) for number, end in enumerate(ends_s, 1))
    return RunRecord(
        "a", 1, "a", "resnet20", "quick", "sample", config or RunConfig(), "running", "", "", HERE,
        {"device": DEVICE, "dataset_path": str(Path("/d"))}, 1.0, 0, epochs,
    )  # fmt: skip


def measured(config: RunConfig, *records: RunRecord, device: str = DEVICE) -> float | None:
    return seconds_per_epoch(config, records, device)


def ends(*took_s: float) -> list[float]:
    return list(accumulate(took_s))


def test_it_is_the_usual_length_of_a_runs_epochs() -> None:
    # The third was held up, the first read the images.
    assert measured(RunConfig(), run(*ends(30, 16, 46, 16, 16))) == 16
    assert measured(RunConfig(), run(16.5)) == 16.5
    # Too few to leave one out.
    assert measured(RunConfig(), run(*ends(18, 16))) == 17


def test_a_run_whose_first_epochs_were_slow_is_measured_by_the_others() -> None:
    """16 epochs in 127 s, the first two beside other work."""
    assert measured(RunConfig(), run(*ends(69, 16, *[3.0] * 14))) == 3


def test_a_run_that_was_slow_as_a_whole_is_outvoted_by_those_before_it() -> None:
    slow, usual = run(*ends(*[69.0] * 6)), run(*ends(*[8.0] * 6))
    assert measured(RunConfig(), slow, usual, usual) == 8


def test_only_the_newest_runs_count() -> None:
    new, old = run(*ends(*[8.0] * 4)), run(*ends(*[69.0] * 16))
    assert measured(RunConfig(), new, new, new, old, old) == 8
    # One that trained for long enough speaks alone.
    assert measured(RunConfig(), run(*ends(*[8.0] * 31)), old, old) == 8
    # Its newest epochs, and thirty of them.
    assert measured(RunConfig(), run(*ends(*[69.0] * 40, *[8.0] * 16))) == 8


def test_runs_that_say_nothing_take_no_ones_place() -> None:
    usual = run(*ends(*[8.0] * 4))
    assert measured(RunConfig(), run(), run(0.0, 0.0), run(), usual) == 8


def test_without_a_finished_epoch_nothing_is_measured() -> None:
    assert measured(RunConfig()) is None
    assert measured(RunConfig(), run()) is None
    # Rebuilt from its checkpoints.
    assert measured(RunConfig(), run(0.0, 0.0)) is None
    assert measured(RunConfig(), run(math.nan)) is None


@pytest.mark.parametrize(
    ("field", "value", "is_alike"),
    [
        ("training.epochs", 99, True),
        ("training.learning_rate", 0.01, True),
        ("training.schedule", "cosine", True),
        ("training.seed", 7, True),
        ("data.normalization", "half", True),
        ("training.batch_size", 64, False),
        ("training.precision", "fp32", False),
        ("training.threads", 1, False),
        ("training.optimizer", "adam", False),
        ("training.mixup", 0.2, False),
        ("data.train_images", 1000, False),
        ("data.validation_fraction", 0.2, False),
        ("data.source", "cifar10", False),
        ("model.widths", (8, 16, 32), False),
        ("model.blocks", (5, 5, 5), False),
        ("model.norm", "group", False),
    ],
)
def test_only_what_costs_time_tells_configurations_apart(field: str, value: object, is_alike: bool) -> None:
    other = RunConfig().with_values({field: value})
    assert measured(other, run(10, 22, 34)) == (12 if is_alike else None)


def test_another_machine_or_several_processes_say_nothing_of_this_one() -> None:
    here = run(10, 22, 34)
    assert measured(RunConfig(), here) == 12
    assert measured(RunConfig(), here, device="NVIDIA H200") is None
    assert measured(RunConfig(), replace(here, machine=HERE | {"cpu_count": 256})) is None
    assert measured(RunConfig(), replace(here, machine=HERE | {"processes": 2})) is None
