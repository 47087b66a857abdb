"""What a typed line means for a list of runs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, Status
from workbench.core.records.run_filter import KEYS, ORDERS, RunFilter, in_order
from workbench.core.records.run_record import DamagedRun, RunRecord
from workbench.core.settings.config import RunConfig


def run(name: str = "first", status: Status = "finished", **values: object) -> RunRecord:
    made = RunRecord(
        "0123abcd", 1, name, "resnet20", "quick", "cifar10-jpeg", RunConfig(), status, "", "2026-01-01", {}, {},
        1.0, 0, (),
    )  # fmt: skip
    return replace(made, **values)  # type: ignore[arg-type]


def epoch(accuracy: float, loss: float) -> EpochMetrics:
    return EpochMetrics("0123abcd", 1, 10, 1.0, 0.5, None, None, loss, accuracy, 100.0, 1.0, True)


RUN = run(
    "ResNet mit Über", tags=("Lab", "two words"), note="the norm\nwas wrong", is_starred=True, model="resnet20"
)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("", True),
        ("  ", True),
        ("resnet", True),
        ("RESNET20", True),
        ("plain", False),
        ("über", True),
        ("u\u0308ber", True),
        ("norm", True),
        ("0123", True),
        ("jpeg quick", True),
        ("jpeg slow", False),
        ("tag:lab", True),
        ("tags:LAB", True),
        ("tag:la", False),
        ('tag:"two words"', True),
        ("tag:two words", False),
        ("tag:x,lab", True),
        ("-tag:lab", False),
        ("-tag:x", True),
        ("status:finished", True),
        ("status:running,finished", True),
        ("status:running", False),
        ("is:starred", True),
        ("-is:starred", False),
        ("note:wrong", True),
        ("note:resnet", False),
        ("name:resnet model:20", True),
        ("data:cifar source:jpeg", True),
        ("recipe:quick id:0123", True),
        ("run:0123abcd", True),
        ('"mit über"', True),
        ('"mit  über"', False),
        ('-"mit über"', False),
        # Not typed to the end yet.
        ("tag:", True),
        ("-", True),
        ('"mit', True),
        ('tag:"two words', True),
        # No key, so a word.
        ("http://x", False),
        ("colour:red", False),
    ],
)
def test_words_and_terms(text: str, is_found: bool) -> None:
    assert RunFilter.parse(text).matches(RUN) is is_found


def test_what_no_key_is_known_of_is_a_word() -> None:
    assert RunFilter.parse("12:30").matches(run("at 12:30"))
    assert RunFilter.parse("t:30").matches(run("at:30"))


def test_a_damaged_run_is_found_by_what_is_known_of_it() -> None:
    damaged = DamagedRun("0123abcd", "broken", "its status cannot be read")
    assert RunFilter.parse("broken status:damaged").matches(damaged)
    assert RunFilter().matches(damaged)
    assert not RunFilter.parse("tag:lab").matches(damaged)
    assert not RunFilter.parse("is:starred").matches(damaged)


def test_choices_beside_the_words() -> None:
    assert RunFilter.of("norm", statuses=["running", "Finished"], tags=["lab", "TWO words"], starred=True).matches(
        RUN
    )
    assert not RunFilter.of(statuses=["running"]).matches(RUN)
    assert not RunFilter.of(tags=["lab", "x"]).matches(RUN)
    assert not RunFilter.of(starred=True).matches(run())
    assert RunFilter.of().terms == ()


@given(st.text(max_size=30))
def test_whatever_is_typed_is_understood(text: str) -> None:
    found = RunFilter.parse(text)
    assert found.matches(RUN) == (found.chosen([RUN]) == [RUN])
    # A minus before a term turns it around.
    for term in found.terms:
        assert term.matches(RUN) != replace(term, is_excluded=not term.is_excluded).matches(RUN)


@given(st.sampled_from(KEYS), st.text("abc 09äß", max_size=8))
def test_a_quoted_value_is_taken_as_it_is(key: str, value: str) -> None:
    (term,) = RunFilter.parse(f'{key}:"{value}"').terms or (None,)
    assert term is None if not value else (term is not None and term.key == key)


@given(st.text("abcä", min_size=1, max_size=6), st.text("abcäxyz ", max_size=12))
def test_a_word_is_found_wherever_it_stands_and_not_elsewhere(word: str, name: str) -> None:
    assert RunFilter.parse(f'name:"{word}"').matches(run(name)) is (word in name)


def test_orders() -> None:
    good = run("net10", id="1" * 8, epochs=(epoch(0.9, 0.3),), elapsed_s=9.0)
    bad = run("net9", id="2" * 8, epochs=(epoch(0.5, 1.5),), elapsed_s=3.0)
    diverged = run("Net9", id="3" * 8, epochs=(epoch(0.1, float("nan")),), elapsed_s=5.0)
    none = run("aa", id="4" * 8, elapsed_s=0.0)
    runs = [none, bad, diverged, good]
    assert in_order(runs, "started") == runs
    assert in_order(runs, "accuracy") == [good, bad, diverged, none]
    assert in_order(runs, "loss") == [good, bad, none, diverged]
    assert in_order(runs, "time") == [none, bad, diverged, good]
    assert in_order(runs, "name") == [none, bad, diverged, good]
    with pytest.raises(UserError, match=r"--sort is 'acuracy'; it must be .* \(did you mean 'accuracy'\?\)"):
        in_order(runs, "acuracy")
    assert set(ORDERS) == {"started", "accuracy", "loss", "time", "name"}
