"""The command `explain`, with right and wrong input."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import call, refused
from tests.conftest import CLASSES, SIDE
from workbench.commands.explanation import where_most
from workbench.core.home import Home


def test_a_test_image_is_explained(trained_home: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained_home
    picture = tmp_path / "why.png"
    done = call(home, "explain", run_id, "5", "--target", "difference", "--output", str(picture), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert list(found) == [
        "run", "epoch", "image", "method", "layer", "target", "prediction", "truth", "probabilities", "output",
    ]  # fmt: skip
    assert (found["run"], found["method"], found["layer"]) == (run_id, "gradcam", "layer2.0")
    assert set(found["probabilities"]) == set(CLASSES)
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    target, other = found["target"].split(" minus ")
    assert target == found["prediction"] != other
    assert found["truth"] == found["image"].split("/")[-2]
    with Image.open(picture) as sheet:
        # Both at 20 times their size, with a margin around each.
        assert sheet.size[0] == 2 * 20 * SIDE + 3 * 16
        plain = np.asarray(sheet)[16 : 16 + 20 * SIDE, 16 : 16 + 20 * SIDE]
    # Enlarged by whole pixels.
    assert np.array_equal(plain[::20, ::20].repeat(20, 0).repeat(20, 1), plain)


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_the_map_itself_is_given_if_wanted(trained_home: tuple[Home, str], method: str) -> None:
    home, run_id = trained_home
    done = call(
        home, "explain", run_id, "0", "--method", method, "--target", "red", "--against", "blue", "--epoch", "1",
        "--values", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert np.array(found["map"]).shape == (SIDE, SIDE)
    assert (found["epoch"], found["layer"], found["target"]) == (1, None, "red minus blue")
    assert found["output"] is None


def test_an_image_of_ones_own_has_no_truth(trained_home: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained_home
    path = tmp_path / "own.png"
    Image.new("RGB", (40, 30), (200, 20, 20)).save(path)
    done = call(home, "explain", run_id, str(path), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["truth"] is None
    assert "the middle 30 x 30 were cut out" in done.stderr
    sentence = refused_last(call(home, "explain", run_id, str(path), "--target", "truth"))
    assert "target is 'truth', which is not known of this image" in sentence


def refused_last(done: object) -> str:
    """Its last line: a note about the image comes first."""
    assert done.returncode == 2
    return str(done.stderr.strip().split("\n")[-1])


def test_a_person_gets_a_table(trained_home: tuple[Home, str]) -> None:
    home, run_id = trained_home
    done = call(home, "explain", run_id, "0", "--layer", "stem")
    assert done.returncode == 0
    assert "Grad-CAM at stem for" in done.stdout
    assert re.search(r"blue +[\d.]+%", done.stdout)


def test_where_nothing_speaks_against_it_it_says_so() -> None:
    values = np.array([[0.5, 0.25], [2.0, 0.0]], np.float32)
    assert where_most("for", values) == "most for it: row 2 of 2, column 1 of 2 (2)"
    assert where_most("against", -values) == "nothing speaks against it"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("99",), "the image is 99; the test images are counted from 0 to 35"),
        (("9" * 300,), "the image is 9+; the test images are counted from 0 to 35"),
        (("nowhere.png",), "cannot read the image nowhere.png"),
        (("0", "--method", "gradcamm"), r"method is 'gradcamm'; allowed are .* \(did you mean 'gradcam'\?\)"),
        (("0", "--layer", "layer9.0"), "layer is 'layer9.0'; this network has stem, layer1.0, layer2.0"),
        (("0", "--method", "occlusion", "--layer", "stem"), "layer is 'stem', but occlusion looks at no layer"),
        (("0", "--target", "bleu"), r"target is 'bleu'; allowed are .* \(did you mean 'blue'\?\)"),
        (("0", "--against", "difference"), "against is 'difference'; allowed are prediction, truth, and a class"),
        (("0", "--epoch", "7"), "epoch is 7; run .* has finished the epochs 1 to 2"),
        (("0", "--output", "why.tiff"), "--output is 'why.tiff'; it must end in .png"),
        (("0", "--output", "/proc/why.png"), "cannot write /proc/why.png"),
    ],
)
def test_wrong_input_is_a_sentence(
    trained_home: tuple[Home, str], arguments: tuple[str, ...], sentence: str
) -> None:
    home, run_id = trained_home
    assert re.search(sentence, refused(call(home, "explain", run_id, *arguments)))
