"""Runs that are backed up and taken in by the window's menu."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.archives import exported
from tests.damage import change, recorded_runs
from tests.gui.conftest import LONG_MS
from tests.gui.seen import action
from workbench.core.home import Home
from workbench.gui.main_window import MainWindow


def test_all_runs_go_into_a_file_and_come_out_of_it(
    qtbot: QtBot,
    home: Home,
    make_window: Callable[..., MainWindow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = recorded_runs(home, 2)
    window, file = make_window(), tmp_path / "all.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    action(window, "Back up all runs…").trigger()
    qtbot.waitUntil(lambda: "2 runs, " in window.message_bar.text, timeout=LONG_MS)
    assert file.exists()
    action(window, "Import runs…").trigger()
    qtbot.waitUntil(lambda: "0 runs were imported; 2 were here" in window.message_bar.text, timeout=LONG_MS)
    window.library.set_aside(ids)
    window.library._purge(home)
    window.library.refresh()
    assert window.runs_panel.model.rowCount() == 0
    action(window, "Import runs…").trigger()
    qtbot.waitUntil(lambda: window.message_bar.text == "2 runs were imported", timeout=LONG_MS)
    assert {record.id for record in window.runs_panel.model.every} == {*ids}
    file.write_bytes(file.read_bytes()[:1000])
    action(window, "Import runs…").trigger()
    qtbot.waitUntil(lambda: "all.zip" in window.message_bar.text, timeout=LONG_MS)
    assert window.runs_panel.model.rowCount() == 2


def test_runs_that_are_left_out_and_images_that_are_missing_are_told(
    qtbot: QtBot,
    home: Home,
    make_window: Callable[..., MainWindow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damaged, *others = recorded_runs(home, 6)
    change(home, "UPDATE runs SET config='{' WHERE id=?", damaged)
    window, file = make_window(), tmp_path / "all.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    bar = window.message_bar
    action(window, "Back up all runs…").trigger()
    qtbot.waitUntil(lambda: "5 of 6 runs, " in bar.text and "written to" in bar.text, timeout=LONG_MS)
    assert bar.text.startswith("Warning: ")
    assert f"; left out: run {damaged} is damaged in the run database" in bar.text
    change(home, "UPDATE runs SET config='{}'")
    change(home, "UPDATE runs SET source='/nowhere/images'")
    exported(home, file)
    window.library.set_aside([damaged, *others])
    window.library._purge(home)
    action(window, "Import runs…").trigger()
    qtbot.waitUntil(lambda: "6 runs were imported; the images of run" in bar.text, timeout=LONG_MS)
    assert bar.text.endswith("; and 3 more")
    assert bar.text.count("(/nowhere/images) are not on this machine") == 3
