"""What recording every step costs, and what reading it back takes, beside a row per step as other tools keep it.

Synthetic events of a network so small that it trains 50 000 steps a second: 20 s of it are a million steps. The
share is the time spent recording of the time that the training takes.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.benchmarks.table import print_table
from workbench.core.events import Event, RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training.recording import recorded

STEPS_PER_S = 50_000
EVENT_S, FLUSH_S = 0.05, 2.0
PER_EPOCH = 400


class Training:
    """Says what a run says, as fast as it would; `spent_s` is what that took itself."""

    def __init__(self, seconds: float, run_id: str) -> None:
        self._flushes, self._run_id = flushes(seconds, run_id), run_id
        self.spent_s = 0.0

    def events(self) -> Generator[Event, None, None]:
        start = (RunConfig(), "CPU", "fp32", 10, ("x", "y"), (8, 1, 2), Path("/d"), PER_EPOCH, 0, 0.0)
        yield RunStarted(self._run_id, "a", *start)
        began = time.perf_counter()
        for events in self._flushes:
            self.spent_s += time.perf_counter() - began
            for event in events:
                began = time.perf_counter()
                time.sleep(EVENT_S)
                self.spent_s += time.perf_counter() - began
                yield event
            began = time.perf_counter()


def flushes(seconds: float, run_id: str) -> Iterator[list[StepMetrics]]:
    """What is written every two seconds."""
    generator = np.random.default_rng(0)
    count, elapsed, first = round(STEPS_PER_S * EVENT_S), 0.0, 1
    for _ in range(round(seconds / FLUSH_S)):
        events = []
        for _ in range(round(FLUSH_S / EVENT_S)):
            elapsed += EVENT_S
            steps = np.arange(first, first + count)
            figures = generator.random((2, count)).astype(np.float32)
            events.append(
                StepMetrics(
                    run_id, (first - 1) // PER_EPOCH + 1, steps, figures[0], figures[1],
                    0.1 * generator.random(count), 128.0 * STEPS_PER_S, elapsed, EVENT_S,
                )
            )  # fmt: skip
            first += count
        yield events


def in_blocks(home: Home, seconds: float) -> tuple[float, float, Path, int]:
    with closing(RunStore(home.prepare())) as store:
        # The day's copy of the list is made at the end of its first run, however short.
        first = store.create(RunConfig(), name="a", model="resnet8", recipe="quick", machine={})
        store.finish(first, "finished")
        run_id = store.create(RunConfig(), name="a", model="resnet8", recipe="quick", machine={})
        training = Training(seconds, run_id)
        began = time.perf_counter()
        for _ in recorded(run_id, training.events(), store):
            pass
        spent = time.perf_counter() - began - training.spent_s
        journal = (store.folder(run_id) / "journal.jsonl").stat().st_size
    with closing(RunStore(home, read_only=True)) as reader:
        loading = median_of(lambda: reader.series(run_id))
    return spent, loading, home.database, journal


def row_per_step(path: Path, seconds: float) -> tuple[float, float, Path, int]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=TRUNCATE")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(
            "CREATE TABLE steps (run_id TEXT, step INTEGER, epoch INTEGER, loss REAL, accuracy REAL, rate REAL,"
            " PRIMARY KEY (run_id, step)) WITHOUT ROWID"
        )

        def record(events: list[StepMetrics]) -> None:
            rows = [
                ("0123abcd", step, event.epoch, loss, accuracy, rate)
                for event in events
                for step, loss, accuracy, rate in zip(
                    event.steps.tolist(), event.loss.tolist(), event.accuracy.tolist(),
                    event.learning_rate.tolist(), strict=True,
                )
            ]  # fmt: skip
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?)", rows)
            database.execute("COMMIT")

        spent = timed(record, flushes(seconds, ""))
        query = "SELECT step, epoch, loss, accuracy, rate FROM steps WHERE run_id='0123abcd' ORDER BY step"
        loading = median_of(lambda: [np.array(column) for column in zip(*database.execute(query), strict=True)])
    return spent, loading, path, 0


def timed(record: Callable[[list[StepMetrics]], object], every: Iterator[list[StepMetrics]]) -> float:
    """Seconds spent in `record` alone."""
    spent = 0.0
    for events in every:
        began = time.perf_counter()
        record(events)
        spent += time.perf_counter() - began
    return spent


def median_of(read: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of training at 50 000 steps/s")
    given = parser.parse_args()
    steps = STEPS_PER_S * given.seconds
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            "blocks (and journal)": in_blocks(Home(Path(folder) / "home"), given.seconds),
            "a row per step": row_per_step(Path(folder) / "rows.db", given.seconds),
        }
        rows = [
            (name, f"{100 * spent / given.seconds:.2f} %", f"{loading:.2f} s",
             f"{path.stat().st_size / steps:.1f}", f"{journal / steps:.1f}")
            for name, (spent, loading, path, journal) in ways.items()
        ]  # fmt: skip
    print_table(("", "of training", f"{steps:,.0f} steps read", "bytes a step", "in the journal"), rows)


if __name__ == "__main__":
    main()
