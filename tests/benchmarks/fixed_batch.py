"""Training steps against the same steps on one batch that is in memory already: what data and figures cost.

    python -m tests.benchmarks.fixed_batch [--models resnet18 resnet20 resnet8] [--pairs 10] [--seconds 3]

In one process and in turn, because a shared machine drifts by more than what is measured here.
"""

import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.arguments import pairs_of_runs
from tests.benchmarks.measured_config import measured_config
from tests.benchmarks.table import machine, print_table
from tests.generators import result_of
from workbench.core.home import Home
from workbench.engine.training.loop import YIELD_INTERVAL_S
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import prepare
from workbench.engine.training.trainer import Trainer

_WARM_UP = 10


def rate(trainer: Trainer, seconds: float, interval_s: float) -> float:
    """Images per second of steps whose figures are read so often."""
    pending, steps, started = PendingSteps(), 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        if trainer.epoch_is_done:
            trainer.position.next_epoch()
        pending.append(*trainer.step())
        steps += 1
        if pending.age_s >= interval_s:
            pending.flush(trainer, "")
            pending.restart_clock()
    if pending.losses:
        pending.flush(trainer, "")
    return steps * trainer.config.training.batch_size / (time.perf_counter() - started)


def main() -> None:
    models, pairs, seconds = pairs_of_runs(["resnet18", "resnet20", "resnet8"], 10, 3.0)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        for model in models:
            trainer = result_of(prepare(measured_config(model), home)).trainer
            draw = trainer.images.batch
            batch = draw(trainer._epoch_plan(), 0, trainer.config.training.batch_size)
            for _ in range(_WARM_UP):
                trainer.step()
            fixed, ours = [], []
            for _ in range(pairs):
                trainer.images.batch = lambda *_, batch=batch: batch
                fixed.append(rate(trainer, seconds, float("inf")))
                trainer.images.batch = draw
                ours.append(rate(trainer, seconds, YIELD_INTERVAL_S))
            ratios = [a / b for a, b in zip(ours, fixed, strict=True)]
            rows.append(
                (model, f"{statistics.median(fixed):.0f}", f"{statistics.median(ours):.0f}",
                 f"{statistics.median(ratios):.3f}", f"{min(ratios):.3f} to {max(ratios):.3f}")
            )  # fmt: skip
    print_table(("network", "one batch, images/s", "training, images/s", "ratio (median)", "range"), rows)
    print(machine())


if __name__ == "__main__":
    main()
