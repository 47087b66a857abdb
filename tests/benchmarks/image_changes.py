"""How soon the view Changes answers: to a slider, to another image, to the search for the smallest change.

    python -m tests.benchmarks.image_changes [--model resnet20] [--moves 100] [--images 20]

In a window, from what the person does until the answer is shown; how late a 16 ms timer of the window's thread
comes meanwhile. The budget of a move is 50 ms, that of the window's thread 33 ms. Uses the display it finds;
without one, Qt's offscreen platform.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QTabWidget

from tests.benchmarks.lanes import Ticks, kept_run, percentiles, wait
from tests.benchmarks.table import machine, print_table
from workbench.core.home import Home
from workbench.core.inspection.image_changes import ImageChange
from workbench.gui.inspect.changes.changes_view import ChangesView
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

_PATIENCE_S = 600.0


class Answers:
    """Counts what the view has been told, by the slots through which it is."""

    def __init__(self, view: ChangesView) -> None:
        self.counts = {"answer": 0, "effects": 0, "smallest": 0, "views": 0}
        self._count(view, "show_answer", "answer")
        self._count(view, "show_effects", "effects")
        self._count(view.smallest, "show_found", "smallest")
        self._count(view.views_test, "show_found", "views")

    def _count(self, owner: object, slot: str, name: str) -> None:
        show = getattr(owner, slot)

        def counting(found: object) -> None:
            show(found)
            self.counts[name] += found is not None

        setattr(owner, slot, counting)

    def took_ms(self, name: str, act: Callable[[], object]) -> float:
        """From `act` to what is shown next."""
        before, started = self.counts[name], time.perf_counter()
        act()
        while self.counts[name] == before:
            wait(1)
            if time.perf_counter() - started > _PATIENCE_S:
                raise TimeoutError(f"no {name} in {_PATIENCE_S:.0f} s")
        return 1000 * (time.perf_counter() - started)


def changes(count: int) -> Iterator[ImageChange]:
    for number in range(count):
        yield ImageChange(
            bool(number % 2), number % 9 - 4, number % 7 - 3, number % 31 - 15, 0.5 + number % 10 / 10
        )


def opened_view(window: MainWindow) -> ChangesView:
    window.workspaces.show("inspect")
    for tabs in window.findChildren(QTabWidget):
        if "Changes" in (titles := [tabs.tabText(index) for index in range(tabs.count())]):
            tabs.setCurrentIndex(titles.index("Changes"))
    return window.findChild(ChangesView)


def measure(window: MainWindow, moves: int, images: int) -> None:
    selection, ticks = window.selection, Ticks()
    started = time.perf_counter()
    view = opened_view(window)
    built = 1000 * (time.perf_counter() - started)
    answers = Answers(view)
    first = answers.took_ms("effects", lambda: None)
    wait(500)
    ticks.run(True)
    moved = [answers.took_ms("answer", lambda c=change: view.controls.show_change(c)) for change in changes(moves)]
    view.controls.reset()
    wait(500)
    chosen = [answers.took_ms("effects", lambda i=index: selection.choose_image(i)) for index in range(images)]
    found = []
    for index in range(min(images, 5)):
        selection.choose_image(100 + index)
        wait(500)
        found.append(answers.took_ms("smallest", view.smallest.bar._on_click))
        wait(100)
    views = answers.took_ms("views", view.views_test.bar._on_click)
    ticks.run(False)
    rows = [
        ("a slider's answer", str(len(moved)), *percentiles(moved)),
        ("all of another image", str(len(chosen)), *percentiles(chosen)),
        ("the smallest changes", str(len(found)), *percentiles(found)),
        ("the view, when it is first opened", "1", *percentiles([built])),
        ("all of the first image, network opened", "1", *percentiles([first])),
        ("all test images with ten views", "1", *percentiles([views])),
        ("a tick of the window's thread, late", str(len(ticks.late_ms)), *percentiles(ticks.late_ms)),
    ]
    print_table(("until it is shown", "times", "median, ms", "p99, ms", "max, ms"), rows)
    within = sum(each <= 50 for each in moved) / len(moved)
    late = sum(each > 33 for each in ticks.late_ms)
    print(f"\n{within:.0%} of the slider's answers within 50 ms; {late} ticks over 33 ms late")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--images", type=int, default=20)
    arguments = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        with ThreadPoolExecutor(1) as executor:
            executor.submit(kept_run, home, arguments.model).result()
        settings = QSettings(str(home.root / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(home, Theme(application, "light"), settings)
        window.resize(1440, 900)
        window.show()
        while not window.engine_is_ready:
            wait(100)
        try:
            measure(window, arguments.moves, arguments.images)
        finally:
            window.close()
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
