"""What `predict` prints, and that a wrong image among right ones is one sentence before anything is computed."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import call, refused
from tests.trained import opened
from workbench.core.home import Home


def test_json_names_every_class_best_first(trained_home: tuple[Home, str], tmp_path: Path) -> None:
    home, run = trained_home
    subject = opened(home, run)
    test_images = subject.images("test")
    path = tmp_path / "木.png"
    Image.fromarray(np.asarray(test_images.images[20])).save(path)
    done = call(home, "predict", run, "20", str(path), "3", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert [each["image"] for each in document] == ["20", str(path), "3"]
    logits = subject.logits_of(test_images.images[[20, 20, 3]])
    for each, row in zip(document, logits, strict=True):
        assert set(each) == {"image", "predictions"}
        said = {entry["class"]: entry["probability"] for entry in each["predictions"]}
        assert list(said.values()) == sorted(said.values(), reverse=True)
        expected = np.exp(row) / np.exp(row).sum()
        assert [said[name] for name in subject.class_names] == pytest.approx(expected.tolist(), abs=1e-4)


def test_top_epoch_and_the_table(trained_home: tuple[Home, str]) -> None:
    home, run = trained_home
    found = {
        epoch: json.loads(call(home, "predict", run, "0", "--top", "1", "--epoch", epoch, "--json").stdout)
        for epoch in "12"
    }
    assert all(len(found[epoch][0]["predictions"]) == 1 for epoch in "12")
    assert found["1"] != found["2"]
    done = call(home, "predict", run, "0", "1", "--top", "2", "--epoch", "2")
    assert done.returncode == 0
    assert done.stdout.count("%") == 4
    assert f"by run {run} after epoch 2" in done.stdout


def test_a_file_may_have_a_number_for_a_name(
    trained_home: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = trained_home
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (9, 9), "red").save(tmp_path / "red.png")
    os.rename("red.png", "5")
    as_file = call(home, "predict", run, "5", "--json")
    os.remove("5")
    as_number = call(home, "predict", run, "5", "--json")
    assert as_file.returncode == as_number.returncode == 0
    assert json.loads(as_file.stdout) != json.loads(as_number.stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("3", "none.png"), "cannot read the image none.png: No such file or directory"),
        (("3", "text.png"), "cannot read the image text.png: it is no image that is known here"),
        (("3", "empty.png"), "cannot read the image empty.png: it is no image that is known here"),
        (("3", "."), "cannot read the image .: it is a folder, not a file"),
        (("36",), "the image is 36; the test images are counted from 0 to 35"),
        (("3", "--top", "0"), "--top is 0; it must be 1 or more"),
        (("3", "--epoch", "9"), "epoch is 9"),
    ],
)
def test_wrong_input_is_one_sentence(
    trained_home: tuple[Home, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    home, run = trained_home
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("words")
    (tmp_path / "empty.png").write_bytes(b"")
    done = call(home, "predict", run, *arguments, "--json")
    assert words in refused(done)
    assert done.stdout == ""
