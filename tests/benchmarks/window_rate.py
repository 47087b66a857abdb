"""The same training with the window open and its plots live, against the headless one; and how late its ticks are.

    python -m tests.benchmarks.window_rate [--models resnet18 resnet20] [--pairs 5] [--workspaces train inspect]

Uses the display it finds; without one, Qt's offscreen platform, which draws too but shows nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.table import machine, print_table

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")


def headless(home: str, model: str, seconds: float) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.our_loop", home, model, str(seconds)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def in_window(home: str, model: str, seconds: float, workspace: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.window_run", home, model, str(seconds), workspace]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.strip().split("\n")[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="+", default=["resnet18", "resnet20"])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--workspaces", nargs="+", default=["train"])
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as home:
        for model in arguments.models:
            rows += compared(home, model, arguments)
    columns = ("network", "workspace", "headless, images/s", "window open, images/s", "ratio (median)", "range",
               "window's thread, of a core", "tick late p99, ms", "latest tick, ms")  # fmt: skip
    print_table(columns, rows)
    print(f"{machine()}, Qt platform {os.environ['QT_QPA_PLATFORM']}")


def compared(home: str, model: str, arguments: argparse.Namespace) -> list[tuple[str, ...]]:
    """One row per workspace. Each of its runs stands between two headless ones, with whose mean it is compared:
    the pace of a shared machine drifts."""
    found: dict[str, list[dict[str, float]]] = {workspace: [] for workspace in arguments.workspaces}
    beside: dict[str, list[float]] = {workspace: [] for workspace in arguments.workspaces}
    before = headless(home, model, arguments.seconds)
    for _ in range(arguments.pairs):
        for workspace, results in found.items():
            results.append(in_window(home, model, arguments.seconds, workspace))
            after = headless(home, model, arguments.seconds)
            beside[workspace].append((before + after) / 2)
            before = after
    rows = []
    for workspace, results in found.items():
        plain = beside[workspace]
        ratios = [w["images_per_s"] / h for w, h in zip(results, plain, strict=True)]
        open_rate = statistics.median(w["images_per_s"] for w in results)
        rows.append(
            (model, workspace, f"{statistics.median(plain):.0f}", f"{open_rate:.0f}",
             f"{statistics.median(ratios):.1%}", f"{min(ratios):.1%} to {max(ratios):.1%}",
             f"{statistics.median(w['window_share'] for w in results):.1%}",
             f"{statistics.median(w['late_p99_ms'] for w in results):.0f}",
             f"{max(w['late_max_ms'] for w in results):.0f}")
        )  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
