"""Opening the window on a home with a thousand runs: first paint, the whole list, and the latest tick meanwhile.

    python -m tests.benchmarks.history_time [--runs 1000] [--rounds 5]

The same with an empty home is beside it, in turns: the difference is what the list costs. A tick is due each 4 ms;
the latest one is how long the window answered nobody, torch's loading not counted.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.benchmarks.table import machine, print_table
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.core.records.database import Database
from workbench.core.records.run_history import RunHistory
from workbench.core.records.step_blocks import blocks_of
from workbench.core.settings.config import RunConfig

EPOCHS, PER_EPOCH = 16, 70

PROBE = """
import os, sys, time
started = float(sys.argv[1])
from workbench.gui.app import prepare_imports
prepare_imports()
from PySide6.QtCore import QTimer, Qt
from workbench.gui import main_window
from workbench.gui.work.lane import Lane
class Probe(main_window.MainWindow):
    painted_at = None
    def paintEvent(self, event):
        super().paintEvent(event)
        if self.painted_at is None:
            self.painted_at, self.last, self.latest = time.time(), time.perf_counter(), 0.0
            self.ticking = QTimer(self)
            self.ticking.setTimerType(Qt.TimerType.PreciseTimer)
            self.ticking.timeout.connect(self.tick)
            self.ticking.start(4)
    def tick(self):
        now = time.perf_counter()
        self.latest, self.last = max(self.latest, now - self.last), now
        if len(self.runs_panel.model.records) >= int(sys.argv[3]) and now - self.shown_at() > 0.2:
            print(self.painted_at - started, self.whole_at - started, self.latest, flush=True)
            os._exit(0)
    whole_at = None
    def shown_at(self):
        if self.whole_at is None:
            self.whole_at, self.whole = time.time(), time.perf_counter()
        return self.whole
    def _open_lanes(self):
        pass
main_window.MainWindow = Probe
from workbench.__main__ import main
sys.exit(main(["--home", sys.argv[2]]))
"""


def record_runs(home: Home, count: int) -> None:
    """All in one transaction; each has its folder."""
    generator = np.random.default_rng(0)
    database = Database(home.prepare().database)
    with closing(database), database.transaction():
        for number in range(1, count + 1):
            history = run_history(number, generator)
            run_id = f"{number:08x}"
            history.write(run_id, number, database)
            (home.runs / run_id).mkdir()


def run_history(number: int, generator: np.random.Generator) -> RunHistory:
    names, steps = ["cat", "dog"], np.arange(1, EPOCHS * PER_EPOCH + 1)
    config = RunConfig().with_values({"training.seed": number})
    started = {
        "device": "CPU, 2 threads", "precision": "bf16", "parameters": 78_042, "class_names": names,
        "images": [9000, 1000, 2000], "dataset_path": "/d", "steps_per_epoch": PER_EPOCH, "starts": [[0, 0.0]],
    }  # fmt: skip
    history = RunHistory(
        {
            "name": f"run {number}", "model": "resnet8", "recipe": "quick", "source": "sample",
            "config": config.model_dump_json(), "machine": json.dumps({"torch": "2.14"}), "status": "finished",
            "message": "", "created_utc": f"2026-{1 + number % 12:02}-01T10:{number % 60:02}:00+00:00",
            "started": json.dumps(started), "elapsed_s": 64.0, "test_looks": EPOCHS, "number": number,
        }
    )  # fmt: skip
    for epoch in range(1, EPOCHS + 1):
        loss, accuracy = generator.random(2)
        history.epochs[epoch] = {
            "step": epoch * PER_EPOCH, "train_loss": loss, "train_accuracy": accuracy, "validation_loss": loss,
            "validation_accuracy": accuracy, "test_loss": loss, "test_accuracy": accuracy, "images_per_s": 900.0,
            "elapsed_s": 4.0 * epoch, "best": True,
        }  # fmt: skip
    figures = generator.random((2, len(steps))).astype(np.float32)
    rates = np.full(len(steps), 0.1)
    history.steps = list(
        blocks_of([StepMetrics(f"{number:08x}", EPOCHS, steps, figures[0], figures[1], rates, 900.0, 64.0, 64.0)])
    )
    return history


def opened(home: Path, count: int) -> tuple[float, ...]:
    script = [sys.executable, "-c", PROBE, str(time.time()), str(home), str(count)]
    environment = {"QT_QPA_PLATFORM": "xcb" if os.environ.get("DISPLAY") else "offscreen", **os.environ}
    done = subprocess.run(script, capture_output=True, text=True, check=True, env=environment, timeout=120)
    return tuple(map(float, done.stdout.split()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        homes = {given.runs: Home(Path(folder) / "many"), 0: Home(Path(folder) / "none")}
        record_runs(homes[given.runs], given.runs)
        times: dict[int, list[tuple[float, ...]]] = {count: [] for count in homes}
        for _ in range(given.rounds):
            for count, home in homes.items():
                times[count].append(opened(home.root, count))
    rows = [
        (f"{count} runs", *(f"{statistics.median(each):.2f} s" for each in zip(*times[count], strict=True)))
        for count in homes
    ]
    print_table(("home", "first paint", "whole list", "latest tick"), rows)
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
