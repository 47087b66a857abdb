"""`KEY=VALUE` as people write it, fields to look up, and keys that do not exist."""

import pytest

from workbench.core.errors import UserError
from workbench.core.settings.assignments import parse_assignments
from workbench.core.settings.config import RunConfig, field_names
from workbench.core.settings.config_errors import unknown_key
from workbench.core.settings.field_list import field_lines


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("training.nesterov=False", False), ("training.nesterov=TRUE", True), ("training.nesterov=false", False),
        ("training.optimizer=SGD", "sgd"), ("training.schedule=One-Cycle", "one-cycle"), ("model.shortcut=b", "B"),
        ("model.norm=None", "none"), ("training.epochs=3", 3), ("data.source=True", "True"),
        ("data.mean=[1]", [1]), ("model.residuals=[True, False]", [True, False]), ("data.std=(1, 2)", [1, 2]),
        ("training.device=CPU", "cpu"), ("fine_tuning.weights='a'", "'a'"), ("data.source=None", "None"),
        ("training.optimizer=SDG", "SDG"), ("nothing.known=False", "False"),
    ],
)  # fmt: skip
def test_capitals_are_taken_as_meant(text: str, value: object) -> None:
    assert parse_assignments([text]) == {text.partition("=")[0]: value}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("training.learnin_rate", "training.learning_rate"), ("training.batchsize", "training.batch_size"),
        ("learning_rate", "training.learning_rate"), ("model.learning_rate", "training.learning_rate"),
        ("training.weight_decy", "training.weight_decay"), ("data.normalisation", "data.normalization"),
        ("model.rotation", "training.rotation"), ("data.norm", "data.normalization"),
    ],
)  # fmt: skip
def test_a_near_name_is_suggested(typed: str, meant: str) -> None:
    assert unknown_key(typed, field_names()) == f"{typed} is not a known field (did you mean '{meant}'?)"


@pytest.mark.parametrize(
    "typed", ["training.shear", "training.x", "data.color", "nothing", "model.", "", "." * 300]
)
def test_without_a_near_name_the_list_is_pointed_to(typed: str) -> None:
    assert unknown_key(typed, field_names()).endswith("; 'resnet-workbench fields' lists all")


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("training.schedule", "none", "constant"), ("training.optimizer", "SDG", "sgd"),
        ("model.norm", False, "none"), ("training.compile", True, "on"), ("model.activation", "RELUU", "relu"),
    ],
)  # fmt: skip
def test_a_choice_that_is_called_otherwise_is_suggested(field: str, value: object, meant: str) -> None:
    with pytest.raises(UserError, match=rf"\(did you mean '{meant}'\?\)"):
        RunConfig().with_values({field: value})


def test_every_field_is_listed_with_what_it_takes() -> None:
    lines = list(field_lines())
    assert [line.key for line in lines] == field_names()
    assert all(line.meaning and line.allowed for line in lines)
    by_key = {line.key: line for line in lines}
    assert by_key["training.rotation"].allowed == "a number ≥ 0, ≤ 180"
    assert by_key["training.milestones"].allowed == "a list, each a number > 0, < 1"
    assert by_key["training.nesterov"].allowed == "true or false"
    assert "cuda:<index>" in by_key["training.device"].allowed
    assert by_key["model.norm"].allowed == "batch, group, none"
    assert by_key["fine_tuning.weights"].default_text == "(empty)"
    assert by_key["model.widths"].default_text == "[16, 32, 64]"
    assert [line.key for line in field_lines(["jitter", "Contrast"])] == ["training.contrast_jitter"]
