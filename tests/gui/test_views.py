"""Pictures, progress, theme: each by itself."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtGui import QColor, QPixmapCache
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from tests.gui.run_events import started, steps
from tests.gui.seen import texts
from workbench.core.data.dataset import ImageSet
from workbench.core.events import Progress
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.widgets.pictures import thumbnail, to_pixels, to_qimage
from workbench.gui.widgets.theme import DARK, LIGHT, Theme, contrast
from workbench.gui.work.training_session import State


def test_pictures_keep_their_pixels(images: ImageSet, qapp: QApplication) -> None:
    image = to_qimage(images.images[5])
    assert np.array_equal(to_pixels(image), images.images[5])
    # Rows of an odd width are padded in memory.
    assert np.array_equal(to_pixels(to_qimage(images.images[5][:, :31])), images.images[5][:, :31])
    for y, x in ((0, 0), (3, 7), (31, 31)):
        assert image.pixelColor(x, y).getRgb()[:3] == tuple(int(v) for v in images.images[5][y, x])
    QPixmapCache.clear()
    doubled = thumbnail(images, 5, 64).toImage()
    assert doubled.size().width() == 64
    assert doubled.pixelColor(7, 3) == image.pixelColor(3, 1), "nearest neighbor at twice the size"


def test_the_bar_is_never_busy(qtbot: QtBot, theme: Theme) -> None:
    """Once busy, Qt repaints it 30 times a second, and goes on doing so while training."""
    panel = ProgressPanel(theme)
    qtbot.addWidget(panel)
    (bar,) = panel.findChildren(QProgressBar)
    at_first = texts(panel)
    limits: list[tuple[int, int]] = []

    def note() -> None:
        limits.append((bar.value(), bar.maximum()))

    panel.show_state(State.STARTING)
    note()
    for reading in (Progress("Reading images", 0, 0, run_id="r1"), Progress("Reading images", 3, 12, run_id="r1")):
        panel.append(reading)
        note()
    panel.append(started())
    panel.append(steps(1, 3))
    note()
    panel.show_state(State.STARTING)
    panel.append(Progress("Reading images", 3, 12, run_id="r2"))
    panel.show_state(State.IDLE)
    note()
    assert texts(panel) == at_first, "nothing is left of what was read"
    assert limits == [(0, 1), (0, 1), (3, 12), (3, started().total_steps), (0, 1)]


@pytest.mark.parametrize("colors", [LIGHT, DARK])
@pytest.mark.parametrize("role", ["text", "secondary", "right", "warning", "wrong", "accent"])
@pytest.mark.parametrize("ground", ["window", "surface"])
def test_text_can_be_read(colors: object, role: str, ground: str) -> None:
    ratio = contrast(QColor(getattr(colors, role)), QColor(getattr(colors, ground)))
    assert ratio >= (3.0 if role == "accent" else 4.5)


def test_run_colors_are_lifted_on_dark(theme: Theme) -> None:
    theme.choose("dark")
    surface = theme.color("surface")
    assert all(contrast(theme.series(i), surface) >= 3 for i in range(10))
    assert len({theme.series(i).name() for i in range(10)}) == 10
    theme.choose("light")


def test_signals_do_not_wear_out_true(run_alone: Callable[[str], str]) -> None:
    """PySide6 6.12.0 before Python 3.12 loses a reference to True with each emit, then aborts (PYSIDE-3474)."""
    out = run_alone(
        "import sys\n"
        "from PySide6.QtCore import QObject, Signal\n"
        "class Sender(QObject):\n"
        "    sent = Signal(object)\n"
        "sender = Sender(); sender.sent.connect(lambda x: None)\n"
        "before = sys.getrefcount(True)\n"
        "for _ in range(1000): sender.sent.emit(True)\n"
        "print(before - sys.getrefcount(True))\n"
    )
    assert abs(int(out)) < 100
