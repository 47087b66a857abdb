"""What trials before a run find out: a learning rate, time and memory, and whether resuming is exact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]


@dataclass(frozen=True)
class RateTrial:
    """A learning-rate trial as far as it is, for a live plot: arrays of equal length, one value per step."""

    rates: Figures
    losses: Figures
    smoothed: Figures
    total: int
    """Steps at most; it ends earlier when the loss explodes."""


@dataclass(frozen=True)
class RateSuggestion:
    """A whole learning-rate trial and what it says."""

    rates: Figures
    losses: Figures
    smoothed: Figures
    suggestion: float | None
    """For `training.learning_rate`, two significant digits; None where the curve says nothing."""
    reason: str
    """One sentence."""


@dataclass(frozen=True)
class Preflight:
    """Measured time and memory of a run. Where it does not fit: seconds are NaN, bytes and batch 0."""

    device: str
    precision: str
    batch_size: int
    free_bytes: int
    """Of the device, before the run."""
    fits: bool
    message: str = ""
    """Why it does not fit, and what would; one sentence."""
    remedy: Mapping[str, Any] = field(default_factory=dict)
    """Settings that would fit, by their dotted fields."""
    step_s: float = float("nan")
    """Median seconds of a training step."""
    images_per_s: float = float("nan")
    """Of training."""
    evaluation_images_per_s: float = float("nan")
    steps_per_epoch: int = 0
    seconds_per_epoch: float = float("nan")
    """Steps, and evaluation of the validation and test images."""
    total_s: float = float("nan")
    """Of all epochs."""
    peak_bytes: int = 0
    """Most memory that the run takes at once: images, weights, optimizer, activations."""
    is_measured: bool = True
    """Whether `peak_bytes` was measured; else it is arithmetic."""
    largest_batch: int = 0
    """About the largest doubling of the batch that fits, extrapolated from `peak_bytes`."""


@dataclass(frozen=True)
class Difference:
    """A part of a run's state that is not the same bit for bit."""

    name: str
    largest: float | None
    """Largest absolute difference; None where one of the two is missing or has another shape."""

    def __str__(self) -> str:
        size = "missing" if self.largest is None else f"by up to {self.largest:.3g}"
        return f"{self.name} ({size})"


@dataclass(frozen=True)
class Certificate:
    """Whether a run that is stopped and resumed ends bit for bit as an uninterrupted one."""

    is_exact: bool
    is_repeatable: bool
    """Whether the uninterrupted run, done twice, was the same; if not, nothing else is known."""
    differences: tuple[Difference, ...]
    """What a checkpoint does not bring back, else what is another at the end; at most 10."""
    advice: str
    """What else to know or to do, one sentence; may be empty."""
    steps: int
    device: str
    precision: str
    threads: int
    seconds: float
