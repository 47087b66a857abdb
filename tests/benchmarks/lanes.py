"""Training with and without evaluations on the other lane, in turn in one window; how late its ticks are then, and
how soon a canceled evaluation is gone.

    python -m tests.benchmarks.lanes [--model resnet20] [--blocks 10] [--seconds 15] [--cancels 100] [--work WORK]

One piece of work on a kept epoch (evaluation: of 2 000 test images; or an explanation, all lesions, a landscape,
test-time augmentation) is asked for every 5 s, or as soon as the one before has ended if it takes longer. Blocks
with and without follow each other, so that what else the machine does is in both. Uses the display it finds;
without one, Qt's offscreen platform, which draws too but shows nothing.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, QSettings, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from tests.benchmarks.measured_config import measured_config
from tests.benchmarks.table import machine, print_table
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.core.inspection.explanations import Question
from workbench.core.records.store import RunStore
from workbench.engine.training.training import train
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme
from workbench.gui.work import inspection_jobs, jobs
from workbench.gui.work.job import Handle, Job
from workbench.gui.work.looker import Looker, Place

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

WORK = ("evaluation", "explanation", "lesions", "landscape", "augmentation")
TICK_MS = 16
EVERY_S = 5.0
WARM_UP_S = 2.0
"""Left out at the start of every block: steps and evaluations of the one before."""
LONGEST_STEP_S = 1.5


def wait(milliseconds: float) -> None:
    loop = QEventLoop()
    timer = QTimer(singleShot=True, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(int(milliseconds))
    loop.exec()


class Ticks(QObject):
    """How late a 16 ms timer of the window's thread comes."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @Slot()
    def _tick(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, 1000 * (now - self._last) - TICK_MS))
        self._last = now

    def run(self, on: bool) -> None:
        self._last = time.perf_counter()
        if on:
            self._timer.start(TICK_MS)
        else:
            self._timer.stop()


def job_of(work: str, run_id: str, looker: Looker) -> Job:
    place = Place(run_id, 1)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    match work:
        case "evaluation":
            return jobs.evaluate_kept(run_id)
        case "explanation":
            return inspection_jobs.explain(looker, place, pixels, 0, Question("occlusion"))
        case "lesions":
            return inspection_jobs.sweep(looker, place, 2_000)
        case "landscape":
            return inspection_jobs.landscape(looker, looker, place, None, images=64, reach=1.0, seed=0, until=15)
        case _:
            return inspection_jobs.augmented_test(looker, place)


class Evaluations(QObject):
    """Asks for one every 5 s."""

    def __init__(self, window: MainWindow, run_id: str, work: str) -> None:
        super().__init__()
        self._work, self._looker = work, Looker()
        self.seconds: list[float] = []
        self._window, self._run_id = window, run_id
        self._handle: Handle | None = None
        self._asked = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(50)
        self._timer.timeout.connect(self._ask_when_due)

    def run(self, on: bool) -> None:
        if on:
            self._timer.start()
            return
        self._timer.stop()
        if self._handle is not None:
            self._handle.cancel()
        while self._handle is not None:
            wait(10)

    @Slot()
    def _ask_when_due(self) -> None:
        if self._handle is None and time.perf_counter() - self._asked >= EVERY_S:
            self.ask()

    def ask(self) -> Handle:
        self._asked = time.perf_counter()
        job = job_of(self._work, self._run_id, self._looker)
        handle = self._handle = self._window.inspecting_lane.ask(job, self._window.home, self)
        handle.finished.connect(self._note)
        handle.ended.connect(self._forget)
        return handle

    @property
    def goes_on(self) -> bool:
        return self._handle is not None

    @Slot(object)
    def _note(self, _evaluation: object) -> None:
        self.seconds.append(time.perf_counter() - self._asked)

    @Slot()
    def _forget(self) -> None:
        self._handle = None


