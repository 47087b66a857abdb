"""How the worker's thread hands events to the window's: a locked box that a timer empties.

A signal per event would flood the window's event loop; the box is emptied 20 times a second.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.config import RunConfig
from workbench.core.events import Event
from workbench.core.trials import Certificate, Preflight, RateSuggestion, RateTrial


@dataclass(frozen=True)
class EngineReady:
    """torch is loaded; training can begin at once."""

    device: str
    precision: str


@dataclass(frozen=True)
class JobRefused:
    """A job that did not become a run, or that broke outside one."""

    message: str


@dataclass(frozen=True)
class SpeedMeasured:
    """This machine's figures for estimates are in the home folder now."""


@dataclass(frozen=True)
class Exported:
    """A run was written as code."""

    path: Path


@dataclass(frozen=True)
class JobEnded:
    """The worker is free again."""


@dataclass(frozen=True)
class TrainJob:
    """Train a new run."""

    config: RunConfig
    model: str
    recipe: str
    name: str = ""


@dataclass(frozen=True)
class ResumeJob:
    """Go on with a recorded run."""

    run_id: str
    epochs: int | None = None


@dataclass(frozen=True)
class ExportJob:
    """Write a run's network and weights as code."""

    run_id: str
    path: Path


@dataclass(frozen=True)
class TrialJob:
    """Find something out about a configuration before it is trained."""

    kind: Literal["preflight", "rate", "certificate"]
    config: RunConfig


@dataclass(frozen=True)
class ExamplesJob:
    """Draw augmented images as training would see them in an epoch."""

    config: RunConfig
    epoch: int
    count: int


@dataclass(frozen=True)
class Examples:
    """(N, H, W, 3) uint8 images, as they are and as training sees them."""

    plain: NDArray[np.uint8]
    augmented: NDArray[np.uint8]


Job = TrainJob | ResumeJob | ExportJob | TrialJob | ExamplesJob
Trial = RateTrial | RateSuggestion | Preflight | Certificate | Examples
Message = Event | EngineReady | SpeedMeasured | Exported | Trial | JobRefused | JobEnded


class Mailbox:
    """Messages in order. Both methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Message] = []

    def post(self, message: Message) -> None:
        with self._lock:
            self._messages.append(message)

    def take(self) -> list[Message]:
        with self._lock:
            messages, self._messages = self._messages, []
        return messages
