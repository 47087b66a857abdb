"""Marked images: kept per source, found by name, and never lost to a damaged file or another process."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from workbench.core.data.dataset import MANIFEST, Dataset, ImageSet
from workbench.core.data.image_marks import ImageMarks, Mark, excluded_numbers, marks_of, numbered
from workbench.core.errors import UserError
from workbench.core.home import Home

NAMES = tuple(f"test/cat/{i:05d}.jpg" for i in range(10))
TRAIN = tuple(f"train/dog/{i:05d}.jpg" for i in range(10))


@pytest.fixture
def marks(home: Home) -> ImageMarks:
    return ImageMarks(home, "sample")


def test_what_was_marked_is_there_again(home: Home, marks: ImageMarks) -> None:
    assert marks.read() == frozenset()
    assert not home.marks.exists()
    marks.change(added=marks_of("test", [3, 7], NAMES))
    marks.change(added=marks_of("train", [3], NAMES), removed=marks_of("test", [7], NAMES))
    again = ImageMarks(home, "sample").read()
    assert again == {Mark("test", 3, NAMES[3]), Mark("train", 3, NAMES[3])}


def test_a_person_can_read_the_file(marks: ImageMarks) -> None:
    marks.change(added=marks_of("test", [7, 3], NAMES))
    marks.change_excluded(added=marks_of("train", [4], TRAIN))
    lines = marks.path.read_text().split("\n")
    assert lines[4:] == [
        '  "marked": [',
        '    {"part": "test", "index": 3, "name": "test/cat/00003.jpg"},',
        '    {"part": "test", "index": 7, "name": "test/cat/00007.jpg"}',
        "  ],",
        '  "excluded": [',
        '    {"part": "train", "index": 4, "name": "train/dog/00004.jpg"}',
        "  ]",
        "}",
        "",
    ]
    marks.change(removed=marks_of("test", [3, 7], NAMES))
    assert json.loads(marks.path.read_text())["marked"] == []


def test_each_source_has_its_own(home: Home, marks: ImageMarks) -> None:
    others = [ImageMarks(home, source) for source in ("cifar10", "/a/photos", "/b/photos", "/c/caf\udce9")]
    marks.change(added=marks_of("test", [1], NAMES))
    for number, other in enumerate(others, 2):
        assert other.read() == frozenset()
        other.change(added=marks_of("test", [number], NAMES))
    assert [numbered(each.read(), "test", NAMES).keys() for each in (marks, *others)] == [{n} for n in range(1, 6)]


def test_an_image_is_found_by_its_name(marks: ImageMarks) -> None:
    marked = marks.change(added=marks_of("test", [3, 7], NAMES))
    without_5 = NAMES[:5] + NAMES[6:]
    assert list(numbered(marked, "test", without_5)) == [3, 6]
    assert list(numbered(marked, "test", NAMES[:5])) == [3]
    assert sorted(numbered(marked, "test", None)) == [3, 7]
    assert not numbered(marked, "train", NAMES)


def test_two_windows_lose_nothing_of_each_other(home: Home, marks: ImageMarks) -> None:
    marks.change(added=marks_of("test", [1], NAMES))
    ImageMarks(home, "sample").change(added=marks_of("test", [2], NAMES))
    assert len(marks.change(added=marks_of("test", [3], NAMES))) == 3


def test_two_kinds_do_not_depend_on_each_other(home: Home, marks: ImageMarks) -> None:
    doubtful, left_out = marks_of("train", [3, 5], TRAIN), marks_of("train", [5, 6], TRAIN)
    marks.change(added=doubtful)
    assert marks.change_excluded(added=left_out) == left_out
    assert (marks.read(), marks.read_excluded()) == (doubtful, left_out)
    marks.change(removed=doubtful)
    assert marks.change_excluded(removed=marks_of("train", [6], TRAIN)) == marks_of("train", [5], TRAIN)
    again = ImageMarks(home, "sample")
    assert (again.read(), again.read_excluded()) == (frozenset(), marks_of("train", [5], TRAIN))


def test_no_test_image_is_left_out_of_training(marks: ImageMarks) -> None:
    with pytest.raises(ValueError, match=r"test/cat/00001\.jpg is an image of part 'test'"):
        marks.change_excluded(added=marks_of("test", [1], NAMES) | marks_of("train", [2], TRAIN))
    assert not marks.path.exists()


@pytest.mark.parametrize("kind", ["marked", "excluded"])
def test_a_file_of_the_first_version_is_read_and_becomes_the_second_with_a_change(
    marks: ImageMarks, kind: str
) -> None:
    former = {"format": "resnet-workbench marks", "version": 1, "source": "sample"}
    marks.path.parent.mkdir()
    marks.path.write_text(json.dumps(former | {"marked": [{"part": "test", "index": 1, "name": NAMES[1]}]}))
    there = marks_of("test", [1], NAMES)
    assert (marks.read(), marks.read_excluded()) == (there, frozenset())
    assert json.loads(marks.path.read_text())["version"] == 1, "reading changes nothing"
    if kind == "marked":
        marks.change(added=marks_of("test", [2], NAMES))
        assert marks.read() == marks_of("test", [1, 2], NAMES)
    else:
        marks.change_excluded(added=marks_of("train", [2], TRAIN))
        assert (marks.read(), marks.read_excluded()) == (there, marks_of("train", [2], TRAIN))
    tree = json.loads(marks.path.read_text())
    assert tree["version"] == 2
    assert tree.keys() == former.keys() | {"marked", "excluded"}


def decoded(home: Home, folder: str, names: tuple[str, ...]) -> Path:
    images = ImageSet(np.zeros((len(names), 4, 4, 3), np.uint8), np.zeros(len(names), np.int64), names)
    Dataset(("dog",), images, images).save(home.data / folder)
    return home.data / folder


def test_numbers_of_a_run_are_those_of_the_newest_copy(home: Home) -> None:
    source = "/pictures/flowers"
    assert excluded_numbers(home, source) == ()
    ImageMarks(home, source).change_excluded(added=marks_of("train", [7, 3], TRAIN))
    ImageMarks(home, source).change(added=marks_of("train", [1], TRAIN))
    assert excluded_numbers(home, source) == (3, 7), "as they are marked, while nothing tells better"
    copies = [("flowers-0123456789ab", TRAIN), ("flowers-ba9876543210", TRAIN[:5] + TRAIN[6:])]
    # Another folder of that name.
    copies.append(("flowers-aaaaaaaaaaaa", NAMES))
    for age, (folder, names) in enumerate(copies):
        os.utime(decoded(home, folder, names) / MANIFEST, (1000 + age, 1000 + age))
    assert excluded_numbers(home, source) == (3, 6)
    assert excluded_numbers(home, source, TRAIN[4:]) == (3,)
    ImageMarks(home, "sample").change_excluded(added=marks_of("train", [2], TRAIN))
    assert excluded_numbers(home, "sample") == (2,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expecting value"),
        (b'{"format": "resnet-workbench marks", "version": 1', "line 1"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a file of marks"),
        (b'{"run": 3}', "not a file of marks"),
        (b'{"format": "resnet-workbench marks", "version": 3}', "its version is 3"),
        (b'{"format": "resnet-workbench marks", "version": true}', "its version is True"),
        (
            b'{"format": "resnet-workbench marks", "version": 2, "source": "sample", "marked": []}',
            "'excluded' in it is not a list",
        ),
        (
            b'{"format": "resnet-workbench marks", "version": 2, "source": "sample", "marked": [], '
            b'"excluded": [{"part": "train", "index": "1", "name": "a"}]}',
            "entry 1 of 'excluded'",
        ),
        (
            b'{"format": "resnet-workbench marks", "version": 2, "source": "sample", "marked": [], '
            b'"excluded": [{"part": "test", "index": 1, "name": "a"}]}',
            "only part train is trained on",
        ),
        (
            b'{"format": "resnet-workbench marks", "version": 1, "source": "cifar10", "marked": []}',
            "of the images",
        ),
        (b'{"format": "resnet-workbench marks", "version": 1, "source": "sample"}', "is not a list"),
        (
            b'{"format": "resnet-workbench marks", "version": 1, "source": "sample", '
            b'"marked": [{"part": "test", "index": 1, "name": "a"}, {"part": "test", "index": -1, "name": "a"}]}',
            "entry 2 of 'marked'",
        ),
    ],
)
def test_damage_is_a_sentence_and_loses_nothing(marks: ImageMarks, content: bytes, words: str) -> None:
    marks.path.parent.mkdir()
    marks.path.write_bytes(content)
    of_test, of_train = marks_of("test", [1], NAMES), marks_of("train", [1], TRAIN)
    for act in (
        marks.read,
        marks.read_excluded,
        lambda: marks.change(added=of_test),
        lambda: marks.change_excluded(added=of_train),
    ):
        with pytest.raises(UserError, match=words) as refusal:
            act()
        assert str(refusal.value).startswith("cannot read the marks ")
        assert "sample.json" in str(refusal.value)
    assert marks.path.read_bytes() == content


def test_a_folder_in_its_place_is_refused(marks: ImageMarks) -> None:
    marks.path.mkdir(parents=True)
    with pytest.raises(UserError, match="it is a folder"):
        marks.read()


def test_who_cannot_write_keeps_what_was_there(marks: ImageMarks, monkeypatch: pytest.MonkeyPatch) -> None:
    marks.change(added=marks_of("test", [1], NAMES))

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.core.files.os.fsync", refuse)
    with pytest.raises(UserError, match="No space left"):
        marks.change(added=marks_of("test", [2], NAMES))
    assert marks.read() == marks_of("test", [1], NAMES)
    assert [path.name for path in marks.path.parent.iterdir() if path.suffix != ".lock"] == ["sample.json"]


def test_another_process_that_writes_is_named(
    marks: ImageMarks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from filelock import FileLock

    marks.path.parent.mkdir()
    monkeypatch.setattr("workbench.core.data.image_marks._PATIENCE_S", 0.01)
    with FileLock(marks.path.with_suffix(".lock")), pytest.raises(UserError, match="another process"):
        marks.change(added=marks_of("test", [1], NAMES))
