"""Evaluating a run's kept epoch from the window, alone and beside a run; and leaving while a job goes on."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, has_button, pick, pictures_in, says
from tests.trained import record_run
from workbench.core.errors import ConfigError
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, Progress
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import training
from workbench.gui.main_window import MainWindow
from workbench.gui.work import jobs
from workbench.gui.work.job import Job
from workbench.gui.work.training_session import State

KEPT = ", kept"


@pytest.fixture
def two_runs(home: Home, tiny_config: RunConfig) -> tuple[str, str]:
    """The second one is chosen in a window that is opened."""
    first, second = (record_run(home, tiny_config.with_values({"training.seed": seed})) for seed in (0, 1))
    return first, second


def click(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.mouseClick(button(window.inspect_desk.side, text), Qt.MouseButton.LeftButton)


def test_the_kept_epoch_is_shown_with_its_number(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    best = window.library.record(run_id).best
    assert best is not None
    window.selection.show_epoch(best.epoch % 3 + 1)
    assert not says(window.inspect_desk.side, KEPT)
    click(qtbot, window, "Evaluate")
    assert has_button(window.inspect_desk.side, "Cancel")
    qtbot.waitUntil(lambda: says(window.inspect_desk.side, f"Epoch {best.epoch}{KEPT}: "), timeout=LONG_MS)
    pick(window.inspect_desk.gallery, "Answers", "Right and wrong")
    assert pictures_in(window.inspect_desk.gallery) == 36
    qtbot.waitUntil(lambda: has_button(window.inspect_desk.side, "Evaluate"))
    # By key and menu too, where its outcome is seen.
    assert not action(window, "Evaluate the kept epoch").isEnabled()
    window.workspaces.show("inspect")
    action(window, "Evaluate the kept epoch").trigger()
    assert has_button(window.inspect_desk.side, "Cancel")
    qtbot.waitUntil(lambda: has_button(window.inspect_desk.side, "Evaluate"), timeout=LONG_MS)


def test_it_works_while_a_run_trains_and_leaves_it_as_it_is(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    window.build_panel.take_values({"training.epochs": 100_000})
    window.training_desk.start()
    qtbot.waitUntil(lambda: says(window.inspect_desk.side, "test images right"), timeout=LONG_MS)
    training_run = window.run_desk.training_run
    # An epoch is shown before its checkpoint is written.
    kept_file = home.runs / training_run / "checkpoints" / "best.json"
    qtbot.waitUntil(kept_file.exists, timeout=LONG_MS)
    found: list[Evaluation] = []
    refusals: list[Exception] = []
    handle = window.inspecting_lane.ask(jobs.evaluate_kept(training_run), home, QObject(window))
    handle.finished.connect(found.append)
    handle.refused.connect(refusals.append)
    qtbot.waitUntil(lambda: bool(found or refusals), timeout=LONG_MS)
    assert not refusals
    assert window.session.state is State.RUNNING
    kept = {epoch.epoch for epoch in window.library.record(training_run).epochs if epoch.best}
    assert found[0].epoch in kept
    click(qtbot, window, "Evaluate")
    qtbot.waitUntil(lambda: has_button(window.inspect_desk.side, "Evaluate"), timeout=LONG_MS)
    assert not window.message_bar.isVisible()


def test_it_is_offered_when_there_is_something_to_evaluate(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    evaluate, entry = button(window.inspect_desk.side, "Evaluate"), action(window, "Evaluate the kept epoch")
    assert not evaluate.isEnabled()
    assert not entry.isEnabled()
    assert "Choose a run" in evaluate.toolTip()
    store = RunStore(home)
    events = training.train(tiny_config, store=store)
    next(events)
    window.library.watch()
    window.runs_panel.select(window.runs_panel.model.records[0].id)
    assert not evaluate.isEnabled()
    assert "first epoch" in evaluate.toolTip()
    for event in events:
        if isinstance(event, EpochMetrics) and event.epoch == 2:
            break
    window.library.watch()
    assert evaluate.isEnabled()
    window.workspaces.show("inspect")
    assert entry.isEnabled()
    events.close()
    store.close()


class Slow:
    """Stands in for the evaluation: goes on until it is canceled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []
        monkeypatch.setattr(jobs, "evaluate_kept", self.job)

    def job(self, run_id: str) -> Job:
        def begin(_home: Home) -> Generator[Progress, None, None]:
            try:
                while True:
                    # As real jobs do, it computes between two things that it says: a flood would drown the window.
                    time.sleep(0.02)
                    yield Progress("Testing", 10, 40)
            finally:
                self.closed.append(run_id)

        self.asked.append(run_id)
        return Job(begin)


