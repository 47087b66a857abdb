"""How long a person waits: first paint of the window, first step of training, reading images.

python -m tests.benchmarks.start_up [--runs 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.table import machine, print_table

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

# The window's own entry point, with a main window that quits when it has painted.
FIRST_PAINT = """
import sys, time
started = float(sys.argv[1])
from PySide6.QtCore import QCoreApplication, QTimer
from workbench.gui import main_window
class Probe(main_window.MainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, self.report)
    def report(self):
        print(time.time() - started, int("torch" in sys.modules), flush=True)
        import os; os._exit(0)
main_window.MainWindow = Probe
from workbench.__main__ import main
main(["--home", sys.argv[2]])
"""

READING = """
import sys, time
from pathlib import Path
from workbench.core.dataset import Dataset
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
from workbench.core.presets import Presets
from workbench.core.store import RunStore
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
        [sys.executable, "-S", "-c", launcher, script, *arguments], capture_output=True, text=True, check=True
    )
    return [float(word) for word in done.stdout.strip().split("\n")[-1].split()]


def row(name: str, values: list[float], limit: str) -> tuple[str, ...]:
    return (name, f"{statistics.median(values):.2f}", f"{min(values):.2f} to {max(values):.2f}", limit)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    rows = []
    with tempfile.TemporaryDirectory() as home:
        measure(FIRST_PAINT, home)  # warms the disk
        paints = [measure(FIRST_PAINT, home) for _ in range(runs)]
        loaded = any(torch_is_loaded for _, torch_is_loaded in paints)
        name = f"process start to first paint (torch loaded: {'yes' if loaded else 'no'})"
        rows.append(row(name, [seconds for seconds, _ in paints], "0.8"))
    for what, script, source, limits in (
        ("sample: torch imported to first step", FIRST_STEP, "", ("3", "3")),
        ("cifar10-jpeg: reading", READING, "cifar10-jpeg", ("12", "1")),
    ):
        first, again = [], []
        for _ in range(max(1, runs // 2)):
            with tempfile.TemporaryDirectory() as home:
                first += measure(script, home, source)
                again += measure(script, home, source)
        rows.append(row(f"{what}, first time", first, limits[0]))
        rows.append(row(f"{what}, from the decoded copy", again, limits[1]))
    print_table(("what", "seconds (median)", "range", "wanted below"), rows)
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
