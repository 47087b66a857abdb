"""Accuracy for wall time: the same network and images under several recipes, each as users train it.

    python -m tests.benchmarks.accuracy_in_time
    python -m tests.benchmarks.accuracy_in_time --model resnet18 --recipes fast-gpu kuangliu

The seconds are those of the whole command, from the start of Python to its end; the images are in the cache.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.table import machine, print_table


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--data", default="cifar10-jpeg")
    parser.add_argument("--recipes", nargs="+", default=["one-cycle", "muon"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--set", dest="assignments", nargs="*", default=[], help="KEY=VALUE, for all recipes.")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        common = ["--model", arguments.model, "--data", arguments.data]
        for assignment in arguments.assignments:
            common += ["--set", assignment]
        # Fills the cache: reading the archive is not training.
        _train(Path(folder), [*common, "--recipe", "quick", "--set", "data.train_images=200", "--epochs", "1"])
        for seed in arguments.seeds:
            for recipe in arguments.recipes:
                options = [*common, "--recipe", recipe, "--set", f"training.seed={seed}"]
                seconds, result = _train(Path(folder), options)
                rows.append(
                    (recipe, str(seed), str(result["epochs"]), f"{seconds:.0f}",
                     f"{result['validation_accuracy'] or float('nan'):.4f}", f"{result['test_accuracy']:.4f}")
                )  # fmt: skip
                print(*rows[-1], flush=True)
    print_table(("recipe", "seed", "epochs", "seconds", "validation accuracy", "test accuracy"), rows)
    print(f"\n{arguments.model} on {arguments.data}; {machine()}")


def _train(home: Path, options: list[str]) -> tuple[float, dict[str, Any]]:
    """Wall seconds and the run's summary."""
    command = [sys.executable, "-m", "workbench", "--home", str(home), "train", *options, "--json"]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - started, json.loads(done.stdout)


if __name__ == "__main__":
    main()
