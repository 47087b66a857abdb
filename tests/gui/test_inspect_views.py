"""Gallery, image, matrix, classes, strip and slider: each follows one selection, and none knows another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QListView, QSlider, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.recorded import Recorded, answers, record
from tests.gui.seen import button, button_like, has_button, named, pick, pictures_in, says
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.gui.inspect.epoch_panel import EpochPanel
from workbench.gui.inspect.gallery.gallery import Gallery
from workbench.gui.inspect.image.image_view import ImageView
from workbench.gui.inspect.mistake_strip import MistakeStrip
from workbench.gui.inspect.run_side import RunSide
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.pictures import thumbnail
from workbench.gui.widgets.theme import Theme

VALIDATION = [0.3, 0.5, 0.7, 0.4, 0.6]


@pytest.fixture
def source(evaluation: Evaluation, images: ImageSet) -> Recorded:
    """Image 1 is wrong in epoch 2 alone; 3 is kept."""
    changed = {2: {"i1": 0}}
    return Recorded({n: answers(evaluation, n, **changed.get(n, {})) for n in range(1, 6)}, images)


@pytest.fixture
def selection(qapp: QApplication, source: Recorded) -> Selection:
    selection = Selection(source)
    selection.look_at(record(VALIDATION))
    return selection


def seen(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()


@pytest.fixture
def gallery(qtbot: QtBot, theme: Theme, selection: Selection) -> Gallery:
    gallery = Gallery(theme, selection)
    seen(qtbot, gallery, 640, 400)
    return gallery


@pytest.fixture
def side(qtbot: QtBot, theme: Theme, selection: Selection) -> RunSide:
    side = RunSide(theme, selection)
    seen(qtbot, side, 380, 600)
    return side


@pytest.fixture
def epochs(qtbot: QtBot, theme: Theme, selection: Selection) -> EpochPanel:
    panel = EpochPanel(theme, selection)
    seen(qtbot, panel, 1000, 140)
    return panel


def pictures(gallery: QWidget, name: str = "Test images") -> QListView:
    return named(gallery, QListView, name)


def image_of(index: QModelIndex) -> int:
    """Number of the test image in a cell: its tooltip begins with the file's name."""
    return int(Path(index.data(Qt.ItemDataRole.ToolTipRole).split("\n")[0]).stem)


def shown(view: QListView) -> list[int]:
    rows = view.model()
    return [image_of(rows.index(row, 0)) for row in range(rows.rowCount())]


def test_most_confidently_wrong_comes_first(gallery: Gallery, theme: Theme, selection: Selection) -> None:
    assert shown(pictures(gallery)) == list(range(36, -1, -4))
    assert says(gallery, "10 wrong · epoch 3, kept")
    view = ImageView(theme, selection)
    assert view.caption.startswith("cat → dog 0.")


def test_an_image_of_ones_own_is_shown_where_no_class_is_known_yet(
    qtbot: QtBot, theme: Theme, selection: Selection, source: Recorded
) -> None:
    view = ImageView(theme, selection)
    seen(qtbot, view, 400, 500)
    selection.try_image(LookedAt(np.zeros((32, 32, 3), np.uint8), "mine.png"))
    source.evaluations = {}
    selection.look_at(record([], run_id="0badbeef", status="running"))
    assert selection.looked_at is not None
    assert selection.class_names == ()
    assert not view.grab().isNull()


def test_filters_by_truth_and_prediction(gallery: Gallery, side: RunSide) -> None:
    pick(gallery, "Answers", "Right and wrong")
    for name, choice in (("Truth", 1 + 2), ("Prediction", 1 + 1)):
        box = named(side, QComboBox, name)
        box.setCurrentIndex(choice)
        box.activated.emit(choice)
        if name == "Truth":
            assert set(shown(pictures(gallery))) == set(range(2, 40, 4))
            assert says(gallery, "10 images · frog → any")
    assert pictures_in(gallery) == 0
    assert says(gallery, "No test image fits")
    button(side, "Clear").click()
    assert pictures_in(gallery) == 40


def test_a_filter_without_images_offers_all_classes(gallery: Gallery, selection: Selection) -> None:
    assert not has_button(gallery, "Clear filter")
    selection.filter_classes(1, 3)
    assert has_button(gallery, "Clear filter")
    button(gallery, "Show all again").click()
    assert pictures_in(gallery) == 10
    assert not has_button(gallery, "Show all again")


def test_a_cell_of_the_diagonal_shows_the_right_ones(
    qtbot: QtBot, gallery: Gallery, side: RunSide, selection: Selection
) -> None:
    matrix = side.confusion_view
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(3, 3).center())
    assert set(shown(pictures(gallery))) == set(range(3, 40, 4))
    assert matrix.marked == (3, 3)
    answered = named(gallery, QComboBox, "Answers")
    assert not answered.isEnabled()
    selection.clear_filter()
    assert answered.isEnabled()
    assert answered.currentText() == "Wrong"


