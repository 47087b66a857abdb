"""Work on many images in pieces, between which one can tell how far it is, and stop."""

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.interludes import Interludes
from workbench.engine.machine.memory_limits import is_out_of_memory

T = TypeVar("T")

_BATCH = 250
# Of a network whose pace is not known yet.
_FIRST_BATCH = 1
# Of a batch in an interlude, which must not halt a run for longer than 33 ms, on busy cores too.
_PACE_S = 0.025
_POLL_S = 0.05


class Pieces(NamedTuple, Generic[T]):
    """What all pieces said, in their order, and the seconds of work."""

    results: list[T]
    seconds: float


def in_pieces(
    count: int,
    do: Callable[[int, int], T],
    activity: str,
    interludes: Interludes | None = None,
    *,
    first: int = 0,
    most: int = _BATCH,
) -> Generator[Progress, None, Pieces[T]]:
    """Call `do(start, stop)` for consecutive pieces of `first` to `count`; tells after each how far it is.

    Args:
        interludes: in which to compute, in pieces so short that neither their host nor who cancels waits long;
            None: here, and pieces are as large as is quickest.
        most: images of a piece at most.
    """
    results, seconds = list[T](), 0.0
    size, start = most if interludes is None else min(most, _FIRST_BATCH), first
    while start < count:
        stop = min(start + size, count)
        if interludes is None:
            # The time between two pieces is the consumer's.
            started = time.perf_counter()
            results.append(do(start, stop))
            took = time.perf_counter() - started
        else:
            waiting = Progress(activity, start - first, count - first)
            result, took = yield from in_interlude(partial(do, start, stop), interludes, waiting)
            results.append(result)
            size = _next_size(size, took, most)
        seconds += took
        start = stop
        yield Progress(activity, stop - first, count - first)
    return Pieces(results, seconds)


def in_interlude(
    do: Callable[[], T], interludes: Interludes, waiting: Progress
) -> Generator[Progress, None, tuple[T, float]]:
    """Have something short computed in an interlude, and say `waiting` until it is.

    Returns:
        The seconds that it took too.

    Raises:
        UserError: the memory is not enough for it.
    """
    piece = interludes.ask(do)
    try:
        while not piece.wait(_POLL_S):
            yield waiting
    finally:
        piece.withdraw()
    try:
        return piece.result(), piece.took_s
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Behind the handler, which holds what the computation held.
    raise UserError("the memory is not enough to look into this network; free some, or end what else is going on")


def _next_size(size: int, took_s: float, most: int) -> int:
    """Images of the next piece, at the pace of this one; at most four times as many.

    A power of two, unless it is `most`: for every new shape, cuDNN tries its algorithms out anew.
    """
    fitting = max(1, min(4 * size, int(size * _PACE_S / max(took_s, 1e-9))))
    return min(most, 1 << (fitting.bit_length() - 1))
