"""A source looked through by names agrees with the same source read; some of its images are looked at."""

import gzip
import io
import lzma
import shutil
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import CLASSES, write_images
from tests.engine.test_sources import read, run
from workbench.core.data import image_layout
from workbench.core.data.image_layout import FoundImages
from workbench.core.data.survey import SizeRule, Survey
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.network.stems import stem_of
from workbench.engine.data import containers, survey
from workbench.engine.data.reading import read_images as reading_of


def look(source: Path, home: Home) -> FoundImages:
    return surveyed(source, home).found


def surveyed(source: Path, home: Home) -> Survey:
    _, found = run(survey.survey(str(source), home))
    assert isinstance(found, Survey)
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


def test_what_cannot_be_decoded_is_counted_and_nothing_is_kept(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "red" / "9.png").write_bytes(b"not a png")
    found = surveyed(root, home)
    assert found.found.counts["train"]["red"] == 3
    assert found.sizes is not None
    assert found.sizes.looked_at == 9
    assert list(home.data.glob("*")) == []


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_it_suggests_a_size_and_foretells_what_reading_takes(tmp_path: Path, home: Home, kind: str) -> None:
    root = write_images(tmp_path / "mine", 4, 2)
    for index, size in enumerate([(640, 480), (40, 30), (50, 90)]):
        Image.new("RGB", size).save(root / "train" / "red" / f"photo{index}.png")
    found = surveyed(packed(root, kind), home)
    assert found.sizes is not None
    assert found.rule is not None
    assert (found.sizes.smallest, found.sizes.largest) == ((16, 16), (640, 480))
    assert (found.rule.median, found.size(), found.size(48)) == (16, 16, 48)
    assert found.images == 21
    assert found.decoded_bytes(32) == 21 * 32 * 32 * 3
    assert 0 < found.seconds < 5
    assert found.time == "a few seconds"


@pytest.mark.parametrize(
    ("smaller", "most", "expected"), [(480, 64, 64), (480, 224, 224), (50, 64, 48), (28, 64, 28), (5, 64, 8)]
)
def test_the_rule_takes_the_median_of_the_smaller_sides(smaller: int, most: int, expected: int) -> None:
    sizes = np.array([(smaller, 900), (700, smaller), (smaller, smaller), (1000, 1000), (1, 1)])
    rule = SizeRule.of(sizes, most)
    assert rule.size == expected
    assert f"the median of the smaller sides is {smaller} pixels" in rule.words
    assert (f"at most {most} are taken" in rule.words) == (smaller > most)


def test_of_many_images_some_are_looked_at_all_over(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "_HEADS", 8)
    found = surveyed(write_images(tmp_path / "mine", 20, 5), home)
    assert found.sizes is not None
    assert 4 <= found.sizes.looked_at <= 8
    suggested = found.up_to(stem_of("7x7").largest_images).rule
    assert suggested is not None
    assert suggested.most == 224


def test_folders_of_classes_without_images_are_noted(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "empty").mkdir()
    for kind in ("folder", "zip", "tar"):
        assert look(packed(root, kind), home).notes() == ["no images in train/empty: passed over"]


def test_it_says_how_far_it_is_and_can_be_left(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "REPORT_EVERY_S", -1.0)
    root = write_images(tmp_path / "mine", 4, 2)
    said, _ = run(survey.survey(str(root), home))
    assert said[-1].done == 18
    assert {progress.total for progress in said} == {0}
    work = survey.survey(str(packed(root, "tar")), home)
    next(work)
    next(work)
    work.close()


LONG = 32 << 20


def with_long_member(path: Path, kind: str, *, padding: int = 0) -> Path:
    """An archive with a long file that is no image, and zeros behind its end mark."""
    with tarfile.open(path, "w") as archive:
        for name, size in (("train/a/1.png", 0), ("train/a/notes.txt", LONG), ("train/b/1.png", 0)):
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(bytes(size)))
    path.write_bytes(
        {"gz": gzip.compress, "xz": lzma.compress, "": bytes}[kind](path.read_bytes() + bytes(padding))
    )
    return path


@pytest.mark.parametrize("padding", [0, LONG])
@pytest.mark.parametrize("kind", ["", "gz", "xz"])
def test_a_long_file_in_an_archive_is_passed_over_in_pieces(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, kind: str, padding: int
) -> None:
    monkeypatch.setattr(containers, "REPORT_EVERY_S", -1.0)
    path = with_long_member(tmp_path / "mine.tar", kind, padding=padding)
    said, found = run(survey.survey(str(path), home))
    assert isinstance(found, Survey)
    assert found.found.counts["train"] == {"a": 1, "b": 1}
    # One a mebibyte, or nearly so.
    assert len(said) > 0.9 * (LONG + padding) / (1 << 20)
    reading = reading_of(path, 8, tmp_path / "copy")
    assert [next(reading).done for _ in range(20)][-1] == 1, "it pauses within the long file"
    reading.close()


@pytest.mark.parametrize("kind", ["", "gz"])
def test_an_archive_that_is_cut_within_a_long_file_is_named(tmp_path: Path, home: Home, kind: str) -> None:
    path = with_long_member(tmp_path / "mine.tar", kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match=r"mine\.tar.*damaged or cut short"):
        look(path, home)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_name_of_megabytes_is_not_read(tmp_path: Path, home: Home, kind: bytes) -> None:
    words = tarfile.TarInfo("words")
    words.type, words.size = kind, LONG
    (tmp_path / "mine.tar").write_bytes(words.tobuf(tarfile.GNU_FORMAT) + bytes(LONG + 1024))
    with pytest.raises(UserError, match="a name or header in it is longer than 1 MiB"):
        look(tmp_path / "mine.tar", home)


@pytest.mark.parametrize("kind", ["folder", "zip", "gztar"])
def test_too_many_classes_are_refused_alike(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    source = packed(write_images(tmp_path / "mine", 2, 1), kind)
    monkeypatch.setattr(image_layout, "MOST_CLASSES", 2)
    sentences = set[str]()
    for ask in (look, read):
        with pytest.raises(UserError) as refused:
            ask(source, home)
        sentences.add(str(refused.value))
    (sentence,) = sentences
    assert "mine" in sentence
    assert "has more than 2 folders of classes in t" in sentence


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
