"""When things are redrawn: as rarely as what it costs demands."""

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.redraw_timer import RedrawTimer


def busy_for(milliseconds: float) -> Callable[[], None]:
    """Something that takes so much processor time."""

    def compute() -> None:
        end = time.thread_time() + milliseconds / 1000
        while time.thread_time() < end:
            pass

    return compute


def interval_after(qtbot: QtBot, redraw: Callable[[], None]) -> int:
    """What the timer waits when it has redrawn once."""
    parent = QObject()
    timer = RedrawTimer(redraw, parent)
    weighed: list[None] = []
    timer.weighed.connect(lambda: weighed.append(None))
    timer.ask()
    qtbot.waitUntil(lambda: len(weighed) > 0)
    return timer.interval()


@pytest.mark.parametrize(("cost", "shortest", "longest"), [(0, 1000, 1000), (20, 2000, 2900), (60, 3000, 3000)])
def test_the_rest_is_a_hundred_times_the_cost_within_limits(
    qtbot: QtBot, cost: float, shortest: int, longest: int
) -> None:
    assert shortest <= interval_after(qtbot, busy_for(cost)) <= longest


def test_what_follows_a_redrawing_at_once_is_part_of_its_cost(qtbot: QtBot) -> None:
    parent = QObject()
    timer = RedrawTimer(lambda: painting.ask(), parent)
    painting = RedrawTimer(busy_for(25), parent)
    painting.setInterval(0)
    with qtbot.waitSignal(timer.weighed):
        timer.ask()
    assert timer.interval() > 2000


def test_asked_often_it_redraws_once(qtbot: QtBot) -> None:
    redraws: list[None] = []
    parent = QObject()
    timer = RedrawTimer(lambda: redraws.append(None), parent)
    with qtbot.waitSignal(timer.weighed):
        for _ in range(1000):
            timer.ask()
    assert len(redraws) == 1
    assert not timer.isActive()
