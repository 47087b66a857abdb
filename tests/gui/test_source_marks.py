"""Marks of a source before any run: both kinds, found by name, at once on disk, and back again."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.core.home import Home
from workbench.gui.records.source_marks import SourceMarks, file_of

TRAIN = tuple(f"train/cat/{number}.png" for number in range(10))
TESTED = tuple(f"test/cat/{number}.png" for number in range(4))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def opened(home: Home, source: str = "sample", train: tuple[str, ...] = TRAIN) -> SourceMarks:
    marks = SourceMarks()
    marks.open(home, source)
    marks.learn({"train": train, "test": TESTED})
    return marks


@pytest.fixture
def marks(qapp: QApplication, home: Home) -> SourceMarks:
    return opened(home)


def flagged(marks: SourceMarks) -> tuple[list[int], list[int], list[int]]:
    """Doubtful training and test images, and excluded ones."""
    return (
        marks.flags("doubtful", "train", len(TRAIN)).nonzero()[0].tolist(),
        marks.flags("doubtful", "test", len(TESTED)).nonzero()[0].tolist(),
        list(marks.excluded),
    )


def test_both_kinds_are_kept_apart(marks: SourceMarks, home: Home) -> None:
    marks.toggle("doubtful", {"train": [1, 2], "test": [3]})
    marks.toggle("excluded", {"train": [2, 5], "test": [0]})
    assert flagged(marks) == flagged(opened(home)) == ([1, 2], [3], [2, 5])
    assert flagged(opened(home, "cifar10")) == ([], [], [])


def test_all_that_are_marked_are_unmarked(marks: SourceMarks) -> None:
    marks.toggle("excluded", {"train": [2]})
    marks.toggle("excluded", {"train": [2, 5]})
    assert marks.excluded == (2, 5)
    marks.toggle("excluded", {"train": [2, 5]})
    assert marks.excluded == ()


def test_marks_are_found_by_name(marks: SourceMarks, home: Home) -> None:
    marks.toggle("excluded", {"train": [2, 5]})
    assert opened(home, train=TRAIN[3:]).excluded == (2,)
    # Before the names are known, numbers count.
    bare = SourceMarks()
    bare.open(home, "sample")
    assert bare.excluded == (2, 5)
    bare.toggle("excluded", {"train": [1]})
    assert bare.excluded == (2, 5)


def test_each_change_is_taken_back_and_done_again(marks: SourceMarks) -> None:
    assert (marks.can_undo, marks.undo_text) == (False, "")
    marks.toggle("doubtful", {"train": [1]})
    marks.toggle("excluded", {"train": [1, 2]})
    marks.toggle("excluded", {"train": [1]})
    assert marks.undo_text == "taking into training again"
    marks.undo()
    assert flagged(marks) == ([1], [], [1, 2])
    marks.undo()
    assert (marks.undo_text, marks.redo_text) == ("marking as doubtful", "excluding from training")
    marks.redo()
    assert flagged(marks) == ([1], [], [1, 2])
    marks.toggle("doubtful", {"train": [7]})
    assert not marks.can_redo


def test_of_another_source_nothing_is_taken_back(qtbot: QtBot, marks: SourceMarks, home: Home) -> None:
    marks.toggle("excluded", {"train": [1]})
    with qtbot.waitSignal(marks.changed):
        marks.open(home, "cifar10")
    assert not marks.can_undo
    marks.open(home, "sample")
    assert marks.excluded == (1,)


def test_what_another_window_marks_is_read(qtbot: QtBot, marks: SourceMarks, home: Home) -> None:
    opened(home).toggle("excluded", {"train": [4]})
    with qtbot.waitSignal(marks.changed):
        marks.reread()
    assert marks.excluded == (4,)
    with qtbot.assertNotEmitted(marks.changed):
        marks.reread()


def test_a_path_means_the_folder_however_it_is_typed(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "pets"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert file_of(home, str(link)).path == file_of(home, f"{folder}/../pets").path
    assert file_of(home, "sample").source == "sample"
