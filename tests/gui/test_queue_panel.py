"""The table of the queue: what it says, what can be done with an entry, dragging, keys."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLineEdit, QTableView
from pytestqt.qtbot import QtBot

from tests.gui.seen import action, button, has_button, named, says
from workbench.core.records.queue_entry import DamagedEntry, EntryState, QueueEntry, QueueList, QueueState
from workbench.core.settings.config import RunConfig
from workbench.gui.runs.queue_panel import QueuePanel
from workbench.gui.widgets.theme import Theme


def entry(name: str, state: EntryState = "waiting", place: int = 0, **values: object) -> QueueEntry:
    made = QueueEntry(name * 8, place, name, "resnet8", "quick", RunConfig(), (), state, False, "", "2026")
    return replace(made, **values)


LISTING = QueueList(
    (
        entry("a", "failed", message="the disk is full", has_begun=True), entry("b", "running", has_begun=True),
        entry("c", place=1, has_begun=True), entry("d", "skipped", 2), entry("e", place=3),
    ),
    (DamagedEntry("ffffffff", "f", "its config cannot be read"),),
)  # fmt: skip
SECONDS = {"b" * 8: 120.0, "c" * 8: 600.0, "d" * 8: 600.0, "e" * 8: None}


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> QueuePanel:
    panel = QueuePanel(theme)
    panel.offer_adding(lambda: None)
    qtbot.addWidget(panel)
    panel.resize(800, 300)
    panel.show()
    return panel


@pytest.fixture
def table(panel: QueuePanel) -> QTableView:
    panel.show_queue(LISTING, QueueState(), SECONDS, is_working=False)
    return named(panel, QTableView, "Queue")


def column(panel: QueuePanel, number: int) -> list[str]:
    model = panel.model
    return [model.data(model.index(row, number)) for row in range(model.rowCount())]


def choose(table: QTableView, row: int) -> None:
    table.setCurrentIndex(table.model().index(row, 1))


def test_empty_it_says_what_it_is_for_and_offers_to_add(panel: QueuePanel) -> None:
    assert says(panel, "trained one after the other")
    assert has_button(panel, "Add to queue")
    assert not has_button(panel, "Start the queue")


def test_rows_say_place_state_and_time(panel: QueuePanel, table: QTableView) -> None:
    assert column(panel, 0) == ["", "", "1", "2", "3", ""]
    assert column(panel, 2) == ["failed", "running", "to be resumed", "skipped", "waiting", "damaged"]
    assert column(panel, 3) == ["", "~2\u202fmin", "~10\u202fmin", "~10\u202fmin", "", ""]
    model = panel.model
    assert model.data(model.index(0, 2), Qt.ItemDataRole.ToolTipRole) == "the disk is full"
    assert "cannot be read" in model.data(model.index(5, 1), Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize(
    ("state", "working", "sentence", "starts", "pauses"),
    [
        (QueueState(), False, "3 runs to go, more than ~12\u202fmin", "Start the queue", True),
        (QueueState(), True, "3 runs to go", "", True),
        (QueueState(True), False, "· paused", "Continue the queue", False),
        (QueueState(True, "2 runs have failed"), False, "paused: 2 runs have failed", "Continue the queue", False),
    ],
)
def test_below_it_says_how_much_is_to_do_and_whether_it_goes_on(
    panel: QueuePanel, state: QueueState, working: bool, sentence: str, starts: str, pauses: bool
) -> None:
    panel.show_queue(LISTING, state, SECONDS, is_working=working)
    assert says(panel, sentence)
    assert button(panel, starts or "Start the queue").isEnabled() == bool(starts)
    assert button(panel, "Pause the queue").isEnabled() == pauses


@pytest.mark.parametrize(
    ("row", "allowed"),
    [
        (0, {"Try again", "Show run", "Show settings", "Remove"}),
        (1, {"Show run", "Show settings"}),
        (2, {"Move down", "Skip", "Show run", "Show settings", "Remove"}),
        (3, {"Move up", "Move down", "Move to the front", "Skip", "Rename", "Show settings", "Remove"}),
        (4, {"Move up", "Move to the front", "Skip", "Rename", "Show settings", "Remove"}),
        (5, {"Remove"}),
    ],
)
def test_what_can_be_done_is_enabled_and_the_rest_says_why_not(
    panel: QueuePanel, table: QTableView, row: int, allowed: set[str]
) -> None:
    choose(table, row)
    offered = {each.text(): each for each in panel.actions_of_entry.menu.actions() if each.text()}
    enabled = {text for text, each in offered.items() if each.isEnabled()}
    assert enabled == allowed | {"Remove all that are done"}
    assert all(each.toolTip() for each in offered.values())
    assert offered["Skip"].isChecked() == (row == 3)


def test_keys_move_skip_and_remove(qtbot: QtBot, panel: QueuePanel, table: QTableView) -> None:
    heard: list[tuple[object, ...]] = []
    actions = panel.actions_of_entry
    for name in ("move_asked", "skip_asked", "remove_asked", "run_asked"):
        getattr(actions, name).connect(lambda *values, name=name: heard.append((name, *values)))
    table.setFocus()
    choose(table, 3)
    alt, none = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
    for key, modifier in (
        (Qt.Key.Key_Up, alt), (Qt.Key.Key_Down, alt), (Qt.Key.Key_Home, alt), (Qt.Key.Key_Space, none),
        (Qt.Key.Key_Delete, none),
    ):  # fmt: skip
        qtbot.keyClick(table, key, modifier)
    choose(table, 2)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    d, c = "d" * 8, "c" * 8
    assert heard == [
        ("move_asked", [d], 1), ("move_asked", [d], 3), ("move_asked", [d], 1), ("skip_asked", [d], False),
        ("remove_asked", [d]), ("run_asked", c),
    ]  # fmt: skip


def test_several_entries_are_moved_skipped_and_removed_together(
    qtbot: QtBot, panel: QueuePanel, table: QTableView
) -> None:
    heard: list[tuple[object, ...]] = []
    actions = panel.actions_of_entry
    for name in ("move_asked", "skip_asked", "remove_asked"):
        getattr(actions, name).connect(lambda *values, name=name: heard.append((name, *values)))
    c, e = "c" * 8, "e" * 8
    panel.choose([c, e])
    assert table.selectionModel().selectedRows()[0].row() == 2
    offered = {each.text() for each in actions.menu.actions() if each.isEnabled() and each.text()}
    assert offered == {"Move up", "Move down", "Move to the front", "Skip", "Remove", "Remove all that are done"}
    assert action(panel, "Rename").toolTip() == "Choose one entry"
    for text in ("Move down", "Move to the front", "Skip", "Remove"):
        action(panel, text).trigger()
    ids = [c, e]
    assert heard == [
        ("move_asked", ids, 2),
        ("move_asked", ids, 1),
        ("skip_asked", ids, True),
        ("remove_asked", ids),
    ]
    # Also where they stand in another order, and when the list is read anew.
    moved = QueueList((LISTING.entries[4], *LISTING.entries[:4]), LISTING.damaged)
    panel.show_queue(moved, QueueState(), SECONDS, is_working=False)
    assert [each.name for each in panel.chosen] == ["e", "c"]
    table.selectAll()
    assert action(panel, "Remove").toolTip() == "This entry is being trained; stop its run first"


def test_what_is_first_or_last_moves_no_further_together(panel: QueuePanel, table: QTableView) -> None:
    panel.choose(["c" * 8, "d" * 8])
    assert (action(panel, "Move up").isEnabled(), action(panel, "Move down").isEnabled()) == (False, True)
    panel.choose(["d" * 8, "e" * 8])
    assert (action(panel, "Move up").isEnabled(), action(panel, "Move down").isEnabled()) == (True, False)


@pytest.mark.parametrize(("dragged", "row", "place"), [(4, 2, 1), (4, 3, 2), (2, 5, 3), (2, 4, 2), (2, -1, 3)])
def test_a_row_that_is_dropped_asks_for_its_place(
    panel: QueuePanel, table: QTableView, dragged: int, row: int, place: int
) -> None:
    """Between two rows, or below all."""
    model, heard = panel.model, []
    panel.dropped.connect(lambda *values: heard.append(values))
    data = model.mimeData([model.index(dragged, 1)])
    taken = model.dropMimeData(data, Qt.DropAction.MoveAction, row, 0, QModelIndex())
    assert not taken, "Qt would remove the row"
    assert heard == [([model.rows[dragged].id], place)]
    draggable = [bool(model.flags(model.index(each, 1)) & Qt.ItemFlag.ItemIsDragEnabled) for each in range(6)]
    assert draggable == [False, False, True, True, True, False]


def test_a_name_is_edited_where_it_stands(qtbot: QtBot, panel: QueuePanel, table: QTableView) -> None:
    heard: list[tuple[str, str]] = []
    panel.name_entered.connect(lambda *values: heard.append(values))
    choose(table, 4)
    action(panel, "Rename").trigger()
    editor = table.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("other")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: heard == [("e" * 8, "other")])


def test_the_chosen_entry_stays_chosen_where_it_goes(panel: QueuePanel, table: QTableView) -> None:
    choose(table, 4)
    moved = QueueList((LISTING.entries[4], *LISTING.entries[:4]), LISTING.damaged)
    panel.show_queue(moved, QueueState(), SECONDS, is_working=False)
    assert [each.name for each in panel.chosen] == ["e"]
    assert table.currentIndex().row() == 0


def test_what_is_trained_now_is_seen_where_the_queue_is_looked_at_later(qtbot: QtBot, theme: Theme) -> None:
    """As behind another tab."""
    panel = QueuePanel(theme)
    qtbot.addWidget(panel)
    done = tuple(entry(f"{number}", "finished") for number in range(10))
    panel.show_queue(QueueList((*done, entry("b", "running"), entry("c"))), QueueState(), {}, is_working=True)
    panel.resize(600, 160)
    panel.show()
    table = named(panel, QTableView, "Queue")
    rows = [table.visualRect(panel.model.index(row, 1)) for row in (0, 10, 11)]
    assert [table.viewport().rect().contains(row) for row in rows] == [False, True, True]


def test_what_is_trained_now_is_seen_below_all_that_is_done(panel: QueuePanel) -> None:
    table = named(panel, QTableView, "Queue")
    done = tuple(entry(f"{number}", "finished") for number in range(10))
    panel.resize(600, 160)
    panel.show_queue(QueueList((*done, entry("b", "running"), entry("c"))), QueueState(), {}, is_working=True)
    seen = table.viewport().rect()
    rows = [row for row in range(12) if seen.contains(table.visualRect(panel.model.index(row, 1)))]
    assert {10, 11} <= set(rows)
    assert 0 not in rows
