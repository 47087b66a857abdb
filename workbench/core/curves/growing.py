"""An array that grows at its end."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Number = TypeVar("_Number", bound=np.generic)

# Of what is there: so much more is taken when it grows, so that a step is copied a few times at most.
_MORE = 0.5
_LEAST = 64


class Growing(Generic[_Number]):
    """Values of one type. What `values` gave stays as it was, also after `cut`; not after `put`."""

    def __init__(self, dtype: type[_Number]) -> None:
        self._buffer: NDArray[_Number] = np.empty(0, dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> NDArray[_Number]:
        """(N,) not to be written to."""
        return self._buffer[: self._count]

    @property
    def nbytes(self) -> int:
        """Of memory that is held, some of it for values to come."""
        return self._buffer.nbytes

    def append(self, values: ArrayLike) -> None:
        """Add (n,) values; the first ones get an array that holds no more than them."""
        self.put(self._count, values)

    def put(self, start: int, values: ArrayLike) -> None:
        """Keep the first `start` and go on with (n,) others, in the same memory where they fit."""
        added = np.asarray(values, self._buffer.dtype)
        count = start + len(added)
        if count > len(self._buffer):
            room = count if not self._count else max(count, int(self._count * (1 + _MORE)), _LEAST)
            buffer = np.empty(room, self._buffer.dtype)
            buffer[:start] = self._buffer[:start]
            self._buffer = buffer
        self._buffer[start:count] = added
        self._count = count

    def cut(self, count: int) -> None:
        """Keep the first `count`."""
        if count < self._count:
            # A copy, because who was given the values may be reading them yet.
            self._buffer = self._buffer[:count].copy()
            self._count = count
