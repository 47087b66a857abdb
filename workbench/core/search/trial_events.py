"""What a search says between the events of its runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.core.search.dimensions import Value
from workbench.core.search.study import TrialState


@dataclass(frozen=True)
class TrialBegun:
    """A trial was taken from the study; its run's events follow."""

    study: str
    number: int
    """From 1."""
    values: Mapping[str, Value]


@dataclass(frozen=True)
class TrialEnded:
    """What became of it, as the study was told."""

    study: str
    number: int
    state: TrialState
    accuracy: float | None
    """Of the held-out images, after the best epoch."""
    run_id: str
    message: str = ""
    is_refused: bool = False
    """Whether it could not even begin, or met a bug: others would not either."""
