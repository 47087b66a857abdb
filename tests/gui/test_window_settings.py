"""What was remembered of the window may be odd: it opens as at first."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.theme import Theme
from workbench.gui.workspaces import WindowLayout

ODD = (
    b"", b"\x00\xff\xfe", b"[General]\ngeometry=3\nstate=4\ntheme=5",
    b"geometry=@ByteArray(\\0\\0)\nstate=@ByteArray(x)",
    b"geometry=@Invalid()\nstate=@Variant(\\0\\0)\ntheme=@Size(1 2)", b"state=@ByteArray(" + b"x" * 100_000 + b")",
    b"[" * 10_000, b"geometry=a, b, c\nstate=a, b\ntheme=dark, light",
)  # fmt: skip


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
def test_odd_settings_open_the_window_as_at_first(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "window.ini").write_bytes(content)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    theme = Theme(qapp, str(settings.value("theme", "system")))
    window = QMainWindow()
    qtbot.addWidget(window)
    layout = WindowLayout(window, QWidget(), QWidget(), QWidget(), QWidget())
    layout.restore(settings)
    window.show()
    assert [dock.isVisible() for dock in layout.docks] == [True, True, True]
    theme.deleteLater()
