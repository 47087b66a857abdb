"""Putting what a lab lacks into the queue, and no more: asked again, it adds nothing."""

from collections.abc import Sequence

from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabRun, model_name, recipe_name
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.store import RunStore


def add_missing(store: RunStore, lab: Lab, runs: Sequence[LabRun], *, again: bool = False) -> list[QueueEntry]:
    """Have all runs trained that are neither there nor waiting; those that were stopped are to be resumed.

    Finished runs, whatever they were trained for, get the lab's tag, by which they are found.

    Args:
        runs: of the lab as they are now (`plan.lab_runs`).
        again: train anew what has failed too.

    Returns:
        What was added.

    Raises:
        UserError: the store refuses.
    """
    there = [run.record for run in runs if run.record is not None and lab.tag not in run.record.tags]
    store.tag([record.id for record in there], add=[lab.tag])
    added = []
    for run in runs:
        if run.state == "stopped" and run.record is not None:
            added.append(store.queue.add_begun(store.run(run.record.id)))
        elif run.state == "skipped" and run.entry is not None:
            store.queue.skip([run.entry.id], is_skipped=False)
            added.append(store.queue.entry(run.entry.id))
        elif run.state == "missing" or (again and run.state == "failed"):
            config = run.planned.config
            added.append(
                store.queue.add(
                    config,
                    name=run.planned.name,
                    model=model_name(config),
                    recipe=recipe_name(config),
                    tags=[lab.tag],
                )
            )
    return added
