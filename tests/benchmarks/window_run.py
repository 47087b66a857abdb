"""One run in the real window: its rate and how much of a core the window's own thread takes meanwhile; then the
lateness of a 16 ms tick while it goes on. As JSON.

One after the other: the tick belongs to the measurement, not to the window, and would cost some of the rate.
"""

import json
import time

import numpy as np
from PySide6.QtCore import QSettings, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from tests.benchmarks.arguments import WARM_UP_S, one_run_in_a_workspace
from tests.benchmarks.measured_config import measured_config
from tests.benchmarks.run_in_window import RunInWindow
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

TICK_MS = 16


class Probe(RunInWindow):
    """Measures the run, closes the window."""

    def __init__(self, window: MainWindow, seconds: float, workspace: str) -> None:
        super().__init__(window)
        self.seconds, self.workspace = seconds, workspace
        self.begun = self.first = self.started = self.own_s = self.share = 0.0
        self.lateness: list[float] = []
        self.ticked = 0.0
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        self.rate = 0.0

    @Slot()
    def tick(self) -> None:
        now = time.perf_counter()
        if self.ticked:
            self.lateness.append(1000 * (now - self.ticked) - TICK_MS)
        self.ticked = now

    @Slot(object)
    def receive(self, message: object) -> None:
        if not isinstance(message, StepMetrics):
            return
        now, done = time.perf_counter(), int(message.steps[-1])
        if not self.begun:
            self.begun = now
            self.window.workspaces.show(self.workspace)
        elif not self.started and done >= 3 and now - self.begun >= WARM_UP_S:
            self.started, self.first, self.own_s = now, done, time.thread_time()
        elif not self.rate and self.started and now - self.started >= self.seconds and done - self.first >= 4:
            self.rate = 128 * (done - self.first) / (now - self.started)
            self.share = (time.thread_time() - self.own_s) / (now - self.started)
            self.timer.start(TICK_MS)
        elif self.rate and now - self.started >= 1.6 * self.seconds:
            self.finish()

    def finish(self) -> None:
        late = np.maximum(self.lateness, 0)
        result = {
            "images_per_s": self.rate,
            "window_share": self.share,
            "late_p99_ms": float(np.percentile(late, 99)),
            "late_max_ms": float(late.max()),
        }
        print(json.dumps(result), flush=True)
        self.stop_listening()
        self.timer.stop()
        self.window.close()


def main() -> None:
    folder, model, seconds, workspace = one_run_in_a_workspace()
    application = QApplication([])
    home = Home(folder).prepare()
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(home, Theme(application, "light"), settings)
    window.build_panel.show_config(measured_config(model))
    probe = Probe(window, seconds, workspace)
    window.show()
    application.exec()
    del probe


if __name__ == "__main__":
    main()
