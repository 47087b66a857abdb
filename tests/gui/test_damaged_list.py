"""A damaged list of runs in the window: said in the message bar, repaired by its button; read past when locked."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.damage import change, recorded_runs
from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, says
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import repair
from workbench.gui.main_window import MainWindow


def rows(window: MainWindow) -> list[tuple[str, str]]:
    """Name and status of each row of the table."""
    model = window.runs_panel.model
    return [(model.index(row, 0).data(), model.index(row, 1).data()) for row in range(model.rowCount())]


def press_repair(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(button(window.message_bar, "Repair the list"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Rebuilt the list" in window.message_bar.text, timeout=LONG_MS)


def test_a_lost_list_is_said_and_rebuilt_by_a_button(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow]
) -> None:
    ids = recorded_runs(home)
    home.database.write_bytes(b"")
    window = make_window()
    assert str(home.database) in window.message_bar.text
    assert has_button(window.message_bar, "Choose folder…")
    assert rows(window) == []
    assert "doctor" not in window.message_bar.text, "there is a button"
    assert says(window.runs_panel, "The list of runs cannot be read")
    assert not button(window, "Start").isEnabled()
    press_repair(qtbot, window)
    assert rows(window) == [(f"{number}  a (resnet8)", "finished (!)") for number in (3, 2, 1)]
    assert button(window, "Start").isEnabled()
    assert window.plot_panel.has_run(ids[-1])


def test_a_damaged_run_is_marked_and_the_others_are_shown(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow]
) -> None:
    good, bad = recorded_runs(home, 2)
    change(home, "UPDATE runs SET started='{' WHERE id=?", bad)
    window = make_window()
    assert rows(window) == [("1  a (resnet8)", "finished (!)"), ("a", "damaged")]
    model = window.runs_panel.model
    assert "started" in model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert not model.flags(model.index(1, 0)) & Qt.ItemFlag.ItemIsUserCheckable
    assert "Run 'a' cannot be read in the list of runs" in window.message_bar.text
    assert window.plot_panel.has_run(good)
    press_repair(qtbot, window)
    assert [status for _, status in rows(window)] == ["finished (!)"] * 2


def test_damage_while_the_window_is_open_is_said_once(window: MainWindow, home: Home) -> None:
    recorded_runs(home, 2)
    window.library.watch()
    assert len(rows(window)) == 2
    change(home, "UPDATE epochs SET metrics='' WHERE epoch=1")
    window.library.refresh(anew=True)
    assert "2 runs cannot be read" in window.message_bar.text
    window.message_bar.hide()
    window.library.refresh(anew=True)
    assert not window.message_bar.isVisible()


def test_a_list_that_another_process_repaired_is_read_anew(window: MainWindow, home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    window.library.watch()
    window.runs_panel.select(run_id)
    change(home, "UPDATE runs SET machine='' WHERE id=?", run_id)
    window.library.refresh(anew=True)
    assert [status for _, status in rows(window)] == ["damaged"]
    for _ in repair(home):
        pass
    window.library.watch()
    assert [status for _, status in rows(window)] == ["finished (!)"]
    recorded_runs(home, 1)
    window.library.watch()
    assert len(rows(window)) == 2


def test_a_list_that_another_process_holds_is_shown_and_caught_up_with(
    home: Home, make_window: Callable[..., MainWindow]
) -> None:
    recorded_runs(home, 2)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("UPDATE runs SET name='renamed'")
        window = make_window()
        assert [name for name, _ in rows(window)] == ["2  a (resnet8)", "1  a (resnet8)"]
        window.library.watch()
        assert len(rows(window)) == 2
        holder.execute("COMMIT")
    window.library.watch()
    assert [name for name, _ in rows(window)] == ["2  renamed (resnet8)", "1  renamed (resnet8)"]


def test_a_refused_repair_says_why_and_can_be_tried_again(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow]
) -> None:
    with closing(RunStore(home)) as trainer:
        (run_id,) = recorded_runs(home, 1)
        trainer.claim(run_id)
        home.database.write_bytes(b"")
        window = make_window()
        qtbot.mouseClick(button(window.message_bar, "Repair the list"), Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "is being trained; stop it" in window.message_bar.text, timeout=LONG_MS)
        trainer.release(run_id)
    qtbot.mouseClick(button(window.message_bar, "Try again"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Rebuilt the list" in window.message_bar.text, timeout=LONG_MS)
    assert len(rows(window)) == 1


def test_what_killed_processes_left_is_said(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow]
) -> None:
    (run_id,) = recorded_runs(home, 1)
    cut = home.runs / run_id / ".config.json.k3j_x9ab.tmp"
    cut.write_bytes(b"x" * 1000)
    os.utime(cut, (time.time() - 3600,) * 2)
    window = make_window()
    qtbot.waitUntil(lambda: "Removed what killed processes had left" in window.message_bar.text, timeout=LONG_MS)
    assert not cut.exists()


def test_a_run_that_the_list_does_not_name_is_said_and_taken_in(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow]
) -> None:
    first, _ = recorded_runs(home, 2)
    for table, column in (("epochs", "run_id"), ("step_blocks", "run_id"), ("warnings", "run_id"), ("runs", "id")):
        change(home, f"DELETE FROM {table} WHERE {column}=?", first)
    window = make_window()
    qtbot.waitUntil(lambda: f"run {first} has its folder" in window.message_bar.text, timeout=LONG_MS)
    press_repair(qtbot, window)
    assert len(rows(window)) == 2
