"""What a person sees and does in a window, for tests: found by its words, not by where the program keeps it."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QDeadlineTimer, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QListView,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workbench.gui.main_window import MainWindow

_Widget = TypeVar("_Widget", bound=QWidget)
_Dialog = TypeVar("_Dialog", bound=QDialog)
# What a dialog waits for may be read from disk, by a thread, on a machine that does much else.
_DIALOG_MS = 60_000


def button(parent: QWidget, text: str) -> QAbstractButton:
    """The button with this text that is not hidden."""
    found = [
        each for each in parent.findChildren(QAbstractButton) if each.text() == text and _is_shown(each, parent)
    ]
    assert len(found) == 1, f"{len(found)} buttons '{text}' in {parent}"
    return found[0]


def button_like(parent: QWidget, start: str) -> QAbstractButton:
    """The button whose text begins so, where the rest of it changes."""
    buttons = [b for b in parent.findChildren(QAbstractButton) if b.text().startswith(start)]
    found = [each for each in buttons if _is_shown(each, parent)]
    assert len(found) == 1, f"{len(found)} buttons '{start}…' in {parent}"
    return found[0]


def has_button(parent: QWidget, text: str) -> bool:
    return any(each.text() == text and _is_shown(each, parent) for each in parent.findChildren(QAbstractButton))


def texts(parent: QWidget) -> list[str]:
    """What all labels say that are not hidden."""
    return [each.text() for each in parent.findChildren(QLabel) if _is_shown(each, parent) and each.text()]


def says(parent: QWidget, words: str) -> bool:
    """Whether some label says these words."""
    return any(words in text for text in texts(parent))


def label(parent: QWidget, words: str) -> QLabel:
    """The label that is not hidden and says these words."""
    found = [each for each in parent.findChildren(QLabel) if words in each.text() and _is_shown(each, parent)]
    assert len(found) == 1, f"{len(found)} labels '{words}' among {texts(parent)}"
    return found[0]


def named(parent: QWidget, kind: type[_Widget], name: str) -> _Widget:
    """The widget that assistive technology calls so."""
    found = [each for each in parent.findChildren(kind) if each.accessibleName() == name]
    assert len(found) == 1, f"{len(found)} widgets '{name}' in {parent}"
    return found[0]


def pick(parent: QWidget, name: str, text: str) -> None:
    """Choose an entry of the box of this name, as a person does."""
    box = named(parent, QComboBox, name)
    row = box.findText(text)
    assert row >= 0, f"no '{text}' among {[box.itemText(each) for each in range(box.count())]}"
    box.setCurrentIndex(row)
    box.activated.emit(row)


def turn_to(parent: QWidget, title: str) -> None:
    """Choose the tab of this title."""
    found = [
        (tabs, index)
        for tabs in parent.findChildren(QTabWidget)
        for index in range(tabs.count())
        if tabs.tabText(index) == title
    ]
    assert len(found) == 1, f"{len(found)} tabs '{title}' in {parent}"
    tabs, index = found[0]
    tabs.setCurrentIndex(index)


def pictures_in(parent: QWidget) -> int:
    """How many pictures its only gallery holds, those further down too."""
    views = [view for view in parent.findChildren(QListView) if view.viewMode() == QListView.ViewMode.IconMode]
    assert len(views) == 1, f"{len(views)} galleries in {parent}"
    model = views[0].model()
    return model.rowCount() if model is not None else 0


def action(window: QWidget, text: str) -> QAction:
    """The entry of a menu with this text, but for the mark of its key."""
    found = [each for each in window.findChildren(QAction) if each.text().replace("&", "") == text]
    assert len(found) == 1, f"{len(found)} entries '{text}'"
    return found[0]


def in_dialog(kind: type[_Dialog], fill: Callable[[_Dialog], None]) -> None:
    """Fill the dialog of this kind that opens next, whenever that is.

    One that is not closed by that is rejected in the end: while a dialog waits for a person nothing of Python
    runs, not even the limit of time for a test.
    """
    deadline = QDeadlineTimer(_DIALOG_MS)

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind):
            QTimer.singleShot(_DIALOG_MS, dialog, dialog.reject)
            try:
                fill(dialog)
            except BaseException:
                dialog.reject()
                raise
        elif not deadline.hasExpired():
            QTimer.singleShot(10, look)
        elif isinstance(dialog, QDialog):
            dialog.reject()
            raise AssertionError(f"{dialog} asks, not a {kind.__name__}")

    QTimer.singleShot(0, look)


def press_in_dialog(text: str) -> None:
    """Once a dialog asks, press its button."""
    in_dialog(QDialog, lambda dialog: button(dialog, text).click())


def is_drawn_as_written(each: QLabel) -> bool:
    """Whether all characters of its text are seen, also those that could be markup."""
    pictures = []
    for text_format in (each.textFormat(), Qt.TextFormat.PlainText):
        copy = QLabel(each.text())
        copy.setTextFormat(text_format)
        copy.setWordWrap(True)
        copy.resize(320, 160)
        pictures.append(copy.grab().toImage())
    return pictures[0] == pictures[1]


def _is_shown(widget: QWidget, parent: QWidget) -> bool:
    return widget.isVisibleTo(parent)


def wait_for_curves(qtbot: QtBot, window: MainWindow) -> None:
    """Until all recorded runs that are drawn are read."""
    qtbot.waitUntil(lambda: not window.run_desk.reading.is_busy, timeout=10_000)
