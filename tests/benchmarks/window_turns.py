"""One run in the real window, which is hidden every other few seconds: what looking at it costs the run.

    python -m tests.benchmarks.window_turns [--model resnet20] [--turns 16] [--seconds 3]

Each stretch in a workspace is compared with the mean of those before and after it in which the window was hidden.
On a machine whose pace drifts that tells smaller differences than one whole run beside another (`window_rate`, to
which it adds: a hidden window still hears what the run says).
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

from PySide6.QtCore import QSettings, QTimer, Slot
from PySide6.QtWidgets import QApplication

from tests.benchmarks.measured_config import measured_config
from tests.benchmarks.run_in_window import RunInWindow
from tests.benchmarks.table import machine, print_table
from workbench.core.events import EpochMetrics, Progress, StepMetrics
from workbench.core.home import Home
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

WORKSPACES = ("build", "train", "inspect", "compare")
HIDDEN = ""
_SETTLED_S = 0.6


class Turns(RunInWindow):
    """Goes through `states`; notes of each the steps per second and the window's thread's share of a core."""

    def __init__(self, window: MainWindow, states: list[str], seconds: float) -> None:
        super().__init__(window)
        self.states, self.seconds = states, seconds
        self.found: list[tuple[float, float] | None] = []
        """Of each state; None of one in which the run did something else than steps."""
        self._heard: list[tuple[float, int]] = []
        self._is_pure = True
        self._began = self._own = self._own_since = 0.0

    @Slot(object)
    def receive(self, event: object) -> None:
        now = time.perf_counter()
        if not self._began and isinstance(event, StepMetrics):
            # A few seconds to warm up.
            self._began = now
            QTimer.singleShot(5000, self._enter)
        if not self._began or now < self._began + _SETTLED_S:
            return
        if isinstance(event, StepMetrics):
            self._heard.append((now, int(event.steps[-1])))
        elif isinstance(event, EpochMetrics | Progress):
            # It evaluates.
            self._is_pure = False

    @Slot()
    def _enter(self) -> None:
        state = self.states[len(self.found)]
        if state == HIDDEN:
            self.window.hide()
        else:
            self.window.show()
            self.window.workspaces.show(state)
        self._heard, self._is_pure, self._began = [], True, time.perf_counter()
        QTimer.singleShot(round(1000 * _SETTLED_S), self._settle)
        QTimer.singleShot(round(1000 * (self.seconds + _SETTLED_S)), self._leave)

    @Slot()
    def _settle(self) -> None:
        """What the switch itself cost is not what looking costs."""
        self._own, self._own_since = time.thread_time(), time.perf_counter()

    @Slot()
    def _leave(self) -> None:
        own = (time.thread_time() - self._own) / (time.perf_counter() - self._own_since)
        self.found.append(None)
        if self._is_pure and len(self._heard) > 1:
            (first_at, first), (last_at, last) = self._heard[0], self._heard[-1]
            if last_at - first_at > self.seconds / 2:
                self.found[-1] = ((last - first) / (last_at - first_at), own)
        if len(self.found) < len(self.states):
            self._enter()
        else:
            self.stop_listening()
            self.window.show()
            QApplication.setQuitOnLastWindowClosed(True)
            self.window.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--turns", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    application = QApplication([])
    QApplication.setQuitOnLastWindowClosed(False)
    states = [state for name in WORKSPACES * arguments.turns for state in (HIDDEN, name)] + [HIDDEN]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(home, Theme(application, "light"), settings)
        window.build_panel.show_config(measured_config(arguments.model))
        turns = Turns(window, states, arguments.seconds)
        window.show()
        application.exec()
    report(states, turns.found)


def report(states: list[str], found: list[tuple[float, float] | None]) -> None:
    ratios: dict[str, list[float]] = {name: [] for name in WORKSPACES}
    shares: dict[str, list[float]] = {name: [] for name in (*WORKSPACES, HIDDEN)}
    for state, each in zip(states, found, strict=True):
        if each is not None:
            shares[state].append(each[1])
    for index, (before, now, after) in enumerate(zip(found, found[1:], found[2:], strict=False), 1):
        if states[index] != HIDDEN and None not in (before, now, after):
            ratios[states[index]].append(now[0] / statistics.mean((before[0], after[0])))
    rows = [(name, *_means(each), f"{len(each)}", _share(shares[name])) for name, each in ratios.items()]
    rows.append(("hidden", "", "", "", _share(shares[HIDDEN])))
    print_table(("workspace", "of the rate when hidden (median)", "mean ± its standard error", "stretches",
                 "window's thread, of a core"), rows)  # fmt: skip
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


def _means(ratios: list[float]) -> tuple[str, str]:
    if len(ratios) < 2:
        return "too few turns", ""
    error = statistics.stdev(ratios) / len(ratios) ** 0.5
    return f"{statistics.median(ratios):.1%}", f"{statistics.mean(ratios):.1%} ± {error:.1%}"


def _share(shares: list[float]) -> str:
    return f"{statistics.median(shares):.1%}" if shares else ""


if __name__ == "__main__":
    main()
