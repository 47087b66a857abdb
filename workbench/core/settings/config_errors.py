"""What is wrong with a configuration, in one sentence per field: its name, its value, and what is allowed."""

import difflib
import re
from collections.abc import Sequence

from pydantic_core import ErrorDetails

from workbench.core.errors import did_you_mean, literal, shown

# How alike the last words of two keys must be, from 0 to 1: who types `learnin_rate` means `learning_rate`, but
# `rotations` is not `patience`. In another section only the same word is meant.
_NEAR, _SAME = 0.75, 0.95
_LONGEST_KEY = 200

# Of training.device, the one field with a pattern.
DEVICES = "auto, cpu, cuda, cuda:<index> or mps"


def sentences(errors: Sequence[ErrorDetails], prefix: str, known: Sequence[str]) -> dict[str, str]:
    """A sentence for each wrong field, by its dotted name.

    Args:
        prefix: of the validated part, such as `model.`.
        known: all dotted fields.
    """
    fields: dict[str, str] = {}
    for error in errors:
        # Whole numbers are entries of a list; a text of digits is an unknown field of that name.
        location = list(error["loc"])
        if error["type"] == "field":
            location += [int(part) if part.isdigit() else part for part in error["ctx"]["field"].split(".")]
        field = prefix + ".".join(part for part in location if isinstance(part, str))
        dotted = prefix + ".".join(map(str, location))
        fields.setdefault(dotted, _sentence(field, _entry(field, location), error, known))
    return fields


def _entry(field: str, location: Sequence[int | str]) -> str:
    """Which entry of a list is meant; in those of the network there is one per stage."""
    if not location or isinstance(location[-1], str):
        return ""
    return f" {'of stage' if field.startswith('model.') else 'number'} {location[-1] + 1}"


def _sentence(field: str, entry: str, error: ErrorDetails, known: Sequence[str]) -> str:
    if error["type"] == "extra_forbidden":
        return unknown_key(field, known)
    if error["type"] == "field":
        return f"{field} {error['ctx']['sentence']}"
    return f"{field}{entry} is {literal(error['input'])}; it must be {_allowed(field, error)}"


# What people call a choice elsewhere, where no letters tell.
_MEANT = {
    ("training.schedule", "none"): "constant",
    ("training.schedule", "off"): "constant",
    ("training.compile", "true"): "on",
    ("training.compile", "false"): "off",
    ("model.norm", "false"): "none",
    ("model.activation", "identity"): "none",
}

# What each kind of pydantic error allows, filled in from its context.
_ALLOWED = {
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "above {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "below {lt:g}",
    "too_short": "a list of at least {min_length} stage",
    "too_long": "a list of at most {max_length} stages",
    "string_pattern_mismatch": DEVICES,
    "string_too_long": "a text of at most {max_length} characters",
    "string_too_short": "a text that is not empty",
    "string_type": "a text that is not empty",
    "string_unicode": "a text in UTF-8",
    "int_type": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list of whole numbers, one per stage, such as [16, 32, 64]",
    "model_type": "an object of fields",
}
_NUMBERS = "a list of three numbers, one per channel, such as [0.5, 0.5, 0.5]"
# Of lists that are not of whole numbers for each stage.
_ALLOWED_LISTS = {
    "training.milestones": {
        "too_short": "at least one share, such as [0.5, 0.75]",
        "too_long": "at most {max_length} shares",
        "tuple_type": "a list of shares between 0 and 1, such as [0.5, 0.75]",
    },
    "data.mean": {"tuple_type": _NUMBERS, "too_long": _NUMBERS},
    "data.std": {"tuple_type": _NUMBERS, "too_long": _NUMBERS},
    "data.excluded": {
        "tuple_type": "a list of whole numbers, such as [4, 17]",
        "too_long": "a list of at most {max_length} numbers",
    },
    "model.residuals": {"tuple_type": "a list of true and false, one per stage, such as [true, false, true]"},
}


def _allowed(field: str, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        meant = _MEANT.get((field, str(error["input"]).casefold()))
        hint = f" (did you mean '{meant}'?)" if meant else did_you_mean(error["input"], allowed)
        return f"one of {', '.join(allowed)}{hint}"
    allowed_by_kind = _ALLOWED | _ALLOWED_LISTS.get(field, {})
    if error["type"] in allowed_by_kind:
        return allowed_by_kind[error["type"]].format(**context)
    return shown(error["msg"].removeprefix("Input should be "), 160)


def unknown_key(dotted: str, known: Sequence[str]) -> str:
    """The sentence for a field that does not exist; names one that is meant, if any is near."""
    guess = _near_key(dotted, known)
    hint = f" (did you mean '{guess}'?)" if guess else "; 'resnet-workbench fields' lists all"
    return f"{shown(dotted)} is not a known field{hint}"


def _near_key(dotted: str, known: Sequence[str]) -> str:
    """One with nearly the same last word, in the same section if there is such a section; else empty.

    The section is not compared letter by letter: with it, any two names in one section would be alike.
    """
    if len(dotted) > _LONGEST_KEY:
        return ""
    section, _, last = dotted.rpartition(".")
    of_section = [name for name in known if name.startswith(f"{section}.")]
    begun = [name for name in of_section if name.startswith(f"{section}.{last}")]
    if len(last) > 2 and len(begun) == 1:
        return begun[0]
    for candidates in (of_section, known):
        names = {name.rpartition(".")[2]: name for name in reversed(candidates)}
        near = difflib.get_close_matches(last, names, n=1, cutoff=_NEAR if candidates is of_section else _SAME)
        if near:
            return names[near[0]]
    return ""
