"""What was found out of networks before, as long as there is room for it."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Protocol, TypeVar

# 50 000 images of 512 features take 100 MB.
_BUDGET_BYTES = 256 * 2**20


class Sized(Protocol):
    """Something that says how much room it takes."""

    @property
    def nbytes(self) -> int: ...


S = TypeVar("S", bound=Sized)


class Memory:
    """Keeps what was used last within a budget, and always the newest. Belongs to one thread."""

    def __init__(self, budget_bytes: int = _BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._kept: OrderedDict[Hashable, Sized] = OrderedDict()

    def get(self, key: Hashable, kind: type[S]) -> S | None:
        """What was put there, if it is still kept and of that kind."""
        found = self._kept.get(key)
        if not isinstance(found, kind):
            return None
        self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, found: S) -> S:
        """Keep it under a key, in place of what was there; returns it."""
        self._kept.pop(key, None)
        self._kept[key] = found
        while len(self._kept) > 1 and sum(each.nbytes for each in self._kept.values()) > self._budget_bytes:
            self._kept.popitem(last=False)
        return found
