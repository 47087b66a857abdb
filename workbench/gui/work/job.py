"""What a lane is asked to do, and the handle through which the asker follows it."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.gui.work.control import Control

Work: TypeAlias = Generator[Any, None, Any]
"""Yields what is said on the way and returns the result."""


@dataclass(frozen=True)
class Job:
    """A function of the engine with its arguments (`jobs.py` has one function for each kind).

    It is begun on the lane's thread, and closed there at the next thing it yields when it is canceled.
    """

    begin: Callable[[Home], Work]
    gives_way: bool = False
    """Only a convenience: it is canceled as soon as another job waits."""


@dataclass(frozen=True)
class RunJob(Job):
    """A run that is trained: what it yields are its events. Canceling it saves it."""

    orders: Orders = field(default_factory=Orders)


@dataclass(frozen=True, eq=False)
class Ticket:
    """What a lane's thread gets of a job. No QObject, which that thread could be the last to hold, and free."""

    job: Job
    home: Home
    control: Control = field(default_factory=Control)


class Handle(QObject):
    """One job that was asked for. All signals come on the window's thread; the last one is always `ended`.

    Exactly one of `finished`, `refused` and `canceled` comes before it. A job says nothing more once its asker has
    replaced it by a newer one or is destroyed, or its lane is closed.
    """

    progressed = Signal(object)
    """What the job yields."""
    finished = Signal(object)
    """Its result."""
    refused = Signal(object)
    """The exception that ended it, whole: a UserError with its fields and remedy, or a bug."""
    canceled = Signal()
    ended = Signal()
    cancel_asked = Signal()

    def __init__(self, ticket: Ticket, asker: QObject, parent: QObject) -> None:
        super().__init__(parent)
        self.ticket, self.asker = ticket, asker
        self.is_silent = False
        asker.destroyed.connect(self.drop)

    @Slot()
    def cancel(self) -> None:
        """Ask the job to end at the next thing it says; `canceled` comes then, unless it is done before."""
        self.ticket.control.cancel()
        self.cancel_asked.emit()

    @Slot()
    def drop(self) -> None:
        """Cancel the job, and say nothing more of it: nobody waits for it."""
        self.is_silent = True
        self.cancel()


@dataclass(frozen=True)
class Finished:
    """How a job ended: with its result."""

    result: Any


@dataclass(frozen=True)
class Refused:
    """How a job ended: with an error, whole."""

    error: Exception


@dataclass(frozen=True)
class Canceled:
    """How a job ended: closed half-way."""


Outcome = Finished | Refused | Canceled
