"""The command `runs compare`, with right and wrong input."""

import json
import re
from contextlib import closing

import numpy as np
import pytest

from tests.commands import call, refused
from tests.compared import Recording, answering, right_but
from tests.test_imports import loaded_by
from workbench.core.home import Home
from workbench.core.records.store import RunStore

KEYS = [
    "a", "b", "images", "accuracy_a", "accuracy_b", "difference", "interval", "p_value", "disagree", "verdict",
    "seeds_a", "seeds_b", "settings",
]  # fmt: skip


@pytest.fixture
def compared_home(home: Home) -> Home:
    """Runs worse, better (of two seeds each), other (of other images), bare (of no epoch) and [b] (a twin)."""
    with closing(RunStore(home)) as store:
        writing = Recording(store)
        writing.run(answering(right_but(100, *range(25))), name="worse", training__learning_rate=0.3)
        writing.run(answering(right_but(100, *range(27))), name="w1", seed=1, training__learning_rate=0.3)
        early = answering(right_but(100, *range(24)))
        writing.run(early, answering(right_but(100, 40, 41), epoch=2), name="better")
        writing.run(early, answering(right_but(100, 40), epoch=2), name="b1", seed=1)
        writing.run(answering(np.ones(10, bool)), name="other")
        writing.run(name="bare", status="stopped")
        writing.run(answering(right_but(100, *range(25))), name="[b]", training__weight_decay=0.0)
    return home


def test_json_is_one_document_with_these_keys(compared_home: Home) -> None:
    done = call(compared_home, "runs", "compare", "worse", "better", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == KEYS
    assert (found["images"], found["accuracy_a"], found["accuracy_b"]) == (100, 0.75, 0.98)
    assert found["difference"] == pytest.approx(0.23)
    assert found["interval"][0] < 0.23 < found["interval"][1]
    assert found["disagree"] == {"only_a_right": 2, "only_b_right": 25}
    assert found["p_value"] == pytest.approx(2 * sum((1, 27, 351)) / 2**27)
    assert found["verdict"].startswith("better is better by 23.0 points, 95 % interval ")
    assert [each["field"] for each in found["settings"]] == ["training.epochs", "training.learning_rate"]
    assert (found["seeds_a"], found["seeds_b"]) == ([0], [0])


def test_a_person_reads_figures_settings_disagreement_and_the_sentence(compared_home: Home) -> None:
    said = call(compared_home, "runs", "compare", "worse", "better").stdout
    assert re.search(r"test accuracy +75\.00% +98\.00%", said)
    assert re.search(r"training\.learning_rate +0\.3 +0\.1", said)
    assert re.search(r"A right +73 +2\b", said)
    assert re.search(r"A wrong +25 +0\b", said)
    assert "better is better by 23.0 points" in said
    assert "other seeds can tell" in said
    early = call(compared_home, "runs", "compare", "worse", "better", "--epoch-b", "1").stdout
    assert "that 100 images can show: only one is recognized by one of them alone" in early


def test_seeds_are_taken_in_when_asked_for(compared_home: Home) -> None:
    found = json.loads(call(compared_home, "runs", "compare", "worse", "better", "--with-seeds", "--json").stdout)
    assert (found["seeds_a"], found["seeds_b"]) == ([0, 1], [0, 1])
    assert found["accuracy_a"] == pytest.approx(0.74)
    assert found["verdict"].endswith("100 images and 2 seeds each")
    said = call(compared_home, "runs", "compare", "worse", "better", "--with-seeds").stdout
    assert "75.00%, 73.00%" in said


def test_the_same_run_twice_is_said_to_be_so(compared_home: Home) -> None:
    found = json.loads(call(compared_home, "runs", "compare", "better", "better", "--json").stdout)
    assert "compared with itself" in found["verdict"]
    assert (found["difference"], found["interval"], found["p_value"]) == (0, [0, 0], 1)
    twin = json.loads(call(compared_home, "runs", "compare", "worse", "[b]", "--json").stdout)
    assert twin["verdict"] == "worse and [b] give the same answer to each of 100 images"


def test_more_than_two_runs_are_compared_pair_by_pair(compared_home: Home) -> None:
    found = json.loads(call(compared_home, "runs", "compare", "worse", "[b]", "better", "--json").stdout)
    assert [list(each) for each in found] == [[*KEYS, "p_holm"]] * 3
    assert found[1]["p_holm"] == pytest.approx(3 * found[1]["p_value"])
    said = call(compared_home, "runs", "compare", "worse", "[b]", "better").stdout
    assert said.count("better is better by 23.0 points") == 2
    assert "Holm's correction" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("worse",), "RUNS is one run; give two or more"),
        (("worse", "nosuch"), "run 'nosuch' is not known"),
        (("worse", "bare"), "run .* has not finished an epoch; there are no answers yet"),
        (
            ("worse", "other"),
            "tested on 100 images of sample and run .* on 10 images of sample|10 images .* 100 images",
        ),
        (("worse", "better", "--epoch-b", "9"), "epoch is 9; run .* has answers of the epochs 1 to 2"),
        (("worse", "better", "[b]", "--epoch-a", "1"), "--epoch-a and --epoch-b are of two runs"),
        (("worse", "better", "worse"), "run .* is given twice"),
        (
            ("worse", "bare", "--with-seeds"),
            r"run .* \(bare\) is stopped; seeds are compared of finished runs only",
        ),
        (("worse", "w1", "--with-seeds"), "are one and the same: they differ in training.seed alone"),
    ],
)
def test_wrong_input_is_a_sentence(compared_home: Home, arguments: tuple[str, ...], sentence: str) -> None:
    assert re.search(sentence, refused(call(compared_home, "runs", "compare", *arguments)))


def test_comparing_loads_neither_torch_nor_all_of_scipy() -> None:
    loaded = loaded_by(
        "import numpy as np, sys\n"
        "from workbench.engine.comparison import comparing, statistics\n"
        "statistics.estimate(np.eye(3, 9, dtype=bool), np.eye(2, 9, dtype=bool))\n"
        "assert 'scipy.stats' not in sys.modules"
    )
    assert "scipy" in loaded
    assert not loaded & {"torch", "torchvision", "PySide6"}
