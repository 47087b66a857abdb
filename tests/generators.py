"""The engine's generators, driven to their end."""

from collections.abc import Generator
from typing import Any, TypeVar

_T = TypeVar("_T")


def result_of(work: Generator[Any, None, _T]) -> _T:
    """What a generator returns; what it yields is dropped."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: _T = end.value
            return result
