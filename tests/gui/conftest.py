"""Windows for tests: each is closed again, and its thread must have ended."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.core.config import RunConfig
from workbench.core.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State

LONG_MS = 60_000


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp, "light")
    yield theme
    theme.deleteLater()


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
        for lane in (window.training_lane, window.inspecting_lane):
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
