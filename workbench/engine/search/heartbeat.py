"""Tells other processes that this one is alive while it trains, pauses or downloads."""

import logging
import threading
from types import TracebackType
from typing import Self

from workbench.engine.search.shared_study import SharedStudy, TakenTrial

_log = logging.getLogger(__name__)

# Far less than the silence after which a trial is given up.
_INTERVAL_S = 60.0


class Heartbeat:
    """A thread that sleeps nearly always. Not Optuna's: that is of its databases alone, and of its own loop."""

    def __init__(self, taken: TakenTrial, interval_s: float = _INTERVAL_S) -> None:
        self._taken, self._interval_s = taken, interval_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="search heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._is_over.wait(self._interval_s):
            try:
                SharedStudy.beat(self._taken.trial)
            # A storage that is away for a while does not end a run; at its end it is told.
            except Exception as error:  # noqa: BLE001
                _log.warning("trial %s could not say that it goes on: %s", self._taken.number, error)
