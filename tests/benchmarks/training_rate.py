"""Training rate of the engine against a plain loop, in turn, each in a process of its own.

python -m tests.benchmarks.training_rate [--models resnet18 resnet20 resnet8] [--pairs 3] [--seconds 15]
"""

import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.arguments import pairs_of_runs
from tests.benchmarks.matrix_rate import macs_per_s, share
from tests.benchmarks.table import machine, print_table


def rate(module: str, home: str, model: str, seconds: float) -> float:
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", home, model, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    models, pairs, seconds = pairs_of_runs(["resnet18", "resnet20", "resnet8"], 3, 15.0)
    rows = []
    matrix_rate = macs_per_s()
    with tempfile.TemporaryDirectory() as home:
        for model in models:
            theirs, ours = [], []
            for _ in range(pairs):
                theirs.append(rate("plain_loop", home, model, seconds))
                ours.append(rate("our_loop", home, model, seconds))
            ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
            median = statistics.median(ours)
            rows.append(
                (model, f"{statistics.median(theirs):.0f}", f"{median:.0f}",
                 f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}",
                 f"{share(model, median, matrix_rate):.0%}")
            )  # fmt: skip
    print_table(
        ("network", "plain loop, images/s", "train, images/s", "ratio (median)", "range", "of the matrix rate"),
        rows,
    )
    print(f"{machine()}; matrix rate {matrix_rate / 1e9:.0f} GMAC/s")


if __name__ == "__main__":
    main()
