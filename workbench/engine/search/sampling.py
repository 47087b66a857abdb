"""How Optuna chooses the next values, and which trials it ends early."""

import json
from typing import TYPE_CHECKING, assert_never

from workbench.core.search.definition import StudyDefinition
from workbench.core.search.dimensions import Choices, Dimension, Value

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

# A run's first epochs say little of its last: no trial is ended by them.
_KEPT_SHARE = 0.1


def sampler_of(definition: StudyDefinition, number: int) -> "BaseSampler":
    """For the trial of this number, from 0. None that keeps pickles in the storage, as Optuna's CMA-ES does."""
    from optuna import samplers

    seed = (definition.config.training.seed * 1_000_003 + number) % 2**32
    match definition.sampler:
        case "tpe":
            # With the others' trials that are not done taken for bad ones, several processes try different points.
            return samplers.TPESampler(seed=seed, constant_liar=True)
        case "random" | "grid":
            return samplers.RandomSampler(seed=seed)
        case _:
            assert_never(definition.sampler)


def pruner_of(definition: StudyDefinition) -> "BasePruner":
    from optuna import pruners

    epochs = definition.most_epochs
    match definition.pruner:
        case "median":
            return pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=max(1, round(_KEPT_SHARE * epochs)))
        case "hyperband":
            return pruners.HyperbandPruner(min_resource=1, max_resource=epochs)
        case "none":
            return pruners.NopPruner()
        case _:
            assert_never(definition.pruner)


def suggested(trial: "Trial", field: str, dimension: Dimension) -> Value:
    """A value of the trial for this field."""
    if isinstance(dimension, Choices):
        return json.loads(trial.suggest_categorical(field, [json.dumps(value) for value in dimension.values]))
    low, high, is_log = dimension.low, dimension.high, dimension.is_log
    if dimension.is_whole:
        return trial.suggest_int(field, int(low), int(high), step=int(dimension.step or 1), log=is_log)
    return dimension.tidy(trial.suggest_float(field, low, high, step=dimension.step, log=is_log))
