"""Which fields can be searched over, and what each of them allows."""

from collections.abc import Iterator
from typing import Any

from pydantic import create_model

from workbench.core.errors import ConfigError
from workbench.core.fields import FieldGroup
from workbench.core.settings.config import SECTIONS, field_names, parse
from workbench.core.settings.config_errors import unknown_key

_OTHER_IMAGES = "trials are compared by the same held-out images"
_NO_DIFFERENCE = "it does not change what is learned"
REFUSED = {
    "data.source": _OTHER_IMAGES,
    "data.validation_fraction": _OTHER_IMAGES,
    "data.excluded": _OTHER_IMAGES,
    "training.seed": "the luckiest seed would be taken for the best settings",
    "model.num_classes": "it follows from the data",
    "training.device": _NO_DIFFERENCE,
    "training.threads": _NO_DIFFERENCE,
    "training.deterministic": _NO_DIFFERENCE,
    "training.compile": _NO_DIFFERENCE,
    "training.epoch_weights_mb": _NO_DIFFERENCE,
}
"""Fields that cannot be searched over, and why."""


def searchable_fields() -> Iterator[str]:
    return (field for field in field_names() if field not in REFUSED)


def require_searchable(field: str) -> None:
    """
    Raises:
        ConfigError: there is no such field, or it cannot be searched over.
    """
    if field not in field_names():
        raise ConfigError({field: unknown_key(field, field_names())})
    if field in REFUSED:
        raise ConfigError({field: f"{field} cannot be searched over: {REFUSED[field]}"})


def kind_of(field: str) -> Any:
    """The type of its values: int, float, bool, a tuple or a Literal."""
    section, _, name = field.partition(".")
    return SECTIONS[section].model_fields[name].annotation


def limits_of(field: str) -> tuple[float | None, float | None]:
    """The least and the largest number that it allows, or comes as near to as one likes; None: no limit."""
    section, _, name = field.partition(".")
    metadata = SECTIONS[section].model_fields[name].metadata
    low, high = (
        [getattr(each, sign) for each in metadata for sign in signs if getattr(each, sign, None) is not None]
        for signs in (("ge", "gt"), ("le", "lt"))
    )
    return (max(low) if low else None), (min(high) if high else None)


def check_value(field: str, value: Any) -> None:
    """Whether a field by itself may have this value.

    Raises:
        ConfigError: it may not; names the field, the value and what is allowed.
    """
    section, _, name = field.partition(".")
    info = SECTIONS[section].model_fields[name]
    # Of this field alone: what does not fit to the others may fit once these are searched over too.
    alone: type[FieldGroup] = create_model("Field", __base__=FieldGroup, **{name: (info.annotation, info)})  # type: ignore[call-overload]
    parse(alone, {name: value}, f"{section}.")
