"""In what two configurations differ."""

from dataclasses import dataclass
from typing import Any

from workbench.core.errors import literal
from workbench.core.settings.config import RunConfig, field_names


@dataclass(frozen=True)
class SettingDifference:
    """One field that is not the same in both."""

    field: str
    """Dotted: `training.learning_rate`."""
    a: Any
    """As JSON holds it."""
    b: Any

    @property
    def texts(self) -> tuple[str, str]:
        """Both values for a person."""
        return _text(self.a), _text(self.b)


def config_differences(a: RunConfig, b: RunConfig) -> tuple[SettingDifference, ...]:
    """All fields that differ, in the order of the fields."""
    trees = a.model_dump(mode="json"), b.model_dump(mode="json")
    found = []
    for field in field_names():
        section, _, name = field.partition(".")
        of_a, of_b = (tree[section][name] for tree in trees)
        if of_a != of_b:
            found.append(SettingDifference(field, of_a, of_b))
    return tuple(found)


def _text(value: Any) -> str:
    return literal(value).strip("'") if value not in ("", [], ()) else "–"
