"""A run that is to be trained later: what the queue knows of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from workbench.core.settings.config import RunConfig

OpenState = Literal["waiting", "skipped"]
DoneState = Literal["finished", "failed"]
EntryState = Literal[OpenState, "running", DoneState]
OPEN: tuple[OpenState, ...] = get_args(OpenState)
DONE: tuple[DoneState, ...] = get_args(DoneState)


@dataclass(frozen=True)
class QueueEntry:
    """One run of the queue. Its settings are those of the moment when it was added."""

    id: str
    """Also the id of its run, which has it from its beginning on."""
    place: int
    """Among those that are still to be trained, from 1: the next one. 0 of others."""
    name: str
    model: str
    recipe: str
    config: RunConfig
    tags: tuple[str, ...]
    """That its run gets."""
    state: EntryState
    """Of one whose process died, or that was stopped, `waiting` again."""
    has_begun: bool
    """Whether there is a run of it: what waits will then be resumed."""
    message: str
    """Why it failed; empty of others."""
    added_utc: str

    @property
    def is_open(self) -> bool:
        """Whether it is still to be trained, or would be if it were not skipped."""
        return self.state in OPEN

    @property
    def is_done(self) -> bool:
        return self.state in DONE

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "entry": self.id, "place": self.place or None, "name": self.name, "model": self.model,
            "recipe": self.recipe, "source": self.config.data.source, "epochs": self.config.training.epochs,
            "state": self.state, "has_begun": self.has_begun, "message": self.message, "tags": list(self.tags),
            "added_utc": self.added_utc, "config": self.config.model_dump(mode="json"),
        }  # fmt: skip


@dataclass(frozen=True)
class DamagedEntry:
    """An entry that cannot be read, and why. It is never trained; it can be removed."""

    id: str
    name: str
    reason: str

    def document(self) -> dict[str, Any]:
        """The keys of a whole one's that are known."""
        return {"entry": self.id, "name": self.name, "state": "damaged", "message": self.reason}


@dataclass(frozen=True)
class QueueList:
    """All entries: those that are done, those that are being trained, then the others as they will be."""

    entries: tuple[QueueEntry, ...]
    damaged: tuple[DamagedEntry, ...] = ()

    @property
    def open(self) -> list[QueueEntry]:
        return [entry for entry in self.entries if entry.is_open]

    @property
    def waiting(self) -> list[QueueEntry]:
        """Those that will be trained, in this order."""
        return [entry for entry in self.entries if entry.state == "waiting"]


@dataclass(frozen=True)
class QueueState:
    """Whether it goes on, for all processes that work on it."""

    is_paused: bool = False
    """No entry is begun; one that is being trained goes on."""
    reason: str = ""
    """Why it is paused, in words; empty if somebody wanted it so."""
    stop_after_failures: int = 0
    """It is paused when so many have failed; 0: never."""
    failures: int = 0
    """Since it was continued last."""


@dataclass(frozen=True)
class TakenOut:
    """What was removed from the queue, to be put back as it was."""

    rows: tuple[Mapping[str, Any], ...]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class EntryBegan:
    """A process trains this entry from now on; the events of its run follow."""

    entry: QueueEntry


@dataclass(frozen=True)
class EntryEnded:
    """It is `finished` or `failed`; or `waiting`, where its run was stopped."""

    entry: QueueEntry
