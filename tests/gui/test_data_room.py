"""The images before training, as a gallery: by split, class and mark; marked, left out, and back."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QStringListModel, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import write_images
from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, button_like, has_button, label, named, pick, says
from workbench.core.data.image_marks import ImageMarks
from workbench.core.settings.config import RunConfig
from workbench.gui.data.data_pictures import sides_for
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.picture_list import PictureDelegate, PictureList
from workbench.gui.widgets.theme import Theme

# Of the folder: 40 training and 12 test images of each of 3 classes, a fifth of the former held out.
TRAINING, HELD_OUT, TEST = 96, 24, 36
IN_GALLERY = "Images of the data set"


@pytest.fixture
def data(qtbot: QtBot, window: MainWindow, tiny_config: RunConfig) -> MainWindow:
    """With the tab Data, and the images of its folder read and split."""
    window.build_panel.show_tab("data")
    with qtbot.waitSignal(window.data_side.reading.split_changed, timeout=LONG_MS):
        pass
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def pictures(window: MainWindow) -> PictureList:
    return named(window, PictureList, IN_GALLERY)


def choose(window: MainWindow, *rows: int) -> None:
    """Click pictures, all but the first with Ctrl."""
    gallery = pictures(window)
    gallery.setFocus()
    select = QItemSelectionModel.SelectionFlag
    for number, row in enumerate(rows):
        index = gallery.model().index(row, 0)
        flags = select.Select if number else select.ClearAndSelect
        gallery.selectionModel().setCurrentIndex(index, flags)


def press(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(pictures(window), key)


def words(window: MainWindow, row: int) -> str:
    """What the picture in a row says to who cannot see it."""
    return str(pictures(window).model().index(row, 0).data())


def shown(window: MainWindow) -> int:
    return pictures(window).model().rowCount()


def marks_of(window: MainWindow, config: RunConfig) -> ImageMarks:
    return ImageMarks(window.home, config.data.source)


def test_all_images_come_by_themselves_and_are_told_apart(data: MainWindow) -> None:
    assert says(data, f"{TRAINING + HELD_OUT + TEST} images")
    for split, images, said in (
        ("Training", TRAINING, "96 training images"),
        ("Held out", HELD_OUT, "24 held-out images"),
        ("Test", TEST, "36 test images"),
        ("All images", TRAINING + HELD_OUT + TEST, "156 images"),
    ):
        pick(data, "Split", split)
        assert shown(data) == images
        assert says(data, said)
    pick(data, "Class", "green")
    pick(data, "Split", "Test")
    assert says(data, "12 test images of green")
    assert {words(data, row) for row in range(shown(data))} == {"green"}
    tooltip = pictures(data).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tooltip == "test/green/0012.png\ngreen, test"


def test_a_split_without_images_offers_all(data: MainWindow) -> None:
    pick(data, "Split", "Not used")
    assert says(data, "There are no such images.")
    button(data, "Show all images").click()
    assert shown(data) == TRAINING + HELD_OUT + TEST


def test_the_split_follows_the_settings(qtbot: QtBot, data: MainWindow) -> None:
    pick(data, "Split", "Held out")
    data.build_panel.take_values({"data.validation_fraction": 0.5})
    qtbot.waitUntil(lambda: says(data, "60 held-out images"), timeout=LONG_MS)
    data.build_panel.take_values({"data.train_images": 30})
    pick(data, "Split", "Not used")
    qtbot.waitUntil(lambda: says(data, "30 images that are not used"), timeout=LONG_MS)


def test_keys_mark_what_is_chosen_and_it_is_kept(data: MainWindow, tiny_config: RunConfig) -> None:
    choose(data, 3, 5)
    press(data, Qt.Key.Key_M)
    choose(data, 8)
    press(data, Qt.Key.Key_X)
    assert says(data, "156 images, 2 doubtful, 1 excluded")
    assert (words(data, 3), words(data, 8)) == ("blue, doubtful", "blue, excluded from training")
    marks = marks_of(data, tiny_config)
    assert sorted(mark.index for mark in marks.read()) == [3, 5]
    assert [(mark.part, mark.index) for mark in marks.read_excluded()] == [("train", 8)]
    assert data.data_side.desk.excluded(tiny_config.data.source) == (8,)
    assert label(data.build_panel, "1 image is left out: X in Images").isVisible()
    # The same keys again take the marks away.
    press(data, Qt.Key.Key_X)
    choose(data, 3, 5)
    press(data, Qt.Key.Key_M)
    assert not marks.read() | marks.read_excluded()
    assert not says(data, "left out")


def test_buttons_say_what_is_marked_and_why_not(data: MainWindow) -> None:
    doubtful, excluded = (button(data, text) for text in ("Doubtful", "Excluded"))
    assert not doubtful.isEnabled()
    assert doubtful.toolTip() == "Choose images first"
    choose(data, 0)
    excluded.click()
    assert excluded.isChecked()
    assert not doubtful.isChecked()
    pick(data, "Split", "Test")
    choose(data, 0)
    assert doubtful.isEnabled()
    assert (excluded.isEnabled(), excluded.isChecked()) == (False, False)
    assert excluded.toolTip() == "Only training images can be left out of training"


def test_of_several_only_training_images_are_left_out(data: MainWindow, tiny_config: RunConfig) -> None:
    choose(data, 0, TRAINING + HELD_OUT)
    press(data, Qt.Key.Key_X)
    assert [(mark.part, mark.index) for mark in marks_of(data, tiny_config).read_excluded()] == [("train", 0)]


def test_marks_are_a_filter(data: MainWindow) -> None:
    choose(data, 2, 4, 6)
    press(data, Qt.Key.Key_X)
    pick(data.data_side.page, "Marks", "Excluded")
    assert shown(data) == 3
    choose(data, 1)
    press(data, Qt.Key.Key_X)
    assert shown(data) == 2
    pick(data.data_side.page, "Marks", "Doubtful")
    assert says(data, "No image here has that mark.")


def test_in_the_gallery_undo_means_marks_as_the_menu_says(
    qtbot: QtBot, data: MainWindow, tiny_config: RunConfig
) -> None:
    history = data.network_actions.history
    data.build_panel.take_values({"data.validation_fraction": 0.25})
    marks = marks_of(data, tiny_config)
    choose(data, 1)
    press(data, Qt.Key.Key_M)
    press(data, Qt.Key.Key_X)
    assert undo_text(data) == "Undo excluding from training"
    history.undo()
    assert undo_text(data) == "Undo marking as doubtful"
    assert marks.read()
    assert not marks.read_excluded()
    history.redo()
    assert marks.read_excluded()
    history.undo()
    history.undo()
    assert not marks.read()
    # All taken back: what is out of the gallery stays.
    history.undo()
    assert data.build_panel.config is not None
    assert data.build_panel.config.data.validation_fraction == 0.25
    # Elsewhere, it means the settings again.
    data.build_panel.data_panel.field("validation_fraction").setFocus()
    assert undo_text(data) == "Undo validation fraction"
    history.undo()
    assert data.build_panel.config == tiny_config


def undo_text(window: MainWindow) -> str:
    keys = QKeySequence.keyBindings(QKeySequence.StandardKey.Undo)
    menus = [action.menu() for action in window.menuBar().actions()]
    (found,) = [each for menu in menus for each in menu.actions() if each.shortcuts() == keys]
    return found.text().replace("&", "")


def test_marks_made_for_a_run_are_seen_here_and_the_other_way(data: MainWindow, tiny_config: RunConfig) -> None:
    other = data.selection.marks
    choose(data, TRAINING + HELD_OUT)
    press(data, Qt.Key.Key_M)
    ours = data.data_side.desk.marks
    assert ours.flags("doubtful", "test", TEST).sum() == 1
    ImageMarks(data.home, tiny_config.data.source).change(removed=marks_of(data, tiny_config).read())
    other.changed.emit()
    assert ours.flags("doubtful", "test", TEST).sum() == 0


def test_marks_that_cannot_be_read_are_said_and_kept(data: MainWindow, tiny_config: RunConfig) -> None:
    path = marks_of(data, tiny_config).path
    path.parent.mkdir(exist_ok=True)
    path.write_text("no marks")
    choose(data, 1)
    press(data, Qt.Key.Key_X)
    assert "cannot read the marks" in data.message_bar.text
    assert path.read_text() == "no marks"
    assert words(data, 1) == "blue"
    assert not button(data, "Excluded").isChecked()


def test_pictures_grow_by_whole_multiples(data: MainWindow) -> None:
    slider = named(data.data_side.page, QSlider, "Size of the pictures")
    before, step = pictures(data).cell, slider.value()
    QTest.keySequence(pictures(data), QKeySequence(QKeySequence.StandardKey.ZoomIn))
    assert slider.value() == step + 1
    grown = pictures(data).cell.width() - before.width()
    assert grown > 0
    assert grown % 16 == 0
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    # Where plus needs Shift, it comes with it, or the key is called by what it is without.
    QTest.keyClick(pictures(data), Qt.Key.Key_Plus, control | shift)
    assert slider.value() == step + 2
    QTest.keyClick(pictures(data), Qt.Key.Key_Equal, control)
    assert slider.value() == step + 3
    QTest.keyClick(pictures(data), Qt.Key.Key_Minus, control)
    assert slider.value() == step + 2


@pytest.mark.parametrize(
    ("image_size", "sides"),
    [
        (32, (64, 96, 128, 160, 192, 224)),
        (28, (56, 84, 112, 140, 168, 196)),
        (224, (56, 112, 224)),
        (400, (100, 200)),
    ],
)
def test_sizes_are_whole_multiples_or_parts(image_size: int, sides: tuple[int, ...]) -> None:
    assert sides_for(image_size) == sides


def test_an_excluded_picture_is_crossed_out(data: MainWindow, theme: Theme) -> None:
    """Not told by faint colors alone."""
    gallery = pictures(data)
    choose(data, 1)
    place = gallery.visualRect(gallery.model().index(0, 0))

    def lines() -> int:
        """Pixels of the cross and of the word on it."""
        drawn = gallery.viewport().grab(place).toImage()
        wrong = theme.color("wrong").rgb()
        return sum(drawn.pixel(x, y) == wrong for x in range(drawn.width()) for y in range(drawn.height()))

    assert lines() == 0
    choose(data, 0)
    press(data, Qt.Key.Key_X)
    choose(data, 1)
    assert lines() > gallery.cell.height() // 2


# What is read, and when


def test_another_input_size_reads_anew(qtbot: QtBot, data: MainWindow) -> None:
    data.build_panel.take_values({"model.input_size": 24})
    assert data.data_side.reading.looked is None
    data.build_panel.show_tab("data")
    looked = lambda: data.data_side.reading.looked  # noqa: E731
    qtbot.waitUntil(lambda: looked() is not None, timeout=LONG_MS)
    assert looked().dataset.image_size == 24


def test_many_images_are_read_by_a_click_that_says_the_cost_and_can_be_stopped(
    qtbot: QtBot, data: MainWindow
) -> None:
    data.build_panel.take_values({"data.source": "cifar10-jpeg", "model.input_size": 32})
    qtbot.waitUntil(lambda: says(data, "takes 184\u202fMB of memory"), timeout=LONG_MS)
    assert data.data_side.reading.looked is None
    button(data, "Read 60\u202f000 images (184\u202fMB)").click()
    qtbot.waitUntil(lambda: says(data, "Reading cifar10-jpeg"), timeout=LONG_MS)
    button(data.data_side.page.currentWidget(), "Stop").click()
    qtbot.waitUntil(lambda: says(data, "Reading was stopped."), timeout=LONG_MS)
    assert has_button(data, "Read the images")


def test_a_download_is_asked_for(qtbot: QtBot, data: MainWindow) -> None:
    data.build_panel.take_values({"data.source": "cifar10", "model.input_size": 32})
    qtbot.waitUntil(lambda: says(data, "170\u202fMB are downloaded"), timeout=LONG_MS)
    assert button_like(data, "Download and read 60").isVisible()


@pytest.mark.parametrize(
    ("classes", "problem"), [((), "has images of 0 classes"), (("red",), "has images of 1 class; at least 2")]
)
def test_what_cannot_be_trained_on_is_said_until_it_can(
    qtbot: QtBot, data: MainWindow, tmp_path: Path, classes: tuple[str, ...], problem: str
) -> None:
    """What was found in a folder is known: it is no question of how long reading takes."""
    own, page = tmp_path / "own", data.data_side.page
    own.mkdir()
    right = write_images(tmp_path / "right", 4, 1) / "train"
    for name in classes:
        shutil.copytree(right / name, own / name)
    data.build_panel.data_panel.choose_source(str(own))
    qtbot.waitUntil(lambda: says(page, problem), timeout=LONG_MS)
    assert not says(page, "not known yet")
    shutil.copytree(right, own, dirs_exist_ok=True)
    button(page, "Try again").click()
    qtbot.waitUntil(lambda: says(page, "12 images"), timeout=LONG_MS)
    assert not data.build_panel.problem().startswith(str(own))


def test_a_sentence_that_names_an_address_can_be_copied(qtbot: QtBot) -> None:
    view = EmptyState()
    qtbot.addWidget(view)
    view.show_text("get https://example.org/images.tar.gz by hand")
    flags = label(view, "by hand").textInteractionFlags()
    assert flags & Qt.TextInteractionFlag.TextSelectableByMouse


def test_marks_are_those_of_the_chosen_source(qtbot: QtBot, data: MainWindow, tmp_path: Path) -> None:
    choose(data, 0, 1)
    press(data, Qt.Key.Key_X)
    assert says(data.build_panel, "2 images are left out")
    data.build_panel.data_panel.choose_source(str(write_images(tmp_path / "mine", 4, 1)))
    assert not says(data.build_panel, "left out")
    data.network_actions.history.undo()
    assert says(data.build_panel, "2 images are left out")


def test_nothing_is_read_before_it_is_to_be_seen(window: MainWindow) -> None:
    assert window.data_side.desk.images is None
    assert window.data_side.reading.looked is None


class Plain(PictureDelegate):
    def paint(self, *_: object) -> None:
        """Where it would stand is all that is asked."""


@pytest.mark.parametrize("width", [1000, 1033, 1124, 1236])
def test_pictures_of_a_long_list_stand_in_columns(qtbot: QtBot, theme: Theme, width: int) -> None:
    """Batches that end within a row were not gone on with in its columns."""
    panel = QWidget()
    qtbot.addWidget(panel)
    model = QStringListModel(["" for _ in range(2500)])
    gallery = PictureList(model, Plain(theme, panel, 24), "long")
    qtbot.addWidget(gallery)
    gallery.resize(width, 600)
    gallery.show()
    last = model.index(2499, 0)
    qtbot.waitUntil(lambda: gallery.visualRect(last).top() > 10 * gallery.cell.height())
    lefts = {gallery.visualRect(model.index(row, 0)).left() for row in range(2500)}
    assert len(lefts) == gallery.columns


def test_what_is_excluded_is_left_out_by_the_settings(data: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    """And undoing it is no edit of the settings, nor does taking an edit back bring it in again."""
    build, panel = data.build_panel, data.build_panel.data_panel
    edits = data.network_actions.history.stack.count()
    pick(data, "Split", "Training")
    choose(data, 0, 1)
    press(data, Qt.Key.Key_X)
    images = marks_of(data, build.config).read_excluded()
    assert build.config.data.excluded == tuple(sorted(mark.index for mark in images))
    assert len(images) == 2
    assert says(data, "2 images are left out: X in Images")
    assert shown(data) == TRAINING, "they are still to be seen there"
    assert data.network_actions.history.stack.count() == edits
    panel.field("validation_fraction").setValue(30)
    data.network_actions.history.stack.undo()
    assert len(build.config.data.excluded) == 2
    # Another source has its own marks; those of a run whose settings are taken stay.
    source = build.config.data.source
    panel.show_config(build.config.data.model_copy(update={"source": "sample", "excluded": ()}))
    assert panel.excluded == ()
    panel.show_config(build.config.data.model_copy(update={"source": source, "excluded": (7,)}))
    assert panel.excluded == (7,)
    panel.show_config(build.config.data.model_copy(update={"source": "sample", "excluded": ()}))
    panel.choose_source(source)
    assert len(panel.excluded) == 2


def test_what_a_run_left_out_stays_through_undo_until_something_is_marked(data: MainWindow) -> None:
    """Marks may be others by now; which images its settings leave out is a run's own."""
    build, history = data.build_panel, data.network_actions.history
    choose(data, 5)
    press(data, Qt.Key.Key_X)
    before = build.config
    assert len(before.data.excluded) == 1
    build.show_config(before.with_values({"data.excluded": (0, 2), "training.epochs": 5}))
    data.run_desk.settings_taken.emit()
    build.take_values({"training.epochs": 7})
    history.lend(None)
    history.undo()
    assert (build.config.training.epochs, build.config.data.excluded) == (5, (0, 2))
    history.redo()
    assert (build.config.training.epochs, build.config.data.excluded) == (7, (0, 2))
    history.undo()
    history.undo()
    assert build.config == before, "and before the run's settings were taken, marks counted"
    history.redo()
    assert build.config.data.excluded == (0, 2)
    build.show_tab("data")
    choose(data, 6)
    press(data, Qt.Key.Key_M)
    assert build.config.data.excluded == (0, 2), "a doubt leaves nothing out"
    press(data, Qt.Key.Key_X)
    assert build.config.data.excluded == data.data_side.desk.marks.excluded
    assert len(build.config.data.excluded) == 2


def test_an_archive_that_cannot_be_looked_through_is_said_in_place_of_its_images(
    qtbot: QtBot, data: MainWindow, tmp_path: Path
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "own"), "zip", write_images(tmp_path / "own", 2, 1)))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    data.build_panel.data_panel.choose_source(str(archive))
    page = data.data_side.page
    qtbot.waitUntil(lambda: says(page, "damaged or cut short"), timeout=LONG_MS)
    assert "damaged or cut short" in data.build_panel.problem()
    archive.write_bytes(whole)
    button(page, "Try again").click()
    qtbot.waitUntil(lambda: says(page, "9 images"), timeout=LONG_MS)
    assert "damaged" not in data.build_panel.problem()
    # Other images take its place.
    data.build_panel.data_panel.choose_source(str(write_images(tmp_path / "mine", 4, 1)))
    qtbot.waitUntil(lambda: says(page, "15 images"), timeout=LONG_MS)
