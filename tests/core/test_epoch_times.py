"""How long an epoch, and what is left of the queue, takes on this machine."""

from dataclasses import replace

import pytest

from tests.core.test_measured_epochs import DEVICE, ends, run
from workbench.core import speed
from workbench.core.home import Home
from workbench.core.records.epoch_times import EpochTimes, total
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.settings.config import RunConfig
from workbench.core.speed import UNITS, Speed

CONFIG = RunConfig().with_values({"training.epochs": 10})


@pytest.fixture
def times(home: Home) -> EpochTimes:
    speed.write(home, speed.key_of(CONFIG.training), Speed(DEVICE, "fp32", False, dict.fromkeys(UNITS, 1e-9)))
    return EpochTimes(home)


def entry(config: RunConfig = CONFIG, entry_id: str = "b") -> QueueEntry:
    return QueueEntry(entry_id, 1, "b", "resnet8", "quick", config, (), "waiting", False, "", "")


def test_what_was_measured_counts_before_what_is_computed(times: EpochTimes) -> None:
    estimate = times.seconds(CONFIG)
    assert estimate is not None
    assert estimate > 0
    times.records = [run(*ends(20, 16, 16, 16))]
    # The device is not known yet: the figures that are kept tell it.
    assert times.seconds(CONFIG) == 16
    times.device = "another"
    times.forget_speeds()
    assert times.seconds(CONFIG) is None, "neither was of that device"


def test_of_an_entry_its_finished_epochs_are_left_out(times: EpochTimes) -> None:
    times.records = [replace(run(*ends(20, 16, 16, 16)), id="b")]
    assert times.left(entry(), 16.0) == 6 * 16
    assert times.left(entry(entry_id="c"), 16.0) == 160
    assert times.left(entry(), None) is None


def test_the_number_of_images_is_known_of_a_run_on_the_same(times: EpochTimes) -> None:
    config = CONFIG.with_values({"data.source": "/images", "model.widths": [8, 8, 8]})
    assert (times.images(config), times.seconds(config)) == (None, None)
    before = run(16.0, config=config.with_values({"model.widths": [16, 16, 16]}))
    times.records = [replace(before, started=dict(before.started) | {"images": [900, 100, 10]})]
    assert times.images(config) == 900
    assert times.seconds(config) is not None
    assert times.images(config.with_values({"data.validation_fraction": 0.3})) is None


def test_images_that_are_left_out_count(times: EpochTimes) -> None:
    left_out = {"data.excluded": range(100)}
    assert (times.images(CONFIG), times.images(CONFIG.with_values(left_out))) == (9000, 8910)
    assert times.images(CONFIG.with_values(left_out | {"data.train_images": 500})) == 500
    config = CONFIG.with_values({"data.source": "/images"} | left_out)
    before = run(16.0, config=config)
    times.records = [replace(before, started=dict(before.started) | {"images": [810, 90, 10]})]
    assert times.images(config) == 810
    assert times.images(config.with_values({"data.excluded": ()})) == 900


def test_a_sum_says_whether_all_of_it_is_known() -> None:
    assert total([1.0, 2.0]) == (3.0, True)
    assert total([1.0, None]) == (1.0, False)
    assert total([]) == (0, True)
