"""The queue in the window: added to, worked off run after run, stopped, left over, changed by others."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTabBar, QTableView, QToolButton
from pytestqt.qtbot import QtBot

from tests.conftest import write_images
from tests.gui.conftest import LONG_MS
from tests.gui.run_events import epoch, started, steps
from tests.gui.seen import action, button, named, says
from workbench.core.errors import UserError
from workbench.core.events import RunFinished
from workbench.core.home import Home
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.desks import queue_desk
from workbench.gui.main_window import MainWindow
from workbench.gui.work.job import RunJob, Work
from workbench.gui.work.training_session import State


def press(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.mouseClick(button(window, text), Qt.MouseButton.LeftButton)


def wait_for(qtbot: QtBot, window: MainWindow, state: State) -> None:
    qtbot.waitUntil(lambda: window.session.state is state, timeout=LONG_MS)


def add(home: Home, config: RunConfig, *names: str) -> list[QueueEntry]:
    """As another process does it."""
    with closing(RunStore(home)) as store:
        return [store.queue.add(config, name=name, model="tiny", recipe="own") for name in names]


def states(window: MainWindow) -> list[tuple[str, str]]:
    window.queue_side.library.watch()
    return [(entry.name, entry.state) for entry in window.queue_side.library.listing.entries]


@pytest.fixture
def notified(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(window.queue_side.notifier, "tell", lambda *said: told.append(said))
    return told


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Entries are marked finished at once, or fail if they are called so, without training anything."""
    begun: list[str] = []

    def train_next() -> RunJob:
        def begin(home: Home) -> Work:
            with closing(RunStore(home)) as store:
                entry = store.queue.claim()
                if entry is None:
                    return None
                begun.append(entry.name)
                if entry.name == "bad":
                    store.queue.finish(entry.id, "failed", "there are no such images")
                    raise UserError("there are no such images")
                store.create(entry.config, name=entry.name, model="m", recipe="r", machine={}, run_id=entry.id)
                yield from (started(entry.id), steps(1, 3, entry.id), epoch(1, entry.id))
                store.finish(entry.id, "finished")
                store.queue.finish(entry.id, "finished")
                yield RunFinished(entry.id, "finished")
                return entry.id

        return RunJob(begin)

    monkeypatch.setattr(queue_desk, "train_next", train_next)
    return begun


def until_done(qtbot: QtBot, window: MainWindow) -> None:
    desk = window.queue_side.desk
    qtbot.waitUntil(lambda: not desk.is_working and window.session.state is State.IDLE, timeout=LONG_MS)


# With the real engine


def test_two_entries_from_the_button_to_their_curves(
    qtbot: QtBot, window: MainWindow, home: Home, notified: list[tuple[str, str]]
) -> None:
    action(window, "Add to queue").trigger()
    said = "custom is in the queue, at place 1"
    qtbot.waitUntil(lambda: window.message_bar.text == said, timeout=LONG_MS)
    assert states(window) == [("custom", "waiting")]
    window.build_panel.take_values({"training.epochs": 1})
    action(window, "Add to queue").trigger()
    qtbot.waitUntil(lambda: "custom (2) is in the queue" in window.message_bar.text, timeout=LONG_MS)
    # What is edited later changes nothing of what was added.
    window.build_panel.take_values({"training.epochs": 77})
    press(qtbot, window, "Show the queue")
    assert window.workspaces.current == "train"
    press(qtbot, window, "Start the queue")
    wait_for(qtbot, window, State.RUNNING)
    until_done(qtbot, window)
    assert states(window) == [("custom", "finished"), ("custom (2)", "finished")]
    with closing(RunStore(home, read_only=True)) as store:
        records = {record.name: record for record in store.runs()}
    assert {name: len(record.epochs) for name, record in records.items()} == {"custom": 3, "custom (2)": 1}
    for record in records.values():
        assert window.plot_panel.curves(record.id).points("accuracy", "test").x[-1] == len(record.epochs)
    assert window.selection.run_id == records["custom (2)"].id
    assert window.message_bar.text == "The queue is done; 2 finished, 0 failed"
    assert [title for title, _ in notified] == [
        "custom is trained", "custom (2) is trained", "The queue is done",
    ]  # fmt: skip
    assert "3 epochs in 0:0" in notified[0][1]
    assert "1 epoch in 0:0" in notified[1][1]


