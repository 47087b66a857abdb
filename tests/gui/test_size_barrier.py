"""What a change of a text makes the window place anew."""

from collections import Counter

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QMainWindow, QToolBar, QWidget
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.size_barrier import SizeBarrier


class Layouts(QObject):
    """Counts what an object is asked to place anew."""

    def __init__(self) -> None:
        super().__init__()
        self.of: Counter[QObject] = Counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.of[watched] += 1
        return False


def shown(qtbot: QtBot, content: QWidget) -> QMainWindow:
    """In a tool bar of a window, beside another part."""
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = QToolBar()
    inside = QWidget()
    row = QHBoxLayout(inside)
    row.addWidget(QLabel("beside"))
    row.addWidget(content, 1)
    bar.addWidget(inside)
    window.addToolBar(bar)
    window.resize(600, 200)
    window.show()
    qtbot.waitExposed(window)
    settle()
    return window


def settle() -> None:
    """A layout that is asked for may ask for another one, farther up."""
    for _ in range(10):
        QApplication.sendPostedEvents()


def a_strip() -> tuple[QWidget, QLabel]:
    strip, text = QWidget(), QLabel("1 image/s")
    text.setMinimumWidth(1)
    QHBoxLayout(strip).addWidget(text)
    return strip, text


def test_a_text_of_the_same_height_leaves_the_window_as_it_is(qtbot: QtBot) -> None:
    strip, text = a_strip()
    window = shown(qtbot, SizeBarrier(strip))
    layouts = Layouts()
    window.installEventFilter(layouts)
    text.setText("12 345 images/s")
    settle()
    assert layouts.of[window] == 0
    assert text.width() > text.fontMetrics().horizontalAdvance(text.text())


def test_a_higher_content_gets_its_room(qtbot: QtBot) -> None:
    strip, text = a_strip()
    barrier = SizeBarrier(strip)
    window = shown(qtbot, barrier)
    before = barrier.height()
    text.setText("two\nlines\nor three")
    qtbot.waitUntil(lambda: barrier.height() > before)
    assert strip.size() == barrier.size()
    assert window.isVisible()


def test_without_it_the_window_is_placed_anew(qtbot: QtBot) -> None:
    strip, text = a_strip()
    window = shown(qtbot, strip)
    layouts = Layouts()
    window.installEventFilter(layouts)
    text.setText("12 345 images/s")
    qtbot.waitUntil(lambda: layouts.of[window] > 0)
