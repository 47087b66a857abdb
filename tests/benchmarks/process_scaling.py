"""Two processes with one thread each against one process with one thread, and one with two, in turn.

python -m tests.benchmarks.process_scaling [--models resnet20] [--pairs 3] [--seconds 15]

Each trains at the same global batch, by the rates that its run records. With accumulation 2 every process has
its own half for batch norm; with 1, batch norm looks at both.
"""

import json
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.arguments import pairs_of_runs
from tests.benchmarks.table import machine, print_table

_LAUNCHER = ["-m", "torch.distributed.run", "--standalone"]
_CASES = (
    ("1 process x 1 thread", 1, 1, 1),
    ("1 process x 2 threads", 1, 2, 1),
    ("2 processes x 1 thread, shared batch norm", 2, 1, 1),
    ("2 processes x 1 thread, accumulation 2", 2, 1, 2),
)


def rate(home: str, model: str, images: int, processes: int, threads: int, parts: int) -> float:
    launcher = [*_LAUNCHER, f"--nproc-per-node={processes}"] if processes > 1 else []
    command = [
        sys.executable, *launcher, "-m", "workbench", "--home", home, "train", "--model", model, "--data",
        "cifar10-jpeg", "--recipe", "kuangliu", "--epochs", "1", "--device", "cpu", "--json",
        "--set", "training.precision=auto",
        "--set", f"training.threads={threads}", "--set", f"training.accumulation={parts}",
        "--set", f"data.train_images={images}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["images_per_s"])


def main() -> None:
    models, pairs, seconds = pairs_of_runs(["resnet20"], 3, 15.0)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        for model in models:
            first = rate(home, model, 1280, 1, 1, 1)
            images = max(1280, min(40_000, round(first * seconds)))
            rates: dict[str, list[float]] = {name: [] for name, *_ in _CASES}
            for _ in range(pairs):
                for name, processes, threads, parts in _CASES:
                    rates[name].append(rate(home, model, images, processes, threads, parts))
            base = statistics.median(rates[_CASES[0][0]])
            for name, measured in rates.items():
                median = statistics.median(measured)
                rows.append((model, name, f"{median:.0f}", f"{median / base:.2f}"))
    print_table(("network", "how", "images/s (median)", "ratio to the first"), rows)
    print(machine())


if __name__ == "__main__":
    main()
