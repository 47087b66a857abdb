"""Training as a generator of events.

    for event in train(config, store=store):
        ...

The consumer drives. To pause is not to ask for the next event; to stop is to close the generator, which
saves a checkpoint and records the run as stopped.
"""

from collections.abc import Sequence
from dataclasses import replace

from workbench.core.errors import ConfigError, UserError
from workbench.core.orders import Orders
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.schedule import rates_around
from workbench.engine.data import sources
from workbench.engine.machine.device import choose, describe_machine
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.network import resnet
from workbench.engine.training import completion
from workbench.engine.training.recording import Events, recorded
from workbench.engine.training.run import Run
from workbench.engine.weights import checkpoint, run_weights, weight_sources
from workbench.engine.weights import foreign_weights as weights
from workbench.engine.weights.checkpoint_state import CheckpointState
from workbench.engine.weights.foreign_weights import Weights
from workbench.engine.weights.manifest import KINDS


def train(
    config: RunConfig,
    *,
    store: RunStore,
    name: str = "",
    model: str = "custom",
    recipe: str = "custom",
    tags: Sequence[str] = (),
    run_id: str = "",
    orders: Orders | None = None,
    processes: Processes = ALONE,
) -> Events:
    """Train a new run from the start and record it.

    Args:
        config: what to train; the number of classes follows the data, `auto` normalization the weights.
        store: of the calling thread.
        name: what the person calls the run; by default the model's name.
        model: name of the model preset, for the list of runs.
        recipe: name of the recipe, for the list of runs.
        tags: that the run gets.
        run_id: that it was promised (`QueueEntry.id`); empty: a new one.
        orders: through which another thread can change the learning rate or end the run.
        processes: that train it together; this one must be the first (`following.follow` is for the others).

    Once the run has begun, an error ends it with RunFailed, never with an exception. While weights are downloaded,
    Progress has an empty `run_id`.

    Raises:
        UserError: it cannot begin: the data, the weights or the device are not there, or do not fit; nothing is
            recorded then.
    """
    choose(config.training)
    config = completion.lasting(config, store)
    try:
        initial = yield from weight_sources.starting(config, store)
        if initial is not None:
            weights.start_from(resnet.build(config.model, seed=0), initial)
    except UserError as error:
        raise ConfigError({"fine_tuning.weights": f"fine_tuning.weights: {error}"}) from error
    machine = describe_machine() | ({"processes": processes.count} if processes.are_many else {})
    run_id = store.create(config, name=name, model=model, recipe=recipe, machine=machine, tags=tags, run_id=run_id)
    events = _begun(run_id, store, orders, processes, initial)
    # The run lets go of them once they are copied, and so must all frames below it.
    del initial
    yield from recorded(run_id, events, store, is_new=True)


def _begun(
    run_id: str, store: RunStore, orders: Orders | None, processes: Processes, initial: Weights | None
) -> Events:
    """A generator, so that a database which cannot be read ends the run as any other error does."""
    run = Run(store.run(run_id), store, orders=orders, processes=processes, weights=initial)
    del initial
    yield from run.events()


def resume(
    run_id: str,
    *,
    store: RunStore,
    epochs: int | None = None,
    orders: Orders | None = None,
    processes: Processes = ALONE,
) -> Events:
    """Go on with a stopped, failed or interrupted run, or with a finished one up to more `epochs`.

    Raises:
        UserError: nothing is left to train, or the run is being trained.
    """
    glance = store.glance().get(run_id)
    if glance is not None and glance.status == "running":
        raise UserError(f"run {run_id} is being trained by another process; stop it there first")
    store.claim(run_id)
    try:
        if store.set_aside_at(run_id):
            raise UserError(f"run {run_id} was deleted; bring it back before it is resumed")
        # Only now: another process may have trained it until a moment ago.
        yield from _resumed(store.run(run_id), store, epochs, orders, processes)
    finally:
        store.release(run_id)


def _resumed(
    record: RunRecord, store: RunStore, epochs: int | None, orders: Orders | None, processes: Processes
) -> Events:
    folder = store.checkpoints(record.id)
    saved = (checkpoint.named(folder, kind) for kind in KINDS)
    if max((found.epoch for found in saved if found is not None), default=0) > len(record.epochs):
        # The list refused to record some epochs, say on a full disk.
        record = store.take_from_journal(record.id)
    config = record.config
    if epochs is not None:
        config = config.with_values({"training.epochs": epochs})
    done = len(record.epochs)
    is_over = record.status == "finished" and (done == config.training.epochs or epochs is None)
    if done > config.training.epochs or is_over:
        raise UserError(f"run {record.id} has {done} epochs already; it goes on for more than {done} (--epochs)")
    # Read before anything is recorded, so that a run that cannot be resumed stays as it is.
    choose(config.training)
    sources.locate(config.data.source, store.home)
    state: CheckpointState | None = None
    warnings = [_jump(record, config)]
    # Ended before its first checkpoint was whole, which is written after the first epoch is recorded, a run starts
    # anew, from its seed; later there must be one.
    is_early = done == 0 or (done == 1 and record.status != "finished")
    if is_early and not checkpoint.exists(folder):
        if record.started:
            warnings.append(f"run {record.id} ended before its first checkpoint was written: it starts anew")
    else:
        state, warning = checkpoint.load_last(
            folder, lambda saved: run_weights.refuse_of_another(saved.config, record)
        )
        warnings.insert(0, warning)
        if state.position.epoch > done:
            warnings.append(f"of the {state.position.epoch} epochs of its checkpoint, {done} are recorded")
        if record.status == "finished":
            state = replace(state, position=replace(state.position, patience_from=state.position.epoch))
    store.reopen(record.id, config)
    run = Run(
        replace(record, config=config),
        store,
        orders=orders,
        processes=processes,
        resume_from=state,
        warnings=[warning for warning in warnings if warning],
    )
    del state
    yield from recorded(record.id, run.events(), store)


def _jump(record: RunRecord, config: RunConfig) -> str:
    """A warning if the learning rate rises because more epochs stretch the schedule; else empty."""
    before, after = record.config.training, config.training
    if before.epochs == after.epochs or not record.started or not record.epochs:
        return ""
    was, now = rates_around(before, after, len(record.epochs), record.started["steps_per_epoch"])
    if now < 2 * was:
        return ""
    return (
        f"training.schedule '{after.schedule}' now spans {after.epochs} epochs: the learning rate goes on at "
        f"{now:.2g}, after {was:.2g}"
    )
