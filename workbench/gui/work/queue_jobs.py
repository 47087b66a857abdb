"""Jobs of the queue: to add a run, of which the engine says whether it could begin, and to train the next one."""

from contextlib import closing
from functools import partial

from workbench.core.home import Home
from workbench.core.names import numbered_name
from workbench.core.orders import Orders
from workbench.core.settings.config import RunConfig
from workbench.gui.work.job import Job, RunJob, Work


def add_to_queue(config: RunConfig, *, model: str, recipe: str) -> Job:
    """Have a run trained later, under its model's name and, if that is taken, a number. Result: QueueEntry."""
    return Job(partial(_add, config, model, recipe))


def _add(config: RunConfig, model: str, recipe: str, home: Home) -> Work:
    yield from ()
    from workbench.core.records.store import RunStore
    from workbench.engine.training.queue_work import frozen

    with closing(RunStore(home.prepare())) as store:
        taken = {record.name for record in store.runs()} | {each.name for each in store.queue.listing().entries}
        name = numbered_name(model, taken)
        return store.queue.add(frozen(config, store), name=name, model=model, recipe=recipe)


def train_next() -> RunJob:
    """Train the next entry of the queue; yields its run's events. Result: its id, None if nothing waits."""
    orders = Orders()

    def begin(home: Home) -> Work:
        from workbench.core.records.store import RunStore
        from workbench.engine.training.queue_work import work_entry

        with closing(RunStore(home.prepare())) as store:
            entry = store.queue.claim()
            if entry is None:
                return None
            yield from work_entry(entry, store, orders=orders)
            return entry.id

    return RunJob(begin, orders=orders)
