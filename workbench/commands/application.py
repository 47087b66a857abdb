"""The command line as a whole: joins the groups of commands, and turns what they raise into an exit code."""

import traceback
from typing import Annotated

import typer

from workbench.commands import (
    choices,
    comparison,
    console,
    data,
    evaluation,
    explanation,
    export,
    lab,
    labels,
    landscape,
    lesion,
    mistakes,
    prediction,
    queue,
    run_archives,
    run_changes,
    runs,
    search,
    training,
    trials,
)
from workbench.commands.stopping import Interruption
from workbench.core.errors import UserError, shown
from workbench.core.home import Home
from workbench.core.standard_streams import drain, loss

# Of wrong usage, which typer words: what was typed and, at times, all that is allowed.
_LONGEST_USAGE = 400

app = typer.Typer(
    name="resnet-workbench",
    help="Build residual networks, watch them train, look at what they get wrong. Without a command: the window.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_groups = (training, trials, choices, evaluation, mistakes, explanation, labels, lesion, landscape, prediction)
for group in (*_groups, lab, export):
    app.add_typer(group.commands)
for group in (run_changes, run_archives, comparison):
    runs.commands.add_typer(group.commands)
app.add_typer(runs.commands, name="runs")
app.add_typer(data.commands, name="data")
app.add_typer(queue.commands, name="queue")
app.add_typer(search.commands, name="search")


def run(arguments: list[str], *, is_last: bool = False) -> int:
    """Execute one command; errors become one sentence and an exit code.

    Args:
        is_last: the process ends after it.
    """
    interruption = Interruption(is_last)
    try:
        with interruption:
            code = _code_of(arguments, interruption)
            drain()
    except KeyboardInterrupt:
        return 130
    if loss():
        # What was to be done is done; but who keeps what was printed must know that some of it is missing.
        console.print_error(f"error: not all could be written to standard output: {loss()}")
        code = code or 2
    return code


def _code_of(arguments: list[str], interruption: Interruption) -> int:
    try:
        result = app(args=arguments, prog_name="resnet-workbench", standalone_mode=False)
    except UserError as error:
        console.print_failure(str(error), error.remedy)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # noqa: BLE001  # the last line of defense: a bug gets its traceback and exit 1
        if interruption.came:
            return 130
        # Wrong usage; typer does not export the class of these exceptions.
        if hasattr(error, "format_message"):
            sentence = shown(error.format_message(), _LONGEST_USAGE)
            console.print_error(f"error: {sentence} (--help shows what is allowed)")
            return 2
        traceback.print_exception(error)
        return 1
    return result if isinstance(result, int) else 0


@app.callback()
def _root(
    context: typer.Context,
    home: Annotated[str | None, typer.Option(help="Folder of runs, data and own presets.")] = None,
) -> None:
    context.obj = Home.locate(home)
