"""The learning rate at every step, as a pure function: nothing to save, nothing to resume wrongly."""

import math
from typing import assert_never

from workbench.core.settings.training_config import TrainingConfig

# Smith & Topin 2018, "Super-Convergence"; the shape and the two ratios are those of torch's OneCycleLR.
_RISING_SHARE = 0.3
_START_RATIO = 1 / 25
_END_RATIO = 1 / 25e4


def learning_rate(config: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """Learning rate of the update number `step` (from 0)."""
    reached = step if config.schedule_moves == "each-step" else step - step % steps_per_epoch
    rate = config.learning_rate * _shape(config, reached, steps_per_epoch)
    warmup_steps = config.warmup_epochs * steps_per_epoch
    # Of step + 1: the first update shall move the weights already.
    return rate * min(1.0, (step + 1) / warmup_steps) if warmup_steps else rate


def rates_around(
    before: TrainingConfig, after: TrainingConfig, epochs: int, steps_per_epoch: int
) -> tuple[float, float]:
    """The last rate of a run that has done `epochs` as `before` says, and the next one as `after` says."""
    step = epochs * steps_per_epoch
    return learning_rate(before, step - 1, steps_per_epoch), learning_rate(after, step, steps_per_epoch)


def _shape(config: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """The rate as a share of the highest one."""
    total_steps = config.epochs * steps_per_epoch
    match config.schedule:
        case "constant":
            return 1.0
        case "step":
            return config.decay_factor ** (step // (config.step_epochs * steps_per_epoch))
        case "multi-step":
            falls = sum(step >= round(share * total_steps) for share in config.milestones)
            return config.decay_factor**falls
        case "cosine":
            # Loshchilov & Hutter 2017, "SGDR", equation 5, without restarts.
            return 0.5 * (1 + math.cos(math.pi * step / total_steps))
        case "one-cycle":
            return _one_cycle(step, total_steps)
        case _:
            assert_never(config.schedule)


def _one_cycle(step: int, total_steps: int) -> float:
    rising_steps = max(1.0, _RISING_SHARE * total_steps - 1)
    if step <= rising_steps:
        return _between(_START_RATIO, 1.0, step / rising_steps)
    return _between(1.0, _END_RATIO, (step - rising_steps) / max(1.0, total_steps - 1 - rising_steps))


def _between(start: float, end: float, share: float) -> float:
    """Half a cosine from start (share 0) to end (share 1)."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