def test_a_stop_pauses_the_queue_and_it_goes_on_with_that_run(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    entry, _other = add(home, tiny_config.with_values({"training.epochs": 100_000}), "a", "b")
    states(window)
    window.queue_side.desk.start()
    wait_for(qtbot, window, State.RUNNING)
    qtbot.waitUntil(lambda: len(window.plot_panel.curves(entry.id)) > 3, timeout=LONG_MS)
    press(qtbot, window, "Stop")
    wait_for(qtbot, window, State.IDLE)
    assert states(window) == [("a", "waiting"), ("b", "waiting")]
    assert "the queue is paused" in window.message_bar.text
    assert window.queue_side.library.state.reason == "its run was stopped"
    press(qtbot, window.message_bar, "Continue the queue")
    wait_for(qtbot, window, State.RUNNING)
    assert window.run_desk.training_run == entry.id
    assert window.library.record(entry.id).starts[-1][0] > 0
    press(qtbot, window, "Stop")
    wait_for(qtbot, window, State.IDLE)


def test_one_that_cannot_begin_is_passed_and_the_next_is_trained(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig, tmp_path: Path,
    notified: list[tuple[str, str]],
) -> None:  # fmt: skip
    add(home, tiny_config.with_values({"data.source": str(tmp_path / "nowhere")}), "bad")
    add(home, tiny_config.with_values({"training.epochs": 1}), "good")
    states(window)
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert states(window) == [("bad", "failed"), ("good", "finished")]
    assert [entry.message for entry in window.queue_side.library.listing.entries if entry.message]
    assert window.message_bar.text == "Warning: The queue is done; 1 finished, 1 failed"
    assert "there is no such file" in notified[0][1]
    # Its images are there now.
    write_images(tmp_path / "nowhere", 8, 4)
    table = named(window.queue_side.panel, QTableView, "Queue")
    table.setCurrentIndex(table.model().index(0, 1))
    action(window.queue_side.panel, "Try again").trigger()
    assert states(window) == [("good", "finished"), ("bad", "waiting")]
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert states(window) == [("good", "finished"), ("bad", "finished")]


def test_what_could_not_begin_is_not_added(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = write_images(tmp_path / "lost", 2, 1)
    window.build_panel.take_values({"data.source": str(lost)})
    lost.rename(tmp_path / "elsewhere")
    action(window, "Add to queue").trigger()
    qtbot.waitUntil(lambda: "there is no such file" in window.message_bar.text, timeout=LONG_MS)
    assert states(window) == []


def test_it_is_said_why_nothing_can_be_added(window: MainWindow) -> None:
    plus, entry = named(window.progress_panel, QToolButton, "Add to queue"), action(window, "Add to queue")
    assert "Ctrl+Shift+Return" in plus.toolTip()
    window.build_panel.refuse_source(window.build_panel.config.data.source, "there are no images")
    assert (plus.isEnabled(), entry.isEnabled()) == (False, False)
    assert plus.toolTip() == "there are no images"
    window.build_panel.refuse_source(window.build_panel.config.data.source, "")
    assert (plus.isEnabled(), entry.isEnabled()) == (True, True)


# Scripted runs


def test_nothing_begins_by_itself_and_what_is_left_over_is_offered(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, scripted: list[str]
) -> None:
    add(home, RunConfig(), "a", "b")
    window = make_window()
    qtbot.waitUntil(lambda: window.message_bar.text == "2 runs wait in the queue", timeout=LONG_MS)
    window.queue_side.library.watch()
    assert window.session.state is State.IDLE
    assert scripted == []
    press(qtbot, window.message_bar, "Continue the queue")
    until_done(qtbot, window)
    assert scripted == ["a", "b"]
    assert states(window) == [("a", "finished"), ("b", "finished")]


def test_what_another_process_works_off_is_not_offered(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home
) -> None:
    add(home, RunConfig(), "a", "b")
    with closing(RunStore(home)) as other:
        assert other.queue.claim() is not None
        window = make_window()
        qtbot.waitUntil(lambda: bool(window.queue_side.library.listing.entries), timeout=LONG_MS)
        assert not says(window.message_bar, "in the queue")
        assert states(window) == [("a", "running"), ("b", "waiting")]
    assert states(window) == [("a", "waiting"), ("b", "waiting")], "that process is gone"


def test_what_other_processes_change_appears(window: MainWindow, home: Home) -> None:
    first, _ = add(home, RunConfig(), "a", "b")
    assert states(window) == [("a", "waiting"), ("b", "waiting")]
    with closing(RunStore(home)) as other:
        other.queue.move([first.id], 2)
        other.queue.pause("tea")
    assert states(window) == [("b", "waiting"), ("a", "waiting")]
    window.workspaces.show("train")
    window._parts.show_queue()
    assert says(window.queue_side.panel, "paused: tea")


def test_looking_where_nothing_has_changed_draws_nothing(window: MainWindow, home: Home) -> None:
    add(home, RunConfig(), "a")
    library, changes = window.queue_side.library, []
    library.watch()
    library.changed.connect(lambda: changes.append(1))
    with closing(RunStore(home)) as other:
        other.create(RunConfig(), name="n", model="m", recipe="r", machine={})
    for _ in range(3):
        library.watch()
    assert changes == []


def test_failures_pause_it(
    qtbot: QtBot, window: MainWindow, home: Home, scripted: list[str], notified: list[tuple[str, str]]
) -> None:
    add(home, RunConfig(), "bad", "good", "bad", "never")
    action(window, "2 failures").trigger()
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert scripted == ["bad", "good", "bad"]
    paused = "The queue is paused: 2 runs have failed"
    assert window.message_bar.text == f"Warning: {paused}; 1 finished, 2 failed"
    assert notified[-1][0] == paused
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert scripted[3:] == ["never"]


def test_paused_the_present_run_ends_and_no_other_begins(
    qtbot: QtBot, window: MainWindow, home: Home, scripted: list[str]
) -> None:
    add(home, RunConfig(), "a", "b")
    states(window)
    window.session.event_said.connect(lambda _event: window.queue_side.desk.pause())
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert scripted == ["a"]
    assert states(window) == [("a", "finished"), ("b", "waiting")]


def test_who_builds_is_not_torn_away_by_the_next_run(
    qtbot: QtBot, window: MainWindow, home: Home, scripted: list[str]
) -> None:
    add(home, RunConfig(), "a", "b")
    states(window)
    window.workspaces.show("build")
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert scripted == ["a", "b"]
    assert window.workspaces.current == "build"


def test_started_beside_a_run_it_begins_after_that(
    qtbot: QtBot, window: MainWindow, home: Home, scripted: list[str]
) -> None:
    add(home, RunConfig(), "a")
    window.build_panel.take_values({"training.epochs": 100_000})
    press(qtbot, window, "Start")
    wait_for(qtbot, window, State.RUNNING)
    window.queue_side.desk.start()
    assert "begins when" in window.message_bar.text
    assert scripted == []
    press(qtbot, window, "Stop")
    until_done(qtbot, window)
    assert scripted == ["a"]
    assert not window.queue_side.library.state.is_paused, "it was another run that was stopped"


def test_closing_saves_the_run_and_leaves_the_queue_to_the_next_time(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    add(home, tiny_config.with_values({"training.epochs": 100_000}), "a", "b")
    states(window)
    window.queue_side.desk.start()
    wait_for(qtbot, window, State.RUNNING)
    window.close()
    qtbot.waitUntil(lambda: not window.training_lane.is_open, timeout=LONG_MS)
    with closing(RunStore(home)) as store:
        assert [(entry.name, entry.state) for entry in store.queue.listing().entries] == [
            ("a", "waiting"), ("b", "waiting"),
        ]  # fmt: skip
        assert not store.queue.state().is_paused
        assert [record.status for record in store.runs()] == ["stopped"]


def test_what_was_resumed_by_hand_to_its_end_counts_as_done(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    (entry,) = add(home, tiny_config, "a")
    with closing(RunStore(home)) as store:
        claimed = store.queue.claim()
        assert claimed is not None
        store.create(tiny_config, name="a", model="m", recipe="r", machine={}, run_id=entry.id)
        store.queue.give_back(entry.id)
        store.finish(entry.id, "finished")
    states(window)
    window.queue_side.desk.start()
    until_done(qtbot, window)
    assert states(window) == [("a", "finished")]
    assert window.message_bar.text == "The queue is done; 1 finished, 0 failed"


def test_a_removal_is_undone(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    first, _ = add(home, RunConfig(), "a", "b")
    states(window)
    window.queue_side.desk.remove([first.id])
    assert states(window) == [("b", "waiting")]
    assert window.message_bar.text == "1 entry was removed"
    press(qtbot, window.message_bar, "Undo")
    assert states(window) == [("a", "waiting"), ("b", "waiting")]


def test_settings_of_an_entry_are_shown_on_the_left(
    window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    (entry,) = add(home, tiny_config.with_values({"training.epochs": 9, "training.seed": 3}), "a")
    states(window)
    window.queue_side.panel.choose([entry.id])
    action(window.queue_side.panel, "Show settings").trigger()
    assert window.build_panel.config == entry.config
    assert window.workspaces.current == "build"


def test_what_is_refused_is_told(window: MainWindow, home: Home) -> None:
    (entry,) = add(home, RunConfig(), "a")
    states(window)
    window.queue_side.desk.rename(entry.id, "latest")
    assert "the run's name is 'latest'" in window.message_bar.text
    window.queue_side.desk.rename(entry.id, "mine")
    assert states(window) == [("mine", "waiting")]


# Where it stands


def dock(window: MainWindow) -> QDockWidget:
    found = window.findChild(QDockWidget, "queue")
    assert isinstance(found, QDockWidget)
    return found


def tab(window: MainWindow) -> str:
    """What is in front where the docks share a place."""
    bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window and bar.isVisible()]
    return " ".join(bar.tabText(bar.currentIndex()) for bar in bars)


def test_its_tab_comes_with_its_first_entry_and_is_closed_by_the_person(
    qtbot: QtBot, window: MainWindow, home: Home
) -> None:
    window.workspaces.show("train")
    assert dock(window).isHidden()
    add(home, RunConfig(), "a")
    states(window)
    assert not dock(window).isHidden()
    assert window.tabifiedDockWidgets(dock(window))[0].objectName() == "runs"
    assert tab(window) == "Runs", "nothing is put before what one looks at"
    dock(window).close()
    add(home, RunConfig(), "b")
    states(window)
    assert dock(window).isHidden()
    for name in ("build", "inspect"):
        window.workspaces.show(name)
        assert dock(window).isHidden()
    window.workspaces.show("compare")
    assert not dock(window).isHidden()
    window.workspaces.show("build")
    window.queue_side.queue_asked.emit()
    assert window.workspaces.current == "train"
    # The tabs of the workspace before go with the next event.
    qtbot.waitUntil(lambda: tab(window) == "Queue")


def test_whether_to_notify_is_remembered(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = make_window()
    assert window.queue_side.notifier.is_on
    action(window, "Notify on the desktop").trigger()
    assert not window.queue_side.notifier.is_on
    window.close()
    again = make_window()
    assert not again.queue_side.notifier.is_on
    assert not action(again, "Notify on the desktop").isChecked()
