"""Search spaces as they are typed, and what each field allows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import UserError
from workbench.core.search.dimensions import Choices, Dimension, Range, from_json, to_json
from workbench.core.search.space_fields import limits_of, require_searchable, searchable_fields
from workbench.core.search.space_parser import parse_dimension, parse_space


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("training.learning_rate", "0.01..0.5:log", Range(0.01, 0.5, is_log=True)),
        ("training.learning_rate", " 1e-3 .. .5 ", Range(0.001, 0.5)),
        ("training.learning_rate", "1..3", Range(1.0, 3.0)),
        ("training.momentum", "0.5..0.9:0.1", Range(0.5, 0.9, step=0.1)),
        ("training.epochs", "5..20:5", Range(5, 20, step=5)),
        ("training.batch_size", "64|128|256", Choices((64, 128, 256))),
        ("model.widths", "[16,32,64]|[32, 64, 128]", Choices(([16, 32, 64], [32, 64, 128]))),
        ("model.norm", "Batch|group", Choices(("batch", "group"))),
        ("training.nesterov", "True|false", Choices((True, False))),
    ],
)
def test_what_is_typed_is_understood(field: str, text: str, expected: Dimension) -> None:
    found = parse_dimension(field, text)
    assert found == expected
    assert [type(value) for value in found.ends] == [type(value) for value in expected.ends]


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("training.learning_rte", "0.1..0.2", "is not a known field .did you mean 'training.learning_rate'"),
        ("data.source", "sample|cifar10", "data.source cannot be searched over: trials are compared by the same"),
        ("training.seed", "0..9", "training.seed cannot be searched over: the luckiest seed"),
        ("training.learning_rate", "0.1", "training.learning_rate is searched over '0.1'; it must be two values"),
        ("training.learning_rate", "0.5..0.1", "with LOW below HIGH"),
        ("training.learning_rate", "0..1:log", "above 0 for a logarithmic scale"),
        ("training.learning_rate", "0.1..0.5:log:0.1", "either on a logarithmic scale or in steps"),
        ("training.learning_rate", "0.1..0.5:linear", "LOW..HIGH, and behind it :log or a step"),
        ("training.learning_rate", "0.1..0.5:0.5", "in steps above 0 and at most 0.4"),
        ("training.learning_rate", "-0.1..0.5", r"training.learning_rate is -0.1; it must be above 0"),
        ("training.epochs", "1.5..9", "of whole numbers"),
        ("training.epochs", "1..1e3", "of whole numbers"),
        ("training.batch_size", "64|sixty", "training.batch_size is 'sixty'; it must be a whole number"),
        ("training.batch_size", "64|64", "of values that differ"),
        ("training.batch_size", "64|", "two values or more"),
        ("model.widths", "1..9", "values with . between them, as it is no single number"),
        ("model.norm", "batch|grop", r"did you mean 'group'"),
        ("model.widths", "[16,32]|[0]", "model.widths of stage 1 is 0; it must be at least 1"),
    ],
)
def test_what_is_not_allowed_is_a_sentence(field: str, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse_dimension(field, text)


@pytest.mark.parametrize(
    ("assignments", "sentence"),
    [
        ([], "nothing is searched over; give --space"),
        (["training.learning_rate"], "must be FIELD=VALUES"),
        (["training.epochs=1..3", "training.epochs=4..6"], "names training.epochs twice"),
    ],
)
def test_a_space_names_each_field_once(assignments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse_space(assignments)


def test_values_that_can_be_counted_are() -> None:
    assert Range(0.1, 0.3, step=0.1).grid == (0.1, 0.2, 0.3)
    assert Range(1, 4).grid == (1, 2, 3, 4)
    assert Range(1, 8, step=3).grid == (1, 4, 7)
    assert Range(0.1, 0.3).grid is None
    assert Range(1, 4, is_log=True).grid is None


@pytest.mark.parametrize(
    ("value", "tidied"),
    [(0.156530143887, 0.1565), (0.0100001, 0.01), (0.00999999, 0.01), (0.49999, 0.5), (9.0, 0.5)],
)
def test_numbers_are_trained_as_they_are_shown(value: float, tidied: float) -> None:
    assert Range(0.01, 0.5).tidy(value) == tidied
    assert Range(1, 90_000).tidy(12_345) == 12_345


numbers = st.floats(1e-6, 1.0, exclude_max=True)
rates = st.tuples(numbers, numbers, st.booleans()).filter(lambda each: each[0] < each[1])
counts = st.lists(st.integers(2, 1000), min_size=2, max_size=9, unique=True)


@given(rates)
def test_a_range_is_read_back_as_it_was(ends: tuple[float, float, bool]) -> None:
    dimension = Range(*ends)
    assert parse_dimension("training.label_smoothing", str(dimension)) == dimension
    assert from_json(to_json(dimension)) == dimension


@given(counts)
def test_choices_are_read_back_as_they_were(values: list[int]) -> None:
    dimension = Choices(tuple(values))
    assert parse_dimension("training.batch_size", str(dimension)) == dimension
    widths = Choices(tuple([value, 2 * value] for value in values))
    assert parse_dimension("model.widths", str(widths)) == widths
    assert from_json(to_json(widths)) == widths


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused_in_one_line(text: str) -> None:
    sentence = ""
    try:
        parse_dimension("training.learning_rate", text)
    except UserError as error:
        sentence = str(error)
    assert sentence == "" or re.fullmatch(r"[^\n]{10,300}", sentence)


def test_limits_are_those_of_the_field() -> None:
    assert limits_of("training.momentum")[0] == 0
    assert limits_of("fine_tuning.backbone_rate") == (0, 1)
    assert limits_of("model.norm") == (None, None)
    for field in searchable_fields():
        require_searchable(field)
