"""A lab's report as one HTML file: what was seen, curves, figures beside the paper's, and what it rests on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup

from workbench.core.labs import words
from workbench.core.labs.findings import KINDS, ArmFindings, Curve, Kind
from workbench.core.labs.report import LabReport
from workbench.core.labs.sentences import Agreement
from workbench.engine.reports.axes import Axis
from workbench.engine.reports.blocks import Beside, Block, Column, Fact, Figure, Section, Sentence, Table
from workbench.engine.reports.curves_figure import COLORS
from workbench.engine.reports.page import Page
from workbench.engine.reports.plot import EndWords, Plot

_TITLES: dict[Kind, str] = {"test": "Test error", "train": "Training error"}
_NONE = "–"


def write_report(report: LabReport, path: Path) -> None:
    """
    Raises:
        UserError: the file cannot be written.
    """
    page(report).write(path)


def page(report: LabReport) -> Page:
    """The whole report."""
    lab, seen = report.findings.lab, report.seen
    sections = (
        _curves(report), _results(report), _pairs(report), _paper(report), _settings(report),
        _runs(report.findings.arms),
    )  # fmt: skip
    return Page(
        f"Lab: {lab.title}",
        lab.question,
        seen.sentence,
        tuple(section for section in sections if section is not None),
        _facts(report),
        "warning" if seen.agreement == "not as the paper" else "",
    )


def _facts(report: LabReport) -> tuple[Fact, ...]:
    found = report.findings
    finished = sum(len(arm.finished) for arm in found.arms)
    return (
        Fact("the paper", agreement_words(report.seen.agreement)),
        Fact(
            "finished runs",
            f"{finished} of {len(found.runs)}",
            words.number(found.settings.seeds, "seed") + " each",
        ),
        Fact("epochs", str(found.settings.epochs), f"on {report.config.data.source}"),
    )


def agreement_words(agreement: Agreement) -> str:
    """Whether it is what the paper saw."""
    match agreement:
        case "as the paper":
            return "as there"
        case "not as the paper":
            return "not as there"
        case "undecided":
            return "not decided"
        case "no paper":
            return "not compared"
        case "unfinished":
            return "not yet"


# Curves


def _curves(report: LabReport) -> Section:
    notes = [Sentence(note, "secondary") for note in report.seen.notes]
    drawn = {kind: [arm.curve(kind) for arm in report.findings.arms] for kind in KINDS}
    if not any(curve.epochs for curves in drawn.values() for curve in curves):
        return Section("curves", "Curves", (*notes, Sentence("No run has finished an epoch yet.", "absence")))
    titles = [arm.arm.title for arm in report.findings.arms]
    every = [curve for curves in drawn.values() for curve in curves]
    figures: list[tuple[Block, ...]] = [
        (Figure(lab_figure(_TITLES[kind], titles, drawn[kind], every)),) for kind in KINDS
    ]
    said = Sentence("Lines: means over the seeds; bands: from the best to the worst seed.", "secondary")
    return Section("curves", "Curves", (*notes, Beside(tuple(figures)), said))


def lab_figure(title: str, names: Sequence[str], curves: Sequence[Curve], like: Sequence[Curve]) -> Markup:
    """
    Args:
        names: of the curves, in the fixed order of colors.
        like: all curves that its axes are to hold, so that figures beside each other share them.
    """
    held = [np.array([*curve.low, *curve.high]) for curve in like]
    last = max((curve.epochs[-1] for curve in like if curve.epochs), default=1)
    x, y = Axis("epoch", 0.0, float(last)), Axis.around("error, %", held, is_share=True, from_zero=True)
    shown = [
        (number, name, curve)
        for number, (name, curve) in enumerate(zip(names, curves, strict=True))
        if curve.epochs
    ]
    plot = Plot(x, y, ends=[
        EndWords(f"{name} {words.error(curve.mean[-1])}", curve.mean[-1], f"{_color(number)} validation")
        for number, name, curve in shown
    ])  # fmt: skip
    for number, _, curve in shown:
        epochs, low, high = (np.array(values) for values in (curve.epochs, curve.low, curve.high))
        plot.band(epochs, low, high, f"{_color(number)} band")
    for number, _, curve in shown:
        plot.line(np.array(curve.epochs), np.array(curve.mean), f"{_color(number)} validation")
    said = "; ".join(f"{name}: {words.error(curve.mean[-1])} at last" for _, name, curve in shown)
    return plot.svg(title, said)


def _color(number: int) -> str:
    return f"run{number % COLORS}"


# Tables


def _results(report: LabReport) -> Section:
    columns = (
        Column("network"), Column("runs", is_number=True), Column("test error", is_number=True),
        Column("95 % interval", is_number=True, note="Student's, of the mean over the seeds"),
        Column("training error", is_number=True, note="of augmented images, while they are learned"),
        Column("in the paper", is_explanation=True),
    )  # fmt: skip
    rows, has_paper = report.rows, any(row[-1] != _NONE for row in report.rows)
    shown = len(columns) if has_paper else len(columns) - 1
    caption = "Means over the seeds with their standard deviations, of the epoch that counts"
    return Section("results", "Results", (Table.of(caption, columns[:shown], [row[:shown] for row in rows]),))


def _pairs(report: LabReport) -> Section | None:
    if not report.pairs:
        return None
    columns = (
        Column("A"), Column("B"), Column("points B − A", is_number=True),
        Column("95 % interval", is_number=True, note="of images and seeds together, for this pair alone"),
        Column("p", is_number=True, note="corrected for the number of pairs (Holm 1979)"),
        Column("better"),
    )  # fmt: skip
    caption = "Test accuracies on the same images, with p-values by Holm's correction (1979)"
    return Section("pairs", "In pairs", (Table.of(caption, columns, report.pairs),))


def _paper(report: LabReport) -> Section:
    lab = report.findings.lab
    blocks: list[Block] = [Sentence(f"{lab.paper}. {lab.paper_setting}")]
    if lab.published:
        blocks.append(Table.of("Figures as they stand there", ("there", "figure", "where"), report.paper_rows))
    return Section("paper", "The paper", tuple(blocks))


def _settings(report: LabReport) -> Section:
    table = Table.of("What all runs have in common", ("field", "value"), report.setting_rows)
    return Section("settings", "Settings", (table,))


def _runs(arms: Sequence[ArmFindings]) -> Section:
    rows = []
    for run in (run for arm in arms for run in arm.runs):
        record, best = run.record, run.record.best if run.record else None
        started = record.started if record is not None else {}
        rows.append(
            (
                run.planned.name,
                run.state,
                record.id if record else _NONE,
                str(best.epoch) if best else _NONE,
                words.error(1 - best.test_accuracy) if best else _NONE,
                ", ".join(str(started[key]) for key in ("device", "precision") if started.get(key)) or _NONE,
                record.created_utc[:16].replace("T", " ") if record else _NONE,
                run.message,
            )
        )
    columns = (
        Column("name"), Column("state"), Column("run"), Column("epoch", is_number=True),
        Column("test error", is_number=True), Column("machine"), Column("begun (UTC)"),
        Column("note", is_explanation=True),
    )  # fmt: skip
    return Section("runs", "Runs", (Table.of("All runs that were planned", columns, rows),))
