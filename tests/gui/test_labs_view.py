"""Labs in the window: the list, what one takes, adding it to the queue, and what was seen."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QSpinBox
from pytestqt.qtbot import QtBot

from tests.gui.seen import action, button, named, pick, says
from tests.labs import made, recorded
from workbench.core.data.image_sources import SAMPLE
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, EvaluationReady, RunStarted, Status
from workbench.core.home import Home
from workbench.core.labs.bench import Bench
from workbench.core.labs.catalog import LABS
from workbench.core.labs.findings import Curve
from workbench.core.labs.plan import LabRun, LabSettings, State, planned_runs
from workbench.core.labs.report import LabReport
from workbench.core.records.store import RunStore
from workbench.gui.labs.curve_legend import CurveLegend
from workbench.gui.labs.lab_curves import ArmCurve, LabCurves
from workbench.gui.labs.lab_form import LabForm
from workbench.gui.labs.lab_list import LabList
from workbench.gui.labs.lab_page import LabPage
from workbench.gui.labs.lab_table import LabTable
from workbench.gui.labs.labs_view import LabsView
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.lab_jobs import LabLook

LONG_MS = 20_000
STEM = LABS["stem"]
FOUND = made("degradation", {
    "plain20": [(0.2, 0.2), (0.202, 0.21)], "plain56": [(0.3, 0.3), (0.302, 0.31)],
    "resnet20": [(0.2, 0.2), (0.202, 0.2)], "resnet56": [(0.18, 0.15), (0.182, 0.15)],
})  # fmt: skip


def rows(table: LabTable) -> list[list[str]]:
    columns = range(table.columnCount())
    return [[table.item(row, column).text() for column in columns] for row in range(table.rowCount())]


def stem_look(*states: State, seconds: float | None = 90.0, settings: LabSettings | None = None) -> LabLook:
    """Of two runs of one seed in these states."""
    settings = settings or LabSettings(4, 1)
    planned = planned_runs(STEM, settings)
    known: dict[str, Status] = {"finished": "finished", "failed": "failed"}
    runs = [
        LabRun(each, state, recorded(each, status=known[state]) if state in known else None)
        for each, state in zip(planned, states, strict=True)
    ]
    left = tuple(0.0 if run.state in ("finished", "failed") else seconds for run in runs)
    return LabLook(Bench(STEM, settings, tuple(runs)), left)


# The list


@pytest.fixture
def lab_list(qtbot: QtBot) -> LabList:
    shown = LabList()
    qtbot.addWidget(shown)
    return shown


def test_each_lab_has_a_row_before_anything_is_known_of_it(lab_list: LabList) -> None:
    shown = rows(named(lab_list, LabTable, "Labs"))
    assert [row[1] for row in shown] == [lab.question for lab in LABS.values()]
    assert {tuple(row[2:]) for row in shown} == {("", "", "")}


@pytest.mark.parametrize(
    ("look", "wanted"),
    [
        (stem_look("finished", "missing"), ["1 of 2", "4", "~2\u202fmin"]),
        (stem_look("finished", "finished"), ["2 of 2", "4", "done"]),
        (stem_look("missing", "waiting", seconds=None), ["0 of 2", "4", "–"]),
    ],
)
def test_a_row_says_what_is_done_and_what_is_left(lab_list: LabList, look: LabLook, wanted: list[str]) -> None:
    lab_list.show_looks({"stem": look})
    assert rows(named(lab_list, LabTable, "Labs"))[list(LABS).index("stem")][2:] == wanted


def test_a_row_opens_its_lab(qtbot: QtBot, lab_list: LabList) -> None:
    table = named(lab_list, LabTable, "Labs")
    with qtbot.waitSignal(lab_list.opened) as opened:
        table.activated.emit(table.model().index(2, 0))
    assert opened.args == ["stem"]
    with qtbot.waitSignal(lab_list.opened) as opened:
        table.clicked.emit(table.model().index(3, 1))
    assert opened.args == ["depth"]


# The form


@pytest.fixture
def form(qtbot: QtBot) -> LabForm:
    shown = LabForm()
    qtbot.addWidget(shown)
    return shown


@pytest.mark.parametrize(
    "settings",
    [
        LabSettings(7, 2),
        LabSettings(40, 5, {"data.source": "cifar10"}),
        LabSettings(1, 1, {"data.source": "/my/own", "training.batch_size": 64}),
    ],
)
def test_settings_stand_there_as_they_are(qtbot: QtBot, form: LabForm, settings: LabSettings) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.show_settings(settings)
    assert form.settings == settings
    assert says(form, "Besides: training.batch_size = 64") == ("training.batch_size" in settings.values)


def test_a_change_is_told_at_once(qtbot: QtBot, form: LabForm) -> None:
    form.show_settings(LabSettings(7, 2))
    with qtbot.waitSignal(form.changed):
        named(form, QSpinBox, "Seeds").setValue(4)
    with qtbot.waitSignal(form.changed):
        pick(form, "Images", "Official")
    assert form.settings == LabSettings(7, 4, {"data.source": "cifar10"})


@pytest.mark.parametrize(
    ("look", "words", "can_add"),
    [
        (stem_look("finished", "missing"), "2 runs  ·  1 finished  ·  ~2\u202fmin to train on this machine", True),
        (stem_look("running", "waiting", seconds=None),
         "2 runs  ·  1 in training  ·  1 in the queue  ·  how long it takes is not known yet", False),
        (stem_look("stopped", "failed"), "2 runs  ·  1 to be resumed  ·  1 failed  ·  ~2\u202fmin to train", True),
        (stem_look("finished", "finished"), "2 runs  ·  2 finished", False),
    ],
)  # fmt: skip
def test_what_it_takes_stands_below(form: LabForm, look: LabLook, words: str, can_add: bool) -> None:
    form.show_look(look)
    assert says(form, words)
    add = button(form, "Add to queue")
    assert add.isEnabled() == can_add
    assert ("All runs are there" in add.toolTip()) == (not can_add)


# What was seen


@pytest.fixture
def page(qtbot: QtBot, theme: Theme) -> LabPage:
    shown = LabPage(theme)
    qtbot.addWidget(shown)
    shown.resize(640, 560)
    shown.show_lab(LABS["degradation"])
    shown.show()
    return shown


def test_sentence_tables_and_curves_come_with_the_report(page: LabPage) -> None:
    assert not button(page, "Save report…").isEnabled()
    report = LabReport(FOUND)
    page.show_report(report)
    assert says(page, report.seen.sentence)
    assert says(page, "As in the paper")
    assert rows(named(page, LabTable, "Results")) == [list(row) for row in report.rows]
    assert rows(named(page, LabTable, "Figures of the paper"))[3] == ["ResNet-56", "6.97 % test error", "table 6"]
    assert button(page, "Save report…").isEnabled()
    legend = page.findChild(CurveLegend)
    assert [(row.title, row.value) for row in legend.rows][:2] == [("Plain-20", "20.1 %"), ("Plain-56", "30.1 %")]
    page.show_report(None)
    assert not says(page, "As in the paper")
    assert rows(named(page, LabTable, "Results")) == []


def test_curves_of_both_kinds_share_their_axes_and_are_read_at_the_pointer(page: LabPage) -> None:
    page.show_report(LabReport(made("seeds", {"resnet20": [(0.6, 0.1), (0.61, 0.11)]})))
    plot, legend = page.findChild(LabCurves), page.findChild(CurveLegend)
    before = plot.getPlotItem().viewRange()
    pick(page, "Error of", "Training error")
    assert plot.getPlotItem().viewRange() == before
    assert legend.rows[0].value == "10.5 %"
    plot.pointed_at.emit(1)
    assert (legend.heading, legend.rows[0].value) == ("epoch 1", "40.5 %")
    plot.pointed_at.emit(0)
    assert legend.heading == "last epoch"


def test_curves_of_one_epoch_or_none_are_drawn(page: LabPage, theme: Theme) -> None:
    plot = page.findChild(LabCurves)
    plot.show_curves(
        [ArmCurve("a", 0, Curve((1,), (0.5,), (0.4,), (0.6,))), ArmCurve("b", 1, Curve((), (), (), ()))]
    )
    plot.show_curves([])
    theme.choose("dark")
    plot.show_curves([ArmCurve("a", 0, Curve((1, 2), (0.5, 0.4), (0.4, 0.3), (0.6, 0.5)))])
    low, high = plot.getPlotItem().viewRange()[1]
    assert low < 30 < 60 < high


def test_its_runs_are_listed_with_their_states(qtbot: QtBot, page: LabPage) -> None:
    page.show_lab(STEM)
    page.show_look(stem_look("finished", "failed"))
    table = named(page, LabTable, "Runs of the lab")
    assert rows(table) == [
        ["stem3x3 seed 1", "finished", "20.0 %", "", ""],
        ["stem7x7 seed 1", "failed", "", "", "the loss became nan at step 7"],
    ]
    with qtbot.waitSignal(page.run_asked):
        table.activated.emit(table.model().index(0, 0))
    page.show_look(stem_look("missing", "missing"))
    with qtbot.assertNotEmitted(page.run_asked):
        table.activated.emit(table.model().index(0, 0))


# In the window


def opened(window: MainWindow) -> LabsView:
    """By the menu, as a person does."""
    assert not window.labs_page.is_built
    action(window, "Labs…").trigger()
    assert window.labs_page.isVisible()
    return window.labs_page.findChild(LabsView)


def set_small(view: LabsView) -> None:
    named(view.page, QSpinBox, "Epochs").setValue(2)
    named(view.page, QSpinBox, "Seeds").setValue(1)


def test_a_lab_is_put_into_the_queue_once(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home
) -> None:
    window = make_window()
    view = opened(window)
    view.list.opened.emit("stem")
    set_small(view)
    qtbot.waitUntil(lambda: says(view.page, "2 runs  ·"), timeout=LONG_MS)
    with qtbot.waitSignal(window.labs_page.added, timeout=LONG_MS) as added:
        button(view.page, "Add to queue").click()
        assert not button(view.page, "Add to queue").isEnabled(), "it is on its way"
    assert added.args == [2]
    assert says(window.message_bar, "Stem 3x3 or 7x7: 2 runs were added to the queue")
    qtbot.waitUntil(lambda: says(view.page, "2 in the queue"), timeout=LONG_MS)
    assert not button(view.page, "Add to queue").isEnabled()
    with closing(RunStore(home)) as store:
        entries = store.queue.listing().entries
    assert [(entry.name, entry.tags) for entry in entries] == [
        ("stem3x3 seed 1", ("lab:stem",)), ("stem7x7 seed 1", ("lab:stem",)),
    ]  # fmt: skip
    assert {entry.config.training.epochs for entry in entries} == {2}


def record(store: RunStore, name: str, settings: LabSettings, better: dict[str, int]) -> list[str]:
    """Finished runs of a lab; of 200 images, each arm recognizes so many."""
    labels, ids = np.arange(200) % 10, []
    for planned in planned_runs(LABS[name], settings):
        config = planned.config.with_values({"data.normalization": "cifar10"})
        run_id = store.create(config, name=planned.name, model="m", recipe="r", machine={}, tags=(LABS[name].tag,))
        right = np.arange(200) < better[planned.arm.name] + planned.seed
        said = np.where(right, labels, (labels + 1) % 10)
        evaluation = Evaluation(labels, 8 * np.eye(10, dtype=np.float32)[said], SAMPLE.class_names, 1)
        store.record_start(
            RunStarted(run_id, planned.name, config, "CPU", "fp32", 10, SAMPLE.class_names, (10, 0, 200),
                       Path("/nonexistent"), 10, 0, 0.0)
        )  # fmt: skip
        store.record_evaluation(EvaluationReady(run_id, evaluation))
        store.record_epoch(
            EpochMetrics(run_id, 1, 10, 1.0, 0.5, None, None, 1.0, evaluation.accuracy, 100.0, 1.0, True)
        )
        store.finish(run_id, "finished")
        ids.append(run_id)
    return ids


def test_what_was_seen_is_there_with_the_settings_of_the_last_time_and_can_be_saved(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(RunStore(home)) as store:
        ids = record(store, "stem", LabSettings(1, 3), {"stem3x3": 180, "stem7x7": 120})
    window = make_window()
    view = opened(window)
    view.list.opened.emit("stem")
    qtbot.waitUntil(lambda: says(view.page, "the large stem costs accuracy on these images"), timeout=LONG_MS)
    assert (view.page.form.settings.epochs, view.page.form.settings.seeds) == (1, 3)
    (pair,) = rows(named(view.page, LabTable, "In pairs"))
    assert pair[:3] == ["3x3 stem", "7x7 stem", "−30.0"]
    path = tmp_path / "seen.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    button(view.page, "Save report…").click()
    qtbot.waitUntil(lambda: says(window.message_bar, "The report was written to"), timeout=LONG_MS)
    assert "the large stem costs accuracy" in path.read_text()
    table = named(view.page, LabTable, "Runs of the lab")
    table.activated.emit(table.model().index(0, 0))
    assert window.selection.run_id == ids[0]


def test_a_run_that_ends_elsewhere_changes_what_is_seen(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home
) -> None:
    window = make_window()
    view = opened(window)
    view.list.opened.emit("seeds")
    named(view.page, QSpinBox, "Epochs").setValue(1)
    named(view.page, QSpinBox, "Seeds").setValue(2)
    # Nothing is on its way any more but what is told from outside.
    qtbot.waitUntil(lambda: says(view.page, "2 runs  ·"), timeout=LONG_MS)
    with closing(RunStore(home)) as store:
        record(store, "seeds", LabSettings(1, 2), {"resnet20": 150})
    window.library.refresh()
    qtbot.waitUntil(lambda: says(view.page, "2 runs that differ in chance alone"), timeout=LONG_MS)
    view.page.back_asked.emit()
    assert view.is_list
    assert rows(named(view.list, LabTable, "Labs"))[-1][2] == "2 of 2"


def test_lost_answers_are_told_in_the_window_too(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home
) -> None:
    with closing(RunStore(home)) as store:
        ids = record(store, "stem", LabSettings(1, 1), {"stem3x3": 180, "stem7x7": 120})
        for file in (store.folder(ids[0]) / "evaluations").glob("epoch-*"):
            file.unlink()
    view = opened(make_window())
    view.list.opened.emit("stem")
    qtbot.waitUntil(lambda: says(view.page, "could not be compared"), timeout=LONG_MS)
    assert rows(named(view.page, LabTable, "In pairs")) == []
