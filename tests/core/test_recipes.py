"""Recipes that say more than how to train: what they may say, who matches, and what goes with them."""

from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import CUSTOM, Presets
from workbench.core.settings.recipe_traces import RecipeTraces

PRESETS = Presets.load()


def test_a_recipe_sets_data_and_first_weights_too() -> None:
    config = PRESETS.run_config("resnet18", "kuangliu")
    assert (config.data.validation_fraction, config.data.normalization) == (0.0, "cifar10-per-image")
    assert config.model.initialization == "pytorch"
    assert config.training.precision == "fp32"
    assert PRESETS.recipe_name(config) == "kuangliu"
    assert PRESETS.recipe("kuangliu").also == (
        "validation_fraction 0, normalization cifar10-per-image, initialization pytorch, precision fp32"
    )
    assert PRESETS.recipe("quick").also == ""


def test_changed_beside_training_it_is_another_recipe() -> None:
    config = PRESETS.run_config("resnet18", "kuangliu")
    for values in (
        {"data.normalization": "half"},
        {"model.initialization": "kaiming"},
        {"training.momentum": 0.8},
    ):
        assert PRESETS.recipe_name(config.with_values(values)) == CUSTOM
    for values in ({"training.epochs": 3}, {"data.source": "cifar10"}, {"data.train_images": 500}):
        assert PRESETS.recipe_name(config.with_values(values)) == "kuangliu"


def chosen(*recipes: str, config: RunConfig) -> RunConfig:
    """One recipe after the other."""
    traces = RecipeTraces()
    traces.meet(config, PRESETS)
    for name in recipes:
        config = traces.replaced(PRESETS.recipe(name), config, PRESETS)
    return config


def test_what_a_recipe_brought_goes_with_it() -> None:
    before = PRESETS.run_config("resnet18", "quick", "cifar10")
    assert chosen("kuangliu", "quick", config=before) == before
    assert chosen("kuangliu", "tutorial-imagenet-stem", "adam", "quick", config=before) == before
    # Of a run that is met, only its recipe tells what was usual before.
    assert chosen("quick", config=PRESETS.run_config("resnet18", "kuangliu", "cifar10")) == before


def test_what_stood_before_comes_back() -> None:
    values = {"data.validation_fraction": 0.0, "data.normalization": "custom", "data.mean": [0.1, 0.2, 0.3],
              "data.std": [0.4, 0.5, 0.6]}  # fmt: skip
    own = PRESETS.run_config("conv8-bare", "quick").with_values(values)
    assert chosen("kuangliu", config=own).data.normalization == "cifar10-per-image"
    assert chosen("kuangliu", "quick", config=own) == own
    assert chosen("kuangliu", "adam", config=own).model == PRESETS.model("conv8-bare").config
    met = PRESETS.run_config("conv8-bare", "kuangliu")
    assert chosen("adam", config=met).model == PRESETS.model("conv8-bare").config


def test_ones_own_edits_stay_and_leave_the_rest_to_go() -> None:
    traces, before = RecipeTraces(), PRESETS.run_config("resnet18", "quick")
    config = traces.replaced(PRESETS.recipe("kuangliu"), before, PRESETS)
    config = config.with_values({"data.validation_fraction": 0.3, "training.learning_rate": 0.05})
    assert set(traces.in_force(config)) == {
        "data.normalization", "data.mean", "data.std", "model.initialization",
    }  # fmt: skip
    after = traces.replaced(PRESETS.recipe("quick"), config, PRESETS)
    assert after == before.with_values({"data.validation_fraction": 0.3})


def test_a_former_name_still_finds_it() -> None:
    assert PRESETS.recipe("tutorial") is PRESETS.recipe("kuangliu")
    with pytest.raises(UserError, match="recipe '' is not known"):
        PRESETS.recipe("")


def test_the_recipe_that_says_most_counts(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[recipe.mine]\nepochs = 2\n[recipe.mine.data]\nnormalization = "half"\n')
    (tmp_path / "other.toml").write_text("[recipe.other]\nepochs = 2\n")
    presets = Presets.load(tmp_path)
    assert not presets.problems
    assert presets.recipe_name(presets.run_config("resnet8", "mine")) == "mine"
    assert presets.recipe_name(presets.run_config("resnet8", "other")) == "other"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[recipe.a.data]\nnormalisation = 'half'", r"did you mean 'data\.normalization'"),
        ("[recipe.a.data]\nnormalization = 'hlaf'", r"data\.normalization is 'hlaf'; it must be one of"),
        (
            "[recipe.a.data]\nvalidation_fraction = 0.7",
            r"data\.validation_fraction is 0\.7; .* at most 0\.5",
        ),
        (
            "[recipe.a.data]\nsource = 'cifar10'",
            r"data\.source says what is trained, not how; .* may set",
        ),
        ("[recipe.a.model]\nwidths = [1]", r"model\.widths says what is trained, .* model\.initialization$"),
        ("[recipe.a]\ndata = 3", "data is 3; it must be a table"),
        ("[recipe.a.data]\nmean = [0.1, 0.2, 0.3]", r"data\.mean is .* data\.normalization is auto"),
        (
            "[recipe.a.fine_tuning]\nweights = 'w.pt'",
            "fine_tuning is a table, but a recipe sets",
        ),
        ("[recipe.a]\nformer_name = 5", r"^[^:]*: recipe\.a: former_name is 5; it must be a text$"),
        ("[recipe.a]\nrotation = 200", r"training\.rotation is 200; it must be at most 180"),
    ],
)
def test_what_a_recipe_may_not_say_is_refused_by_field(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    (problem,) = Presets.load(tmp_path).problems
    assert "own.toml: recipe.a: " in problem
    with pytest.raises(UserError, match=words):
        raise UserError(problem)


def test_a_network_that_only_begins_otherwise_keeps_its_name() -> None:
    resnet18 = PRESETS.model("resnet18").config
    assert PRESETS.model_name(resnet18) == "resnet18"
    other = resnet18.model_copy(update={"initialization": "pytorch"})
    assert PRESETS.model_name(other) == "resnet18 (pytorch init)"
    preset = PRESETS.preset_of(other)
    assert preset is not None
    assert preset.name == "resnet18"
    assert PRESETS.model_name(other.model_copy(update={"se_reduction": 4})) == CUSTOM
    bare = PRESETS.model("conv8-bare").config
    assert PRESETS.model_name(bare) == "conv8-bare"
    assert PRESETS.model_name(bare.model_copy(update={"initialization": "kaiming"})) == "conv8-bare (kaiming init)"
