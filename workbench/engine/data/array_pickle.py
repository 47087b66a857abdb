"""Reads pickles of nothing but arrays, texts, bytes, whole numbers, lists and dicts; nothing in them can run.

A pickle is a program for a stack machine, and some of its instructions call what it names. Here is a machine
without such: what Python's would call is compared with the few names that an array is made of, and noted down.
Python's own unpickler with a `find_class` that refuses would be as safe; but it holds an array twice, where this
one reads it straight into its place, and it cannot be stopped on the way.

Protocols 2 to 4: the batches of the official archives are of 2, by Python 2.
"""

import math
import pickle
import pickletools
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# What is larger is the array; names of files have some 30.
_LONGEST_TEXT = 1 << 12
_PIECE = 1 << 20
# Some 10 ms.
_OPERATIONS = 8192
_MOST_DIMENSIONS = 4
_NAMES = {code.code.encode("latin-1"): code.name for code in pickletools.opcodes}


class RefusedPickle(ValueError):
    """It holds, or asks for, what is not allowed; its text ends a sentence."""


@dataclass(frozen=True)
class _Named:
    """What a pickle names, as a name."""

    name: str


_RECONSTRUCT, _NDARRAY, _DTYPE = _Named("_reconstruct"), _Named("ndarray"), _Named("dtype")
_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _DTYPE,
}


@dataclass
class _Kind:
    """A dtype as it is spelled."""

    spelled: object


@dataclass
class RecordedArray:
    """What a pickle says of an array. Its bytes are in the room that was given for them."""

    shape: tuple[int, ...] = ()
    is_by_columns: bool = False
    """Whether the first index runs fastest (Fortran's order)."""


class _Mark:
    """Where a list of arguments begins on the stack."""


class _InRoom:
    """The bytes that were read into the room."""


_MARK, _IN_ROOM = _Mark(), _InRoom()
_CONSTANTS: Final[dict[bytes, object]] = {pickle.NONE: None, pickle.NEWTRUE: True, pickle.NEWFALSE: False}
# The format of each instruction's argument.
_NUMBERS: Final = {pickle.BININT: "<i", pickle.BININT1: "<B", pickle.BININT2: "<H"}
_TEXTS: Final = {
    pickle.SHORT_BINSTRING: "<B", pickle.BINSTRING: "<I", pickle.SHORT_BINBYTES: "<B", pickle.BINBYTES: "<I",
    pickle.SHORT_BINUNICODE: "<B", pickle.BINUNICODE: "<I",
}  # fmt: skip
_UNICODE: Final = (pickle.SHORT_BINUNICODE, pickle.BINUNICODE)
_PUTS: Final = {pickle.BINPUT: "<B", pickle.LONG_BINPUT: "<I"}
_GETS: Final = {pickle.BINGET: "<B", pickle.LONG_BINGET: "<I"}
_TUPLES: Final = {pickle.EMPTY_TUPLE: 0, pickle.TUPLE1: 1, pickle.TUPLE2: 2, pickle.TUPLE3: 3}
# How much is passed over: the version, and the length of a frame.
_PASSED_OVER: Final = {pickle.PROTO: 1, pickle.FRAME: 8}


