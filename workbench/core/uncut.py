"""What is written whole or not at all, whoever asks meanwhile that the program ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Depth(threading.local):
    """Of a thread: handlers of signals run in the main one, and what others write does not concern them."""

    value = 0


_depth = _Depth()


@contextmanager
def uncut() -> Iterator[None]:
    """Within, no handler of a signal interrupts this thread (`is_uncut`)."""
    _depth.value += 1
    try:
        yield
    finally:
        _depth.value -= 1


def is_uncut() -> bool:
    """Whether this thread is at something that must not be interrupted."""
    return _depth.value > 0
