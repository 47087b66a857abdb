"""Errors that the person at the keyboard can act on, and how their sentences repeat what the person gave."""

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_LONGEST = 80
# A path is looked up, so that more of it is needed; its end says most.
LONGEST_PATH = 240
# Sentences in one error; who hands over a file of ten thousand wrong fields has another one in mind.
_MOST_SENTENCES = 8
# difflib asks for 0.6 times the mean length to agree: nothing longer than this is close to a name of ours.
_LONGEST_TYPED = 200
_MOST_ENTRIES = 10

# Control characters but for tabs and ends of lines, and those that turn the direction of writing around; names
# stand between U+2068 and U+2069 (`class_names`).
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]")

WAY_OUT = (
    "'resnet-workbench doctor --repair' rebuilds it from its copies and the runs' folders, and deletes nothing"
)
"""Of a damaged list of runs."""


class UserError(Exception):
    """A situation the person can change. Its text is one sentence: what is wrong and what is allowed.

    The command line prints it and exits with 2; the window shows it. Any other exception is a bug.

    Args:
        remedy: settings that would do, by their dotted fields, for a button to take them.
    """

    def __init__(self, sentence: str, remedy: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.remedy = dict(remedy or {})
        self.fields: dict[str, str] = {}
        """Dotted fields that are wrong, each with its sentence; empty where none is."""


class ConfigError(UserError):
    """A configuration that is not allowed. Its text has one sentence per field.

    `fields` maps for example `training.epochs` to a sentence, so that a window can mark the field;
    `model.widths.0` is the first stage's.
    """

    def __init__(self, fields: dict[str, str]) -> None:
        first: dict[str, str] = {}
        for field, sentence in fields.items():
            first.setdefault(field.rstrip(".0123456789"), sentence)
        sentences = list(first.values())
        if len(sentences) > _MOST_SENTENCES:
            sentences[_MOST_SENTENCES:] = [f"and {len(sentences) - _MOST_SENTENCES} more fields are wrong"]
        super().__init__("; ".join(sentences))
        self.fields = fields


class DamagedDatabase(UserError):
    """The database of the runs, or part of it, cannot be read; `store_repair` rebuilds it.

    Args:
        what: names the file, and what is wrong with it. The way out follows in the sentence; the window offers it
            on a button instead.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; {WAY_OUT}")
        self.what = what


def did_you_mean(value: object, allowed: Iterable[str]) -> str:
    """`" (did you mean 'x'?)"` for the nearest of `allowed`, or the empty string."""
    typed = str(value)
    if len(typed) > _LONGEST_TYPED:
        return ""
    names = {name.casefold(): name for name in allowed if len(name) <= _LONGEST_TYPED}
    close = difflib.get_close_matches(typed.casefold(), names, n=1)
    return f" (did you mean '{shown(names[close[0]])}'?)" if close else ""


def shown(value: object, longest: int = 0) -> str:
    r"""What a person gave, as a sentence repeats it: on one line, and short.

    Characters that cannot be seen are escaped (`\n`; bytes that are no UTF-8 as `\xe9`). Of a long text the middle
    is left out and its length said.

    Args:
        longest: characters; 0: 80, or 240 of a Path.
    """
    longest = longest or (LONGEST_PATH if isinstance(value, Path) else _LONGEST)
    text = str(value)
    whole = escaped(text) if len(text) <= longest else ""
    if len(text) == len(whole) or 0 < len(whole) <= longest:
        return whole
    said = f" ({len(text)} characters)"
    room = longest - len(said) - 1
    tail = _fitting(reversed(text[-longest:]), room // 2)
    head = _fitting(text[:longest], room - sum(map(len, tail)))
    return f"{''.join(head)}…{''.join(reversed(tail))}{said}"


def literal(value: object) -> str:
    """A value of any type as JSON writes it, but a text in single quotes; short, like `shown`."""
    return f"'{shown(value)}'" if isinstance(value, str) else shown(_literal(value, depth=3))


def escaped(text: str) -> str:
    """With everything escaped that cannot be seen."""
    return text if text.isprintable() else "".join(map(_escaped_character, text))


def for_terminal(text: str) -> str:
    """With everything escaped that a terminal obeys; lines, and letters of all scripts, stay as they are."""
    return _OBEYED.sub(lambda found: _escaped_character(found[0]), text)


def reason(error: Exception) -> str:
    """Why a file cannot be read or written, in words without numbers of the system or names of Python's."""
    if isinstance(error, UnicodeError):
        return "it is no text in UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} in line {error.lineno}, column {error.colno}"
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    # Of Python's limit on the digits of a number.
    if words.startswith("Exceeds the limit"):
        return "a number in it has thousands of digits"
    return shown(words.split("\n")[0].rstrip(".") or type(error).__name__, 160)


def _literal(value: object, depth: int) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**30:
            return f"a number of {int(math.log10(abs(value))) + 1} digits"
        case str():
            return f"'{shown(value)}'"
        case list() | tuple():
            inner = [_literal(entry, depth - 1) for entry in value[:_MOST_ENTRIES]] if depth else ["…"]
            return f"[{', '.join([*inner, *(['…'] if depth and len(value) > _MOST_ENTRIES else [])])}]"
        case dict():
            entries = list(value.items())[:_MOST_ENTRIES] if depth else []
            inner = [f"'{shown(key)}': {_literal(entry, depth - 1)}" for key, entry in entries]
            return f"{{{', '.join([*inner, *(['…'] if len(value) > len(entries) else [])])}}}"
        case _:
            return str(value)


def _fitting(characters: Iterable[str], room: int) -> list[str]:
    """The first characters, escaped, that fit."""
    taken: list[str] = []
    for character in map(_escaped_character, characters):
        room -= len(character)
        if room < 0:
            break
        taken.append(character)
    return taken


def _escaped_character(character: str) -> str:
    if character.isprintable():
        return character
    # How Python passes on a byte of a name that is no UTF-8 (PEP 383).
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
