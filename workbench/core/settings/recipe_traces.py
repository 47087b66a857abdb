"""What a recipe has set beside training, so that it goes when another one is chosen."""

from dataclasses import dataclass, field
from typing import Any

from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.core.settings.recipes import Recipe, value_of

_USUAL = RunConfig()
_FIRST_WEIGHTS = "model.initialization"


@dataclass
class RecipeTraces:
    """Follows one configuration while recipes are chosen for it. The person's own edits stay theirs."""

    _brought: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """By dotted field: what the recipe set, and what stood there before."""

    def meet(self, config: RunConfig, presets: Presets) -> None:
        """A configuration from elsewhere, such as a run's: its recipe is known, what stood before is not."""
        recipe = presets.recipe_of(config)
        beyond = recipe.beyond if recipe is not None else {}
        if any(self._brought.get(key, (None,))[0] != value for key, value in beyond.items()):
            self._brought = {key: (value, value_of(_USUAL, key)) for key, value in beyond.items()}

    def in_force(self, config: RunConfig) -> dict[str, Any]:
        """What the recipe set and nobody has changed since, by dotted fields."""
        return {key: brought for key, (brought, _) in self._brought.items() if value_of(config, key) == brought}

    def replaced(self, recipe: Recipe, config: RunConfig, presets: Presets) -> RunConfig:
        """The same run by this recipe, without what the former one had brought.

        Raises:
            ConfigError: the recipe does not fit to the network or the data.
        """
        before = {key: self._brought[key][1] for key in self.in_force(config)}
        preset = presets.preset_of(config.model)
        if _FIRST_WEIGHTS in before and preset is not None:
            # The network may be another one by now.
            before[_FIRST_WEIGHTS] = preset.config.initialization
        taken = recipe.applied_to(config, before)
        touched = [*recipe.beyond, *(("data.mean", "data.std") if "data.normalization" in recipe.beyond else ())]
        self._brought = {
            key: (value_of(taken, key), before.get(key, value_of(config, key))) for key in dict.fromkeys(touched)
        }
        return taken
