"""The command line that trains a configuration, and what that differs in from presets by name."""

import json
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UserError
from workbench.core.settings.config import RunConfig, field_names
from workbench.core.settings.presets import DEFAULT_MODEL, DEFAULT_RECIPE, Presets
from workbench.core.settings.recipes import value_of

_PROGRAM = "resnet-workbench"
# The only other texts that are free; as options they are taken as they are, never as JSON.
_OPTIONS = {"training.epochs": "--epochs", "fine_tuning.weights": "--weights"}


@dataclass(frozen=True)
class Beginning:
    """A network and a recipe that have names, and the configuration that they make together."""

    model: str
    recipe: str
    config: RunConfig

    def differences(self, config: RunConfig) -> dict[str, tuple[Any, Any]]:
        """Dotted fields in which `config` is another: the value here, and the one there."""
        pairs = {field: (value_of(self.config, field), value_of(config, field)) for field in field_names()}
        return {field: (here, there) for field, (here, there) in pairs.items() if here != there}


def beginning_of(config: RunConfig, presets: Presets, model: str = "", recipe: str = "") -> Beginning:
    """What a configuration is nearest to, as far as that has a name; else the default network and recipe.

    Args:
        model: as the run recorded it; counts where the network is no preset's.
        recipe: likewise.
    """
    preset = presets.preset_of(config.model, model)
    model = preset.name if preset else model if model in presets.models else DEFAULT_MODEL
    found = presets.recipe_of(config)
    recipe = found.name if found else recipe if recipe in presets.recipes else DEFAULT_RECIPE
    try:
        return Beginning(model, recipe, presets.run_config(model, recipe, config.data.source))
    # An own network may be too small for a recipe's crops.
    except UserError:
        begun = presets.run_config(DEFAULT_MODEL, DEFAULT_RECIPE, config.data.source)
        return Beginning(DEFAULT_MODEL, DEFAULT_RECIPE, begun)


def train_command(
    config: RunConfig, presets: Presets, *, name: str = "", model: str = "", recipe: str = ""
) -> list[str]:
    """The arguments, program first, with which `train` has this very configuration.

    Args:
        presets: those that whoever types it will have, such as the shipped ones.
        name: of the new run.
    """
    begun = beginning_of(config, presets, model, recipe)
    words = [_PROGRAM, "train", "--model", begun.model, "--recipe", begun.recipe, "--data", config.data.source]
    if not config.data.excluded:
        # Else images would be left out that whoever types it has marked so, since or elsewhere.
        words.append("--all-images")
    if name:
        words += ["--name", name]
    for field, (_, value) in begun.differences(config).items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += [_OPTIONS[field], text] if field in _OPTIONS else ["--set", f"{field}={text}"]
    return words


def resume_command(run_id: str) -> list[str]:
    return [_PROGRAM, "resume", run_id]
