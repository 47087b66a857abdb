"""What the matrix shows beside counts: shares, a clustered order, differences; and the list of confused pairs."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QComboBox, QTableView, QTabWidget
from pytestqt.qtbot import QtBot

from tests.gui.recorded import Recorded, record
from tests.gui.seen import named, says
from tests.gui.test_classes import TEN, evaluated
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.records.run_record import RunRecord
from workbench.gui.inspect.confusion_scales import change_scales
from workbench.gui.inspect.matrix.confusion_pairs import ConfusedPairs
from workbench.gui.inspect.matrix.confusion_panel import ConfusionPanel
from workbench.gui.inspect.matrix.confusion_shown import ShownConfusion
from workbench.gui.inspect.run_side import RunSide
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.theme import Theme, contrast

OTHER = "0badbeef"


def started(each: RunRecord, **values: object) -> RunRecord:
    return replace(each, started=dict(each.started) | {"class_names": list(TEN), "dataset_path": "here"} | values)


@pytest.fixture
def first() -> Evaluation:
    """200 images, of which 9 cats were taken for dogs."""
    said = evaluated(TEN, 19, {(3, 5): 9, (0, 8): 1})
    return replace(said, epoch=1)


@pytest.fixture
def second(first: Evaluation) -> Evaluation:
    """5 of those cats are recognized now, and two airplanes are taken for birds."""
    logits = first.logits.copy()
    cats = np.flatnonzero((first.labels == 3) & ~first.correct)[:5]
    planes = np.flatnonzero((first.labels == 0) & first.correct)[:2]
    for images, said in ((cats, 3), (planes, 2)):
        logits[images] = 0
        logits[images, said] = 4
    return replace(first, logits=logits, epoch=2)


@pytest.fixture
def selection(qapp: QApplication, first: Evaluation, second: Evaluation) -> Selection:
    count = len(first.labels)
    images = ImageSet(
        np.zeros((count, 8, 8, 3), np.uint8), first.labels, tuple(f"{i:05d}.png" for i in range(count))
    )
    selection = Selection(Recorded({1: first, 2: second}, images))
    selection.look_at(started(record([0.5, 0.6])))
    return selection


@pytest.fixture
def side(qtbot: QtBot, theme: Theme, selection: Selection) -> RunSide:
    side = RunSide(theme, selection)
    qtbot.addWidget(side)
    side.resize(480, 800)
    side.show()
    return side


def choose(side: RunSide, name: str, text: str) -> None:
    box = named(side, QComboBox, name)
    index = box.findText(text)
    assert index >= 0, [box.itemText(row) for row in range(box.count())]
    box.setCurrentIndex(index)
    box.activated.emit(index)


def drawn(side: RunSide) -> ShownConfusion:
    shown = side.confusion_view._shown
    assert shown is not None
    return shown


def test_cells_are_counts_or_shares_of_their_row(side: RunSide) -> None:
    view = side.confusion_view
    assert view.legend_texts[1] == "mistaken 0 4"
    choose(side, "Cells", "Shares per row")
    assert view.legend_texts[0] == "right 0 100\u202f%"
    assert [drawn(side).written(value) for value in drawn(side).values[3, [3, 5]]] == ["86", "14"]


def test_against_the_epoch_before_cells_say_what_changed(side: RunSide) -> None:
    choose(side, "Against", "Against the epoch before")
    shown = drawn(side)
    assert {shown.written(value) for value in shown.values.ravel()} == {"", "+5", "−5", "−2", "+2"}
    assert shown.written(shown.values[3, 3]) == "+5"
    assert shown.written(shown.values[3, 5]) == "−5"
    assert side.confusion_view.legend_texts == ("right −5 +5", "mistaken −5 +5")
    assert side.confusion_view.describe(3, 5) == ("4 of 28 cat taken for dog (14.3\u202f%); −5 against 9")
    assert says(side, "Against epoch 1: blue is better, orange is worse")


def test_what_is_better_is_blue_and_what_is_worse_is_orange(side: RunSide, theme: Theme) -> None:
    choose(side, "Against", "Against the epoch before")
    view = side.confusion_view
    image = view.grab().toImage()

    def color(truth: int, said: int) -> QColor:
        return image.pixelColor(view.cell_rect(truth, said).topLeft() + QPoint(2, 2))

    for better in (color(3, 3), color(3, 5)):
        assert better.blue() > better.red() + 40
    for worse in (color(0, 0), color(0, 2)):
        assert worse.red() > worse.blue() + 20
    assert color(7, 7) == color(7, 8)


def test_the_marked_epoch_can_be_chosen_once_there_is_one(side: RunSide, selection: Selection) -> None:
    box = named(side, QComboBox, "Against")
    assert not box.model().item(2).isEnabled()
    selection.mark(1)
    assert box.model().item(2).isEnabled()
    choose(side, "Against", "Against the marked epoch, 1")
    assert drawn(side).is_difference
    selection.show_epoch(1)
    assert not drawn(side).is_difference
    assert says(side, "This is the marked epoch")


def test_the_first_epoch_has_none_before_it(side: RunSide, selection: Selection) -> None:
    choose(side, "Against", "Against the epoch before")
    selection.show_epoch(1)
    assert says(side, "There is no epoch before this one.")
    assert not drawn(side).is_difference
    choose(side, "Against", "Against nothing")
    assert not says(side, "There is no epoch before this one.")


def test_another_run_with_the_same_images_can_be_compared_with(
    side: RunSide, selection: Selection, first: Evaluation
) -> None:
    other, foreign = record([0.4], run_id=OTHER), record([0.4], run_id="0badf00d")
    records = [
        started(record([0.5, 0.6])), started(other), started(foreign, dataset_path="elsewhere"),
        started(record([0.4], run_id="0badd00d"), class_names=["a", "b"]),
    ]  # fmt: skip
    side.show_runs(records)
    box = named(side, QComboBox, "Against")
    assert [box.itemData(row) for row in range(3, box.count())] == [OTHER]
    choose(side, "Against", "Against run 1  a run")
    assert says(side, "Against a run, epoch 1: blue is better")
    assert drawn(side).against is first


def test_images_that_are_others_after_all_are_said(side: RunSide, selection: Selection, first: Evaluation) -> None:
    side.show_runs([started(record([0.5, 0.6])), started(record([0.4], run_id=OTHER))])
    source = selection.source
    assert isinstance(source, Recorded)
    source.evaluations[1] = replace(first, labels=first.labels[::-1].copy())
    choose(side, "Against", "Against run 1  a run")
    assert says(side, "The test images of a run, epoch 1 are others.")
    source.damaged = {1}
    choose(side, "Against", "Against run 1  a run")
    assert says(side, "it is cut short")


def test_clustered_classes_are_asked_for_and_clicked_as_themselves(
    qtbot: QtBot, side: RunSide, selection: Selection
) -> None:
    with qtbot.waitSignal(side.confusion.clustering_asked) as asked:
        choose(side, "Order of the classes", "Classes clustered")
    assert asked.args == [selection.evaluation]
    view = side.confusion_view
    assert view.headings[0] == TEN, "until the order is found"
    order = np.array([3, 5, 0, 8, 1, 2, 4, 6, 7, 9])
    side.confusion.take_order(asked.args[0], order)
    assert drawn(side).names == tuple(TEN[index] for index in order)
    assert view.cell_rect(3, 5).top() < view.cell_rect(0, 8).top()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.cell_rect(3, 5).center())
    assert (selection.filter.truth, selection.filter.prediction) == (3, 5)
    assert view.marked == (3, 5)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert "dog" in view.accessibleDescription().split(".")[0]
    selection.show_epoch(1)
    assert drawn(side).names[0] == "cat", "the last order stands until the next one"
    choose(side, "Order of the classes", "Classes as given")
    assert drawn(side).names == TEN


def test_confused_pairs_are_listed_and_open_their_images(
    qtbot: QtBot, side: RunSide, selection: Selection
) -> None:
    side.findChild(QTabWidget).setCurrentIndex(1)
    table = named(side, QTableView, "Most confused pairs of classes")
    model = table.model()
    rows = [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]
    assert rows == [
        ["cat", "dog", "4", "14.3\u202f%"], ["airplane", "bird", "2", "10.0\u202f%"],
        ["airplane", "ship", "1", "5.0\u202f%"],
    ]  # fmt: skip
    assert says(side.pairs, "All 7 mistakes")
    with qtbot.waitSignal(side.images_shown):
        table.activated.emit(model.index(1, 0))
    assert (selection.filter.truth, selection.filter.prediction) == (0, 2)


def test_a_chosen_pair_stays_chosen_where_it_stands_then(qtbot: QtBot) -> None:
    pairs = ConfusedPairs()
    qtbot.addWidget(pairs)
    pairs.show_evaluation(evaluated(TEN, 2, {(0, 1): 3, (4, 5): 1}))
    pairs.table.selectRow(1)
    pairs.show_evaluation(evaluated(TEN, 2, {(0, 1): 3, (4, 5): 6}))
    assert [index.data() for index in pairs.table.selectionModel().selectedRows()] == ["deer"]
    assert pairs.table.selectionModel().selectedRows()[0].row() == 0
    pairs.show_evaluation(evaluated(TEN, 2, {(0, 1): 3}))
    assert not pairs.table.selectionModel().hasSelection()


def test_another_run_is_read_once_for_all_epochs(side: RunSide, selection: Selection) -> None:
    side.show_runs([started(record([0.5, 0.6])), started(record([0.4], run_id=OTHER))])
    source = selection.source
    assert isinstance(source, Recorded)
    choose(side, "Against", "Against run 1  a run")
    selection.show_epoch(1)
    selection.show_epoch(2)
    read = list(source.read)
    for epoch in (1, 2, 1):
        selection.show_epoch(epoch)
        assert drawn(side).is_difference
    assert source.read == read
    selection.restart(OTHER, 0)
    selection.show_epoch(2)
    assert len(source.read) == len(read) + 1


def test_filters_stay_readable_without_an_evaluation(side: RunSide, selection: Selection) -> None:
    selection.filter_classes(3, 5)
    source = selection.source
    assert isinstance(source, Recorded)
    source.damaged = {1, 2}
    selection._answers.forget_after(0)
    selection.show_epoch(1)
    assert selection.evaluation is None
    assert [named(side, QComboBox, name).currentText() for name in ("Truth", "Prediction")] == ["cat", "dog"]


def test_without_mistakes_there_are_no_pairs(qtbot: QtBot) -> None:
    pairs = ConfusedPairs()
    qtbot.addWidget(pairs)
    pairs.show_evaluation(evaluated(TEN, 2))
    assert says(pairs, "No image is taken for another class.")
    pairs.show_evaluation(None)
    assert says(pairs, "Appears after the first epoch.")


# Viénot, Brettel & Mollon 1999, "Digital video colourmaps for checking the legibility of displays by dichromats":
# linear red, green and blue as protanopes and deuteranopes see them.
DICHROMATS = (
    [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_changes_can_be_told_apart_by_all_and_numbers_be_read(theme: Theme, choice: str) -> None:
    theme.choose(choice)
    right, mistakes = change_scales(theme)
    shares = np.linspace(0, 1, 101)
    for scale in (right, mistakes):
        assert all(contrast(scale.ink(share), scale.color(share)) >= 4.5 for share in shares)
    ends = right.colors(np.array([0.0, 0.5, 1.0])) / 255.0
    for seen in (np.eye(3), *map(np.array, DICHROMATS)):
        worse, same, better = ((ends**2.2) @ seen.T).clip(0, 1) ** (1 / 2.2)
        for one, other in ((worse, better), (worse, same), (better, same)):
            assert np.linalg.norm(one - other) > 0.25
    assert np.abs(right.colors(shares).astype(int) - mistakes.colors(1 - shares)).max() <= 3


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_a_panel_without_a_run_is_empty(qtbot: QtBot, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    panel = ConfusionPanel(theme, Selection(Recorded()))
    qtbot.addWidget(panel)
    panel.resize(340, 400)
    panel.show()
    panel.refresh()
    panel.grab()
    assert panel.view.accessibleDescription() == "Appears after the first epoch."
