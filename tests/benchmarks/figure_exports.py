"""How long the figures of a long run take to be written as tables and as event files.

    python -m tests.benchmarks.figure_exports [--steps 100000] [--repeats 5]

Steps are recorded in parts of 1 000, as a run does, then exported. A table per format: seconds and megabytes.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.table import machine, print_table
from tests.run_writer import Writer
from tests.trained import exhausted
from workbench.core.events import StepMetrics
from workbench.core.export.formats import CSV, EXPORT_FORMATS, TENSORBOARD
from workbench.core.home import Home
from workbench.engine.export import run_export

_PART = 1_000


def recorded(home: Home, steps: int) -> Writer:
    writer, draw = Writer(home), np.random.default_rng(0)
    writer.start()
    for first in range(1, steps + 1, _PART):
        numbers = np.arange(first, min(first + _PART, steps + 1))
        loss, accuracy = draw.random((2, len(numbers)), np.float32)
        writer.store.record_steps(
            [StepMetrics(writer.id, 1, numbers, loss, accuracy, draw.random(len(numbers)), 1000.0, first / 10)]
        )
    return writer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = recorded(Home(folder / "home").prepare(), arguments.steps)
        for format_name in (CSV, TENSORBOARD):
            wanted, times = EXPORT_FORMATS[format_name], []
            for _ in range(arguments.repeats):
                started = time.perf_counter()
                done = exhausted(run_export.export(writer.id, writer.store, wanted, folder / f"x{wanted.suffix}"))
                times.append(time.perf_counter() - started)
            size = sum(path.stat().st_size for path in done.files) / 1e6
            span = f"{min(times):.2f} to {max(times):.2f}"
            rows.append((format_name, f"{statistics.median(times):.2f}", span, f"{size:.1f}"))
        writer.store.close()
    print(machine())
    print_table(("format", "median s", "range", "MB"), rows)


if __name__ == "__main__":
    main()
