"""Sorting, filtering, choosing several images and saving them."""

import csv
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QListView, QMessageBox, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.recorded import Recorded, answers, record
from tests.gui.seen import button, named, pick, says
from tests.trained import record_run
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.formats import percent
from workbench.core.home import Home
from workbench.core.inspection import image_measures
from workbench.core.inspection.image_histories import Histories
from workbench.core.settings.config import RunConfig
from workbench.gui.inspect.gallery.filter_box import FilterBox
from workbench.gui.inspect.gallery.gallery import Gallery
from workbench.gui.main_window import MainWindow
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.file_dialogs import ask_path
from workbench.gui.widgets.theme import Theme


@pytest.fixture
def source(evaluation: Evaluation, images: ImageSet) -> Recorded:
    """Image 1 is learned at epoch 3, image 2 forgotten after it; every fourth is never learned."""
    said = {1: {"i1": 0}, 2: {"i1": 0}, 4: {"i2": 0}}
    return Recorded({n: answers(evaluation, n, **said.get(n, {})) for n in range(1, 5)}, images)


@pytest.fixture
def selection(qapp: QApplication, source: Recorded) -> Selection:
    selection = Selection(source)
    selection.look_at(record([0.3, 0.5, 0.7, 0.4]))
    return selection


@pytest.fixture
def gallery(qtbot: QtBot, theme: Theme, selection: Selection) -> Gallery:
    gallery = Gallery(theme, selection)
    qtbot.addWidget(gallery)
    gallery.resize(900, 500)
    gallery.show()
    return gallery


@pytest.fixture
def filters(qtbot: QtBot, selection: Selection) -> FilterBox:
    filters = FilterBox(selection)
    qtbot.addWidget(filters)
    return filters


def order(gallery: Gallery) -> list[int]:
    model = named(gallery, QListView, "Test images").model()
    return [model.image_index(row) for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Highest loss", lambda e: -image_measures.losses(e)),
        ("Surest", lambda e: -e.confidence),
        ("Farthest from right", image_measures.margins),
        ("Most undecided", lambda e: -image_measures.entropies(e)),
        ("As in the data", lambda e: np.arange(len(e.labels))),
    ],
)
def test_images_are_sorted_by(gallery: Gallery, selection: Selection, text: str, key) -> None:
    pick(gallery, "Answers", "Right and wrong")
    pick(gallery, "Order", text)
    expected = np.argsort(key(selection.evaluation), kind="stable").tolist()
    assert order(gallery) == expected
    named(gallery, QToolButton, "Reverse the order").click()
    assert order(gallery) == expected[::-1]


def test_right_ones_alone_and_a_range_of_confidence(
    gallery: Gallery, filters: FilterBox, selection: Selection
) -> None:
    pick(gallery, "Answers", "Right")
    evaluation = selection.evaluation
    assert set(order(gallery)) == set(np.flatnonzero(evaluation.correct))
    pick(gallery, "Answers", "Right and wrong")
    middle = int(100 * np.median(evaluation.confidence))
    named(filters, QSpinBox, "Least confidence").setValue(middle)
    assert set(order(gallery)) == set(np.flatnonzero(evaluation.confidence >= middle / 100))
    assert says(gallery, f"confidence {percent(middle / 100, 0)} to {percent(1, 0)}")
    # The other end gives way.
    named(filters, QSpinBox, "Highest confidence").setValue(middle - 20)
    assert selection.filter.confidence == ((middle - 20) / 100, (middle - 20) / 100)
    selection.clear_filter()
    assert named(filters, QSpinBox, "Highest confidence").value() == 100


def test_what_was_learned_forgotten_and_never_learned(
    gallery: Gallery, filters: FilterBox, selection: Selection, source: Recorded
) -> None:
    pick(filters, "Course", "Never learned")
    assert order(gallery) == []
    assert says(gallery, "is being read")
    selection.take_histories(selection.run_id, Histories.of(source.evaluations.values()))
    assert set(order(gallery)) == set(range(0, 40, 4))
    pick(filters, "Course", "Learned at this epoch")
    assert selection.epoch == 3
    assert order(gallery) == [1]
    pick(filters, "Course", "Forgotten after it")
    assert order(gallery) == [2]
    selection.step(-1)
    assert order(gallery) == []
    pick(filters, "Course", "Course: any")
    pick(gallery, "Answers", "Right and wrong")
    pick(gallery, "Order", "Hardest to learn")
    hardest = order(gallery)
    assert set(hardest[:11]) == {2, *range(0, 40, 4)}
    assert hardest[11] == 1


def test_what_is_read_of_another_run_is_dropped(selection: Selection, source: Recorded) -> None:
    selection.take_histories("feedface", Histories.of(source.evaluations.values()))
    assert selection.histories is None


def test_a_new_epoch_is_added_to_what_is_known(selection: Selection, source: Recorded) -> None:
    selection.take_histories(selection.run_id, Histories.of(source.evaluations.values()))
    selection.add(selection.run_id, answers(source.evaluations[1], 5))
    assert selection.histories.epochs.tolist() == [1, 2, 3, 4, 5]
    selection.restart(selection.run_id, 2)
    assert selection.histories is None


def test_images_chosen_elsewhere_keep_their_order(gallery: Gallery, selection: Selection) -> None:
    selection.show_only([7, 0, 12], "chosen on the map")
    assert order(gallery) == [7, 0, 12]
    assert says(gallery, "3 chosen on the map")
    selection.step(-1)
    assert order(gallery) == [7, 0, 12]
    selection.clear_filter()
    assert len(order(gallery)) == 40


