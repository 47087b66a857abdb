"""`train` as users run it, recording included; prints images/s by the wall clock of whoever asks for events."""

import time

from tests.benchmarks.arguments import WARM_UP_S, one_run
from tests.benchmarks.measured_config import measured_config
from workbench.core.events import StepMetrics
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.engine.training.training import train


def main() -> None:
    folder, model, seconds_wanted = one_run()
    # Long epochs on both sides: neither evaluation here nor new DataLoader workers there are in the figures.
    config = measured_config(model)
    store = RunStore(Home(folder).prepare())
    events = train(config, store=store)
    first = started = begun = None
    for event in events:
        if not isinstance(event, StepMetrics):
            continue
        done = int(event.steps[-1])
        if started is None:
            # Steps to warm up, as for the rival, and as long as the window takes to settle.
            begun = begun or time.perf_counter()
            if done >= 3 and time.perf_counter() - begun >= WARM_UP_S:
                started, first = time.perf_counter(), done
            continue
        seconds = time.perf_counter() - started
        if seconds >= seconds_wanted and done - first >= 4:
            print(config.training.batch_size * (done - first) / seconds)
            break
    events.close()


if __name__ == "__main__":
    main()
