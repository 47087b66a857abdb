"""How long the curves of many long runs keep the window busy, beside drawing all of their points with pyqtgraph.

    python -m tests.benchmarks.curves_time [--runs 20] [--steps 100000] [--frames 60]

Each way is measured in a process of its own, on the same points at the same size. "All points" gives all of them
to pyqtgraph's own lines, which draw the least and greatest of what is in view (peak downsampling, clipped).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tests.benchmarks.table import machine, print_table
from workbench.core.curves.run_curves import RunCurves
from workbench.core.events import EpochMetrics
from workbench.core.records.run_series import RunSeries
from workbench.gui.runs.curve_choices import CurveChoices
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.widgets.theme import Theme

_PER_EPOCH, _SIZE, _LONG = 400, (1100, 560), 1_000_000
_NEW, _GROUPED, _OLD = "pyramids", "pyramids, seeds grouped", "all points"


def series(steps: int, seed: int) -> RunSeries:
    random = np.random.default_rng(seed)
    numbers = np.arange(1, steps + 1)
    loss = 2.3 / (numbers / _PER_EPOCH + 1) ** 0.3 * random.lognormal(0, 0.2, steps) + 0.02 * seed
    loss = loss.astype(np.float32)
    return RunSeries(
        numbers, loss, 1 - loss / 4, 0.1 / numbers**0.2, 0.01 * numbers, np.full(steps, 900, np.float32)
    )


def epochs(steps: int, seed: int) -> list[EpochMetrics]:
    losses = [2.2 / epoch**0.3 + 0.02 * seed for epoch in range(1, steps // _PER_EPOCH + 1)]
    return [
        EpochMetrics("", number, number * _PER_EPOCH, 1.5, 0.4, loss, 1 - loss / 4, loss + 0.05, 0.95 - loss / 4,
                     900.0, 4.0 * number, False)
        for number, loss in enumerate(losses, 1)
    ]  # fmt: skip


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Watch:
    """Turns of the event loop, the longest of which is remembered."""

    def __init__(self, application: QApplication) -> None:
        self.application, self.longest_s = application, 0.0

    def turn(self, do: Callable[[], object] = lambda: None) -> float:
        """Seconds of one turn in which something is done, and what it asks for is drawn."""
        started = time.perf_counter()
        do()
        self.application.processEvents()
        taken = time.perf_counter() - started
        self.longest_s = max(self.longest_s, taken)
        return taken


def frames(watch: Watch, show: Callable[[float, float], object], end: float, count: int) -> dict[str, list[float]]:
    """Milliseconds of each frame while the view moves along and while it is zoomed in to a thousandth."""
    random = np.random.default_rng(0)
    starts = end * np.linspace(0.1, 0.5, count)
    widths = end * 0.8 * 0.001 ** np.linspace(0, 1, count)
    middles = end * random.uniform(0.45, 0.5)
    return {
        "pan": [1000 * watch.turn(lambda start=start: show(start, start + end * 0.4)) for start in starts],
        "zoom": [1000 * watch.turn(lambda w=width: show(middles - w / 2, middles + w / 2)) for width in widths],
    }


def measure_new(
    runs: int, steps: int, count: int, watch: Watch, theme: Theme, are_grouped: bool
) -> dict[str, object]:
    panel = PlotPanel(theme)
    panel.choose(CurveChoices(are_seeds_grouped=are_grouped))
    panel.resize(*_SIZE)
    panel.show()
    watch.turn()
    watch.turn()
    before, watch.longest_s = resident_mb(), 0.0
    built, building = [], []
    for number in range(runs):
        recorded, ends = series(steps, number), epochs(steps, number)
        started = time.perf_counter()
        # On a lane, while the window goes on.
        built.append(RunCurves.of(f"run {number}", recorded, ends, [], _PER_EPOCH))
        building.append(time.perf_counter() - started)
        del recorded
    started = time.perf_counter()
    for number, curves in enumerate(built):
        # Five seeds of each.
        panel.add_run(curves.run_id, curves.run_id, number, f"group {number // 5}")
        watch.turn(lambda curves=curves: panel.take(curves))
    first = time.perf_counter() - started
    memory = resident_mb() - before
    per_step = built[0].nbytes / steps
    found = frames(watch, lambda a, b: panel.loss.show_x(a, b), steps / _PER_EPOCH, count)
    return {"first": first, "longest": watch.longest_s, "memory": memory, "build": statistics.median(building),
            "bytes": per_step, **found}  # fmt: skip


def measure_old(runs: int, steps: int, count: int, watch: Watch, theme: Theme) -> dict[str, object]:
    from workbench.gui.widgets.plotting import pg

    window = QWidget()
    layout = QVBoxLayout(window)
    plots = [pg.PlotWidget(enableMenu=False, background="w") for _ in range(2)]
    for plot in plots:
        layout.addWidget(plot)
        plot.disableAutoRange()
    plots[0].setXLink(plots[1])
    window.resize(*_SIZE)
    window.show()
    watch.turn()
    watch.turn()
    before, watch.longest_s = resident_mb(), 0.0
    data = [
        RunCurves.of("", series(steps, number), epochs(steps, number), [], _PER_EPOCH) for number in range(runs)
    ]

    def add(curves: RunCurves, color: int) -> None:
        for plot, quantity in zip(plots, ("loss", "accuracy"), strict=True):
            for kind in ("raw", "smoothed", "validation", "test"):
                line = pg.PlotDataItem(
                    pen=pg.mkPen(pg.intColor(color), width=2 if kind in ("validation", "test") else 1)
                )
                plot.addItem(line)
                line.setDownsampling(auto=True, method="peak")
                line.setClipToView(True)
                line.setData(*curves.points(quantity, kind)[:2], symbol="o" if kind == "validation" else None)

    started = time.perf_counter()
    for number, curves in enumerate(data):
        watch.turn(lambda curves=curves, number=number: add(curves, number))
    for plot, top in zip(plots, (3, 1), strict=True):
        plot.setYRange(0, top)
    watch.turn(lambda: plots[0].setXRange(0, steps / _PER_EPOCH))
    first = time.perf_counter() - started
    memory = resident_mb() - before
    found = frames(watch, lambda a, b: plots[0].setXRange(a, b, padding=0), steps / _PER_EPOCH, count)
    return {"first": first, "longest": watch.longest_s, "memory": memory, **found}


def long_run() -> tuple[float, float]:
    """Seconds to make a run of a million steps ready to be drawn, and bytes a step, at the median of five."""
    recorded, ends, taken = series(_LONG, 0), epochs(_LONG, 0), []
    for _ in range(5):
        started = time.perf_counter()
        curves = RunCurves.of("", recorded, ends, [], _PER_EPOCH)
        curves.window("loss", "raw", "epoch", 0, _LONG / _PER_EPOCH, 1000)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), curves.nbytes / _LONG


def one_way(way: str, runs: int, steps: int, count: int) -> None:
    application = QApplication([])
    theme = Theme(application, "light")
    with theme.put_on_last():
        pass
    watch = Watch(application)
    if way == _OLD:
        found = measure_old(runs, steps, count, watch, theme)
    else:
        found = measure_new(runs, steps, count, watch, theme, way == _GROUPED)
    print(json.dumps(found))


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({np.percentile(values, 95):.1f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--way", default="")
    arguments = parser.parse_args()
    if arguments.way:
        one_way(arguments.way, arguments.runs, arguments.steps, arguments.frames)
        raise SystemExit
    measured = {}
    for way in (_NEW, _GROUPED, _OLD):
        command = [sys.executable, "-m", "tests.benchmarks.curves_time", "--way", way]
        command += [f"--{name}={getattr(arguments, name)}" for name in ("runs", "steps", "frames")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        measured[way] = json.loads(done.stdout)
    print(f"{machine()}; {arguments.runs} runs of {arguments.steps} steps, {_SIZE[0]} x {_SIZE[1]} pixels")
    print_table(
        ("way", "first drawn / s", "longest turn / ms", "pan / ms (p95)", "zoom / ms (p95)", "memory / MB"),
        [
            (way, f"{m['first']:.2f}", f"{1000 * m['longest']:.0f}", _spread(m["pan"]), _spread(m["zoom"]),
             f"{m['memory']:.0f}")
            for way, m in measured.items()
        ],
    )  # fmt: skip
    new, old = measured[_NEW], measured[_OLD]
    ratios = [
        f"{name} {statistics.median(old[name]) / statistics.median(new[name]):.1f}" for name in ("pan", "zoom")
    ]
    print(f"\nAll points take so many times as long: first {old['first'] / new['first']:.1f}, {', '.join(ratios)}")
    print(f"To build a run's curves, on a lane: {1000 * new['build']:.0f} ms, {new['bytes']:.0f} bytes a step")
    seconds, size = long_run()
    print(f"A run of {_LONG} steps is ready in {1000 * seconds:.0f} ms, {size:.0f} bytes a step")
