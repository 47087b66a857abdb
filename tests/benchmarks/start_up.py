"""How long a person waits: first paint of the window, the window usable, first step of training, reading images.

python -m tests.benchmarks.start_up [--runs 15] [--paint-only]

First paint is compared with a bare window of the same libraries, one after the other in turns, so that both see
the same machine. Seconds on the clock depend on what else the machine does; seconds of the processor hardly do.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.table import machine, print_table

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

# Appended to a script that names as `Painted` the class whose paint event ends the wait: prints seconds from
# process start to first paint, on the clock and of the processor, and whether torch was loaded.
REPORT = """
import resource
from PySide6.QtCore import QTimer
class Probe(Painted):
    is_painted = False
    def paintEvent(self, event):
        if not self.is_painted:
            self.is_painted = True
            # All widgets of the window are painted before the event loop comes back; first in its queue.
            QTimer.singleShot(0, self.report)
        super().paintEvent(event)
    def report(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        clock = time.time() - started
        print(clock, used.ru_utime + used.ru_stime, int("torch" in sys.modules), flush=True)
        os._exit(0)
"""

# The least that a program with these libraries can show: a main window with one plot. The plot covers all of it,
# so that Qt does not ask the window itself to paint.
BARE = f"""
import os, sys, time
started = float(sys.argv[1])
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QMainWindow
Painted = pg.PlotWidget
{REPORT}
application = QApplication(sys.argv[:1])
window = QMainWindow()
window.setCentralWidget(Probe())
window.resize(1440, 900)
window.show()
application.exec()
"""

# The window's own entry point, with a main window that quits when it has painted.
WORKBENCH = f"""
import os, sys, time
started = float(sys.argv[1])
from workbench.gui.app import prepare_imports
prepare_imports()
from workbench.gui import main_window
Painted = main_window.MainWindow
{REPORT}
main_window.MainWindow = Probe
from workbench.__main__ import main
sys.exit(main(["--home", sys.argv[2]]))
"""

# Seconds to first paint, to a Start that can be pressed and to the loaded engine; then the latest tick of 16 ms in
# the first second after the first paint, and how many came more than 50 ms late.
USABLE = """
import os, sys, time
started = float(sys.argv[1])
from workbench.gui.app import prepare_imports
prepare_imports()
from PySide6.QtCore import QTimer, Qt
from PySide6.QtGui import QAction, QKeySequence
from workbench.gui import main_window
class Probe(main_window.MainWindow):
    painted_at = startable_at = ready_at = None
    def paintEvent(self, event):
        super().paintEvent(event)
        if self.painted_at is None:
            self.painted_at = time.time()
            self.gaps, self.last = [], time.perf_counter()
            self.ticking = QTimer(self)
            self.ticking.setTimerType(Qt.TimerType.PreciseTimer)
            self.ticking.timeout.connect(self.tick)
            self.ticking.start(16)
            start = QKeySequence("Ctrl+Return")
            actions = self.findChildren(QAction)
            self.starting = next(action for action in actions if action.shortcut() == start)
    def tick(self):
        now = time.perf_counter()
        if time.time() < self.painted_at + 1:
            self.gaps.append(max(0.0, now - self.last - 0.016))
        self.last = now
        if self.startable_at is None and self.starting.isEnabled():
            self.startable_at = time.time()
        if self.ready_at is None and self.engine_is_ready:
            self.ready_at = time.time()
        if None not in (self.startable_at, self.ready_at) and time.time() > self.painted_at + 1:
            times = (at - started for at in (self.painted_at, self.startable_at, self.ready_at))
            print(*times, max(self.gaps), sum(gap > 0.05 for gap in self.gaps), flush=True)
            os._exit(0)
main_window.MainWindow = Probe
from workbench.__main__ import main
sys.exit(main(["--home", sys.argv[2]]))
"""

READING = """
import sys, time
from pathlib import Path
from workbench.core.data.dataset import Dataset
from workbench.core.home import Home
from workbench.engine.data import sources
home = Home(Path(sys.argv[2])).prepare()
begun = time.perf_counter()
work = sources.read(sys.argv[3], 32, home)
while True:
    try:
        next(work)
    except StopIteration as end:
        folder = end.value
        break
dataset = Dataset.open(folder)
dataset.train.images[:].sum()
print(time.perf_counter() - begun)
"""

FIRST_STEP = """
import sys, time
from pathlib import Path
import torch
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.core.settings.presets import Presets
from workbench.core.records.store import RunStore
begun = time.perf_counter()
from workbench.engine.training.training import train
store = RunStore(Home(Path(sys.argv[2])).prepare())
events = train(Presets.load().run_config("resnet8", "quick", "sample"), store=store)
next(event for event in events if isinstance(event, StepMetrics))
print(time.perf_counter() - begun)
events.close()
"""


def measure(script: str, *arguments: str) -> list[float]:
    """What a script prints last, run in an interpreter of its own that is told when it was started."""
    launcher = (
        "import os, sys, time; "
        "os.execv(sys.executable, [sys.executable, '-c', sys.argv[1], str(time.time()), *sys.argv[2:]])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", launcher, script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env=_with_bytecode(),
    )
    return [float(word) for word in done.stdout.strip().split("\n")[-1].split()]


def _with_bytecode() -> dict[str, str]:
    """Environment in which Python keeps compiled modules, as an installed program does; not in the checkout."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": os.path.join(tempfile.gettempdir(), "workbench-benchmark-bytecode")}


