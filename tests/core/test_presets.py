"""Presets: all shipped ones are valid; a person's own are read; wrong ones are named."""

from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.presets import CUSTOM, DEFAULT_MODEL, DEFAULT_RECIPE, Presets


def test_shipped_presets_know_their_names() -> None:
    presets = Presets.load()
    assert {DEFAULT_MODEL} <= set(presets.models)
    assert {DEFAULT_RECIPE} <= set(presets.recipes)
    for name, preset in presets.models.items():
        assert presets.model_name(preset.config) == name
        assert preset.description
    for name, recipe in presets.recipes.items():
        assert presets.recipe_name(recipe.config.model_copy(update={"epochs": 3})) == name


def test_an_edited_model_is_custom() -> None:
    presets = Presets.load()
    edited = presets.model("resnet20").config.model_copy(update={"widths": (8, 16, 32)})
    assert presets.model_name(edited) == CUSTOM


def test_own_presets_come_after_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[model.mine]\ntitle = "Mine"\nblocks = [1]\nwidths = [4]\n')
    presets = Presets.load(tmp_path)
    assert presets.model("mine").config.widths == (4,)
    assert list(presets.models)[-1] == "mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model.x]\nblocks = [0]\nwidths = [1]", "model.blocks of stage 1 is 0"),
        ("[modell.x]\n", "not a preset"),
        ("not toml", "cannot read presets"),
        ("[model]\nx = 3", "not a table"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(UserError, match=r"mine\.toml") as caught:
        Presets.load(tmp_path)
    assert words in str(caught.value)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'resnet20'"):
        Presets.load().model("resnet-20")
    with pytest.raises(UserError, match="did you mean 'quick'"):
        Presets.load().recipe("quik")
