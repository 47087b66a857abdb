"""What is tried before a run, from the command line: what is printed, exit codes, and nothing recorded."""

import json
from pathlib import Path

import pytest

from tests.commands import TINY, call, refused
from workbench.commands import trials as trial_commands
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.trials import Certificate, Difference


def test_a_rate_is_suggested_and_trains(home: Home, image_folder: Path) -> None:
    done = call(home, "find-rate", *TINY, "--data", str(image_folder), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed_losses"]) > 20
    assert found["rates"] == sorted(found["rates"])
    assert found["suggestion"] in [float(f"{rate:.2g}") for rate in (*found["rates"], *_halves(found["rates"]))]
    assert RunStore(home.prepare()).runs() == []


def _halves(rates: list[float]) -> list[float]:
    return [rate / 2 for rate in rates]


def test_rates_are_printed_for_a_person(home: Home, image_folder: Path) -> None:
    done = call(home, "find-rate", *TINY, "--data", str(image_folder))
    assert done.returncode == 0
    lines = done.stdout.strip().split("\n")
    assert lines[-1].startswith("suggested: --set training.learning_rate=")
    assert len([line for line in lines if line.lstrip()[:1].isdigit()]) == 12


def test_a_run_is_measured(home: Home, image_folder: Path) -> None:
    done = call(home, "preflight", *TINY, "--data", str(image_folder), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["fits"], found["steps_per_epoch"], found["batch_size"]) == (True, 6, 16)
    assert 0 < found["step_s"] < found["seconds_per_epoch"] < found["total_s"]
    assert RunStore(home.prepare()).runs() == []


def test_figures_are_printed_for_a_person(home: Home, image_folder: Path) -> None:
    done = call(home, "preflight", *TINY, "--data", str(image_folder))
    assert done.returncode == 0
    for word in ("step", "evaluation", "epoch", "memory", "largest batch"):
        assert f"\n{word} " in done.stdout.replace("\n ", "\n")
    longer = call(home, "preflight", *TINY, "--data", str(image_folder), "--epochs", "77")
    assert "for 77 epochs" in longer.stdout


def test_what_does_not_fit_is_refused_with_what_would(home: Home, image_folder: Path) -> None:
    large = ("--set", "model.widths=[4096,4096]", "--set", "training.batch_size=4096")
    done = call(home, "preflight", *TINY, *large, "--data", str(image_folder), "--json")
    assert done.returncode == 2, done.stdout
    assert json.loads(done.stdout)["fits"] is False
    sentence, *remedy = done.stderr.strip().split("\n")
    assert sentence.startswith("error: ")
    assert "4096 images" in sentence
    assert not remedy or remedy[0].startswith("this might do: --set training.accumulation=")


def test_resuming_is_certified(home: Home, image_folder: Path) -> None:
    done = call(home, "doctor", "--resume", *TINY, "--data", str(image_folder), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["is_exact"], found["differences"], found["threads"]) == (True, [], 1)
    done = call(home, "doctor", "--resume", *TINY, "--data", str(image_folder))
    assert done.stdout.startswith("exact: stopped and resumed within 6 steps")
    assert RunStore(home.prepare()).runs() == []


@pytest.mark.parametrize(
    ("is_repeatable", "words"), [(True, "not exact: a resumed run"), (False, "not repeatable")]
)
def test_what_differs_is_named(is_repeatable: bool, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    differences = (Difference("network.fc.weight", 0.25), Difference("position.step", None))
    certificate = Certificate(False, is_repeatable, differences, "Try something.", 6, "CPU", "fp32", 2, 1.0)
    trial_commands._print_certificate(certificate)
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].startswith(words)
    assert lines[1:4] == ["  network.fc.weight (by up to 0.25)", "  position.step (missing)", "Try something."]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["find-rate", "--data", "nowhere/at-all"], "data.source"),
        (["preflight", "--recipe", "fastest"], "fastest"),
        (["preflight", "--set", "training.mixup=2000"], "training.mixup"),
        (["doctor", "--resume", "--model", "resnet21"], "resnet21"),
        (["doctor", "--model", "resnet20"], "--resume"),
    ],
)
def test_what_cannot_be_tried_is_refused(home: Home, arguments: list[str], words: str) -> None:
    assert words in refused(call(home, *arguments))
