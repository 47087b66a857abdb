"""The network from which blocks are removed, kept from one lesion to the next."""

from typing import TYPE_CHECKING

from workbench.core.home import Home
from workbench.gui.work.job import Job, Work

if TYPE_CHECKING:
    from workbench.engine.inspection.lesions import LesionBoard
    from workbench.engine.inspection.subject import Subject


class KeptBoard:
    """Its members are touched by the thread of one lane alone."""

    def __init__(self) -> None:
        self._board: tuple[Subject, int | None, LesionBoard] | None = None

    def of(self, subject: "Subject", images: int | None) -> "LesionBoard":
        """That of a subject and so many images; another one is forgotten."""
        from workbench.engine.inspection.lesions import LesionBoard

        if self._board is None or self._board[0] is not subject or self._board[1] != images:
            # The former one's memory is free before the new one takes its own.
            self._board = None
            self._board = subject, images, LesionBoard(subject, images)
        return self._board[2]

    def release(self) -> Job:
        """Give its memory back: activations of thousands of images. For the same lane."""

        def begin(_home: Home) -> Work:
            yield from ()
            self._board = None

        return Job(begin)
