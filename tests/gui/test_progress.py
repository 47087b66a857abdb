"""The strip of progress: what it says while a run goes on and after it, and in how little room."""

import os
import platform
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, label, says, texts
from workbench.core import speed
from workbench.core.events import EpochMetrics, Progress, RunFailed, RunFinished, RunStarted, StepMetrics
from workbench.core.formats import rough_duration
from workbench.core.network.architecture import Architecture
from workbench.core.records import measured_epochs
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig
from workbench.core.speed import Speed, seconds_per_epoch
from workbench.gui.main_window import MainWindow
from workbench.gui.network.network_figures import Figures, about, length
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State

PER_EPOCH = 100
# A window of 1280 pixels, less what stands beside the strip.
NARROW = 1280 - 330


def started(first_step: int = 0, epochs: int = 16) -> RunStarted:
    config = RunConfig().with_values({"training.epochs": epochs})
    return RunStarted(
        "a", "a", config, "CPU", "bf16", 10, ("x", "y"), (8, 1, 2), Path("/d"), PER_EPOCH, first_step,
        first_step / 2,
    )  # fmt: skip


def steps(last: int, elapsed_s: float | None = None, rate: float = 0.1) -> StepMetrics:
    one = np.ones(1, np.float32)
    elapsed_s = last / 2 if elapsed_s is None else elapsed_s
    return StepMetrics(
        "a", (last - 1) // PER_EPOCH + 1, np.array([last]), one, one, one * rate, 12_345.0, elapsed_s
    )


def epoch(number: int, validation: float | None, best: bool = True, elapsed_s: float = 50.0) -> EpochMetrics:
    return EpochMetrics(
        "a", number, number * PER_EPOCH, 1.0, 0.4, 1.1, validation, 1.2, 0.3, 1000.0, elapsed_s, best
    )


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> ProgressPanel:
    panel = ProgressPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(1400, panel.sizeHint().height())
    panel.show()
    panel.show_state(State.STARTING)
    return panel


def test_a_download_tells_how_fast_it_is(panel: ProgressPanel) -> None:
    panel.append(Progress("Downloading CIFAR-10", 45_000_000, 170_000_000, "bytes", speed_per_s=3.2e6))
    assert says(panel, "45 of 170\u202fMB, 3.2\u202fMB/s")
    panel.append(Progress("Checking it", 45_000_000, 170_000_000, "bytes"))
    assert says(panel, "45 of 170\u202fMB")
    assert not says(panel, "MB/s")


def begin(panel: ProgressPanel, event: RunStarted) -> None:
    panel.append(event)
    panel.show_state(State.RUNNING)


def test_while_it_trains_the_accuracy_is_live_and_after_it_that_of_the_kept_epoch(panel: ProgressPanel) -> None:
    begin(panel, started())
    for number, (accuracy, best) in enumerate([(0.4, True), (0.7, True), (0.6, False)], 1):
        panel.append(steps(number * PER_EPOCH, number * 50.0))
        panel.append(epoch(number, accuracy, best, number * 55.0))
    assert {"60.0\u202f%", "validation, live, epoch 3", "time left"} <= {*texts(panel)}
    assert says(panel, "learning rate 0.1")
    panel.append(RunFinished("a", "stopped"))
    shown = texts(panel)
    assert {"70.0\u202f%", "validation, kept epoch 2", "2:45", "time taken"} <= {*shown}
    assert not any("learning rate" in text or "images/s" in text or "left" in text for text in shown)


def test_without_a_split_it_is_the_last_epochs_test_accuracy(panel: ProgressPanel) -> None:
    begin(panel, started())
    panel.append(epoch(1, None))
    assert says(panel, "test, live, epoch 1")
    panel.append(RunFinished("a", "finished"))
    assert {"30.0\u202f%", "test, kept epoch 1"} <= {*texts(panel)}


def test_a_resumed_run_keeps_the_epoch_that_was_best_before(panel: ProgressPanel) -> None:
    begin(panel, started(first_step=2 * PER_EPOCH))
    panel.result.take_before(epoch(2, 0.8), epoch(2, 0.8))
    assert says(panel, "validation, live, epoch 2")
    panel.append(epoch(3, 0.6, best=False))
    panel.append(RunFinished("a", "finished"))
    assert {"80.0\u202f%", "validation, kept epoch 2"} <= {*texts(panel)}


