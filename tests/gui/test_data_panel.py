"""The window offers the named sources of images as core describes them, and normalization with its numbers.

What a folder of one's own must look like stands there before one is chosen, and then what was found in it.
"""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from tests.conftest import write_images
from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, is_drawn_as_written, label, pick, says, turn_to
from workbench.core.data.image_layout import IMAGE_SUFFIXES, FoundImages
from workbench.core.data.image_sources import IMAGE_SOURCES, ImageSource
from workbench.core.formats import count
from workbench.core.settings.config import DataConfig
from workbench.core.settings.normalization import NAMED, NAMES, Normalization
from workbench.core.settings.presets import Presets
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.data_panel import DataPanel
from workbench.gui.build.folder_tree import FolderTree, TreeRow
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme
from workbench.gui.work import jobs
from workbench.gui.work.job import Handle

NARROWEST_PX = 304


@pytest.fixture
def panel(qtbot: QtBot) -> DataPanel:
    panel = DataPanel()
    qtbot.addWidget(panel)
    panel.show_config(DataConfig())
    return panel


def test_the_choices_are_exactly_the_table(panel: DataPanel) -> None:
    choices = panel.field("source")
    assert [choices.itemData(index) for index in range(choices.count())] == list(IMAGE_SOURCES)
    texts = [choices.itemText(index).replace("\u202f", "") for index in range(choices.count())]
    assert texts == [f"{source.title} ({source.images})" for source in IMAGE_SOURCES.values()]


@pytest.mark.parametrize("source", IMAGE_SOURCES.values(), ids=list(IMAGE_SOURCES))
def test_a_chosen_source_is_described(panel: DataPanel, source: ImageSource) -> None:
    panel.choose_source(source.name)
    assert panel.config == DataConfig(source=source.name)
    assert panel.note == source.description


def test_a_path_is_described_as_ones_own(panel: DataPanel) -> None:
    panel.choose_source("/somewhere/mine.zip")
    assert "/somewhere/mine.zip" in panel.note


def choose(panel: DataPanel, name: str) -> None:
    box = panel.field("normalization")
    box.setCurrentIndex(box.findData(name))


def numbers(panel: DataPanel) -> tuple[QLineEdit, QLineEdit]:
    return panel.field("mean"), panel.field("std")


@pytest.mark.parametrize("normalization", NAMED, ids=lambda each: each.name)
def test_the_numbers_of_a_name_stand_beside_it_and_cannot_be_changed(
    panel: DataPanel, normalization: Normalization
) -> None:
    choices = panel.field("normalization")
    assert [choices.itemData(index) for index in range(choices.count())] == list(NAMES)
    choose(panel, normalization.name)
    for edit, expected in zip(numbers(panel), normalization[1:], strict=True):
        assert edit.text() == ", ".join(f"{number:g}" for number in expected)
        assert edit.isReadOnly()
    assert panel.config == DataConfig(normalization=normalization.name)


def test_ones_own_numbers_begin_with_those_that_stood_there(panel: DataPanel) -> None:
    choose(panel, "imagenet")
    choose(panel, "custom")
    assert panel.config == DataConfig(
        normalization="custom", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    )
    mean, std = numbers(panel)
    assert not mean.isReadOnly()
    std.setText("0.2 0.2 0.3")
    assert panel.config is not None
    assert panel.config.std == (0.2, 0.2, 0.3)
    for text, words in (("0.2, 0.2", "has 2 numbers"), ("0.2, 0, 0.2", "number 2 is 0"), ("x", "is 'x'")):
        std.setText(text)
        assert panel.config is None
        assert words in panel.error("std")
    # Another name needs none of them.
    choose(panel, "half")
    assert panel.config == DataConfig(normalization="half")
    assert panel.error("std") == ""


