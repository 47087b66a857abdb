"""What is done whole or not at all, whoever asks meanwhile that the program ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Depth(threading.local):
    """Of a thread: handlers of signals run in the main one, and what others do does not concern them."""

    saving = 0
    brief = 0


_depth = _Depth()


@contextmanager
def uncut() -> Iterator[None]:
    """Within, something is saved that no handler of a signal may interrupt."""
    _depth.saving += 1
    try:
        yield
    finally:
        _depth.saving -= 1


@contextmanager
def briefly_uncut() -> Iterator[None]:
    """Within, a lock is held that an interruption could leave locked; it may come in a moment."""
    _depth.brief += 1
    try:
        yield
    finally:
        _depth.brief -= 1


def is_saving() -> bool:
    """Whether this thread is at something that must not be interrupted."""
    return _depth.saving > 0


def is_uncut() -> bool:
    """Whether an interruption of this thread must wait."""
    return _depth.saving + _depth.brief > 0
