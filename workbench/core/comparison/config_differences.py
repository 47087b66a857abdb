"""In what two configurations differ."""

from dataclasses import dataclass
from typing import Any

from workbench.core.errors import literal
from workbench.core.settings.config import RunConfig, field_names

# Whatever they say, a network learns the same but for rounding. A field that is new counts until it is named here.
_OF_THE_MACHINE = {"device", "threads", "deterministic", "epoch_weights_mb"}
_FOUND_WITH_THE_SPLIT = {"mean", "std"}


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


def same_but_for_seed(a: RunConfig, b: RunConfig) -> bool:
    """Whether runs of both are draws of one experiment.

    All fields must agree but training.seed, what changes only where and how exactly it is computed (device,
    threads, deterministic, epoch_weights_mb), and the numbers of normalization from-data, which follow from the
    seed's split.
    """
    return _counted(a) == _counted(b)


def _counted(config: RunConfig) -> dict[str, Any]:
    found_later = _FOUND_WITH_THE_SPLIT if config.data.normalization == "from-data" else set[str]()
    return config.model_dump(exclude={"training": {"seed"} | _OF_THE_MACHINE, "data": found_later})


def _text(value: Any) -> str:
    return literal(value).strip("'") if value not in ("", [], ()) else "–"
