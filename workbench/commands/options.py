"""Options that several commands share, and what they are turned into."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands import console
from workbench.commands.asked import Asked
from workbench.core.errors import WAY_OUT, UserError, reason, shown
from workbench.core.files import read_text, require_writable
from workbench.core.home import Home
from workbench.core.records.leftovers import clean_up
from workbench.core.records.store import RunStore
from workbench.core.records.unlisted_runs import unlisted_sentence, whole_folders
from workbench.core.settings.assignments import parse_assignments, parse_value
from workbench.core.settings.config import RunConfig, help_of
from workbench.core.settings.presets import DEFAULT_MODEL, DEFAULT_RECIPE, FINE_TUNING_RECIPE, Presets

SOURCE_HELP = help_of("data.source")
_EXCLUDED = "data.excluded"
_SIZE = "model.input_size"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Model = Annotated[str, typer.Option("--model", help="Name of a model preset ('models' lists them).")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="KEY=VALUE, such as training.learning_rate=0.05 ('fields' lists all keys)."),
]
RUN_HELP = "Id of a run, its beginning, its name where only one has it, or 'latest'."
Run = Annotated[str, typer.Argument(help=RUN_HELP)]
Epoch = Annotated[
    int | None, typer.Option(help="After which epoch, counted from 1; by default the one that the run keeps.")
]
ModelOrDefault = Annotated[
    str | None, typer.Option("--model", help=f"Name of a model preset; {DEFAULT_MODEL} by default.")
]
Recipe = Annotated[
    str | None,
    typer.Option(help=f"Name of a recipe ('recipes' lists them); by default {DEFAULT_RECIPE} or the model's own."),
]
Data = Annotated[str | None, typer.Option(help=SOURCE_HELP)]
Epochs = Annotated[str | None, typer.Option(help=help_of("training.epochs"), metavar="INTEGER")]
Device = Annotated[str | None, typer.Option(help=help_of("training.device"))]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="JSON of a whole run, in place of --model and --recipe.")
]
Weights = Annotated[str | None, typer.Option(help=help_of("fine_tuning.weights"))]


PICTURE, PICTURES, TABLE = ".png", ".png (pictures)", ".csv (a table)"
"""Kinds of output, for `require_output`."""


def require_output(output: Path | None, *kinds: str) -> None:
    """To be called before the work begins. Each of `kinds` begins with its suffix.

    Raises:
        UserError: the name of the output ends in none of them, or it cannot be written there.
    """
    if output is None:
        return
    if output.suffix.lower() not in {kind.split()[0] for kind in kinds}:
        raise UserError(f"--output is '{shown(output)}'; it must end in {' or '.join(kinds)}")
    require_writable(output)


def parsed(text: str | None) -> Any:
    """Left to the config to judge, whose sentences name field, value and what is allowed."""
    return None if text is None else parse_value(text)


def presets_of(context: typer.Context) -> Presets:
    """Shipped ones and those of the home folder."""
    home: Home = context.obj
    presets = Presets.load(home.presets)
    for problem in presets.problems:
        console.print_error(f"warning: {problem}")
    return presets


@contextmanager
def store_of(context: typer.Context) -> Iterator[RunStore]:
    """To record in."""
    home: Home = context.obj
    with closing(RunStore(home.prepare())) as store:
        _say_what_is_found(store)
        yield store


@contextmanager
def reading_store_of(context: typer.Context) -> Iterator[RunStore]:
    """Only to look: whoever holds the database is not waited for."""
    home: Home = context.obj
    with closing(RunStore.for_reading(home.prepare())) as store:
        if store.is_behind:
            console.print_error(
                f"note: another process holds the run database {shown(home.database)}; this is what it held before"
            )
        else:
            _say_what_is_found(store)
        yield store


def _say_what_is_found(store: RunStore) -> None:
    """What killed processes left, which is removed, and runs that the list does not name."""
    listed = store.ids()
    removed = clean_up(store.home, listed).sentence
    if removed:
        console.print_error(f"note: {removed}")
    unlisted = whole_folders(store.home, listed)
    if unlisted:
        sentence = unlisted_sentence(store.home, [folder.run_id for folder in unlisted])
        console.print_error(f"warning: {sentence}; {WAY_OUT}")


def run_config(
    presets: Presets,
    model: str | None,
    recipe: str | None,
    config_file: Path | None,
    set_: list[str] | None,
    options: dict[str, Any],
) -> RunConfig:
    """What `train` and the like were asked for.

    Args:
        options: dotted fields that have options of their own; None where they were not given.
    """
    return asked_for(presets, model, recipe, config_file, set_, options).config


def asked_for(
    presets: Presets,
    model: str | None,
    recipe: str | None,
    config_file: Path | None,
    set_: list[str] | None,
    options: dict[str, Any],
    *,
    all_images: bool = False,
) -> Asked:
    """The same of a new run, which may leave out marked images.

    Args:
        all_images: it leaves out none, whatever is marked or stands in the file.
    """
    says_excluded = all_images
    if config_file is None:
        weights = options.get("fine_tuning.weights")
        config = presets.run_config(model or DEFAULT_MODEL, recipe or (FINE_TUNING_RECIPE if weights else ""))
    elif model or recipe:
        raise UserError("--config holds model and recipe already; give it without --model and --recipe")
    else:
        config = _read_config(config_file)
        says_excluded |= _EXCLUDED.partition(".")[2] in config.data.model_fields_set
    values: dict[str, Any] = parse_assignments(set_ or [])
    says_excluded |= _EXCLUDED in values
    if all_images:
        if _EXCLUDED in values:
            raise UserError(f"--all-images leaves out nothing; give it without --set {_EXCLUDED}=…")
        values[_EXCLUDED] = ()
    values |= {key: value for key, value in options.items() if value is not None}
    says_size = config_file is not None or _SIZE in values or bool(values.get("fine_tuning.weights"))
    return Asked(config.with_values(values), says_excluded, says_size)


def _read_config(path: Path) -> RunConfig:
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the configuration {shown(path)}: {reason(error)}") from error
    return RunConfig.from_json(text, shown(path))
