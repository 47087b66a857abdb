"""Runs that were trained, for tests of what looks at them."""

from contextlib import closing

from workbench.core.config import RunConfig
from workbench.core.home import Home
from workbench.core.store import RunStore
from workbench.engine.training import training


def record_run(home: Home, config: RunConfig) -> str:
    """Train to the end; returns the run's id."""
    with closing(RunStore(home)) as store:
        return str(list(training.train(config, store=store))[-1].run_id)
