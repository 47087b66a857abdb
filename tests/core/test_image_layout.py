"""How images of one's own must lie, judged by names alone."""

from pathlib import Path

import pytest

from workbench.core.data import image_layout
from workbench.core.data.image_layout import MOST_CLASSES, FoundImages, is_archive, is_image, part_and_class
from workbench.core.errors import UserError


def found(*names: str) -> FoundImages:
    """Of names of files; those of folders end with a slash."""
    result = FoundImages(Path("/pets"))
    for name in names:
        result.add(name, is_folder=name.endswith("/"))
    return result


WHOLE = ("train/cat/1.png", "train/cat/2.JPG", "train/dog/1.webp", "test/cat/3.png", "test/dog/3.png")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train/cat/1.png", True),
        ("a/b/test/cat/1.JPEG", True),
        ("train/1.png", False),
        ("train/cat/more/1.png", False),
        ("Train/cat/1.png", False),
        ("train/cat/notes.txt", False),
        ("train/cat/.1.png", False),
    ],
)
def test_what_is_an_image_of_a_class(name: str, expected: bool) -> None:
    assert is_image(name) is expected
    assert found(name).images("train") + found(name).images("test") == expected


def test_an_image_says_its_part_and_class() -> None:
    assert part_and_class("a/b/test/cat/1.JPEG") == ("test", "cat")


@pytest.mark.parametrize("name", ["a.zip", "a.TAR", "a.tar.gz", "a.tgz", "a.tar.xz", "a.b.txz"])
def test_archives_are_known_by_their_names(name: str) -> None:
    assert is_archive(Path("/x") / name)
    assert not is_archive(Path("/x") / f"{name}.part")


def test_what_is_whole_has_no_problem_and_nothing_to_note() -> None:
    pets = found(*WHOLE, "train/", "train/cat/", "notes.txt")
    assert pets.class_names == ("cat", "dog")
    assert (pets.images("train"), pets.images("test")) == (3, 2)
    assert pets.counts["train"] == {"cat": 2, "dog": 1}
    assert (pets.problem(), pets.notes()) == ("", [])


def test_without_folders_of_classes_those_that_hold_images_are_named() -> None:
    problem = found("cats/1.png", "cats/2.png", "dogs/1.png", "a/1.png", "b/1.png", "0.png").problem()
    assert problem.startswith("/pets has images of 0 classes in train/<class>/; at least 2 are needed")
    assert problem.endswith("6 images were found in the uppermost folder, a/, b/ and 2 more")


def test_without_any_images_the_folders_are_named() -> None:
    problem = found("raw/", "raw/1.cr2", "labels/", "readme.md").problem()
    assert "no images (.jpg, .jpeg, .png," in problem
    assert problem.endswith("were found, but the folders labels/, raw/")


def test_images_of_another_part_are_named_where_tests_are_missing() -> None:
    problem = found("train/cat/1.png", "train/dog/1.png", "val/cat/1.png").problem()
    assert "has no images in test/<class>/; they are needed to look at mistakes" in problem
    assert problem.endswith("1 image was found in val/cat/")


def test_a_class_only_of_test_images_is_named_with_the_one_that_is_meant() -> None:
    pets = found(*WHOLE, "test/catt/1.png")
    assert pets.unknown_classes == ("catt",)
    assert "test/catt in /pets has no counterpart in train/; classes are cat, dog" in pets.problem()
    assert "did you mean 'cat'" in pets.problem()


def test_what_is_passed_over_or_missing_is_noted() -> None:
    pets = found(
        *WHOLE, "train/cow/", "test/dog/", "test/hen/", "train/fox/1.png", "test/fox/", "more/1.png", "9.gif"
    )
    assert pets.problem() == ""
    assert pets.notes() == [
        "no images in train/cow: passed over",
        "no images in test/hen: passed over",
        "no test images of fox",
        "2 images lie elsewhere and are passed over: the uppermost folder, more/",
    ]


def test_a_class_that_no_folder_could_be_is_refused_at_once() -> None:
    with pytest.raises(UserError, match=r"the class folder train/a\\nb in /pets needs another name: one line"):
        found("train/a\nb/1.png")


def test_a_whole_disk_is_not_remembered() -> None:
    disk = found(*(f"{index:06}/x.png" for index in range(20_000)))
    assert disk.elsewhere.total() == 20_000
    assert len(disk.elsewhere) + len(disk.folders) < 12_000
    assert len(disk.problem()) < 400


@pytest.mark.parametrize("name", ["train/{0}/1.png", "test/{0}/1.png", "train/{0}/", "test/{0}/"])
def test_no_more_classes_are_kept_than_can_be_looked_at(name: str) -> None:
    names = [name.format(number) for number in range(MOST_CLASSES + 1)]
    found(*names[:-1], *names[:-1])
    part = name.partition("/")[0]
    with pytest.raises(UserError, match=rf"/pets has more than 10\u202f000 folders of classes in {part}/; give a"):
        found(*names)


def test_the_name_that_was_meant_is_looked_for_among_few(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = list[int]()
    monkeypatch.setattr(image_layout, "did_you_mean", lambda _, names: compared.append(len(names)) or "")
    found(*(f"train/{number}/1.png" for number in range(MOST_CLASSES)), "test/x/1.png").problem()
    assert compared == [1000]
