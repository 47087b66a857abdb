"""Training rate of the engine against the plain loop, in turn, each in a process of its own.

python -m tests.benchmarks.training_rate [--models resnet18 resnet20 resnet8] [--pairs 3] [--seconds 15]
"""

import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.arguments import pairs_of_runs
from tests.benchmarks.table import machine, print_table


def rate(module: str, home: str, model: str, seconds: float) -> float:
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", home, model, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    models, pairs, seconds = pairs_of_runs(["resnet18", "resnet20", "resnet8"], 3, 15.0)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        for model in models:
            plain, ours = [], []
            for _ in range(pairs):
                plain.append(rate("plain_loop", home, model, seconds))
                ours.append(rate("our_loop", home, model, seconds))
            ratios = [a / b for a, b in zip(ours, plain, strict=True)]
            rows.append(
                (model, f"{statistics.median(plain):.0f}", f"{statistics.median(ours):.0f}",
                 f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}")
            )  # fmt: skip
    print_table(("network", "plain loop, images/s", "train, images/s", "ratio (median)", "range"), rows)
    print(machine())


if __name__ == "__main__":
    main()
