"""Every job of labs. The engine is imported inside the functions that a lane's thread calls."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.labs.bench import Bench, remembered
from workbench.core.labs.catalog import LABS
from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabSettings
from workbench.core.records.epoch_times import EpochTimes, total
from workbench.gui.work.job import Job, Work


@dataclass(frozen=True)
class LabLook:
    """A lab with what is there of it, and how long the rest takes on this machine."""

    bench: Bench
    seconds: tuple[float | None, ...]
    """Of each of its runs; None while nothing tells it."""

    @property
    def left(self) -> tuple[float, bool]:
        """Of all that is still to be trained, as far as it is known; and whether all is."""
        return total(self.seconds)


def look(settings: Mapping[str, LabSettings]) -> Job:
    """All labs beside the list of runs and the queue. Result: a dict of LabLook, by the labs' names.

    Args:
        settings: by name, of those that the person has changed; others are as they were begun last, or usual.
    """
    return Job(partial(_look, dict(settings)))


def _look(settings: Mapping[str, LabSettings], home: Home) -> Work:
    from workbench.core.records.store import RunStore

    found = dict[str, LabLook]()
    with closing(RunStore.for_reading(home)) as store:
        records = store.runs()
        times = EpochTimes(home)
        times.records = records
        for name, lab in LABS.items():
            yield Progress("Looking for runs of labs", len(found), len(LABS), "parts")
            chosen = settings.get(name) or remembered(lab, store, records) or LabSettings.usual(lab)
            bench = Bench.of(lab, chosen, store, records)
            found[name] = LabLook(bench, tuple(run.seconds_left(times) for run in bench.runs))
    return found


@dataclass(frozen=True)
class Added:
    """How many runs of a lab were put into the queue."""

    lab: Lab
    count: int


def add(lab: Lab, settings: LabSettings) -> Job:
    """Put what a lab lacks into the queue. Result: Added."""
    return Job(partial(_add, lab, settings))


def _add(lab: Lab, settings: LabSettings, home: Home) -> Work:
    from workbench.core.labs.adding import add_missing
    from workbench.core.records.store import RunStore

    yield Progress("Looking for runs of labs", 0, 0)
    with closing(RunStore(home.prepare())) as store:
        return Added(lab, len(add_missing(store, lab, settings)))


def report(lab: Lab, settings: LabSettings) -> Job:
    """What a lab's runs say so far. Result: LabReport."""
    return Job(partial(_report, lab, settings))


def _report(lab: Lab, settings: LabSettings, home: Home) -> Work:
    from workbench.core.records.store import RunStore
    from workbench.engine.labs.reporting import report_of

    yield Progress("Comparing the runs", 0, 0)
    with closing(RunStore.for_reading(home)) as store:
        return report_of(Bench.of(lab, settings, store), store)


def write_report(lab: Lab, settings: LabSettings, path: Path) -> Job:
    """Write it as one HTML file. Result: its path."""
    return Job(partial(_write_report, lab, settings, path))


def _write_report(lab: Lab, settings: LabSettings, path: Path, home: Home) -> Work:
    from workbench.engine.labs import report_page

    found = yield from _report(lab, settings, home)
    report_page.write_report(found, path)
    return path
