"""What `data info`, `prepare`, `verify` and `sheet` say of a source, and that wrong input is one sentence."""

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.commands import TINY, call, refused
from tests.conftest import write_images
from tests.programs import END_S, ENDING, started, wait_for
from workbench.core.home import Home


def photograph(seed: int) -> NDArray[np.uint8]:
    """(32, 32, 3) with details of many sizes."""
    generator = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(generator.integers(0, 256, (side, side, 3), np.uint8)).resize((32, 32), 3), float
        )
        for side in (4, 8, 16)
    ]
    return np.mean(layers, axis=0).astype(np.uint8)


def save(root: Path, name: str, pixels: NDArray[np.uint8]) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(root / name)


@pytest.fixture
def odd_folder(tmp_path: Path) -> Path:
    """With one of everything that is odd."""
    root = tmp_path / "odd"
    for seed in range(12):
        save(root, f"train/many/{seed}.png", photograph(seed))
    for seed in range(20, 23):
        save(root, f"train/few/{seed}.png", photograph(seed))
    save(root, "train/one/30.png", photograph(30))
    for number, label in enumerate(("many", "few")):
        save(root, f"test/{label}/4{number}.png", photograph(40 + number))
    # The same in both parts, the same with another label, and one that is a little brighter.
    save(root, "test/many/copy.png", photograph(3))
    save(root, "train/few/other.png", photograph(5))
    save(root, "train/many/bright.png", np.clip(photograph(21).astype(int) + 9, 0, 255).astype(np.uint8))
    (root / "train" / "many" / "empty.png").write_bytes(b"")
    (root / "train" / "nothing").mkdir()
    return root


def test_verify_lists_what_is_odd(odd_folder: Path, home: Home) -> None:
    done = call(home, "data", "verify", str(odd_folder), "--size", "32", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["images"] == 21
    assert report["classes"] == {
        "few": {"train": 4, "test": 1}, "many": {"train": 13, "test": 2}, "one": {"train": 1, "test": 0},
    }  # fmt: skip
    assert report["unreadable"] == [
        {"path": "train/many/empty.png", "reason": "it is no image that is known here"}
    ]
    found = [(each["kind"], [image["name"] for image in each["images"]]) for each in report["duplicates"]]
    assert found[0] == ("exact", ["train/many/3.png", "test/many/copy.png"])
    assert ("exact", ["train/many/5.png", "train/few/other.png"]) in found
    assert ("near", ["train/few/21.png", "train/many/bright.png"]) in found
    assert len(found) == 3
    assert [each["labels_differ"] for each in report["duplicates"]].count(True) == 2
    train = [pixels_of(path) / 255 for path in sorted((odd_folder / "train").glob("*/[!e]*.png"))]
    assert report["mean"] == pytest.approx(np.mean(train, axis=(0, 1, 2)), abs=1e-4)
    assert report["std"] == pytest.approx(np.std(train, axis=(0, 1, 2)), abs=1e-4)
    assert report["sizes"] == {"smallest": [32, 32], "median": [32, 32], "largest": [32, 32]}
    notes = "\n".join(report["notes"])
    for words in ("1 file cannot be read", "1 group of the same", "hold both training and test images",
                  "13.0 times as many", "only one training image of one", "no test images of one"):  # fmt: skip
        assert words in notes


def test_verify_shows_it_to_a_person(odd_folder: Path, home: Home) -> None:
    done = call(home, "data", "verify", str(odd_folder), "--quick")
    assert done.returncode == 0
    for words in ("train/many/empty.png", "it is no image that is known here", "the same", "labels differ",
                  "mean of red, green, blue", "note: "):  # fmt: skip
        assert words in done.stdout
    assert "bright.png" not in done.stdout, "not looked for"
    assert "Traceback" not in done.stderr


def test_info_foretells_what_prepare_does(odd_folder: Path, home: Home) -> None:
    info = json.loads(call(home, "data", "info", str(odd_folder), "--json").stdout)
    assert info["suggested_size"] == info["image_size"] == 32
    assert (info["split"], info["problem"]) == ("source", None)
    assert info["notes"][0] == "no images in train/nothing: passed over"
    assert not list(home.data.glob("odd*"))
    done = call(home, "data", "prepare", str(odd_folder), "--json")
    made = json.loads(done.stdout)
    assert Path(made["folder"]).is_dir()
    # The one that cannot be read is known by then.
    assert info["images"] == made["images"] + 1
    assert info["decoded_bytes"] - made["decoded_bytes"] == 32 * 32 * 3
    assert len(made["unreadable"]) == 1
    again = json.loads(call(home, "data", "prepare", str(odd_folder), "--json").stdout)
    assert again["folder"] == made["folder"]


def test_folders_of_classes_alone_can_be_trained_on(tmp_path: Path, home: Home) -> None:
    root = tmp_path / "pets"
    for number in range(30):
        save(root, f"{'cat' if number % 2 else 'dog'}/{number}.png", photograph(number))
    said = call(home, "data", "info", str(root)).stdout
    assert "24 training and 6 test images of 2 classes" in said
    assert "20% of every class are taken for testing, the same ones each time" in said
    done = call(
        home, "train", *TINY, "--data", str(root), "--epochs", "1", "--set", "training.batch_size=8", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["test_accuracy"] is not None


def test_a_run_says_what_it_leaves_out_or_refuses_it(odd_folder: Path, home: Home) -> None:
    options = (*TINY, "--data", str(odd_folder), "--epochs", "1", "--set", "training.batch_size=8")
    done = json.loads(call(home, "train", *options, "--json").stdout)
    assert any(
        "1 image file cannot be read and is left out: train/many/empty.png" in each for each in done["warnings"]
    )
    sentence = refused(call(home, "train", *options, "--set", "data.unreadable=refuse"))
    assert "has files that cannot be read: train/many/empty.png (it is no image that is known here)" in sentence


@pytest.mark.parametrize("part", ["train", "test"])
def test_sheet_draws_a_row_for_each_class(tmp_path: Path, home: Home, part: str) -> None:
    root, output = write_images(tmp_path / "mine", 3, 2), tmp_path / "sheet.png"
    done = call(
        home, "data", "sheet", str(root), "--part", part, "--output", str(output), "--images", "2", "--json"
    )
    assert json.loads(done.stdout) == {"output": str(output), "classes": ["blue", "green", "red"]}
    # Class, mean, and two images; the last one of the first row is of the color of its class.
    picture = pixels_of(output)
    assert len(picture) > 3 * 64
    assert int(picture[20 : 20 + 64, -72:-8].mean(axis=(0, 1)).argmax()) == 2
    one = call(home, "data", "sheet", str(root), "--class", "red", "--output", str(output), "--json")
    assert json.loads(one.stdout)["classes"] == ["red"]
    assert len(pixels_of(output)) < len(picture)


def pixels_of(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("info", "/nowhere"), "data.source is '/nowhere', but there is no such file"),
        (("prepare", "sampel"), "did you mean 'sample'"),
        (("verify", "sample", "--size", "4"), "--size': Input should be greater than or equal to 8"),
        (("sheet", "sample", "--output", "x.gif"), "x.gif"),
        (
            ("sheet", "sample", "--output", "x.png", "--part", "validation"),
            "--part is 'validation'; it must be train or",
        ),
        (
            ("sheet", "{mine}", "--output", "x.png", "--class", "rad"),
            "--class is 'rad'; it must be one of blue, green",
        ),
        (("sheet", "{mine}", "--output", "/dev/null/x.png"), "cannot write /dev/null/x.png"),
        (("verify", "{broken}", "--refuse-unreadable"), "has files that cannot be read: train/red/broken.png"),
        (("verify",), "Missing argument"),
    ],
)
def test_wrong_input_is_one_sentence(tmp_path: Path, home: Home, arguments: tuple[str, ...], words: str) -> None:
    places = {name: write_images(tmp_path / name, 2, 1) for name in ("mine", "broken")}
    (places["broken"] / "train" / "red" / "broken.png").write_bytes(b"no")
    assert words in refused(call(home, "data", *(each.format(**places) for each in arguments)))


