"""Presets: all shipped ones are valid; a person's own are read; wrong ones are named."""

import os
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import (
    CUSTOM,
    DEFAULT_MODEL,
    DEFAULT_RECIPE,
    Presets,
    delete_model,
    save_model,
)


def test_shipped_presets_know_their_names() -> None:
    presets = Presets.load()
    assert {DEFAULT_MODEL} <= set(presets.models)
    assert {DEFAULT_RECIPE} <= set(presets.recipes)
    for name, preset in presets.models.items():
        assert presets.model_name(preset.config) == name
        assert preset.description
    for name, recipe in presets.recipes.items():
        config = presets.run_config(DEFAULT_MODEL, name).with_values({"training.epochs": 3, "training.seed": 7})
        assert presets.recipe_name(config) == name
        assert recipe.description


def test_an_edited_model_is_custom() -> None:
    presets = Presets.load()
    edited = presets.model("resnet20").config.model_copy(update={"widths": (8, 16, 32)})
    assert presets.model_name(edited) == CUSTOM


def test_own_presets_come_after_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[model.mine]\ntitle = "Mine"\nblocks = [1]\nwidths = [4]\n')
    presets = Presets.load(tmp_path)
    assert presets.model("mine").config.widths == (4,)
    assert list(presets.models)[-1] == "mine"


def test_a_model_brings_its_recipe() -> None:
    presets = Presets.load()
    assert presets.run_config("conv8").training == presets.recipe("adam").config
    assert presets.run_config("conv8", "quick").training.optimizer == "sgd"


def test_search_finds_names_before_descriptions() -> None:
    presets = Presets.load()
    assert presets.search_models("resnet-18 IMAG")[0].name == "resnet18-imagenet"
    assert presets.search_models("zagoruyko")[0].name == "wrn-16-4"
    assert len(presets.search_models("")) == len(presets.models)


def test_an_own_network_is_saved_under_its_name_and_deleted(tmp_path: Path) -> None:
    config = ModelConfig(blocks=(2, 1), widths=(8, 24), strides=(2, 1), dropout=0.1, num_classes=7)
    name = save_model(tmp_path, ' My "best" net ', config, Presets.load())
    preset = Presets.load(tmp_path).model(name)
    assert (preset.name, preset.title, preset.is_own) == ("my-best-net", 'My "best" net', True)
    # The number of classes is the data's, not the network's.
    assert preset.config == config.model_copy(update={"num_classes": 10})
    with pytest.raises(UserError, match=r"'My-best net', which is taken by .*model-my-best-net\.toml"):
        save_model(tmp_path, "My-best net", ModelConfig(), Presets.load(tmp_path))
    save_model(tmp_path, "My-best net", config, Presets.load(tmp_path), replace=True)
    delete_model(preset)
    assert name not in Presets.load(tmp_path).models
    with pytest.raises(UserError, match=r"cannot delete .*model-my-best-net\.toml"):
        delete_model(preset)


def test_a_preset_written_by_hand_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[model.mine]\nblocks = [1]\nwidths = [4]\n")
    with pytest.raises(UserError, match=r"written by hand; delete it in .*mine\.toml"):
        delete_model(Presets.load(tmp_path).model("mine"))
    assert (tmp_path / "mine.toml").exists()


def test_of_equal_presets_the_preferred_one_counts(tmp_path: Path) -> None:
    config = Presets.load().model("resnet20").config
    name = save_model(tmp_path, "My 20", config, Presets.load())
    presets = Presets.load(tmp_path)
    assert presets.model_name(config) == "resnet20"
    assert presets.model_name(config, preferred=name) == name
    assert presets.model_name(config, preferred="resnet56") == "resnet20"


@pytest.mark.parametrize("title", ["", " - ", "resnet20", "ResNet-20", "custom"])
def test_a_title_that_cannot_be_an_own_presets_is_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(UserError, match="the preset's name is"):
        save_model(tmp_path, title, ModelConfig(), Presets.load())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model.x]\nblocks = [0]\nwidths = [1]", "model.blocks of stage 1 is 0"),
        ("[modell.x]\n", "not a preset"),
        ("not toml", "cannot read presets"),
        ("[model]\nx = 3", "not a table"),
    ],
)
def test_a_wrong_file_is_named_and_hides_no_other(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text("[model.mine]\nblocks = [1]\nwidths = [4]\n")
    presets = Presets.load(tmp_path)
    (problem,) = presets.problems
    assert "bad.toml" in problem
    assert words in problem
    assert "mine" in presets.models


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'resnet20'"):
        Presets.load().model("resnet-20")
    with pytest.raises(UserError, match="did you mean 'quick'"):
        Presets.load().recipe("quik")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff", "it is no text in UTF-8"),
        (b"[model.a]\nx=" + b"[" * 5000, "it is nested too deeply"),
        (b"[model.a]\nd=" + b"9" * 9000, "a number in it has thousands of digits"),
        (b"[model.a]\nblocks=[0x" + b"f" * 9000 + b"]", "model.blocks of stage 1 is a number of 10838 digits"),
        (b"[model.a]\nblocks=[2020-01-01]", "model.blocks of stage 1 is 2020-01-01; it must be a whole number"),
        (b"[model.a]\ntitle=[1]", "title is [1]; it must be a text"),
        (b"[model.a]\nrecipe=5", "recipe is 5; it must be a text"),
        (b'[model."a\\nb"]\nblocks=[1]\nwidths=[4]', r"'a\nb' is no name; it must be one line"),
        (b'[model."\\u0000"]\nblocks=[1]\nwidths=[4]', r"'\x00' is no name"),
        (b"[recipe." + b"x" * 100_000 + b"]", "(100000 characters)' is no name"),
        (b"model=1", "[model] is not a preset"),
        (b"[model]\na=1", "model.a is not a table"),
    ],
)
def test_an_odd_file_is_told_in_one_short_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "odd.toml").write_bytes(content)
    presets = Presets.load(tmp_path)
    (problem,) = presets.problems
    assert words in problem
    assert len(problem) < 700
    assert problem.isprintable()
    assert len(presets.models) == len(Presets.load().models)


@pytest.mark.skipif(os.name == "nt", reason="pipes with a name are Unix's")
def test_a_pipe_among_the_presets_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert ["it is a pipe, not a file" in problem for problem in Presets.load(tmp_path).problems] == [True]
