"""Definitions of studies: what can be searched for, kept and read back; and what a study says of its trials."""

import json
from typing import Any

import pytest

from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.search.definition import StudyDefinition, define, study_name, trial_limit
from workbench.core.search.space_parser import parse_space
from workbench.core.search.storage_place import journal_path, sqlite_path, storage_url
from workbench.core.search.study import StudyRecord, TrialRecord
from workbench.core.settings.config import RunConfig

RATES = "training.learning_rate=0.01..0.5:log"


def defined(*space: str, values: dict[str, Any] | None = None, **options: str) -> StudyDefinition:
    config = RunConfig().with_values(values or {})
    return define("mine", config, parse_space(space or [RATES]), **options)


def test_a_definition_is_read_back_as_it_was() -> None:
    definition = defined(RATES, "model.widths=[8,8,8]|[8,16,32]", "training.nesterov=true|false", sampler="random")
    tree = json.loads(json.dumps(definition.to_json()))
    assert StudyDefinition.from_json("mine", tree) == definition


@pytest.mark.parametrize("tree", [None, {}, {"version": 2}, {"version": 1}, {"version": 1, "space": 3}, "text"])
def test_what_is_no_definition_is_refused(tree: object) -> None:
    with pytest.raises(UserError, match="study mine"):
        StudyDefinition.from_json("mine", tree)


@pytest.mark.parametrize(
    ("space", "values", "options", "sentence"),
    [
        ([RATES], {"data.validation_fraction": 0.0}, {}, "chooses by images that are held out, never by test"),
        ([RATES], {}, {"sampler": "tpo"}, "it must be one of tpe, random, grid .did you mean 'tpe'"),
        ([RATES], {}, {"sampler": "cmaes"}, "--sampler is 'cmaes'; it must be one of tpe, random, grid"),
        ([RATES], {}, {"pruner": "median2"}, "--pruner is 'median2'"),
        (["training.epochs=5..9"], {}, {}, "after the same epoch cannot be compared; give --pruner none"),
        ([RATES], {}, {"sampler": "grid"}, "is grid, but training.learning_rate is searched over all of"),
        (["training.epochs=1..2000"], {}, {"sampler": "grid", "pruner": "none"}, "of 2000 comb.*most 1000"),
        (["model.widths=[8,8]|[8,8,8]"], {}, {}, r"widths is searched over \[8, 8\], which fits to no value"),
        (["training.warmup_epochs=1..20"], {"training.epochs": 9}, {}, "warmup_epochs is searched over 20"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_for_is_a_sentence(
    space: list[str], values: dict[str, Any], options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        defined(*space, values=values, **options)


def test_fields_that_go_together_are_allowed_where_some_values_fit() -> None:
    definition = defined("model.blocks=[1,1]|[1,1,1]", "model.widths=[8,8]|[8,8,8]", sampler="grid")
    assert definition.grid_size == 4
    fitting = [
        point for point in definition.grid_points if len(point["model.blocks"]) == len(point["model.widths"])
    ]
    assert [definition.config_at(point).model.widths for point in fitting] == [(8, 8), (8, 8, 8)]


@pytest.mark.parametrize("name", ["", " a", "a,b", "x" * 34, "two\nlines"])
def test_a_study_has_a_name_that_its_runs_can_be_tagged_with(name: str) -> None:
    with pytest.raises(UserError, match="the study's name is"):
        study_name(name)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "10001", ""])
def test_a_number_of_trials_is_a_whole_one(text: str) -> None:
    with pytest.raises(UserError, match="--trials is"):
        trial_limit(text)
    assert trial_limit("30") == 30


def test_a_storage_is_a_file_or_a_url(home: Home) -> None:
    assert sqlite_path(storage_url("", home)) == home.studies
    journal = home.root / "shared.log"
    assert journal_path(storage_url(str(journal), home)) == journal
    url = "postgresql://user@host/name"
    assert (storage_url(url, home), journal_path(url), sqlite_path(url)) == (url, None, None)
    with pytest.raises(UserError, match="--storage is 'studies'; it must be a file that ends in"):
        storage_url("studies", home)


def test_the_best_trial_is_the_first_of_the_best_that_were_trained_to_their_end() -> None:
    trials = [
        TrialRecord(1, "pruned", {}, {1: 0.9}),
        TrialRecord(2, "finished", {}, {1: 0.8, 2: 0.7}, "run2"),
        TrialRecord(3, "finished", {}, {1: 0.8}),
        TrialRecord(4, "failed", {}, message="no memory"),
        TrialRecord(5, "running", {}),
    ]
    study = StudyRecord(defined(), 8, tuple(trials))
    assert study.best is trials[1]
    assert study.done == 4
    document = json.loads(json.dumps(study.document()))
    assert document["best"]["run"] == "run2"
    assert document["best"]["validation_accuracy"] == 0.8
    assert [trial["state"] for trial in document["trials"]] == [
        "pruned",
        "finished",
        "finished",
        "failed",
        "running",
    ]
    assert document["space"] == {"training.learning_rate": "0.01..0.5:log"}
    assert StudyRecord(defined(), 8).best is None
