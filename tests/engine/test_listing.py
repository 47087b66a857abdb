"""A source looked through by names agrees with the same source read, and decodes nothing."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import CLASSES, write_images
from tests.engine.test_sources import read, run
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.image_layout import FoundImages
from workbench.engine.data import listing


def look(source: Path, home: Home) -> FoundImages:
    _, found = run(listing.find(str(source), home))
    assert isinstance(found, FoundImages)
    return found


def packed(root: Path, kind: str) -> Path:
    if kind == "folder":
        return root
    return Path(shutil.make_archive(str(root), kind, root))


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "gztar", "xztar"])
def test_it_finds_what_is_read(tmp_path: Path, home: Home, kind: str) -> None:
    source = packed(write_images(tmp_path / "mine", 4, 2), kind)
    found, dataset = look(source, home), read(source, home)
    assert found.class_names == dataset.class_names == CLASSES
    assert (found.problem(), found.notes()) == ("", [])
    for part, images in (("train", dataset.train), ("test", dataset.test)):
        assert found.counts[part] == Counter(CLASSES[label] for label in images.labels)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
@pytest.mark.parametrize("moved", [("train", "Train"), ("test", "val"), ("test/red", "test/rad")])
def test_it_finds_wrong_what_is_refused_in_the_same_words(
    tmp_path: Path, home: Home, kind: str, moved: tuple[str, str]
) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / moved[0]).rename(root / moved[1])
    source = packed(root, kind)
    with pytest.raises(UserError) as refused:
        read(source, home)
    assert look(source, home).problem() == str(refused.value)
    assert moved[1] in str(refused.value)


def test_no_image_is_decoded(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "red" / "9.png").write_bytes(b"not a png")
    monkeypatch.setattr(Image, "open", None)
    assert look(root, home).counts["train"]["red"] == 3
    assert list(home.data.glob("mine*")) == []


def test_folders_of_classes_without_images_are_noted(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "empty").mkdir()
    for kind in ("folder", "zip", "tar"):
        assert look(packed(root, kind), home).notes() == ["no images in train/empty: passed over"]


def test_it_says_how_far_it_is_and_can_be_left(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "REPORT_EVERY_S", -1.0)
    root = write_images(tmp_path / "mine", 4, 2)
    said, _ = run(listing.find(str(root), home))
    assert said[-1].done == 18
    assert {progress.total for progress in said} == {0}
    work = listing.find(str(packed(root, "tar")), home)
    next(work)
    next(work)
    work.close()


@pytest.mark.parametrize("keep", [0.0, 0.6])
@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
def test_a_cut_archive_is_named(tmp_path: Path, home: Home, kind: str, keep: float) -> None:
    path = packed(write_images(tmp_path / "mine", 4, 2), kind)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(UserError, match=rf"{path.name}.*damaged or cut short"):
        look(path, home)


def test_what_is_not_there_is_refused_by_field(tmp_path: Path, home: Home) -> None:
    with pytest.raises(UserError, match=r"data\.source is '.*none', but there is no such file"):
        look(tmp_path / "none", home)
