"""The processes of a run that help the first one: they train and evaluate their share, and record nothing."""

from collections.abc import Generator

from workbench.core.errors import UserError, shown
from workbench.core.events import Event
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.engine.machine.processes import Processes
from workbench.engine.training.loop import TrainingLoop
from workbench.engine.training.preparation import Preparing, prepare, unless_stopped
from workbench.engine.weights.checkpoint_state import CheckpointState


def follow(home: Home, orders: Orders, processes: Processes) -> Generator[Event, None, None]:
    """Take part in the first process's run until it is over.

    Args:
        home: where this process finds the images; it may be on another host than the first one's.

    Raises:
        UserError: the images here are not those of the first process, or another process is gone.
    """
    content = processes.hear_start(lambda: orders.wants_stop)
    if content is None:
        return
    try:
        prepared = yield from unless_stopped(_prepared(content, home, processes), orders)
    except Exception as error:
        # Else the first process would wait.
        processes.say_ready((), str(error) or type(error).__name__)
        raise
    # Its tensors are copied.
    del content
    if prepared is None:
        processes.say_ready((), "it was stopped")
        return
    processes.say_ready(prepared.images)
    yield from TrainingLoop("", prepared, orders, processes).events()


def _prepared(content: bytes, home: Home, processes: Processes) -> Preparing:
    state = CheckpointState.from_file(content, "what the first process starts from")
    config = state.config
    prepared = yield from prepare(config, home, processes=processes)
    if prepared.config != config:
        raise UserError(
            f"data.source is '{shown(config.data.source)}', whose classes are not those of the first process"
        )
    prepared.trainer.restore(state, "what the first process starts from")
    return prepared
