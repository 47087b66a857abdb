"""`train` as users run it, recording included; prints images/s by the wall clock of whoever asks for events."""

import time

from tests.benchmarks.arguments import one_run
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.core.presets import Presets
from workbench.core.store import RunStore
from workbench.engine.training.training import train


def main() -> None:
    folder, model, seconds_wanted = one_run()
    # Long epochs on both sides: neither evaluation here nor new DataLoader workers there are in the figures.
    config = Presets.load().run_config(model, "tutorial", "cifar10-jpeg")
    store = RunStore(Home(folder).prepare())
    events = train(config, store=store)
    first = started = None
    for event in events:
        if not isinstance(event, StepMetrics):
            continue
        done = int(event.steps[-1])
        if started is None:
            if done >= 3:  # steps to warm up, as for the rival
                started, first = time.perf_counter(), done
            continue
        seconds = time.perf_counter() - started
        if seconds >= seconds_wanted and done - first >= 4:
            print(config.training.batch_size * (done - first) / seconds)
            break
    events.close()


if __name__ == "__main__":
    main()
