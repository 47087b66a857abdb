"""Finding out what a lab's runs say."""

from workbench.core.comparison.common_images import AskedRun
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
    asked, problems = dict[str, list[AskedRun]](), list[str]()
    for arm in found.known:
        try:
            asked[arm.arm.name] = [AskedRun(record, store.answers(record, None)) for record in arm.finished]
        except UserError as error:
            problems.append(f"{arm.arm.title}: {error}")
    verdicts = dict[tuple[str, str], Verdict]()
    try:
        verdicts = _verdicts(found, asked)
    except UserError as error:
        problems.append(str(error))
    return LabReport(findings(bench.lab, bench.settings, bench.runs, verdicts, "; ".join(problems)))


def _verdicts(found: Findings, asked: dict[str, list[AskedRun]]) -> dict[tuple[str, str], Verdict]:
    """About each pair of arms whose answers are known."""
    names = list(asked)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    groups = [(found.of(name).arm.title, runs) for name, runs in asked.items()]
    return dict(zip(pairs, (each.verdict for each in compare_groups(groups)), strict=True))
