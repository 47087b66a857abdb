"""Near-duplicates: copies that were changed a little are found, other pictures are not."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from tests.trained import exhausted
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.events import Progress, Warned
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.engine.inspection import duplicates

Pixels = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the window's lanes have: two that wait for each other in every small step take many times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


_TRAIN, _TEST = 200, 60


def image_set(pixels: Pixels) -> ImageSet:
    count = len(pixels)
    return ImageSet(pixels, np.arange(count) % 3, tuple(f"x/{number:05d}.png" for number in range(count)))


@pytest.fixture(scope="module")
def pixels(decoded_sample: Path) -> tuple[Pixels, Pixels]:
    """Photographs: what is smooth and what is not decides."""
    dataset = Dataset.require(next(decoded_sample.glob("sample-*")))
    return np.array(dataset.train.images[:_TRAIN]), np.array(dataset.test.images[:_TEST])


def dataset_of(train: Pixels, test: Pixels) -> Dataset:
    return Dataset(("cat", "dog", "frog"), image_set(train), image_set(test))


def shifted(image: Pixels) -> Pixels:
    return np.roll(image, (1, -1), axis=(0, 1))


def brighter(image: Pixels) -> Pixels:
    return np.clip(0.8 * image.astype(float) + 45, 0, 255).astype(np.uint8)


def compressed(image: Pixels) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer))


def recolored(image: Pixels) -> Pixels:
    return np.clip(image * np.array([1.1, 0.95, 0.85]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [shifted, brighter, compressed, recolored, np.copy])
def test_changed_copies_are_found_and_nothing_else(
    pixels: tuple[Pixels, Pixels], change: Callable[[Pixels], Pixels]
) -> None:
    train, test = (part.copy() for part in pixels)
    for number in range(20):
        test[number] = change(train[3 * number])
    # Twice among the test images.
    test[50] = change(test[40])
    found = exhausted(duplicates.find(dataset_of(train, test)))
    in_train = {(int(a), int(b)) for a, b, c in zip(found.test, found.other, found.is_training, strict=True) if c}
    planted = {(number, 3 * number) for number in range(20)}
    assert len(planted & in_train) >= 18
    assert len(in_train - planted) <= 1
    assert (40, 50) in set(zip(found.test[~found.is_training], found.other[~found.is_training], strict=True))
    uses = np.array(["training"] * 30 + ["validation"] * 15 + ["unused"] * (_TRAIN - 45))
    assert set(np.flatnonzero(found.flags(uses))) == {test for test, other in in_train if other < 30}
    assert (found.parts(uses) == "test").sum() == (~found.is_training).sum()
    assert (np.diff(found.likeness) <= 0).all()
    if change is np.copy:
        assert (found.difference[:21] == 0).all()
        assert (found.likeness[:21] == 1).all()


def test_different_photographs_are_no_duplicates(pixels: tuple[Pixels, Pixels]) -> None:
    assert len(exhausted(duplicates.find(dataset_of(*pixels)))) <= 2


def test_what_is_alike_from_afar_is_looked_at_in_detail(
    pixels: tuple[Pixels, Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, test = (part.copy() for part in pixels)
    for place, share in enumerate((0.6, 0.9)):
        numbers = np.arange(30) + 30 * place
        test[numbers] = (share * train[3 * numbers] + (1 - share) * pixels[1][numbers]).astype(np.uint8)
    strict = exhausted(duplicates.find(dataset_of(train, test)))
    monkeypatch.setattr(duplicates, "_FINE", replace(duplicates._FINE, least=0.0))
    loose = exhausted(duplicates.find(dataset_of(train, test)))
    assert (strict.test >= 30).sum() == (loose.test >= 30).sum() >= 29
    assert 0 < (strict.test < 30).sum() < (loose.test < 30).sum() < 30


def test_plain_pictures_count_only_when_they_are_the_same(pixels: tuple[Pixels, Pixels]) -> None:
    train, test = (part.copy() for part in pixels)
    train[:3], test[0], test[1], test[2], test[3] = 0, 0, 7, 9, 9
    found = exhausted(duplicates.find(dataset_of(train, test)))
    plain = found.test < 4
    pairs = zip(
        found.test[plain].tolist(), found.other[plain].tolist(), found.is_training[plain].tolist(), strict=True
    )
    assert set(pairs) == {(0, 0, True), (2, 3, False)}
    assert found.difference[plain].tolist() == [0, 0]


@pytest.mark.parametrize("side", [16, 64])
def test_pictures_of_other_sizes_are_compared_too(pixels: tuple[Pixels, Pixels], side: int) -> None:
    train, test = (
        np.stack([np.asarray(Image.fromarray(each).resize((side, side))) for each in part[:60]]) for part in pixels
    )
    test[7] = train[9]
    found = exhausted(duplicates.find(dataset_of(train, test)))
    assert (found.test[0], found.other[0], found.difference[0]) == (7, 9, 0)


def test_hundreds_of_candidates_are_cut_at_the_most_alike(
    pixels: tuple[Pixels, Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "_MOST_CANDIDATES", 4)
    train, test = (part.copy() for part in pixels)
    noise = np.random.default_rng(0).integers(-3, 4, (30, 32, 32, 3))
    train[:30] = np.clip(test[0] + noise, 0, 255)
    train[17] = test[0]
    found = exhausted(duplicates.find(dataset_of(train, test)))
    of_first = found.test == 0
    assert of_first.sum() <= 5
    assert found.other[0] == 17


def test_it_says_how_far_it_is(pixels: tuple[Pixels, Pixels]) -> None:
    shares = [
        said.done / said.total for said in duplicates.find(dataset_of(*pixels)) if isinstance(said, Progress)
    ]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (pytest.approx(0, abs=0.1), 1)


def test_what_was_found_is_kept_beside_the_images(tmp_path: Path, pixels: tuple[Pixels, Pixels]) -> None:
    train, test = (part.copy() for part in pixels)
    test[3] = train[5]
    dataset_of(train, test).save(tmp_path)
    dataset = Dataset.require(tmp_path)
    assert duplicates.kept(tmp_path, dataset) is None
    found, _ = exhausted(duplicates.search(tmp_path))
    kept = duplicates.kept(tmp_path, dataset)
    assert kept is not None
    for name in ("test", "other", "is_training", "likeness", "difference"):
        assert (getattr(kept, name) == getattr(found, name)).all()
    # No progress: nothing was searched.
    assert list(duplicates.search(tmp_path)) == []
    assert list(duplicates.search(tmp_path, again=True))


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "of other images", "of another version"])
def test_damaged_results_are_searched_again(tmp_path: Path, pixels: tuple[Pixels, Pixels], damage: str) -> None:
    train, test = (part.copy() for part in pixels)
    test[3] = train[5]
    dataset_of(train, test).save(tmp_path)
    found, dataset = exhausted(duplicates.search(tmp_path))
    path = tmp_path / "near-duplicates.npz"
    content = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(content[:-200])
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_bytes(b"version = 1")
        case "of other images":
            wrong = NearDuplicates(
                found.test,
                found.other + _TRAIN,
                found.is_training,
                found.likeness,
                found.difference,
                found.searched,
            )
            wrong.save(tmp_path)
        case _:
            np.savez(path, version=0, **{name: getattr(found, name) for name in found.__dataclass_fields__})
    assert duplicates.kept(tmp_path, dataset) is None
    again, _ = exhausted(duplicates.search(tmp_path))
    assert again.test.tolist() == found.test.tolist()


def test_a_full_disk_does_not_lose_what_was_found(
    tmp_path: Path, pixels: tuple[Pixels, Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset_of(*pixels).save(tmp_path)

    def refuse(*_: object) -> None:
        raise UserError("cannot write: no space left")

    monkeypatch.setattr(NearDuplicates, "save", refuse)
    said = list(duplicates.search(tmp_path))
    assert [each.message for each in said if isinstance(each, Warned)] == ["cannot write: no space left"]


def test_exact_copies_that_are_known_are_passed_over(pixels: tuple[Pixels, Pixels]) -> None:
    train, test = pixels
    # Forty copies of one image, and one that is nearly the same as another one.
    copies = np.repeat(train[:1], 40, axis=0)
    near = np.clip(test[5].astype(int) + 6, 0, 255).astype(np.uint8)
    dataset = dataset_of(np.concatenate([copies, train[1:60]]), np.concatenate([test[5:20], near[None]]))
    skip = np.zeros(len(dataset.train) + len(dataset.test), np.bool_)
    skip[1:40] = True
    found = exhausted(duplicates.find(dataset, skip))
    assert not (found.is_training & (found.other > 0) & (found.other < 40)).any()
    assert {(0, 15), (15, 0)} & set(zip(found.other.tolist(), found.test.tolist(), strict=True))
    # A test image that is passed over is in no pair.
    skip[-1] = True
    again = exhausted(duplicates.find(dataset, skip))
    assert 15 not in again.test
    assert not (~again.is_training & (again.other == 15)).any()
