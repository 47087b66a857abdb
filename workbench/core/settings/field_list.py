"""All fields of a configuration with their meaning, default and limits, for people to look up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from workbench.core.errors import literal
from workbench.core.settings.config import SECTIONS, field_names, help_of
from workbench.core.settings.config_errors import DEVICES

_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
_SIGNS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


@dataclass(frozen=True)
class FieldLine:
    """What a person may want to know of one field."""

    key: str
    """Dotted: `training.learning_rate`."""
    meaning: str
    default: Any
    """As JSON holds it."""
    allowed: str
    """Choices, or the kind of value and its limits."""

    @property
    def default_text(self) -> str:
        return literal(self.default).strip("'") if self.default != "" else "(empty)"


def field_lines(words: Iterable[str] = ()) -> Iterator[FieldLine]:
    """All fields, or those whose key or meaning holds every one of the words."""
    wanted = [word.casefold() for word in words]
    for key in field_names():
        section, _, name = key.partition(".")
        field = SECTIONS[section].model_fields[name]
        meaning = " ".join(help_of(key).split())
        if all(word in f"{key} {meaning}".casefold() for word in wanted):
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            yield FieldLine(key, meaning, default, _allowed(field))


def _allowed(field: FieldInfo) -> str:
    kind, limits = field.annotation, _limits(field.metadata)
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind)))
    if any(getattr(each, "pattern", None) for each in field.metadata):
        return DEVICES
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        parts = getattr(inner, "__metadata__", ())
        limits = _limits([each for part in parts for each in getattr(part, "metadata", (part,))])
        word = _WORDS.get(get_args(inner)[0] if parts else inner, "values")
        return " ".join(f"a list, each {word} {limits}".split())
    return " ".join(f"{_WORDS.get(kind, '')} {limits}".split()) if kind in _WORDS else ""


def _limits(metadata: Sequence[Any]) -> str:
    """`≥ 0, < 1`."""
    found = [(sign, getattr(each, name)) for name, sign in _SIGNS for each in metadata if hasattr(each, name)]
    return ", ".join(f"{sign} {limit:g}" for sign, limit in found)
