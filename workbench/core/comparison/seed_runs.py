"""Runs that are draws of one experiment: the same configuration, other seeds."""

import itertools
from collections.abc import Iterable

from workbench.core.errors import UserError, shown
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig
from workbench.core.settings.same_experiment import same_but_for_seed


def runs_of_seeds(record: RunRecord, records: Iterable[RunRecord]) -> tuple[RunRecord, ...]:
    """`record` and one finished run of each other seed, in the order of seeds after its own.

    Where a seed was trained several times its newest run counts: the same draw twice would pass for two.

    Args:
        records: all runs, the newest first.

    Raises:
        UserError: `record` has not finished, or was not trained as its settings say: it is no draw of the same
            experiment.
    """
    if record.altered:
        raise UserError(f"run {record.id} ({shown(record.name)}) has no other seeds: {record.altered}")
    if record.status != "finished":
        raise UserError(
            f"run {record.id} ({shown(record.name)}) is {record.status}; seeds are compared of finished runs only"
        )
    found = {record.config.training.seed: record}
    for other in records:
        seed = other.config.training.seed
        is_whole = other.status == "finished" and other.best is not None and not other.altered
        if seed not in found and is_whole and same_but_for_seed(other.config, record.config):
            found[seed] = other
    first = found.pop(record.config.training.seed)
    return (first, *(found[seed] for seed in sorted(found)))


def with_next_seed(config: RunConfig, others: Iterable[RunConfig]) -> RunConfig:
    """`config` with the next higher seed that none of `others` was trained with but for its seed."""
    taken = {other.training.seed for other in others if same_but_for_seed(other, config)}
    seed = next(seed for seed in itertools.count(config.training.seed + 1) if seed not in taken)
    found_later = {"data.mean": (), "data.std": ()} if config.data.normalization == "from-data" else {}
    return config.with_values({"training.seed": seed} | found_later)