class ArrayPickle:
    """Reads one pickle.

    Args:
        file: at its beginning; must have `readinto`.
        room: (bytes,) where the bytes of the one array go, exactly as many.
    """

    def __init__(self, file: Any, room: NDArray[np.uint8]) -> None:
        self._file, self._room = file, room.data
        self._is_filled = False
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._rest: dict[bytes, Callable[[], None]] = {
            pickle.MARK: lambda: self._stack.append(_MARK),
            pickle.EMPTY_LIST: lambda: self._stack.append([]),
            pickle.EMPTY_DICT: lambda: self._stack.append({}),
            pickle.MEMOIZE: lambda: self._put(len(self._memo)),
            pickle.TUPLE: lambda: self._stack.append(tuple(self._from_mark())),
            pickle.APPEND: lambda: self._extend([self._pop()]),
            pickle.APPENDS: lambda: self._extend(self._from_mark()),
            pickle.SETITEM: lambda: self._set_items(self._pop_many(2)),
            pickle.SETITEMS: lambda: self._set_items(self._from_mark()),
            pickle.GLOBAL: lambda: self._name(self._line(), self._line()),
            pickle.STACK_GLOBAL: lambda: self._name(*self._pop_many(2)),
            pickle.REDUCE: self._reduce,
            pickle.BUILD: self._build,
        }

    def load(self) -> Generator[None, None, object]:
        """What it holds; pauses every few milliseconds.

        Raises:
            RefusedPickle: it holds or asks for something else.
            EOFError: it ends too early.
        """
        done = 0
        while (code := self._read(1)) != pickle.STOP:
            done += 1
            if done % _OPERATIONS == 0:
                yield
            if code in _TEXTS:
                yield from self._text(code)
            elif code in _CONSTANTS:
                self._stack.append(_CONSTANTS[code])
            elif code in _NUMBERS:
                self._stack.append(self._number(_NUMBERS[code]))
            elif code in _PUTS:
                self._put(self._number(_PUTS[code]))
            elif code in _GETS:
                self._get(self._number(_GETS[code]))
            elif code in _TUPLES:
                self._stack.append(tuple(self._pop_many(_TUPLES[code])))
            elif code in _PASSED_OVER:
                self._read(_PASSED_OVER[code])
            elif code in self._rest:
                self._rest[code]()
            else:
                raise RefusedPickle(f"it has the instruction {_NAMES.get(code, code.hex())}, which is not allowed")
        return self._pop()

    # The file

    def _read(self, size: int) -> bytes:
        content: bytes = self._file.read(size)
        if len(content) < size:
            raise EOFError("it ends too early")
        return content

    def _number(self, form: str) -> int:
        number: int = struct.unpack(form, self._read(struct.calcsize(form)))[0]
        return number

    def _line(self) -> str:
        # A name of a module or of something in it.
        line: bytes = self._file.readline(256)
        if not line.endswith(b"\n"):
            raise RefusedPickle("a name in it is too long")
        return line[:-1].decode("ascii", "backslashreplace")

    def _text(self, code: bytes) -> Generator[None, None, None]:
        size = self._number(_TEXTS[code])
        if size <= _LONGEST_TEXT:
            content = self._read(size)
            self._stack.append(content.decode("utf-8", "surrogatepass") if code in _UNICODE else content)
            return
        if size != len(self._room) or self._is_filled or code in _UNICODE:
            raise RefusedPickle(f"it has {size} bytes in one piece, where {len(self._room)} are allowed, once")
        self._is_filled = True
        done = 0
        while done < size:
            got = self._file.readinto(self._room[done : done + _PIECE])
            if not got:
                raise EOFError("it ends too early")
            done += got
            yield
        self._stack.append(_IN_ROOM)

    # The stack

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise RefusedPickle("its instructions do not fit together")
        return self._stack.pop()

    def _pop_many(self, count: int) -> list[Any]:
        return [self._pop() for _ in range(count)][::-1]

    def _from_mark(self) -> list[Any]:
        items = []
        while self._stack and self._stack[-1] is not _MARK:
            items.append(self._stack.pop())
        if not self._stack:
            raise RefusedPickle("its instructions do not fit together")
        self._stack.pop()
        return items[::-1]

    def _top(self, kind: type[Any]) -> Any:
        top = self._pop()
        if type(top) is not kind:
            raise RefusedPickle("its instructions do not fit together")
        self._stack.append(top)
        return top

    def _put(self, index: int) -> None:
        top = self._pop()
        self._stack.append(top)
        self._memo[index] = top

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise RefusedPickle("its instructions do not fit together")
        self._stack.append(self._memo[index])

    def _extend(self, items: list[Any]) -> None:
        self._top(list).extend(items)

    def _set_items(self, items: list[Any]) -> None:
        keys, values = items[::2], items[1::2]
        if len(keys) != len(values) or not all(isinstance(key, str | bytes | int) for key in keys):
            raise RefusedPickle("it has a dict whose keys are not texts")
        self._top(dict).update(zip(keys, values, strict=True))

    # What an array is made of

    def _name(self, module: object, name: object) -> None:
        found = _ALLOWED.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if found is None:
            raise RefusedPickle(f"it asks for {_spelled(module)}.{_spelled(name)}, which is never called")
        self._stack.append(found)

    def _reduce(self) -> None:
        called, arguments = self._pop_many(2)
        match called, arguments:
            case _Named("_reconstruct"), (_Named("ndarray"), (0,), b"b" | "b"):
                self._stack.append(RecordedArray())
            case _Named("dtype"), (spelled, int(), int()):
                self._stack.append(_Kind(spelled))
            case _:
                raise RefusedPickle("it makes something else than an array")

    def _build(self) -> None:
        made, state = self._pop_many(2)
        match made, state:
            # No fields, no inner shape, no flags: of a plain number.
            case _Kind(), (3, _, None, None, None, -1, -1, 0):
                pass
            case RecordedArray(), (1, tuple() as shape, _Kind(spelled), bool() | 0 | 1 as by_columns, held):
                self._check(shape, spelled, held)
                made.shape, made.is_by_columns = shape, bool(by_columns)
            case _:
                raise RefusedPickle("it has an array of another kind than plain numbers")
        self._stack.append(made)

    def _check(self, shape: tuple[Any, ...], spelled: object, held: object) -> None:
        if spelled not in ("u1", b"u1"):
            raise RefusedPickle(f"it has an array of {_spelled(spelled)}, where uint8 is allowed")
        is_shape = len(shape) <= _MOST_DIMENSIONS and all(type(side) is int and side >= 0 for side in shape)
        if held is not _IN_ROOM or not is_shape or math.prod(shape) != len(self._room):
            sides = " x ".join(map(_spelled, shape[:_MOST_DIMENSIONS]))
            raise RefusedPickle(f"it has an array of {sides}, where {len(self._room)} numbers are allowed")


def _spelled(value: object) -> str:
    """Short, whatever it is."""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return ascii(text[:60])[1:-1]