class Training(QObject):
    """Counts the images of the run that goes on."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self.steps = 0
        self.gaps_ms: list[float] = []
        """Between two yields of the run, each of some steps."""
        self._seconds, self._last = 0.0, 0.0
        window.session.event_said.connect(self._count)

    @Slot(object)
    def _count(self, event: object) -> None:
        now = time.perf_counter()
        if isinstance(event, StepMetrics):
            # At an epoch's end the run itself evaluates, for seconds: that is in few blocks, and in no figure.
            if now - self._last < LONGEST_STEP_S:
                self.steps += len(event.steps)
                self._seconds += now - self._last
                self.gaps_ms.append(1000 * (now - self._last))
            self._last = now

    def rate(self, seconds: float) -> float:
        """Images per second over so long."""
        first, started = self.steps, self._seconds
        wait(1000 * seconds)
        return 128 * (self.steps - first) / (self._seconds - started)


def kept_run(home: Home, model: str) -> str:
    """A run with one kept epoch, to be evaluated on 2 000 test images."""
    values = {"data.train_images": 256, "training.epochs": 1}
    # The sample has 2 000 test images.
    config = measured_config(model, "sample").with_values(values)
    store = RunStore(home)
    run_id = str(list(train(config, store=store))[-1].run_id)
    store.close()
    return run_id


def cancels(evaluations: Evaluations, count: int) -> Iterator[float]:
    """Milliseconds from asking to cancel, at a moment at random, until the asker hears that it is done."""
    for _ in range(count):
        handle = evaluations.ask()
        wait(random.uniform(50, 1500))
        if not evaluations.goes_on:
            continue
        started = time.perf_counter()
        handle.cancel()
        while evaluations.goes_on:
            wait(1)
        yield 1000 * (time.perf_counter() - started)


def percentiles(values: list[float]) -> tuple[str, str, str]:
    return f"{np.median(values):.0f}", f"{np.percentile(values, 99):.0f}", f"{max(values):.0f}"


def measure(window: MainWindow, run_id: str, work: str, blocks: int, seconds: float, count: int) -> None:
    training, evaluations = Training(window), Evaluations(window, run_id, work)
    gaps: dict[str, list[float]] = {"alone": [], "evaluating": []}
    ticks = {"alone": Ticks(), "evaluating": Ticks()}
    rates: dict[str, list[float]] = {"alone": [], "evaluating": []}
    while not training.steps:
        wait(100)
    for block in range(blocks):
        for name in ("alone", "evaluating") if block % 2 == 0 else ("evaluating", "alone"):
            evaluations.run(name == "evaluating")
            wait(1000 * WARM_UP_S)
            ticks[name].run(True)
            training.gaps_ms = gaps[name]
            rates[name].append(training.rate(seconds))
            training.gaps_ms = []
            ticks[name].run(False)
    evaluations.run(False)
    took = sorted(cancels(evaluations, count))
    ratios = [with_ / without for with_, without in zip(rates["evaluating"], rates["alone"], strict=True)]
    print_table(
        ("lane of looking", "training, images/s (median)", "tick late: median, ms", "p99, ms", "max, ms"),
        [(name, f"{statistics.median(rates[name]):.0f}", *percentiles(ticks[name].late_ms)) for name in rates],
    )
    print(f"\ntraining keeps {statistics.median(ratios):.1%} (median of {blocks} pairs, {min(ratios):.1%} to "
          f"{max(ratios):.1%})")  # fmt: skip
    print_table(
        ("between two yields of the run", "median, ms", "p99, ms", "max, ms"),
        [(name, *percentiles(gaps[name])) for name in gaps],
    )
    whole = evaluations.seconds
    if whole:
        print(f"\n{len(whole)} times: {work}, in {statistics.median(whole):.1f} s (median)")
    print("a canceled one is gone after {} ms (median), {} ms (p99), {} ms (max)".format(*percentiles(took)),
          f"of {len(took)}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--cancels", type=int, default=100)
    parser.add_argument("--work", choices=WORK, default=WORK[0])
    arguments = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        # In a thread that ends: this one's pool of threads would stay, and slow down the pool of the run.
        with ThreadPoolExecutor(1) as executor:
            run_id = executor.submit(kept_run, home, arguments.model).result()
        settings = QSettings(str(home.root / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(home, Theme(application, "light"), settings)
        window.build_panel.show_config(measured_config(arguments.model))
        window.show()
        while not window.engine_is_ready:
            wait(100)
        window.training_desk.start()
        measure(window, run_id, arguments.work, arguments.blocks, arguments.seconds, arguments.cancels)
        window.close()
        while window.isVisible():
            wait(100)
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
