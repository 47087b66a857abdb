"""A run as one HTML file that can be read anywhere: what came out, what it was told, and how to repeat it."""

import statistics
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import numpy as np

from workbench.core.class_names import isolated
from workbench.core.events import Progress
from workbench.core.files import require_writable
from workbench.core.formats import count, duration, percent
from workbench.core.intervals import wilson_interval
from workbench.core.records.store import RunStore
from workbench.engine.reports import run_results, run_settings
from workbench.engine.reports.blocks import Fact
from workbench.engine.reports.page import Page
from workbench.engine.reports.reported_run import ReportedRun, read_run

_ENDINGS = {
    "running": "It is still being trained.", "stopped": "It was stopped before its end.",
    "failed": "It has failed.", "interrupted": "It was interrupted before its end.",
}  # fmt: skip


def write_report(
    run_id: str, store: RunStore, path: Path, *, epoch: int | None = None
) -> Generator[Progress, None, int | None]:
    """Write all that is known of a run after an epoch; what is missing is said in its place.

    Args:
        epoch: None: the one that the run keeps.

    Returns:
        After which epoch its figures are: a run that goes on keeps another one by now. None before the first.

    Raises:
        UserError: the run is not known, `epoch` is none of its epochs, or the file cannot be written.
    """
    require_writable(path)
    run = yield from read_run(run_id, store, epoch)
    yield Progress("Writing the report", 0, 0, "parts")
    page = run_page(run)
    page.write(path)
    counted = _counted(run)
    return None if counted is None else counted[2]


def run_page(run: ReportedRun) -> Page:
    sections = (
        run_settings.settings(run), run_results.curves(run), run_results.confusion(run), run_results.classes(run),
        run_results.calibration(run), run_results.mistakes(run), run_settings.warnings(run),
        run_settings.images(run), run_settings.environment(run), run_settings.repeat(run),
    )  # fmt: skip
    record = run.record
    about = (record.model, f"recipe {record.recipe}", record.source, record.status, f"run {record.id}")
    subtitle = " · ".join(map(isolated, about))
    tone: Literal["", "warning", "failed"] = "failed" if record.status == "failed" else ""
    return Page(record.name, subtitle, _verdict(run), sections, _facts(run), tone)


def _verdict(run: ReportedRun) -> str:
    """What it all comes to, in a sentence or two."""
    record, ending = run.record, _ENDINGS.get(run.record.status, "")
    counted = _counted(run)
    if counted is None:
        return f"{ending} Before its first epoch was finished: there is no accuracy yet.".strip()
    right, total, epoch = counted
    low, high = wilson_interval(right, total)
    kept = record.best
    if kept is not None and epoch != kept.epoch:
        which = f"epoch {epoch} (the run keeps epoch {kept.epoch})"
    else:
        which = f"epoch {epoch} of {record.config.training.epochs}"
        which += ", the best by validation" if record.chosen_word == "best" else ", the last one"
    interval = f"95 % interval {100 * low:.1f} to {percent(high)}"
    said = f"{percent(right / total)} of {count(total)} test images right ({interval}) after {which}."
    return f"{said} {ending}".strip()


def _counted(run: ReportedRun) -> tuple[int, int, int] | None:
    """Right images, all images, and after which epoch; None before the first."""
    if run.evaluation is not None:
        return int(run.evaluation.correct.sum()), len(run.evaluation.labels), run.evaluation.epoch
    best = run.record.best
    if best is None or not run.record.started or not np.isfinite(best.test_accuracy):
        return None
    total = int(run.record.started["images"][2])
    return round(best.test_accuracy * total), total, best.epoch


def _facts(run: ReportedRun) -> tuple[Fact, ...]:
    record, facts = run.record, list[Fact]()
    counted = _counted(run)
    if counted is not None:
        right, total, at = counted
        low, high = wilson_interval(right, total)
        facts.append(Fact("test accuracy", percent(right / total), f"{100 * low:.1f} to {percent(high)}"))
        epoch = next((each for each in record.epochs if each.epoch == at), None)
        if epoch is not None and epoch.validation_accuracy is not None:
            facts.append(Fact("validation accuracy", percent(epoch.validation_accuracy), "of held-out images"))
        if epoch is not None:
            facts.append(Fact("test loss", f"{epoch.test_loss:.3f}", "nats"))
    if run.evaluation is not None:
        error = run.evaluation.calibration().expected_error
        facts.append(Fact("calibration error", percent(error), "ECE, 10 bins"))
    if record.started:
        facts.append(Fact("parameters", count(record.started["parameters"])))
    rates = [epoch.images_per_s for epoch in record.epochs if np.isfinite(epoch.images_per_s)]
    rate = f"{count(round(statistics.median(rates)))} images/s" if rates else ""
    facts.append(Fact("training time", duration(record.elapsed_s), rate))
    return tuple(facts)
