"""The learning rate at every step, as a pure function: nothing to save, nothing to resume wrongly."""

import math

from workbench.core.config import TrainingConfig

# Smith & Topin 2018, "Super-Convergence"; the shape and the two ratios are those of torch's OneCycleLR.
_RISING_SHARE = 0.3
_START_RATIO = 1 / 25
_END_RATIO = 1 / 25e4


def learning_rate(config: TrainingConfig, step: int, total_steps: int) -> float:
    """Learning rate of the update number `step` (from 0) out of `total_steps`."""
    peak = config.learning_rate
    if config.schedule == "constant":
        return peak
    if config.schedule == "cosine":
        # Loshchilov & Hutter 2017, "SGDR", equation 5, without restarts.
        return peak * 0.5 * (1 + math.cos(math.pi * step / total_steps))
    rising_steps = max(1.0, _RISING_SHARE * total_steps - 1)
    if step <= rising_steps:
        return _between(_START_RATIO * peak, peak, step / rising_steps)
    return _between(peak, _END_RATIO * peak, (step - rising_steps) / max(1.0, total_steps - 1 - rising_steps))


def _between(start: float, end: float, share: float) -> float:
    """Half a cosine from start (share 0) to end (share 1)."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
