"""An edit of a network in the window, to the repainted drawing: one of 1 202 layers against ResNet-20, in turn.

    python -m tests.benchmarks.edit_time [--edits 40]

Uses the display it finds; without one, Qt's offscreen platform, which draws too but shows nothing.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtWidgets import QApplication, QSpinBox

from tests.benchmarks.table import machine, print_table
from workbench.core.home import Home
from workbench.core.network.architecture import Architecture
from workbench.core.settings.presets import Presets
from workbench.gui.main_window import MainWindow
from workbench.gui.network.network_view import NetworkView
from workbench.gui.widgets.theme import Theme

_WIDTHS = (24, 32)
# Edits of one network before it is the other's turn.
_BLOCK = 5


class Painted(QObject):
    """Notes that a widget was painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self.is_done = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.is_done = self.is_done or event.type() == QEvent.Type.Paint
        return super().eventFilter(watched, event)


def edit_ms(application: QApplication, window: MainWindow, painted: Painted, width: int) -> float:
    """Change the width of the first stage, and wait until the network is drawn anew."""
    box = next(box for box in window.findChildren(QSpinBox) if box.accessibleName() == "Width of stage 1")
    application.processEvents()
    painted.is_done = False
    begun = time.perf_counter()
    box.setValue(width)
    while not painted.is_done:
        application.processEvents()
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--edits", type=int, default=40)
    edits = parser.parse_args().edits
    application = QApplication([])
    times: dict[str, list[float]] = {"resnet1202": [], "resnet20": []}
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(Home(Path(folder)).prepare(), Theme(application, "light"), settings)
        window.show()
        while not window.engine_is_ready:
            application.processEvents()
        painted = Painted(next(iter(window.findChildren(NetworkView))))
        for _ in range(edits // _BLOCK):
            for name, found in times.items():
                window.build_panel.model_panel.select_preset(name)
                # The first one after another preset draws a network of another shape.
                edit_ms(application, window, painted, _WIDTHS[1])
                found += [edit_ms(application, window, painted, _WIDTHS[edit % 2]) for edit in range(_BLOCK)]
        window.close()
    counted, config = [], Presets.load().models["resnet1202"].config
    for _ in range(edits):
        begun = time.perf_counter()
        Architecture.of(config)
        counted.append(1000 * (time.perf_counter() - begun))
    rows = [
        (name, f"{statistics.median(found):.0f} ms", f"{min(found):.0f} to {max(found):.0f}")
        for name, found in times.items()
    ]
    rows.append(("resnet1202, counting alone", f"{statistics.median(counted):.0f} ms",
                 f"{min(counted):.0f} to {max(counted):.0f}"))  # fmt: skip
    print_table(("edit of", "median", "range"), rows)
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
