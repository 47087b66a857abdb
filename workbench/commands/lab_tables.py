"""Labs in a terminal: the list, a plan, a report."""

from collections.abc import Sequence

from workbench.commands import console
from workbench.commands.lab_times import LabTimes
from workbench.core.formats import rough_duration
from workbench.core.labs.bench import Bench
from workbench.core.labs.plan import LabRun
from workbench.core.labs.report import LabReport

_PAIR_COLUMNS = ("A", "B", "points B - A", "95 % interval", "p by Holm", "better")


def print_labs(benches: Sequence[Bench], times: LabTimes) -> None:
    rows = []
    for bench in benches:
        finished = sum(run.state == "finished" for run in bench.runs)
        done = f"{finished} of {len(bench.runs)}"
        rows.append((bench.lab.name, bench.lab.question, done, str(bench.settings.epochs), _left(bench, times)))
    columns = ("lab", "question", "runs done", "epochs", "time left")
    console.print_table(columns, rows, right=columns[2:], wrap=("question",))
    console.print_line("Show one: resnet-workbench lab NAME --plan; do it: resnet-workbench lab NAME")


def print_plan(bench: Bench, times: LabTimes) -> None:
    lab = bench.lab
    console.print_line(f"{lab.title}: {lab.question}")
    rows = [
        (run.planned.name, run.arm.title, str(run.planned.seed), _state(run), _length(times.of(run)), run.message)
        for run in bench.runs
    ]
    columns = ("run", "arm", "seed", "state", "time", "")
    console.print_table(columns, rows, right=("seed", "time"), wrap=("",))
    data = bench.runs[0].planned.config.data.source
    console.print_line(
        f"{len(bench.runs)} runs of {bench.settings.epochs} epochs on {data}, "
        f"{len(bench.left)} still to be trained: {_left(bench, times) or 'how long is not known'}"
    )


def _state(run: LabRun) -> str:
    is_begun = run.record is not None and run.state in ("stopped", "waiting")
    return "to be resumed" if is_begun else run.state


def _left(bench: Bench, times: LabTimes) -> str:
    seconds, is_all = times.left(bench)
    if not bench.left:
        return "done"
    return f"{'' if is_all else 'more than '}{_length(seconds)}" if seconds else ""


def _length(seconds: float | None) -> str:
    """With a space that terminals know."""
    return rough_duration(seconds).replace("\u202f", " ") if seconds else ""


def print_report(report: LabReport) -> None:
    lab = report.findings.lab
    console.print_line(f"{lab.title}: {lab.question}")
    columns = ("arm", "runs", "test error", "95 % interval", "training error", "in the paper")
    console.print_table(columns, report.rows, right=columns[1:5], wrap=columns[5:])
    if report.pairs:
        console.print_table(_PAIR_COLUMNS, report.pairs, right=_PAIR_COLUMNS[2:5])
    console.print_line(report.seen.sentence)
    for note in report.seen.notes:
        console.print_line(note)
    console.print_line(f"The paper: {lab.paper}. {lab.paper_setting}")
