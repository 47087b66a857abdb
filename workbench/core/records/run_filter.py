"""Which runs are meant by a typed line, such as `tag:lab status:finished resnet20`, and the orders of a list."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.events import Status
from workbench.core.records.run_record import DamagedRun, RunRecord

_Row = RunRecord | DamagedRun
_R = TypeVar("_R", bound=_Row)

# A term: an optional minus, an optional key, then words in quotes or one without.
_TERM = re.compile(r'(?P<minus>-?)(?:(?P<key>[a-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))(?:\s+|$)', re.I)
_STARRED = "starred"


def _texts(row: _Row, key: str) -> tuple[str, ...]:
    """What is looked into for a key."""
    if isinstance(row, DamagedRun):
        return {"id": (row.id,), "name": (row.name,), "status": ("damaged",)}.get(key, ())
    match key:
        case "tag":
            return row.tags
        case "is":
            return (_STARRED,) if row.is_starred else ()
        case "data":
            return (row.source,)
        case _:
            return (str(getattr(row, key)),)


# Of these keys a text must be the whole value, or one of several with commas; of the others it may be any part.
_WHOLE = ("tag", "is", "status")
KEYS = ("id", "name", "model", "recipe", "data", "status", "tag", "note", "is")
"""What may stand before a colon; `is:starred` is the only one with one meaning."""
STATUSES = (*get_args(Status), "damaged")
_OTHER_KEYS = {"source": "data", "tags": "tag", "notes": "note", "run": "id"}
_SEARCHED = ("id", "name", "model", "recipe", "data", "tag", "note")


@dataclass(frozen=True)
class Term:
    """One condition."""

    key: str
    """Of KEYS; empty: any text of the run may hold it."""
    text: str
    """Folded: without capitals, composed."""
    is_excluded: bool = False

    def matches(self, row: _Row) -> bool:
        return self._is_found(row) != self.is_excluded

    def _is_found(self, row: _Row) -> bool:
        if self.key in _WHOLE:
            return any(_folded(text) in self.text.split(",") for text in _texts(row, self.key))
        keys = (self.key,) if self.key else _SEARCHED
        return any(self.text in _folded(text) for key in keys for text in _texts(row, key))


@dataclass(frozen=True)
class RunFilter:
    """Runs for which every term holds; without terms, all runs."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "RunFilter":
        """Words and `key:value` terms; a value with spaces in quotes; a minus before a term excludes.

        Never refuses, so that it can follow every letter that is typed: what no key is known of is a word, and a
        key that has no value yet says nothing.
        """
        found = (_term(match) for match in _TERM.finditer(text.strip()))
        return cls(tuple(term for term in found if term is not None and term.text))

    @classmethod
    def of(
        cls, text: str = "", *, statuses: Iterable[str] = (), tags: Iterable[str] = (), starred: bool = False
    ) -> "RunFilter":
        """What is typed, and what is chosen beside it: runs have all of the tags, and one of the statuses."""
        terms = [*cls.parse(text).terms, *(Term("tag", _folded(tag)) for tag in tags)]
        terms += [Term("status", _folded(",".join(statuses))), Term("is", _STARRED if starred else "")]
        return cls(tuple(term for term in terms if term.text))

    def matches(self, row: _Row) -> bool:
        return all(term.matches(row) for term in self.terms)

    def chosen(self, rows: Iterable[_R]) -> list[_R]:
        """In their order."""
        return [row for row in rows if self.matches(row)]


def _term(match: re.Match[str]) -> Term | None:
    key, minus = (match["key"] or "").casefold(), bool(match["minus"])
    key = _OTHER_KEYS.get(key, key)
    text = match["quoted"] if match["quoted"] is not None else match["plain"]
    if key and key not in KEYS:
        text, key = f"{match['key']}:{text}", ""
    return Term(key, _folded(text), minus)


def _folded(text: str) -> str:
    """An accent typed as a character of its own is the same letter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


# Orders, the best one first; what a run does not have comes last.


def _accuracy(run: RunRecord) -> float:
    return -_known(run.best.test_accuracy if run.best else None)


def _loss(run: RunRecord) -> float:
    return _known(run.best.test_loss if run.best else None)


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _name(run: RunRecord) -> list[tuple[int, int, str]]:
    """Numbers in names by their value: net9 before net10."""
    parts = re.split(r"(\d{1,18})", _folded(run.name))
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


_ORDERS: dict[str, Callable[[RunRecord], object]] = {
    "accuracy": _accuracy, "loss": _loss, "time": lambda run: run.elapsed_s, "name": _name,
}  # fmt: skip
ORDERS = ("started", *_ORDERS)
"""`started`: newest first, as a list has them; accuracy: highest first; loss and time: lowest first."""


def in_order(runs: Sequence[RunRecord], order: str) -> list[RunRecord]:
    """Runs of a list, by one of ORDERS; equal ones stay as they were.

    Raises:
        UserError: there is no such order.
    """
    if order not in ORDERS:
        raise UserError(
            f"--sort is '{shown(order)}'; it must be {', '.join(ORDERS[:-1])} or {ORDERS[-1]}"
            f"{did_you_mean(order, ORDERS)}"
        )
    if order == "started":
        return list(runs)
    value = _ORDERS[order]
    has_none = {run.id for run in runs if value(run) != value(run)}
    known = sorted((run for run in runs if run.id not in has_none), key=value)  # type: ignore[arg-type]
    return [*known, *(run for run in runs if run.id in has_none)]
