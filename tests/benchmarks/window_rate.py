"""The same training with the window open and its plots live, against the headless one; and how late its ticks are.

    python -m tests.benchmarks.window_rate [--models resnet18 resnet20] [--pairs 5] [--seconds 24]

Uses the display it finds; without one, Qt's offscreen platform, which draws too but shows nothing.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.arguments import pairs_of_runs
from tests.benchmarks.table import machine, print_table

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")


def headless(home: str, model: str, seconds: float) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.our_loop", home, model, str(seconds)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def in_window(home: str, model: str, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.window_run", home, model, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.strip().split("\n")[-1])
    return result


def main() -> None:
    models, pairs, seconds = pairs_of_runs(["resnet18", "resnet20"], 5, 24.0)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        for model in models:
            plain, window = [], []
            for _ in range(pairs):
                plain.append(headless(home, model, seconds))
                window.append(in_window(home, model, seconds))
            ratios = [w["images_per_s"] / h for w, h in zip(window, plain, strict=True)]
            open_rate = statistics.median(w["images_per_s"] for w in window)
            rows.append(
                (model, f"{statistics.median(plain):.0f}", f"{open_rate:.0f}",
                 f"{statistics.median(ratios):.1%}", f"{statistics.median(w['late_p99_ms'] for w in window):.0f}",
                 f"{max(w['late_max_ms'] for w in window):.0f}")
            )  # fmt: skip
    columns = ("network", "headless, images/s", "window open, images/s", "ratio (median)", "tick late p99, ms",
               "latest tick, ms")  # fmt: skip
    print_table(columns, rows)
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


if __name__ == "__main__":
    main()
