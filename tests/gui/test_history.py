"""The list of runs as a laboratory book: finding, sorting, several at once, tags, notes, stars, repetitions."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTableView,
)
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.damage import recorded_runs
from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, in_dialog, named, says
from tests.gui.test_runs_panel import epoch, run
from workbench.core.home import Home
from workbench.core.records.run_record import DamagedRun, RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.run_columns import DEVICE, LOSS, NAME, NOTE, STAR, STATUS, TAGS, TEST, TIME
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> RunsPanel:
    panel = RunsPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(1300, 400)
    panel.show()
    return panel


RUNS = (
    run("c", name="wide net", tags=("lab", "seeds"), is_starred=True, epochs=3, elapsed_s=10.0),
    run("b", status="failed", name="narrow net", note="see c", epochs=0, elapsed_s=99.0),
    run("a", name="plain", tags=("lab",), elapsed_s=50.0,
        epochs=0, config=RunConfig(), recipe="paper-2015"),
)  # fmt: skip


def table(panel: RunsPanel) -> QTableView:
    return named(panel, QTableView, "Runs")


def shown(panel: RunsPanel) -> str:
    return "".join(record.id for record in panel.model.records)


def find(panel: RunsPanel, text: str) -> None:
    named(panel, QLineEdit, "Find runs").setText(text)


def click_header(qtbot: QtBot, panel: RunsPanel, column: int) -> None:
    header = table(panel).horizontalHeader()
    place = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.mark.parametrize(
    ("text", "found"),
    [("name:net", "cb"), ("tag:lab", "ca"), ("tag:lab -tag:seeds", "a"), ("is:starred", "c"),
     ("status:failed", "b"), ("recipe:paper", "a"), ('"see c"', "b"), ("nothing like it", "")],
)  # fmt: skip
def test_typed_words_leave_the_runs_that_they_mean(panel: RunsPanel, text: str, found: str) -> None:
    panel.show_runs(RUNS)
    find(panel, text)
    assert shown(panel) == found
    assert says(panel, f"{len(found)} of 3")
    assert says(panel, "No run is meant by these words") is not bool(found)
    # What comes meanwhile is judged by the same words.
    panel.show_runs([run("d", name="net", tags=("lab",), status="failed", is_starred=True), *RUNS])
    assert ("d" in shown(panel)) is (
        text in ("name:net", "tag:lab", "tag:lab -tag:seeds", "is:starred", "status:failed")
    )


def test_escape_shows_all_runs_again_and_keeps_the_chosen_one(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    panel.select("a")
    panel.find_runs()
    field = named(panel, QLineEdit, "Find runs")
    qtbot.keyClicks(field, "plain")
    assert shown(panel) == "a"
    assert panel.chosen is not None
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert shown(panel) == "cba"
    assert (panel.chosen.id, field.text()) == ("a", "")


def test_a_run_that_is_asked_for_is_shown_whatever_was_looked_for(panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    panel.select("a")
    find(panel, "wide")
    assert panel.chosen is None
    find(panel, "")
    assert panel.chosen is not None
    assert panel.chosen.id == "a", "it is chosen again with the list that it was chosen in"
    find(panel, "wide")
    panel.select("b")
    assert (shown(panel), panel.chosen.id) == ("cba", "b")


def test_the_name_that_is_edited_is_that_of_the_chosen_run(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    choose_rows(panel, 0, 1)
    view = table(panel)
    model = view.selectionModel()
    model.setCurrentIndex(panel.model.index(1, 0), model.SelectionFlag.NoUpdate)
    model.select(panel.model.index(1, 0), model.SelectionFlag.Deselect | model.SelectionFlag.Rows)
    action(panel, "Rename").trigger()
    assert named(panel, QLineEdit, "Name of the run").text() == "wide net"


def test_a_click_on_a_title_sorts_and_the_third_takes_that_back(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    panel.select("b")
    for order in ("cab", "bac", "cba", "cab"):
        click_header(qtbot, panel, TIME)
        assert shown(panel) == order
        assert panel.chosen is not None
        assert panel.chosen.id == "b"


def test_what_has_no_figure_comes_last_either_way(panel: RunsPanel) -> None:
    low, high = (
        replace(run(name), epochs=(replace(epoch(1), test_accuracy=a),)) for name, a in (("l", 0.2), ("h", 0.9))
    )
    panel.show_runs([run("x", epochs=0), low, high])
    panel.model.sort(TEST, Qt.SortOrder.AscendingOrder)
    assert shown(panel) == "lhx"
    panel.model.sort(TEST, Qt.SortOrder.DescendingOrder)
    assert shown(panel) == "hlx"


def test_a_sorted_list_takes_new_figures_and_runs_in_their_places(qtbot: QtBot, panel: RunsPanel) -> None:
    ModelTester(panel.model).check(panel.model)
    panel.show_runs(RUNS)
    panel.model.sort(TIME, Qt.SortOrder.AscendingOrder)
    panel.select("c")
    panel.show_runs([run("d", elapsed_s=60.0), replace(RUNS[0], elapsed_s=70.0), *RUNS[1:]])
    assert shown(panel) == "adcb"
    assert panel.chosen is not None
    assert panel.chosen.id == "c"


def test_columns_without_a_word_are_not_there(panel: RunsPanel) -> None:
    panel.show_runs([run("a")])
    assert table(panel).isColumnHidden(TAGS)
    assert table(panel).isColumnHidden(NOTE)
    panel.show_runs([run("a", tags=("t",), note="n")])
    assert not table(panel).isColumnHidden(TAGS)
    assert not table(panel).isColumnHidden(NOTE)


def test_columns_are_chosen_by_the_right_mouse_button_on_their_titles(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    assert not table(panel).isColumnHidden(LOSS)
    header = table(panel).horizontalHeader()
    header.customContextMenuRequested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entry = next(each for each in menu.actions() if each.text() == "Loss")
    assert entry.isChecked()
    entry.trigger()
    menu.close()
    assert table(panel).isColumnHidden(LOSS)
    assert LOSS not in panel.columns
    assert NAME in panel.columns


def test_a_narrow_table_leaves_out_what_tells_least(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    panel.resize(600, 400)
    qtbot.waitUntil(lambda: table(panel).isColumnHidden(DEVICE))
    assert not table(panel).isColumnHidden(STATUS)
    assert not table(panel).isColumnHidden(TEST)


def test_a_click_on_the_star_asks_for_one_and_chooses_nothing(qtbot: QtBot, panel: RunsPanel) -> None:
    asked = list[tuple[list[str], bool]]()
    panel.star_asked.connect(lambda ids, on: asked.append((ids, on)))
    panel.show_runs(RUNS)
    for row in (0, 1):
        place = table(panel).visualRect(panel.model.index(row, STAR)).center()
        qtbot.mouseClick(table(panel).viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked == [(["c"], False), (["b"], True)]
    assert panel.chosen is None


def choose_rows(panel: RunsPanel, *rows: int) -> None:
    view = table(panel)
    view.clearSelection()
    view.setCurrentIndex(panel.model.index(rows[0], 0))
    for row in rows[1:]:
        view.selectionModel().select(
            panel.model.index(row, 0),
            view.selectionModel().SelectionFlag.Select | view.selectionModel().SelectionFlag.Rows,
        )


def test_several_runs_are_starred_tagged_and_deleted_at_once(panel: RunsPanel) -> None:
    heard = list[object]()
    panel.star_asked.connect(lambda ids, on: heard.append((ids, on)))
    panel.tags_asked.connect(heard.append)
    panel.delete_asked.connect(heard.append)
    panel.show_runs(RUNS)
    choose_rows(panel, 0, 2)
    for text in ("Star", "Tags…", "Delete"):
        action(panel, text).trigger()
    assert heard == [(["c", "a"], True), ["c", "a"], ["c", "a"]]
    assert "choose a single one" in action(panel, "Note…").toolTip()
    assert not action(panel, "Rename").isEnabled()
    panel.show_runs([replace(RUNS[0], status="running"), *RUNS[1:]])
    assert not action(panel, "Delete").isEnabled()


def test_two_runs_are_compared_the_older_one_first(panel: RunsPanel) -> None:
    heard = list[tuple[str, str]]()
    panel.compare_asked.connect(lambda a, b: heard.append((a, b)))
    panel.show_runs([run("c", number=3), run("b", number=2), run("a", number=1)])
    choose_rows(panel, 0, 2)
    action(panel, "Compare").trigger()
    assert heard == [("a", "c")]
    choose_rows(panel, 0, 1, 2)
    assert "Choose two runs" in action(panel, "Compare").toolTip()


def test_space_draws_all_chosen_runs(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(RUNS)
    choose_rows(panel, 0, 2)
    for drawn in ({"a", "c"}, set[str]()):
        qtbot.keyClick(table(panel), Qt.Key.Key_Space)
        assert panel.model.checked == drawn


# In the window


@pytest.fixture
def runs(home: Home) -> list[str]:
    return recorded_runs(home, 3)


def by_id(window: MainWindow) -> dict[str, RunRecord]:
    return {record.id: record for record in window.runs_panel.model.every}


def test_tags_are_given_and_taken_for_several_runs(
    home: Home, runs: list[str], make_window: Callable[..., MainWindow]
) -> None:
    with closing(RunStore(home)) as store:
        store.tag([runs[0]], ["some", "every"])
        store.tag(runs[1:], ["every"])
    window = make_window()
    choose_rows(window.runs_panel, 0, 1, 2)

    def fill(dialog: QDialog) -> None:
        boxes = {box.text(): box for box in dialog.findChildren(QCheckBox)}
        assert {text: box.checkState() for text, box in boxes.items()} == {
            "every": Qt.CheckState.Checked, "some": Qt.CheckState.PartiallyChecked,
        }  # fmt: skip
        boxes["every"].click()
        field = named(dialog, QLineEdit, "New tags")
        field.setText("x" * 50)
        assert says(dialog, "the tag is")
        assert not button(dialog, "Tag").isEnabled()
        field.setText("lab, wide net")
        button(dialog, "Tag").click()

    in_dialog(QDialog, fill)
    action(window.runs_panel, "Tags…").trigger()
    assert {run_id: record.tags for run_id, record in by_id(window).items()} == {
        runs[0]: ("some", "lab", "wide net"), runs[1]: ("lab", "wide net"), runs[2]: ("lab", "wide net"),
    }  # fmt: skip


def test_a_note_is_kept_and_a_canceled_one_is_not(
    qtbot: QtBot, home: Home, runs: list[str], make_window: Callable[..., MainWindow]
) -> None:
    window = make_window()
    window.runs_panel.select(runs[0])

    def fill(dialog: QDialog, press: str) -> None:
        named(dialog, QPlainTextEdit, "Note").setPlainText("first\nsecond ")
        button(dialog, press).click()

    for press, note in (("Cancel", ""), ("Keep", "first\nsecond")):
        in_dialog(QDialog, lambda dialog, press=press: fill(dialog, press))
        action(window.runs_panel, "Note…").trigger()
        assert by_id(window)[runs[0]].note == note
    window.runs_panel.model.star_asked.emit(runs[1], True)
    assert by_id(window)[runs[1]].is_starred
    with closing(RunStore(home, read_only=True)) as store:
        assert (store.run(runs[0]).note, store.run(runs[1]).is_starred) == ("first\nsecond", True)


def test_chosen_columns_are_remembered(runs: list[str], make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    window.runs_panel.show_columns([STATUS, TEST])
    window.close()
    again = make_window()
    assert again.runs_panel.columns == sorted((NAME, STATUS, TEST))


def test_columns_chosen_in_an_empty_home_are_remembered_too(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    window.runs_panel.show_columns([STATUS])
    window.close()
    assert make_window().runs_panel.columns == [NAME, STATUS]


def test_a_list_that_is_busy_costs_no_way_back(
    home: Home, runs: list[str], make_window: Callable[..., MainWindow]
) -> None:
    window = make_window()
    window.runs_panel.delete_asked.emit([runs[0]])
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        window.run_desk.changes.bring_back()
        assert "database is locked" in window.message_bar.text
        holder.execute("ROLLBACK")
    window.run_desk.changes.bring_back()
    assert runs[0] in by_id(window)


def test_what_was_deleted_comes_back_after_the_same_home_was_opened_again(
    home: Home, runs: list[str], make_window: Callable[..., MainWindow]
) -> None:
    window = make_window()
    window.runs_panel.delete_asked.emit([runs[0]])
    window.library.close()
    window.library.open(home)
    window.run_desk.changes.bring_back()
    assert runs[0] in by_id(window)


def test_a_long_list_is_read_behind_its_newest_runs(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = recorded_runs(home, 40)
    monkeypatch.setattr("workbench.gui.records.run_library._SLICE_S", 0.0)
    seen, show = list[int](), RunsPanel.show_runs

    def noting(panel: RunsPanel, records: list[RunRecord], damaged: tuple[DamagedRun, ...] = ()) -> None:
        seen.append(len(records))
        show(panel, records, damaged)

    monkeypatch.setattr(RunsPanel, "show_runs", noting)
    window = make_window()
    qtbot.waitUntil(lambda: len(window.runs_panel.model.every) == 40)
    assert 0 < seen[1] < 40
    assert [record.id for record in window.runs_panel.model.every] == ids[::-1]


def test_a_run_is_repeated_with_the_next_free_seed(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    def wait_for_end() -> None:
        qtbot.waitUntil(lambda: window.session.state is not State.IDLE, timeout=LONG_MS)
        qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)

    button(window, "Start").click()
    wait_for_end()
    (first,) = window.runs_panel.model.every
    for text in ("Run again", "Run again, next seed", "Run again, next seed"):
        window.runs_panel.select(first.id)
        action(window.runs_panel, text).trigger()
        wait_for_end()
    every = window.runs_panel.model.every
    seed = first.config.training.seed
    assert [record.config.training.seed for record in every] == [seed + 2, seed + 1, seed, seed]
    assert {(record.status, record.model, record.recipe, record.name) for record in every} == {
        ("finished", first.model, first.recipe, first.name)
    }
    # The same seed is the same run.
    assert every[2].best is not None
    assert first.best is not None
    assert every[2].best.test_loss == first.best.test_loss != every[1].best.test_loss


def test_two_chosen_runs_stand_in_the_verdict(
    qtbot: QtBot, runs: list[str], make_window: Callable[..., MainWindow]
) -> None:
    window = make_window()
    choose_rows(window.runs_panel, 0, 2)
    action(window.runs_panel, "Compare").trigger()
    assert window.workspaces.current == "compare"
    assert window.verdict_page.isVisible()
    chosen = [box.currentData() for box in window.verdict_page.findChildren(QComboBox)]
    assert chosen[:2] == [runs[0], runs[2]]