def test_numbers_from_the_data_are_found_at_the_start_and_shown_of_a_run(panel: DataPanel) -> None:
    choose(panel, "from-data")
    mean, std = numbers(panel)
    assert (mean.text(), mean.placeholderText()) == ("", "found at the start")
    assert panel.config == DataConfig(normalization="from-data")
    choose(panel, "custom")
    assert panel.config == DataConfig(normalization="custom", mean=(0.5,) * 3, std=(0.5,) * 3)
    of_run = DataConfig(normalization="from-data", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    panel.show_config(of_run)
    assert (mean.text(), std.text()) == ("0.1, 0.2, 0.3", "0.4, 0.5, 0.6")
    assert panel.config == of_run
    # Of other images they would be wrong.
    panel.choose_source("cifar10")
    assert panel.config == DataConfig(source="cifar10", normalization="from-data")


def test_images_that_are_left_out_are_kept_as_long_as_their_source(panel: DataPanel) -> None:
    of_run = DataConfig(source="cifar10-jpeg", excluded=(3, 7), validation_fraction=0.2)
    panel.show_config(of_run)
    panel.field("validation_fraction").setValue(30)
    assert panel.config == of_run.model_copy(update={"validation_fraction": 0.3})
    panel.choose_source("cifar10")
    panel.choose_source("cifar10-jpeg")
    assert panel.config == DataConfig(source="cifar10-jpeg", validation_fraction=0.3)
    with_them = DataConfig(source="cifar10-jpeg", validation_fraction=0.3, excluded=(2, 9))
    panel.set_excluded([9, 2, 2])
    assert panel.config == with_them
    panel.show_error("data.excluded", "data.excluded has 9, but there are 5")
    assert panel.error("source") == "data.excluded has 9, but there are 5"
    panel.choose_source("cifar10-jpeg")
    assert (panel.config, panel.error("source")) == (with_them, "")
    panel.set_excluded([])
    assert panel.config == DataConfig(source="cifar10-jpeg", validation_fraction=0.3)


EXPECTED = """your folder/
  train/
    cat/ *.png, *.jpg, …
    dog/ *.png, *.jpg, …
  test/
    cat/ *.png, *.jpg, …
    dog/ *.png, *.jpg, …"""


def drawn(panel: DataPanel) -> str:
    """What the drawn folder says to who cannot see it."""
    tree = panel.findChild(FolderTree)
    assert tree.isVisibleTo(panel)
    return str(tree.accessibleDescription())


def test_the_layout_of_a_folder_is_drawn_before_one_is_chosen(panel: DataPanel) -> None:
    assert drawn(panel) == EXPECTED
    assert says(panel, "or a .zip or .tar of it")
    assert says(panel, "resized to the network's input size")
    said = label(panel, "PNG, JPEG").text().casefold()
    # By their usual names; .jpg, .tif and .pgm are the same formats as others.
    assert all(suffix[1:] in said for suffix in IMAGE_SUFFIXES if suffix not in (".jpg", ".tif", ".pgm"))


def found_in(*names: str) -> FoundImages:
    found = FoundImages(Path("/pets"))
    for name in names:
        found.add(name, is_folder=name.endswith("/"))
    return found


def test_what_was_found_is_drawn_in_its_place(panel: DataPanel) -> None:
    panel.own_images.show_found(
        found_in("train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "test/cat/1.png")
    )
    assert drawn(panel) == "pets/\n  train/ 3\n    cat/ 2\n    dog/ 1\n  test/ 1\n    cat/ 1"
    assert says(panel, "2 classes: 3 training and 1 test images")
    assert label(panel, "No test images of dog.").property("role") == "warning"
    panel.own_images.show_expected()
    assert drawn(panel) == EXPECTED
    assert not says(panel, "dog.")


def test_many_classes_are_elided_but_those_that_are_wrong_are_seen(panel: DataPanel) -> None:
    classes = [f"class {index:03}" for index in range(200)]
    names = [f"{part}/{name}/1.png" for part in ("train", "test") for name in classes]
    panel.own_images.show_found(found_in(*names, "train/void/", "test/zebra/1.png"))
    lines = drawn(panel).split("\n")
    assert len(lines) == 13
    assert lines[2:7] == [
        "    class 000/ 1", "    class 001/ 1", "    class 002/ 1", "    void/ no images", "    197 more",
    ]  # fmt: skip
    assert lines[11:] == ["    zebra/ not in train", "    197 more"]
    assert label(panel, "test/zebra in /pets has no counterpart in train/").property("role") == "error"


def test_without_folders_of_classes_the_layout_stays_drawn(panel: DataPanel) -> None:
    panel.own_images.show_found(found_in("cats/1.png", "dogs/1.png"))
    assert drawn(panel) == EXPECTED
    assert label(panel, "2 images were found in cats/, dogs/").property("role") == "error"


MARKUP = "<h1>big</h1>"


def test_names_that_could_be_markup_are_shown_as_they_are(panel: DataPanel) -> None:
    panel.choose_source(f"/{MARKUP}")
    note = label(panel, f"/{MARKUP}")
    assert is_drawn_as_written(note)
    assert "&lt;h1&gt;" in note.toolTip()
    own = panel.own_images
    own.show_looking(f"Looking through {MARKUP}")
    assert is_drawn_as_written(label(own, "Looking through"))
    own.show_found(found_in("train/<h1>big/1.png", "train/dog/1.png", "test/dog/1.png"))
    assert is_drawn_as_written(label(own, "No test images of <h1>"))
    assert "&lt;h1&gt;big" in own.findChild(FolderTree).toolTip()
    own.show_refused(f"cannot read {MARKUP}")
    assert is_drawn_as_written(label(own, "Cannot read"))


@pytest.mark.parametrize("is_dark", [False, True])
def test_the_drawing_has_a_row_for_every_line(qtbot: QtBot, theme: Theme, is_dark: bool) -> None:
    theme.choose("dark" if is_dark else "light")
    tree = FolderTree()
    qtbot.addWidget(tree)
    tree.show_rows(
        [TreeRow(0, "pets/"), TreeRow(1, "train/", "3"), TreeRow(2, "a" * 400, "1"), TreeRow(1, "test/")]
    )
    tree.resize(200, tree.sizeHint().height())
    picture = tree.grab().toImage()
    row = picture.height() // 4
    assert [inked(picture, top, row) for top in range(0, 4 * row, row)] == [True] * 4
    # A longer tree is higher, and its new rows are drawn.
    tree.show_rows([TreeRow(0, "pets/")] * 8)
    assert tree.sizeHint().height() == 2 * picture.height()


def inked(picture: QImage, top: int, height: int) -> bool:
    ground = picture.pixel(picture.width() // 2, 0)
    return any(
        picture.pixel(x, y) != ground for x in range(picture.width()) for y in range(top + 1, top + height - 1)
    )


def test_nothing_of_it_is_cut_off_where_it_is_narrowest(qtbot: QtBot, theme: Theme) -> None:
    build = BuildPanel(Presets.load(), theme)
    qtbot.addWidget(build)
    panel = build.data_panel
    build.show_tab("data")
    build.resize(NARROWEST_PX, 500)
    build.show()
    with qtbot.waitExposed(build):
        pass
    panel.choose_source(f"/tmp/{'long' * 30}.zip")
    panel.own_images.show_found(found_in("train/cat/1.png", f"train/{'dog' * 30}/1.png", f"{'more' * 30}/1.png"))
    tree = panel.findChild(FolderTree)
    qtbot.waitUntil(lambda: tree.height() == tree.sizeHint().height())
    assert panel.width() <= build.tabs.currentWidget().viewport().width()
    for each in panel.findChildren(QLabel):
        if each.isVisible() and each.wordWrap():
            assert each.height() >= each.heightForWidth(each.width()), each.text()


# In the window


def test_a_chosen_folder_is_looked_through_and_its_images_are_counted(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = window.build_panel.data_panel
    root = write_images(tmp_path / "mine", 20, 2)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(root))
    # As this machine was measured.
    window.build_panel.training_panel.show_config(TrainingConfig())
    window.build_panel.show_tab("data")
    with qtbot.waitSignal(window.data_side.source.counted, timeout=LONG_MS) as counted:
        button(panel, "Folder…").click()
    assert counted.args == [str(root), 60, 3]
    assert drawn(panel).startswith("mine/\n  train/ 60\n    blue/ 20\n")
    # Now that their number is known, so is the time that they take.
    assert says(window.build_panel.model_panel, "per epoch here")
    # Chosen again, it is looked through again.
    shutil.rmtree(root / "test")
    button(panel, "Folder…").click()
    qtbot.waitUntil(lambda: says(panel, "has no images in test/<class>/"), timeout=LONG_MS)
    # Of a source that is known there is nothing to look for.
    panel.choose_source("sample")
    assert drawn(panel) == EXPECTED
    assert not says(panel, "has no images in test")


def test_the_next_choice_takes_the_place_of_one_that_is_looked_through(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    panel = window.build_panel.data_panel
    first, second = (write_images(tmp_path / name, 4, 1) for name in ("first", "second"))
    panel.choose_source(str(first))
    panel.choose_source(str(second))
    qtbot.waitUntil(lambda: says(panel, "3 classes: 12 training and 3 test images"), timeout=LONG_MS)
    assert drawn(panel).startswith("second/")
    panel.choose_source(str(first))
    panel.choose_source("sample")
    # A job of the same lane, so that the one before it has ended.
    with qtbot.waitSignal(ask_for_nothing(window).ended, timeout=LONG_MS):
        pass
    assert drawn(panel) == EXPECTED


def test_the_input_goes_back_where_a_known_source_is_picked_after_folders(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """Sample images would else be made as large as those of the folder, and cost as much time."""
    build, before = window.build_panel, window.build_panel.config.model.input_size
    sizes = (before + 16, before + 32)
    for size in sizes:
        for name in ("red", "green"):
            (tmp_path / str(size) / name).mkdir(parents=True)
            for number in range(8):
                Image.new("RGB", (size, size)).save(tmp_path / str(size) / name / f"{number}.png")
        build.data_panel.choose_source(str(tmp_path / str(size)))
        qtbot.waitUntil(lambda size=size: build.config.model.input_size == size, timeout=LONG_MS)
    sample = IMAGE_SOURCES["sample"]
    pick(build, "Source", f"{sample.title} ({count(sample.images)})")
    assert build.config.data.source == "sample"
    assert build.config.model.input_size == before
    assert build.tabs.tabText(build.tabs.currentIndex()) == "Data"
    # What a person has set since stays.
    build.data_panel.choose_source(str(tmp_path / str(sizes[0])))
    qtbot.waitUntil(lambda: build.config.model.input_size == sizes[0], timeout=LONG_MS)
    build.take_values({"model.input_size": sizes[1]})
    pick(build, "Source", f"{sample.title} ({count(sample.images)})")
    assert build.config.model.input_size == sizes[1]


def ask_for_nothing(window: MainWindow) -> Handle:
    return window.inspecting_lane.ask(jobs.survey_images("/nowhere"), window.home, window)


def test_images_of_a_former_source_are_not_waited_for(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    panel = window.build_panel.data_panel
    window.build_panel.show_tab("data")
    turn_to(window, "Augmentation")
    # Takes seconds to read; then the person chooses another one.
    panel.choose_source("cifar10-jpeg")
    window.data_side.examples.draw(0)
    qtbot.waitUntil(lambda: says(window.data_side.examples.view, "Reading cifar10-jpeg"), timeout=LONG_MS)
    panel.choose_source(str(write_images(tmp_path / "mine", 4, 1)))
    qtbot.waitUntil(lambda: says(panel, "3 classes: 12 training and 3 test images"), timeout=LONG_MS)
    qtbot.waitUntil(lambda: says(window.data_side.examples.view, "Above: original"), timeout=LONG_MS)
    assert not list(window.home.data.glob("cifar10-jpeg*"))


def test_an_undone_choice_is_looked_through_as_well(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    panel = window.build_panel.data_panel
    qtbot.waitUntil(lambda: drawn(panel).startswith("colors/"), timeout=LONG_MS)
    panel.choose_source("sample")
    assert drawn(panel) == EXPECTED
    window.network_actions.history.undo()
    qtbot.waitUntil(lambda: drawn(panel).startswith("colors/"), timeout=LONG_MS)


def test_what_cannot_be_looked_through_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    panel = window.build_panel.data_panel
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(b"PK")
    panel.choose_source(str(damaged))
    qtbot.waitUntil(lambda: says(panel, "the file is damaged or cut short"), timeout=LONG_MS)
    assert drawn(panel) == EXPECTED
