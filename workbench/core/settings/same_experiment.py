"""Whether runs are draws of one experiment: the same configuration but for the seed."""

from typing import Any

from workbench.core.settings.config import RunConfig

# Whatever they say, a network learns the same but for rounding. A field that is new counts until it is named here.
OF_THE_MACHINE = {"device", "threads", "deterministic", "epoch_weights_mb"}
_FOUND_WITH_THE_SPLIT = {"mean", "std"}


def experiment_key(config: RunConfig) -> str:
    """The same for all runs of one experiment.

    All fields count but training.seed, what changes only where and how exactly it is computed (device, threads,
    deterministic, epoch_weights_mb), and the numbers of normalization from-data, which follow from the seed's
    split.
    """
    found_later = _FOUND_WITH_THE_SPLIT if config.data.normalization == "from-data" else set[str]()
    exclude: dict[str, Any] = {"training": {"seed"} | OF_THE_MACHINE, "data": found_later}
    return config.model_dump_json(exclude=exclude)


def same_but_for_seed(a: RunConfig, b: RunConfig) -> bool:
    """Whether runs of both are draws of one experiment (`experiment_key`)."""
    return experiment_key(a) == experiment_key(b)
