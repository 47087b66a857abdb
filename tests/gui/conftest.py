"""Windows for tests: each is closed again, and its thread must have ended."""

import gc
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, QSettings, QThread, QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.core.speed import UNITS, Speed, key_of, write
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.lane import Lane
from workbench.gui.work.training_session import State

LONG_MS = 60_000


@pytest.fixture(scope="session")
def shared_theme(qapp: QApplication) -> Iterator[Theme]:
    """One for all tests, because to style the application takes longer than most of them."""
    theme = Theme(qapp, "light")
    with theme.put_on_last():
        pass
    yield theme
    theme.deleteLater()


@pytest.fixture
def theme(shared_theme: Theme) -> Iterator[Theme]:
    """Light, and light again for the next test."""
    yield shared_theme
    if shared_theme.choice != "light":
        shared_theme.choose("light")


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[Lane]:
    lane = Lane("tested")
    lane.open()
    yield lane
    lane.close()
    assert not lane.is_open


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """The plots' menus of closed windows are held by circles, and every style would be put on them too."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a window, a running thread or an ownerless timer to the next ones."""
    threads, timers = _noted(QThread, monkeypatch), _noted(QTimer, monkeypatch)
    before = _shown_windows(qapp)
    held = _held_widgets(monkeypatch)
    yield
    held.clear()
    running = [thread for thread in threads if isValid(thread) and thread.isRunning()]
    ticking = [timer for timer in timers if isValid(timer) and timer.isActive() and timer.parent() is None]
    shown = [window for window in _shown_windows(qapp) if window not in before]
    # Not to be told of again by every later test.
    for window in shown:
        window.close()
    for timer in ticking:
        timer.stop()
    assert not shown, f"still shown: {shown}; give it to qtbot.addWidget"
    assert not running, f"still running: {running}; quit it and wait for it, as Lane.close does"
    assert not ticking, f"still ticking: {ticking}; give it a parent that is deleted, or stop it"


def _held_widgets(monkeypatch: pytest.MonkeyPatch) -> list[QWidget]:
    """All that are given to qtbot from now on, which holds them weakly.

    One that a test has in a variable of its own would be garbage as soon as the test ends. pytest-qt then has it
    painted once more; a collection within that paint destroyed it around its plot, and the process with it.
    """
    held: list[QWidget] = []
    add = QtBot.addWidget

    def adding(qtbot: QtBot, widget: QWidget, **options: object) -> None:
        held.append(widget)
        add(qtbot, widget, **options)

    monkeypatch.setattr(QtBot, "addWidget", adding)
    return held


def _noted(kind: type[QObject], monkeypatch: pytest.MonkeyPatch) -> list[QObject]:
    """All of a kind that are started from now on."""
    noted: list[QObject] = []
    start = kind.start

    def noting(started: QObject, *arguments: object) -> None:
        noted.append(started)
        start(started, *arguments)

    monkeypatch.setattr(kind, "start", noting)
    return noted


def _shown_windows(application: QApplication) -> list[QWindow]:
    """Windows of the system. Among the widgets without a parent are also the many menus that the plots of former
    tests never showed, held by circles: to ask each of them has ended in a segmentation fault."""
    return [window for window in application.topLevelWindows() if window.isVisible()]


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Figures of this machine: without them every window would time 15 networks beside its test."""
    from workbench.engine.machine import device

    compute = device.choose(TrainingConfig())
    name = device.device_name(compute.device)
    figures = Speed(name, compute.precision, compute.device.type != "cpu", dict.fromkeys(UNITS, 1e-10))
    home = Home(tmp_path_factory.mktemp("measured"))
    write(home, key_of(TrainingConfig()), figures)
    return home.root / "speed.json"


@pytest.fixture
def home(home: Home, measured: Path) -> Home:
    """Of a person who has used this machine before."""
    shutil.copy(measured, home.root)
    return home


@pytest.fixture
def make_window(qtbot: QtBot, home: Home, theme: Theme, tmp_path: Path) -> Callable[..., MainWindow]:
    def make(where: Home = home) -> MainWindow:
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(where, theme, settings)
        # pytest-qt deletes widgets before fixtures end: a run that a failed test left must stop before that.
        qtbot.addWidget(window, before_close_func=close_window)
        window.show()
        qtbot.waitUntil(lambda: window.engine_is_ready, timeout=LONG_MS)
        return window

    def close_window(window: MainWindow) -> None:
        window.session.stop()
        qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
        window.close()
        for lane in (window.training_lane, window.inspecting_lane, window.studying_lane, window.reading_lane):
            assert not lane.is_open, "close the window: a thread of it still runs"

    return make


@pytest.fixture
def window(make_window: Callable[..., MainWindow], tiny_config: RunConfig) -> MainWindow:
    """Ready to train `tiny_config`."""
    window = make_window()
    window.build_panel.show_config(tiny_config)
    return window


@pytest.fixture
def evaluation() -> Evaluation:
    """40 images of 4 classes; every fourth is wrong, the more confidently the later it comes."""
    labels = np.arange(40) % 4
    logits = np.zeros((40, 4), np.float32)
    logits[np.arange(40), labels] = 3
    for index in range(0, 40, 4):
        logits[index, 1] = 3.5 + index / 20
    return Evaluation(labels, logits, ("cat", "dog", "frog", "ship"), epoch=2)


@pytest.fixture
def images() -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    return ImageSet(pixels, np.arange(40) % 4, tuple(f"test/x/{i:05d}.jpg" for i in range(40)))


@pytest.fixture
def run_alone() -> Callable[[str], str]:
    """Run a script that could abort the interpreter in one of its own; returns what it printed."""

    def run(script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    return run
