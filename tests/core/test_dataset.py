"""The decoded copy on disk: whole or not there."""

from pathlib import Path

import numpy as np
import pytest

from workbench.core.dataset import Dataset, ImageSet
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