def test_what_cannot_be_trained_on_is_said_by_info_and_refused_by_prepare(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "test").rename(root / "later")
    info = json.loads(call(home, "data", "info", str(root), "--json").stdout)
    assert "has no images in test/<class>/" in info["problem"]
    assert info["problem"] in refused(call(home, "data", "prepare", str(root)))


def test_the_input_follows_from_images_of_ones_own_unless_it_is_said(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 20, 4)
    options = ("--model", "resnet8", "--data", str(root), "--set", "training.batch_size=16", "--epochs", "1")
    entry, said = (json.loads(call(home, "queue", "add", *options, *more, "--json").stdout)[0] for more in (
        (), ("--set", "model.input_size=32"),
    ))  # fmt: skip
    assert entry["warnings"][0].startswith(
        "images are made 16 x 16 pixels, as the median of the smaller sides is 16"
    )
    assert said["warnings"] == []
    document = json.loads(call(home, "train", *options, "--json").stdout)
    run = json.loads(call(home, "runs", "show", document["run"], "--json").stdout)
    assert run["config"]["model"]["input_size"] == 16
    assert run["model"] == "resnet8"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("number", ENDING)
def test_a_reading_that_is_ended_leaves_nothing(tmp_path: Path, home: Home, number: signal.Signals) -> None:
    root = tmp_path / "mine"
    for part, each in (("train", 1500), ("test", 1)):
        for label in ("red", "blue"):
            for image in range(each):
                save(root, f"{part}/{label}/{image}.bmp", np.zeros((32, 32, 3), np.uint8))
    process = started(home, "data", "prepare", str(root), "--size", "256")
    wait_for(home.data, process, ".unfinished-*")
    process.send_signal(number)
    assert "Traceback" not in process.communicate(timeout=END_S)[1]
    assert process.returncode == 130
    assert sorted(path.name for path in home.data.iterdir()) == ["locks", "seen"]


def test_a_sheet_that_would_be_too_large_is_refused(tmp_path: Path, home: Home) -> None:
    root = tmp_path / "mine"
    for number in range(700):
        for image in range(2):
            save(root, f"{number}/{image}.bmp", np.zeros((8, 8, 3), np.uint8))
    sheet = tmp_path / "large.png"
    said = refused(call(home, "data", "sheet", str(root), "--output", str(sheet), "--images", "100"))
    assert "a sheet of 100 images of each of 700 classes would have" in said
    assert "(--images)" in said
    assert not sheet.exists()


def test_nothing_is_no_source(home: Home) -> None:
    assert "data.source is '', but that names nothing; it must be" in refused(call(home, "data", "info", ""))


def test_damaged_words_of_a_camera_are_not_shown(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    camera = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\xff\xff"
    Image.fromarray(photograph(1)).save(root / "train" / "red" / "camera.jpg", exif=camera)
    done = call(home, "data", "info", str(root), "--json")
    assert (done.returncode, done.stderr) == (0, "")
