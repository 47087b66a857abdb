"""A search space as it is typed: `training.learning_rate=0.01..0.5:log`, `model.widths=[16,32]|[32,64]`."""

import re
from collections.abc import Sequence

from workbench.core.errors import ConfigError, UserError, shown
from workbench.core.search.dimensions import Choices, Dimension, Range
from workbench.core.search.space_fields import check_value, kind_of, require_searchable
from workbench.core.settings.assignments import parse_assignments

EXAMPLES = "training.learning_rate=0.01..0.5:log, training.batch_size=64|128 or training.epochs=5..20:5"
_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*((?::[^:]*)*)$")
_MOST_CHOICES = 50


def parse_space(assignments: Sequence[str]) -> dict[str, Dimension]:
    """Dotted fields and what each is searched over.

    Raises:
        UserError: names the field, what was given and what is allowed.
    """
    if not assignments:
        raise UserError(f"nothing is searched over; give --space, for example {EXAMPLES}")
    space: dict[str, Dimension] = {}
    for assignment in assignments:
        field, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals or not field:
            raise UserError(f"--space is '{shown(assignment)}'; it must be FIELD=VALUES, for example {EXAMPLES}")
        if field in space:
            raise UserError(f"--space names {shown(field)} twice; give all of its values at once")
        space[field] = parse_dimension(field, text)
    return space


def parse_dimension(field: str, text: str) -> Dimension:
    """What a field is searched over.

    Raises:
        ConfigError: there is no such field, or it does not allow that.
    """
    require_searchable(field)
    found = _RANGE.match(text)
    dimension = _range(field, text, *found.groups()) if found else _choices(field, text)
    for value in dimension.ends:
        check_value(field, value)
    return dimension


def _range(field: str, text: str, low: str, high: str, options: str) -> Range:
    if kind_of(field) not in (int, float):
        raise _wrong(field, text, "values with | between them, as it is no single number")
    is_whole = kind_of(field) is int
    is_log, step = False, None
    for option in (each.strip() for each in options.split(":")[1:]):
        if option == "log":
            is_log = True
        elif re.fullmatch(_NUMBER, option):
            step = _numeral(field, text, option, is_whole)
        else:
            raise _wrong(field, text, "LOW..HIGH, and behind it :log or a step, such as :0.1, if you like")
    first, last = _numeral(field, text, low, is_whole), _numeral(field, text, high, is_whole)
    if first >= last:
        raise _wrong(field, text, "LOW..HIGH, with LOW below HIGH")
    if is_log and step is not None:
        raise _wrong(field, text, "either on a logarithmic scale or in steps")
    if is_log and first <= 0:
        raise _wrong(field, text, "above 0 for a logarithmic scale")
    if step is not None and not 0 < step <= last - first:
        raise _wrong(field, text, f"in steps above 0 and at most {last - first:g}")
    return Range(first, last, is_log, step)


def _numeral(field: str, text: str, numeral: str, is_whole: bool) -> float:
    if not is_whole:
        return float(numeral)
    try:
        return int(numeral)
    except ValueError:
        raise _wrong(field, text, "of whole numbers") from None


def _choices(field: str, text: str) -> Choices:
    parts = text.split("|")
    if len(parts) < 2 or not all(part.strip() for part in parts):
        number = ", or a range such as 1..9" if kind_of(field) in (int, float) else ""
        raise _wrong(field, text, f"two values or more with | between them{number}")
    if len(parts) > _MOST_CHOICES:
        raise _wrong(field, text, f"at most {_MOST_CHOICES} values")
    values = tuple(parse_assignments([f"{field}={part.strip()}"])[field] for part in parts)
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise _wrong(field, text, "of values that differ")
    return Choices(values)


def _wrong(field: str, text: str, allowed: str) -> ConfigError:
    return ConfigError({field: f"{field} is searched over '{shown(text)}'; it must be {allowed}"})
