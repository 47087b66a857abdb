"""Searching over settings: `search start`, `join`, `list` and `show`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from workbench.commands import console, search_tables
from workbench.commands.asked import AllImages
from workbench.commands.options import (
    ConfigFile,
    Data,
    Device,
    Epochs,
    Json,
    ModelOrDefault,
    Recipe,
    Set,
    Weights,
    asked_for,
    parsed,
    presets_of,
    store_of,
)
from workbench.commands.search_display import SearchDisplay
from workbench.commands.stopping import StopSignals, closed_whole
from workbench.core.errors import UserError, shown
from workbench.core.home import Home
from workbench.core.search.definition import PRUNERS, SAMPLERS, USUAL_TRIALS, define, trial_limit
from workbench.core.search.space_parser import EXAMPLES, parse_space
from workbench.core.search.storage_place import storage_url
from workbench.core.search.study import StudyRecord

commands = typer.Typer(
    help="Search over settings with Optuna; every trial is a recorded run.", no_args_is_help=True
)

_PLACES = (
    "Where studies are kept; by default studies.db in the home folder, for processes of one machine. For several "
    "hosts: a file that ends in .log on a network drive (a journal of Optuna's, which needs no file locks), "
    "or the URL of a PostgreSQL or MySQL database."
)
Storage = Annotated[str, typer.Option(help=_PLACES, metavar="FILE or URL")]
Name = Annotated[str, typer.Argument(help="Of the study.")]
Hours = Annotated[
    str | None, typer.Option(help="Begin no trial after so many hours of this process.", metavar="NUMBER")
]
Trials = Annotated[
    str | None,
    typer.Option(help="Of the study in all, over all processes. Pruned and failed ones count.", metavar="INTEGER"),
]


@commands.command("start")
def start_search(
    context: typer.Context,
    name: Name,
    space: Annotated[
        list[str], typer.Option("--space", help=f"FIELD=VALUES, such as {EXAMPLES}; once per field.")
    ] = [],  # noqa: B006  # typer reads it once, and nothing appends
    model: ModelOrDefault = None,
    recipe: Recipe = None,
    data: Data = None,
    epochs: Epochs = None,
    device: Device = None,
    set_: Set = None,
    config_file: ConfigFile = None,
    weights: Weights = None,
    all_images: AllImages = False,
    trials: Trials = None,
    hours: Hours = None,
    sampler: Annotated[
        str, typer.Option(help=f"How values are chosen: {', '.join(SAMPLERS)} (all combinations).")
    ] = "tpe",
    pruner: Annotated[
        str, typer.Option(help=f"Which trials end early, by validation accuracy: {', '.join(PRUNERS)}.")
    ] = "median",
    storage: Storage = "",
    json: Json = False,
) -> int:
    """Begin a study and work on it. 'search join' in other processes, on other hosts too, works on it at once.

    What a trial is worth is the validation accuracy of its kept epoch; test images never choose. Ctrl+C stops the
    trial and saves its run, and whoever joins goes on with it.
    """
    presets = presets_of(context)
    options = {"data.source": data, "training.epochs": parsed(epochs), "training.device": device,
               "fine_tuning.weights": weights}  # fmt: skip
    asked = asked_for(presets, model, recipe, config_file, set_, options, all_images=all_images)
    definition = define(
        name,
        asked.config,
        parse_space(space),
        sampler=sampler,
        pruner=pruner,
        model=presets.model_name(asked.config.model),
        recipe=presets.recipe_name(asked.config),
    )
    usual = (definition.grid_size if sampler == "grid" else None) or USUAL_TRIALS
    limit = usual if trials is None else trial_limit(trials)
    hours_here, url = _hours(hours), _url(context, storage)
    _refuse_launcher()
    context.obj.prepare()
    from workbench.engine.search import searching

    searching.require(asked.config, context.obj)
    # Said with all else that the study warns of.
    with console.TrainingDisplay(quiet=True) as reading:
        config = console.exhaust(asked.completed(context.obj), reading)
    searching.begin(replace(definition, config=config), limit, url)
    return _work(context, name, url, hours_here, {}, json, reading.warnings)


@commands.command("join")
def join_search(
    context: typer.Context,
    name: Name,
    data: Annotated[str | None, typer.Option(help="Where the same images lie on this host.")] = None,
    device: Device = None,
    trials: Trials = None,
    hours: Hours = None,
    storage: Storage = "",
    json: Json = False,
) -> int:
    """Work on a study that was begun anywhere: all that this process needs to know is kept with it.

    It ends when all trials are taken; with more --trials a study goes on. One process for each GPU, with --device.
    """
    machine = {"data.source": data, "training.device": device}
    limit = None if trials is None else trial_limit(trials)
    hours_here, url = _hours(hours), _url(context, storage)
    _refuse_launcher()
    from workbench.engine.search import searching

    if limit is not None:
        searching.set_limit(name, limit, url)
    chosen = {field: value for field, value in machine.items() if value is not None}
    return _work(context, name, url, hours_here, chosen, json)


@commands.command("list")
def list_studies(context: typer.Context, storage: Storage = "", json: Json = False) -> None:
    """List the studies of a storage."""
    url = _url(context, storage)
    home: Home = context.obj
    studies: list[StudyRecord] = []
    # Without a storage of one's own, none yet is no mistake.
    if storage or home.studies.exists():
        from workbench.engine.search import searching

        studies = searching.read_studies(url)
    if json:
        console.print_json([study.entry() for study in studies])
    elif studies:
        search_tables.print_studies(studies)
    else:
        console.print_line("No studies yet. Begin one: resnet-workbench search start NAME --space FIELD=VALUES")


@commands.command("show")
def show_study(context: typer.Context, name: Name, storage: Storage = "", json: Json = False) -> None:
    """Show a study: its trials with their runs, the best one, and how much each field matters."""
    from workbench.engine.search import searching

    study = searching.read_study(name, _url(context, storage), with_importances=True)
    if json:
        console.print_json(study.document())
    else:
        search_tables.print_study(study)


def _url(context: typer.Context, storage: str) -> str:
    home: Home = context.obj
    return storage_url(storage, home)


def _hours(text: str | None) -> float | None:
    value = parsed(text)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise UserError(f"--hours is '{shown(text)}'; it must be a number above 0")
    return float(value)


def _refuse_launcher() -> None:
    from workbench.engine.machine.processes import Processes

    if Processes.are_launched():
        raise UserError(
            "a search is not started by torchrun: each of its processes trains trials of its own; start 'search "
            "join' once for each GPU, with --device"
        )


def _work(
    context: typer.Context,
    name: str,
    url: str,
    hours: float | None,
    machine: dict[str, Any],
    json: bool,
    warnings: Sequence[str] = (),
) -> int:
    """Train trials until there are no more or it is asked to stop; print the study.

    Args:
        warnings: to be said at the start.
    """
    from workbench.engine.search import searching

    stopping = f"stopping; go on later with: resnet-workbench search join {name}"
    with StopSignals(stopping) as stop, store_of(context) as store:
        # Before the display: there may be no such study, or nothing to train it with.
        config = searching.read_study(name, url).definition.config
        searching.require(config.with_values(machine), store.home)
        events = searching.search(name, store=store, url=url, hours=hours, machine=machine)
        with SearchDisplay(quiet=json) as display, closed_whole(events):
            stop.display = display
            for warning in warnings:
                display.warn(warning)
            while not stop.asked and (event := next(events, None)) is not None:
                display.show(event)
        study = searching.read_study(name, url)
    if json:
        console.print_json(study.document() | {"warnings": display.warnings, "trained_here": display.trained})
    else:
        search_tables.print_result(study)
    return 2 if display.failed and not display.finished else 0
