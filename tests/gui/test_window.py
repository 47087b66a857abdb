"""The real window with the real engine: train, look, pause, stop, resume, close."""

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, named, pick, pictures_in, says, texts, wait_for_curves
from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, Event, StepMetrics
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import training
from workbench.gui.main_window import MainWindow
from workbench.gui.work import jobs
from workbench.gui.work.garbage_collector import GarbageCollector
from workbench.gui.work.job import RunJob
from workbench.gui.work.training_session import State


def click(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.mouseClick(button(window, text), Qt.MouseButton.LeftButton)


def wait_for(qtbot: QtBot, window: MainWindow, state: State) -> None:
    qtbot.waitUntil(lambda: window.session.state is state, timeout=LONG_MS)


def start_and_wait(qtbot: QtBot, window: MainWindow) -> None:
    """To the end of the run. On a busy machine the window sees nothing of one so short before that."""
    click(qtbot, window, "Start")
    assert window.session.state is not State.IDLE
    wait_for(qtbot, window, State.IDLE)


def wait_until_trained(qtbot: QtBot, window: MainWindow, steps: int = 1) -> None:
    """Until the plot has got some steps of the run that is going on."""

    def enough() -> bool:
        run = window.run_desk.training_run
        return bool(run) and len(window.plot_panel.curves(run)) >= steps

    qtbot.waitUntil(enough, timeout=LONG_MS)


def test_a_run_from_click_to_mistake(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    assert button(window, "Start").isEnabled()
    start_and_wait(qtbot, window)
    (record,) = RunStore(home, read_only=True).runs()
    assert record.status == "finished"
    curves = window.plot_panel.curves(record.id)
    assert len(curves) == 18
    assert curves.points("accuracy", "test").x.tolist() == [1.0, 2.0, 3.0]
    assert window.runs_panel.model.rowCount() == 1

    window.workspaces.show("inspect")
    inspect = window.inspect_desk
    assert says(inspect.side, "test images right")
    # Every cell of the matrix shows as many pictures as it counts.
    matrix = inspect.side.confusion_view
    confusion = window.library.evaluation(record.id, record.best.epoch).confusion
    pick(inspect.gallery, "Answers", "Right and wrong")
    for truth in range(3):
        for said in range(3):
            center = matrix.cell_rect(truth, said).center()
            qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=center)
            assert pictures_in(inspect.gallery) == confusion[truth, said]
    window.selection.clear_filter()
    assert pictures_in(inspect.gallery) == 36
    assert inspect.image_view.caption


def test_mistakes_appear_while_training_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.take_values({"training.epochs": 100_000})
    click(qtbot, window, "Start")
    qtbot.waitUntil(lambda: says(window.inspect_desk.strip, ", live"), timeout=LONG_MS)
    assert window.session.state is State.RUNNING
    click(qtbot, window, "Stop")
    wait_for(qtbot, window, State.IDLE)


def test_pause_holds_and_resume_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.take_values({"training.epochs": 100_000})
    click(qtbot, window, "Start")
    wait_until_trained(qtbot, window)
    click(qtbot, window, "Pause")
    assert window.session.state is State.PAUSED
    listed = window.runs_panel.model
    assert listed.data(listed.index(0, 1)) == "paused"
    curves = window.plot_panel.curves(window.run_desk.training_run)
    window.training_lane.drain()
    said: list[object] = []
    window.session.event_said.connect(said.append)
    ticks = QTimer()
    ticks.start(50)
    for _ in range(10):
        with qtbot.waitSignal(ticks.timeout):
            pass
    ticks.stop()
    # The worker may finish what it was computing when the button was pressed, and no more.
    assert len(said) <= 1
    held = len(curves)
    qtbot.mouseClick(button(window.progress_panel, "Resume"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(curves) > held + 1, timeout=LONG_MS)
    click(qtbot, window, "Stop")
    wait_for(qtbot, window, State.IDLE)


def test_a_stopped_run_is_resumed_from_the_list(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    window.build_panel.take_values({"training.epochs": 40})
    click(qtbot, window, "Start")
    wait_until_trained(qtbot, window, 20)
    click(qtbot, window, "Stop")
    wait_for(qtbot, window, State.IDLE)
    (record,) = RunStore(home, read_only=True).runs()
    assert record.status == "stopped"
    qtbot.mouseClick(button(window.runs_panel, "Resume"), Qt.MouseButton.LeftButton)
    assert window.session.state is not State.IDLE
    wait_for(qtbot, window, State.IDLE)
    (record,) = RunStore(home, read_only=True).runs()
    assert record.status == "finished"
    x = window.plot_panel.curves(record.id).points("loss", "raw").x.tolist()
    assert x == sorted(set(x)), "steps drawn twice"
    assert len(x) == 240


def test_closing_while_training_stops_and_keeps_everything(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    window.build_panel.take_values({"training.epochs": 100_000})
    click(qtbot, window, "Start")
    wait_until_trained(qtbot, window, 10)
    window.close()
    assert window.isVisible(), "the window must wait for the run to be saved"
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG_MS)
    store = RunStore(home)
    (record,) = store.runs()
    assert record.status == "stopped"
    steps = store.steps(record.id)
    assert steps is not None
    assert len(steps.steps) >= 10
    assert (store.checkpoints(record.id) / "last.json").exists()


def test_a_run_from_history_is_drawn_and_shown(
    qtbot: QtBot, window: MainWindow, make_window: Callable[..., MainWindow], tiny_config: RunConfig
) -> None:
    for seed in (0, 1):
        window.build_panel.show_config(tiny_config.with_values({"training.seed": seed}))
        click(qtbot, window, "Start")
        wait_for(qtbot, window, State.IDLE)
    window.close()
    again = make_window()
    qtbot.waitUntil(lambda: again.runs_panel.model.rowCount() == 2)
    newest, older = again.runs_panel.model.records
    assert again.plot_panel.has_run(newest.id)
    again.runs_panel.select(older.id)
    assert len(again.plot_panel.curves(older.id)) == 18
    gallery = again.inspect_desk.gallery
    pick(gallery, "Answers", "Right and wrong")
    assert pictures_in(gallery) == 36
    again.runs_panel.model.set_checked(newest.id, False)
    assert not again.plot_panel.run(newest.id).visible


def test_use_settings_fills_the_left_side(qtbot: QtBot, window: MainWindow, tiny_config: RunConfig) -> None:
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    window.build_panel.model_panel.select_preset("resnet20")
    action(window.runs_panel, "Use settings").trigger()
    assert window.build_panel.config.model.widths == tiny_config.model.widths


def test_what_is_deleted_comes_back_until_the_window_closes(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    (run_id,) = (record.id for record in window.runs_panel.model.every)
    assert not action(window, "Bring deleted runs back").isEnabled()
    for way in ("Undo", "Bring deleted runs back"):
        action(window.runs_panel, "Delete").trigger()
        assert window.runs_panel.model.rowCount() == 0
        assert not window.plot_panel.has_run(run_id)
        assert not RunStore(home, read_only=True).runs()
        (button(window.message_bar, way).click if way == "Undo" else action(window, way).trigger)()
        assert [record.id for record in window.runs_panel.model.every] == [run_id]
        assert not action(window, "Bring deleted runs back").isEnabled()
    action(window.runs_panel, "Delete").trigger()
    assert (home.runs / run_id).exists()
    window.close()
    assert not (home.runs / run_id).exists()
    assert RunStore(home, read_only=True).ids() == []


def test_a_wrong_field_is_marked_and_start_says_why(window: MainWindow) -> None:
    stages = window.build_panel.model_panel.stages
    boxes = [named(stages, QSpinBox, f"Blocks of stage {number}") for number in (1, 2, 3)]
    boxes[1].setValue(0)
    assert not button(window, "Start").isEnabled()
    assert "tab 'Model'" in button(window, "Start").toolTip()
    assert "model.blocks of stage 2 is 0; it must be at least 1" in texts(stages)
    assert [bool(box.property("invalid")) for box in boxes] == [False, True, False]
    boxes[1].setValue(2)
    assert button(window, "Start").isEnabled()
    assert not says(stages, "model.blocks")
    assert not boxes[1].property("invalid")


def test_fields_that_do_not_fit_together_are_said(window: MainWindow) -> None:
    window.build_panel.model_panel.field("input_size").setValue(8)
    window.build_panel.training_panel.field("crop_padding").setValue(8)
    assert not button(window, "Start").isEnabled()
    assert "only 8 pixels" in button(window, "Start").toolTip()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data.source", "/nowhere", "there is no such file"),
        ("training.batch_size", 110, "at most 96"),
        ("training.device", "cuda:77", "training.device is 'cuda:77'"),
    ],
)
def test_what_the_engine_refuses_is_told_at_the_field(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig, key: str, value: object, words: str
) -> None:
    window.build_panel.show_config(tiny_config.with_values({key: value}))
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    assert words in window.message_bar.text
    assert window.message_bar.isVisible()
    section = key.partition(".")[0]
    panel = getattr(window.build_panel, f"{section}_panel")
    assert words in panel.error(key.partition(".")[2])
    window.build_panel.show_config(tiny_config)
    start_and_wait(qtbot, window)
    assert window.runs_panel.model.records[0].status == "finished"


def test_a_home_that_cannot_be_written_is_told_and_another_can_be_chosen(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("")
    window = make_window(Home(tmp_path / "file"))
    assert "cannot be written" in window.message_bar.text
    assert not button(window, "Start").isEnabled()
    monkeypatch.setattr(
        "workbench.gui.main_window.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "good")
    )
    click(qtbot, window, "Choose folder…")
    assert button(window, "Start").isEnabled()
    assert (tmp_path / "good" / "workbench.db").exists()


def test_what_was_said_of_a_field_goes_with_its_edit(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig
) -> None:
    window.build_panel.show_config(tiny_config.with_values({"training.batch_size": 110}))
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    assert "at most 96" in window.message_bar.text
    window.build_panel.training_panel.field("batch_size").setValue(32)
    assert not window.message_bar.isVisible()


def test_more_images_in_a_batch_than_there_are_is_said_before_start(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig
) -> None:
    window.build_panel.show_config(tiny_config.with_values({"training.batch_size": 128}))
    start = button(window, "Start")
    qtbot.waitUntil(lambda: not start.isEnabled(), timeout=LONG_MS)
    assert start.toolTip() == "Batch size 128 in the tab 'Train' is more than the 120 training images"
    window.build_panel.training_panel.field("batch_size").setValue(32)
    assert start.isEnabled()


def test_a_folder_without_classes_is_shown_where_it_was_chosen_and_keeps_start_from_beginning(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "odd" / "pictures").mkdir(parents=True)
    window.workspaces.show("compare")
    window.build_panel.data_panel.choose_source(str(tmp_path / "odd"))
    assert window.workspaces.current == "build"
    assert window.build_panel.tabs.currentIndex() == 1
    qtbot.waitUntil(lambda: not button(window, "Start").isEnabled(), timeout=LONG_MS)
    assert "odd" in button(window, "Start").toolTip()
    window.build_panel.data_panel.choose_source("sample")
    assert button(window, "Start").isEnabled()


class ScriptedEngine:
    """Stands in for the engine: a prepared generator of events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, events: Callable[[], Iterator[Event]]) -> None:
        monkeypatch.setattr(jobs, "train", lambda *_, **__: RunJob(lambda _home: events()))


def test_an_exception_in_the_worker_is_told_and_the_next_run_works(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Iterator[Event]:
        raise ValueError("something new")
        yield

    with monkeypatch.context() as patch:
        ScriptedEngine(patch, broken)
        click(qtbot, window, "Start")
        wait_for(qtbot, window, State.IDLE)
    assert "ValueError: something new" in window.message_bar.text
    assert "Traceback" in caplog.text
    start_and_wait(qtbot, window)
    assert window.runs_panel.model.records[0].status == "finished"


def test_a_refusal_of_the_worker_is_told(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing() -> Iterator[Event]:
        raise UserError("training.epochs is 3; it must be more")
        yield

    ScriptedEngine(monkeypatch, refusing)
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    assert window.message_bar.text.endswith("training.epochs is 3; it must be more")
    assert "Ready" in texts(window.progress_panel)


def test_shortcuts_drive_a_run(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.take_values({"training.epochs": 100_000})
    window.activateWindow()
    assert action(window, "Start").shortcut().toString() == "Ctrl+Return"
    action(window, "Start").trigger()
    wait_for(qtbot, window, State.RUNNING)
    action(window, "Pause or resume").trigger()
    assert window.session.state is State.PAUSED
    action(window, "Stop").trigger()
    wait_for(qtbot, window, State.IDLE)


def test_every_control_has_a_name_and_a_tooltip(window: MainWindow) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QSlider

    nameless, wordless = [], []
    for workspace in ("build", "train", "inspect", "compare"):
        window.workspaces.show(workspace)
        for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider):
            for widget in window.findChildren(kind):
                if widget.objectName().startswith("qt_") or not widget.isVisibleTo(window):
                    continue
                text = widget.text() if isinstance(widget, QAbstractButton) else ""
                if not (widget.accessibleName() or text):
                    nameless.append(widget)
                if not widget.toolTip():
                    wordless.append((type(widget).__name__, text or widget.accessibleName()))
    assert nameless == []
    assert [entry for entry in wordless if entry[0] != "CornerButton"] == []


def test_the_pointer_over_a_cell_is_described(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    window.workspaces.show("inspect")
    view = window.inspect_desk.side.confusion_view
    qtbot.mouseMove(view, QPoint(1, 1))
    qtbot.mouseMove(view, view.cell_rect(1, 1).center())
    assert "green recognized" in view.accessibleDescription()


def test_steps_cross_to_the_window_in_order(qtbot: QtBot, window: MainWindow) -> None:
    seen: list[int] = []
    window.session.event_said.connect(
        lambda m: seen.extend(m.steps.tolist()) if isinstance(m, StepMetrics) else None
    )
    start_and_wait(qtbot, window)
    assert seen == list(range(1, 19))


def test_a_run_of_another_process_is_followed(
    qtbot: QtBot, window: MainWindow, home: Home, tiny_config: RunConfig
) -> None:
    """Another connection writes a run, as a headless command would; the window shows it without a click."""
    store = RunStore(home)
    events = training.train(tiny_config, store=store)
    for event in events:
        if isinstance(event, EpochMetrics):
            break
    window.library.watch()
    (record,) = window.runs_panel.model.records
    assert record.status == "running"
    window.runs_panel.select(record.id)
    wait_for_curves(qtbot, window)
    curves = window.plot_panel.curves(record.id)
    assert curves.points("loss", "test").x.tolist() == [1.0]
    assert says(window.inspect_desk.side, "Epoch 1, live:")
    for event in events:
        if isinstance(event, EpochMetrics):
            break
    window.library.watch()
    assert curves.points("loss", "test").x.tolist() == [1.0, 2.0]
    assert len(curves) == 12
    assert says(window.inspect_desk.side, "Epoch 2, live:")
    events.close()
    store.close()
    window.library.watch()
    assert window.runs_panel.model.records[0].status == "stopped"


def test_a_broken_preset_of_ones_own_is_told_and_the_window_opens(
    home: Home, make_window: Callable[..., MainWindow]
) -> None:
    (home.presets / "mine.toml").write_text("[model.x]\nblocks = [0]\nwidths = [1]\n")
    window = make_window()
    assert "mine.toml" in window.message_bar.text
    assert button(window, "Start").isEnabled()


def test_a_run_deleted_elsewhere_is_told_and_leaves_the_list(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    click(qtbot, window, "Start")
    wait_for(qtbot, window, State.IDLE)
    run_id = window.runs_panel.model.records[0].id
    store = RunStore(home)
    store.delete(run_id)
    store.close()
    action(window.runs_panel, "Use settings").trigger()
    assert "not known" in window.message_bar.text
    assert window.runs_panel.model.rowCount() == 0
    assert button(window, "Start").isEnabled()


def test_the_collector_stays_on_the_windows_thread(qtbot: QtBot, window: MainWindow) -> None:
    """Freeing a QObject on the worker's thread aborts the process."""
    threads: set[object] = set()

    def note(phase: str, _info: object) -> None:
        if phase == "start":
            threads.add(threading.current_thread())

    gc.callbacks.append(note)
    try:
        click(qtbot, window, "Start")
        assert window.session.state is not State.IDLE
        wait_for(qtbot, window, State.IDLE)
        window.findChild(GarbageCollector).check()
    finally:
        gc.callbacks.remove(note)
    assert threads <= {threading.main_thread()}
    assert not gc.isenabled()


def test_no_two_entries_of_the_menus_have_one_key(window: MainWindow) -> None:
    """Qt does neither then."""
    keys = [
        key.toString()
        for entry in window.findChildren(QAction)
        if entry.shortcutContext() == Qt.ShortcutContext.WindowShortcut
        for key in entry.shortcuts()
    ]
    assert sorted(keys) == sorted(set(keys))
