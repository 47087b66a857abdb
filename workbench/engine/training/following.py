"""The processes of a run that help the first one: they train and evaluate their share, and record nothing."""

from collections.abc import Generator
from typing import Any

from workbench.core.config import RunConfig
from workbench.core.errors import UserError, shown
from workbench.core.events import Event, Progress
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.engine.machine.processes import Processes
from workbench.engine.training.loop import TrainingLoop
from workbench.engine.training.preparation import Prepared, prepare, unless_stopped


def follow(home: Home, orders: Orders, processes: Processes) -> Generator[Event, None, None]:
    """Take part in the first process's run until it is over.

    Args:
        home: where this process finds the images; it may be on another host than the first one's.

    Raises:
        UserError: the images here are not those of the first process, or another process is gone.
    """
    state = processes.hear_start(lambda: orders.wants_stop)
    if state is None:
        return
    try:
        prepared = yield from unless_stopped(_prepared(state, home, processes), orders)
    except Exception as error:
        # Else the first process would wait.
        processes.say_ready((), str(error) or type(error).__name__)
        raise
    # Its tensors are copied.
    del state
    if prepared is None:
        processes.say_ready((), "it was stopped")
        return
    processes.say_ready(prepared.images)
    yield from TrainingLoop("", prepared, orders, processes).events()


def _prepared(state: dict[str, Any], home: Home, processes: Processes) -> Generator[Progress, None, Prepared]:
    config = RunConfig.from_json(state["config"], "the first process's configuration")
    prepared = yield from prepare(config, home, processes=processes)
    if prepared.config != config:
        raise UserError(
            f"data.source is '{shown(config.data.source)}', whose classes are not those of the first process"
        )
    prepared.trainer.restore(state, "what the first process starts from")
    return prepared
