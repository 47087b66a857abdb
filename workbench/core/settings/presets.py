"""Named models and recipes, shipped and the person's own.

Every `*.toml` holds tables `[model.NAME]` and `[recipe.NAME]` with `title`, `description` and config fields.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from workbench.core.data.image_sources import SAMPLE
from workbench.core.errors import UserError, did_you_mean, literal, reason, shown
from workbench.core.files import read_text, write_atomically
from workbench.core.names import LONGEST, is_name
from workbench.core.network.model_config import ModelConfig
from workbench.core.resources import resource_path
from workbench.core.settings.config import DataConfig, RunConfig, parse
from workbench.core.settings.recipes import Recipe

DEFAULT_MODEL = "resnet8"
DEFAULT_RECIPE = "quick"
FINE_TUNING_RECIPE = "fine-tune"
CUSTOM = "custom"
# Fields of a network that differ without its being another one.
_ANY_SIZE: dict[str, Any] = {"num_classes": 10, "input_size": 32}
_ANY_BEGINNING: dict[str, Any] = {"initialization": "kaiming"}


@dataclass(frozen=True)
class ModelPreset:
    name: str
    title: str
    description: str
    config: ModelConfig
    recipe: str = ""
    """Name of the recipe that it is made for; empty: any."""
    path: Path = Path()
    """Where it is written."""

    @property
    def is_own(self) -> bool:
        """Saved by the person, not shipped."""
        return self.path.parent != resource_path("presets")


@dataclass(frozen=True)
class Presets:
    """All presets by name, in the order of the files."""

    models: dict[str, ModelPreset] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """One sentence for each own file, or preset in it, that cannot be read; the others are there."""

    @classmethod
    def load(cls, *own_folders: Path) -> "Presets":
        """The shipped presets, then those of each existing own folder; a later name replaces an earlier one."""
        presets = cls()
        for path in sorted(resource_path("presets").glob("*.toml")):
            presets._read(path)
        for folder in own_folders:
            for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
                try:
                    presets._read(path)
                except UserError as error:
                    presets.problems.append(str(error))
        return presets

    @classmethod
    def of_file(cls, path: Path) -> "Presets":
        """Those of one file.

        Raises:
            UserError: it cannot be read, or a preset in it is not allowed.
        """
        presets = cls()
        presets._read(path)
        return presets

    def _read(self, path: Path) -> None:
        try:
            tree = tomllib.loads(read_text(path))
        # TOMLDecodeError is a ValueError; so is what Python says of a number of thousands of digits.
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"cannot read presets from {shown(path)}: {reason(error)}") from error
        for kind, tables in tree.items():
            if kind not in ("model", "recipe") or not isinstance(tables, dict):
                raise UserError(
                    f"{shown(path)}: [{shown(kind)}] is not a preset; expected [model.NAME] or [recipe.NAME]"
                )
            for name, table in tables.items():
                self._add(kind, name, table, path)

    def _add(self, kind: str, name: str, table: object, path: Path) -> None:
        origin = f"{shown(path)}: {kind}.{shown(name)}"
        if not isinstance(table, dict):
            raise UserError(f"{origin} is not a table")
        fields = dict(table)
        title, description = _text(fields, "title", name, origin), _text(fields, "description", "", origin)
        # Of a model, the recipe that it is made for; of a recipe, the name that it had.
        other = _text(fields, "recipe" if kind == "model" else "former_name", "", origin)
        for odd in (text for text in (name, title) if not is_name(text)):
            raise UserError(
                f"{origin}: '{shown(odd)}' is no name; it must be one line of at most {LONGEST} characters"
            )
        try:
            if kind == "model":
                model = parse(ModelConfig, fields, "model.")
                self.models[name] = ModelPreset(name, title, description, model, other, path)
            else:
                self.recipes[name] = Recipe.read(name, title, description, fields, other)
        except UserError as error:
            raise UserError(f"{origin}: {error}") from error

    def model(self, name: str) -> ModelPreset:
        if name not in self.models:
            raise UserError(_unknown("model", name, self.models))
        return self.models[name]

    def recipe(self, name: str) -> Recipe:
        former = (recipe for recipe in self.recipes.values() if recipe.former_name == name != "")
        found = self.recipes.get(name) or next(former, None)
        if found is None:
            raise UserError(_unknown("recipe", name, self.recipes))
        return found

    def run_config(self, model: str, recipe: str = "", source: str = SAMPLE.name) -> RunConfig:
        """A whole run; without `recipe`, by the one that the model is made for, or the default one."""
        recipe = recipe or self.model(model).recipe or DEFAULT_RECIPE
        config = RunConfig(model=self.model(model).config, data=DataConfig(source=source))
        return self.recipe(recipe).applied_to(config)

    def search_models(self, text: str) -> list[ModelPreset]:
        """Presets that hold every word of `text` in their name, then those that describe themselves so."""
        words = text.casefold().split()
        named, described = [], []
        for preset in self.models.values():
            name = f"{preset.name} {preset.title}".casefold()
            if all(word in name for word in words):
                named.append(preset)
            elif all(word in f"{name} {preset.description.casefold()}" for word in words):
                described.append(preset)
        return named + described

    def preset_of(self, config: ModelConfig, preferred: str = "") -> ModelPreset | None:
        """The preset that is the same network; classes, input size and how its weights begin may differ.

        `preferred` is looked at first, where several presets are equal; those with the same beginning come first.
        """
        first = [self.models[preferred]] if preferred in self.models else []
        presets = (*first, *self.models.values())
        for plain in (_ANY_SIZE, _ANY_SIZE | _ANY_BEGINNING):
            wanted = config.model_copy(update=plain)
            for preset in presets:
                if preset.config.model_copy(update=plain) == wanted:
                    return preset
        return None

    def model_name(self, config: ModelConfig, preferred: str = "") -> str:
        """Name of the preset that is the same network, marked where its weights begin otherwise; or `custom`."""
        preset = self.preset_of(config, preferred)
        if preset is None:
            return CUSTOM
        begins_otherwise = config.initialization != preset.config.initialization
        return f"{preset.name} ({config.initialization} init)" if begins_otherwise else preset.name

    def recipe_of(self, config: RunConfig) -> Recipe | None:
        """The recipe that a run is trained by; the one that says most of it, where several match."""
        matching = [recipe for recipe in self.recipes.values() if recipe.matches(config)]
        return max(matching, key=lambda recipe: len(recipe.beyond), default=None)

    def recipe_name(self, config: RunConfig) -> str:
        """Its name, else `custom`."""
        recipe = self.recipe_of(config)
        return CUSTOM if recipe is None else recipe.name


def own_name(title: str, presets: Presets) -> str:
    """The name that an own preset of this title gets.

    Raises:
        UserError: the title has no letter or digit, or is a shipped preset's.
    """
    name = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
    if not name:
        raise UserError(f"the preset's name is '{shown(title)}'; it needs at least one letter or digit")
    shipped = [preset for preset in presets.models.values() if not preset.is_own]
    titles = [preset.title.casefold() for preset in shipped]
    if name in [CUSTOM, *(preset.name for preset in shipped)] or title.strip().casefold() in titles:
        raise UserError(f"the preset's name is '{shown(title)}', which is a shipped one's; choose another")
    return name


def save_model(folder: Path, title: str, config: ModelConfig, presets: Presets, *, replace: bool = False) -> str:
    """Write a network as an own preset into `folder`; returns its name.

    Raises:
        UserError: the title is not allowed or taken, or the file cannot be written.
    """
    name = own_name(title, presets)
    path = folder / f"model-{name}.toml"
    if name in presets.models and (not replace or presets.models[name].path != path):
        raise UserError(
            f"the preset's name is '{shown(title)}', which is taken by {shown(presets.models[name].path)}"
        )
    usual = ModelConfig().model_dump(mode="json")
    fields = {key: value for key, value in config.model_dump(mode="json").items() if value != usual[key]}
    # What a stage holds is never left to the defaults.
    fields |= {"blocks": list(config.blocks), "widths": list(config.widths)}
    fields.pop("num_classes", None)
    tree = {"model": {name: {"title": title.strip(), "description": "", **fields}}}
    content = tomli_w.dumps(tree).encode()
    write_atomically(path, lambda file: file.write(content))
    return name


def delete_model(preset: ModelPreset) -> None:
    """Remove a preset that `save_model` wrote.

    Raises:
        UserError: it was written by hand, perhaps with others, or cannot be removed.
    """
    if preset.path.name != f"model-{preset.name}.toml":
        raise UserError(
            f"the preset '{shown(preset.name)}' was written by hand; delete it in {shown(preset.path)}"
        )
    try:
        preset.path.unlink()
    except OSError as error:
        raise UserError(f"cannot delete {shown(preset.path)}: {reason(error)}") from error


def _unknown(kind: str, name: str, known: dict[str, Any]) -> str:
    return (
        f"{kind} '{shown(name)}' is not known{did_you_mean(name, known)}; known are {', '.join(map(shown, known))}"
    )


def _text(fields: dict[str, Any], key: str, default: str, origin: str) -> str:
    """Take a text out of a preset's table."""
    value = fields.pop(key, default)
    if not isinstance(value, str):
        raise UserError(f"{origin}: {key} is {literal(value)}; it must be a text")
    return value
