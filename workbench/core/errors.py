"""Errors that the person at the keyboard can act on."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


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
        super().__init__("; ".join(first.values()))
        self.fields = fields


def did_you_mean(value: object, allowed: Iterable[str]) -> str:
    """`" (did you mean 'x'?)"` for the nearest of `allowed`, or the empty string."""
    close = difflib.get_close_matches(str(value), list(allowed), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
