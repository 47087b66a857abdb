"""The training images nearest to the chosen one, in the window."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import says
from tests.trained import record_run
from workbench.core.home import Home
from workbench.core.inspection.neighbors import Neighbor, Neighbors
from workbench.core.settings.config import RunConfig
from workbench.gui.inspect.why.nearest_view import NearestView
from workbench.gui.inspect.why.neighbor_grid import NeighborGrid
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

NAMES = ("cat", "dog", "frog")


def neighbor(rank: int, label: int) -> Neighbor:
    pixels = np.full((32, 32, 3), 40 * label, np.uint8)
    return Neighbor(rank, 1 - rank / 100, label, 500 + rank, f"train/{NAMES[label]}/{rank:05d}.png", pixels)


def neighbors(
    labels: list[int], prediction: int, truth: int | None, of_truth: tuple[Neighbor, ...] = ()
) -> Neighbors:
    nearest = tuple(neighbor(rank, label) for rank, label in enumerate(labels, 1))
    return Neighbors(4, NAMES, prediction, truth, nearest, of_truth, 9_000)


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> NearestView:
    view = NearestView(theme)
    qtbot.addWidget(view)
    view.resize(320, 640)
    view.show()
    return view


def shown(grid: NeighborGrid, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> list[str]:
    rows = grid.model()
    return [rows.index(row, 0).data(role) for row in range(rows.rowCount())]


def test_it_says_of_which_classes_they_are(view: NearestView) -> None:
    assert says(view, "training images that the network takes for most like")
    view.show_neighbors(neighbors([1, 1, 0, 1, 2], 1, 0, (neighbor(3, 0), neighbor(17, 0))))
    assert view.text == (
        "3 of the 5 nearest training images are dog; 1 cat, 1 frog. "
        "The truth is cat. The nearest training image of that class comes as number 3:"
    )
    assert says(view, "Epoch 4, 9\u202f000 images")
    assert shown(view.nearest) == [
        "dog 0.99 predicted", "dog 0.98 predicted", "cat 0.97 truth", "dog 0.96 predicted", "frog 0.95",
    ]  # fmt: skip
    assert shown(view.of_truth) == ["cat 0.97 truth", "cat 0.83 truth"]
    tips = shown(view.nearest, Qt.ItemDataRole.ToolTipRole)
    assert "train/dog/00001.png" in tips[0]
    assert "number 1 of 9\u202f000" in tips[0]


def test_a_right_answer_needs_no_others(view: NearestView) -> None:
    view.show_neighbors(neighbors([2, 2, 2], 2, 2))
    assert view.text == "All 3 nearest training images are frog."
    assert not view.of_truth.isVisible()
    view.show_neighbors(neighbors([0, 2, 2, 0], 2, 2))
    assert view.text == "2 of the 4 nearest training images are frog; 2 cat."
    view.show_nothing()
    assert not view.nearest.isVisible()
    assert not says(view, "Epoch 4")


def test_of_a_brought_image_the_prediction_is_marked(view: NearestView) -> None:
    view.show_neighbors(neighbors([0, 1], 0, None))
    assert shown(view.nearest) == ["cat 0.99 predicted", "dog 0.98"]


def test_all_rows_have_room(view: NearestView) -> None:
    view.show_neighbors(neighbors([0] * 12, 0, 0))
    for width in (260, 320, 520):
        view.resize(width, 640)
        last = view.nearest.visualRect(view.nearest.model().index(11, 0))
        assert last.bottom() <= view.nearest.viewport().height()
        assert last.right() <= view.nearest.viewport().width()


def test_edges_say_what_words_say(view: NearestView, theme: Theme) -> None:
    view.show_neighbors(neighbors([1, 0, 2], 1, 0))
    picture = view.nearest.viewport().grab().toImage()
    found = set()
    for row in range(3):
        rect = view.nearest.visualRect(view.nearest.model().index(row, 0))
        colors = {picture.pixelColor(x, rect.top() + 24).name() for x in range(rect.left(), rect.right())}
        found.add((row, theme.color("wrong").name() in colors, theme.color("right").name() in colors))
    assert found == {(0, True, False), (1, False, True), (2, False, False)}


def test_in_a_window_they_follow_the_image_and_the_epoch(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    view = window.findChild(NearestView)
    tabs = view.parentWidget()
    while not isinstance(tabs, QTabWidget):
        tabs = tabs.parentWidget()
    tabs.setCurrentWidget(view)
    window.selection.choose_image(3)
    epoch = window.selection.epoch
    qtbot.waitUntil(lambda: says(view, f"Epoch {epoch}, 96 images"), timeout=LONG_MS)
    first = shown(view.nearest, Qt.ItemDataRole.ToolTipRole)
    assert len(first) == 12
    window.selection.choose_image(30)
    qtbot.waitUntil(lambda: shown(view.nearest, Qt.ItemDataRole.ToolTipRole) != first, timeout=LONG_MS)
    window.selection.show_epoch(epoch % 3 + 1)
    qtbot.waitUntil(lambda: says(view, f"Epoch {epoch % 3 + 1}, 96"), timeout=LONG_MS)
