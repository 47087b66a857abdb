"""A lab from its plan through the queue to its report, with real runs."""

import re
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from tests.labs import made, recorded, settings_for
from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics
from workbench.core.home import Home
from workbench.core.labs.adding import add_missing
from workbench.core.labs.bench import Bench
from workbench.core.labs.catalog import LABS
from workbench.core.labs.findings import Curve, findings
from workbench.core.labs.plan import LabRun, LabSettings, planned_runs
from workbench.core.labs.report import LabReport
from workbench.core.records.store import RunStore
from workbench.engine.comparison.comparing import compare
from workbench.engine.labs.report_page import lab_figure, page, write_report
from workbench.engine.labs.reporting import report_of
from workbench.engine.training import training
from workbench.engine.training.queue_work import work_queue

STEM = LABS["stem"]


def bench(store: RunStore, settings: LabSettings) -> Bench:
    return Bench.of(STEM, settings, store)


def test_a_lab_is_trained_once_and_reported(store: RunStore, image_folder: Path, tmp_path: Path) -> None:
    settings = settings_for(str(image_folder), STEM, seeds=2)
    first = bench(store, settings).runs[0].planned
    # Of another origin, by a name of its own.
    by_hand = list(training.train(first.config, store=store, name="by hand"))[-1].run_id
    added = add_missing(store, STEM, settings)
    assert [entry.name for entry in added] == ["stem7x7 seed 1", "stem3x3 seed 2", "stem7x7 seed 2"]
    list(work_queue(store))
    done = bench(store, settings)
    assert [run.state for run in done.runs] == ["finished"] * 4
    assert done.runs[0].record is not None
    assert done.runs[0].record.id == by_hand
    assert {run.record.tags for run in done.runs if run.record} == {("lab:stem",)}
    assert add_missing(store, STEM, settings) == []
    report = report_of(done, store)
    (pair,) = report.findings.verdicts
    assert pair == ("stem3x3", "stem7x7")
    assert report.findings.verdicts[pair].labels == ("3x3 stem", "7x7 stem")
    assert report.findings.verdicts[pair].a.seeds == (1, 2)
    path = tmp_path / "report.html"
    write_report(report, path)
    text = path.read_text()
    for run in done.runs:
        assert run.record is not None
        assert run.record.id in text


def test_stopped_in_the_middle_it_goes_on_where_it_was(home: Home, image_folder: Path) -> None:
    settings = settings_for(str(image_folder), STEM, epochs=3)
    with closing(RunStore(home)) as store:
        ids = [entry.id for entry in add_missing(store, STEM, settings)]
        with closing(work_queue(store, only=ids)) as work:
            next(event for event in work if isinstance(event, EpochMetrics))
        # As if somebody had taken it out of the queue.
        store.queue.remove(ids[:1])
        assert [run.state for run in bench(store, settings).runs] == ["stopped", "waiting"]
        (resumed,) = add_missing(store, STEM, settings)
        assert (resumed.id, resumed.has_begun) == (ids[0], True)
        list(work_queue(store, only=ids))
        assert [run.state for run in bench(store, settings).runs] == ["finished"] * 2
        assert len(store.runs()) == 2


def test_only_the_labs_own_entries_are_trained(store: RunStore, image_folder: Path) -> None:
    settings = settings_for(str(image_folder), STEM)
    other = store.queue.add(planned_runs(STEM, replace(settings, epochs=9))[0].config, name="other")
    ids = [entry.id for entry in add_missing(store, STEM, settings)]
    list(work_queue(store, only=ids))
    assert [entry.id for entry in store.queue.listing().waiting] == [other.id]


def test_a_run_that_was_trained_longer_afterwards_is_not_counted(
    home: Home, store: RunStore, image_folder: Path
) -> None:
    """Its rate had fallen for the shorter schedule already."""
    settings = settings_for(str(image_folder), STEM)
    for config in (planned_runs(STEM, settings)[0].config, planned_runs(STEM, settings)[1].config):
        list(training.train(config, store=store))
    shorter, same = [run.id for run in store.runs()]
    list(training.resume(shorter, store=store, epochs=2))
    longer = settings_for(str(image_folder), STEM, epochs=2)
    found = bench(store, longer).runs
    assert store.run(shorter).altered == "the number of its epochs was changed while it was trained, from 1 to 2"
    assert [run.state for run in found] == ["missing", "missing"]
    assert sum(len(run.passed_over) for run in found) == 1
    with pytest.raises(UserError, match=f"run {shorter} .* has no other seeds: the number of its epochs"):
        compare(store, (shorter, same), with_seeds=True)