def row(name: str, values: list[float], limit: str = "") -> tuple[str, ...]:
    return (name, f"{statistics.median(values):.3f}", f"{min(values):.3f} to {max(values):.3f}", limit)


def compare_first_paint(runs: int, home: str) -> None:
    """The bare window and the workbench in turns, and how many times longer the workbench takes."""
    scripts = {"bare window": BARE, "workbench": WORKBENCH}
    for script in scripts.values():
        measure(script, home)  # warms the disk
    found: dict[str, list[list[float]]] = {name: [] for name in scripts}
    for _ in range(runs):
        for name, script in scripts.items():
            found[name].append(measure(script, home))
    loaded = any(torch_is_loaded for _, _, torch_is_loaded in found["workbench"])
    rows = []
    for column, what in enumerate(("on the clock", "of the processor")):
        bare, ours = ([values[column] for values in found[name]] for name in scripts)
        ratios = [mine / least for mine, least in zip(ours, bare, strict=True)]
        rows += [
            row(f"{name}: process start to first paint, {what}", values)
            for name, values in zip(scripts, (bare, ours), strict=True)
        ]
        times = statistics.median(ours) / statistics.median(bare)
        rows.append(
            (f"times the bare window, {what}", f"{times:.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}", "1.6")
        )
    print_table(("what", "seconds (median)", "range", "wanted below"), rows)
    print(f"torch loaded before first paint: {'yes' if loaded else 'no'}")


def wait_until_usable(runs: int, home: str) -> None:
    """What comes after the first paint: Start, the engine, and how late the event loop gets meanwhile."""
    names = (
        "process start to first paint",
        "process start to Start allowed",
        "process start to engine ready",
        "latest tick of 16 ms in the second after first paint",
        "ticks later than 50 ms in that second (count)",
    )
    measure(USABLE, home)  # warms the disk
    found = [measure(USABLE, home) for _ in range(runs)]
    rows = [row(name, list(values)) for name, values in zip(names, zip(*found, strict=True), strict=True)]
    print_table(("what", "seconds (median)", "range", "wanted below"), rows)


def read_and_train(runs: int) -> None:
    rows = []
    for what, script, source, limits in (
        ("sample: torch imported to first step", FIRST_STEP, "", ("3", "3")),
        ("cifar10-jpeg: reading", READING, "cifar10-jpeg", ("12", "1")),
    ):
        first, again = [], []
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as home:
                first += measure(script, home, source)
                again += measure(script, home, source)
        rows.append(row(f"{what}, first time", first, limits[0]))
        rows.append(row(f"{what}, from the decoded copy", again, limits[1]))
    print_table(("what", "seconds (median)", "range", "wanted below"), rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--paint-only", action="store_true", help="only what comes before training")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        compare_first_paint(arguments.runs, home)
        wait_until_usable(max(1, arguments.runs // 3), home)
    if not arguments.paint_only:
        read_and_train(max(1, arguments.runs // 6))
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
