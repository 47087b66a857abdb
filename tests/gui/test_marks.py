"""Marking images as excusable: for all runs of a source, at once on disk, and back again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.recorded import Recorded, answers, record
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.gui.records.selection import Selection


@pytest.fixture
def source(evaluation: Evaluation, images: ImageSet, tmp_path: Path) -> Recorded:
    return Recorded({n: answers(evaluation, n) for n in (1, 2)}, images, home=Home(tmp_path))


@pytest.fixture
def selection(qapp: QApplication, source: Recorded) -> Selection:
    selection = Selection(source)
    selection.look_at(record([0.3, 0.5]))
    return selection


def test_marks_are_of_the_source_and_survive(qtbot: QtBot, selection: Selection, source: Recorded) -> None:
    with qtbot.waitSignal(selection.marks.changed):
        selection.marks.toggle([4, 8])
    selection.look_at(None)
    assert not selection.marks.is_marked(4)
    selection.look_at(replace(record([0.2], run_id="12345678"), name="of another name"))
    assert selection.marks.is_marked(4)
    again = Selection(source)
    again.look_at(record([0.3, 0.5]))
    assert again.marks.indices().tolist() == [4, 8]
    assert np.flatnonzero(again.marks.flags(40)).tolist() == [4, 8]
    again.look_at(replace(record([0.3], run_id="23456789"), source="cifar10"))
    assert not again.marks.indices().size


def test_marking_all_again_unmarks(selection: Selection) -> None:
    selection.marks.toggle([4])
    selection.marks.toggle([4, 8])
    assert selection.marks.indices().tolist() == [4, 8]
    selection.marks.toggle([4, 8])
    assert not selection.marks.indices().size


def test_marking_is_undone_and_done_again(selection: Selection) -> None:
    marks = selection.marks
    marks.toggle([4])
    marks.toggle([4, 8])
    marks.undo()
    assert marks.indices().tolist() == [4]
    marks.undo()
    assert not marks.indices().size
    assert (marks.can_undo, marks.can_redo) == (False, True)
    marks.redo()
    assert marks.indices().tolist() == [4]
    marks.toggle([12])
    assert not marks.can_redo


def test_a_filter_follows_the_marks(qtbot: QtBot, selection: Selection) -> None:
    wrong = selection.order.tolist()
    selection.marks.toggle(wrong[1:3])
    selection.set_filter(replace(selection.filter, marked="marked"))
    assert selection.order.tolist() == wrong[1:3]
    assert not selection.filter.is_any
    with qtbot.waitSignal(selection.filter_changed):
        selection.marks.toggle(wrong[1:2])
    assert selection.order.tolist() == wrong[2:3]
    selection.set_filter(replace(selection.filter, marked="unmarked"))
    assert selection.order.tolist() == wrong[:2] + wrong[3:]
    selection.clear_filter()
    assert selection.order.tolist() == wrong


def test_what_is_picked_counts_as_long_as_the_image_is_among_it(selection: Selection) -> None:
    marks = selection.marks
    marks.pick([8, 4])
    assert marks.picked_with(4) == [4, 8]
    assert marks.picked_with(5) == [5]
    assert marks.picked_with(None) == []


def test_damaged_marks_are_said_and_kept(qtbot: QtBot, selection: Selection, source: Recorded) -> None:
    selection.marks.toggle([4])
    path = source.home.marks / "sample.json"
    path.write_text("no marks")
    with qtbot.waitSignal(selection.marks.refused) as refused:
        selection.marks.toggle([8])
    assert "cannot read the marks" in str(refused.args[0])
    assert path.read_text() == "no marks"
    again = Selection(source)
    again.look_at(record([0.3, 0.5]))
    assert "cannot read the marks" in again.marks.problem
    assert not again.marks.indices().size
