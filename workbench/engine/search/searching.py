"""Working on a study: one trial after the other, each a recorded run, as a generator of events.

The consumer drives, as of a run. Closing the generator saves the run and gives the trial back to the study.
"""

import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any

from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.search.definition import StudyDefinition
from workbench.core.search.refusals import Refusals
from workbench.core.search.study import StudyRecord
from workbench.core.search.trial_events import TrialEnded
from workbench.core.settings.config import RunConfig
from workbench.engine.data import sources
from workbench.engine.machine.device import choose
from workbench.engine.search import storages
from workbench.engine.search.heartbeat import Heartbeat
from workbench.engine.search.shared_study import SharedStudy
from workbench.engine.search.trial_work import Said, TrialWork

Searching = Generator[Said, None, None]


def search(
    name: str,
    *,
    store: RunStore,
    url: str,
    hours: float | None = None,
    machine: Mapping[str, Any] | None = None,
) -> Searching:
    """Work on a study until its trials are done, or for so many hours: no trial begins after that.

    Args:
        store: of the calling thread; the runs of this host are recorded in it.
        url: of the study's storage (`core.search.storage_place`).
        machine: fields that are another on this host, such as `training.device`.

    Raises:
        UserError: there is no such study, its storage cannot be used, or nothing can be trained here.
    """
    until = None if hours is None else time.monotonic() + 3600 * hours
    refusals = Refusals()
    while until is None or time.monotonic() < until:
        ended = yield from next_trial(name, store=store, url=url, machine=machine)
        if ended is None:
            return
        if reason := refusals.take(ended):
            raise UserError(reason)


def next_trial(
    name: str,
    *,
    store: RunStore,
    url: str,
    machine: Mapping[str, Any] | None = None,
    orders: Orders | None = None,
) -> Generator[Said, None, TrialEnded | None]:
    """Take the study's next trial and train it. Returns what became of it; None if there is none to do.

    Raises:
        UserError: as `search`.
    """
    with storages.opened(url) as storage:
        study = SharedStudy(name, storage)
        study.give_up_dead(lambda run_id: _status(store, run_id) == "interrupted")
        taken = study.take(lambda run_id: _status(store, run_id) in ("stopped", "failed", "interrupted"))
        if taken is None:
            return None
        with Heartbeat(taken):
            return (yield from TrialWork(study, taken, store, orders or Orders(), machine or {}).events())


def require(config: RunConfig, home: Home) -> None:
    """Refuse what could not be trained here, before a trial is spent on it.

    Raises:
        UserError: the device or the images are not there.
    """
    choose(config.training)
    sources.locate(config.data.source, home)


def begin(definition: StudyDefinition, limit: int, url: str) -> None:
    """Keep a new study in the storage at `url`, which is made if it is a file.

    Raises:
        UserError: there is one of that name, or the storage cannot be used.
    """
    with storages.opened(url, is_new=True) as storage:
        SharedStudy.create(definition, limit, storage)


def set_limit(name: str, limit: int, url: str) -> None:
    """Have so many trials in all from now on."""
    with storages.opened(url) as storage:
        SharedStudy(name, storage).set_limit(limit)


def read_study(name: str, url: str, *, with_importances: bool = False) -> StudyRecord:
    """A study as it is now.

    Raises:
        UserError: there is none of that name, or it cannot be read.
    """
    with storages.opened(url) as storage:
        study = SharedStudy(name, storage)
        return study.record(study.importances() if with_importances else None)


def read_studies(url: str) -> list[StudyRecord]:
    """All that were begun by the workbench, in the order of their names."""
    found = []
    with storages.opened(url) as storage:
        for name in sorted(storages.load_optuna().get_all_study_names(storage)):
            # Of other programs, which may keep theirs in the same database.
            with suppress(UserError):
                found.append(SharedStudy(name, storage).record())
    return found


def _status(store: RunStore, run_id: str) -> str:
    """Empty of runs that are not recorded here."""
    return store.run(run_id).status if run_id and run_id in store.ids(even_set_aside=False) else ""