def test_lost_answers_are_told_and_the_rest_is_there(store: RunStore, image_folder: Path) -> None:
    lab = LABS["width"]
    settings = settings_for(str(image_folder), lab)
    add_missing(store, lab, settings)
    list(work_queue(store))
    done = Bench.of(lab, settings, store)
    assert done.runs[0].record is not None
    for file in (store.folder(done.runs[0].record.id) / "evaluations").glob("epoch-*"):
        file.unlink()
    report = report_of(done, store)
    assert list(report.findings.verdicts) == [("width16", "width32")]
    assert any("could not be compared: 8-16-32: the answers" in note for note in report.seen.notes)
    assert report.rows[0][1] == "1 of 1"


# The page


def text_of(report: LabReport) -> str:
    """What can be read on it."""
    html = page(report).html()
    assert not re.search(r"<(link|img|iframe)|src=|@import|url\(", html)
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_the_page_holds_sentence_figures_and_what_the_paper_says() -> None:
    errors = {"plain20": 0.2, "plain56": 0.3, "resnet20": 0.2, "resnet56": 0.15}
    found = made("degradation", {name: [(0.2, train), (0.21, train + 0.002)] for name, train in errors.items()})
    report = LabReport(found)
    text = text_of(report)
    assert report.seen.sentence in text
    assert "as there" in text
    assert "figure 6, left, read from the figure" in text
    assert "20.5 ± 0.7 %" in text
    assert "plain56 seed 2" in text
    assert page(report).html().count("<svg") == 2


def test_a_page_of_nothing_yet_is_whole() -> None:
    text = text_of(LabReport(made("seeds", {}, seeds=2)))
    assert "Nothing can be said yet" in text
    assert "No run has finished an epoch yet" in text
    assert "missing" in text


def test_a_column_that_no_paper_fills_is_left_out() -> None:
    assert "in the paper" not in text_of(LabReport(made("learning-rate", {"rate0.1": [(0.2, 0.1)]})))
    assert "in the paper" in text_of(LabReport(made("depth", {"resnet8": [(0.2, 0.1)]})))


def test_names_from_outside_are_text_and_nothing_else() -> None:
    lab = LABS["seeds"]
    settings = LabSettings(2, 1, {"data.source": "<script>alert(1)</script>"})
    (planned,) = planned_runs(lab, settings)
    failed = replace(recorded(planned, status="failed"), message="<b>no</b>", id="<i>")
    html = page(LabReport(findings(lab, settings, [LabRun(planned, "failed", failed)]))).html()
    assert "<script>alert" not in html
    assert "&lt;b&gt;no&lt;/b&gt;" in html


def test_a_figure_shows_each_arm_with_its_last_value_and_its_seeds() -> None:
    curve = Curve((1, 2, 3), (0.8, 0.5, 0.314), (0.8, 0.4, 0.3), (0.8, 0.6, 0.33))
    empty = Curve((), (), (), ())
    svg = lab_figure("Test error", ["A & B", "none"], [curve, empty], [curve, empty])
    assert "A &amp; B 31.4 %" in svg
    assert "none" not in svg
    assert svg.count('class="run0 band"') == 1
    assert svg.count('class="run0 validation"') == 1
    alone = Curve((1,), (0.5,), (0.5,), (0.5,))
    assert "<circle" in lab_figure("Test error", ["a"], [alone], [alone])


def test_figures_beside_each_other_share_their_axes() -> None:
    low, high = (Curve((1, 2), (value, value), (value, value), (value, value)) for value in (0.1, 0.8))
    ticks = [
        re.findall(r'"tick"[^>]*>([^<]*)', lab_figure("a", ["x"], [each], [low, high])) for each in (low, high)
    ]
    assert ticks[0] == ticks[1]
    assert "80" in ticks[0]