def test_a_run_without_an_epoch_has_a_time_and_no_accuracy(panel: ProgressPanel) -> None:
    begin(panel, started())
    panel.append(steps(30))
    panel.append(RunFailed("a", "no memory", is_bug=False))
    assert {"–", "validation", "0:15", "time taken"} <= {*texts(panel)}


def test_the_next_run_begins_with_nothing(panel: ProgressPanel) -> None:
    begin(panel, started())
    panel.append(epoch(1, 0.5))
    panel.append(RunFinished("a", "finished"))
    panel.show_state(State.IDLE)
    panel.show_state(State.STARTING)
    assert not any("kept" in text or "taken" in text or "%" in text for text in texts(panel))


def test_time_left_is_rough_until_an_epoch_is_finished(panel: ProgressPanel) -> None:
    begin(panel, started())
    panel.append(steps(2))
    assert texts(panel).count("–") == 2, "too early to say"
    for last in range(4, PER_EPOCH + 1, 2):
        panel.append(steps(last))
    assert says(panel, "~12\u202fmin")
    panel.append(epoch(1, 0.5, elapsed_s=60.0))
    panel.append(steps(PER_EPOCH + 2, 61.0))
    # 15 epochs of 50 s and 10 s of evaluation, less a second.
    assert says(panel, "14:59")


def test_buttons_stand_on_one_line_and_stay_there(qtbot: QtBot, panel: ProgressPanel) -> None:
    seen = list[list[QRect]]()
    for state in (State.IDLE, State.STARTING, State.RUNNING, State.PAUSED, State.STOPPING, State.TRYING):
        panel.allow_start(state is State.IDLE, "")
        panel.show_state(state)
        QApplication.processEvents()
        names = ("Start", "Resume" if state is State.PAUSED else "Pause", "Stop", "More")
        seen.append([button(panel, name).geometry() for name in names])
    assert all(each == seen[0] for each in seen)
    assert len({(each.top(), each.height()) for each in seen[0]}) == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "~10 s"), (44, "~40 s"), (58, "~1 min"), (533, "~9 min"), (12_600, "~3.5 h")]
)
def test_what_is_rough_looks_so(seconds: float, text: str) -> None:
    assert rough_duration(seconds) == text.replace(" ", "\u202f")


def place(panel: QWidget, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(panel, widget.rect().topLeft()), widget.size())


@pytest.mark.parametrize("width", [NARROW, NARROW - 60, 1100, 1600])
@pytest.mark.parametrize("is_over", [False, True])
def test_in_little_room_nothing_overlaps_or_is_cut(
    qtbot: QtBot, panel: ProgressPanel, width: int, is_over: bool
) -> None:
    begin(panel, started(epochs=300))
    panel.append(steps(124 * PER_EPOCH, 40_000.0, rate=0.000123))
    panel.append(epoch(124, 0.9876, elapsed_s=40_100.0))
    panel.append(steps(124 * PER_EPOCH + 60, 40_120.0, rate=0.000123))
    if is_over:
        panel.append(RunFinished("a", "finished"))
    panel.resize(width, panel.height())
    qtbot.waitUntil(lambda: panel.width() == width)
    assert panel.minimumSizeHint().width() <= width
    said = [each for each in panel.findChildren(QLabel) if each.isVisible() and each.text()]
    for each in said:
        needed = each.fontMetrics().horizontalAdvance(each.text())
        assert needed <= each.width(), f"'{each.text()}' is cut"
        if isinstance(each, ElidedLabel):
            assert each.shown_text == each.text()
    buttons = [each for each in panel.findChildren(QAbstractButton) if each.isVisible()]
    for one, other in combinations([*said, *buttons], 2):
        assert not place(panel, one).intersects(place(panel, other)), f"{one} {other}"
    assert says(panel, "epoch 124")
    if not is_over:
        assert says(panel, "12\u202f345 images/s"), "the speed is the last to go"


def test_where_there_is_room_the_caption_is_whole(qtbot: QtBot, panel: ProgressPanel) -> None:
    begin(panel, started())
    panel.append(epoch(12, 0.5))
    assert says(panel, "validation, live, epoch 12")
    panel.resize(panel.minimumSizeHint().width(), panel.height())
    qtbot.waitUntil(lambda: "live, epoch 12" in texts(panel))
    panel.resize(1400, panel.height())
    qtbot.waitUntil(lambda: "validation, live, epoch 12" in texts(panel))


