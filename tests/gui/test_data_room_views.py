"""The images before training, in figures: by class, changed at random, normalized."""

import shutil
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import write_images
from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, label, named, pick, says, turn_to
from workbench.core.data.channel_figures import as_seen
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization
from workbench.gui.data.classes_view import ClassesView
from workbench.gui.data.draws_view import DrawsGrid, DrawsView
from workbench.gui.data.image_pairs import ImagePairs
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.data.value_plot import ValuePlot
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.picture_list import PictureList
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.job import Job, Work

CLASSES = "Images of each class"
DRAWN = "A training image, and as training may see it"
NUMBERS = "Mean and standard deviation of each channel, from 0 to 1"


def looked_at(*sizes: int, held_out: int = 0) -> LookedImages:
    """Classes of so many training images, of which the first ones are held out, and one test image each."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, 3), dtype=np.uint8)
    names = tuple(f"train/{number}.png" for number in range(len(labels)))
    train = ImageSet(pixels, labels, names)
    test = ImageSet(pixels[: len(sizes)], np.arange(len(sizes)), names[: len(sizes)])
    uses = np.full(len(labels), "training", dtype="<U10")
    for number in range(len(sizes)):
        uses[np.flatnonzero(labels == number)[:held_out]] = "validation"
    return LookedImages(Dataset(tuple(f"class {number:03}" for number in range(len(sizes))), train, test), uses)


@pytest.fixture
def classes(qtbot: QtBot, theme: Theme) -> ClassesView:
    view = ClassesView(theme)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    return view


# Classes


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((5, 5, 5), "All 3 classes have 5 training images."),
        ((10, 31, 20), "class 001, has 3.1 times as many training images as the smallest, class 000: 31 and 10."),
        ((100, 101), "2 classes of nearly the same size: 100 to 101 training images."),
        ((4, 0), "class 001 has no training images; the largest class, class 000, has 4."),
    ],
)
def test_imbalance_is_said(classes: ClassesView, sizes: tuple[int, ...], said: str) -> None:
    classes.show_images(looked_at(*sizes))
    assert says(classes, said)


def test_each_class_says_its_images(classes: ClassesView) -> None:
    classes.show_images(looked_at(10, 20, held_out=4))
    rows = named(classes, QListView, CLASSES).model()
    assert [rows.index(row, 0).data() for row in range(2)] == [
        "class 000: 6 training, 4 held out, 1 test",
        "class 001: 16 training, 4 held out, 1 test",
    ]


@pytest.mark.parametrize("count", [2, 10, 100, 1000])
def test_rows_are_legible_however_many_classes_there_are(qtbot: QtBot, classes: ClassesView, count: int) -> None:
    """Each is high enough for its words, and what has no room is scrolled to."""
    classes.show_images(looked_at(*[2] * count))
    classes.show_means(np.zeros((count, 8, 8, 3), np.uint8))
    view = named(classes, QListView, CLASSES)
    model = view.model()
    heights = {view.visualRect(model.index(row, 0)).height() for row in range(min(count, 20))}
    assert len(heights) == 1
    assert heights.pop() >= 2 * view.fontMetrics().height()
    view.scrollToBottom()
    last = view.visualRect(model.index(count - 1, 0))
    assert view.viewport().rect().contains(last)
    drawn = view.viewport().grab(last).toImage()
    assert len({drawn.pixel(x, drawn.height() // 2) for x in range(drawn.width())}) > 3


def test_bars_are_as_long_as_there_are_images(classes: ClassesView) -> None:
    classes.show_images(looked_at(40, 20, held_out=10))
    view = named(classes, QListView, CLASSES)
    lengths = []
    for row in range(2):
        place = view.visualRect(view.model().index(row, 0))
        picture = view.viewport().grab(place).toImage()
        color = classes._delegate._theme.series(row).rgb()
        lengths.append(max(sum(picture.pixel(x, y) == color for x in range(picture.width()))
                           for y in range(picture.height())))  # fmt: skip
    assert lengths[0] / lengths[1] == pytest.approx(3, rel=0.05)


def test_a_click_or_return_asks_for_the_images_of_a_class(qtbot: QtBot, classes: ClassesView) -> None:
    classes.show_images(looked_at(3, 3, 3))
    view = named(classes, QListView, CLASSES)
    with qtbot.waitSignal(classes.class_chosen) as chosen:
        place = view.visualRect(view.model().index(1, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert chosen.args == [1]
    view.setCurrentIndex(view.model().index(2, 0))
    with qtbot.waitSignal(classes.class_chosen) as chosen:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen.args == [2]


# Augmentation


@pytest.fixture
def grid(qtbot: QtBot) -> DrawsGrid:
    view = DrawsView()
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show_draws("a cat", np.zeros((32, 32, 3), np.uint8), np.full((24, 32, 32, 3), 200, np.uint8))
    return named(view, DrawsGrid, DRAWN)


@pytest.mark.parametrize("width", [300, 640, 900, 1300])
def test_draws_stand_beside_the_original_inside_the_view(grid: DrawsGrid, width: int) -> None:
    original, *drawn = grid.rects(width)
    assert len(drawn) == 24
    assert original.width() == 2 * drawn[0].width()
    assert {place.width() % 32 for place in drawn} == {0}
    everything = [original, *drawn]
    assert all(place.left() >= 0 and place.right() < width for place in everything)
    assert all(place.bottom() < grid.heightForWidth(width) for place in everything)
    assert not any(a.intersects(b) for number, a in enumerate(everything) for b in everything[:number])


def test_without_images_nothing_can_be_drawn(qtbot: QtBot) -> None:
    view = DrawsView()
    qtbot.addWidget(view)
    view.show_absence("There are none.")
    assert says(view, "There are none.")
    assert not button(view, "Draw again").isEnabled()
    assert button(view, "Draw again").toolTip() == "There are none."


@pytest.fixture
def data(qtbot: QtBot, window: MainWindow) -> MainWindow:
    """With the tab Data, and the images of its folder read and split."""
    window.build_panel.show_tab("data")
    with qtbot.waitSignal(window.data_side.reading.split_changed, timeout=LONG_MS):
        pass
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def pictures_of(view: QWidget) -> bytes:
    image = view.grab().toImage()
    return bytes(image.constBits())


Shown = list[tuple[str, np.ndarray]]


@pytest.fixture
def drawn(data: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Captions and pictures of all draws that are shown from now on."""
    shown: Shown = []
    view = data.data_side.draws.view
    show = view.show_draws

    def noting(caption: str, plain: np.ndarray, pictures: np.ndarray) -> None:
        shown.append((caption, pictures))
        show(caption, plain, pictures)

    monkeypatch.setattr(view, "show_draws", noting)
    return shown


