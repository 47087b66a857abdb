"""The learning-rate range test: one short training with growing rates says which rate suits the network.

Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3; rates that grow exponentially, and
smoothing, are fastai's (fastai/callback/schedule.py, `LRFinder`).
"""

import math
from collections.abc import Generator
from contextlib import closing
from typing import assert_never

import numpy as np

from workbench.core.events import Progress, Warned
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import Optimizer, TrainingConfig
from workbench.core.settings.trials import Figures, RateSuggestion, RateTrial
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import Preparing, prepare
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials.isolation import isolated, within_memory
from workbench.engine.weights import weight_sources

STEPS = 100
_LAST_RATE = 10.0
# Steps of adam and its kin have the size of the rate, whatever the gradient is.
_FIRST_RATE_OF_SGD, _FIRST_RATE_OF_OTHERS = 1e-5, 1e-6
_YIELD_INTERVAL_S = 0.05
# fastai's 0.98 over 100 steps would lag half of all rates behind.
_SMOOTHING = 0.9
_EXPLODED = 4.0
# Share of the steps whose rates are too small to matter; the smoothed loss is not smooth yet.
_QUIET_SHARE = 0.1
# Share of the steps that show how much the loss differs from batch to batch.
_NOISE_SHARE = 0.25

Finding = Generator[Progress | Warned | RateTrial, None, RateSuggestion]


def find(config: RunConfig, home: Home, steps: int = STEPS) -> Finding:
    """Train a network of its own for at most `steps` steps, with the run's starting weights, images and optimizer.

    Raises:
        UserError: the run could not begin either: the data, the weights or the device are not there, or memory
            runs out.
    """
    return (yield from isolated(within_memory(_find(config, home, steps), config)))


def _find(config: RunConfig, home: Home, steps: int) -> Finding:
    prepared = yield from _prepared(config, home)
    trial = yield from _try(prepared.trainer, steps)
    return suggestion(trial, config.training)


def _prepared(config: RunConfig, home: Home) -> Preparing:
    """As a run begins, with the weights that it starts from."""
    initial = None
    if config.fine_tuning.weights:
        with closing(RunStore(home)) as store:
            initial = yield from weight_sources.starting(config, store)
    # The data may have to be gone through several times; that must not free stages.
    config = config.with_values({"fine_tuning.unfreeze_every": 0})
    return (yield from prepare(config, home, weights=initial))


def _try(trainer: Trainer, steps: int) -> Generator[Warned | RateTrial, None, RateTrial]:
    """The losses at growing rates, until the smoothed one has grown to four times its lowest."""
    rates = np.geomspace(_first_rate(trainer.config.training.optimizer), _LAST_RATE, steps)
    losses = np.empty(0)
    trial = RateTrial(rates[:0], losses, losses, steps)
    pending = PendingSteps()
    for done, rate in enumerate(rates, 1):
        if trainer.epoch_is_done:
            trainer.position.next_epoch()
        pending.append(*trainer.step(rate))
        if pending.age_s < _YIELD_INTERVAL_S and done < steps:
            continue
        losses = np.append(losses, pending.flush(trainer, "").loss.astype(np.float64))
        end = _explosion(losses)
        trial = RateTrial(rates[:end], losses[:end], smoothed(losses[:end]), steps)
        for warning in trainer.take_warnings():
            yield Warned(warning)
        yield trial
        if end < len(losses):
            break
        pending.restart_clock()
    return trial


def _first_rate(optimizer: Optimizer) -> float:
    match optimizer:
        case "sgd":
            return _FIRST_RATE_OF_SGD
        case "adam" | "adamw" | "rmsprop" | "muon":
            return _FIRST_RATE_OF_OTHERS
        case _:
            assert_never(optimizer)


def _explosion(losses: Figures) -> int:
    """How many losses there are before one that is not finite, or four times the lowest, smoothed both."""
    finite = int(np.argmin(np.append(np.isfinite(losses), False)))
    curve = smoothed(losses[:finite])
    is_high = np.append(curve > _EXPLODED * np.minimum.accumulate(curve), True)
    return int(np.argmax(is_high))


def smoothed(losses: Figures) -> Figures:
    """Exponential moving average that starts without bias (Kingma and Ba 2015, section 3)."""
    average, curve = 0.0, np.empty(len(losses))
    for index, loss in enumerate(losses):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        curve[index] = average / (1 - _SMOOTHING ** (index + 1))
    return curve


def suggestion(trial: RateTrial, config: TrainingConfig) -> RateSuggestion:
    """What to set `training.learning_rate` to, which is the schedule's highest rate.

    Smith 2017 takes the rate at which the loss stops falling for the highest, and so does this for schedules that
    rise to it; those that begin with it get half of it, for networks with batch norm fail soon above. fastai's
    rules, the steepest descent and a tenth of the rate of the lowest loss, gave too little: after 3 epochs of
    one-cycle on the sample ResNet-20 had 39 % with the former (0.012), 51 % with this one (0.1).
    """
    rate, reason = _read_off(trial, config)
    rounded = None if rate is None else float(f"{rate:.2g}")
    return RateSuggestion(trial.rates, trial.losses, trial.smoothed, rounded, reason)


def _read_off(trial: RateTrial, config: TrainingConfig) -> tuple[float | None, str]:
    losses, curve = trial.losses, trial.smoothed
    quiet, noisy = (max(2, round(share * trial.total)) for share in (_QUIET_SHARE, _NOISE_SHARE))
    if not len(losses):
        return None, "The loss is no number at the first step."
    if len(losses) <= noisy:
        return None, f"The loss exploded after {len(losses)} steps, at rates below {trial.rates[-1]:.2g} already."
    # Of one batch, apart from any trend.
    noise = float(np.std(np.diff(losses[:noisy]))) / math.sqrt(2)
    falls = np.flatnonzero(curve[quiet:] < losses[:quiet].mean() - 2 * noise)
    if not len(falls):
        return None, "The loss falls at no rate by more than it differs from batch to batch."
    start = quiet + int(falls[0])
    turn = _end_of_descent(curve, start, noise)
    if turn is None:
        # Data that are learned within a few steps: the lowest loss tells nothing of the rate.
        slope = np.gradient(curve, np.log(trial.rates))
        steepest = float(trial.rates[quiet + int(np.argmin(slope[quiet:]))])
        return steepest, f"The loss falls up to the highest rate tried, most steeply at {steepest:.2g}."
    rate = float(trial.rates[turn])
    if config.schedule == "one-cycle" or config.warmup_epochs:
        return rate, f"The loss falls up to a rate of {rate:.2g}, which the schedule rises to."
    return rate / 2, f"The loss falls up to a rate of {rate:.2g}; half of it, for the schedule begins with it."


def _end_of_descent(curve: Figures, start: int, noise: float) -> int | None:
    """Where the curve is lowest before it rises by more than noise; it may fall again beyond. None: never."""
    tail = curve[start:]
    risen = np.flatnonzero(tail > np.minimum.accumulate(tail) + noise)
    return start + int(np.argmin(tail[: risen[0]])) if len(risen) else None
