"""The queue of runs: `queue add`, `list`, `run`, and what changes it."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from workbench.commands import console
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
    reading_store_of,
    store_of,
)
from workbench.commands.queue_run import STOPPING, work_off
from workbench.commands.stopping import StopSignals
from workbench.core.errors import UserError, shown
from workbench.core.formats import rough_duration
from workbench.core.names import run_name, tag_names
from workbench.core.records.epoch_times import EpochTimes, total
from workbench.core.records.queue_entry import QueueEntry, QueueList
from workbench.core.records.run_reader import RunReader
from workbench.core.records.store import RunStore
from workbench.core.settings.assignments import parse_value

commands = typer.Typer(help="Runs that are trained one after the other.", no_args_is_help=True)

_ENTRY_HELP = "Its place in 'queue list', its id, or the beginning of one."
Entry = Annotated[str, typer.Argument(help=_ENTRY_HELP)]
Entries = Annotated[list[str], typer.Argument(help=_ENTRY_HELP, metavar="ENTRY...")]
_STEPS = ("first", "up", "down", "last")


@commands.command()
def add(
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
    tag: Annotated[list[str] | None, typer.Option(help="A tag that the run gets; may be given again.")] = None,
    seeds: Annotated[str, typer.Option(help="Such as 1,2,3: one run for each.", metavar="INTEGER,...")] = "",
    front: Annotated[bool, typer.Option("--front", help="Before all others, not after them.")] = False,
    json: Json = False,
) -> None:
    """Have a run trained later, by the settings of now. Takes the options of 'train'."""
    presets, tags = presets_of(context), tag_names(tag or ())
    options = {"data.source": data, "training.epochs": parsed(epochs), "training.device": device,
               "fine_tuning.weights": weights}  # fmt: skip
    asked = asked_for(presets, model, recipe, config_file, set_, options, all_images=all_images)
    chosen = _seeds(seeds)
    # Refused, if at all, before images are read.
    of_seeds = [asked.config.with_values({"training.seed": seed}) for seed in chosen] or [asked.config]
    called = presets.model_name(asked.config.model)
    names = [run_name(f"{name or called}, seed {seed}") for seed in chosen] or [name]
    with store_of(context) as store:
        from workbench.engine.training.queue_work import frozen

        with console.TrainingDisplay(quiet=json) as display:
            complete = console.exhaust(asked.completed(store.home), display)
        seeds_of = [each.training.seed for each in of_seeds]
        lasting = [frozen(complete.with_values({"training.seed": seed}), store) for seed in seeds_of]
        added = [
            store.queue.add(each, name=called_so, model=called, recipe=presets.recipe_name(each), tags=tags)
            for each, called_so in zip(lasting, names, strict=True)
        ]
        if front:
            store.queue.move([entry.id for entry in added], 1)
        entries = [store.queue.entry(entry.id) for entry in added]
    if json:
        console.print_json([entry.document() | {"warnings": display.warnings} for entry in entries])
        return
    for entry in entries:
        console.print_line(f"entry {entry.id}, place {entry.place}: {entry.name}")


def _seeds(text: str) -> list[Any]:
    """The configuration judges each of them."""
    seeds = [parse_value(part.strip()) for part in text.split(",")] if text else []
    if len(set(map(str, seeds))) < len(seeds):
        raise UserError(
            f"--seeds is '{shown(text)}'; each seed must be there once, as the same run would come twice"
        )
    return seeds


@commands.command("list")
def list_entries(context: typer.Context, json: Json = False) -> None:
    """List the queue in its order, and how long it will take."""
    with reading_store_of(context) as store:
        _print_queue(store, json)


@commands.command()
def run(
    context: typer.Context,
    stop_after_failures: Annotated[
        str | None,
        typer.Option(
            help="Pause the queue when so many runs have failed; 0: never. It is remembered.", metavar="INTEGER"
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Train what waits, one run after the other. Ctrl+C stops and saves the present one, to be resumed."""
    with StopSignals(STOPPING) as stop, store_of(context) as store:
        if stop_after_failures is not None:
            store.queue.stop_after(parsed(stop_after_failures))
        return work_off(store, stop, json)


@commands.command()
def move(
    context: typer.Context,
    entry: Entry,
    place: Annotated[str, typer.Argument(help=f"From 1, the next one; or {', '.join(_STEPS)}.", metavar="PLACE")],
    json: Json = False,
) -> None:
    """Train an entry sooner or later."""
    with store_of(context) as store:
        entry_id = store.queue.find(entry)
        store.queue.move([entry_id], _place(place, store.queue.entry(entry_id)))
        _print_queue(store, json)


