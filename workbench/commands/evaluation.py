"""What a trained network says of test images: `evaluate`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.commands import console
from workbench.commands.evaluation_figures import evaluation_document, print_evaluation
from workbench.commands.options import RUN_HELP, SOURCE_HELP, Epoch, Json, Set, presets_of, store_of
from workbench.core.errors import UserError
from workbench.core.inspection.normalization_trial import TriedNormalization, can_tell, verdict
from workbench.core.records.store import RunStore
from workbench.core.settings.assignments import parse_assignments
from workbench.core.settings.config import RunConfig

if TYPE_CHECKING:
    from workbench.engine.training.evaluation import Evaluating

commands = typer.Typer()


@commands.command()
def evaluate(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help=RUN_HELP)] = None,
    data: Annotated[str | None, typer.Option(help=SOURCE_HELP)] = None,
    weights: Annotated[
        str | None, typer.Option(help="A file, a run or torchvision: weights to evaluate for --model.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model preset of the weights.")] = None,
    set_: Set = None,
    epoch: Epoch = None,
    try_normalizations: Annotated[
        bool,
        typer.Option("--try-normalizations", help="Find out what the images of --weights were normalized by."),
    ] = False,
    json: Json = False,
) -> None:
    """Evaluate a run's best checkpoint, another of its epochs, or weights from a file, on test images."""
    if (run is None) == (weights is None):
        raise UserError("give either RUN or --weights WEIGHTS with --model NAME")
    from workbench.engine.training import evaluation as evaluating

    run_id = ""
    with store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        if run is not None:
            if model is not None or set_ or try_normalizations:
                raise UserError(
                    "RUN has its own network and settings; give it without --model, --set and --try-normalizations"
                )
            run_id = store.find(run)
            if epoch is None:
                work = evaluating.evaluate_run(run_id, store, data)
            else:
                work = _evaluate_epoch(run_id, store, epoch, data)
        else:
            if epoch is not None:
                raise UserError("--epoch is of a RUN; a file of --weights has only one state")
            if model is None:
                raise UserError("--weights needs --model NAME: a state dict does not say its network")
            config = RunConfig(model=presets_of(context).model(model).config)
            source = {} if data is None else {"data.source": data}
            config = config.with_values(parse_assignments(set_ or []) | source)
            if try_normalizations:
                tried = console.exhaust(evaluating.try_normalizations(config, weights or "", store), display)
                _print_tried(tried, display.warnings, json)
                return
            work = evaluating.evaluate_weights(config, weights or "", store)
        evaluation = console.exhaust(work, display)
        validation = None
        if run_id:
            load = partial(store.validation, run_id, evaluation.epoch)
            validation = console.unless_damaged(load, display)
    if json:
        console.print_json(evaluation_document(evaluation, validation) | {"warnings": display.warnings})
    else:
        print_evaluation(evaluation, validation)


def _evaluate_epoch(run_id: str, store: RunStore, epoch: int, data: str | None) -> "Evaluating":
    """By itself and in full precision, as the kept epoch is."""
    from workbench.engine.inspection.subject import Subjects
    from workbench.engine.training import evaluation as evaluating

    subject = yield from Subjects().open(run_id, store, epoch)
    config, weights, found = subject.config, subject.weights, subject.epoch
    return (yield from evaluating.evaluate_state(run_id, store, config, weights, found, data))


def _print_tried(tried: list[TriedNormalization], warnings: list[str], json: bool) -> None:
    if json:
        results = [
            each.normalization._asdict() | {"accuracy": each.evaluation.accuracy, "loss": each.evaluation.loss}
            for each in tried
        ]
        name = tried[0].normalization.name if can_tell(tried) else None
        document = {"tried": results, "best": name, "verdict": verdict(tried), "warnings": warnings}
        console.print_json(document)
        return
    rows = [
        (each.normalization.name, *each.normalization.texts, f"{each.evaluation.accuracy:.2%}",
         f"{each.evaluation.loss:.4f}")
        for each in tried
    ]  # fmt: skip
    columns = ("normalization", "mean", "deviation", "accuracy", "loss")
    console.print_table(columns, rows, right=columns[3:])
    console.print_line(verdict(tried))
    if not can_tell(tried):
        return
    best = tried[0].normalization
    values: dict[str, object] = {"data.normalization": best.name}
    if not best.is_named:
        values = {"data.normalization": "custom", "data.mean": list(best.mean), "data.std": list(best.std)}
    console.print_line(f"to use it: {console.set_options(values)}")
