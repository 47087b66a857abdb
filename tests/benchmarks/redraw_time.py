"""What drawing the learning curves costs the thread of the window: the second's share that training does not get.

python -m tests.benchmarks.redraw_time
"""

import statistics
import time

import numpy as np
from PySide6.QtWidgets import QApplication

from workbench.core.events import EpochMetrics, RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.widgets.theme import Theme

_RUNS, _STEPS, _PER_EPOCH, _REPEATS = 10, 100_000, 400, 15


def filled(theme: Theme) -> PlotPanel:
    """Runs of many steps, half of them with images that are held out."""
    panel, random, folder = PlotPanel(theme), np.random.default_rng(0), Home.locate().data
    for number in range(_RUNS):
        run = f"run {number}"
        panel.add_run(run, run, number)
        place = ("CPU", "fp32", 1, ("a", "b"), (8, 1, 1), folder)
        panel.append(RunStarted(run, run, RunConfig(), *place, _PER_EPOCH, 0, 0.0))
        panel.append(steps(run, 1, _STEPS, random))
        for epoch in range(1, _STEPS // _PER_EPOCH + 1):
            loss = 2.3 / epoch**0.3 + 0.05 * number
            held_out = (loss, 0.9 - loss / 4) if number % 2 else (None, None)
            panel.append(
                EpochMetrics(run, epoch, epoch * _PER_EPOCH, 1.5, 0.4, *held_out, loss, 0.8, 500.0, 1.0, False)
            )
    return panel


def steps(run: str, first: int, count: int, random: np.random.Generator) -> StepMetrics:
    numbers = np.arange(first, first + count)
    losses = (2.3 / (numbers / _PER_EPOCH + 1) ** 0.3 * random.uniform(0.8, 1.2, count)).astype(np.float32)
    return StepMetrics(run, 1, numbers, losses, 0.9 - losses / 4, losses.astype(float), 500.0, float(first))


def measure(panel: PlotPanel, mark: int) -> tuple[float, float]:
    """Milliseconds of the thread to draw new steps of the first `mark` runs, and to paint them, at the median."""
    drawing, painting, random = [], [], np.random.default_rng(1)
    for repeat in range(_REPEATS):
        for number in range(mark):
            panel.append(steps(f"run {number}", _STEPS + 20 * repeat + 1, 20, random))
        started = time.thread_time()
        panel.redraw()
        drawn = time.thread_time()
        for plot in (panel.loss, panel.accuracy):
            plot.viewport().repaint()
        drawing.append(drawn - started)
        painting.append(time.thread_time() - drawn)
    return 1000 * statistics.median(drawing), 1000 * statistics.median(painting)


if __name__ == "__main__":
    application = QApplication([])
    theme = Theme(application, "light")
    with theme.put_on_last():
        panel = filled(theme)
        panel.resize(900, 640)
        panel.show()
    application.processEvents()
    for mark in (1, _RUNS):
        drawing, painting = measure(panel, mark)
        print(f"{mark:2} of {_RUNS} runs go on: drawn in {drawing:.0f} ms, painted in {painting:.0f} ms")
