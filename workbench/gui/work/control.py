"""Pause and cancel: asked for by the window's thread, obeyed by a lane's between two things that a job says."""

import threading


class Control:
    """Of one job. Safe from any thread."""

    def __init__(self) -> None:
        self._canceled = threading.Event()
        self._go = threading.Event()
        self._go.set()

    def pause(self) -> None:
        self._go.clear()

    def proceed(self) -> None:
        self._go.set()

    def cancel(self) -> None:
        self._canceled.set()
        self._go.set()

    @property
    def is_canceled(self) -> bool:
        return self._canceled.is_set()

    def should_end(self) -> bool:
        """Wait while paused, then say whether the job was canceled."""
        self._go.wait()
        return self._canceled.is_set()

    def rest(self, seconds: float) -> None:
        """Do nothing for so long, or until the job is canceled."""
        self._canceled.wait(seconds)
