"""Runs that were trained, for tests of what looks at them."""

from collections.abc import Generator
from contextlib import closing
from typing import Any, TypeVar

from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.subject import Subject, Subjects
from workbench.engine.training import training

T = TypeVar("T")


def exhausted(work: Generator[Any, None, T]) -> T:
    """What a generator of progress returns at last."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result


def record_run(home: Home, config: RunConfig) -> str:
    """Train to the end; returns the run's id."""
    with closing(RunStore(home)) as store:
        return str(list(training.train(config, store=store))[-1].run_id)


def opened(home: Home, run_id: str, epoch: int | None = None) -> Subject:
    """A run's network after an epoch, or after the kept one."""
    with closing(RunStore.for_reading(home)) as store:
        return exhausted(Subjects().open(run_id, store, epoch))
