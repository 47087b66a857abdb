"""How the worker's thread hands events to the window's: a locked box that a timer empties.

A signal per event would flood the window's event loop; the box is emptied 20 times a second.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from workbench.core.config import RunConfig
from workbench.core.events import Event


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


Job = TrainJob | ResumeJob | ExportJob
Message = Event | EngineReady | SpeedMeasured | Exported | JobRefused | JobEnded


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