def test_the_chosen_image_is_drawn_and_drawn_again(qtbot: QtBot, data: MainWindow, drawn: Shown) -> None:
    gallery = named(data, PictureList, "Images of the data set")
    gallery.setCurrentIndex(gallery.model().index(50, 0))
    turn_to(data, "Augmentation")
    view = data.data_side.draws.view
    qtbot.waitUntil(lambda: len(drawn) == 1, timeout=LONG_MS)
    assert says(view, "green, train/green/0050.png")
    assert named(view, DrawsGrid, DRAWN).count == 24
    button(view, "Draw again").setFocus()
    QTest.keySequence(button(view, "Draw again"), QKeySequence("R"))
    qtbot.waitUntil(lambda: len(drawn) == 2, timeout=LONG_MS)
    assert drawn[1][0] == drawn[0][0]
    assert (drawn[1][1] != drawn[0][1]).any()


def test_draws_follow_an_edit_of_the_recipe(qtbot: QtBot, data: MainWindow, drawn: Shown) -> None:
    turn_to(data, "Augmentation")
    data.data_side.draws.choose(7)
    qtbot.waitUntil(lambda: len(drawn) > 0 and "0007.png" in drawn[-1][0], timeout=LONG_MS)
    before = len(drawn)
    values = {"training.crop_padding": 0, "training.horizontal_flip": False}
    data.build_panel.take_values({"data.validation_fraction": 0.2} | values)
    qtbot.waitUntil(lambda: len(drawn) > before, timeout=LONG_MS)
    looked = data.data_side.reading.looked
    assert looked is not None
    assert all((each == looked.dataset.train.images[7]).all() for each in drawn[-1][1])


# Classes and normalization in the window


