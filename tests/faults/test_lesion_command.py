"""`lesion` on the command line: what it prints, and how it refuses."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageColor

from tests.commands import TINY, call, refused
from tests.trained import exhausted, opened
from workbench.commands import plots
from workbench.core.home import Home
from workbench.engine.inspection.lesions import LesionBoard


@pytest.fixture
def trained(home: Home, image_folder: Path) -> str:
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "2", "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["run"])


def test_the_sweep_and_chosen_blocks_as_documents(home: Home, trained: str) -> None:
    document = json.loads(call(home, "lesion", trained, "--json").stdout)
    board = LesionBoard(opened(home, trained))
    sweep = exhausted(board.sweep())
    blocks = [{"name": each.name, "accuracy": each.accuracy} for each in sweep.removed]
    assert document == {
        "run": trained, "epoch": board.subject.epoch, "images": 36, "accuracy": sweep.intact, "blocks": blocks,
    }  # fmt: skip
    words = ("--block", "layer2.0", "--block", "layer1.0=0.25", "--epoch", "1", "--images", "30", "--json")
    document = json.loads(call(home, "lesion", trained, *words).stdout)
    board = LesionBoard(opened(home, trained, 1), 30)
    found = exhausted(board.lesioned({"layer2.0": 0.0, "layer1.0": 0.25}))
    assert (document["epoch"], document["images"]) == (1, 30)
    assert (document["lesioned"], document["flipped"]) == (found.now.accuracy, len(found.flipped))
    assert [each["name"] for each in document["blocks"]] == ["layer2.0", "layer1.0"]
    table = call(home, "lesion", trained).stdout
    assert "its shortcut" in table
    assert "intact, epoch" in table


def test_the_sweep_as_a_picture(home: Home, trained: str, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "blocks.png"
    arguments = ("--block", "layer1.0", "--block", "layer2.0=0.5", "--output", str(picture))
    done = call(home, "lesion", trained, *arguments)
    assert picture.is_file(), done.stderr
    with Image.open(picture) as opened_picture:
        assert opened_picture.format == "PNG"
        colors = opened_picture.convert("RGB").getcolors(2**20)
    assert ImageColor.getrgb(plots.ACCENT) in {color for _, color in colors}, "bars"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--block", "layer3.0"],
            "the block is 'layer3.0' (did you mean 'layer2.0'?); it must be one of layer1.0",
        ),
        (["--block", "layer1.0=2"], "the scale of block layer1.0 is '2'; it must be a number from 0 to 1"),
        (["--epoch", "9"], "epoch is 9"),
        (["--images", "-3"], "--images"),
        (["--output", "blocks.jpg"], "--output is 'blocks.jpg'; it must end in .png"),
    ],
)
def test_one_sentence_and_exit_2(home: Home, trained: str, arguments: list[str], words: str) -> None:
    assert words in refused(call(home, "lesion", trained, *arguments, "--json"))
