"""Recipes: named ways to train, which may say how images are normalized and how weights begin too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.core.errors import ConfigError, literal
from workbench.core.settings.config import RunConfig, field_names, parse
from workbench.core.settings.config_errors import unknown_key
from workbench.core.settings.training_config import TrainingConfig

# What a person may change without it being another recipe: length, chance and machine.
_FREE = ("epochs", "seed", "device", "precision", "threads", "compile", "deterministic")
# Sections beside training, and what a recipe may say there: how one trains, not what.
_BEYOND: Mapping[str, tuple[str, ...]] = {
    "data": ("validation_fraction", "normalization", "mean", "std"),
    "model": ("initialization",),
}
_USUAL = RunConfig()


@dataclass(frozen=True)
class Recipe:
    name: str
    title: str
    description: str
    config: TrainingConfig
    beyond: Mapping[str, Any] = field(default_factory=dict)
    """What it sets beside training, by dotted fields."""
    former_name: str = ""
    """By which it still is found."""

    @classmethod
    def read(cls, name: str, title: str, description: str, fields: dict[str, Any], former_name: str) -> "Recipe":
        """From the fields of its table, with tables of their own for what it sets beside training.

        Raises:
            ConfigError: by field.
        """
        beyond: dict[str, Any] = {}
        for section, allowed in _BEYOND.items():
            table = fields.pop(section, {})
            if not isinstance(table, dict):
                raise ConfigError({section: f"{section} is {literal(table)}; it must be a table of fields"})
            beyond |= {_allowed(section, key, allowed): value for key, value in table.items()}
        for section in (name for name, value in fields.items() if isinstance(value, dict)):
            known = ", ".join(f"{name}.{key}" for name, keys in _BEYOND.items() for key in keys)
            raise ConfigError(
                {section: f"{section} is a table, but a recipe sets fields of training, and {known}"}
            )
        training = parse(TrainingConfig, fields, "training.")
        # Validated beside each other; lists become the tuples that the configuration holds.
        checked = _USUAL.with_values(beyond)
        return cls(
            name, title, description, training, {key: value_of(checked, key) for key in beyond}, former_name
        )

    @property
    def sets(self) -> Mapping[str, Any]:
        """All that it says, by dotted fields: what differs from what is usual, and what lies beside training."""
        usual = TrainingConfig().model_dump()
        said = {key: value for key, value in self.config.model_dump().items() if value != usual[key]}
        return {f"training.{key}": value for key, value in said.items()} | dict(self.beyond)

    @property
    def also(self) -> str:
        """What it sets that the eye does not seek in a way to train: images, first weights, number format."""
        said = {key.partition(".")[2]: value for key, value in self.beyond.items()}
        if self.config.precision != "auto":
            said["precision"] = self.config.precision
        return ", ".join(f"{key} {_shown(value)}" for key, value in said.items())

    def matches(self, config: RunConfig) -> bool:
        """Whether a run is trained by it; length, chance and machine are free."""
        free = dict.fromkeys(_FREE)
        same = self.config.model_copy(update=free) == config.training.model_copy(update=free)
        return same and all(value_of(config, key) == value for key, value in self.beyond.items())

    def applied_to(self, config: RunConfig, before: Mapping[str, Any] | None = None) -> RunConfig:
        """The same run by this recipe.

        Args:
            before: values of dotted fields to begin from, in place of what another recipe had set there.

        Raises:
            ConfigError: the recipe does not fit to the network or the data.
        """
        values = dict(self.beyond)
        if "data.normalization" in values:
            # A name of its own is not to stand beside numbers of another.
            values = {"data.mean": (), "data.std": ()} | values
        tree = config.model_dump() | {"training": self.config.model_dump()}
        for dotted, value in (dict(before or {}) | values).items():
            section, _, name = dotted.partition(".")
            tree[section][name] = value
        return RunConfig.build(tree)


def _allowed(section: str, key: str, allowed: tuple[str, ...]) -> str:
    """The dotted name of a field that a recipe may set.

    Raises:
        ConfigError: there is no such field, or it is not a recipe's to set.
    """
    dotted = f"{section}.{key}"
    if key in allowed:
        return dotted
    if dotted not in field_names():
        raise ConfigError({dotted: unknown_key(dotted, field_names())})
    known = ", ".join(f"{section}.{name}" for name in allowed)
    raise ConfigError({dotted: f"{dotted} says what is trained, not how; a recipe may set {known}"})


def value_of(config: RunConfig, dotted: str) -> Any:
    """Of a dotted field."""
    section, _, name = dotted.partition(".")
    return getattr(getattr(config, section), name)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else literal(value)
