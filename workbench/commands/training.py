"""The commands that train: `train` and `resume`, alone or as one of several processes of PyTorch's launcher."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.commands import console
from workbench.commands.asked import AllImages, Asked
from workbench.commands.options import (
    ConfigFile,
    Data,
    Device,
    Epochs,
    Json,
    ModelOrDefault,
    Recipe,
    Run,
    Set,
    Weights,
    asked_for,
    parsed,
    presets_of,
    store_of,
)
from workbench.commands.stopping import StopSignals, closed_whole
from workbench.core.errors import UserError
from workbench.core.events import RunFailed, RunFinished, RunStarted
from workbench.core.home import Home
from workbench.core.names import run_name
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.settings.presets import Presets
from workbench.core.settings.training_config import TrainingConfig

if TYPE_CHECKING:
    from workbench.engine.machine.processes import Processes
    from workbench.engine.training.recording import Events


commands = typer.Typer()


@commands.command()
def train(
    context: typer.Context,
    model: ModelOrDefault = None,
    recipe: Recipe = None,
    data: Data = None,
    epochs: Epochs = None,
    device: Device = None,
    set_: Set = None,
    name: Annotated[str, typer.Option(help="What to call the run.", callback=run_name)] = "",
    config_file: ConfigFile = None,
    weights: Weights = None,
    all_images: AllImages = False,
    json: Json = False,
) -> int:
    """Train a network. Ctrl+C stops it, saves it, and 'resume' goes on. Works under torchrun."""
    presets = presets_of(context)
    options = {"data.source": data, "training.epochs": parsed(epochs), "training.device": device,
               "fine_tuning.weights": weights}  # fmt: skip
    asked = asked_for(presets, model, recipe, config_file, set_, options, all_images=all_images)
    with StopSignals() as stop, _processes(lambda: asked.config.training) as processes:
        if not processes.is_first:
            return _help_first(context.obj, processes, stop)
        with store_of(context) as store:
            orders = Orders()
            events = _trained(asked, name, presets, store, orders, processes)
            return _follow(events, orders, processes, store, stop, json)


def _trained(
    asked: Asked, name: str, presets: Presets, store: RunStore, orders: Orders, processes: "Processes"
) -> "Events":
    """Of a new run, with what is said before it begins.

    Other processes hear from the first which images are left out.
    """
    from workbench.engine.training import training

    config = yield from asked.completed(store.home)
    yield from training.train(
        config,
        store=store,
        name=name,
        model=presets.model_name(config.model),
        recipe=presets.recipe_name(config),
        orders=orders,
        processes=processes,
    )


@commands.command()
def resume(
    context: typer.Context,
    run: Run,
    epochs: Annotated[str | None, typer.Option(help="New total number of epochs.", metavar="INTEGER")] = None,
    json: Json = False,
) -> int:
    """Go on with a stopped run from its last checkpoint. Works under torchrun."""
    with StopSignals() as stop, store_of(context) as store:
        run_id = store.find(run)
        with _processes(lambda: store.run(run_id).config.training) as processes:
            if not processes.is_first:
                return _help_first(context.obj, processes, stop)
            from workbench.engine.training import training

            orders = Orders()
            events = training.resume(
                run_id, store=store, epochs=parsed(epochs), orders=orders, processes=processes
            )
            return _follow(events, orders, processes, store, stop, json)


@contextmanager
def _processes(config: Callable[[], TrainingConfig]) -> "Iterator[Processes]":
    """This process and its peers, if PyTorch's launcher started it; only then the configuration is asked for."""
    from workbench.engine.machine.processes import ALONE, Processes

    if not Processes.are_launched():
        yield ALONE
        return
    from workbench.engine.machine.device import choose

    launched = Processes.launched()
    processes = launched.join(on_gpu=choose(config(), launched).device.type == "cuda")
    try:
        yield processes
    finally:
        processes.leave()


def _help_first(home: Home, processes: "Processes", stop: StopSignals) -> int:
    """Train along with the first process, which prints and records; what only this one knows is said here."""
    from workbench.engine.machine.processes import is_process_gone
    from workbench.engine.training.following import follow

    orders = Orders()
    stop.is_lasting = True
    stop.ask(orders)
    try:
        events = follow(home.prepare(), orders, processes)
        with closed_whole(events):
            for _ in events:
                pass
    except UserError as error:
        if not is_process_gone(error):
            console.print_error(f"error in process {processes.rank}: {error}")
        return 2
    # The first process tells why the run ended.
    except RuntimeError as error:
        if is_process_gone(error):
            return 2
        raise
    return 0


def _follow(
    events: "Events", orders: Orders, processes: "Processes", store: RunStore, stop: StopSignals, json: bool
) -> int:
    """Show a run until it ends or is asked to stop; print its result."""
    run_id, failure = "", None
    if processes.are_many:
        stop.is_lasting = True
        # They must stop after the same step; closing this generator would leave the others waiting.
        stop.ask(orders)
    with console.TrainingDisplay(quiet=json) as display, closed_whole(events):
        stop.display = display
        # Several are asked through their orders.
        while not stop.asked or processes.are_many:
            event = next(events, None)
            if event is None:
                break
            run_id = event.run_id or run_id
            display.show(event)
            if isinstance(event, RunStarted):
                stop.message = f"stopping; go on later with: resnet-workbench resume {run_id}"
            if isinstance(event, RunFailed | RunFinished):
                stop.message = "the run has ended already"
            if isinstance(event, RunFailed):
                failure = event
    stop.display = None
    if not run_id:
        # Stopped while modules were imported, or weights downloaded.
        console.print_error("stopped before the run began; nothing is recorded")
        if json:
            console.print_json({"run": None, "status": "stopped", "warnings": display.warnings})
        return 0
    record = store.run(run_id)
    if json:
        console.print_json(record.summary() | {"warnings": display.warnings})
    else:
        console.print_result(record)
    if failure is None:
        return 0
    console.print_failure(failure.message, failure.remedy)
    return 1 if failure.is_bug else 2
