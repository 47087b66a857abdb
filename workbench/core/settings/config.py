"""What a run is: the network, the data, how to train and what to start from, in one validated, frozen tree.

The window, the command line and the store share these classes. Every error names its dotted field.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from workbench.core.data.channels import CHANNELS, LEAST_DEVIATION
from workbench.core.data.image_sources import ALLOWED_SOURCES, SAMPLE
from workbench.core.errors import ConfigError, UserError, literal, reason
from workbench.core.fields import FieldGroup, field_error, texts_of
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.config_errors import sentences, unknown_key
from workbench.core.settings.normalization import DEFAULT, Normalization, NormalizationName
from workbench.core.settings.training_config import TrainingConfig

# Linux's limit. With any limit pydantic also looks whether a text is UTF-8, as what is recorded must be.
_LONGEST_PATH = 4096
_SOURCES = f"{ALLOWED_SOURCES} of train/<class>/ and test/<class>/, or of <class>/ alone."

_Mean = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
_Std = Annotated[float, Field(ge=LEAST_DEVIATION, le=10.0, allow_inf_nan=False)]
_Index = Annotated[int, Field(ge=0)]
# Whoever leaves out more has other images in mind; as text they take half a megabyte.
_MOST_EXCLUDED = 100_000

_C = TypeVar("_C", bound=FieldGroup)


class DataConfig(FieldGroup):
    """Which images, and how they are split."""

    source: Annotated[str, Field(min_length=1, max_length=_LONGEST_PATH, description=_SOURCES)] = SAMPLE.name
    validation_fraction: Annotated[float, Field(ge=0.0, le=0.5, strict=False)] = 0.1
    """Share of the training images held out, stratified, to choose the best epoch. 0: no split."""
    train_images: Annotated[int, Field(ge=0)] = 0
    """Use only so many training images, as many of every class, chosen by the seed. 0: all."""
    unreadable: Literal["skip", "refuse"] = "skip"
    """Of image files that cannot be read: skip leaves them out and says so, refuse does not begin."""
    normalization: NormalizationName = "auto"
    """Mean and standard deviation that images are normalized by. auto: as the starting weights were, or
    cifar10's. cifar10-per-image: with the mean of the images' own deviations, common in repositories. half: both
    0.5, so that values go from -1 to 1. none: from 0 to 1. from-data: of the training images. custom: data.mean
    and data.std."""
    mean: Annotated[tuple[_Mean, ...], Field(max_length=CHANNELS, strict=False)] = ()
    """Of red, green and blue, from 0 to 1, for normalization custom. from-data finds it when a run begins."""
    std: Annotated[tuple[_Std, ...], Field(max_length=CHANNELS, strict=False)] = ()
    """Standard deviation of red, green and blue, in the same units; likewise."""
    excluded: Annotated[
        tuple[_Index, ...],
        Field(max_length=_MOST_EXCLUDED, strict=False),
        AfterValidator(lambda numbers: tuple(sorted(set(numbers)))),
    ] = ()
    """Numbers of training images, from 0, that are neither trained on nor held out. The others stay where the
    seed puts them."""

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
                raise ConfigError({dotted: unknown_key(dotted, field_names())})
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


SECTIONS: Mapping[str, type[FieldGroup]] = {
    "model": ModelConfig,
    "data": DataConfig,
    "training": TrainingConfig,
    "fine_tuning": FineTuningConfig,
}


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
    return [f"{section}.{name}" for section, config in SECTIONS.items() for name in config.model_fields]


def help_of(dotted: str) -> str:
    """The sentence under a field, for tooltips and tables."""
    section, _, name = dotted.partition(".")
    group = SECTIONS[section]
    return group.model_fields[name].description or texts_of(group).get(name, "")


def parse(kind: type[_C], tree: Mapping[str, Any], prefix: str = "") -> _C:
    """Validate `tree` as `kind`; errors name `prefix` + field."""
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(sentences(error.errors(include_url=False), prefix, field_names())) from None
