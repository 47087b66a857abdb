"""What a study searches for and how: frozen when it begins, and kept with it."""

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from workbench.core.errors import ConfigError, UserError, did_you_mean, literal, shown
from workbench.core.names import LONGEST_TAG, is_name
from workbench.core.search.dimensions import Dimension, Value, from_json, to_json
from workbench.core.settings.config import RunConfig

Sampler = Literal["tpe", "random", "grid"]
Pruner = Literal["median", "hyperband", "none"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
PRUNERS: tuple[Pruner, ...] = get_args(Pruner)
USUAL_TRIALS = 30
MOST_TRIALS = 10_000
MOST_GRID_POINTS = 1000

TAG = "search:"
"""Before the study's name: the tag of its runs."""
LONGEST_NAME = LONGEST_TAG - len(TAG)

_VERSION = 1
_MOST_COMBINATIONS = 500


@dataclass(frozen=True)
class StudyDefinition:
    """What all processes that work on a study must agree on. Use `define` to make one: that checks it."""

    name: str
    config: RunConfig
    """What is not searched over is trained as it says."""
    space: Mapping[str, Dimension]
    """By dotted fields."""
    sampler: Sampler = "tpe"
    pruner: Pruner = "median"
    model: str = "custom"
    recipe: str = "custom"
    """Names of the presets, for the list of runs."""

    @property
    def tag(self) -> str:
        return f"{TAG}{self.name}"

    def config_at(self, values: Mapping[str, Value]) -> RunConfig:
        """What a trial of these values trains.

        Raises:
            ConfigError: they do not fit together.
        """
        return self.config.with_values(values)

    @property
    def most_epochs(self) -> int:
        """Of any trial."""
        dimension = self.space.get("training.epochs")
        return max(dimension.ends) if dimension is not None else self.config.training.epochs

    @property
    def grid_points(self) -> list[dict[str, Value]]:
        """All combinations; to be asked for only where `grid_size` is not None."""
        grids = [dimension.grid or () for dimension in self.space.values()]
        return [dict(zip(self.space, point, strict=True)) for point in itertools.product(*grids)]

    @property
    def grid_size(self) -> int | None:
        """How many combinations there are, if they can be counted."""
        grids = [dimension.grid for dimension in self.space.values()]
        return math.prod(len(grid) for grid in grids if grid is not None) if None not in grids else None

    def to_json(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "config": self.config.model_dump(mode="json"),
            "space": {name: to_json(dimension) for name, dimension in self.space.items()},
            "sampler": self.sampler,
            "pruner": self.pruner,
            "model": self.model,
            "recipe": self.recipe,
        }

    @classmethod
    def from_json(cls, name: str, tree: object) -> "StudyDefinition":
        """The inverse of `to_json`.

        Raises:
            UserError: it is of a newer workbench, or something else.
        """
        if not isinstance(tree, dict):
            raise UserError(f"study {shown(name)} was not begun by 'resnet-workbench search start'")
        if tree.get("version") != _VERSION:
            raise UserError(f"study {shown(name)} is of another version of the workbench; use that to go on")
        try:
            space = {field: from_json(dimension) for field, dimension in tree["space"].items()}
            config = RunConfig.build(tree["config"])
            return cls(name, config, space, tree["sampler"], tree["pruner"], tree["model"], tree["recipe"])
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(f"the definition of study {shown(name)} is damaged: {error} is missing") from error


def define(
    name: str,
    config: RunConfig,
    space: Mapping[str, Dimension],
    *,
    sampler: str = "tpe",
    pruner: str = "median",
    model: str = "custom",
    recipe: str = "custom",
) -> StudyDefinition:
    """A definition that can be worked on.

    Raises:
        UserError: it cannot; names what is wrong, and what is allowed.
    """
    for option, given, allowed in (("sampler", sampler, SAMPLERS), ("pruner", pruner, PRUNERS)):
        if given not in allowed:
            hint = did_you_mean(given, allowed)
            raise UserError(f"--{option} is '{shown(given)}'; it must be one of {', '.join(allowed)}{hint}")
    definition = StudyDefinition(
        study_name(name), config, dict(space), sampler, pruner, model, recipe  # type: ignore[arg-type]
    )  # fmt: skip
    _require_held_out(config)
    _require_comparable(definition)
    if sampler == "grid":
        _require_grid(definition)
    _require_combinations(definition)
    return definition


def study_name(text: str) -> str:
    """`text`, if a study may be called so.

    Raises:
        UserError: it may not.
    """
    if not text.strip() or text != text.strip() or len(text) > LONGEST_NAME or not is_name(text) or "," in text:
        raise UserError(
            f"the study's name is '{shown(text)}'; it must be one line of 1 to {LONGEST_NAME} characters without "
            "commas"
        )
    return text


def trial_limit(text: str) -> int:
    """A number of trials as it was typed.

    Raises:
        UserError: it is none.
    """
    if not re.fullmatch(r"0*[1-9]\d{0,5}", text) or int(text) > MOST_TRIALS:
        raise UserError(f"--trials is '{shown(text)}'; it must be a whole number from 1 to {MOST_TRIALS}")
    return int(text)


def _require_held_out(config: RunConfig) -> None:
    if not config.data.validation_fraction:
        sentence = (
            "data.validation_fraction is 0, but a search chooses by images that are held out, never by test "
            "images; give it above 0, such as 0.1"
        )
        raise ConfigError({"data.validation_fraction": sentence})


def _require_comparable(definition: StudyDefinition) -> None:
    if "training.epochs" in definition.space and definition.pruner != "none":
        raise UserError(
            f"--pruner is {definition.pruner}, but training.epochs is searched over, so that accuracies after the "
            "same epoch cannot be compared; give --pruner none"
        )


def _require_grid(definition: StudyDefinition) -> None:
    for name, dimension in definition.space.items():
        if dimension.grid is None:
            raise UserError(
                f"--sampler is grid, but {name} is searched over all of {dimension}; give it a step, such as "
                f"{dimension}:0.1 without log, or values with | between them"
            )
    size = definition.grid_size or 0
    if size > MOST_GRID_POINTS:
        raise UserError(f"--sampler is grid, of {size} combinations; it must be at most {MOST_GRID_POINTS}")


def _require_combinations(definition: StudyDefinition) -> None:
    """That each value fits to some values of the others: one that never does would only make trials fail."""
    names, ends = list(definition.space), [dimension.ends for dimension in definition.space.values()]
    problems: dict[tuple[str, int], ConfigError | None] = {
        (name, index): None for name, values in zip(names, ends, strict=True) for index in range(len(values))
    }
    if math.prod(map(len, ends)) > _MOST_COMBINATIONS:
        # Of so many, those that are tried say nothing of the rest.
        return
    for point in itertools.product(*map(range, map(len, ends))):
        places = list(zip(names, point, strict=True))
        if problems.keys().isdisjoint(places):
            continue
        try:
            definition.config_at({name: values[i] for name, values, i in zip(names, ends, point, strict=True)})
        except ConfigError as error:
            problems |= {place: error for place in places if place in problems}
        else:
            for place in places:
                problems.pop(place, None)
    for (name, index), problem in problems.items():
        value = literal(definition.space[name].ends[index])
        raise UserError(f"{name} is searched over {value}, which fits to no value of the others: {problem}")
