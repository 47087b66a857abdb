"""What a person gave, as sentences repeat it: short, on one line, and not as Python writes it."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import LONGEST_PATH, ConfigError, did_you_mean, for_terminal, literal, reason, shown

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_a_text_is_shown_on_one_short_line(text: str) -> None:
    said = shown(text)
    assert len(said) <= 80
    assert said.isprintable()
    if text.isprintable() and len(text) <= 80:
        assert said == text


@given(VALUES)
def test_any_value_is_shown_on_one_short_line(value: object) -> None:
    assert len(literal(value)) <= 82
    assert literal(value).isprintable()


def test_of_a_long_text_both_ends_and_the_length_are_shown() -> None:
    said = shown("begin" + 100_000 * "x" + "end")
    assert said.startswith("begin")
    assert said.endswith("end (100008 characters)")
    assert len(shown(Path("/" + "x/" * 5000))) <= LONGEST_PATH


def test_only_what_a_terminal_obeys_is_escaped_for_it() -> None:
    assert for_terminal("a\x1b[31m\u202eb\x9b\r\x7f") == r"a\x1b[31m\u202eb\x9b\r\x7f"
    seen = "größer\n\t\u2068שלום\u2069 \u200e\U0001f469\u200d\U0001f4bb 3\u202f000"
    assert for_terminal(seen) == seen


def test_what_cannot_be_seen_is_escaped() -> None:
    assert shown("a\nb\0\u202e") == r"a\nb\x00\u202e"
    # A byte of a file name that is no UTF-8.
    assert shown(b"caf\xe9".decode("utf-8", "surrogateescape")) == r"caf\xe9"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"), (True, "true"), ((16, 32), "[16, 32]"), ("many", "'many'"), (0.5, "0.5"),
        ({"a": [None]}, "{'a': [null]}"), ([[[[[1]]]]], "[[[[…]]]]"),
        ([0] * 100_000, "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, …]"),
    ],
)  # fmt: skip
def test_values_are_written_as_json_writes_them(value: object, words: str) -> None:
    assert literal(value) == words


def test_of_a_number_of_thousands_of_digits_their_count_is_shown() -> None:
    assert literal(10**5000) == "a number of 5001 digits"


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: Path("/nowhere/at-all").read_bytes(), "No such file or directory"),
        (lambda: json.loads("[1,"), "expecting value in line 1, column 4"),
        (lambda: json.loads("[" * 100_000), "it is nested too deeply"),
        (lambda: json.loads("9" * 5000), "a number in it has thousands of digits"),
        (lambda: tomllib.loads("a=" + "9" * 5000), "a number in it has thousands of digits"),
        (lambda: b"\xff".decode(), "it is no text in UTF-8"),
        (lambda: iter(()).__next__(), "StopIteration"),
    ],
)
def test_reasons_are_words_for_a_person(read: Callable[[], object], words: str) -> None:
    with pytest.raises((OSError, ValueError, RecursionError, StopIteration)) as caught:
        read()
    assert reason(caught.value) == words


def test_nothing_is_like_a_text_of_100_000_characters() -> None:
    assert did_you_mean("sampel", ["sample"]) == " (did you mean 'sample'?)"
    assert did_you_mean("x" * 100_000, ["sample", "x" * 99_999]) == ""


def test_of_many_wrong_fields_the_first_are_told() -> None:
    error = ConfigError({f"{letter}.x": f"{letter}.x is wrong" for letter in "abcdefghijkl"})
    assert str(error).startswith("a.x is wrong; b.x")
    assert str(error).endswith("h.x is wrong; and 4 more fields are wrong")
    assert len(error.fields) == 12
