"""Finding out what a lab's runs say."""

from workbench.core.comparison.verdict import Verdict
from workbench.core.errors import UserError
from workbench.core.labs.bench import Bench
from workbench.core.labs.findings import Findings, findings
from workbench.core.labs.report import LabReport
from workbench.core.records.run_reader import RunReader
from workbench.engine.comparison.comparing import compare_groups


def report_of(bench: Bench, store: RunReader) -> LabReport:
    """Of all that is finished so far.

    Answers that are lost or damaged are no reason to keep the rest back: the report says so.
    """
    found = findings(bench.lab, bench.settings, bench.runs)
    verdicts, problem = dict[tuple[str, str], Verdict](), ""
    try:
        verdicts = _verdicts(found, store)
    except UserError as error:
        problem = str(error)
    return LabReport(findings(bench.lab, bench.settings, bench.runs, verdicts, problem))


def _verdicts(found: Findings, store: RunReader) -> dict[tuple[str, str], Verdict]:
    """About each pair of arms with a finished run."""
    known = found.known
    if len(known) < 2:
        return {}
    groups = [(arm.arm.title, arm.finished) for arm in known]
    names = [arm.arm.name for arm in known]
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    return dict(zip(pairs, (each.verdict for each in compare_groups(store, groups)), strict=True))