def test_a_click_on_a_class_shows_its_images(qtbot: QtBot, data: MainWindow) -> None:
    turn_to(data, "Classes")
    view = named(data, QListView, CLASSES)
    place = view.visualRect(view.model().index(2, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert named(data, PictureList, "Images of the data set").isVisible()
    assert says(data, "52 images of red")


def test_mean_images_come_once_the_classes_are_seen(qtbot: QtBot, data: MainWindow) -> None:
    looked = data.data_side.reading.looked
    assert looked is not None
    turn_to(data, "Classes")
    view = named(data, QListView, CLASSES)
    index = view.model().index(0, 0)

    def middle() -> tuple[int, ...]:
        """The color in the middle of the first row's picture."""
        place = view.visualRect(index)
        color = view.viewport().grab(place).toImage().pixelColor(QPoint(place.height() // 2, place.height() // 2))
        return color.red(), color.green(), color.blue()

    blue = looked.dataset.train.images[looked.dataset.train.labels == 0].mean((0, 1, 2))
    qtbot.waitUntil(lambda: np.abs(np.array(middle()) - blue).max() < 25, timeout=LONG_MS)


def figures(window: MainWindow) -> list[list[str]]:
    table = named(window, QTableWidget, NUMBERS)
    columns = range(table.columnCount())
    return [[table.item(row, column).text() for column in columns] for row in range(table.rowCount())]


@pytest.fixture
def normalizing(qtbot: QtBot, data: MainWindow) -> MainWindow:
    turn_to(data, "Normalization")
    qtbot.waitUntil(lambda: figures(data)[1][1] != "…", timeout=LONG_MS)
    return data


def test_numbers_stand_beside_those_of_the_data(normalizing: MainWindow) -> None:
    chosen, of_data, cifar10, imagenet = figures(normalizing)
    assert chosen[1:] == cifar10[1:] == ["0.4914", "0.4822", "0.4465", "0.2470", "0.2435", "0.2616"]
    assert imagenet[1:] == ["0.4850", "0.4560", "0.4060", "0.2290", "0.2240", "0.2250"]
    looked = normalizing.data_side.reading.looked
    assert looked is not None
    assert looked.uses is not None
    trained = looked.dataset.train.images[looked.uses == "training"].reshape(-1, 3) / 255
    assert of_data[0] == "These 96 training images"
    assert of_data[1:] == [f"{number:.4f}" for number in (*trained.mean(0), *trained.std(0))]


@pytest.mark.parametrize(
    ("text", "name"), [("Use the data's own", "from-data"), ("CIFAR-10", "cifar10"), ("ImageNet", "imagenet")]
)
def test_a_button_chooses_and_undo_takes_it_back(
    normalizing: MainWindow, tiny_config: RunConfig, text: str, name: str
) -> None:
    button(normalizing.data_side.page, text).click()
    config = normalizing.build_panel.config
    assert config is not None
    assert config.data.normalization == name
    assert normalizing.build_panel.data_panel.field("normalization").currentText() == name
    chosen, of_data, cifar10, imagenet = (row[1:] for row in figures(normalizing))
    assert chosen == {"from-data": of_data, "cifar10": cifar10, "imagenet": imagenet}[name]
    assert button(normalizing.data_side.page, text).toolTip() == "Chosen already"
    normalizing.network_actions.history.undo()
    assert normalizing.build_panel.config == tiny_config
    assert button(normalizing.data_side.page, text).isEnabled()


def test_numbers_of_ones_own_give_way(normalizing: MainWindow) -> None:
    pick(normalizing.build_panel, "Normalize by", "custom")
    normalizing.build_panel.data_panel.field("mean").setText("0.1, 0.2, 0.3")
    assert figures(normalizing)[0][1:4] == ["0.1000", "0.2000", "0.3000"]
    button(normalizing.data_side.page, "ImageNet").click()
    config = normalizing.build_panel.config
    assert config is not None
    assert (config.data.normalization, config.data.mean) == ("imagenet", ())


def test_a_wrong_field_is_said_where_a_choice_would_be_made(normalizing: MainWindow) -> None:
    pick(normalizing.build_panel, "Normalize by", "custom")
    normalizing.build_panel.data_panel.field("mean").setText("none")
    offered = button(normalizing.data_side.page, "ImageNet")
    assert not offered.isEnabled()
    assert "Correct the marked field" in offered.toolTip()


def test_pictures_are_shown_as_the_network_sees_them(normalizing: MainWindow) -> None:
    pairs = named(normalizing, ImagePairs, "Training images, the original above what the network sees")
    assert pairs.count == 8
    above, below = pairs.rects(pairs.width())[0]
    drawn = pairs.grab().toImage()
    first = normalizing.data_side.reading.looked.dataset.train.images[:1]  # type: ignore[union-attr]
    by = Normalization.named("cifar10")
    assert by is not None
    for place, pixels in ((above, first[0]), (below, as_seen(first, by.mean, by.std)[0])):
        color = drawn.pixelColor(place.topLeft() + QPoint(2, 2))
        assert [color.red(), color.green(), color.blue()] == pixels[0, 0].tolist()


def test_the_plot_says_what_channels_become(qtbot: QtBot, theme: Theme) -> None:
    plot = ValuePlot(theme)
    qtbot.addWidget(plot)
    plot.resize(800, plot.sizeHint().height())
    empty = pictures_of(plot)
    counts = np.zeros((3, 256), np.int64)
    counts[:, 51], counts[:, 102] = 1, 1
    half = Normalization.named("half")
    assert half is not None
    plot.show_values(counts, half)
    assert plot.words[0] == "red becomes mean −0.40, deviation 0.20"
    assert pictures_of(plot) != empty
    before = pictures_of(plot)
    theme.choose("dark")
    assert pictures_of(plot) != before
    narrow = Normalization("custom", (0.3,) * 3, (0.001,) * 3)
    plot.show_values(counts, narrow)
    assert pictures_of(plot) != before


def test_the_split_is_counted_anew(qtbot: QtBot, normalizing: MainWindow) -> None:
    normalizing.build_panel.take_values({"data.validation_fraction": 0.5})
    qtbot.waitUntil(lambda: figures(normalizing)[1][0] == "These 60 training images", timeout=LONG_MS)
    qtbot.waitUntil(lambda: figures(normalizing)[1][1] != "…", timeout=LONG_MS)
    assert label(normalizing.data_side.page, "auto: as the starting weights").isVisible()


def test_what_is_left_out_is_not_counted(qtbot: QtBot, normalizing: MainWindow) -> None:
    """A run neither trains on it nor finds the numbers of the data by it."""
    before = figures(normalizing)[1]
    assert before[0] == "These 96 training images"
    desk = normalizing.data_side.desk
    splits = normalizing.data_side.reading.looked.splits
    training = np.flatnonzero(splits == "training")
    desk.marks.toggle("excluded", {"train": training[:40]})
    qtbot.waitUntil(lambda: figures(normalizing)[1][0] == "These 56 training images", timeout=LONG_MS)
    qtbot.waitUntil(lambda: figures(normalizing)[1][1] != "…", timeout=LONG_MS)
    assert figures(normalizing)[1] != before
    turn_to(normalizing, "Classes")
    rows = named(normalizing, QListView, CLASSES).model()
    assert sum(int(str(rows.index(row, 0).data()).split()[1]) for row in range(rows.rowCount())) == 56
    desk.marks.toggle("excluded", {"train": training[40:]})
    turn_to(normalizing, "Normalization")
    qtbot.waitUntil(lambda: says(normalizing, "All images are left out of training."), timeout=LONG_MS)
    assert figures(normalizing)[1][0] == "These 0 training images"


def occupy(window: MainWindow) -> Event:
    """Let all that is asked of the images wait until the result is set."""
    done = Event()

    def wait(_home: Home) -> Work:
        while not done.wait(0.01):
            yield None

    window.inspecting_lane.ask(Job(wait), window.home, window)
    return done


def test_checks_that_were_stopped_can_be_begun_again(qtbot: QtBot, data: MainWindow) -> None:
    others = occupy(data)
    turn_to(data, "Checks")
    bar = data.data_side.checks.view.work
    assert not has_button(data.data_side.page, "Look for near-duplicates")
    button(bar, "Cancel").click()
    assert bar.text == "The images were not looked at to the end."
    button(bar, "Try again").click()
    others.set()
    qtbot.waitUntil(lambda: says(data, "36 test images of 3 classes"), timeout=LONG_MS)
    others = occupy(data)
    near = button(data.data_side.page, "Look for near-duplicates")
    near.click()
    assert not near.isEnabled()
    assert near.toolTip() == "The images are being looked at"
    button(bar, "Cancel").click()
    others.set()
    assert near.isEnabled()
    assert says(data, "36 test images of 3 classes"), "what was found before is still there"


def test_checks_tell_what_is_odd_and_lead_to_the_images(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    root = write_images(tmp_path / "mine", 12, 3)
    shutil.copy(root / "train" / "red" / "0024.png", root / "test" / "red" / "copy.png")
    (root / "train" / "blue" / "empty.png").write_bytes(b"")
    window.build_panel.data_panel.choose_source(str(root))
    window.build_panel.show_tab("data")
    turn_to(window, "Checks")
    qtbot.waitUntil(lambda: says(window, "1 file cannot be read"), timeout=LONG_MS)
    for words in (
        "36 training and 10 test images of 3 classes",
        "1 group of the same or nearly the same images hold",
        "1 group; first those of test images",
        "Files that cannot be read",
    ):
        assert says(window, words), words
    copies = named(window, QTableWidget, "Images that are the same, or nearly so")
    assert copies.rowCount() == 1
    assert copies.item(0, 0).text() == "Training\nred\n0024.png"
    assert copies.item(0, 1).text() == "Test\nred\ncopy.png"
    button(window, "Look for near-duplicates").click()
    qtbot.waitUntil(lambda: not has_button(window, "Look for near-duplicates"), timeout=LONG_MS)
    copies.activated.emit(copies.model().index(0, 1))
    gallery = named(window, PictureList, "Images of the data set")
    qtbot.waitUntil(gallery.isVisible)
    assert gallery.currentIndex().data(Qt.ItemDataRole.ToolTipRole) == "test/red/copy.png\nred, test"
