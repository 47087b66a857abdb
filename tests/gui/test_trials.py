"""Trials before a run and orders during one, in a real window with a real engine."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, in_dialog, says, texts, turn_to
from workbench.core.errors import UserError
from workbench.core.events import Progress, RunFailed
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.export_dialog import ExportDialog
from workbench.gui.work import jobs
from workbench.gui.work.job import Job, Work
from workbench.gui.work.training_session import State


def wait_idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)


def train_long(qtbot: QtBot, window: MainWindow, config: RunConfig, epochs: int = 2) -> None:
    """Start a run that does not end by itself, and wait until it has finished some epochs."""
    window.build_panel.show_config(config.with_values({"training.epochs": 100_000}))
    window.training_desk.start()
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    run = window.run_desk.training_run
    qtbot.waitUntil(lambda: len(window.plot_panel.curves(run).points("loss", "test").x) >= epochs, timeout=LONG_MS)


def test_measuring_fills_the_card_and_an_edit_makes_it_stale(qtbot: QtBot, window: MainWindow) -> None:
    card = window.trial_desk.card
    button(card, "Measure").click()
    assert window.session.state is State.TRYING
    assert not button(window.progress_panel, "Start").isEnabled()
    assert "Measuring…" in texts(window.progress_panel)
    wait_idle(qtbot, window)
    assert "Ready" in texts(window.progress_panel)
    assert says(card, "images/s")
    assert says(card, "CPU, 1 thread")
    assert not says(card, "Settings have changed")
    window.build_panel.take_values({"training.epochs": 9})
    assert says(card, "Settings have changed")
    assert button(window.progress_panel, "Start").isEnabled()


def test_an_edit_while_rates_are_tried_makes_their_curve_one_of_former_settings(
    qtbot: QtBot, window: MainWindow
) -> None:
    qtbot.waitUntil(lambda: window.engine_is_ready, timeout=LONG_MS)
    finder = window.trial_desk.finder
    window.trial_desk.find_rate()
    assert finder.is_running
    window.build_panel.take_values({"training.learning_rate": 0.3})
    qtbot.waitUntil(lambda: not finder.is_running, timeout=LONG_MS)
    assert not says(finder, "Settings have changed since")
    window.trial_desk.find_rate()
    window.build_panel.take_values({"training.momentum": 0.5})
    qtbot.waitUntil(lambda: not finder.is_running, timeout=LONG_MS)
    assert says(finder, "Settings have changed since")


def test_measuring_can_be_stopped(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    window.trial_desk.measure()
    window.session.stop()
    wait_idle(qtbot, window)
    assert "Ready" in texts(window.progress_panel)
    assert not says(window.trial_desk.card, "images/s")
    assert has_button(window.trial_desk.card, "Measure")
    assert RunStore(home, read_only=True).runs() == []
    window.trial_desk.measure()
    wait_idle(qtbot, window)
    assert says(window.trial_desk.card, "images/s")


def test_the_certificate_says_exact(qtbot: QtBot, window: MainWindow) -> None:
    window.trial_desk.certify()
    wait_idle(qtbot, window)
    assert says(window.trial_desk.card, "Exact")


def test_a_found_rate_is_taken_and_undone(qtbot: QtBot, window: MainWindow) -> None:
    before = window.build_panel.config
    assert before is not None
    window.trial_desk.find_rate()
    wait_idle(qtbot, window)
    finder = window.trial_desk.finder
    finder.rate_chosen.emit(0.123)
    config = window.build_panel.config
    assert config is not None
    assert config.training.learning_rate == 0.123
    window.network_actions.history.undo()
    assert window.build_panel.config == before


def test_examples_follow_an_edit(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.tabs.setCurrentIndex(1)
    turn_to(window, "Augmentation")
    view = window.data_side.examples.view
    shown = []
    show = view.show_examples
    view.show_examples = lambda plain, augmented: (shown.append(augmented), show(plain, augmented))
    window.data_side.examples.draw(0)
    wait_idle(qtbot, window)
    window.build_panel.take_values({"training.trivial_augment": True})
    window.build_panel.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(shown) == 2, timeout=LONG_MS)
    wait_idle(qtbot, window)
    assert (shown[0] != shown[1]).any()


def test_the_rate_is_changed_while_training(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig, home: Home
) -> None:
    train_long(qtbot, window, tiny_config)

    def answer(dialog: QDialog) -> None:
        button(dialog, "×\u202f0.1").click()
        button(dialog, "Change").click()

    in_dialog(QDialog, answer)
    window.progress_panel.ask_rate()
    qtbot.waitUntil(lambda: "times 0.1" in window.message_bar.text, timeout=LONG_MS)
    window.session.stop()
    wait_idle(qtbot, window)
    store = RunStore(home, read_only=True)
    (change,) = store.rate_changes(store.find("latest"))
    assert change.factor == 0.1


def test_the_dialog_goes_when_the_run_ends(qtbot: QtBot, window: MainWindow, tiny_config: RunConfig) -> None:
    train_long(qtbot, window, tiny_config)
    in_dialog(QDialog, lambda _: window.session.stop())
    window.progress_panel.ask_rate()
    assert QApplication.activeModalWidget() is None
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
    button(window.message_bar, "Use 4 parts").click()
    config = window.build_panel.config
    assert config is not None
    assert config.training.accumulation == 4


@pytest.mark.parametrize(
    ("opened", "asked"), [("find_rate", "finder"), ("certify", "")], ids=["rate finder", "certificate"]
)
def test_a_trial_that_runs_out_of_memory_offers_what_would_do(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, opened: str, asked: str
) -> None:
    def greedy(*_: object) -> Job:
        def begin(_home: Home) -> Work:
            yield Progress("Trying", 0, 1)
            raise UserError("the memory is not enough; take the batch in parts", {"training.accumulation": 4})

        return Job(begin)

    monkeypatch.setattr(jobs, "trial", greedy)
    getattr(window.trial_desk, opened)()
    wait_idle(qtbot, window)
    where = window.trial_desk.finder if asked else window.message_bar
    assert says(where, "the memory is not enough")
    button(where, "Use 4 parts").click()
    config = window.build_panel.config
    assert config is not None
    assert config.training.accumulation == 4


def test_examples_are_made_while_a_run_is_trained(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig
) -> None:
    train_long(qtbot, window, tiny_config)
    window.build_panel.tabs.setCurrentIndex(1)
    turn_to(window, "Augmentation")
    view = window.data_side.examples.view
    button(view, "Show examples").click()
    qtbot.waitUntil(lambda: has_button(view, "Draw again"), timeout=LONG_MS)
    assert window.session.state is State.RUNNING
    window.session.stop()
    wait_idle(qtbot, window)


def test_a_run_is_exported_while_another_is_trained(
    qtbot: QtBot, window: MainWindow, tiny_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.training_desk.start()
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    wait_idle(qtbot, window)
    first = window.runs_panel.model.records[0].id
    train_long(qtbot, window, tiny_config)
    monkeypatch.setattr(ExportDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    monkeypatch.setattr("workbench.gui.desks.export_desk.ask_code_path", lambda *_: tmp_path / "net.py")
    window.runs_panel.export_asked.emit(first)
    qtbot.waitUntil(lambda: "Written" in window.message_bar.text, timeout=LONG_MS)
    assert window.session.state is State.RUNNING
    assert (tmp_path / "net.pt").exists()
    window.session.stop()
    wait_idle(qtbot, window)
