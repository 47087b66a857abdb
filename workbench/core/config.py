"""What a run is: the network, the data, how to train and what to start from, in one validated, frozen tree.

The window, the command line and the store share these classes. Every error names its dotted field.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from workbench.core.errors import ConfigError, UserError, did_you_mean, literal, reason, shown
from workbench.core.fields import FieldGroup, field_error, texts_of
from workbench.core.image_sources import ALLOWED_SOURCES, SAMPLE
from workbench.core.model_config import ModelConfig
from workbench.core.normalization import CHANNELS, DEFAULT, Normalization, NormalizationName
from workbench.core.training_config import TrainingConfig

# Linux's limit. With any limit pydantic also looks whether a text is UTF-8, as what is recorded must be.
_LONGEST_PATH = 4096
_SOURCES = f"{ALLOWED_SOURCES} of train/<class>/ and test/<class>/."

# A deviation near zero would make every difference between pixels enormous.
_Mean = Annotated[float, Field(ge=0.0, le=1.0, strict=False)]
_Std = Annotated[float, Field(ge=0.001, le=10.0, strict=False)]

_C = TypeVar("_C", bound=FieldGroup)


class DataConfig(FieldGroup):
    """Which images, and how they are split."""

    source: Annotated[str, Field(min_length=1, max_length=_LONGEST_PATH, description=_SOURCES)] = SAMPLE.name
    validation_fraction: Annotated[float, Field(ge=0.0, le=0.5, strict=False)] = 0.1
    """Share of the training images held out, stratified, to choose the best epoch. 0: no split."""
    train_images: Annotated[int, Field(ge=0)] = 0
    """Use only so many training images, as many of every class, chosen by the seed. 0: all."""
    normalization: NormalizationName = "auto"
    """Mean and standard deviation that images are normalized by. auto: as the starting weights were, or
    cifar10's. cifar10-per-image: with the mean of the images' own deviations, common in repositories. half: both
    0.5, so that values go from -1 to 1. none: from 0 to 1. from-data: of the training images. custom: data.mean
    and data.std."""
    mean: Annotated[tuple[_Mean, ...], Field(max_length=CHANNELS, strict=False)] = ()
    """Of red, green and blue, from 0 to 1, for normalization custom. from-data finds it when a run begins."""
    std: Annotated[tuple[_Std, ...], Field(max_length=CHANNELS, strict=False)] = ()
    """Standard deviation of red, green and blue, in the same units; likewise."""

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        name, given = self.normalization, {"mean": self.mean, "std": self.std}
        for field, numbers in given.items():
            if numbers and name not in ("custom", "from-data"):
                raise field_error(
                    field,
                    f"is {literal(numbers)}, but data.normalization is {name}; give custom there, or no numbers",
                )
        for field, numbers in given.items():
            if len(numbers) != CHANNELS and (name == "custom" or any(given.values())):
                raise field_error(
                    field, f"has {len(numbers)} numbers; give three, one per channel, such as [0.5, 0.5, 0.5]"
                )
        return self

    @property
    def normalized_by(self) -> Normalization:
        """The numbers; those of auto are the default's.

        Raises:
            ValueError: they are not known before the training images are.
        """
        if self.mean:
            return Normalization(self.normalization, self.mean, self.std)
        found = Normalization.named(DEFAULT if self.normalization == "auto" else self.normalization)
        if found is None:
            raise ValueError(f"the numbers of normalization {self.normalization} are not known yet")
        return found

    @property
    def known_normalization(self) -> Normalization | None:
        """What it says itself, if it does: neither auto nor from-data before the images were seen."""
        return None if self.normalization == "auto" or self.needs_images else self.normalized_by

    @property
    def needs_images(self) -> bool:
        """Whether the numbers are still to be computed from the training images."""
        return self.normalization == "from-data" and not self.mean


class FineTuningConfig(FieldGroup):
    """What to start from, and which parts of it to train."""

    weights: Annotated[str, Field(max_length=_LONGEST_PATH)] = ""
    """Weights to start from: a file (.pt, .pth, .th, .safetensors), a run, or torchvision. Empty: random ones."""
    frozen_stages: Annotated[int, Field(ge=0, le=6)] = 0
    """Keep the stem and so many first stages as they are. 0: train everything."""
    unfreeze_every: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Every so many epochs free one more stage, the last first (Howard and Ruder 2018). 0: never."""
    backbone_rate: Annotated[float, Field(gt=0.0, le=1.0, strict=False)] = 1.0
    """Learning rate of everything but the last layer, as a share of training.learning_rate."""


