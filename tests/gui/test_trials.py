"""Trials before a run and orders during one, in a real window with a real engine."""

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from workbench.core.config import RunConfig
from workbench.core.events import RunFailed
from workbench.core.home import Home
from workbench.core.store import RunStore
from workbench.gui.main_window import MainWindow
from workbench.gui.work.training_session import State


def wait_idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)


def press(widget: QWidget, text: str) -> None:
    next(b for b in widget.findChildren(QPushButton) if b.text() == text).click()


def texts(widget: QWidget) -> str:
    from PySide6.QtWidgets import QLabel

    return " | ".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def train_long(qtbot: QtBot, window: MainWindow, config: RunConfig, epochs: int = 2) -> None:
    """Start a run that does not end by itself, and wait until it has finished some epochs."""
    window.build_panel.show_config(config.with_values({"training.epochs": 500}))
    window.training_desk.start()
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    run = window.run_desk.training_run
    qtbot.waitUntil(lambda: len(window.plot_panel.curves(run).test["loss"].x) >= epochs, timeout=LONG_MS)


def test_measuring_fills_the_card_and_an_edit_makes_it_stale(qtbot: QtBot, window: MainWindow) -> None:
    card = window.trial_desk.card
    press(card, "Measure")
    assert window.session.state is State.TRYING
    assert not window.progress_panel._start.isEnabled()
    wait_idle(qtbot, window)
    shown = texts(card)
    assert "images/s" in shown
    assert "CPU, 1 thread" in shown
    assert not card._is_stale
    window.build_panel.training_panel._schedule._named["epochs"].setValue(9)
    assert card._is_stale
    assert window.progress_panel._start.isEnabled()


def test_measuring_can_be_stopped(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    window.trial_desk.measure()
    window.session.stop()
    wait_idle(qtbot, window)
    assert window.trial_desk._running == ""
    assert RunStore(home, read_only=True).runs() == []
    window.trial_desk.measure()
    wait_idle(qtbot, window)
    assert "images/s" in texts(window.trial_desk.card)


def test_the_certificate_says_exact(qtbot: QtBot, window: MainWindow) -> None:
    window.trial_desk.certify()
    wait_idle(qtbot, window)
    assert "Exact" in texts(window.trial_desk.card)


def test_a_found_rate_is_taken_and_undone(qtbot: QtBot, window: MainWindow) -> None:
    before = window.build_panel.config
    assert before is not None
    window.trial_desk.open_finder()
    wait_idle(qtbot, window)
    finder = window.trial_desk.finder
    finder.rate_chosen.emit(0.123)
    config = window.build_panel.config
    assert config is not None
    assert config.training.learning_rate == 0.123
    window.network_actions.history.undo()
    assert window.build_panel.config == before
    finder.close()


def test_examples_follow_an_edit(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.tabs.setCurrentIndex(1)
    view = window.examples_desk.view
    shown = []
    show = view.show_examples
    view.show_examples = lambda plain, augmented: (shown.append(augmented), show(plain, augmented))
    window.examples_desk.draw(0)
    wait_idle(qtbot, window)
    window.build_panel.training_panel._augmentation._named["trivial_augment"].setChecked(True)
    qtbot.waitUntil(lambda: len(shown) == 2, timeout=LONG_MS)
    wait_idle(qtbot, window)
    assert (shown[0] != shown[1]).any()


def test_the_rate_is_changed_while_training(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig, home: Home
) -> None:
    train_long(qtbot, window, tiny_config)

    def answer() -> None:
        dialog = window.progress_panel._rate_dialog
        assert dialog is not None
        dialog._quick.button(0).click()
        dialog.accept()

    QTimer.singleShot(200, answer)
    window.progress_panel.ask_rate()
    qtbot.waitUntil(lambda: "times 0.1" in window.message_bar.text, timeout=LONG_MS)
    window.session.stop()
    wait_idle(qtbot, window)
    store = RunStore(home, read_only=True)
    (change,) = store.rate_changes(store.find("latest"))
    assert change.factor == 0.1


def test_the_dialog_goes_when_the_run_ends(qtbot: QtBot, window: MainWindow, tiny_config: RunConfig) -> None:
    train_long(qtbot, window, tiny_config)
    QTimer.singleShot(200, window.session.stop)
    window.progress_panel.ask_rate()
    assert window.progress_panel._rate_dialog is None
    wait_idle(qtbot, window)


@pytest.mark.parametrize("paused", [False, True])
def test_keep_the_best_ends_the_run_for_good(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig, home: Home, paused: bool
) -> None:
    train_long(qtbot, window, tiny_config)
    if paused:
        window.session.pause()
    window.training_desk.finish()
    wait_idle(qtbot, window)
    (record,) = RunStore(home, read_only=True).runs()
    assert record.status == "finished"
    assert record.message.startswith("ended by hand")
    assert "Ended by hand" in window.message_bar.text


def test_what_would_do_is_a_button(qtbot: QtBot, window: MainWindow) -> None:
    failed = RunFailed("r", "the memory is not enough", False, {"training.accumulation": 4})
    window.training_desk.take_event(failed)
    assert window.message_bar._action.text() == "Use accumulation 4"
    window.message_bar._action.click()
    config = window.build_panel.config
    assert config is not None
    assert config.training.accumulation == 4
