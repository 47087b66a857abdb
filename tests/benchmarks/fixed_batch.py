"""The same training step on one batch that lies ready in memory: what our data and our recording cost.

Prints images/s.
"""

import time

from tests.benchmarks.arguments import one_run
from workbench.core.home import Home
from workbench.core.presets import Presets
from workbench.engine.preparation import prepare

_WARM_UP = 3


def main() -> None:
    folder, model, seconds_wanted = one_run()
    config = Presets.load().run_config(model, "tutorial", "cifar10-jpeg")
    work = prepare(config, Home(folder).prepare())
    while True:
        try:
            next(work)
        except StopIteration as end:
            trainer = end.value.trainer
            break
    batch = trainer.images.batch(trainer._epoch_plan(), 0, config.training.batch_size)
    trainer.images.batch = lambda *_: batch
    for _ in range(_WARM_UP):
        trainer.step()
    started, steps = time.perf_counter(), 0
    while (seconds := time.perf_counter() - started) < seconds_wanted or steps < 4:
        loss, *_ = trainer.step()
        steps += 1
        # Not at every step, where the GPU would have to wait for the CPU.
        if steps % 10 == 0:
            loss.item()
    print(config.training.batch_size * steps / seconds)


if __name__ == "__main__":
    main()
