"""The commands that try before a run: `find-rate`, `preflight`, and `doctor`, which also certifies resuming."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands import console
from workbench.commands.asked import Asked
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
)
from workbench.commands.repairing import repair_list
from workbench.core.errors import UserError
from workbench.core.events import Progress, Warned
from workbench.core.formats import duration, memory
from workbench.core.settings.config import RunConfig
from workbench.core.settings.trials import Certificate, Preflight, RateSuggestion, RateTrial

if TYPE_CHECKING:
    from workbench.engine.trials.lr_finder import Finding

_SHOWN_RATES = 12


commands = typer.Typer()


@commands.command()
def find_rate(
    context: typer.Context,
    model: ModelOrDefault = None,
    recipe: Recipe = None,
    data: Data = None,
    device: Device = None,
    set_: Set = None,
    config_file: ConfigFile = None,
    weights: Weights = None,
    json: Json = False,
) -> None:
    """Train a few steps with growing learning rates and suggest one. Nothing is recorded."""
    asked = _asked(context, model, recipe, config_file, set_, data, device, weights)
    from workbench.engine.trials import lr_finder

    with console.TrainingDisplay(quiet=json) as display:
        config = console.exhaust(asked.suited(context.obj), display)
        found = console.exhaust(_told(lr_finder.find(config, context.obj)), display)
    if json:
        console.print_json(
            {
                "suggestion": found.suggestion,
                "reason": found.reason,
                "rates": found.rates.tolist(),
                "losses": found.losses.tolist(),
                "smoothed_losses": found.smoothed.tolist(),
                "warnings": display.warnings,
            }
        )
        return
    _print_rates(found)


@commands.command()
def preflight(
    context: typer.Context,
    model: ModelOrDefault = None,
    recipe: Recipe = None,
    data: Data = None,
    epochs: Epochs = None,
    device: Device = None,
    set_: Set = None,
    config_file: ConfigFile = None,
    json: Json = False,
) -> None:
    """Measure a few real steps: seconds per epoch, memory, the largest batch. Exit 2 if a run would not fit."""
    asked = _asked(context, model, recipe, config_file, set_, data, device, epochs=epochs)
    from workbench.engine.trials.preflight import measure

    with console.TrainingDisplay(quiet=json) as display:
        config = console.exhaust(asked.suited(context.obj), display)
        found = console.exhaust(measure(config, context.obj), display)
    if json:
        console.print_json(vars(found) | {"remedy": dict(found.remedy), "warnings": display.warnings})
    elif found.fits:
        _print_preflight(found, config)
    if not found.fits:
        raise UserError(found.message, found.remedy)


@commands.command()
def doctor(
    context: typer.Context,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Try instead whether a stopped and resumed run is the same bit for bit."),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Rebuild a damaged list of runs; nothing is deleted."),
    ] = False,
    model: ModelOrDefault = None,
    recipe: Recipe = None,
    data: Data = None,
    device: Device = None,
    set_: Set = None,
    config_file: ConfigFile = None,
    json: Json = False,
) -> int:
    """Say what this machine has, what is wrong, and the fix; with --resume, whether resuming is exact here.

    With --repair, rebuild the list of runs if it is damaged.
    """
    if repair and resume:
        raise UserError("give either --repair or --resume")
    if resume:
        return _certify(context, _asked(context, model, recipe, config_file, set_, data, device).config, json)
    if model or recipe or data or device or set_ or config_file:
        raise UserError("--model and all that belongs to a run need --resume: what is examined is the machine")
    if repair:
        return repair_list(context.obj, json)
    from workbench.engine.trials.doctor import examine

    findings = examine(context.obj)
    if json:
        console.print_json([vars(finding) for finding in findings])
    else:
        rows = [("!" if f.fix else "", f.topic, f.value, f.fix) for f in findings]
        console.print_table(("", "what", "found", "fix"), rows, wrap=("found", "fix"))
    return 0


def _asked(
    context: typer.Context,
    model: str | None,
    recipe: str | None,
    config_file: Any,
    set_: list[str] | None,
    data: str | None,
    device: str | None,
    weights: str | None = None,
    epochs: str | None = None,
) -> Asked:
    options = {"data.source": data, "training.epochs": parsed(epochs), "training.device": device,
               "fine_tuning.weights": weights}  # fmt: skip
    return asked_for(presets_of(context), model, recipe, config_file, set_, options)


def _told(work: "Finding") -> Generator[Progress | Warned, None, RateSuggestion]:
    """Its trials as progress."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            result: RateSuggestion = end.value
            return result
        if isinstance(event, RateTrial):
            rate = f", now {event.rates[-1]:.2g}" if len(event.rates) else ""
            event = Progress(f"Trying rates{rate}", len(event.rates), event.total)
        yield event


def _print_rates(found: RateSuggestion) -> None:
    count = len(found.rates)
    shown = {round(index * (count - 1) / (_SHOWN_RATES - 1)) for index in range(_SHOWN_RATES)} if count else set()
    rows = [
        (f"{found.rates[i]:.2g}", console.number(found.losses[i]), console.number(found.smoothed[i]))
        for i in sorted(shown)
    ]
    columns = ("learning rate", "loss", "smoothed")
    console.print_table(columns, rows, right=columns)
    console.print_line(found.reason)
    if found.suggestion is None:
        console.print_line("no learning rate is suggested")
    else:
        console.print_line(f"suggested: --set training.learning_rate={found.suggestion:g}")


def _print_preflight(found: Preflight, config: RunConfig) -> None:
    peak = ("" if found.is_measured else "about ") + memory(found.peak_bytes, " ")
    rows = [
        ("device", f"{found.device}, {found.precision}"),
        ("step", f"{1000 * found.step_s:.3g} ms for {found.batch_size} images, {found.images_per_s:.0f} images/s"),
        ("evaluation", f"{found.evaluation_images_per_s:.0f} images/s"),
        ("epoch", f"{duration(found.seconds_per_epoch)}, {found.steps_per_epoch} steps and evaluation"),
        ("training", f"{duration(found.total_s)} for {config.training.epochs} epochs"),
        ("memory", f"{peak} at most, of {memory(found.free_bytes, ' ')} free"),
        ("largest batch", f"about {found.largest_batch}"),
    ]
    console.print_table(("", ""), rows)


def _certify(context: typer.Context, config: RunConfig, json: bool) -> int:
    from workbench.engine.trials.resume_certificate import certify

    with console.TrainingDisplay(quiet=json) as display:
        found = console.exhaust(certify(config, context.obj), display)
    if json:
        differences = [vars(each) for each in found.differences]
        console.print_json(vars(found) | {"differences": differences, "warnings": display.warnings})
    else:
        _print_certificate(found)
    return 0 if found.is_exact else 2


def _print_certificate(found: Certificate) -> None:
    where = f"({found.device}, {found.precision})"
    if found.is_exact:
        console.print_line(
            f"exact: stopped and resumed within {found.steps} steps, everything is the same bit for bit {where}"
        )
    else:
        what = (
            "not exact: a resumed run differs from an uninterrupted one"
            if found.is_repeatable
            else "not repeatable: the same run, done twice, differs"
        )
        console.print_line(f"{what} {where} in:")
        for difference in found.differences:
            console.print_line(f"  {difference}")
    if found.advice:
        console.print_line(found.advice)
