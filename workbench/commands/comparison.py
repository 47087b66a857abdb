"""Whether one run is really better than another: `runs compare`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from workbench.commands import console
from workbench.commands.options import Json, reading_store_of
from workbench.core.comparison.comparison import Comparison
from workbench.core.comparison.verdict import Side, Verdict
from workbench.core.errors import UserError, shown
from workbench.core.formats import half_up

commands = typer.Typer()

_RUNS_HELP = "Two runs or more: ids, their beginnings, names that only one run has, or 'latest'."


@commands.command("compare")
def compare_runs(
    context: typer.Context,
    runs: Annotated[list[str], typer.Argument(help=_RUNS_HELP)],
    epoch_a: Annotated[
        int | None, typer.Option(help="After which epoch of the first of two runs; by default the one it keeps.")
    ] = None,
    epoch_b: Annotated[int | None, typer.Option(help="Likewise of the second one.")] = None,
    with_seeds: Annotated[
        bool,
        typer.Option(
            "--with-seeds", help="Take in all finished runs of the same configuration but for training.seed."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Say whether the second run is really better than the first, by all test images that both were asked about.

    Accuracies and their difference with its 95 % interval, the images that only one recognizes, an exact test, and
    the settings that differ. Of more than two runs each pair is compared, with Holm's correction.
    """
    if len(runs) < 2:
        raise UserError("RUNS is one run; give two or more to compare")
    if len(runs) > 2 and (epoch_a is not None or epoch_b is not None):
        raise UserError(
            "--epoch-a and --epoch-b are of two runs; of more each is asked after the epoch that it keeps"
        )
    from workbench.engine.comparison.comparing import compare, compare_all

    with reading_store_of(context) as store:
        ids = [store.find(run) for run in runs]
        if len(ids) == 2:
            found = [compare(store, (ids[0], ids[1]), (epoch_a, epoch_b), with_seeds)]
        else:
            found = compare_all(store, ids, with_seeds)
    if json:
        documents = [_document(each) for each in found]
        console.print_json(documents if len(ids) > 2 else documents[0])
    elif len(ids) == 2:
        _print_pair(found[0])
    else:
        _print_all(found)


def _document(found: Comparison) -> dict[str, Any]:
    """`disagree` is of the two runs themselves, also where other seeds were taken in."""
    verdict = found.verdict
    document = {
        "a": verdict.a.run_id,
        "b": verdict.b.run_id,
        "images": verdict.images,
        "accuracy_a": verdict.a.accuracy,
        "accuracy_b": verdict.b.accuracy,
        "difference": verdict.difference,
        "interval": list(verdict.interval),
        "p_value": verdict.p_value,
        "disagree": {
            "only_a_right": verdict.counts.only_a_right,
            "only_b_right": verdict.counts.only_b_right,
        },
        "verdict": verdict.sentence,
        "seeds_a": list(verdict.a.seeds),
        "seeds_b": list(verdict.b.seeds),
        "settings": [{"field": each.field, "a": each.a, "b": each.b} for each in found.settings],
    }
    return document if verdict.p_adjusted is None else document | {"p_holm": verdict.p_adjusted}


def _print_pair(found: Comparison) -> None:
    verdict = found.verdict
    _print_side_by_side(found)
    a, b = verdict.labels
    if found.settings:
        rows = [(each.field, *each.texts) for each in found.settings]
        console.print_table(("setting", f"A: {a}", f"B: {b}"), rows, wrap=(f"A: {a}", f"B: {b}"))
    else:
        console.print_line("all settings are the same\n")
    counts = verdict.counts
    table = [
        ("A right", str(counts.both_right), str(counts.only_a_right)),
        ("A wrong", str(counts.only_b_right), str(counts.both_wrong)),
    ]
    console.print_table(("images", "B right", "B wrong"), table, right=("B right", "B wrong"))
    test = "Welch's test over seeds and images" if verdict.has_seeds else "McNemar's exact test"
    console.print_line(
        f"difference B - A: {_signed(verdict.difference)} points, 95 % interval {_interval(verdict)}; {test}: "
        f"p = {verdict.p_value:.3g}"
    )
    console.print_line(verdict.sentence)
    if verdict.note:
        console.print_line(verdict.note)


def _print_side_by_side(found: Comparison) -> None:
    verdict, answers = found.verdict, (found.agreement.a, found.agreement.b)
    sides = (verdict.a, verdict.b)
    rows = [
        ("run", *(side.run_id for side in sides)),
        ("epoch", *(str(side.epoch) for side in sides)),
        ("images", *(console.number(verdict.images, 0) for _ in sides)),
        ("test accuracy", *(f"{each.accuracy:.2%}" for each in answers)),
        ("test loss", *(console.number(each.loss) for each in answers)),
    ]
    if verdict.has_seeds:
        rows += [
            ("seeds", *(", ".join(map(str, side.seeds)) for side in sides)),
            ("their accuracies", *(", ".join(f"{each:.2%}" for each in side.accuracies) for side in sides)),
            ("their mean", *(f"{side.accuracy:.2%}" for side in sides)),
        ]
    a, b = verdict.labels
    columns = ("", f"A: {a}", f"B: {b}")
    console.print_table(columns, rows, right=columns[1:], wrap=columns[1:])


def _print_all(found: Sequence[Comparison]) -> None:
    verdicts = [each.verdict for each in found]
    rows = [
        (side.run_id, shown(side.name), str(side.epoch), f"{side.accuracy:.2%}", str(len(side.seeds)))
        for side in _sides(verdicts)
    ]
    columns = ("run", "name", "epoch", "test accuracy", "seeds")
    console.print_table(columns, rows, right=columns[2:])
    pairs = [
        (*each.labels, _signed(each.difference), _interval(each), f"{each.p_value:.3g}", f"{each.decisive_p:.3g}")
        for each in verdicts
    ]
    of_pairs = ("A", "B", "points B - A", "95 % interval", "p", "p by Holm")
    console.print_table(of_pairs, pairs, right=of_pairs[2:])
    for verdict in verdicts:
        console.print_line(verdict.sentence)
    console.print_line(
        f"Decided by p after Holm's correction (1979): among {len(verdicts)} comparisons one of runs that do not "
        "differ would else seem sure more often than once in 20 times. Each interval is for its pair alone."
    )
    if note := next((verdict.note for verdict in verdicts if verdict.note), ""):
        console.print_line(note)


def _sides(verdicts: Sequence[Verdict]) -> list[Side]:
    """Each run once, in their order: the first is A in as many pairs as there are others."""
    first = verdicts[0].a
    others = next(n for n in range(1, len(verdicts) + 1) if n * (n + 1) // 2 == len(verdicts))
    return [first, *(verdict.b for verdict in verdicts[:others])]


def _interval(verdict: Verdict) -> str:
    low, high = verdict.interval
    return f"{_signed(low)} to {_signed(high)}"


def _signed(fraction: float) -> str:
    return f"{half_up(100 * fraction, 2):+.2f}"
