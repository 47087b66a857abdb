"""What people change of recorded runs: `runs rename`, `tag`, `note`, `star` and `delete`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import console
from workbench.commands.options import RUN_HELP, Json, Run, reading_store_of, store_of
from workbench.core.errors import UserError, reason, shown
from workbench.core.files import read_text
from workbench.core.formats import memory
from workbench.core.names import LONGEST_NOTE
from workbench.core.records.store import RunStore

commands = typer.Typer()

Runs = Annotated[list[str], typer.Argument(metavar="RUN...", help=RUN_HELP)]
_STDIN = Path("-")


def found(store: RunStore, references: Sequence[str]) -> list[str]:
    """The ids that are meant, none twice.

    Raises:
        UserError: none or several runs match one of them.
    """
    return list(dict.fromkeys(store.find(reference) for reference in references))


@commands.command()
def rename(
    context: typer.Context,
    run: Run,
    name: Annotated[str, typer.Argument(help="The new name.")],
    json: Json = False,
) -> None:
    """Call a run something else; also while it is trained."""
    with store_of(context) as store:
        run_id = store.find(run)
        store.rename(run_id, name)
        _say(store, [run_id], json, f"run {run_id} is called {shown(name)}")


@commands.command()
def tag(
    context: typer.Context,
    runs: Runs,
    add: Annotated[list[str] | None, typer.Option(help="A tag to give; can be repeated.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="A tag to take away; can be repeated.")] = None,
    json: Json = False,
) -> None:
    """Give runs tags, or take them away."""
    if not add and not remove:
        raise UserError("give at least one --add TAG or --remove TAG")
    with store_of(context) as store:
        ids = found(store, runs)
        store.tag(ids, add or (), remove or ())
        lines = (f"run {run_id}: {', '.join(store.run(run_id).tags) or 'no tags'}" for run_id in ids)
        _say(store, ids, json, *lines)


@commands.command()
def note(
    context: typer.Context,
    run: Run,
    text: Annotated[
        str | None,
        typer.Argument(help="What to note in place of what is there; empty: nothing. Without: print it."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Take the text from a file; -: from standard input.")] = None,
    json: Json = False,
) -> None:
    """Note something of a run, or print what is noted."""
    if text is not None and file is not None:
        raise UserError("give the note as TEXT or with --file, not both")
    if file is not None:
        text = _text_of(file)
    opened = reading_store_of if text is None else store_of
    with opened(context) as store:
        run_id = store.find(run)
        if text is not None:
            store.write_note(run_id, text)
        noted = store.run(run_id).note
    if json:
        console.print_json({"run": run_id, "note": noted})
    elif text is None:
        console.print_line(noted)
    else:
        console.print_line(f"noted of run {run_id}" if noted else f"nothing is noted of run {run_id} any more")


def _text_of(file: Path) -> str:
    """Without the end of its last line, which editors and echo add."""
    try:
        # Of a pipe that never ends, no more than may be noted.
        text = sys.stdin.read(4 * LONGEST_NOTE) if file == _STDIN else read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the note {shown(file)}: {reason(error)}") from error
    return text.replace("\r\n", "\n").removesuffix("\n")


@commands.command()
def star(
    context: typer.Context,
    runs: Runs,
    off: Annotated[bool, typer.Option("--off", help="Take the star away.")] = False,
    json: Json = False,
) -> None:
    """Give runs a star, to find them again."""
    with store_of(context) as store:
        ids = found(store, runs)
        store.star(ids, not off)
        _say(store, ids, json, *(f"run {run_id}: {'no star' if off else 'starred'}" for run_id in ids))


@commands.command()
def delete(
    context: typer.Context,
    runs: Runs,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can answer.")] = False,
    json: Json = False,
) -> None:
    """Delete runs with all that they left, for good; none of them where one is being trained."""
    with store_of(context) as store:
        ids = found(store, runs)
        sizes = {run_id: _size(store.folder(run_id)) for run_id in ids}
        if not yes:
            _ask(store, ids, sum(sizes.values()))
        # All or none: refuses those that are trained.
        store.set_aside(ids)
        kept = store.purge(ids)
        freed = {run_id: size - _size(store.folder(run_id)) for run_id, size in sizes.items()}
    if kept:
        why = next(iter(kept.values()))
        raise UserError(
            f"{len(kept)} of {len(ids)} runs are out of the list, but their files are not removed: {why}"
        )
    if json:
        deleted = [{"run": run_id, "freed_bytes": size} for run_id, size in freed.items()]
        console.print_json({"deleted": deleted, "freed_bytes": sum(freed.values())})
        return
    runs_words = f"run {ids[0]}" if len(ids) == 1 else f"{len(ids)} runs"
    console.print_line(f"deleted {runs_words}; {memory(sum(freed.values()), ' ')} freed")


def _ask(store: RunStore, ids: Sequence[str], size_bytes: int) -> None:
    """
    Raises:
        UserError: nobody is there to answer.
        typer.Abort: the answer is no.
    """
    if not sys.stdin.isatty():
        raise UserError("deleting cannot be undone, and nobody is here to ask; give --yes")
    for run_id in ids:
        record = store.run(run_id)
        console.print_error(f"{record.id}  {record.name}, {len(record.epochs)} epochs, {record.created_utc}")
    runs = "this run" if len(ids) == 1 else f"these {len(ids)} runs"
    typer.confirm(f"Delete {runs} ({memory(size_bytes, ' ')}) for good?", abort=True, err=True)


def _size(folder: Path) -> int:
    """Of all files in it, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _say(store: RunStore, ids: Sequence[str], json: bool, *lines: str) -> None:
    if json:
        console.print_json([store.run(run_id).entry() for run_id in ids])
        return
    for line in lines:
        console.print_line(line)
