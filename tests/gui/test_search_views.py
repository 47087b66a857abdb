"""Searches in the window: the dialog, the view of a study, and trials that are trained one after the other."""

from collections.abc import Callable
from contextlib import closing

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QSpinBox, QTableView
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, has_button, in_dialog, named, pick, says
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.search.definition import StudyDefinition, define
from workbench.core.search.space_parser import parse_space
from workbench.core.search.study import StudyRecord, TrialRecord
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.search.search_dialog import SearchDialog
from workbench.gui.search.search_view import SearchView
from workbench.gui.search.trial_plot import TrialPlot
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State

pytest.importorskip("optuna")

RATES, SIZES = "training.learning_rate", "training.batch_size"


def definition_of(config: RunConfig | None = None) -> StudyDefinition:
    space = parse_space([f"{RATES}=0.01..1:log", f"{SIZES}=16|32"])
    return define("mine", config or RunConfig(), space)


def study_of(*trials: TrialRecord, limit: int = 9) -> StudyRecord:
    return StudyRecord(definition_of(), limit, trials)


def trial(number: int, accuracy: float, rate: float = 0.1, state: str = "finished", **more: object) -> TrialRecord:
    values = {RATES: rate, SIZES: 16 if number % 2 else 32}
    return TrialRecord(number, state, values, {1: accuracy / 2, 2: accuracy}, **more)  # type: ignore[arg-type]


THREE = (trial(1, 0.5, 0.01), trial(2, 0.8, 0.1), trial(3, 0.6, 1.0, "pruned", run_id="r3", host="h"))

# The dialog


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> SearchDialog:
    dialog = SearchDialog(RunConfig(), ("resnet8", "quick"), 6.0, {"search 1"})
    qtbot.addWidget(dialog)
    return dialog


def typed(dialog: SearchDialog, field: str, text: str) -> None:
    edit = named(dialog, QLineEdit, f"Values of {field}")
    edit.setText(text)
    edit.textEdited.emit(text)
    dialog.judge()


def test_the_dialog_begins_with_something_that_can_be_started(dialog: SearchDialog) -> None:
    assert button(dialog, "Start search").isEnabled()
    assert dialog.definition is not None
    assert dialog.definition.name == "search 2", "search 1 is taken"
    around = dialog.definition.space[RATES]
    assert around.ends[0] < RunConfig().training.learning_rate < around.ends[1]
    assert (dialog.definition.model, dialog.definition.recipe) == ("resnet8", "quick")


def test_what_is_wrong_is_marked_and_said(dialog: SearchDialog) -> None:
    typed(dialog, RATES, "0.5..0.1")
    assert says(dialog, "with LOW below HIGH")
    start = button(dialog, "Start search")
    assert not start.isEnabled()
    assert "with LOW below HIGH" in start.toolTip()
    assert named(dialog, QLineEdit, f"Values of {RATES}").property("invalid")
    typed(dialog, RATES, "0.1..0.5")
    assert button(dialog, "Start search").isEnabled()
    assert not named(dialog, QLineEdit, f"Values of {RATES}").property("invalid")


def test_fields_are_added_from_a_menu_and_removed(qtbot: QtBot, dialog: SearchDialog) -> None:
    action(dialog, "batch size").trigger()
    dialog.judge()
    assert dialog.definition is not None
    assert list(dialog.definition.space) == [RATES, "training.weight_decay", SIZES]
    for remove in [
        each for each in dialog.findChildren(type(button(dialog, "Cancel"))) if each.text() == "Remove"
    ]:
        remove.click()
    dialog.judge()
    assert says(dialog, "add a field")
    assert dialog.definition is None


def test_the_time_is_estimated(dialog: SearchDialog) -> None:
    epochs = RunConfig().training.epochs
    assert says(dialog, f"20 trials of ~{epochs * 6 / 60:.0f}\u202fmin each")
    action(dialog, "batch size").trigger()
    for field, text in ((RATES, "0.1|0.2"), ("training.weight_decay", "0|0.001"), (SIZES, "64|128")):
        typed(dialog, field, text)
    pick(dialog, "Sampler", "Grid: all combinations")
    dialog.judge()
    assert says(dialog, "8 of 8 combinations")
    assert dialog.trials == 8


