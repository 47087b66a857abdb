"""What is said of a lab's runs: the figures, and the sentence in each direction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labs import made, recorded
from workbench.core.comparison.agreement import Counts
from workbench.core.comparison.verdict import Side, Verdict
from workbench.core.labs import words
from workbench.core.labs.catalog import LABS
from workbench.core.labs.findings import Findings, findings
from workbench.core.labs.plan import LabRun, LabSettings, planned_runs
from workbench.core.labs.report import LabReport
from workbench.core.labs.sentences import ONE_SEED, outcome, seen
from workbench.core.labs.spreads import Spread, difference

Errors = Mapping[str, Sequence[tuple[float, float]]]


def around(train: float, test: float = 0.2, seeds: int = 3, by: float = 0.002) -> list[tuple[float, float]]:
    """Test and training errors of so many seeds, a little apart."""
    return [(test + by * (seed - 1), train + by * (seed - 1)) for seed in range(seeds)]


def of_train(**trains: float) -> Errors:
    return {name: around(train) for name, train in trains.items()}


def of_test(**tests: float) -> Errors:
    return {name: around(0.1, test) for name, test in tests.items()}


# Figures


def test_the_interval_is_students() -> None:
    """R: t.test(c(0.20, 0.22, 0.21)) says 0.1851586 0.2348414."""
    found = Spread((0.20, 0.22, 0.21))
    assert found.mean == pytest.approx(0.21)
    assert found.deviation == pytest.approx(0.01)
    assert found.interval == pytest.approx((0.1851586, 0.2348414), abs=1e-7)
    assert (Spread((0.2,)).deviation, Spread((0.2,)).interval) == (None, None)


def test_the_interval_of_a_difference_is_welchs() -> None:
    """scipy.stats.ttest_ind([.25, .29, .26, .27], [.20, .22, .21], equal_var=False).confidence_interval(0.95)."""
    from scipy import stats

    a, b = (0.20, 0.22, 0.21), (0.25, 0.29, 0.26, 0.27)
    found = difference(Spread(a), Spread(b))
    wanted = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert found.value == pytest.approx(0.0575)
    assert found.interval == pytest.approx((wanted.low, wanted.high))
    assert found.is_sure
    assert difference(Spread((0.2,)), Spread(b)).interval is None
    assert difference(Spread((0.2, 0.2)), Spread((0.2, 0.2))).interval == (0.0, 0.0)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_a_difference_turned_around_is_its_mirror_image(a: list[float], b: list[float]) -> None:
    there, back = difference(Spread(tuple(a)), Spread(tuple(b))), difference(Spread(tuple(b)), Spread(tuple(a)))
    assert there.interval is not None
    assert back.interval is not None
    assert there.value == pytest.approx(-back.value)
    assert there.interval[0] == pytest.approx(-back.interval[1], abs=1e-9)
    assert there.interval[0] <= there.value + 1e-12


def test_curves_go_from_the_best_to_the_worst_seed() -> None:
    found = made("seeds", {"resnet20": [(0.2, 0.1), (0.3, 0.2)]})
    curve = found.arms[0].curve("test")
    assert curve.epochs == (1, 2, 3, 4)
    assert (curve.mean[-1], curve.low[-1], curve.high[-1]) == pytest.approx((0.25, 0.2, 0.3))
    assert found.arms[0].curve("train").mean[-1] == pytest.approx(0.15)


def test_curves_of_what_is_not_finished_are_shown_where_nothing_is() -> None:
    lab = LABS["stem"]
    planned = planned_runs(lab, LabSettings(4, 2))
    half = recorded(planned[0], status="stopped")
    runs = [LabRun(planned[0], "stopped", half), *(LabRun(each, "missing") for each in planned[1:])]
    found = findings(lab, LabSettings(4, 2), runs)
    assert found.of("stem3x3").curve("test").epochs == (1,)
    assert found.of("stem7x7").curve("test").epochs == ()
    assert found.of("stem3x3").test is None
    runs[2] = LabRun(planned[2], "finished", recorded(planned[2], 0.3))
    assert findings(lab, LabSettings(4, 2), runs).of("stem3x3").curve("test").mean[0] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0523, "5.2"), (-0.003, "−0.3"), (0.0002, "0.02"), (0.0, "0.0"), (-0.00001, "0.0")]
)
def test_points_have_the_digits_that_show_something(fraction: float, text: str) -> None:
    assert words.points(fraction).startswith(text)


# Sentences


def said(found: Findings) -> tuple[str, str]:
    return seen(found).sentence, seen(found).agreement


@pytest.mark.parametrize(
    ("trains", "sentence", "agreement"),
    [
        ((0.2, 0.3, 0.2, 0.15), "the degradation that He et al. saw, and its cure by shortcuts", "as the paper"),
        ((0.3, 0.2, 0.2, 0.15), "no degradation of plain networks, which is not what the paper saw",
         "not as the paper"),
        ((0.2, 0.3, 0.15, 0.2), "depth costs residual networks too, if less: that is not what the paper saw",
         "not as the paper"),
        ((0.2, 0.3, 0.15, 0.4), "residual networks too, if more: that is not what the paper saw",
         "not as the paper"),
        ((0.2, 0.3, 0.2, 0.2), "whether depth pays with shortcuts, these runs do not decide", "undecided"),
        ((0.2, 0.2, 0.2, 0.15), "whether plain networks degrade, these runs do not decide", "undecided"),
    ],
)  # fmt: skip
def test_degradation_is_told_in_each_direction(trains: tuple[float, ...], sentence: str, agreement: str) -> None:
    arms = ("plain20", "plain56", "resnet20", "resnet56")
    found = made("degradation", of_train(**dict(zip(arms, trains, strict=True))))
    told = said(found)
    assert told[0].endswith(f"{sentence}.")
    assert told[1] == agreement
    assert ONE_SEED not in told[0]


def test_degradation_names_its_figures() -> None:
    found = made("degradation", of_train(plain20=0.2, plain56=0.3, resnet20=0.2, resnet56=0.15))
    assert seen(found).sentence.startswith(
        "After 4 epochs the training error of Plain-56 is 10.0 points above that of Plain-20 (95 % interval 9.5 "
        "to 10.5), and that of ResNet-56 5.0 points below that of ResNet-20 (95 % interval 4.5 to 5.5): "
    )


def test_of_one_seed_each_chance_is_named() -> None:
    arms = {"plain20": 0.2, "plain56": 0.3, "resnet20": 0.2, "resnet56": 0.15}
    found = made("degradation", {name: around(train, seeds=1) for name, train in arms.items()})
    sentence = seen(found).sentence
    assert sentence.endswith(f"whether plain networks degrade, these runs do not decide; {ONE_SEED}.")
    assert "10.0 points above that of Plain-20" in sentence
    assert "interval" not in sentence
    assert seen(found).agreement == "undecided"


def test_one_arm_with_a_single_seed_proves_nothing() -> None:
    arms = {"plain20": 0.2, "plain56": 0.3, "resnet20": 0.2, "resnet56": 0.15}
    errors = {name: around(train, seeds=1 if name == "plain56" else 3) for name, train in arms.items()}
    told = seen(made("degradation", errors))
    assert told.agreement == "undecided"
    assert "Plain-56: one seed, whose chance is in no interval." in told.notes


def test_what_the_answers_of_single_networks_say_is_a_note() -> None:
    found = made("stem", {"stem3x3": around(0.2, seeds=1), "stem7x7": around(0.4, seeds=1)})
    found = replace(found, verdicts={("stem3x3", "stem7x7"): verdict("a better")})
    told = seen(found)
    assert "no difference that these runs can show" in told.sentence
    assert "surely" not in told.sentence
    said = "Of these networks alone, 3x3 stem is better than 7x7 stem: with other seeds it may be otherwise."
    assert said in told.notes


def test_many_pairs_of_single_networks_are_left_to_their_table() -> None:
    arms = ("a", "b", "c")
    found = made("shortcut", {name: around(0.2, seeds=1) for name in arms})
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    notes = seen(replace(found, verdicts=dict.fromkeys(pairs, verdict("a better")))).notes
    assert (
        "What is said of them in pairs is of these networks alone: with other seeds it may be otherwise." in notes
    )
    assert not any("Shortcut A is better" in note for note in notes)


def test_an_arm_that_always_fails_is_an_answer_and_not_a_wait() -> None:
    lab, settings = LABS["degradation"], LabSettings(4, 2)
    runs = [
        LabRun(each, "failed", recorded(each, status="failed")) if each.arm.name == "plain56"
        else LabRun(each, "finished", recorded(each))
        for each in planned_runs(lab, settings)
    ]  # fmt: skip
    told = seen(findings(lab, settings, runs))
    assert told.sentence == "With these settings there is no answer: all runs of Plain-56 failed."
    assert told.agreement == "undecided"


def test_the_stem_names_the_sizes_that_were_trained() -> None:
    found = made("stem", of_test(stem3x3=0.2, stem7x7=0.4))
    assert "see 8 x 8 values of an image, behind the 3x3 one 32 x 32" in seen(found).sentence
    wider = replace(found, settings=replace(found.settings, values={"model.input_size": 64}))
    assert "see 16 x 16 values of an image, behind the 3x3 one 64 x 64" in seen(wider).sentence


@pytest.mark.parametrize(
    ("steps", "images", "has_less"), [(500, 50_000, False), (400, 50_000, True), (500, 9_000, True)]
)
def test_less_than_the_paper_trained_is_said_where_it_is_so(steps: int, images: int, has_less: bool) -> None:
    found = made("depth", of_test(resnet20=0.1, resnet56=0.2))
    started = {"steps_per_epoch": steps, "images": [images, 0, 10_000]}
    arms = tuple(
        replace(arm, runs=tuple(replace(run, record=replace(run.record, started=started)) if run.record else run
                                for run in arm.runs))
        for arm in found.arms
    )  # fmt: skip
    found = replace(found, arms=arms, settings=replace(found.settings, epochs=140))
    assert ("with far more steps and images" in seen(found).sentence) == has_less


def test_the_bound_of_two_runs_is_wide_where_few_are_known() -> None:
    """Of what two more runs differ by, pure chance exceeds it once in 20 times, however few runs told it."""
    generator = np.random.default_rng(0)
    for seeds in (2, 3, 10):
        draws = 0.5 + 0.01 * generator.standard_normal((4000, seeds + 2))
        bounds = [Spread(tuple(map(float, draw[:seeds]))).pair_bound or 0.0 for draw in draws]
        beyond = np.abs(draws[:, seeds] - draws[:, seeds + 1]) > bounds
        assert 0.035 < beyond.mean() < 0.065
    assert Spread((0.2,)).pair_bound is None


def test_an_interval_holds_errors_that_there_are() -> None:
    assert Spread((0.02, 0.3)).interval == (0.0, 1.0)


def test_before_there_is_enough_it_says_what_is_lacking() -> None:
    found = made("degradation", {"plain20": around(0.2), "resnet20": around(0.2)}, seeds=3)
    told = seen(found)
    assert told.sentence == "Nothing can be said yet: Plain-56 and ResNet-56 have no finished run."
    assert told.agreement == "unfinished"
    assert told.notes == ("6 runs of 12 are still to be trained: this is what there is so far.",)
    assert "3x3 stem has no finished run" in seen(made("stem", {"stem7x7": around(0.2)})).sentence


@pytest.mark.parametrize(
    ("name", "tests", "sentence", "agreement"),
    [
        ("shortcut", {"a": 0.2, "b": 0.2, "c": 0.2}, "no difference that these runs can show", "undecided"),
        ("shortcut", {"a": 0.3, "b": 0.2, "c": 0.2},
         "Shortcut B is better than Shortcut A and Shortcut C is better than Shortcut A, in the order that He et "
         "al. saw", "as the paper"),
        ("shortcut", {"a": 0.2, "b": 0.2, "c": 0.3}, "which is not the order that He et al. saw",
         "not as the paper"),
        ("stem", {"stem3x3": 0.2, "stem7x7": 0.4}, "the large stem costs accuracy on these images", "no paper"),
        ("stem", {"stem3x3": 0.4, "stem7x7": 0.2}, "the large stem is better here", "no paper"),
        ("stem", {"stem3x3": 0.2, "stem7x7": 0.2}, "no difference that these runs can show", "no paper"),
        ("depth", {"resnet20": 0.2, "resnet56": 0.1}, "ResNet-56 is better than ResNet-20, as He et al. saw",
         "as the paper"),
        ("depth", {"resnet20": 0.1, "resnet56": 0.2},
         "ResNet-20 is better than ResNet-56, which is not what He et al. saw", "not as the paper"),
        ("depth", {"resnet20": 0.2, "resnet32": 0.05, "resnet56": 0.1},
         "as He et al. saw (6.97 and 8.75 %); but ResNet-32 is better than ResNet-56, which is not what He et al.",
         "not as the paper"),
        ("depth", {"resnet20": 0.2, "resnet32": 0.1, "resnet44": 0.3, "resnet56": 0.2},
         ": ResNet-20 is better than ResNet-44, ResNet-32 is better than ResNet-44 and ResNet-32 is better than "
         "ResNet-56, which is not what He et al. saw", "not as the paper"),
        ("depth", {"resnet20": 0.2, "resnet56": 0.2}, "these runs do not decide", "undecided"),
        ("width", {"width8": 0.3, "width32": 0.2}, "32-64-128 is better than 8-16-32, as Zagoruyko",
         "as the paper"),
        ("width", {"width8": 0.2, "width32": 0.3}, "which is not what Zagoruyko", "not as the paper"),
        ("width", {"width8": 0.2, "width16": 0.2}, "these runs do not decide", "undecided"),
        ("learning-rate", {"rate0.01": 0.4, "rate0.1": 0.2, "rate0.3": 0.2},
         "lowest at rate 0.1 and rate 0.3; rate 0.01 is surely worse", "no paper"),
        ("learning-rate", {"rate0.01": 0.4, "rate0.1": 0.2, "rate0.3": 0.2001},
         "lowest at rate 0.1; rate 0.01 is surely worse; rate 0.3 cannot be told from it", "no paper"),
        ("seeds", {"resnet20": 0.2},
         "3 runs that differ in chance alone have test errors from 19.8 to 20.2 %, 20.0 ± 0.2 %: below 1.2 points",
         "no paper"),
    ],
)  # fmt: skip
def test_each_lab_has_its_sentence(name: str, tests: dict[str, float], sentence: str, agreement: str) -> None:
    told = said(made(name, of_test(**tests)))
    assert sentence in told[0]
    assert told[1] == agreement


def verdict(outcome_of: str) -> Verdict:
    better = {"a better": (-0.02, -0.01), "b better": (0.01, 0.02), "no difference": (-0.01, 0.02)}[outcome_of]
    a, b = Side("0000000a", "a", 4, (1, 2), (0.8, 0.8)), Side("0000000b", "b", 4, (1, 2), (0.8, 0.8))
    b = replace(b, accuracies=(0.8 + sum(better) / 2,) * 2)
    p_value = 0.5 if outcome_of == "no difference" else 0.001
    return Verdict(a, b, Counts(800, 100, 100, 0, 900), better, p_value)


@pytest.mark.parametrize("told", ["a better", "b better", "no difference"])
def test_answers_to_the_same_images_count_more_than_the_spread(told: str) -> None:
    found = made("stem", of_test(stem3x3=0.2, stem7x7=0.4))
    assert outcome(found, "stem3x3", "stem7x7") == "a better"
    found = replace(found, verdicts={("stem3x3", "stem7x7"): verdict(told)})
    assert outcome(found, "stem3x3", "stem7x7") == ("undecided" if told == "no difference" else told)


def test_what_failed_or_is_alone_is_noted() -> None:
    lab = LABS["stem"]
    settings = LabSettings(4, 2)
    planned = planned_runs(lab, settings)
    runs = [
        LabRun(planned[0], "finished", recorded(planned[0])), LabRun(planned[1], "finished", recorded(planned[1])),
        LabRun(planned[2], "finished", recorded(planned[2])),
        LabRun(planned[3], "failed", recorded(planned[3], status="failed")),
    ]  # fmt: skip
    found = findings(lab, settings, runs, problem="the answers are gone")
    assert found.is_whole
    assert seen(found).notes == (
        "1 of 2 runs of 7x7 stem failed: the loss became nan at step 7.",
        "7x7 stem: one seed, whose chance is in no interval.",
        "Answers to the test images could not be compared: the answers are gone.",
    )


# The report


def test_the_table_sets_the_papers_figures_beside_ours() -> None:
    found = made("degradation", of_train(plain20=0.2, plain56=0.3, resnet20=0.2, resnet56=0.15))
    rows = LabReport(found).rows
    assert rows[3] == (
        "ResNet-56", "3 of 3", "20.0 ± 0.2 %", "19.5 to 20.5 %", "15.0 ± 0.2 %", "6.97 % test error",
    )  # fmt: skip
    assert "read from the figure" in LabReport(found).paper_rows[0][2]


def test_what_is_not_known_has_a_dash() -> None:
    rows = LabReport(made("degradation", {"plain20": around(0.2, seeds=1)}, seeds=2)).rows
    assert rows[0] == ("Plain-20", "1 of 2", "19.8 %", "–", "19.8 %", "about 9 to 10 % test error")
    assert rows[2] == ("ResNet-20", "0 of 2", "–", "–", "–", "8.75 % test error")


def test_the_document_is_plain_values() -> None:
    import json

    found = made("stem", of_test(stem3x3=0.2, stem7x7=0.4))
    document = LabReport(replace(found, verdicts={("stem3x3", "stem7x7"): verdict("a better")})).document()
    again = json.loads(json.dumps(document))
    assert again["arms"][0]["test_error"]["of_seeds"] == pytest.approx([0.198, 0.2, 0.202])
    assert again["pairs"][0]["outcome"] == "a better"
    assert (again["lab"], again["is_whole"], again["seeds"]) == ("stem", True, 3)


def test_the_settings_shown_are_those_that_all_arms_have() -> None:
    lab = LABS["learning-rate"]
    settings = LabSettings(3, 1, {"training.batch_size": 64, "model.activation": "silu"})
    rows = dict(LabReport(findings(lab, settings, ())).setting_rows)
    assert (rows["training.batch_size"], rows["training.epochs"], rows["model.activation"]) == ("64", "3", "silu")
    assert "training.learning_rate" not in rows


def test_what_is_of_the_machine_is_not_common_to_runs() -> None:
    """Runs count whatever it was, so that what is asked for today says nothing of them."""
    lab = LABS["seeds"]
    values = {"training.threads": 1, "training.deterministic": True, "training.device": "cuda"}
    rows = dict(LabReport(findings(lab, LabSettings(3, 1, values), ())).setting_rows)
    assert not {"training.threads", "training.deterministic", "training.device"} & rows.keys()
