"""What the map of the test images takes: to compute it, to paint it, and how long it ever holds up the window.

python -m tests.benchmarks.map_time

Features are drawn at random around ten centers, as many as ResNet-20 and ResNet-18 have. Stalls are those of a
timer of 5 ms on the window's thread; what else the machine does stalls it too, which the first line says. The
seconds of t-SNE are the processor's: its process gives way to others.
"""

import os
import resource
import statistics
import time
from collections.abc import Callable, Generator
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QThread, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.benchmarks.table import machine, print_table
from workbench.core.inspection.embedding import Embedding
from workbench.engine.inspection import tsne
from workbench.engine.inspection.embedding import principal_components
from workbench.engine.machine.device import use_one_thread
from workbench.gui.inspect.map import map_looks
from workbench.gui.inspect.map.map_canvas import Card, MapCanvas
from workbench.gui.widgets.theme import Theme

_CLASSES = tuple(f"class {number}" for number in range(10))
_FRAMES, _REPEATS, _NOTHING_S = 40, 5, 12
# In milliseconds, but for t-SNE.
_PCA_BUDGET, _TSNE_BUDGET_S, _FRAME_BUDGET, _STALL_BUDGET = 1_000, 20, 16, 33


class Ticks(QObject):
    """The longest time between two calls of a timer."""

    def __init__(self) -> None:
        super().__init__()
        self.worst_s, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self.worst_s, self._last = 0.0, time.perf_counter()
        self._timer.start()

    def stop(self) -> float:
        self._timer.stop()
        return self.worst_s

    def _tick(self) -> None:
        now = time.perf_counter()
        self.worst_s, self._last = max(self.worst_s, now - self._last), now


class Working(QThread):
    """Does something beside the window, with one thread as a lane has."""

    def __init__(self, do: Callable[[], object]) -> None:
        super().__init__()
        self._do, self.result, self.took_s = do, None, 0.0

    def run(self) -> None:
        use_one_thread()
        started = time.perf_counter()
        self.result = self._do()
        self.took_s = time.perf_counter() - started


def features(count: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(0)
    labels = random.integers(0, len(_CLASSES), count)
    centers = random.normal(0, 1, (len(_CLASSES), width))
    return np.maximum(centers[labels] + random.normal(0, 1, (count, width)), 0).astype(np.float32), labels


def beside(application: QApplication, do: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it returned, its seconds, and the longest stall of the window meanwhile."""
    ticks, work = Ticks(), Working(do)
    work.finished.connect(application.quit)
    ticks.start()
    work.start()
    application.exec()
    worst_s = ticks.stop()
    work.wait()
    return work.result, work.took_s, worst_s


def exhausted(work: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def frames(canvas: MapCanvas, move: Callable[[int], None]) -> float:
    """Milliseconds of the thread for a frame, at the median."""
    took = []
    for frame in range(_FRAMES):
        started = time.thread_time()
        move(frame)
        canvas.repaint()
        took.append(time.thread_time() - started)
    return 1000 * statistics.median(took)


def send(canvas: MapCanvas, kind: QEvent.Type, place: QPointF) -> None:
    button = Qt.MouseButton.LeftButton
    QApplication.sendEvent(
        canvas, QMouseEvent(kind, place, canvas.mapToGlobal(place), button, button, Qt.KeyboardModifier.NoModifier)
    )


def painting(theme: Theme, embedding: Embedding) -> list[tuple[str, float, float]]:
    canvas = MapCanvas(theme, lambda _image: Card("truth → prediction", True, None))
    canvas.resize(1000, 700)
    canvas.show()
    # Before that, nothing is painted.
    QTest.qWaitForWindowExposed(canvas)
    colors = map_looks.palette(embedding, "truth", theme)

    def show(_frame: int) -> None:
        canvas.show_points(map_looks.points(embedding, "truth", (), None), colors)

    show(0)
    middle = QPointF(canvas.rect().center())
    send(canvas, QEvent.Type.MouseButtonPress, middle)
    found = [("another map, colors or filter", frames(canvas, show), _FRAME_BUDGET)]

    def pan(frame: int) -> None:
        send(canvas, QEvent.Type.MouseMove, middle + QPointF(12 + 4 * frame, 3 * frame))

    found.append(("a frame of dragging", frames(canvas, pan), _FRAME_BUDGET))
    send(canvas, QEvent.Type.MouseButtonRelease, middle)
    canvas.fit()

    def point(frame: int) -> None:
        send(canvas, QEvent.Type.MouseMove, middle + QPointF(3 * frame, 2 * frame))

    found.append(("a frame of pointing", frames(canvas, point), _FRAME_BUDGET))
    return found


def main() -> None:
    application = QApplication([])
    theme = Theme(application, "light")
    print(machine())
    _, _, worst = beside(application, lambda: time.sleep(_NOTHING_S))
    rows = [(f"nothing, for {_NOTHING_S} s: longest stall", f"{1000 * worst:.0f} ms", f"{_STALL_BUDGET} ms")]
    for width in (64, 512):
        vectors, labels = features(10_000, width)
        took = [beside(application, lambda all_of=vectors: principal_components(all_of)) for _ in range(_REPEATS)]
        seconds, worst = (statistics.median(each[at] for each in took) for at in (1, 2))
        name = f"PCA of 10 000 x {width}"
        rows.append((name, f"{1000 * seconds:.0f} ms", f"{_PCA_BUDGET} ms"))
        rows.append((f"{name}: longest stall", f"{1000 * worst:.0f} ms", f"{_STALL_BUDGET} ms"))
    vectors, labels = features(10_000, 64)
    points = principal_components(vectors)[0]
    some = vectors[:2_000]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    _, _, worst = beside(application, lambda: exhausted(tsne.place(some, points[:2_000], "Arranging")))
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    rows.append(("t-SNE of 2 000 x 64", f"{seconds:.1f} s", f"{_TSNE_BUDGET_S} s"))
    rows.append(("t-SNE: longest stall", f"{1000 * worst:.0f} ms", f"{_STALL_BUDGET} ms"))
    said = np.where(np.random.default_rng(1).random(len(labels)) < 0.2, (labels + 1) % 10, labels)
    embedding = Embedding(
        "pca", "run", 1, points, np.arange(len(points)), labels, said, _CLASSES, len(points), (0.3, 0.2)
    )
    rows += [(name, f"{took:.1f} ms", f"{budget} ms") for name, took, budget in painting(theme, embedding)]
    print_table(("of the map", "took", "at most"), rows)


if __name__ == "__main__":
    main()