def _place(text: str, entry: QueueEntry) -> int:
    match text:
        case "first":
            return 1
        case "up":
            return max(1, entry.place - 1)
        case "down":
            return entry.place + 1
        case "last":
            return 1_000_000
    if not text.isdecimal() or int(text[:12]) < 1:
        raise UserError(f"PLACE is '{shown(text)}'; it must be a whole number from 1, or {', '.join(_STEPS)}")
    return int(text[:12])


@commands.command()
def remove(context: typer.Context, entry: Entries, json: Json = False) -> None:
    """Take entries out of the queue; runs that were trained stay in the list of runs."""
    with store_of(context) as store:
        store.queue.remove(_found(store, entry))
        _print_queue(store, json)


@commands.command()
def skip(
    context: typer.Context,
    entry: Entries,
    undo: Annotated[bool, typer.Option("--undo", help="Do not skip them any more.")] = False,
    json: Json = False,
) -> None:
    """Pass entries over where they stand."""
    with store_of(context) as store:
        store.queue.skip(_found(store, entry), is_skipped=not undo)
        _print_queue(store, json)


@commands.command()
def retry(
    context: typer.Context,
    entry: Annotated[
        list[str] | None, typer.Argument(help=f"{_ENTRY_HELP} By default all that failed.", metavar="[ENTRY...]")
    ] = None,
    json: Json = False,
) -> None:
    """Have what failed trained again, after all that waits; a run that had begun goes on."""
    with store_of(context) as store:
        failed = [each.id for each in store.queue.listing().entries if each.state == "failed"]
        store.queue.retry(_found(store, entry) if entry else failed)
        if not (entry or failed or json):
            console.print_line("Nothing has failed")
        _print_queue(store, json)


def _found(store: RunStore, references: Sequence[str]) -> list[str]:
    """All of them before anything is changed: places are others after that."""
    return [store.queue.find(reference) for reference in references]


@commands.command()
def pause(context: typer.Context, json: Json = False) -> None:
    """Begin no other run, in whichever process; one that is being trained goes on."""
    with store_of(context) as store:
        store.queue.pause()
        _print_queue(store, json)


@commands.command("continue")
def proceed(context: typer.Context, json: Json = False) -> None:
    """Let a paused queue go on; 'queue run' works it off."""
    with store_of(context) as store:
        store.queue.proceed()
        _print_queue(store, json)


@commands.command()
def clear(context: typer.Context, json: Json = False) -> None:
    """Take out what is finished or has failed; its runs stay in the list of runs."""
    with store_of(context) as store:
        store.queue.clear()
        _print_queue(store, json)


# What is printed


def _print_queue(store: RunReader, json: bool) -> None:
    listing, state = store.queue.listing(), store.queue.state()
    times = EpochTimes(store.home)
    times.records = store.runs()
    left = {
        entry.id: times.left(entry, times.seconds(entry.config)) for entry in listing.entries if not entry.is_done
    }
    seconds, is_all = total(left[entry.id] for entry in listing.entries if entry.state in ("waiting", "running"))
    if json:
        documents = [entry.document() | {"seconds_left": left.get(entry.id)} for entry in listing.entries]
        documents += [damaged.document() for damaged in listing.damaged]
        console.print_json(vars(state) | {"seconds_left": seconds if is_all else None, "entries": documents})
        return
    if not listing.entries and not listing.damaged:
        console.print_line("The queue is empty. Add a run: resnet-workbench queue add")
    else:
        _print_table(listing, left)
    if seconds:
        console.print_line(f"{'' if is_all else 'more than '}{_length(seconds)} to go")
    if state.is_paused:
        console.print_line(f"paused{f' ({state.reason})' if state.reason else ''}; 'queue continue' lets it go on")


def _print_table(listing: QueueList, left: dict[str, float | None]) -> None:
    rows = []
    for entry in listing.entries:
        seconds = left.get(entry.id)
        length = _length(seconds) if seconds else ""
        rows.append(
            (str(entry.place or ""), entry.id, entry.name, entry.model, entry.recipe, entry.config.data.source,
             str(entry.config.training.epochs), length, _state(entry), entry.message)
        )  # fmt: skip
    rows += [("", each.id, each.name, "", "", "", "", "", "damaged", each.reason) for each in listing.damaged]
    columns = ("place", "entry", "name", "model", "recipe", "data", "epochs", "time", "state", "")
    console.print_table(columns, rows, right=("place", "epochs", "time"), wrap=("name", "data", ""))


def _state(entry: QueueEntry) -> str:
    return "to be resumed" if entry.state == "waiting" and entry.has_begun else entry.state


def _length(seconds: float) -> str:
    """With a space that terminals know."""
    return rough_duration(seconds).replace("\u202f", " ")
