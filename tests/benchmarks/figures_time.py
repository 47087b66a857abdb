"""The figures of an evaluation of 10 000 test images in the window, each from what is done to the painted window.

    python -m tests.benchmarks.figures_time [--rounds 5] [--size 1440 900]

A click on a cell of the matrix until its images stand in the gallery, and a move of the epoch slider while
calibration is seen, with temperature and every plot: both have 100 ms. Beside them what is found on the way, by
itself. Uses the display it finds; without one, Qt's offscreen platform, which draws too but shows nothing.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QTabWidget

from tests.benchmarks.table import machine, print_table
from tests.benchmarks.workspaces import _EPOCHS, Clock, record_run
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.inspection.confusion import clustered_order
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

_BUDGET_MS = 100
_HELD_OUT, _CLASSES = 5_000, 10


def hold_out(home: Home) -> None:
    """Give every epoch of the recorded run an evaluation of held-out images too."""
    (folder,) = (path / "evaluations" for path in home.runs.iterdir())
    for epoch in range(1, _EPOCHS + 1):
        tested = Evaluation.load(folder / f"epoch-{epoch:05d}.npz")
        part = slice(0, _HELD_OUT)
        Evaluation(tested.labels[part], tested.logits[part], tested.class_names, epoch).save(
            folder / f"validation-{epoch:05d}.npz"
        )


def row(what: str, found: list[float], budget: str = "") -> tuple[str, str, str, str]:
    return what, f"{statistics.median(found):.1f} ms", f"{min(found):.1f} to {max(found):.1f}", budget


def measure(application: QApplication, window: MainWindow, rounds: int) -> list[tuple[str, str, str, str]]:
    clock, desk, budget = Clock(application, window), window.inspect_desk, f"{_BUDGET_MS} ms"
    selection, matrix = window.selection, desk.side.confusion_view
    window.workspaces.show("inspect")
    selection.show_epoch(_EPOCHS)
    cells = [(truth, said) for truth in range(_CLASSES) for said in range(0, _CLASSES, 3)]
    clicked = [clock.ms(lambda c=cell: matrix.cell_clicked.emit(*c)) for cell in cells]
    rows = [row("a cell clicked, its images in the gallery", clicked, budget)]
    selection.clear_filter()
    tabs = next(tabs for tabs in window.findChildren(QTabWidget) if tabs.indexOf(desk.calibration_view) >= 0)
    first = clock.ms(lambda: tabs.setCurrentWidget(desk.calibration_view))
    read = [clock.ms(lambda n=n: selection.show_epoch(n)) for n in range(1, _EPOCHS)]
    again = [clock.ms(lambda n=n: selection.show_epoch(n)) for _ in range(rounds) for n in range(1, _EPOCHS)]
    rows.append(row("an epoch, read from disk, with calibration drawn", read, budget))
    rows.append(row("an epoch, at hand, with calibration drawn", again, budget))
    rows.append(row("calibration, for the first time", [first]))
    return rows


def timed(do: Callable[[], object], rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        do()
        found.append(1000 * (time.perf_counter() - begun))
    return found


def measure_figures(rounds: int) -> list[tuple[str, str, str, str]]:
    """Without a window; each evaluation anew, as what was found once is kept."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, _CLASSES, 10_000)
    logits = generator.normal(size=(10_000, _CLASSES)).astype(np.float32)
    logits[np.arange(10_000), labels] += 2

    def anew() -> Evaluation:
        return Evaluation(labels, logits, tuple("abcdefghij"))

    many = generator.integers(0, 30, (200, 200))
    clustered_order(many)
    return [
        row("scores of 10 000 images", timed(lambda: anew().scores(15), rounds)),
        row("temperature, on 10 000 images", timed(lambda: anew().temperature, rounds)),
        row("coverage of 10 000 images", timed(lambda: anew().coverage, rounds)),
        row("clustered order of 10 classes", timed(lambda: clustered_order(anew().confusion), rounds)),
        row("clustered order of 200 classes", timed(lambda: clustered_order(many), rounds)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, nargs=2, default=(1440, 900))
    arguments = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        record_run(home)
        hold_out(home)
        settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(home, Theme(application, "light"), settings)
        window.resize(*arguments.size)
        window.show()
        while not window.engine_is_ready:
            application.processEvents()
        rows = measure(application, window, arguments.rounds)
        window.close()
    print_table(("what", "median", "range", "budget"), rows + measure_figures(4 * arguments.rounds))
    width, height = arguments.size
    print(f"{machine()}, {width}x{height}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