def test_a_name_that_is_taken_is_refused(dialog: SearchDialog) -> None:
    name = named(dialog, QLineEdit, "Name")
    name.setText("search 1")
    dialog.judge()
    assert says(dialog, "There is a search called 'search 1' already")
    dialog.accept()
    assert dialog.result() == 0


# The view


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> SearchView:
    view = SearchView(theme)
    qtbot.addWidget(view)
    view.resize(700, 600)
    view.show()
    return view


def rows(view: SearchView) -> list[list[str]]:
    model = named(view, QTableView, "Trials").model()
    return [[model.index(row, column).data() for column in range(model.columnCount())]
            for row in range(model.rowCount())]  # fmt: skip


def test_trials_stand_in_the_table_and_the_best_is_said(view: SearchView) -> None:
    view.show_studies(["mine"], study_of(*THREE), "")
    assert rows(view) == [
        ["1", "finished", "0.01", "16", "50.0\u202f%", "2"],
        ["2", "finished", "0.1", "32", "80.0\u202f%", "2"],
        ["3", "pruned", "1", "16", "60.0\u202f%", "2"],
    ]
    assert says(view, "3 of 9 trials done   ·   1 pruned")
    assert says(view, "Best: trial 2, 80.0\u202f% validation accuracy, learning rate 0.1, batch size 32")
    named(view, QTableView, "Trials").sortByColumn(4, Qt.SortOrder.DescendingOrder)
    assert [row[0] for row in rows(view)] == ["2", "3", "1"]


def test_a_point_and_a_row_choose_the_same_trial(qtbot: QtBot, view: SearchView) -> None:
    view.show_studies(["mine"], study_of(*THREE), "")
    QApplication.processEvents()
    plot = named(view, TrialPlot, "Accuracy over a field")
    with qtbot.waitSignal(view.trial_chosen) as chosen:
        at = plot.point_of(3).toPoint()
        qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert chosen.args[0] == THREE[2]
    table = named(view, QTableView, "Trials")
    assert table.currentIndex().row() == 2
    with qtbot.waitSignal(view.trial_chosen) as chosen:
        table.selectRow(0)
    assert chosen.args[0] == THREE[0]


def test_fields_are_drawn_on_their_own_scales(view: SearchView) -> None:
    view.show_studies(["mine"], study_of(*THREE), "")
    QApplication.processEvents()
    plot = named(view, TrialPlot, "Accuracy over a field")
    places = [plot.point_of(number).x() for number in (1, 2, 3)]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=1), "logarithmic"
    pick(view, "Field", "batch size")
    places = [plot.point_of(number).x() for number in (1, 2, 3)]
    assert places[0] == places[2] < places[1]


def test_far_below_the_others_a_trial_stands_at_the_end_of_the_axis(view: SearchView) -> None:
    good = [trial(number, 0.8 + 0.01 * number) for number in range(1, 5)]
    view.show_studies(["mine"], study_of(*good, trial(5, 0.1, state="pruned")), "")
    QApplication.processEvents()
    plot = named(view, TrialPlot, "Accuracy of the trials in their order")
    low, high = plot.getPlotItem().getViewBox().viewRange()[1]
    assert low > 70
    heights = [plot.point_of(number).y() for number in (1, 4, 5)]
    assert heights[1] < heights[0] < heights[2] < plot.height()
    assert np.isfinite(high)


def test_equal_accuracies_have_an_axis_too(view: SearchView) -> None:
    view.show_studies(["mine"], study_of(*(trial(number, 1.0) for number in (1, 2, 3))), "")
    QApplication.processEvents()
    plot = named(view, TrialPlot, "Accuracy of the trials in their order")
    low, high = plot.getPlotItem().getViewBox().viewRange()[1]
    assert 95 < low <= 98 < 100 <= high < 103
    assert plot.point_of(1).y() == plot.point_of(3).y()


def test_newer_trials_leave_the_chosen_one(view: SearchView) -> None:
    view.show_studies(["mine"], study_of(*THREE), "mine")
    view.choose(2)
    view.show_studies(["mine"], study_of(*THREE, trial(4, 0.9)), "mine")
    table = named(view, QTableView, "Trials")
    assert table.currentIndex().row() == 1
    assert len(rows(view)) == 4
    assert not button(view, "Go on").isEnabled()
    assert "Stop ends it" in button(view, "Go on").toolTip()