def test_headings_of_the_matrix_filter_by_truth_or_prediction(
    qtbot: QtBot, side: RunSide, selection: Selection
) -> None:
    matrix = side.confusion_view
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.row_heading_rect(2).center())
    assert (selection.filter.truth, selection.filter.prediction) == (2, None)
    assert matrix.marked == (2, None)
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.column_heading_rect(1).center())
    assert (selection.filter.truth, selection.filter.prediction) == (None, 1)


def test_a_class_bar_filters_by_truth(qtbot: QtBot, side: RunSide) -> None:
    side.findChild(QTabWidget).setCurrentIndex(2)
    view = side.class_view
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=view.row_rect(0).center())
    assert named(side, QComboBox, "Truth").currentText() == "cat"
    assert "cat, 0.0" in view.accessibleDescription()


def test_a_picked_image_stays_from_epoch_to_epoch(gallery: Gallery, selection: Selection) -> None:
    view = pictures(gallery)
    view.setCurrentIndex(view.model().index(3, 0))
    picked = shown(view)[3]
    selection.step(-1)
    assert image_of(view.currentIndex()) == picked
    assert selection.image == picked


def test_without_a_pick_the_worst_one_is_marked(
    gallery: Gallery, selection: Selection, evaluation: Evaluation
) -> None:
    selection.add("0badcafe", answers(evaluation, 3, i0=1))
    view = pictures(gallery)
    assert image_of(view.currentIndex()) == selection.image == shown(view)[0] == 0


def test_other_images_begin_with_the_first(qtbot: QtBot, gallery: Gallery, selection: Selection) -> None:
    pick(gallery, "Answers", "Right and wrong")
    view = pictures(gallery)
    gallery.resize(300, 260)
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() > 0)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    selection.step(-1)
    assert view.verticalScrollBar().value() == 0
    picked = shown(view)[30]
    selection.choose_image(picked)
    selection.step(-1)
    place = view.visualRect(view.model().index(shown(view).index(picked), 0))
    assert view.viewport().rect().contains(place.center())


def test_pictures_grow_by_whole_multiples(qtbot: QtBot, gallery: Gallery) -> None:
    view, size = pictures(gallery), named(gallery, QSlider, "Size of the pictures")
    small = view.visualRect(view.model().index(0, 0))
    size.setValue(size.value() + 1)
    qtbot.waitUntil(lambda: view.visualRect(view.model().index(0, 0)).height() == small.height() + 32)


def test_no_run_says_what_will_come(qtbot: QtBot, theme: Theme) -> None:
    selection = Selection(Recorded())
    for view in (
        Gallery(theme, selection),
        RunSide(theme, selection),
        EpochPanel(theme, selection),
        MistakeStrip(theme, selection),
    ):
        seen(qtbot, view, 400, 300)
        view.grab()
        if not isinstance(view, EpochPanel):
            assert says(view, "once a run is chosen or trained")
    image = ImageView(theme, selection)
    seen(qtbot, image, 300, 400)
    assert "once a run is chosen or trained" in image.absence
    image.grab()


def test_a_damaged_evaluation_is_said_in_every_view(
    gallery: Gallery, side: RunSide, epochs: EpochPanel, theme: Theme, selection: Selection, source: Recorded
) -> None:
    strip, image = MistakeStrip(theme, selection), ImageView(theme, selection)
    source.damaged = {1}
    selection.show_epoch(1)
    for view in (gallery, side, strip):
        assert says(view, "epoch-00001.npz: it is cut short")
    assert "it is cut short" in image.absence
    assert says(epochs, "Epoch 1 (kept: 3)")
    selection.step(1)
    assert not says(gallery, "cut short")


def test_numbers_are_shown_where_pictures_are_gone(
    gallery: Gallery, side: RunSide, theme: Theme, selection: Selection, source: Recorded
) -> None:
    image = ImageView(theme, selection)
    source.pictures = None
    selection.look_at(record(VALIDATION, run_id="0badbeef"))
    assert says(gallery, "are gone; start a run on that source")
    assert "are gone" in image.absence
    assert side.confusion_view.describe(2, 2).startswith("10 of 10 frog recognized")
    assert says(side, "Epoch 3, kept: 75.0\u202f% of 40 test images right")


