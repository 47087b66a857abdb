"""The list of runs: what can be done with one and why not, its name in its cell, and figures that move."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QSpinBox, QTableView, QToolButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, label, named, says
from tests.run_writer import PER_EPOCH, Writer
from workbench.core.events import EpochMetrics
from workbench.core.home import Home
from workbench.core.records.run_record import DamagedRun, RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.runs_model import RunsModel
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.runs.train_longer_dialog import TrainLongerDialog
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State

STATUS, VALIDATION, TEST, EPOCHS, TIME, RECIPE = range(1, 7)
STARTED = {"steps_per_epoch": PER_EPOCH, "device": "CPU, 2 threads"}


def epoch(number: int, validation: float | None = 0.5, best: bool = True) -> EpochMetrics:
    return EpochMetrics("a", number, 10 * number, 1.0, 0.4, 1.1, validation, 1.2, 0.3, 1000.0, 2.0 * number, best)


def run(run_id: str = "a", status: str = "finished", epochs: int = 12, **fields: object) -> RunRecord:
    record = RunRecord(
        run_id, 1, f"run {run_id}", "resnet20", "quick", "sample", RunConfig(), status, "", "2026-01-01", {},
        STARTED, 75.0, 0, tuple(epoch(number) for number in range(1, epochs + 1)),
    )  # fmt: skip
    return replace(record, **fields)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> RunsPanel:
    panel = RunsPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(800, 300)
    panel.show()
    return panel


def table(panel: RunsPanel) -> QTableView:
    return named(panel, QTableView, "Runs")


def choose(panel: RunsPanel, record: RunRecord) -> None:
    panel.show_runs([record])
    panel.select(record.id)


def cell(model: RunsModel, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> str:
    return str(model.data(model.index(0, column), role))


def entries(menu: QMenu) -> list[str]:
    return [entry.text() for entry in menu.actions() if not entry.isSeparator()]


def editor(panel: RunsPanel) -> QLineEdit:
    return named(panel, QLineEdit, "Name of the run")


def is_edited(panel: RunsPanel) -> bool:
    return bool(table(panel).findChildren(QLineEdit))


def enter(qtbot: QtBot, panel: RunsPanel, name: str) -> None:
    """Type over the name that is edited."""
    editor(panel).setText(name)
    qtbot.keyClick(editor(panel), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not is_edited(panel))


ALL = ["Resume", "Train longer…", "Run again", "Run again, next seed", "Use settings", "Use weights", "Compare",
       "Export…", "Star", "Tags…", "Note…", "Rename", "Delete"]  # fmt: skip
# Two runs are compared.
OF_ONE = {*ALL} - {"Compare"}


def test_the_button_and_the_right_mouse_button_offer_the_same(qtbot: QtBot, panel: RunsPanel) -> None:
    choose(panel, run())
    more = button(panel, "Actions")
    assert isinstance(more, QToolButton)
    menu = more.menu()
    assert menu is not None
    assert entries(menu) == ALL
    view = table(panel)
    spot = view.visualRect(panel.model.index(0, 1)).center()
    where = view.viewport()
    QApplication.sendEvent(where, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, where.mapToGlobal(spot)))
    assert QApplication.activePopupWidget() is menu
    menu.close()
    beside = QPoint(spot.x(), where.height() - 2)
    QApplication.sendEvent(
        where, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, beside, where.mapToGlobal(beside))
    )
    assert QApplication.activePopupWidget() is None, "there is no run under the pointer"


@pytest.mark.parametrize(
    ("record", "possible"),
    [
        (run(status="finished"), OF_ONE - {"Resume"}),
        (run(status="stopped", epochs=3), OF_ONE),
        (run(status="interrupted", epochs=3), OF_ONE),
        (run(status="stopped", epochs=0), OF_ONE - {"Use weights", "Export…"}),
        (run(status="running", epochs=2), OF_ONE - {"Resume", "Train longer…", "Delete"}),
    ],
)
def test_what_can_be_done_follows_the_run(panel: RunsPanel, record: RunRecord, possible: set[str]) -> None:
    choose(panel, record)
    assert {text for text in ALL if action(panel, text).isEnabled()} == possible
    assert button(panel, "Resume").isEnabled() == ("Resume" in possible)


def test_what_cannot_be_done_says_why(panel: RunsPanel) -> None:
    assert all(action(panel, text).toolTip() == "Choose a run in the table first" for text in ALL)
    choose(panel, run(status="finished"))
    assert "Train longer… goes on" in button(panel, "Resume").toolTip()
    panel.allow_training(False)
    assert "going on; stop it first" in action(panel, "Train longer…").toolTip()
    panel.allow_training(True)
    assert action(panel, "Train longer…").toolTip().startswith("Go on with this run to more epochs")
    choose(panel, run(status="running", epochs=0))
    assert "no epoch of it is finished" in action(panel, "Export…").toolTip()
    assert "stop it first" in action(panel, "Delete").toolTip()
    assert "Choose two runs" in action(panel, "Compare").toolTip()


def test_every_action_names_the_chosen_run(panel: RunsPanel) -> None:
    heard = list[tuple[str, object]]()
    panel.longer_asked.connect(lambda run_id: heard.append(("longer", run_id)))
    panel.delete_asked.connect(lambda run_id: heard.append(("delete", run_id)))
    panel.export_asked.connect(lambda run_id: heard.append(("export", run_id)))
    panel.show_runs([run("b"), run("a")])
    panel.select("a")
    for text in ("Train longer…", "Delete", "Export…"):
        action(panel, text).trigger()
    assert heard == [("longer", "a"), ("delete", ["a"]), ("export", "a")]


# Keys and names


def test_del_asks_to_delete_and_not_while_the_run_is_trained(qtbot: QtBot, panel: RunsPanel) -> None:
    asked = list[list[str]]()
    panel.delete_asked.connect(asked.append)
    choose(panel, run())
    table(panel).setFocus()
    qtbot.keyClick(table(panel), Qt.Key.Key_Delete)
    assert asked == [["a"]]
    choose(panel, run(status="running"))
    qtbot.keyClick(table(panel), Qt.Key.Key_Delete)
    assert asked == [["a"]]


@pytest.mark.parametrize(
    ("typed", "entered"),
    [("wide net", ["wide net"]), ("  wide net ", ["wide net"]), ("", []), ("   ", []), ("run a", [])],
)
def test_f2_edits_the_name_alone(qtbot: QtBot, panel: RunsPanel, typed: str, entered: list[str]) -> None:
    names = list[str]()
    panel.name_entered.connect(lambda _, name: names.append(name))
    choose(panel, run())
    table(panel).setFocus()
    qtbot.keyClick(table(panel), Qt.Key.Key_F2)
    assert editor(panel).text() == "run a", "the number and the model are no part of it"
    enter(qtbot, panel, typed)
    assert names == entered
    assert "run a" in cell(panel.model, 0), "it changes once it is recorded"


def test_escape_leaves_the_name(qtbot: QtBot, panel: RunsPanel) -> None:
    names = list[str]()
    panel.name_entered.connect(lambda _, name: names.append(name))
    choose(panel, run())
    action(panel, "Rename").trigger()
    editor(panel).setText("another")
    qtbot.keyClick(editor(panel), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not is_edited(panel))
    assert names == []


def beside_the_box(panel: RunsPanel, row: int = 0) -> QPoint:
    rect = table(panel).visualRect(panel.model.index(row, 0))
    return QPoint(rect.right() - 30, rect.center().y())


def double_click(qtbot: QtBot, panel: RunsPanel, place: QPoint) -> None:
    """With the first click and the last release, which QTest leaves out."""
    where = table(panel).viewport()
    qtbot.mouseClick(where, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(where, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseRelease(where, Qt.MouseButton.LeftButton, pos=place)


def test_clicks_on_a_chosen_name_edit_nothing(qtbot: QtBot, panel: RunsPanel) -> None:
    choose(panel, run())
    table(panel).setFocus()
    for _ in range(2):
        qtbot.mouseClick(table(panel).viewport(), Qt.MouseButton.LeftButton, pos=beside_the_box(panel))
        # As long as a second click is waited for.
        qtbot.wait(QApplication.doubleClickInterval() + 100)
        assert not is_edited(panel)


def test_a_double_click_or_return_asks_to_inspect(qtbot: QtBot, panel: RunsPanel) -> None:
    asked = list[str]()
    panel.inspect_asked.connect(asked.append)
    panel.show_runs([run("b"), run("a")], [DamagedRun("c", "", "no such file")])
    double_click(qtbot, panel, beside_the_box(panel, 1))
    assert asked == ["a"]
    assert not is_edited(panel)
    qtbot.keyClick(table(panel), Qt.Key.Key_Return)
    assert asked == ["a", "a"]
    double_click(qtbot, panel, beside_the_box(panel, 2))
    assert asked == ["a", "a"], "what cannot be read cannot be looked at"


def test_quick_clicks_on_a_check_box_only_check(qtbot: QtBot, panel: RunsPanel) -> None:
    asked, drawn = list[str](), list[bool]()
    panel.inspect_asked.connect(asked.append)
    panel.run_drawn_changed.connect(lambda _, is_drawn: drawn.append(is_drawn))
    choose(panel, run())
    rect = table(panel).visualRect(panel.model.index(0, 0))
    double_click(qtbot, panel, QPoint(rect.left() + 12, rect.center().y()))
    assert drawn, "the box is there"
    assert asked == []


def test_return_that_ends_an_edit_does_not_inspect(qtbot: QtBot, panel: RunsPanel) -> None:
    asked = list[str]()
    panel.inspect_asked.connect(asked.append)
    choose(panel, run())
    action(panel, "Rename").trigger()
    enter(qtbot, panel, "another")
    assert asked == []


@pytest.mark.parametrize("key", ["menu", "shift+F10"])
def test_a_key_opens_the_menu_at_the_current_run(qtbot: QtBot, panel: RunsPanel, key: str) -> None:
    panel.show_runs([run(f"{number}") for number in range(40)])
    panel.select("30")
    view = table(panel)
    view.setFocus()
    if key == "menu":
        center = view.rect().center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, center, view.mapToGlobal(center))
        QApplication.sendEvent(view, event)
    else:
        qtbot.keyClick(view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert entries(menu) == ALL
    row = view.visualRect(panel.model.index(30, 0))
    assert row.contains(view.viewport().mapFromGlobal(menu.pos()))
    menu.close()


def test_actions_wait_for_a_run(panel: RunsPanel) -> None:
    panel.show_runs([run()])
    assert not button(panel, "Actions").isEnabled()
    assert button(panel, "Actions").toolTip() == "Choose a run in the table first"
    panel.select("a")
    assert button(panel, "Actions").isEnabled()
    panel.show_runs([])
    assert not button(panel, "Actions").isEnabled()


def test_a_button_whose_menu_was_used_looks_as_before(qtbot: QtBot, panel: RunsPanel) -> None:
    choose(panel, run())
    more = button(panel, "Actions")
    # As the mouse leaves it when it presses the button; the pointer of the tests is elsewhere.
    more.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    assert isinstance(more, QToolButton)
    menu = more.menu()
    menu.popup(more.mapToGlobal(more.rect().bottomLeft()))
    menu.close()
    assert not more.underMouse()


def test_a_list_that_is_read_anew_keeps_what_is_being_typed(panel: RunsPanel) -> None:
    choose(panel, run())
    action(panel, "Rename").trigger()
    editor(panel).setText("half a na")
    panel.show_runs([run(epochs=5)])
    assert editor(panel).text() == "half a na"


BROKEN = DamagedRun("x", "run x", "its config is cut short")
LISTS = {
    "newer": ("dcba", ""), "older gone": ("cb", ""), "newer gone": ("ba", ""), "both": ("edb", ""),
    "damaged": ("cba", "xy"), "damaged itself": ("ba", "xc"), "renewed": ("xcba", ""), "damaged gone": ("cba", ""),
}  # fmt: skip


def listed(records: str, damaged: str = "") -> tuple[list[RunRecord], list[DamagedRun]]:
    """A run for each letter."""
    return [run(each) for each in records], [replace(BROKEN, id=each, name=f"run {each}") for each in damaged]


def letters(panel: RunsPanel) -> str:
    """Of the runs as their names stand in the table."""
    names = (str(panel.model.index(row, 0).data()) for row in range(panel.model.rowCount()))
    return "".join(name.partition("run ")[2][0] for name in names)


@pytest.mark.parametrize("after", LISTS.values(), ids=list(LISTS))
def test_a_name_being_typed_outlasts_runs_that_come_and_go(
    qtbot: QtBot, panel: RunsPanel, after: tuple[str, str], qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(panel.model)
    panel.show_runs(*listed("cba", "x"))
    panel.select("b")
    action(panel, "Rename").trigger()
    editor(panel).setText("half a na")
    entered = list[tuple[str, str]]()
    panel.name_entered.connect(lambda *of: entered.append(of))
    with qtbot.assertNotEmitted(panel.run_chosen):
        panel.show_runs(*listed(*after))
    assert letters(panel) == "".join(after)
    assert editor(panel).text() == "half a na"
    assert panel.chosen is not None
    assert panel.chosen.id == "b"
    assert table(panel).visualRect(table(panel).currentIndex()).contains(editor(panel).geometry().topLeft())
    qtbot.keyClick(editor(panel), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not is_edited(panel))
    assert entered == [("b", "half a na")]


def test_a_run_that_goes_takes_its_editor_along_and_no_other_is_chosen(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs(*listed("cba", "x"))
    panel.select("b")
    action(panel, "Rename").trigger()
    with qtbot.assertNotEmitted(panel.run_chosen):
        panel.show_runs(*listed("ca", "x"))
    qtbot.waitUntil(lambda: not is_edited(panel))
    assert panel.chosen is None
    assert not action(panel, "Rename").isEnabled()


def test_a_list_in_another_order_is_shown_so(panel: RunsPanel) -> None:
    panel.show_runs(*listed("cba"))
    panel.select("b")
    panel.show_runs(*listed("abdc"))
    assert letters(panel) == "abdc"
    assert panel.chosen is not None
    assert panel.chosen.id == "b"


def test_what_is_seen_of_a_long_list_stays_where_it_is(panel: RunsPanel) -> None:
    names = [f"{number:03}" for number in range(100, 0, -1)]
    panel.show_runs([run(name) for name in names])
    view = table(panel)
    # A new run is seen by who looks at the newest ones.
    panel.show_runs([run(name) for name in ["101", *names]])
    assert view.rowAt(0) == 0
    for scrolled in (40, view.verticalScrollBar().maximum()):
        view.verticalScrollBar().setValue(scrolled)
        top = panel.model.records[view.rowAt(0)].id
        panel.show_runs([run(name) for name in ["103", "102", *names]])
        assert panel.model.records[view.rowAt(0)].id == top
        panel.show_runs([run(name) for name in names])
        assert panel.model.records[view.rowAt(0)].id == top


def test_a_renamed_run_has_its_new_name_everywhere(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    writer = Writer(home)
    writer.start()
    writer.steps(1, PER_EPOCH)
    writer.epoch(1, evaluated=False)
    window.library.watch()
    window.runs_panel.select(writer.id)
    action(window.runs_panel, "Rename").trigger()
    enter(qtbot, window.runs_panel, "a wide one")
    assert "a wide one" in cell(window.runs_panel.model, 0)
    assert window.plot_panel.run(writer.id).name == "a wide one"
    assert writer.store.run(writer.id).name == "a wide one"
    # The process that trains it goes on.
    writer.steps(PER_EPOCH + 1, 2 * PER_EPOCH)
    writer.store.finish(writer.id, "finished")
    window.library.watch()
    assert window.runs_panel.model.records[0].name == "a wide one"


def test_a_name_that_is_too_long_is_refused_in_a_sentence(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    writer = Writer(home)
    writer.start()
    window.library.watch()
    window.runs_panel.select(writer.id)
    action(window.runs_panel, "Rename").trigger()
    enter(qtbot, window.runs_panel, "x" * 300)
    assert says(window.message_bar, "must be one line of at most 255 characters")
    assert writer.store.run(writer.id).name == "a"


def test_a_name_that_could_be_markup_stays_so_in_the_tooltip(panel: RunsPanel) -> None:
    panel.show_runs([run(name="<b>wide</b>")], [replace(BROKEN, reason="<b>cut</b>")])
    assert "&lt;b&gt;wide&lt;/b&gt;" in cell(panel.model, TIME, Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;cut" in panel.model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    panel.show_runs([run(name="a wide one")])
    assert "a wide one (a), started" in cell(panel.model, TIME, Qt.ItemDataRole.ToolTipRole)


# Figures


def test_figures_are_those_of_the_kept_epoch_and_say_so(panel: RunsPanel) -> None:
    epochs = (epoch(1, 0.4), epoch(2, 0.7), epoch(3, 0.6, best=False))
    choose(panel, replace(run(status="stopped"), epochs=epochs))
    assert cell(panel.model, VALIDATION) == "70.0\u202f%"
    tip = cell(panel.model, VALIDATION, Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("Validation accuracy of the kept epoch 2, the best by validation")
    assert "kept epoch 2" in cell(panel.model, TEST, Qt.ItemDataRole.ToolTipRole)
    choose(panel, replace(run(), epochs=(epoch(1, None), epoch(2, None))))
    assert "Test accuracy of the kept epoch 2, the last" in cell(panel.model, TEST, Qt.ItemDataRole.ToolTipRole)
    assert cell(panel.model, VALIDATION) == "–"


def test_a_run_that_goes_on_shows_its_present_epoch(panel: RunsPanel) -> None:
    choose(panel, run(status="running", epochs=2))
    assert cell(panel.model, EPOCHS) == "3/12"
    choose(panel, run(status="running", epochs=12))
    assert cell(panel.model, EPOCHS) == "12/12"
    choose(panel, run(status="stopped", epochs=2))
    assert cell(panel.model, EPOCHS) == "2/12"


def test_the_time_of_the_run_that_is_trained_here_moves_cheaply(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs([run("b"), run("a", status="running", elapsed_s=0.0)])
    changed = list[tuple[int, int]]()
    panel.model.dataChanged.connect(lambda first, last: changed.append((first.row(), first.column())))
    for tenth in range(35):
        panel.model.set_live("a", tenth / 10)
    assert panel.model.data(panel.model.index(1, TIME)) == "0:03"
    assert changed == [(1, TIME)] * 4, "at first, and once a second"
    # What is recorded lags behind.
    panel.show_runs([run("b"), run("a", status="running", elapsed_s=2.0)])
    assert panel.model.data(panel.model.index(1, TIME)) == "0:03"
    panel.model.set_live("", 0.0)
    assert panel.model.data(panel.model.index(1, TIME)) == "0:02"
    assert panel.model.data(panel.model.index(0, TIME)) == "1:15"


def test_a_run_that_is_held_here_is_paused(panel: RunsPanel) -> None:
    panel.show_runs([run("b", status="running"), run("a", status="running")])
    panel.model.set_live("a", 5.0)
    panel.model.set_paused(True)
    assert panel.model.data(panel.model.index(1, STATUS)) == "paused"
    assert panel.model.data(panel.model.index(0, STATUS)) == "running", "another process trains it"
    panel.model.set_paused(False)
    assert panel.model.data(panel.model.index(1, STATUS)) == "running"


def test_a_chosen_run_keeps_its_color(qtbot: QtBot, panel: RunsPanel, theme: Theme) -> None:
    panel.show_runs([replace(run("b"), number=2), replace(run("a"), number=1)])
    panel.select("b")
    view = table(panel)

    def has(row: int, color: QColor) -> bool:
        picture = view.viewport().grab(view.visualRect(panel.model.index(row, 0))).toImage()
        return any(
            picture.pixelColor(x, y) == color for x in range(picture.width()) for y in range(picture.height())
        )

    assert has(0, theme.series(1))
    assert has(1, theme.series(0))


ORDINARY = (
    run("b", status="stopped", recipe="custom", source="/data/photographs of all the birds of the north",
        warnings=("slow",)),
    run("a", status="interrupted", elapsed_s=4000.0),
)  # fmt: skip


@pytest.mark.parametrize("width", [500, 540, 570, 1000, 1800])
def test_columns_fill_the_table_and_no_more(qtbot: QtBot, panel: RunsPanel, width: int) -> None:
    panel.resize(width + 24, 300)
    panel.show_runs([*ORDINARY])
    view = table(panel)
    qtbot.waitUntil(lambda: view.width() == width)
    assert not view.horizontalScrollBar().isVisible()
    columns = [view.columnWidth(column) for column in range(panel.model.columnCount())]
    assert sum(columns) == view.viewport().width()
    assert columns[0] >= 132
    # Whole, all but the least important ones, which a narrow table cuts.
    assert all(view.sizeHintForColumn(column) <= columns[column] for column in range(1, 6))
    if width >= 1000:
        assert view.sizeHintForColumn(RECIPE) <= columns[RECIPE]
        assert columns[0] >= view.sizeHintForColumn(0)
    # With more runs than there is room for, the other scroll bar takes some.
    panel.show_runs([run(f"{number}") for number in range(40)])
    qtbot.waitUntil(view.verticalScrollBar().isVisible)
    assert not view.horizontalScrollBar().isVisible()
    assert view.columnWidth(0) >= 132


def test_columns_come_back_with_their_room(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.show_runs([*ORDINARY])
    view = table(panel)
    for width, shows_all in ((1000, True), (500, False), (1000, True)):
        panel.resize(width + 24, 300)
        qtbot.waitUntil(lambda width=width: view.width() == width)
        assert view.isColumnHidden(7) is not shows_all


def test_what_is_cut_is_in_its_tooltip(panel: RunsPanel) -> None:
    choose(panel, ORDINARY[0])
    tip = Qt.ItemDataRole.ToolTipRole
    assert "/data/photographs of all the birds of the north" in cell(panel.model, 7, tip)
    assert "Recipe: custom" in cell(panel.model, RECIPE, tip)


def test_columns_hold_what_stands_in_them(panel: RunsPanel) -> None:
    panel.show_runs([run("a", status="running", elapsed_s=0.0)])
    panel.model.set_live("a", 3723.0)
    view = table(panel)
    shown = [column for column in range(1, panel.model.columnCount()) if not view.isColumnHidden(column)]
    assert len(shown) > 6
    for column in shown:
        for text in (cell(panel.model, column), str(panel.model.headerData(column, Qt.Orientation.Horizontal))):
            assert view.fontMetrics().horizontalAdvance(text) < view.columnWidth(column), text
    assert cell(panel.model, TIME) == "1:02:03"


def test_the_time_of_another_process_moves_when_the_list_is_watched(window: MainWindow, home: Home) -> None:
    writer = Writer(home)
    writer.start()
    window.library.watch()
    model = window.runs_panel.model
    assert cell(model, TIME) == "0:00"
    assert cell(model, EPOCHS) == "1/12"
    writer.steps(1, PER_EPOCH)
    window.library.watch()
    assert cell(model, TIME) == "0:02"


# Training longer


def explanation(dialog: TrainLongerDialog) -> str:
    return label(dialog, "The run keeps its curves").text()


def with_training(record: RunRecord, **values: object) -> RunRecord:
    config = record.config.with_values({f"training.{name}": value for name, value in values.items()})
    return replace(record, config=config)


@pytest.fixture
def ask(qtbot: QtBot, theme: Theme) -> Callable[[RunRecord], TrainLongerDialog]:
    def make(record: RunRecord) -> TrainLongerDialog:
        dialog = TrainLongerDialog(record)
        qtbot.addWidget(dialog)
        return dialog

    return make


def test_more_epochs_are_half_as_many_again_at_first(ask: Callable[[RunRecord], TrainLongerDialog]) -> None:
    dialog = ask(run(epochs=12))
    field = named(dialog, QSpinBox, "Epochs in all")
    assert (field.value(), field.minimum()) == (18, 13)
    assert says(dialog, "12 of 12 planned")
    # Stopped at 3 of 12, Resume goes on to the plan; this is for more.
    assert named(ask(run(status="stopped", epochs=3)), QSpinBox, "Epochs in all").minimum() == 13
    # It ended early, by patience or by hand.
    assert named(ask(run(epochs=9)), QSpinBox, "Epochs in all").minimum() == 10


def test_it_says_what_becomes_of_the_learning_rate(ask: Callable[[RunRecord], TrainLongerDialog]) -> None:
    dialog = ask(with_training(run(epochs=12), schedule="cosine", learning_rate=0.1))
    assert "stretched from 12 to 18 epochs" in explanation(dialog)
    assert "jumps up to 0.025" in explanation(dialog)
    named(dialog, QSpinBox, "Epochs in all").setValue(24)
    assert "jumps up to 0.05" in explanation(dialog)
    assert "stays constant" in explanation(ask(with_training(run(), schedule="constant")))
    assert "every 4 epochs" in explanation(ask(with_training(run(), schedule="step", step_epochs=4)))
    assert "rate goes on" not in explanation(ask(run(status="stopped", epochs=0, started={})))


def test_a_finished_run_is_trained_longer(
    qtbot: QtBot, window: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.mouseClick(button(window, "Start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    (before,) = window.runs_panel.model.records
    assert len(before.epochs) == 3

    def answer(dialog: QDialog) -> QDialog.DialogCode:
        named(dialog, QSpinBox, "Epochs in all").setValue(5)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(TrainLongerDialog, "exec", answer)
    action(window.runs_panel, "Train longer…").trigger()
    assert window.session.state is State.STARTING
    assert not action(window.runs_panel, "Train longer…").isEnabled()
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    (after,) = RunStore(home, read_only=True).runs()
    assert (after.id, after.status, len(after.epochs)) == (before.id, "finished", 5)
    assert cell(window.runs_panel.model, EPOCHS) == "5/5"
    assert after.best is not None
    assert says(window.progress_panel, f"kept epoch {after.best.epoch}")