class RunConfig(FieldGroup):
    """Everything that decides a run."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()
    fine_tuning: FineTuningConfig = FineTuningConfig()

    @model_validator(mode="after")
    def _check_crop(self) -> Self:
        if self.training.crop_padding >= self.model.input_size:
            raise field_error(
                "training.crop_padding",
                f"is {self.training.crop_padding}, but the images have only {self.model.input_size} pixels",
            )
        return self

    @model_validator(mode="after")
    def _check_fine_tuning(self) -> Self:
        stages, tuning = len(self.model.blocks), self.fine_tuning
        if tuning.frozen_stages > stages:
            raise field_error(
                "fine_tuning.frozen_stages", f"is {tuning.frozen_stages}, but the network has only {stages} stages"
            )
        if tuning.frozen_stages and not tuning.weights:
            raise field_error(
                "fine_tuning.frozen_stages",
                f"is {tuning.frozen_stages}, but random weights would never be trained; give 0 or "
                "fine_tuning.weights to start from",
            )
        if tuning.unfreeze_every and not tuning.frozen_stages:
            raise field_error(
                "fine_tuning.unfreeze_every",
                f"is {tuning.unfreeze_every}, but nothing is frozen; give 0 or fine_tuning.frozen_stages",
            )
        return self

    @model_validator(mode="after")
    def _check_patience(self) -> Self:
        if self.training.patience and not self.data.validation_fraction:
            raise field_error(
                "training.patience",
                f"is {self.training.patience}, but nothing is held out to judge by; give 0 or "
                "data.validation_fraction above 0",
            )
        return self

    @classmethod
    def build(cls, tree: Mapping[str, Any]) -> "RunConfig":
        """Validate a plain tree such as a parsed JSON file.

        Raises:
            ConfigError: with one sentence per wrong field.
        """
        return parse(cls, tree)

    @classmethod
    def from_json(cls, text: str, origin: str = "the configuration") -> "RunConfig":
        """The inverse of `model_dump_json`; `origin` names the file in errors."""
        tree = _json_object(text, origin)
        # A run's own config.json holds it beside its name, machine and time.
        return cls.build(tree["config"] if isinstance(tree.get("config"), dict) else tree)

    def with_values(self, values: Mapping[str, Any]) -> "RunConfig":
        """A validated copy with dotted fields replaced, for example `{"model.widths": [16, 32]}`."""
        tree = self.model_dump()
        for dotted, value in values.items():
            section, _, field = dotted.partition(".")
            if section not in tree or not field:
                raise ConfigError({dotted: unknown_key(dotted)})
            tree[section][field] = value
        return type(self).build(tree)


def model_from_json(text: str, origin: str) -> ModelConfig:
    """A network from JSON: a ModelConfig's own, or that of a whole run; `origin` names it in errors.

    Raises:
        UserError: it is neither; names the field.
    """
    tree = _json_object(text, origin)
    if not tree:
        raise UserError(f"{origin} holds no network; expected an object with blocks, widths and so on")
    if isinstance(tree.get("config"), dict):
        tree = tree["config"]
    return parse(ModelConfig, tree["model"] if isinstance(tree.get("model"), dict) else tree, "model.")


_SECTIONS: Mapping[str, type[FieldGroup]] = {
    "model": ModelConfig,
    "data": DataConfig,
    "training": TrainingConfig,
    "fine_tuning": FineTuningConfig,
}


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """`["model.widths=[16,32]", "data.source=sample"]` as a dict; values are JSON, bare words strings."""
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise UserError(f"'{shown(assignment)}' is not KEY=VALUE, for example training.learning_rate=0.05")
        values[key.strip()] = parse_value(text)
    return values


def parse_value(text: str) -> Any:
    """JSON, or the bare text where it is none."""
    try:
        return json.loads(text)
    # Not only JSONDecodeError: too deep a tree, or a number of thousands of digits.
    except (ValueError, RecursionError):
        return text


def _json_object(text: str, origin: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{origin} is not JSON: {reason(error)}") from error
    if not isinstance(tree, dict):
        raise UserError(f"{origin} holds {literal(tree)}; expected an object of fields")
    return tree


def field_names() -> list[str]:
    """All dotted fields: `model.stem`, ..., `training.threads`."""
    return [f"{section}.{name}" for section, config in _SECTIONS.items() for name in config.model_fields]


def help_of(dotted: str) -> str:
    """The sentence under a field, for tooltips and tables."""
    section, _, name = dotted.partition(".")
    group = _SECTIONS[section]
    return group.model_fields[name].description or texts_of(group).get(name, "")


def parse(kind: type[_C], tree: Mapping[str, Any], prefix: str = "") -> _C:
    """Validate `tree` as `kind`; errors name `prefix` + field."""
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_sentences(error.errors(include_url=False), prefix)) from None


def _sentences(errors: Sequence[ErrorDetails], prefix: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for error in errors:
        # Whole numbers are entries of a list; a text of digits is an unknown field of that name.
        location = list(error["loc"])
        if error["type"] == "field":
            location += [int(part) if part.isdigit() else part for part in error["ctx"]["field"].split(".")]
        field = prefix + ".".join(part for part in location if isinstance(part, str))
        dotted = prefix + ".".join(map(str, location))
        fields.setdefault(dotted, _sentence(field, _entry(field, location), error))
    return fields


def _entry(field: str, location: Sequence[int | str]) -> str:
    """Which entry of a list is meant; in those of the network there is one per stage."""
    if not location or isinstance(location[-1], str):
        return ""
    return f" {'of stage' if field.startswith('model.') else 'number'} {location[-1] + 1}"


def _sentence(field: str, entry: str, error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return unknown_key(field)
    if error["type"] == "field":
        return f"{field} {error['ctx']['sentence']}"
    return f"{field}{entry} is {literal(error['input'])}; it must be {_allowed(field, error)}"


# What each kind of pydantic error allows, filled in from its context.
_ALLOWED = {
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "above {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "below {lt:g}",
    "too_short": "a list of at least {min_length} stage",
    "too_long": "a list of at most {max_length} stages",
    "string_pattern_mismatch": "auto, cpu, cuda, cuda:<index> or mps",
    "string_too_long": "a text of at most {max_length} characters",
    "string_too_short": "a text that is not empty",
    "string_type": "a text that is not empty",
    "string_unicode": "a text in UTF-8",
    "int_type": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
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
    "model.residuals": {"tuple_type": "a list of true and false, one per stage, such as [true, false, true]"},
}


def _allowed(field: str, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return f"one of {', '.join(allowed)}{did_you_mean(error['input'], allowed)}"
    allowed_by_kind = _ALLOWED | _ALLOWED_LISTS.get(field, {})
    if error["type"] in allowed_by_kind:
        return allowed_by_kind[error["type"]].format(**context)
    return shown(error["msg"].removeprefix("Input should be "), 160)


def unknown_key(dotted: str) -> str:
    """The sentence for a field that does not exist."""
    section, dot, last = dotted.partition(".")
    known = field_names()
    guess = did_you_mean(dotted, known)
    if not guess:
        same = [name for name in known if name.endswith("." + last.rpartition(".")[2])]
        guess = f" (did you mean '{same[0]}'?)" if same else ""
    if not guess:
        near = [name for name in known if name.startswith(f"{section}.")] if dot else []
        guess = f"; known are {', '.join(near or (f'{each}.*' for each in _SECTIONS))}"
    return f"{shown(dotted)} is not a known field{guess}"
