"""How long labs take on this machine, which is measured for it where nobody has before."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from workbench.commands import console
from workbench.core import speed
from workbench.core.errors import UserError
from workbench.core.labs.bench import Bench
from workbench.core.labs.plan import LabRun
from workbench.core.labs.report import run_document
from workbench.core.records.epoch_times import EpochTimes
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.training_config import TrainingConfig


class LabTimes:
    """Seconds still to be trained, of runs and labs."""

    def __init__(self, times: EpochTimes) -> None:
        self._times = times

    def of(self, run: LabRun) -> float | None:
        """None while nothing tells it."""
        return run.seconds_left(self._times)

    def left(self, bench: Bench) -> tuple[float, bool]:
        """As far as it is known, and whether all is."""
        return bench.seconds_left(self._times)

    def documents(self, bench: Bench) -> list[dict[str, Any]]:
        """Of each run."""
        return [run_document(run) | {"seconds_left": self.of(run)} for run in bench.runs]


def lab_times(
    store: RunReader, records: Sequence[RunRecord], benches: Sequence[Bench], *, quiet: bool
) -> LabTimes:
    """By recorded runs and this machine's speed, which is measured (1 to 2 s) if nothing tells of a run."""
    times = EpochTimes(store.home)
    times.records = records
    unknown = [run for bench in benches for run in bench.left if run.seconds_left(times) is None]
    if unknown and times.images(unknown[0].planned.config) is not None:
        # A machine that refuses, or a device that is not there, has no times; training says why.
        with suppress(UserError):
            _measure(store, unknown[0].planned.config.training, quiet)
        times.forget_speeds()
    return LabTimes(times)


def _measure(store: RunReader, training: TrainingConfig, quiet: bool) -> None:
    from workbench.engine.machine import device
    from workbench.engine.trials import speed_probe

    with console.TrainingDisplay(quiet=quiet) as display:
        measured = console.exhaust(speed_probe.probe(device.choose(training)), display)
    if measured is not None:
        speed.write(store.home, speed.key_of(training), measured)
