"""Training steps whose gradients and blocks are measured as in a run, against the same steps without.

    python -m tests.benchmarks.gradient_cost [--models resnet20 plain56 resnet56] [--pairs 5] [--seconds 5]

In one process and in turn, because a shared machine drifts by more than what is measured here. A sample's own time
times the number of samples a second is the steadier figure of the two.
"""

import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.arguments import pairs_of_runs
from tests.benchmarks.fixed_batch import rate
from tests.benchmarks.measured_config import measured_config
from tests.benchmarks.table import machine, print_table
from tests.generators import result_of
from workbench.core.home import Home
from workbench.engine.training.block_taps import BlockTaps
from workbench.engine.training.gradient_norms import LEAST_DISTANCE_S, GradientNorms
from workbench.engine.training.loop import YIELD_INTERVAL_S
from workbench.engine.training.preparation import prepare
from workbench.engine.training.trainer import Trainer

_WARM_UP = 3


class TimedNorms(GradientNorms):
    """Notes how long each sample takes."""

    def __init__(self, trainer: Trainer) -> None:
        self._blocks = BlockTaps(trainer.network)
        super().__init__(trainer.network, taps=self._blocks)
        self.seconds: list[float] = []

    def look(self, step: int, elapsed_s: float) -> None:
        count, started = len(self._measured), time.perf_counter()
        super().look(step, elapsed_s)
        if len(self._measured) > count:
            self.seconds.append(time.perf_counter() - started + self._blocks.seconds)


def main() -> None:
    models, pairs, seconds = pairs_of_runs(["resnet20", "plain56", "resnet56"], 5, 5.0)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        for model in models:
            prepared = result_of(prepare(measured_config(model, "sample"), home))
            trainer = prepared.trainer
            for _ in range(_WARM_UP):
                trainer.step()
            norms, without, measured = TimedNorms(trainer), [], []
            for _ in range(pairs):
                trainer.gradient_norms = None
                without.append(rate(trainer, seconds, YIELD_INTERVAL_S))
                trainer.gradient_norms = norms
                measured.append(rate(trainer, seconds, YIELD_INTERVAL_S))
            ratios = [a / b for a, b in zip(measured, without, strict=True)]
            cost_s = statistics.median(norms.seconds)
            rows.append(
                (model, f"{statistics.median(without):.0f}", f"{statistics.median(measured):.0f}",
                 f"{statistics.median(ratios):.3f}", f"{min(ratios):.3f} to {max(ratios):.3f}",
                 f"{len(norms.seconds)}", f"{1000 * cost_s:.2f}", f"{cost_s / LEAST_DISTANCE_S:.2%}")
            )  # fmt: skip
    columns = ("network", "without, images/s", "measured, images/s", "ratio (median)", "range", "samples",
               "a sample (median), ms", "of a second")  # fmt: skip
    print_table(columns, rows)
    print(machine())


if __name__ == "__main__":
    main()
