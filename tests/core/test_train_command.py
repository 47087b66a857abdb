"""The command that repeats a run, typed again, makes the very same configuration."""

import shlex
from typing import Any

import pytest
import typer.main
from hypothesis import given, reject
from hypothesis import strategies as st

from tests.model_trees import model_trees
from workbench.commands.application import app
from workbench.commands.options import asked_for
from workbench.core.errors import ConfigError
from workbench.core.settings.assignments import parse_value
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.core.settings.train_command import beginning_of, resume_command, train_command

PRESETS = Presets.load()


def typed(line: str) -> tuple[RunConfig, str]:
    """What a shell and then `train` make of a line: its configuration and the run's name."""
    words = shlex.split(line)
    assert words[:2] == ["resnet-workbench", "train"]
    given = typer.main.get_command(app).commands["train"].make_context("train", words[2:]).params  # type: ignore[attr-defined]
    epochs = given["epochs"]
    options = {"data.source": given["data"], "training.device": given["device"],
               "training.epochs": None if epochs is None else parse_value(epochs),
               "fine_tuning.weights": given["weights"]}  # fmt: skip
    asked = asked_for(
        PRESETS, given["model"], given["recipe"], given["config_file"], given["set_"], options,
        all_images=given["all_images"],
    )  # fmt: skip
    assert asked.says_excluded, "else marks of whoever types it would count"
    return asked.config, given["name"]


@st.composite
def configs(draw: st.DrawFn) -> RunConfig:
    """From a recipe, with some fields that are another."""
    model = draw(st.sampled_from([*PRESETS.models]))
    recipe = draw(st.sampled_from([*PRESETS.recipes]))
    tree: dict[str, Any] = PRESETS.run_config(model, recipe).model_dump()
    if draw(st.booleans()):
        tree["model"] |= draw(model_trees())
    tree["training"] |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "epochs": st.integers(1, 300),
                "learning_rate": st.floats(1e-6, 10.0),
                "optimizer": st.sampled_from(["sgd", "adamw", "muon"]),
                "milestones": st.sampled_from([[0.5], [0.3, 0.6]]),
                "crop_padding": st.integers(0, 7),
                "device": st.sampled_from(["auto", "cpu", "cuda:1"]),
                "seed": st.integers(0, 9),
                "nesterov": st.booleans(),
            },
        )
    )
    tree["data"]["source"] = draw(
        st.sampled_from(
            ["sample", "/a b/c'd", "C:\\x", "-x", "1e5", "null", "[1]", '"q"', "תמונות", "$HOME", "true"]
        )
    )
    tree["data"]["excluded"] = draw(st.lists(st.integers(0, 10**6), max_size=5))
    tree["fine_tuning"]["weights"] = draw(st.sampled_from(["", "", "12345678", "1e3", "/w 1.pt", "--x"]))
    try:
        return RunConfig.build(tree)
    except ConfigError:
        reject()


@given(configs(), st.sampled_from(["", "two words", "-x", "a'b\"c", "שם 🚀"]))
def test_typed_again_it_is_the_same_configuration(config: RunConfig, name: str) -> None:
    line = shlex.join(train_command(config, PRESETS, name=name))
    assert typed(line) == (config, name)


def test_a_preset_is_called_by_its_name_and_only_what_differs_is_set() -> None:
    config = PRESETS.run_config("resnet56", "paper-2015", "cifar10-jpeg").with_values({"training.epochs": 9})
    words = train_command(config, PRESETS)
    assert words == ["resnet-workbench", "train", "--model", "resnet56", "--recipe", "paper-2015", "--data",
                     "cifar10-jpeg", "--all-images", "--epochs", "9"]  # fmt: skip
    begun = beginning_of(config, PRESETS)
    assert (begun.model, begun.recipe) == ("resnet56", "paper-2015")
    assert begun.differences(config) == {"training.epochs": (begun.config.training.epochs, 9)}


def test_what_was_recorded_names_where_no_preset_fits() -> None:
    config = PRESETS.run_config("resnet56", "muon").with_values(
        {"model.widths": [7, 8, 9], "training.learning_rate": 0.012345}
    )
    begun = beginning_of(config, PRESETS, "resnet56", "muon")
    assert (begun.model, begun.recipe) == ("resnet56", "muon")
    assert list(begun.differences(config)) == ["model.widths", "training.learning_rate"]
    # An own preset that is gone.
    begun = beginning_of(config, PRESETS, "mine", "custom")
    assert begun.model in PRESETS.models
    assert begun.recipe in PRESETS.recipes


@pytest.mark.parametrize("run_id", ["0123abcd"])
def test_a_run_is_resumed_by_its_id(run_id: str) -> None:
    assert resume_command(run_id) == ["resnet-workbench", "resume", run_id]
