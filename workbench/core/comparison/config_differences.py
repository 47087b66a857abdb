"""In what two configurations differ."""

from dataclasses import dataclass
from typing import Any

from workbench.core.errors import literal
from workbench.core.formats import count
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
        if self.field == "data.excluded":
            return _count(self.a, self.b), _count(self.b, self.a)
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


def _count(numbers: list[int], others: list[int]) -> str:
    """Of images that are left out: two long lists of numbers look the same."""
    alone = len(set(numbers) - set(others))
    said = f"{count(len(numbers))} image{'' if len(numbers) == 1 else 's'}"
    return said if alone in (0, len(numbers)) else f"{said}, {count(alone)} of them here alone"


def _text(value: Any) -> str:
    return literal(value).strip("'") if value not in ("", [], ()) else "–"
