"""Messages on the desktop: by the tray, by the desktop's tool, or not at all."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject, QProcess
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from workbench.gui.widgets import notifier as module
from workbench.gui.widgets.notifier import Notifier

Desktop = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def notifier(qapp: QApplication) -> Iterator[Notifier]:
    parent = QObject()
    yield Notifier(QIcon(), parent)
    parent.deleteLater()


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """Sets what the desktop can do; returns what it was told."""

    def make(*, tray: bool, tool: bool) -> list[tuple[object, ...]]:
        told: list[tuple[object, ...]] = []
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: tray))
        monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", staticmethod(lambda: tray))
        monkeypatch.setattr(QSystemTrayIcon, "show", lambda _self: told.append(("shown",)))
        monkeypatch.setattr(QSystemTrayIcon, "hide", lambda _self: told.append(("hidden",)))
        monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _self, *said: told.append(said[:2]))
        monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}" if tool else None)
        monkeypatch.setattr(QProcess, "startDetached", staticmethod(lambda *said: told.append(said)))
        return told

    return make


def test_the_icon_is_in_the_tray_while_something_is_told(desktop: Desktop, notifier: Notifier) -> None:
    told = desktop(tray=True, tool=True)
    notifier.tell("a is trained", "91 % right")
    assert told == [("shown",), ("a is trained", "91 % right")]
    notifier.put_away()
    assert told[-1] == ("hidden",)


def test_without_a_tray_the_desktops_tool_tells_it(desktop: Desktop, notifier: Notifier) -> None:
    told = desktop(tray=False, tool=True)
    notifier.tell("-u is <b>", "a < b & c")
    ((tool, arguments),) = told
    assert tool == "/bin/notify-send"
    assert arguments[-3:] == ["--", "-u is <b>", "a &lt; b &amp; c"]


def test_where_nothing_can_be_told_nothing_happens(desktop: Desktop, notifier: Notifier) -> None:
    told = desktop(tray=False, tool=False)
    notifier.tell("a", "b")
    assert told == []


def test_switched_off_nothing_is_told(desktop: Desktop, notifier: Notifier) -> None:
    told = desktop(tray=True, tool=True)
    notifier.is_on = False
    notifier.tell("a", "b")
    notifier.put_away()
    assert told == []
