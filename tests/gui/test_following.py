"""Runs that other processes train, in a window that watches: curves, list and mistakes, but not the header."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.commands import TINY, command
from tests.gui.conftest import LONG_MS
from tests.gui.seen import says, texts, wait_for_curves
from tests.run_writer import PER_EPOCH, Writer
from workbench.core.events import EvaluationReady, Event, RunFinished, RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.gui.main_window import MainWindow
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.runs_panel import RunsPanel


@pytest.fixture
def library(qtbot: QtBot, home: Home) -> RunLibrary:
    library = RunLibrary()
    library.open(home)
    yield library
    library.close()


def row(panel: RunsPanel, run_id: str) -> int:
    return next(row for row, record in enumerate(panel.model.records) if record.id == run_id)


def status(panel: RunsPanel, run_id: str) -> str:
    return str(panel.model.data(panel.model.index(row(panel, run_id), 1)))


def tooltip(panel: RunsPanel, run_id: str) -> str:
    from PySide6.QtCore import Qt

    return str(panel.model.data(panel.model.index(row(panel, run_id), 0), Qt.ItemDataRole.ToolTipRole))


def test_a_run_of_another_process_comes_and_goes(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    header, library, panel = texts(window.progress_panel), window.library, window.runs_panel
    writer = Writer(home)
    library.watch()
    panel.select(writer.id)
    writer.warn("the stem is for larger images")
    writer.start()
    writer.steps(1, 20)
    writer.change_rate(15)
    writer.epoch(1, evaluated=False)
    writer.epoch(2, evaluated=False)
    wait_for_curves(qtbot, window)
    library.watch()
    curves = window.plot_panel.curves(writer.id)
    # Drawn before it began, its axis is right.
    assert curves.points("loss", "raw").x[-1] == 2.0
    assert curves.points("loss", "test").x.tolist() == [1.0, 2.0]
    assert curves.rate_changes() == [(1.5, 0.05)]
    assert status(panel, writer.id).startswith("running")
    # Another's warnings are seen with the run, not told as if they were ours.
    assert "the stem is for larger images" in tooltip(panel, writer.id)
    assert not window.message_bar.isVisible()

    writer.store.finish(writer.id, "stopped")
    library.watch()
    assert status(panel, writer.id).startswith("stopped")
    writer.resume(first_step=10)
    writer.steps(11, 25)
    library.watch()
    x = curves.points("loss", "raw").x.tolist()
    assert x == sorted(set(x)), "steps are drawn twice"
    assert (len(x), x[-1]) == (25, 25 / PER_EPOCH)
    assert curves.rate_changes() == []
    assert curves.points("loss", "test").x.tolist() == [1.0]

    with sqlite3.connect(home.database) as db:
        db.execute("UPDATE runs SET name='a better name'")
    db.close()
    library.watch()
    assert window.plot_panel.run(writer.id).name == "a better name"
    writer.store.finish(writer.id, "failed", "no room on the disk")
    library.watch()
    assert status(panel, writer.id).startswith("failed")
    assert "no room on the disk" in tooltip(panel, writer.id)
    assert texts(window.progress_panel) == header
    assert not window.message_bar.isVisible()

    writer.store.delete(writer.id)
    library.watch()
    assert panel.model.rowCount() == 0
    assert not window.plot_panel.has_run(writer.id)
    assert "deleted by another process" in window.message_bar.text


def test_a_run_trained_by_a_second_process_is_seen_to_its_end(
    qtbot: QtBot, window: MainWindow, home: Home, image_folder: Path
) -> None:
    said: list[Event] = []
    window.library.event_read.connect(said.append)
    arguments = ("train", *TINY, "--data", str(image_folder), "--epochs", "6", "--json")
    process = subprocess.Popen(command(home, *arguments), stdout=subprocess.DEVNULL)
    panel = window.runs_panel

    def is_listed() -> bool:
        # Not at its own pace: the run could be over before it is looked at.
        window.library.watch()
        return panel.model.rowCount() == 1

    qtbot.waitUntil(is_listed, timeout=LONG_MS)
    run_id = panel.model.records[0].id
    panel.select(run_id)
    qtbot.waitUntil(lambda: status(panel, run_id).startswith("finished"), timeout=LONG_MS)
    assert process.wait(60) == 0
    wait_for_curves(qtbot, window)
    window.library.watch()
    curves = window.plot_panel.curves(run_id)
    assert curves.points("loss", "test").x.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert curves.points("loss", "raw").x.tolist() == [step / 6 for step in range(1, 6 * 6 + 1)]
    (record,) = panel.model.records
    assert record.best is not None
    assert says(window.inspect_desk.side, f"Epoch {record.best.epoch}, kept:")
    assert isinstance(said[-1], RunFinished)
    assert "Ready" in texts(window.progress_panel)


def test_a_killed_process_is_noticed_though_it_writes_nothing(library: RunLibrary, home: Home) -> None:
    code = (
        "import os, sys; from pathlib import Path; from tests.run_writer import Writer; from workbench.core.home"
        " import Home; writer = Writer(Home(Path(sys.argv[1]))); writer.start(); print(writer.id, flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(home.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run_id = process.stdout.readline().strip()
        library.watch()
        assert library.record(run_id).status == "running"
        library.events(run_id)
        process.kill()
    lists: list[list[str]] = []
    library.runs_changed.connect(lambda records: lists.append([record.status for record in records]))
    ends: list[Event] = []
    library.event_read.connect(ends.append)
    library.watch()
    assert lists == [["interrupted"]]
    assert "can be resumed" in ends[-1].message
    library.watch()
    assert len(lists) == 1


def test_an_evaluation_comes_with_its_epoch(library: RunLibrary, home: Home) -> None:
    writer = Writer(home)
    writer.start()
    library.events(writer.id)
    said: list[Event] = []
    library.event_read.connect(said.append)
    writer.steps(1, 10)
    writer.epoch(1)
    library.watch()
    assert [type(event) for event in said[:2]] == [StepMetrics, EvaluationReady]
    assert said[1].evaluation.epoch == 1


def test_what_is_trained_here_costs_no_reading_of_all_runs(library: RunLibrary, home: Home) -> None:
    own, other = Writer(home), Writer(home)
    library.refresh()
    library.events(other.id)
    library.set_own_run(own.id)
    lists: list[object] = []
    library.runs_changed.connect(lists.append)
    own.start()
    own.steps(1, 10)
    library.watch()
    assert lists == []
    # Another one's is followed meanwhile.
    said: list[Event] = []
    library.event_read.connect(said.append)
    other.start()
    other.steps(1, 3)
    library.watch()
    assert [event.run_id for event in said] == [other.id, other.id]
    assert len(lists) == 1


def test_a_run_trained_here_is_followed_when_another_process_goes_on_with_it(
    library: RunLibrary, home: Home
) -> None:
    writer = Writer(home)
    library.refresh()
    library.set_own_run(writer.id)
    writer.start()
    writer.steps(1, 10)
    writer.store.finish(writer.id, "stopped")
    library.set_own_run("")
    said: list[Event] = []
    library.event_read.connect(said.append)
    library.watch()
    assert said == []
    writer.resume(first_step=5)
    writer.steps(6, 8)
    library.watch()
    assert isinstance(said[0], RunStarted)
    assert said[0].first_step == 5
    assert said[1].steps.tolist() == [6, 7, 8]


def test_a_home_that_cannot_be_read_for_a_moment_loses_nothing(
    library: RunLibrary, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.core.errors import UserError
    from workbench.core.records.store import RunStore

    writer = Writer(home)
    library.events(writer.id)
    said: list[Event] = []
    library.event_read.connect(said.append)
    writer.start()
    writer.steps(1, 3)
    writer.store.finish(writer.id, "stopped")

    def refuse(*_: object, **__: object) -> None:
        raise UserError("cannot read the run database: locked")

    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "steps", refuse)
        library.watch()
    assert said == []
    library.watch()
    assert [type(event) for event in said] == [RunStarted, StepMetrics, RunFinished]
