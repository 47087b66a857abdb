"""Putting what a lab lacks into the queue, and no more: asked again, it adds nothing."""

from workbench.core.labs.bench import Bench
from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabRun, LabSettings, model_name, recipe_name
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.store import RunStore


def add_missing(store: RunStore, lab: Lab, settings: LabSettings, *, again: bool = False) -> list[QueueEntry]:
    """Have all runs trained that are neither there nor waiting; those that were stopped are to be resumed.

    Of two processes that do so at once, one adds them.

    Finished runs, whatever they were trained for, get the lab's tag, by which they are found.

    Args:
        again: train anew what has failed too.

    Returns:
        What was added.

    Raises:
        UserError: a setting is not allowed, or the store refuses.
    """
    with store.queue.looking_and_adding():
        runs = Bench.of(lab, settings, store).runs
        there = [run.record for run in runs if run.record is not None and lab.tag not in run.record.tags]
        store.tag([record.id for record in there], add=[lab.tag])
        return [entry for run in runs if (entry := _added(store, lab, run, again=again)) is not None]


def _added(store: RunStore, lab: Lab, run: LabRun, *, again: bool) -> QueueEntry | None:
    if run.state == "stopped" and run.record is not None:
        return store.queue.add_begun(store.run(run.record.id))
    if run.state == "skipped" and run.entry is not None:
        store.queue.skip([run.entry.id], is_skipped=False)
        return store.queue.entry(run.entry.id)
    if run.state == "missing" or (again and run.state == "failed"):
        config = run.planned.config
        return store.queue.add(
            config,
            name=run.planned.name,
            model=model_name(config),
            recipe=recipe_name(config),
            tags=[lab.tag],
        )
    return None