def test_time_goes_on_while_it_evaluates(panel: ProgressPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    begin(panel, started())
    for number in (1, 2):
        panel.append(steps(number * PER_EPOCH - 50, number * 60.0 - 35))
        panel.append(steps(number * PER_EPOCH, number * 60.0 - 10))
        if number == 1:
            panel.append(epoch(1, 0.5, elapsed_s=60.0))
    before = panel.elapsed_s
    for _ in range(8):
        now += 0.5
        panel.append(Progress("Testing", 1, 2, run_id="a"))
    assert panel.elapsed_s - before == pytest.approx(4.0)
    assert label(panel, "time left").isVisible()


def test_the_window_says_how_long_an_epoch_took(qtbot: QtBot, window: MainWindow) -> None:
    panel = window.build_panel.model_panel
    assert not says(panel, "measured")
    qtbot.mouseClick(button(window, "Start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    assert says(panel, "per epoch here, measured")
    assert says(window.progress_panel, "time taken")
    # Other settings are not measured yet.
    window.build_panel.training_panel.field("batch_size").setValue(8)
    assert not says(panel, "measured")
    window.build_panel.training_panel.field("batch_size").setValue(16)
    assert says(panel, "per epoch here, measured")


def test_an_epoch_that_was_measured_is_not_told_as_an_estimate() -> None:
    estimate = Figures(1, 1, 1, 1, 128, 2.2)
    assert estimate.epoch_text == "about 2 s"
    assert replace(estimate, epoch_s=16.1, is_measured=True).epoch_text == "16 s, measured"
    assert replace(estimate, epoch_s=None).epoch_text == "–"


def test_a_network_beside_a_measured_one_is_estimated_by_the_same_measure(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, shown = window.network_desk, list[Figures]()
    window.build_panel.show_config(RunConfig())
    monkeypatch.setattr(window.network_panel, "show_compared", lambda *said: shown.append(said[2]))
    desk.compare("resnet20")
    assert shown[-1].epoch_s is not None
    own = Architecture.of(RunConfig().model)
    estimate = seconds_per_epoch(own, images=9000, training=RunConfig().training, speed=speed_here(window))
    record = RunRecord(
        "a", 1, "a", "resnet8", "quick", "sample", RunConfig(), "finished", "", "",
        {"platform": platform.platform(), "cpu_count": os.cpu_count()},
        {"device": speed_here(window).device, "steps_per_epoch": 70}, 1.0, 0,
        (epoch(1, 0.5, elapsed_s=3 * estimate),),
    )  # fmt: skip
    before = shown[-1].epoch_s
    desk.take_runs([record])
    assert shown[-1].epoch_s == pytest.approx(3 * before)
    assert not shown[-1].is_measured


def test_the_plan_follows_what_a_run_took(qtbot: QtBot, window: MainWindow) -> None:
    bar, per_epoch = window.statusBar(), window.build_panel.model_panel
    config = window.build_panel.config
    assert config is not None
    assert says(bar, "Start (Ctrl+Return) trains")
    qtbot.mouseClick(button(window, "Start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    record = window.library.record(window.selection.run_id)
    took = measured_epochs.seconds_per_epoch(config, [record], record.started["device"])
    assert took is not None
    assert says(bar, f"{config.training.epochs} epochs: {about(took * config.training.epochs)}")
    # As if each epoch had taken 0.3 s, and then 0.9 s: "under 1 s" both, but not so many of them.
    for seconds in (300.0, 0.3, 0.9):
        window.build_panel.training_panel.field("epochs").setValue(100)
        ends = [replace(record.epochs[0], epoch=number, elapsed_s=number * seconds) for number in (1, 2, 3)]
        window.library.runs_changed.emit([replace(record, epochs=tuple(ends))])
        assert says(per_epoch, f"{length(seconds)} per epoch here, measured")
        assert says(bar, f"100 epochs: about {length(100 * seconds)}")


def speed_here(window: MainWindow) -> Speed:
    found = speed.read(window.home, speed.key_of(RunConfig().training))
    assert found is not None
    return found
