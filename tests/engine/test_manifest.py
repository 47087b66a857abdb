"""Manifests and files of checkpoints that are odd: one sentence each, and the one before takes their place."""

import json
import os
from pathlib import Path

import pytest

from tests.engine.checkpoints import state_after
from tests.engine.odd_checkpoints import (
    IN_ITS_PLACE,
    ODD_MANIFESTS,
    foreign_archive,
    foreign_pickle,
    replace_data,
    spoil_manifest,
)
from workbench.core.errors import UserError
from workbench.engine.weights import checkpoint, manifest

# Of Python's, which say nothing to a person.
RAW_WORDS = ("<", "object at", "argument", "Manifest(", "NoneType", "dict", "Errno", "weights_only", "Unpickling")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two checkpoints; the best one is the first."""
    for step in (1, 2):
        checkpoint.save(tmp_path, state_after(step), step=step, epoch=1, best=step == 1)
    return tmp_path


def sentence_of(folder: Path, kind: manifest.Kind) -> str:
    with pytest.raises(UserError) as caught:
        checkpoint.load(folder, kind)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    said = sentence.replace(str(folder), "")
    assert [word for word in RAW_WORDS if word in said] == []
    return sentence


@pytest.mark.parametrize("oddity", ODD_MANIFESTS)
def test_an_odd_manifest_is_a_sentence_and_the_one_before_is_taken(folder: Path, oddity: str) -> None:
    words = spoil_manifest(folder, "last", oddity)
    sentence = sentence_of(folder, "last")
    assert words in sentence
    assert str(folder / "last.json") in sentence
    state, warning = checkpoint.load_last(folder)
    assert state.position.batch == 1
    assert warning == f"{sentence}; going on from the checkpoint before it"
    # Both are in place again, and a save finds nothing to stumble over.
    assert checkpoint.load(folder, "last").position.batch == 1
    checkpoint.save(folder, state_after(3), step=3, epoch=1, best=True)
    assert [checkpoint.load(folder, kind).position.batch for kind in manifest.KINDS] == [3, 3, 1]


@pytest.mark.parametrize("what", IN_ITS_PLACE)
def test_whatever_is_where_the_last_one_was_the_one_before_is_taken(folder: Path, what: str) -> None:
    path = manifest.path_of(folder, "last")
    put, words = IN_ITS_PLACE[what]
    path.unlink()
    put(path)
    assert checkpoint.exists(folder)
    sentence = sentence_of(folder, "last")
    assert words in sentence
    state, warning = checkpoint.load_last(folder)
    assert state.position.batch == 1
    assert warning == f"{sentence}; going on from the checkpoint before it"
    assert checkpoint.load(folder, "last").position.batch == 1
    assert [each.name for each in folder.glob("last.json.damaged/*")] == (["mine"] if what == "a folder" else [])


@pytest.mark.parametrize("kind", manifest.KINDS)
def test_a_save_replaces_whatever_is_in_its_way(folder: Path, kind: manifest.Kind) -> None:
    path = manifest.path_of(folder, kind)
    (folder / f"{kind}.json.damaged").mkdir()
    path.unlink()
    path.mkdir()
    checkpoint.save(folder, state_after(3), step=3, epoch=1, best=True)
    checkpoint.save(folder, state_after(4), step=4, epoch=1, best=True)
    assert [checkpoint.load(folder, kind).position.batch for kind in manifest.KINDS] == [4, 4, 3]
    assert (folder / f"{kind}.json.damaged-2").is_dir()


@pytest.mark.parametrize("oddity", ["version null", "nested", "no UTF-8"])
def test_an_odd_best_one_is_named(folder: Path, oddity: str) -> None:
    words = spoil_manifest(folder, "best", oddity)
    with pytest.raises(UserError) as caught:
        checkpoint.load_best(folder)
    assert words in str(caught.value)
    assert "best.json" in str(caught.value)


def test_with_two_odd_the_best_one_is_taken(folder: Path) -> None:
    words = spoil_manifest(folder, "last", "version null")
    spoil_manifest(folder, "previous", "a list")
    best = checkpoint.load_best(folder)
    state, warning = checkpoint.load_last(folder)
    assert state.position == best.position
    assert words in warning
    assert warning.endswith("going on from the best checkpoint")


def test_of_the_one_before_and_the_best_one_the_further_is_taken(tmp_path: Path) -> None:
    """From the one before, the run would forget an epoch, and jump over it when it is taken up once more."""
    for step in (1, 2):
        checkpoint.save(tmp_path, state_after(step), step=step, epoch=1, best=step == 2)
    spoil_manifest(tmp_path, "last", "no JSON")
    state, warning = checkpoint.load_last(tmp_path)
    assert state.position.batch == 2
    assert warning.endswith("going on from the best checkpoint")
    assert checkpoint.load(tmp_path, "last").position.batch == 2


def test_with_all_odd_the_last_one_is_named(folder: Path) -> None:
    words = spoil_manifest(folder, "last", "version null")
    spoil_manifest(folder, "previous", "a list")
    spoil_manifest(folder, "best", "a list")
    with pytest.raises(UserError) as caught:
        checkpoint.load_last(folder)
    assert words in str(caught.value)
    assert "last.json" in str(caught.value)


def test_what_a_newer_workbench_wrote_is_left_in_its_place(folder: Path) -> None:
    """Going on from the one before would lose steps that are not damaged at all."""
    path = manifest.path_of(folder, "last")
    tree = json.loads(path.read_text()) | {"version": manifest.VERSION + 1, "more": "than is known here"}
    path.write_text(json.dumps(tree))
    with pytest.raises(UserError, match="written by a newer workbench"):
        checkpoint.load_last(folder)
    assert json.loads(path.read_text()) == tree


@pytest.mark.parametrize("kind", ["pickle", "pickle of another protocol", "archive"])
def test_a_foreign_pickle_is_not_run(folder: Path, tmp_path: Path, kind: str) -> None:
    trace = tmp_path / "it ran"
    pickled = foreign_pickle(trace, 2 if kind == "pickle" else 4)
    data = replace_data(folder, "last", foreign_archive(trace) if kind == "archive" else pickled)
    sentence = sentence_of(folder, "last")
    assert str(data) in sentence
    if kind == "pickle of another protocol":
        assert "it is cut, damaged, or no file of PyTorch's" in sentence
    else:
        assert f"it has Python objects ({os.mkdir.__module__}.mkdir), which may run code" in sentence
    assert checkpoint.load_last(folder)[0].position.batch == 1
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"dear diary", b"\x80\x02", b"PK\x03\x04 but cut"])
def test_a_file_that_is_something_else_is_named(folder: Path, content: bytes) -> None:
    data = replace_data(folder, "last", content)
    sentence = sentence_of(folder, "last")
    assert str(data) in sentence
    assert "it is cut, damaged, or no file of PyTorch's" in sentence
    assert checkpoint.load_last(folder)[0].position.batch == 1
