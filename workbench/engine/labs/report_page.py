"""A lab's report as one HTML file that needs nothing else: no network, no script."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from workbench.core.files import write_atomically
from workbench.core.labs import words
from workbench.core.labs.findings import KINDS, ArmFindings, Kind
from workbench.core.labs.report import LabReport
from workbench.core.labs.sentences import Agreement
from workbench.engine.labs.curves_svg import Line, figure
from workbench.engine.labs.report_style import STYLE

_FOOTER = (
    "Written by ResNet Workbench. The interval of one arm is Student's, over its seeds; that of two arms, of "
    "images and seeds together. Test errors are of the epoch that counts."
)
# Columns, from which on a table takes all the width there is.
_WIDE_FROM = 5
_PAIRS = ("A", "B", "points B − A", "95 % interval", "p by Holm", "verdict")


def write_report(report: LabReport, path: Path) -> None:
    """
    Raises:
        UserError: the file cannot be written.
    """
    content = page(report).encode()
    write_atomically(path, lambda file: file.write(content))


def page(report: LabReport) -> str:
    """The whole file's text."""
    lab = report.findings.lab
    parts = [
        f"<h1>{escape(lab.title)}</h1>",
        f'<p class="question">{escape(lab.question)}</p>',
        _seen(report),
        _curves(report),
        _results(report),
        _pairs(report),
        _paper(report),
        _settings(report),
        _runs(report.findings.arms),
        f"<footer>{_FOOTER}</footer>",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Lab: {escape(lab.title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _seen(report: LabReport) -> str:
    seen = report.seen
    notes = "".join(f"<p>{escape(note)}</p>" for note in seen.notes)
    return (
        f'<section class="seen"><p class="sentence">{escape(seen.sentence)}</p>'
        f'<p class="agreement">{escape(agreement_words(seen.agreement))}</p>{notes}</section>'
    )


def agreement_words(agreement: Agreement) -> str:
    """Whether it is what the paper saw."""
    match agreement:
        case "as the paper":
            return "✓ As in the paper"
        case "not as the paper":
            return "✗ Not as in the paper"
        case "undecided":
            return "? Not decided by these runs"
        case "no paper":
            return "The paper compares nothing of the kind"
        case "unfinished":
            return "… Not finished"


def _curves(report: LabReport) -> str:
    of_test, of_training = (_lines(report, kind) for kind in KINDS)
    figures = [("Test error", of_test, of_training), ("Training error", of_training, of_test)]
    drawn = [
        f"<figure><figcaption>{title}</figcaption>{svg}</figure>"
        for title, lines, beside in figures
        if (svg := figure(title, lines, beside))
    ]
    if not drawn:
        return ""
    note = "Lines: means over the seeds; bands: from the best to the worst seed."
    return _section("Curves", f'<div class="figures">{"".join(drawn)}</div>', note)


def _lines(report: LabReport, kind: Kind) -> list[Line]:
    return [Line(arm.arm.title, place, arm.curve(kind)) for place, arm in enumerate(report.findings.arms)]


def _results(report: LabReport) -> str:
    columns = ("", "runs", "test error", "95 % interval", "training error", "published")
    note = (
        "± is the standard deviation over seeds. Training errors are of augmented images, while they are learned."
    )
    return _section("Results", _table(columns, report.rows, range(1, 5)), note)


def _pairs(report: LabReport) -> str:
    if not report.pairs:
        return ""
    note = (
        "Test accuracies in pairs, on the same images. The p-values are corrected for how many pairs there are "
        "(Holm 1979); an interval is for its pair alone."
    )
    return _section("In pairs", _table(_PAIRS, report.pairs, range(2, 5)), note)


def _paper(report: LabReport) -> str:
    lab = report.findings.lab
    table = _table(("there", "figure", "where"), report.paper_rows, ()) if lab.published else ""
    return _section("The paper", f"<p>{escape(lab.paper)}. {escape(lab.paper_setting)}</p>{table}")


def _settings(report: LabReport) -> str:
    return _section("Settings of all runs", _table(("field", "value"), report.setting_rows, ()))


def _runs(arms: Sequence[ArmFindings]) -> str:
    rows = []
    for run in (run for arm in arms for run in arm.runs):
        record, best = run.record, run.record.best if run.record else None
        rows.append(
            (
                run.planned.name,
                run.state,
                record.id if record else "–",
                str(best.epoch) if best else "–",
                words.error(1 - best.test_accuracy) if best else "–",
                str(record.started.get("device") or "–") if record else "–",
                str(record.started.get("precision") or "–") if record else "–",
                record.created_utc[:16].replace("T", " ") if record else "–",
                run.message,
            )
        )
    columns = ("name", "state", "run", "epoch", "test error", "device", "format", "begun (UTC)", "")
    return _section("Runs", _table(columns, rows, (3, 4)))


def _section(title: str, content: str, note: str = "") -> str:
    said = f'<p class="small">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{content}{said}</section>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    """Cells of the columns `numbers` stand on the right."""

    def cells(texts: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=number' if place in numbers else ''}>{escape(text)}</{tag}>"
            for place, text in enumerate(texts)
        )

    head, body = cells(columns, "th"), "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    is_small = " class=small-table" if len(columns) < _WIDE_FROM else ""
    table = f"<table{is_small}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'
