"""Working off the queue of runs, as a generator of events like training itself.

    for event in work_queue(store):
        ...

Closing it stops and saves the run that is being trained, and puts its entry back as the next one, to be resumed.
"""

from collections.abc import Callable, Collection, Generator
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias

from workbench.core.errors import UserError
from workbench.core.events import Event, RunFailed, RunFinished
from workbench.core.orders import Orders
from workbench.core.records.queue_entry import DONE, EntryBegan, EntryEnded, QueueEntry
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.machine.device import choose
from workbench.engine.training import completion, training
from workbench.engine.training.recording import Events

Work: TypeAlias = Generator[Event | EntryBegan | EntryEnded, None, None]


def frozen(config: RunConfig, store: RunStore) -> RunConfig:
    """A configuration as the queue keeps it: its names of images and weights mean the same later.

    Raises:
        UserError: it could not begin: the images, the weights or the device are not there.
    """
    choose(config.training)
    return completion.lasting(config, store)


def work_queue(
    store: RunStore,
    *,
    orders_for: Callable[[QueueEntry], Orders] | None = None,
    only: Collection[str] | None = None,
) -> Work:
    """Train what waits, one entry after the other, until nothing does or the queue is paused.

    An entry that cannot begin, or whose run fails, is recorded with its sentence, and the next one follows.

    Args:
        store: of the calling thread.
        orders_for: through which another thread can change the run of an entry.
        only: the ids of the entries that are to be trained; None: all.

    Raises:
        UserError: the store refuses.
    """
    while (entry := store.queue.claim(only)) is not None:
        try:
            yield EntryBegan(entry)
        except GeneratorExit:
            store.queue.give_back(entry.id)
            raise
        ended = replace(entry, state="waiting", place=1, has_begun=True)
        with closing(work_entry(entry, store, orders=orders_for(entry) if orders_for else None)) as events:
            while True:
                try:
                    event = next(events, None)
                # Around the question alone: what closing raises must end this generator too.
                except UserError as error:
                    ended = replace(entry, state="failed", message=str(error))
                    break
                if event is None:
                    break
                ended = _after(event, ended)
                yield event
        yield EntryEnded(ended)
        if not ended.is_done:
            # It was asked to stop.
            return


def _after(event: Event, entry: QueueEntry) -> QueueEntry:
    match event:
        case RunFinished(status="finished"):
            return replace(entry, state="finished", place=0)
        case RunFailed(message=message):
            return replace(entry, state="failed", message=message, place=0)
        case _:
            return entry


def work_entry(entry: QueueEntry, store: RunStore, *, orders: Orders | None = None) -> Events:
    """Train an entry that this process has claimed, or go on with its run, and record its outcome in the queue.

    Yields the events of its run alone.

    Raises:
        UserError: why its run cannot begin, which is recorded as its outcome; or the store refuses.
    """
    queue, is_done = store.queue, False
    try:
        with closing(_run_of(entry, store, orders)) as events:
            for event in events:
                ended = _after(event, entry)
                if ended.state in DONE:
                    is_done = True
                    queue.finish(entry.id, ended.state, ended.message)
                yield event
    except Exception as error:
        if not is_done:
            is_done = True
            message = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            queue.finish(entry.id, "failed", message)
        raise
    finally:
        if not is_done:
            queue.give_back(entry.id)


def _run_of(entry: QueueEntry, store: RunStore, orders: Orders | None) -> Events:
    if not entry.has_begun:
        yield from training.train(
            entry.config,
            store=store,
            name=entry.name,
            model=entry.model,
            recipe=entry.recipe,
            tags=entry.tags,
            run_id=entry.id,
            orders=orders,
        )
        return
    if store.set_aside_at(entry.id):
        raise UserError(f"run {entry.id} of this entry was deleted after it had begun; add it to the queue anew")
    if store.run(entry.id).status == "finished":
        # Somebody has resumed it by hand.
        yield RunFinished(entry.id, "finished")
        return
    yield from training.resume(entry.id, store=store, orders=orders)
