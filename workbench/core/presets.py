"""Named models and recipes, shipped and the person's own.

Every `*.toml` holds tables `[model.NAME]` and `[recipe.NAME]` with `title`, `description` and config fields.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.config import DataConfig, RunConfig, TrainingConfig, parse
from workbench.core.errors import UserError, did_you_mean
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

    def run_config(self, model: str, recipe: str, source: str = "sample") -> RunConfig:
        return RunConfig(
            model=self.model(model).config,
            data=DataConfig(source=source),
            training=self.recipe(recipe).config,
        )

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


def _unknown(kind: str, name: str, known: dict[str, Any]) -> str:
    return f"{kind} '{name}' is not known{did_you_mean(name, known)}; known are {', '.join(known)}"