def test_several_images_stay_chosen_where_they_are_in_sight(gallery: Gallery, selection: Selection) -> None:
    view = named(gallery, QListView, "Test images")
    assert len(gallery.chosen_images) == 10, "all in sight unless several are chosen"
    for row in (1, 2, 5):
        view.selectionModel().select(view.model().index(row, 0), QItemSelectionModel.SelectionFlag.Select)
    view.selectionModel().select(view.model().index(0, 0), QItemSelectionModel.SelectionFlag.Deselect)
    chosen = gallery.chosen_images.tolist()
    assert chosen == [order(gallery)[row] for row in (1, 2, 5)]
    pick(gallery, "Order", "As in the data")
    assert gallery.chosen_images.tolist() == sorted(chosen) or set(chosen) < set(gallery.chosen_images.tolist())


def test_an_image_chosen_elsewhere_is_marked_alone(gallery: Gallery, selection: Selection) -> None:
    view = named(gallery, QListView, "Test images")
    for row in (0, 2, 5):
        view.selectionModel().select(view.model().index(row, 0), QItemSelectionModel.SelectionFlag.Select)
    first = order(gallery)[0]
    assert len(selection.marks.picked_with(order(gallery)[2])) == 3
    selection.choose_image(order(gallery)[7])
    selection.choose_image(first)
    assert selection.marks.picked_with(first) == [first]


def test_a_run_that_goes_on_leaves_the_place_where_one_looks(
    gallery: Gallery, selection: Selection, evaluation: Evaluation
) -> None:
    selection.look_at(record([0.3, 0.5, 0.7], run_id="0badbeef", status="running"))
    pick(gallery, "Answers", "Right and wrong")
    view = named(gallery, QListView, "Test images")
    bar = view.verticalScrollBar()
    view.scrollTo(view.model().index(view.model().rowCount() - 1))
    assert bar.value() > 0
    selection.add("0badbeef", answers(evaluation, 4))
    assert selection.epoch == 4
    assert bar.value() > 0
    pick(gallery, "Order", "As in the data")
    assert bar.value() == 0


def test_a_fine_wheel_makes_pictures_smaller_too(qtbot: QtBot, gallery: Gallery) -> None:
    view, zoomed = named(gallery, QListView, "Test images"), list[int]()
    view.zoomed.connect(zoomed.append)
    position = QPointF(view.viewport().rect().center())

    def turn(by: int) -> None:
        event = QWheelEvent(position, QPointF(view.mapToGlobal(position.toPoint())), QPoint(), QPoint(0, by),
                            Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
                            Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(view.viewport(), event)

    for _ in range(16):
        turn(-15)
    assert zoomed == [-1, -1]
    turn(-15)
    turn(15)
    assert zoomed == [-1, -1]


def test_pictures_grow_by_key(qtbot: QtBot, gallery: Gallery) -> None:
    view = named(gallery, QListView, "Test images")
    before = view.gridSize().height()
    qtbot.keyClick(view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert view.gridSize().height() == before + 32
    qtbot.keyClick(view, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert view.gridSize().height() == before


@pytest.fixture
def opened(make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig) -> MainWindow:
    """A window with all test images of a run in sight."""
    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    pick(window.inspect_desk.gallery, "Answers", "Right and wrong")
    return window


def test_what_is_in_sight_is_saved_as_a_sheet_and_a_table(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, gallery = opened, opened.inspect_desk.gallery
    qtbot.waitUntil(lambda: window.selection.histories is not None, timeout=LONG_MS)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "all"), ""))
    gallery.table_asked.emit()
    qtbot.waitUntil(lambda: window.message_bar.text.endswith("all.csv"), timeout=LONG_MS)
    with (tmp_path / "all.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == window.selection.order.tolist()
    gallery.sheet_asked.emit()
    qtbot.waitUntil(lambda: window.message_bar.text.endswith("all.png"), timeout=LONG_MS)
    with Image.open(tmp_path / "all.png") as sheet:
        assert min(sheet.size) > 400
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "all.csv" / "in a file"), "")
    )
    gallery.table_asked.emit()
    qtbot.waitUntil(lambda: "cannot write" in window.message_bar.text, timeout=LONG_MS)


def test_saving_many_pictures_says_how_far_it_is_and_can_be_canceled(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, gallery, held = opened, opened.inspect_desk.gallery, threading.Event()

    def write_slowly(*_arguments: object) -> Iterator[Progress]:
        while not held.wait(0.02):
            yield Progress("Drawing the pictures", 1, 4)

    monkeypatch.setattr("workbench.engine.inspection.sheet.write_sheet", write_slowly)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "all"), ""))
    gallery.sheet_asked.emit()
    qtbot.waitUntil(lambda: gallery.work.text == f"Drawing the pictures… {percent(0.25, 0)}", timeout=LONG_MS)
    button(gallery, "Cancel").click()
    qtbot.waitUntil(lambda: not gallery.work.isVisible(), timeout=LONG_MS)
    assert not window.message_bar.text.endswith("all.png")
    held.set()


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No])
def test_a_file_of_which_the_dialog_has_not_asked_is_not_replaced_unasked(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: QMessageBox.StandardButton
) -> None:
    (tmp_path / "all.csv").write_text("mine")
    window, asked = QWidget(), list[str]()
    qtbot.addWidget(window)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "all"), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *args: asked.append(args[-1]) or answer)
    found = ask_path(window, "Save table", "epoch-3.csv", "Table (*.csv)")
    assert asked == ["all.csv is there already. Replace it?"]
    assert found == (tmp_path / "all.csv" if answer == QMessageBox.StandardButton.Yes else None)
