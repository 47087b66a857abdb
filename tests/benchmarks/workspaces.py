"""Going through the epochs of a run of 10 000 test images, and switching workspaces, to the repainted window.

    python -m tests.benchmarks.workspaces [--rounds 5] [--size 1440 900]

An epoch is timed twice: read from disk, and again when it is at hand. Uses the display it finds; without one, Qt's
offscreen platform, which draws too but shows nothing.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QListView, QWidget

from tests.benchmarks.table import machine, print_table
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_sources import SAMPLE
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, EvaluationReady, RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

_IMAGES, _EPOCHS, _STEPS = 10_000, 30, 80
_NAMES = SAMPLE.class_names


def record_run(home: Home) -> None:
    """One of noise: its network knows more labels from epoch to epoch."""
    generator = np.random.default_rng(0)
    labels = np.arange(_IMAGES) % len(_NAMES)
    pixels = generator.integers(0, 256, (_IMAGES, 32, 32, 3), dtype=np.uint8)
    images = ImageSet(pixels, labels, tuple(f"test/{_NAMES[label]}/{i:05d}.png" for i, label in enumerate(labels)))
    folder = home.data / "noise"
    Dataset(_NAMES, images, images).save(folder)
    config = RunConfig().with_values({"training.epochs": _EPOCHS})
    with closing(RunStore(home)) as store:
        run = store.create(config, name="noise", model="resnet8", recipe="quick", machine={})
        counts = (45_000, 5_000, _IMAGES)
        store.record_start(
            RunStarted(run, "noise", config, "CPU", "bf16", 78_042, _NAMES, counts, folder, _STEPS, 0, 0.0)
        )
        for epoch in range(1, _EPOCHS + 1):
            logits = generator.normal(size=(_IMAGES, len(_NAMES))).astype(np.float32)
            logits[np.arange(_IMAGES), labels] += 3 * epoch / _EPOCHS
            evaluation = Evaluation(labels, logits, _NAMES, epoch)
            steps = np.arange(_STEPS * (epoch - 1) + 1, _STEPS * epoch + 1)
            # As noisy as that of batches of 128.
            fallen = 0.6 + 1.7 * np.exp(-steps / (6 * _STEPS))
            loss = (fallen * generator.normal(1, 0.1, _STEPS)).astype(np.float32)
            rate = np.full(_STEPS, 0.1)
            store.record_steps([StepMetrics(run, epoch, steps, loss, loss / 3, rate, 1e3, 1.0 * epoch)])
            store.record_evaluation(EvaluationReady(run, evaluation))
            right = evaluation.accuracy
            store.record_epoch(
                EpochMetrics(run, epoch, _STEPS * epoch, 1, right, 1, right, 1, right, 1e3, 1.0 * epoch, True)
            )
        store.finish(run, "finished", "")


class Clock:
    """Times what is done to the window, to the end of all painting that follows."""

    def __init__(self, application: QApplication, window: QWidget) -> None:
        self._application, self._window = application, window

    def ms(self, do: Callable[[], object]) -> float:
        self._settle()
        begun = time.perf_counter()
        do()
        # Layout is asked for, then painting: both come with the events that wait.
        self._application.sendPostedEvents()
        self._application.processEvents()
        return 1000 * (time.perf_counter() - begun)

    def _settle(self) -> None:
        for _ in range(5):
            self._application.processEvents()


def row(what: str, found: list[float]) -> tuple[str, str, str]:
    return what, f"{statistics.median(found):.0f} ms", f"{min(found):.0f} to {max(found):.0f}"


def measure(application: QApplication, window: MainWindow, rounds: int) -> list[tuple[str, str, str]]:
    clock, rows = Clock(application, window), []
    window.workspaces.show("inspect")
    read = [clock.ms(lambda n=n: window.selection.show_epoch(n)) for n in range(1, _EPOCHS)]
    again = [
        clock.ms(lambda n=n: window.selection.show_epoch(n)) for _ in range(rounds) for n in range(1, _EPOCHS)
    ]
    rows += [row("epoch, read from disk", read), row("epoch, at hand", again)]
    rows += measure_gallery(application, window, rounds)
    names = ("build", "train", "inspect", "compare")
    first = {}
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            taken = clock.ms(lambda name=name: window.workspaces.show(name))
            if turn:
                times[name].append(taken)
            else:
                first[name] = taken
    rows += [row(f"to {name}", found) for name, found in times.items()]
    rows += [(f"to {name}, for the first time", f"{taken:.0f} ms", "") for name, taken in first.items()]
    return rows


def measure_gallery(application: QApplication, window: MainWindow, rounds: int) -> list[tuple[str, str, str]]:
    """All images, sorted, scrolled and filtered. Afterwards the filter is as before."""
    clock, selection = Clock(application, window), window.selection
    before, everything = selection.filter, replace(selection.filter, answers="")
    view = window.inspect_desk.gallery.findChild(QListView)
    assert view is not None
    shown, sorted_, scrolled, cells = list[float](), list[float](), list[float](), list[float]()
    for _ in range(rounds):
        selection.set_filter(before)
        shown.append(clock.ms(lambda: selection.set_filter(everything)))
        for sort in ("loss", "entropy", "learned"):
            chosen = replace(everything, sort=sort)
            sorted_.append(clock.ms(lambda chosen=chosen: selection.set_filter(chosen)))
        bar = view.verticalScrollBar()
        for place in np.linspace(0, bar.maximum(), 40).astype(int).tolist():
            scrolled.append(clock.ms(lambda place=place, bar=bar: bar.setValue(place)))
        for truth, prediction in ((0, 1), (3, 5), (9, 2)):
            cells.append(clock.ms(lambda t=truth, p=prediction: selection.filter_classes(t, p)))
        selection.clear_filter()
    selection.set_filter(before)
    return [
        row(f"gallery of {_IMAGES} images", shown),
        row("gallery in another order", sorted_),
        row("gallery, anywhere else", scrolled),
        row("images of a matrix's cell", cells),
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
        settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(home, Theme(application, "light"), settings)
        window.resize(*arguments.size)
        window.show()
        while not window.engine_is_ready:
            application.processEvents()
        rows = measure(application, window, arguments.rounds)
        window.close()
    print_table(("what", "median", "range"), rows)
    width, height = arguments.size
    print(f"{machine()}, {width}x{height}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