def test_it_is_canceled_by_its_button_and_by_another_choice(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    two_runs: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = two_runs
    slow = Slow(monkeypatch)
    window = make_window()
    click(qtbot, window, "Evaluate")
    qtbot.waitUntil(lambda: says(window.inspect_desk.side, "Evaluating the kept epoch… 25"))
    click(qtbot, window, "Cancel")
    qtbot.waitUntil(lambda: has_button(window.inspect_desk.side, "Evaluate"))
    assert slow.closed == [second]
    assert says(window.inspect_desk.side, "test images right")
    click(qtbot, window, "Evaluate")
    window.runs_panel.select(first)
    qtbot.waitUntil(lambda: has_button(window.inspect_desk.side, "Evaluate"))
    assert slow.closed in ([second], [second, second]), "canceled before or after it began"
    assert slow.asked == [second, second]


def test_a_result_that_is_on_its_way_is_not_of_the_next_run(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    home: Home,
    two_runs: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = two_runs
    window = make_window()
    window.selection.look_at(window.library.record(second))
    evaluation = window.library.evaluation(second, 3)
    done = threading.Event()

    def at_once(_run_id: str) -> Job:
        def begin(_home: Home) -> Generator[Progress, None, Evaluation]:
            yield from ()
            done.set()
            return evaluation

        return Job(begin)

    monkeypatch.setattr(jobs, "evaluate_kept", at_once)
    click(qtbot, window, "Evaluate")
    while not done.wait(0.01):
        # What was asked before it comes first.
        window.inspecting_lane.drain()
    window.runs_panel.select(first)
    shown = window.selection.epoch
    qtbot.waitUntil(lambda: window.selection.run_id == first)
    # Its turn comes when all that was said before it is told.
    after = window.inspecting_lane.ask(Job(lambda _home: iter(())), home, QObject(window))
    with qtbot.waitSignal(after.ended):
        pass
    assert (window.selection.run_id, window.selection.epoch, window.selection.follows) == (first, shown, True)
    assert has_button(window.inspect_desk.side, "Evaluate")


def test_a_list_that_is_closed_refuses_in_words(
    make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    window.library.close()
    action(window, "Evaluate the kept epoch").trigger()
    assert "not open" in window.message_bar.text


def test_closing_the_window_ends_it(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    home: Home,
    tiny_config: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = record_run(home, tiny_config)
    slow = Slow(monkeypatch)
    window = make_window()
    click(qtbot, window, "Evaluate")
    qtbot.waitUntil(lambda: says(window.inspect_desk.side, "25"))
    window.close()
    assert not window.isVisible()
    assert window.has_let_go
    assert slow.closed == [run_id]


def test_what_goes_wrong_is_told_but_not_at_the_fields_on_the_left(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    home: Home,
    tiny_config: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.build_panel.show_config(tiny_config)

    def refusing(_run_id: str) -> Job:
        def begin(_home: Home) -> Generator[Progress, None, None]:
            yield from ()
            raise ConfigError({"training.device": "training.device is 'cuda:7'; use auto"})

        return Job(begin)

    monkeypatch.setattr(jobs, "evaluate_kept", refusing)
    click(qtbot, window, "Evaluate")
    qtbot.waitUntil(lambda: "cuda:7" in window.message_bar.text)
    assert window.build_panel.training_panel.error("device") == ""
    assert has_button(window.inspect_desk.side, "Evaluate")


def test_two_windows_of_one_process_do_not_mind_each_other(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig, tmp_path: Path
) -> None:
    run_id = record_run(home, tiny_config)
    first, second = make_window(), make_window(Home(tmp_path / "other").prepare())
    second.build_panel.show_config(tiny_config.with_values({"training.epochs": 100_000}))
    second.training_desk.start()
    click(qtbot, first, "Evaluate")
    qtbot.waitUntil(lambda: says(first.inspect_desk.side, KEPT), timeout=LONG_MS)
    qtbot.waitUntil(lambda: second.session.state is State.RUNNING, timeout=LONG_MS)
    assert first.library.record(run_id).status == "finished"
    assert not says(second.inspect_desk.side, KEPT)
    first.close()
    qtbot.waitUntil(lambda: says(second.inspect_desk.side, "test images right"), timeout=LONG_MS)
    assert second.session.state is State.RUNNING


HANGING = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QObject, QTimer
from workbench.gui import app, main_window
from workbench.gui.work.job import Job
from workbench.core.home import Home

main_window._PATIENCE_MS = 200
begun = threading.Event()

def begin(home):
    yield "begun"
    begun.set()
    threading.Event().wait()

class Window(main_window.MainWindow):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.look)
        self.timer.start(50)

    def look(self):
        if self.engine_is_ready and not begun.is_set():
            self.inspecting_lane.ask(Job(begin), self.home, self)
        elif begun.is_set():
            self.timer.stop()
            self.close()

main_window.MainWindow = Window
code = app.open_window(sys.argv[1])
print("returned", code)
"""


def test_a_job_that_hangs_lets_the_window_close_without_a_crash(tmp_path: Path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", HANGING, str(tmp_path / "home")],
        capture_output=True, text=True, timeout=120, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "returned" not in done.stdout, "it did not hang"
    assert "left while a job was still going on" in (tmp_path / "home" / "workbench.log").read_text()
