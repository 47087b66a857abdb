"""The command landscape: what it prints, what it draws, and what it refuses."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.commands import call, refused
from workbench.core.home import Home


def test_a_grid_is_printed_as_json(trained_home: tuple[Home, str]) -> None:
    home, run_id = trained_home
    done = call(home, "landscape", run_id, "--size", "5", "--images", "30", "--range", "0.5", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["run"], found["size"], found["images"], found["range"]) == (run_id, 5, 30, 0.5)
    assert found["axis"] == [-0.5, -0.25, 0.0, 0.25, 0.5]
    for key in ("loss", "accuracy"):
        assert [len(row) for row in found[key]] == [5] * 5
    assert found["center"] == {"loss": found["loss"][2][2], "accuracy": found["accuracy"][2][2]}
    assert found["lowest"]["loss"] == min(min(row) for row in found["loss"])
    assert found["caption"].startswith("Loss ")
    assert [set(each) for each in found["directions"]] == [
        {"doubles_before", "doubles_after", "width", "curvature"}
    ] * 2
    again = call(home, "landscape", run_id, "--size", "5", "--images", "30", "--range", "0.5", "--json")
    assert json.loads(again.stdout) == found
    other = call(
        home, "landscape", run_id, "--size", "5", "--images", "30", "--range", "0.5", "--seed", "1", "--json"
    )
    assert json.loads(other.stdout)["loss"] != found["loss"]
    assert json.loads(other.stdout)["center"] == found["center"]


def test_two_are_compared_and_drawn(trained_home: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained_home
    path = tmp_path / "two.png"
    options = ("--epoch", "1", "--size", "5", "--images", "12", "--output", str(path))
    done = call(home, "landscape", run_id, "--beside", run_id, *options)
    assert done.returncode == 0, done.stderr
    assert "epoch 1: loss in nats" in done.stdout
    assert "nats higher on average" in done.stdout
    assert done.stdout.rstrip().endswith(f"written to {path}")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        width, height = picture.size
        assert width > height > 400


def test_both_are_in_one_document(trained_home: tuple[Home, str]) -> None:
    home, run_id = trained_home
    done = call(
        home, "landscape", run_id, "--epoch", "2", "--beside", run_id, "--size", "5", "--images", "12", "--json"
    )
    found = json.loads(done.stdout)
    assert (found["run"], found["epoch"]) == (run_id, 2)
    assert set(found["beside"]) == set(found) - {"beside", "comparison"}
    assert found["comparison"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--size", "8"), "size is 8; it must be an odd number from 5 to 101"),
        (("--range", "0"), "range is 0; it must be above 0"),
        (("--images", "0"), "images is 0; it must be at least 1"),
        (("--seed", "-1"), "--seed is -1; it must be 0 to 2147483647"),
        (("--seed", str(2**64)), "--seed is 18446744073709551616; it must be 0 to 2147483647"),
        (("--epoch", "9"), "epoch is 9; run"),
        (("--output", "here.pdf"), "here.pdf'; it must end in .png"),
        (("--beside", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_is_named(trained_home: tuple[Home, str], options: tuple[str, str], words: str) -> None:
    home, run_id = trained_home
    assert words in refused(call(home, "landscape", run_id, *options, "--json"))
