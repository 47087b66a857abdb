"""Four workspaces in the real window: what each shows, who switches, and what each remembers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, named, pick, says, turn_to
from tests.trained import record_run
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.work.training_session import State

DOCKS = {
    "build": {"settings"},
    "train": {"runs", "mistakes"},
    "inspect": {"run", "image", "epochs"},
    "compare": {"runs"},
}


def docks(window: MainWindow) -> set[str]:
    return {dock.objectName() for dock in window.findChildren(QDockWidget) if dock.isVisible()}


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, control: bool = False) -> None:
    """Wherever the focus is."""
    modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(QApplication.focusWidget() or window, key, modifier)


def wait_for(qtbot: QtBot, window: MainWindow, state: State) -> None:
    qtbot.waitUntil(lambda: window.session.state is state, timeout=LONG_MS)


def test_each_is_reached_by_its_button_and_its_key(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    assert docks(window) == DOCKS["build"]
    for title in ("Train", "Inspect", "Compare", "Build"):
        segment = button(named(window, QWidget, "Workspace"), title)
        qtbot.mouseClick(segment, Qt.MouseButton.LeftButton)
        assert docks(window) == DOCKS[title.lower()]
        assert segment.isChecked()
    for number, name in enumerate(DOCKS, 1):
        press(qtbot, window, Qt.Key(Qt.Key.Key_0 + number), control=True)
        assert window.workspaces.current == name


def test_each_remembers_its_docks(
    qtbot: QtBot, window: MainWindow, make_window: Callable[..., MainWindow]
) -> None:
    window.workspaces.show("train")
    window.findChild(QDockWidget, "runs").hide()
    window.findChild(QDockWidget, "settings").show()
    window.workspaces.show("compare")
    assert docks(window) == DOCKS["compare"]
    window.workspaces.show("train")
    assert docks(window) == {"settings", "mistakes"}
    window.close()
    again = make_window()
    assert again.workspaces.current == "train"
    assert docks(again) == {"settings", "mistakes"}
    action(again, "Reset this workspace").trigger()
    assert docks(again) == DOCKS["train"]


def test_sizes_come_back(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1400, 850)
    window.workspaces.show("inspect")
    side = window.findChild(QDockWidget, "run")
    window.resizeDocks([side], [460], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: side.width() == 460)
    window.workspaces.show("build")
    window.workspaces.show("inspect")
    qtbot.waitUntil(lambda: abs(side.width() - 460) <= 2)


class Paintings(QObject):
    """Counts how often each widget is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.of: Counter[QObject] = Counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.of[watched] += event.type() == QEvent.Type.Paint
        return False


