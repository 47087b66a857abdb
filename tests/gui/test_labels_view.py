"""The view Labels in a real window: doubtful labels, near-duplicates, people, and the accuracy without them."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QTabWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, button_like, has_button, says
from tests.planted import PLANTED, plant_doubts
from tests.trained import record_run
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.desks.labels_desk import LabelsDesk
from workbench.gui.inspect.labels.labels_panel import LabelsPanel
from workbench.gui.main_window import MainWindow


@pytest.fixture
def doubted(home: Home, tiny_config: RunConfig) -> str:
    run_id = record_run(home, tiny_config)
    plant_doubts(home, run_id)
    return run_id


@pytest.fixture
def opened(doubted: str, make_window: Callable[..., MainWindow], qtbot: QtBot) -> MainWindow:
    """A window that shows the doubtful labels of the run."""
    window = make_window()
    window.resize(1500, 950)
    window.workspaces.show("inspect")
    window.show()
    show_tab(window)
    panel = panel_of(window)
    qtbot.waitUntil(lambda: panel.list.count == 3, timeout=LONG_MS)
    return window


def panel_of(window: MainWindow) -> LabelsPanel:
    return window.findChild(LabelsPanel)


def pick(panel: LabelsPanel, *rows: int) -> None:
    model, chosen = panel.list.model(), panel.list.selectionModel()
    chosen.clear()
    for row in rows:
        chosen.setCurrentIndex(model.index(row, 0), QItemSelectionModel.SelectionFlag.Select)


def tabs_of(window: MainWindow) -> QTabWidget:
    """Of the middle of the workspace."""
    tabs = window.workspaces.current == "inspect" and window.inspect_desk.gallery.parentWidget().parentWidget()
    assert isinstance(tabs, QTabWidget)
    return tabs


def show_tab(window: MainWindow) -> None:
    tabs = tabs_of(window)
    tabs.setCurrentIndex([tabs.tabText(number) for number in range(tabs.count())].index("Labels"))


def tab_of(window: MainWindow) -> str:
    return tabs_of(window).tabText(tabs_of(window).currentIndex())


def figures(window: MainWindow) -> list[str]:
    return panel_of(window).figures.texts


def test_doubtful_labels_are_listed_least_believable_first(opened: MainWindow) -> None:
    panel = panel_of(opened)
    rows = [panel.list.model().index(row, 0) for row in range(3)]
    assert [panel.list._rows.image_index(row) for row in range(3)] == list(PLANTED)
    captions = [row.data() for row in rows]
    for caption in captions:
        words, score = caption.split(", ")
        given, suggested = words.split(" → ")
        assert given != suggested
        assert score.startswith("score 0.0")
    assert figures(opened)[0] == "91.7\u202f% accuracy, 36 test images"
    assert figures(opened)[1] == "100.0\u202f% without 3 doubtful, at most"
    assert "doubtful labels, 8.3" in figures(opened)[2]


def test_marking_counts_at_once_and_everywhere(qtbot: QtBot, opened: MainWindow, home: Home) -> None:
    panel, side = panel_of(opened), opened.inspect_desk.side
    pick(panel, 0, 1)
    qtbot.mouseClick(button(panel, "Mark 2"), Qt.MouseButton.LeftButton)
    assert opened.selection.marks.indices().tolist() == sorted(PLANTED[:2])
    assert figures(opened)[1] == "97.1\u202f% without 2 marked"
    assert says(side, "91.7\u202f% right, 97.1\u202f% without 2 marked")
    assert len(list(home.marks.glob("*.json"))) == 1
    assert has_button(panel, "Unmark 2")
    qtbot.mouseClick(button(panel, "Unmark 2"), Qt.MouseButton.LeftButton)
    assert says(side, "91.7\u202f% of 36 test images right")
    assert "marked" not in " ".join(figures(opened))


def test_keys_mark_and_take_back_in_the_list_and_in_the_gallery(qtbot: QtBot, opened: MainWindow) -> None:
    panel, marks = panel_of(opened), opened.selection.marks
    edits = opened.network_actions.history.stack
    opened.build_panel.take_values({"training.epochs": 7})
    assert edits.canUndo()
    before = opened.build_panel.config
    opened.activateWindow()
    panel.list.setFocus()
    qtbot.waitUntil(panel.list.hasFocus)
    pick(panel, 0, 2)
    qtbot.keyClick(panel.list, Qt.Key.Key_M)
    assert marks.indices().tolist() == sorted((PLANTED[0], PLANTED[2]))
    qtbot.keyClick(panel.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not marks.indices().size
    qtbot.keyClick(
        panel.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert marks.indices().size == 2
    assert opened.build_panel.config == before
    action(opened, "Take back the last mark").trigger()
    assert not marks.indices().size


def test_the_picked_image_is_looked_at_and_all_are_shown_in_the_gallery(qtbot: QtBot, opened: MainWindow) -> None:
    panel = panel_of(opened)
    pick(panel, 1)
    assert opened.selection.image == PLANTED[1]
    button(panel, "Show in gallery").click()
    assert tab_of(opened) == "Gallery"
    assert opened.selection.order.tolist() == list(PLANTED)
    assert says(opened.inspect_desk.gallery, "with doubtful labels")


def test_validation_images_have_marks_of_their_own(qtbot: QtBot, opened: MainWindow) -> None:
    panel, marks = panel_of(opened), opened.selection.marks
    button(panel, "Validation").click()
    qtbot.waitUntil(lambda: bool(figures(opened)), timeout=LONG_MS)
    assert "24 validation images" in figures(opened)[0]
    if panel.list.count:
        assert not button(panel, "Show in gallery").isEnabled()
    desk = opened.inspect_desk._labels_desk
    found = desk._current()
    marks.toggle(found.numbers[~found.evaluation.correct][:1].tolist() or found.numbers[:1].tolist(), "train")
    assert len(marks.indices("train")) == 1
    assert not marks.indices().size
    assert "without 1 marked" in figures(opened)[1]


def test_near_duplicates_are_searched_once_and_kept(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panel_of(opened)
    button(panel, "Near-duplicates").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search"), timeout=LONG_MS)
    assert says(panel, "have not been searched")
    button(panel, "Search").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search again"), timeout=LONG_MS)
    assert says(panel, "No test image is like a training image.")
    assert figures(opened)[-1].startswith("0.00\u202f% known from training")
    button(panel, "Doubtful labels").click()
    qtbot.waitUntil(lambda: panel.list.count == 3, timeout=LONG_MS)
    button(panel, "Near-duplicates").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search again"), timeout=LONG_MS)
    # Of another epoch, pictures are the same.
    opened.selection.show_epoch(1)
    qtbot.waitUntil(lambda: has_button(panel, "Search again"), timeout=LONG_MS)


def test_a_search_is_canceled_and_offered_again(qtbot: QtBot, opened: MainWindow) -> None:
    panel = panel_of(opened)
    button(panel, "Near-duplicates").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search"), timeout=LONG_MS)
    button(panel, "Search").click()
    button(panel, "Cancel").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search"), timeout=LONG_MS)


def test_people_s_answers_are_opened_and_remembered(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panel_of(opened)
    evaluation = opened.selection.evaluation
    assert evaluation is not None
    counts = np.full((36, 3), 1)
    counts[np.arange(36), evaluation.labels] = 48
    counts[PLANTED[0]] = np.where(np.arange(3) == evaluation.predictions[PLANTED[0]], 40, 5)
    path = tmp_path / "cifar10h-counts.npy"
    np.save(path, counts)
    button(panel, "Human agreement").click()
    qtbot.waitUntil(lambda: has_button(panel, "Open counts…"), timeout=LONG_MS)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    button(panel, "Open counts…").click()
    qtbot.waitUntil(lambda: panel.list.count == 36, timeout=LONG_MS)
    assert panel.list._rows.image_index(0) == PLANTED[0]
    assert "people 10\u202f% · net" in panel.list.model().index(0, 0).data()
    assert figures(opened)[-1] == "1 of 3 mistakes: people disagree too"
    assert "under half: 1, 0.0" in panel.bands.accessibleDescription()
    path.unlink()
    opened.selection.show_epoch(1)
    qtbot.waitUntil(lambda: panel.list.count == 36, timeout=LONG_MS)


def test_wrong_counts_are_a_sentence_and_keep_the_former(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    panel, desk = panel_of(opened), opened.inspect_desk._labels_desk
    np.save(tmp_path / "good.npy", np.ones((36, 3)))
    desk.take_counts(tmp_path / "good.npy")
    qtbot.waitUntil(lambda: panel.list.count == 36, timeout=LONG_MS)
    np.save(tmp_path / "bad.npy", np.ones((35, 3)))
    desk.take_counts(tmp_path / "bad.npy")
    qtbot.waitUntil(lambda: says(panel, "bad.npy has the shape 35 x 3; it must have 36 x 3"), timeout=LONG_MS)
    button(panel, "Try again").click()
    qtbot.waitUntil(lambda: panel.list.count == 36, timeout=LONG_MS)


def test_dropped_counts_are_shown(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    np.save(tmp_path / "counts.npy", np.ones((36, 3)))
    opened.workspaces.show("train")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "counts.npy"))])
    keys = Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys)
    QApplication.sendEvent(opened.windowHandle(), drop)
    panel = panel_of(opened)
    qtbot.waitUntil(lambda: panel.isVisible() and panel.list.count == 36, timeout=LONG_MS)
    assert opened.workspaces.current == "inspect"


def test_a_list_is_saved_as_a_table(opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "list"), ""))
    button(panel_of(opened), "Save list…").click()
    with (tmp_path / "list.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == list(PLANTED)
    assert "Saved to" in opened.message_bar.text
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "list.csv" / "in a file"), ""))
    button_like(panel_of(opened), "Save list").click()
    assert opened.message_bar.text.startswith("Error: cannot write")


def test_without_a_run_it_says_so(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = make_window()
    window.workspaces.show("inspect")
    show_tab(window)
    panel = panel_of(window)
    qtbot.waitUntil(lambda: says(panel, "appear here once a run is chosen or trained"), timeout=LONG_MS)
    assert window.findChild(LabelsDesk) is not None
