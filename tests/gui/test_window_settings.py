"""What was remembered of the window may be odd, or of an earlier version: it opens as at first."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.theme import Theme
from workbench.gui.window_parts import WindowParts

# Byte arrays of a layout with other docks, as the version before wrote it.
ODD = (
    b"", b"\x00\xff\xfe", b"[General]\ngeometry=3\nstate=4\ntheme=5",
    b"geometry=@ByteArray(\\0\\0)\nstate=@ByteArray(x)\n[workspaces]\nbuild=@ByteArray(\\0\\xff)\ntrain=7",
    b"geometry=@Invalid()\nworkspace=@Variant(\\0\\0)\ntheme=@Size(1 2)",
    b"workspace=inspekt\n[workspaces]\nbuild=@ByteArray(" + b"x" * 100_000 + b")",
    b"[" * 10_000, b"geometry=a, b, c\nworkspace=a, b\ntheme=dark, light\n[workspaces]\nbuild=a, b",
)  # fmt: skip
PARTS = (
    "strip", "settings", "network", "images", "plan", "curves", "gradients", "blocks", "verdict", "search", "labs",
    "runs", "queue", "mistakes", "run_side", "epochs",
)  # fmt: skip


def bare(qtbot: QtBot) -> tuple[QMainWindow, WindowParts]:
    window = QMainWindow()
    qtbot.addWidget(window)
    several = {name: [(QWidget(), name)] for name in ("views", "image_views")}
    parts = WindowParts(window, **{name: QWidget() for name in PARTS}, **several)
    window.setCentralWidget(parts.stack)
    return window, parts


def standing(parts: WindowParts) -> list[str]:
    return [dock.objectName() for dock in parts.docks if dock.isVisible()]


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
def test_odd_settings_open_the_window_as_at_first(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "window.ini").write_bytes(content)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    theme = Theme(qapp, str(settings.value("theme", "system")))
    window, parts = bare(qtbot)
    parts.workspaces.restore(settings)
    window.show()
    assert parts.workspaces.current == "build"
    assert standing(parts) == ["settings"]
    for name, docks in (("train", ["runs", "mistakes"]), ("inspect", ["run", "image", "epochs"])):
        parts.workspaces.show(name)
        assert standing(parts) == docks
    theme.deleteLater()


def test_a_layout_of_an_earlier_version_is_replaced(qtbot: QtBot, tmp_path: Path) -> None:
    """One with three docks, two of which have the names of today's."""
    former = QMainWindow()
    qtbot.addWidget(former)
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QDockWidget

    for name in ("build", "runs", "inspect"):
        dock = QDockWidget()
        dock.setObjectName(name)
        former.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    settings.setValue("state", former.saveState(2))
    settings.setValue("workspaces/train", former.saveState(2))
    window, parts = bare(qtbot)
    parts.workspaces.restore(settings)
    window.show()
    assert standing(parts) == ["settings"]
    parts.workspaces.show("train")
    assert standing(parts) == ["runs", "mistakes"]
    parts.workspaces.save(settings)
    assert not settings.contains("state")