def test_a_switch_paints_what_it_shows_once(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    for name in (*DOCKS, *DOCKS):
        window.workspaces.show(name)
        QApplication.sendPostedEvents()
    for name in DOCKS:
        paintings = Paintings()
        QApplication.instance().installEventFilter(paintings)
        window.workspaces.show(name)
        # Whatever waits, but no timers.
        QApplication.sendPostedEvents()
        QApplication.instance().removeEventFilter(paintings)
        areas = (area.viewport() for area in window.findChildren(QAbstractScrollArea) if area.isVisible())
        shown = [window, *(area for area in areas if not area.visibleRegion().isEmpty())]
        assert {paintings.of[widget] for widget in shown} == {1}, name


def test_start_goes_from_build_to_train(qtbot: QtBot, window: MainWindow) -> None:
    window.training_desk.start()
    wait_for(qtbot, window, State.RUNNING)
    assert window.workspaces.current == "train"
    wait_for(qtbot, window, State.IDLE)
    assert window.workspaces.current == "train"


def test_nobody_is_moved_out_of_inspect(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    window.build_panel.show_config(tiny_config)
    window.workspaces.show("inspect")
    window.selection.show_epoch(1)
    window.training_desk.start()
    assert window.session.state is not State.IDLE
    wait_for(qtbot, window, State.IDLE)
    assert window.workspaces.current == "inspect"
    assert (window.selection.run_id, window.selection.epoch) == (run_id, 1)
    assert window.runs_panel.model.rowCount() == 2


def test_the_middle_of_build_follows_the_settings(qtbot: QtBot, window: MainWindow) -> None:
    pages = (window.network_panel, window.data_side.page, window.plan_panel)
    for tab, page in enumerate(pages):
        window.build_panel.tabs.setCurrentIndex(tab)
        assert [each.isVisible() for each in pages] == [each is page for each in pages]
    # The images of the chosen folder come by themselves.
    window.build_panel.tabs.setCurrentIndex(1)
    turn_to(window, "Augmentation")
    qtbot.waitUntil(lambda: says(window.data_side.examples.view, "Above: original"), timeout=LONG_MS)


def test_a_measurement_is_seen_where_it_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    window.workspaces.show("compare")
    action(window, "Measure time and memory").trigger()
    assert window.workspaces.current == "build"
    assert window.plan_panel.isVisible()
    window.session.stop()
    wait_for(qtbot, window, State.IDLE)


def test_settings_of_a_run_are_shown_where_they_are(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("compare")
    window.run_desk.use_settings(window.runs_panel.model.records[0].id)
    assert window.workspaces.current == "build"


def test_gradients_are_a_key_away(qtbot: QtBot, window: MainWindow) -> None:
    entry = action(window, "Gradients, or back to the curves")
    for is_gradients in (True, False, True):
        entry.trigger()
        assert window.workspaces.current == "train"
        assert window.gradient_panel.isVisible() == is_gradients


def test_keys_of_epochs_belong_to_inspect(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config.with_values({"training.epochs": 7}))
    window = make_window()
    window.activateWindow()
    kept = window.selection.run.kept
    press(qtbot, window, Qt.Key.Key_PageUp, control=True)
    assert window.selection.epoch == kept
    press(qtbot, window, Qt.Key.Key_3, control=True)
    window.selection.set_filter(replace(window.selection.filter, answers=""))
    press(qtbot, window, Qt.Key.Key_End)
    assert (window.selection.epoch, window.selection.image) == (kept, window.selection.order[-1])
    press(qtbot, window, Qt.Key.Key_End, control=True)
    assert window.selection.epoch == 7
    named(window.inspect_desk.side, QComboBox, "Run").setFocus()
    for _ in range(5):
        press(qtbot, window, Qt.Key.Key_PageUp, control=True)
    assert window.selection.epoch == 2
    window.inspect_desk.gallery.focus_pictures()
    press(qtbot, window, Qt.Key.Key_PageDown, control=True)
    assert window.selection.epoch == 3
    press(qtbot, window, Qt.Key.Key_Home, control=True)
    assert window.selection.epoch == kept
    press(qtbot, window, Qt.Key.Key_B, control=True)
    assert window.selection.marked_epoch == kept
    window.selection.filter_classes(0, 1)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.selection.filter.is_any


def test_a_run_that_is_deleted_while_it_is_looked_at_leaves_empty_views(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    assert window.selection.evaluation is not None
    store = RunStore(home)
    store.delete(run_id)
    store.close()
    window.library.watch()
    assert window.selection.run_id == ""
    for view in (window.inspect_desk.side, window.inspect_desk.gallery):
        assert says(view, "once a run is chosen or trained")
    assert "deleted by another process" in window.message_bar.text


def test_an_evaluation_that_is_cut_short_is_said_in_its_place(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    for file in (home.runs / run_id / "evaluations").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    window = make_window()
    window.workspaces.show("inspect")
    for view in (window.inspect_desk.side, window.inspect_desk.gallery, window.inspect_desk.strip):
        assert says(view, "cannot read the evaluation")
    assert not window.message_bar.isVisible()
    # The kept epoch can be had again from its weights.
    button(window.inspect_desk.side, "Evaluate").click()
    qtbot.waitUntil(lambda: window.selection.evaluation is not None, timeout=LONG_MS)
    assert says(window.inspect_desk.side, "test images right")


def test_the_figures_of_a_run_are_those_of_its_kept_epoch(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config.with_values({"training.epochs": 9}))
    window = make_window()
    (record,) = window.runs_panel.model.records
    assert record.best is not None
    window.workspaces.show("inspect")
    assert window.selection.epoch == record.best.epoch
    assert window.selection.evaluation.accuracy == pytest.approx(record.best.test_accuracy, abs=1e-6)


def test_nothing_stands_out_of_a_small_window(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1280, 720)
    for name in DOCKS:
        window.workspaces.show(name)
        QApplication.processEvents()
        assert (window.width(), window.height()) == (1280, 720), f"{name} needs more room"
        for dock in window.findChildren(QDockWidget):
            if dock.isVisible():
                assert dock.width() >= dock.widget().minimumSizeHint().width()
        tabs = [each for each in window.findChildren(QTabWidget) if each.isVisible()]
        assert all(each.width() >= each.minimumSizeHint().width() for each in tabs)
        for label in window.inspect_desk.epoch_panel.findChildren(QLabel):
            if label.isVisible() and label.text():
                assert label.width() >= min(label.sizeHint().width(), label.minimumSizeHint().width())


def test_all_of_it_goes_by_keyboard(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    """Start, the worst mistake, five epochs back, two runs side by side."""
    older = record_run(home, tiny_config)
    window = make_window()
    window.build_panel.show_config(tiny_config.with_values({"training.epochs": 7}))
    window.activateWindow()
    press(qtbot, window, Qt.Key.Key_1, control=True)
    press(qtbot, window, Qt.Key.Key_Return, control=True)
    assert window.session.state is not State.IDLE
    wait_for(qtbot, window, State.IDLE)
    assert window.workspaces.current == "train"
    newer = window.selection.run_id
    press(qtbot, window, Qt.Key.Key_3, control=True)
    pick(window.inspect_desk.gallery, "Answers", "Right and wrong")
    assert window.selection.image == window.selection.order[0]
    press(qtbot, window, Qt.Key.Key_Right)
    assert window.selection.image == window.selection.order[1]
    press(qtbot, window, Qt.Key.Key_End, control=True)
    for _ in range(5):
        press(qtbot, window, Qt.Key.Key_PageUp, control=True)
    assert window.selection.epoch == 2
    press(qtbot, window, Qt.Key.Key_4, control=True)
    press(qtbot, window, Qt.Key.Key_Down)
    assert window.selection.run_id == older
    assert window.plot_panel.run(older).visible
    assert window.plot_panel.run(newer).visible
    press(qtbot, window, Qt.Key.Key_Space)
    assert not window.plot_panel.run(older).visible
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.plot_panel.run(older).visible


def test_fields_keep_their_keys_in_inspect(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.activateWindow()
    window.workspaces.show("inspect")
    window.findChild(QDockWidget, "settings").show()
    window.build_panel.show_tab("training")
    epochs = window.build_panel.training_panel.field("epochs")
    before, shown = epochs.value(), window.selection.epoch
    epochs.setFocus()
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert epochs.value() < before
    assert window.selection.epoch == shown
    window.inspect_desk.gallery.focus_pictures()
    press(qtbot, window, Qt.Key.Key_PageUp, control=True)
    assert window.selection.epoch != shown or shown == 1


def test_another_home_shows_no_run_of_the_former(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run_id = record_run(home, tiny_config)
    window = make_window()
    assert window.selection.run_id == run_id
    window.home = Home(tmp_path / "other").prepare()
    window.repair_desk.list_closed.emit()
    assert window.runs_panel.model.rowCount() == 0
    assert window.selection.run_id == ""
    assert not window.plot_panel.has_run(run_id)
    window.library.watch()
    assert "deleted" not in window.message_bar.text


def test_hidden_curves_are_drawn_when_they_are_seen(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    drawn: list[None] = []
    window.plot_panel.redrawn.connect(lambda: drawn.append(None))
    window.plot_panel.redraw()
    assert drawn == []
    window.workspaces.show("train")
    assert len(drawn) == 1


def test_the_chosen_run_stays_under_the_hand(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    for seed in (0, 1):
        record_run(home, tiny_config.with_values({"training.seed": seed}))
    window = make_window()
    window.workspaces.show("inspect")
    chooser = named(window.inspect_desk.side, QComboBox, "Run")
    chooser.showPopup()
    rows = chooser.view()
    rows.setCurrentIndex(rows.model().index(1, 0))
    window.library.refresh()
    assert rows.isVisible()
    assert rows.currentIndex().row() == 1
    chooser.hidePopup()


def test_what_was_drawn_is_drawn_again(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    first, second, third = (record_run(home, tiny_config.with_values({"training.seed": n})) for n in range(3))
    window = make_window()
    window.runs_panel.model.set_checked(first, True)
    window.close()
    again = make_window()
    assert [again.plot_panel.has_run(run_id) for run_id in (first, second, third)] == [True, False, True]