def test_there_is_something_to_do_where_there_is_nothing_to_see(qtbot: QtBot, view: SearchView) -> None:
    view.show_nothing("None yet.")
    assert says(view, "None yet.")
    with qtbot.waitSignal(view.new_asked):
        button(view, "New search…").click()
    view.show_studies(["mine"], study_of(limit=3), "")
    assert button(view, "Go on").isEnabled()
    assert not button(view, "Use settings of the best").isEnabled()


def test_colors_follow_the_theme(view: SearchView, theme: Theme) -> None:
    view.show_studies(["mine"], study_of(*THREE), "")
    plot = named(view, TrialPlot, "Accuracy of the trials in their order")
    theme.choose("dark")
    QApplication.processEvents()
    assert plot.backgroundBrush().color() == theme.color("surface")


# In the window


def start_search(window: MainWindow, trials: int) -> None:
    """By the dialog, over the learning rate alone."""

    def fill(dialog: SearchDialog) -> None:
        typed(dialog, RATES, "0.05..0.4:log")
        named(dialog, QPushButton, "Remove training.weight_decay").click()
        named(dialog, QSpinBox, "Trials").setValue(trials)
        button(dialog, "Start search").click()

    in_dialog(SearchDialog, fill)
    action(window, "New search…").trigger()


def shown_view(window: MainWindow) -> SearchView:
    found = window.search_desk.page.findChild(SearchView)
    assert found is not None
    return found


def is_over(window: MainWindow) -> bool:
    return window.search_desk.active == "" and window.session.state is State.IDLE


def test_a_search_trains_its_trials_as_runs(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    before = tiny_config.training.learning_rate
    start_search(window, 2)
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    assert window.workspaces.current == "train"
    view = shown_view(window)
    # Who turns to something else meanwhile is not fetched back by the next trial.
    window.workspaces.show("build")
    qtbot.waitUntil(lambda: is_over(window), timeout=LONG_MS)
    assert [record.name for record in window.runs_panel.model.every] == ["search 1 #2", "search 1 #1"]
    qtbot.waitUntil(lambda: says(view, "2 of 2 trials done"), timeout=LONG_MS)
    qtbot.waitUntil(lambda: "All its trials are done" in button(view, "Go on").toolTip(), timeout=LONG_MS)
    assert not button(view, "Go on").isEnabled()
    qtbot.waitUntil(lambda: says(window, "Search 'search 1' is done: the best is trial"), timeout=LONG_MS)
    assert window.workspaces.current == "build"
    # A row is a run.
    named(view, QTableView, "Trials").selectRow(0)
    chosen = window.library.record(window.selection.run_id)
    assert chosen.name == "search 1 #1"
    # The left side has kept its settings, until those of the best are asked for.
    assert window.build_panel.config is not None
    assert window.build_panel.config.training.learning_rate == before
    assert view.study is not None
    assert view.study.best is not None
    window.workspaces.show("train")
    button(view, "Use settings of the best").click()
    assert window.build_panel.config.training.learning_rate == view.study.best.values[RATES]
    assert window.workspaces.current == "build"


def test_stop_ends_the_search_and_go_on_takes_it_up(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    window.build_panel.take_values({"training.epochs": 200})
    start_search(window, 1)
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    window.session.pause()
    assert window.session.state is State.PAUSED
    window.session.stop()
    qtbot.waitUntil(lambda: is_over(window), timeout=LONG_MS)
    (stopped,) = window.runs_panel.model.every
    assert stopped.status == "stopped"
    view = shown_view(window)
    qtbot.waitUntil(lambda: has_button(view, "Go on") and button(view, "Go on").isEnabled(), timeout=LONG_MS)
    assert says(view, "0 of 1 trials done")
    button(view, "Go on").click()
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    window.session.stop()
    qtbot.waitUntil(lambda: is_over(window), timeout=LONG_MS)
    with closing(RunStore.for_reading(home)) as store:
        assert [run.id for run in store.runs()] == [stopped.id], "the same run went on"
        assert len(store.run(stopped.id).starts) == 2


def test_without_searches_the_page_says_what_one_is(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home
) -> None:
    window = make_window()
    window._parts.show_search()
    qtbot.waitUntil(lambda: says(shown_view(window), "each trial a run"), timeout=LONG_MS)
    assert not home.studies.exists()


def test_closing_the_window_ends_the_search(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.take_values({"training.epochs": 200})
    start_search(window, 3)
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG_MS)
    assert window.search_desk.active == ""
    assert len(window.runs_panel.model.every) == 1
