"""When things are redrawn: as rarely as what it costs demands."""

import time

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.redraw_timer import RedrawTimer


class Processor:
    """Time that passes only where something is computed."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def compute(self, milliseconds: float) -> None:
        self.now_s += milliseconds / 1000


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Processor:
    processor = Processor()
    monkeypatch.setattr(time, "thread_time", lambda: processor.now_s)
    return processor


@pytest.mark.parametrize(("cost_ms", "interval_ms"), [(0, 1000), (20, 2000), (60, 3000)])
def test_the_rest_is_a_hundred_times_the_cost_within_limits(
    qtbot: QtBot, processor: Processor, cost_ms: float, interval_ms: int
) -> None:
    parent = QObject()
    timer = RedrawTimer(lambda: processor.compute(cost_ms), parent)
    with qtbot.waitSignal(timer.weighed):
        timer.ask()
    assert timer.interval() == interval_ms


def test_the_painting_that_follows_is_part_of_the_cost(qtbot: QtBot, processor: Processor) -> None:
    parent = QObject()
    painting = QTimer(parent, singleShot=True, interval=0)
    painting.timeout.connect(lambda: processor.compute(15))

    def redraw() -> None:
        processor.compute(5)
        painting.start()

    timer = RedrawTimer(redraw, parent)
    with qtbot.waitSignal(timer.weighed):
        timer.ask()
    assert timer.interval() == 2000


def test_asked_often_it_redraws_once(qtbot: QtBot) -> None:
    redraws: list[None] = []
    parent = QObject()
    timer = RedrawTimer(lambda: redraws.append(None), parent)
    with qtbot.waitSignal(timer.weighed):
        for _ in range(1000):
            timer.ask()
    assert len(redraws) == 1
    assert not timer.isActive()


def test_asking_again_postpones_nothing(qtbot: QtBot) -> None:
    parent = QObject()
    timer = RedrawTimer(lambda: None, parent)
    timer.ask()
    qtbot.waitUntil(lambda: timer.remainingTime() < timer.interval() - 50)
    left_ms = timer.remainingTime()
    timer.ask()
    assert timer.remainingTime() <= left_ms
