"""The decoded copy on disk: whole or not there."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset, ImageSet, Unreadable
from workbench.core.errors import UserError


@pytest.fixture
def dataset() -> Dataset:
    pixels = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    part = ImageSet(pixels, np.array([0, 1]), ("train/a/1.png", "train/b/2.png"))
    return Dataset(("a", "b"), part, part)


def test_it_survives_its_files(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path)
    again = Dataset.open(tmp_path)
    assert again is not None
    assert again.class_names == ("a", "b")
    np.testing.assert_array_equal(again.train.images, dataset.train.images)
    assert again.test.names == dataset.test.names


@pytest.mark.parametrize("victim", ["dataset.json", "train-images.npy", "test-labels.npy"])
@pytest.mark.parametrize("keep", [0, 40])
def test_a_copy_that_is_not_whole_is_not_taken(dataset: Dataset, tmp_path: Path, victim: str, keep: int) -> None:
    dataset.save(tmp_path)
    path = tmp_path / victim
    path.write_bytes(path.read_bytes()[:keep])
    assert Dataset.open(tmp_path) is None
    with pytest.raises(UserError, match="decoded images"):
        Dataset.require(tmp_path)


ODD_MANIFESTS = (
    {"version": None}, {"version": "1"}, {"version": True}, {"version": 3}, {"class_names": None},
    {"class_names": ["a"]}, {"class_names": []}, {"class_names": "ab"}, {"class_names": ["a", 1]},
    {"class_names": ["a", "\0"]}, {"class_names": ["a", "\udce9"]}, {"train": 5}, {"train": ["x"]},
    {"train": {"a": 1, "b": 2}}, {"test": [None, None]}, {"files": {}}, {"files": {"train-images.npy": [1]}},
    {"files": None}, {"unreadable": ["a"]}, {"unreadable": [["a"]]},
)  # fmt: skip


@pytest.mark.parametrize("change", ODD_MANIFESTS)
def test_a_copy_with_an_odd_manifest_is_none(dataset: Dataset, tmp_path: Path, change: dict[str, object]) -> None:
    dataset.save(tmp_path)
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert Dataset.open(tmp_path) is None


@pytest.mark.parametrize("text", ["[]", "null", "3", "[" * 100_000, "9" * 5000, '{"version": 1}', "\x00"])
def test_a_copy_whose_manifest_is_other_json_is_none(dataset: Dataset, tmp_path: Path, text: str) -> None:
    dataset.save(tmp_path)
    (tmp_path / "dataset.json").write_text(text)
    assert Dataset.open(tmp_path) is None


ODD_ARRAYS = (
    ("train-images", np.zeros((2, 4, 4, 3), np.float32)), ("train-images", np.zeros((2, 4, 5, 3), np.uint8)),
    ("train-images", np.zeros((2, 4, 4), np.uint8)), ("train-images", np.zeros((2, 5, 5, 3), np.uint8)),
    ("test-images", np.zeros((3, 4, 4, 3), np.uint8)), ("test-images", np.zeros((), np.uint8)),
    ("test-images", np.zeros((0, 4, 4, 3), np.uint8)), ("train-labels", np.array([0, 2])),
    ("train-labels", np.array([0, -1])), ("train-labels", np.array([0, 1], np.int32)),
    ("train-labels", np.array([[0, 1]])), ("test-labels", np.array([0, 1], ">i8")),
    ("test-labels", np.array(["a", "b"])), ("test-labels", np.zeros(0, np.int64)),
)  # fmt: skip


@pytest.mark.parametrize(("name", "array"), ODD_ARRAYS)
def test_a_copy_with_other_arrays_is_none(
    dataset: Dataset, tmp_path: Path, name: str, array: NDArray[np.generic]
) -> None:
    dataset.save(tmp_path)
    np.save(tmp_path / f"{name}.npy", array)
    seal_again(tmp_path)
    assert Dataset.open(tmp_path) is None


def seal_again(folder: Path) -> None:
    """As if the files had been written so: as a copy of the first version, whose files have no seals."""
    manifest = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(manifest | {"version": 1}))


@pytest.mark.parametrize("name", ["train-images", "test-labels", "train-indices", "test-sizes"])
def test_a_changed_byte_is_noticed_and_a_copy_of_the_copy_is_not(
    dataset: Dataset, tmp_path: Path, name: str
) -> None:
    sized = replace(dataset.test, sizes=np.array([[640, 480], [32, 32]]), indices=np.array([0, 5]))
    replace(dataset, test=sized, unreadable=(Unreadable("train/a/2.png", "it is cut"),)).save(tmp_path / "copy")
    shutil.copytree(tmp_path / "copy", tmp_path / "moved", copy_function=shutil.copyfile)
    moved = Dataset.open(tmp_path / "moved")
    assert moved is not None
    assert moved.unreadable == (("train/a/2.png", "it is cut"),)
    assert moved.test.original_indices.tolist() == [0, 5]
    assert moved.train.original_indices.tolist() == [0, 1]
    assert moved.test.sizes is not None
    # Its times are written down, so that its bytes are looked at once.
    file = tmp_path / "moved" / "train-images.npy"
    times = json.loads((tmp_path / "moved" / "dataset.json").read_text())["files"]["train-images.npy"]
    assert times[1] == file.stat().st_mtime_ns
    content = bytearray((tmp_path / "moved" / f"{name}.npy").read_bytes())
    content[-1] ^= 1
    (tmp_path / "moved" / f"{name}.npy").write_bytes(content)
    assert Dataset.open(tmp_path / "moved") is None


def test_a_copy_of_the_first_version_is_taken(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path)
    kept = ("version", "class_names", "train", "test")
    manifest = json.loads((tmp_path / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps({key: manifest[key] for key in kept} | {"version": 1}))
    (tmp_path / "train-indices.npy").unlink()
    copy = Dataset.open(tmp_path)
    assert copy is not None
    assert (copy.unreadable, copy.is_split_here) == ((), False)
    assert copy.train.original_indices.tolist() == [0, 1]


def test_a_copy_whose_array_is_an_archive_of_arrays_is_none(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path)
    with (tmp_path / "test-labels.npy").open("wb") as file:
        np.savez(file, labels=dataset.test.labels)
    assert Dataset.open(tmp_path) is None
