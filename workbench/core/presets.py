"""Named models and recipes, shipped and the person's own.

Every `*.toml` holds tables `[model.NAME]` and `[recipe.NAME]` with `title`, `description` and config fields.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from workbench.core.config import DataConfig, RunConfig, TrainingConfig, parse
from workbench.core.errors import UserError, did_you_mean
from workbench.core.files import write_atomically
from workbench.core.model_config import ModelConfig
from workbench.core.resources import resource_path

DEFAULT_MODEL = "resnet8"
DEFAULT_RECIPE = "quick"
CUSTOM = "custom"


@dataclass(frozen=True)
class ModelPreset:
    name: str
    title: str
    description: str
    config: ModelConfig
    recipe: str = ""
    """Name of the recipe that it is made for; empty: any."""
    is_own: bool = False
    """Saved by the person, not shipped."""


@dataclass(frozen=True)
class Recipe:
    name: str
    title: str
    description: str
    config: TrainingConfig


@dataclass(frozen=True)
class Presets:
    """All presets by name, in the order of the files."""

    models: dict[str, ModelPreset] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)

    @classmethod
    def load(cls, *own_folders: Path) -> "Presets":
        """The shipped presets, then those of each existing own folder; a later name replaces an earlier one."""
        presets = cls()
        for folder in (resource_path("presets"), *own_folders):
            for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
                presets._read(path)
        return presets

    def _read(self, path: Path) -> None:
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UserError(f"cannot read presets from {path}: {error}") from error
        for kind, tables in tree.items():
            if kind not in ("model", "recipe") or not isinstance(tables, dict):
                raise UserError(f"{path}: [{kind}] is not a preset; expected [model.NAME] or [recipe.NAME]")
            for name, table in tables.items():
                self._add(kind, name, table, path)

    def _add(self, kind: str, name: str, table: dict[str, Any], path: Path) -> None:
        if not isinstance(table, dict):
            raise UserError(f"{path}: {kind}.{name} is not a table")
        fields = dict(table)
        title, description = str(fields.pop("title", name)), str(fields.pop("description", ""))
        try:
            if kind == "model":
                recipe_name = str(fields.pop("recipe", ""))
                model = parse(ModelConfig, fields, "model.")
                is_own = path.parent != resource_path("presets")
                self.models[name] = ModelPreset(name, title, description, model, recipe_name, is_own)
            else:
                training = parse(TrainingConfig, fields, "training.")
                self.recipes[name] = Recipe(name, title, description, training)
        except UserError as error:
            raise UserError(f"{path}: {kind}.{name}: {error}") from error

    def model(self, name: str) -> ModelPreset:
        if name not in self.models:
            raise UserError(_unknown("model", name, self.models))
        return self.models[name]

    def recipe(self, name: str) -> Recipe:
        if name not in self.recipes:
            raise UserError(_unknown("recipe", name, self.recipes))
        return self.recipes[name]

    def run_config(self, model: str, recipe: str = "", source: str = "sample") -> RunConfig:
        """A whole run; without `recipe`, by the one that the model is made for, or the default one."""
        recipe = recipe or self.model(model).recipe or DEFAULT_RECIPE
        return RunConfig(
            model=self.model(model).config,
            data=DataConfig(source=source),
            training=self.recipe(recipe).config,
        )

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

    def model_name(self, config: ModelConfig) -> str:
        """Name of the preset equal to `config` but for classes and input size, else `custom`."""
        plain = {"num_classes": 10, "input_size": 32}
        wanted = config.model_copy(update=plain)
        for preset in self.models.values():
            if preset.config.model_copy(update=plain) == wanted:
                return preset.name
        return CUSTOM

    def recipe_name(self, config: TrainingConfig) -> str:
        """Name of the recipe equal to `config` but for epochs, seed and machine, else `custom`."""
        free = dict.fromkeys(("epochs", "seed", "device", "precision", "threads"))
        wanted = config.model_copy(update=free)
        for recipe in self.recipes.values():
            if recipe.config.model_copy(update=free) == wanted:
                return recipe.name
        return CUSTOM


def save_model(folder: Path, title: str, config: ModelConfig, presets: Presets) -> str:
    """Write a network as an own preset into `folder`; returns its name.

    Raises:
        UserError: the title has no letter or digit, belongs to a shipped preset, or cannot be written.
    """
    name = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
    if not name:
        raise UserError(f"the preset's name is '{title}'; it needs at least one letter or digit")
    shipped = [preset for preset in presets.models.values() if not preset.is_own]
    titles = [preset.title.casefold() for preset in shipped]
    if name in [CUSTOM, *(preset.name for preset in shipped)] or title.strip().casefold() in titles:
        raise UserError(f"the preset's name is '{title}', which is a shipped one's; choose another")
    usual = ModelConfig().model_dump(mode="json")
    fields = {key: value for key, value in config.model_dump(mode="json").items() if value != usual[key]}
    # What a stage holds is never left to the defaults.
    fields |= {"blocks": list(config.blocks), "widths": list(config.widths)}
    fields.pop("num_classes", None)
    tree = {"model": {name: {"title": title.strip(), "description": "", **fields}}}
    content = tomli_w.dumps(tree).encode()
    write_atomically(folder / f"model-{name}.toml", lambda file: file.write(content))
    return name


def delete_model(folder: Path, name: str) -> None:
    """Remove a preset that `save_model` wrote.

    Raises:
        UserError: it stands in a file of several presets, or cannot be removed.
    """
    path = folder / f"model-{name}.toml"
    try:
        path.unlink()
    except OSError as error:
        raise UserError(f"cannot delete the preset '{name}': {error.strerror} ({path})") from error


def _unknown(kind: str, name: str, known: dict[str, Any]) -> str:
    return f"{kind} '{name}' is not known{did_you_mean(name, known)}; known are {', '.join(known)}"