def test_ten_thousand_images_ask_only_for_those_in_sight(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 10_000
    pixels = np.zeros((count, 32, 32, 3), np.uint8)
    images = ImageSet(pixels, np.zeros(count, np.int64), ("x",) * count)
    said = Evaluation(np.zeros(count, np.int64), np.tile([0, 1], (count, 1)).astype(np.float32), ("a", "b"))
    asked: list[int] = []

    def counting(images: ImageSet, index: int, side: int) -> object:
        asked.append(index)
        return thumbnail(images, index, side)

    monkeypatch.setattr("workbench.gui.inspect.picture_list.thumbnail", counting)
    selection = Selection(Recorded({1: replace(said, epoch=1)}, images))
    gallery = Gallery(theme, selection)
    seen(qtbot, gallery, 420, 300)
    selection.look_at(record([0.5]))
    qtbot.waitUntil(lambda: len(asked) > 0)
    assert len(set(asked)) < 100


def test_the_matrix_can_be_used_by_keyboard(qtbot: QtBot, side: RunSide, gallery: Gallery) -> None:
    view = side.confusion_view
    view.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Right):
        qtbot.keyClick(view, key)
    with qtbot.waitSignal(view.cell_clicked) as clicked:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert clicked.args == [0, 1]
    assert shown(pictures(gallery)) == list(range(36, -1, -4))


# The strip


def test_the_strip_shows_mistakes_whatever_is_filtered_and_a_click_inspects_one(
    qtbot: QtBot, theme: Theme, selection: Selection
) -> None:
    strip = MistakeStrip(theme, selection)
    seen(qtbot, strip, 140, 400)
    selection.filter_classes(2, None)
    view = pictures(strip, "Worst mistakes")
    assert shown(view) == list(range(36, -1, -4))
    assert says(strip, "epoch 3, kept")
    center = view.visualRect(view.model().index(1, 0)).center()
    with qtbot.waitSignal(strip.inspect_asked):
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=center)
    assert selection.image == 32


# The slider


def press(qtbot: QtBot, panel: EpochPanel, epoch: int) -> None:
    slider = panel.slider
    where = QPoint(round(slider.x_of(epoch)), slider.height() // 2)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=where)


def test_the_slider_goes_where_it_is_clicked_and_dragged(
    qtbot: QtBot, epochs: EpochPanel, selection: Selection
) -> None:
    press(qtbot, epochs, 2)
    assert selection.epoch == 2
    assert says(epochs, "Epoch 2 (kept: 3)")
    slider = epochs.slider
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.x_of(2)), 10))
    qtbot.mouseMove(slider, QPoint(round(slider.x_of(5)), 10))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.x_of(5)), 10))
    assert selection.epoch == 5


def test_keys_and_wheel_move_the_slider(qtbot: QtBot, epochs: EpochPanel, selection: Selection) -> None:
    for key, epoch in ((Qt.Key.Key_Left, 2), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Right, 4)):
        qtbot.keyClick(epochs.slider, key)
        assert selection.epoch == epoch
    for turned, epoch in ((60, 4), (60, 5), (-120, 4)):
        wheel = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(epochs.slider, wheel)
        assert selection.epoch == epoch


def test_the_slider_says_each_epoch_and_where_validation_fell(epochs: EpochPanel, selection: Selection) -> None:
    slider = epochs.slider
    assert slider.words_at(slider.x_of(3)) == "Epoch 3: validation 70.0\u202f%, test 70.0\u202f%, kept"
    assert "30.0\u202f% worse than the epoch before" in slider.words_at(slider.x_of(4))
    assert "kept" in slider.accessibleDescription()
    selection.step(1)
    assert "worse" in slider.accessibleDescription()


def test_what_changed_filters_the_gallery(epochs: EpochPanel, gallery: Gallery, selection: Selection) -> None:
    right = button_like(epochs, "newly right")
    assert right.text() == "newly right 1"
    assert button_like(epochs, "newly wrong").text() == "newly wrong 0"
    assert says(epochs, "against epoch 2")
    right.click()
    assert shown(pictures(gallery)) == [1]
    assert right.isChecked()
    right.click()
    assert pictures_in(gallery) == 10
    button(epochs, "Mark").click()
    assert not right.isEnabled()
    selection.show_epoch(2)
    assert says(epochs, "against epoch 3")
    assert button_like(epochs, "newly wrong").text() == "newly wrong 1"
    button(epochs, "Unmark").click()
    assert says(epochs, "against epoch 1")
    button(epochs, "Kept epoch").click()
    assert selection.epoch == 3
    assert not button(epochs, "Kept epoch").isEnabled()


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("size", [(300, 200), (640, 480), (1200, 700)])
def test_every_view_paints_in_both_themes(
    qtbot: QtBot, theme: Theme, selection: Selection, choice: str, size: tuple[int, int]
) -> None:
    theme.choose(choice)
    views = [kind(theme, selection) for kind in (Gallery, RunSide, ImageView, EpochPanel, MistakeStrip)]
    for view in views:
        seen(qtbot, view, *size)
        image = view.grab().toImage()
        assert image.pixelColor(1, image.height() - 2) == theme.color("window")
