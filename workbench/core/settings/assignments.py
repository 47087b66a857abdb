"""`KEY=VALUE`, as it is typed on the command line."""

import ast
import json
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

from workbench.core.errors import UserError, shown
from workbench.core.settings.config import SECTIONS


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """`["model.widths=[16,32]", "data.source=sample"]` as a dict; values are JSON, bare words strings.

    Choices, true and false may be written in capitals, as Python and other tools do.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise UserError(f"'{shown(assignment)}' is not KEY=VALUE, for example training.learning_rate=0.05")
        values[key.strip()] = _spelled(key.strip(), parse_value(text))
    return values


def parse_value(text: str) -> Any:
    """JSON, or a list as Python writes it, or the bare text where it is neither."""
    try:
        return json.loads(text)
    # Not only JSONDecodeError: too deep a tree, or a number of thousands of digits.
    except (ValueError, RecursionError):
        return _python_list(text) if text.strip()[:1] in ("[", "(") else text


def _python_list(text: str) -> Any:
    """A list or tuple, in which True stands for true; or the bare text."""
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
    return list(value) if isinstance(value, list | tuple) else text


def _spelled(key: str, value: Any) -> Any:
    """As the configuration spells it, if only capitals differ."""
    section, _, name = key.partition(".")
    field = SECTIONS[section].model_fields.get(name) if section in SECTIONS else None
    if field is None or not isinstance(value, str):
        return value
    kind = field.annotation
    allowed: dict[str, Any] = {"true": True, "false": False} if kind is bool else {}
    if get_origin(kind) is Literal:
        allowed = {str(choice).casefold(): choice for choice in get_args(kind)}
    if key == "training.device":
        return value.casefold()
    return allowed.get(value.casefold(), value)
