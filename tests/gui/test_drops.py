"""What is dropped on the window is taken for what it is, and said before it is dropped."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QWindow
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import write_images
from tests.gui.conftest import LONG_MS
from tests.gui.seen import is_drawn_as_written, label, named, says
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.drop_overlay import DropOverlay

ACTIONS = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
BUTTON, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Dragging:
    """What a person drags over a window, as the system tells Qt, which looks for the widget below the pointer."""

    def __init__(self, *paths: Path | str) -> None:
        self.data = QMimeData()
        urls = [QUrl.fromLocalFile(str(path)) if isinstance(path, Path) else QUrl(path) for path in paths]
        if urls:
            self.data.setUrls(urls)
            # As file managers do; a text field would take it.
            self.data.setText(" ".join(url.toString() for url in urls))

    def over(self, widget: QWidget) -> bool:
        """Whether it may be dropped there."""
        at = middle(widget)
        enter = QDragEnterEvent(at, ACTIONS, self.data, BUTTON, NO_KEYS)
        QApplication.sendEvent(handle(widget), enter)
        move = QDragMoveEvent(at, ACTIONS, self.data, BUTTON, NO_KEYS)
        QApplication.sendEvent(handle(widget), move)
        return enter.isAccepted() and move.isAccepted()

    def dropped_on(self, widget: QWidget) -> QDropEvent:
        assert self.over(widget)
        drop = QDropEvent(QPointF(middle(widget)), ACTIONS, self.data, BUTTON, NO_KEYS)
        QApplication.sendEvent(handle(widget), drop)
        assert drop.isAccepted()
        # What is moved is removed from where it was.
        assert not self.data.urls() or drop.dropAction() == Qt.DropAction.CopyAction
        return drop


def handle(widget: QWidget) -> QWindow:
    """What the system knows of the window that a widget stands in."""
    handle = widget.window().windowHandle()
    assert handle is not None
    return handle


def middle(widget: QWidget) -> QPoint:
    return widget.mapTo(widget.window(), widget.rect().center())


def leave(widget: QWidget) -> None:
    """Drag what is over a window away again."""
    QApplication.sendEvent(handle(widget), QDragLeaveEvent())


@pytest.fixture(autouse=True)
def nothing_dragged(qapp: QApplication) -> Iterator[None]:
    yield
    # Qt remembers the widget that a drag was over.
    for window in qapp.topLevelWidgets():
        if window.windowHandle() is not None:
            leave(window)


def announced(window: MainWindow) -> str:
    """What lies over the window."""
    overlay = window.findChild(DropOverlay)
    assert not overlay.isVisible() or overlay.geometry() == window.rect()
    return str(overlay.text) if overlay.isVisible() else ""


def tab(window: MainWindow) -> str:
    tabs = window.build_panel.tabs
    return tabs.tabText(tabs.currentIndex())


def config_of(window: MainWindow) -> RunConfig:
    config = window.build_panel.config
    assert config is not None
    return config


def undo(window: MainWindow) -> None:
    window.network_actions.history.undo()


def test_a_folder_is_the_images_to_train_on(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    before, root = config_of(window), write_images(tmp_path / "pets", 4, 2)
    dragging = Dragging(root)
    assert dragging.over(window)
    assert announced(window) == "Drop to train on the images in 'pets'"
    leave(window)
    assert announced(window) == ""
    assert config_of(window) == before
    dragging.dropped_on(window)
    assert announced(window) == ""
    assert config_of(window).data.source == str(root)
    assert tab(window) == "Data"
    assert window.message_bar.text == "The images in 'pets' are those to train on"
    qtbot.waitUntil(lambda: says(window.build_panel, "3 classes: 12 training and 6 test images"), timeout=LONG_MS)
    undo(window)
    assert config_of(window) == before


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.xz"])
def test_so_is_an_archive(window: MainWindow, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    Dragging(path).dropped_on(window)
    assert config_of(window).data.source == str(path)
    assert tab(window) == "Data"


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.th", "a.bin", "a.safetensors"])
def test_weights_are_what_training_starts_from(window: MainWindow, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    dragging = Dragging(path)
    assert dragging.over(window)
    assert announced(window) == f"Drop to start training from the weights '{name}'"
    dragging.dropped_on(window)
    assert config_of(window).fine_tuning.weights == str(path)
    assert tab(window) == "Train"
    assert named(window.build_panel, QComboBox, "Start from").currentText() == name
    assert named(window.build_panel, QComboBox, "Recipe").currentText() == "Fine-tune"


def test_the_settings_of_a_run_fill_the_left_side(window: MainWindow, tmp_path: Path) -> None:
    before = config_of(window)
    other = before.with_values({"training.epochs": 7, "data.validation_fraction": 0.3})
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"name": "mine", "config": other.model_dump(mode="json")}))
    dragging = Dragging(path)
    assert dragging.over(window)
    assert announced(window) == "Drop to take the settings in 'config.json'"
    dragging.dropped_on(window)
    assert config_of(window) == other
    assert tab(window) == "Data"
    undo(window)
    assert config_of(window) == before


def test_a_network_replaces_the_network_and_a_preset_s_file_too(window: MainWindow, tmp_path: Path) -> None:
    before, network = config_of(window), Presets.load().model("conv8").config
    (tmp_path / "network.json").write_text(network.model_dump_json())
    (tmp_path / "mine.toml").write_text("[model.mine]\nblocks = [1]\nwidths = [4]\n")
    Dragging(tmp_path / "network.json").dropped_on(window)
    assert config_of(window) == before.model_copy(update={"model": network})
    assert tab(window) == "Model"
    Dragging(tmp_path / "mine.toml").dropped_on(window)
    assert config_of(window).model.widths == (4,)
    assert config_of(window).training == before.training
    undo(window)
    undo(window)
    assert config_of(window) == before


def test_what_cannot_be_used_is_refused_before_and_after(window: MainWindow, tmp_path: Path) -> None:
    before = config_of(window)
    (tmp_path / "notes.txt").write_text("x")
    dragging = Dragging(tmp_path / "notes.txt")
    assert dragging.over(window)
    assert announced(window).startswith(
        "Cannot use 'notes.txt'; what can be used is a folder, .zip or .tar of images"
    )
    dragging.dropped_on(window)
    assert announced(window) == ""
    assert window.message_bar.text.startswith("Error: cannot use 'notes.txt'; what can be used is a folder")
    Dragging("https://example.org/a.zip").dropped_on(window)
    assert "only files of this computer can be used here; what can be used is" in window.message_bar.text
    (tmp_path / "odd.json").write_text('{"training": {"epochs": 0}}')
    Dragging(tmp_path / "odd.json").dropped_on(window)
    assert "training.epochs is 0" in window.message_bar.text
    assert config_of(window) == before


def test_a_name_that_could_be_markup_is_said_as_it_is(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "<h1>big.zip"
    path.touch()
    dragging = Dragging(path)
    assert dragging.over(window)
    assert is_drawn_as_written(label(window.findChild(DropOverlay), "<h1>big.zip"))
    dragging.dropped_on(window)
    assert is_drawn_as_written(label(window.message_bar, "<h1>big.zip"))


def test_of_several_files_the_first_that_can_be_used_is_taken(window: MainWindow, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("notes.txt", "a.zip", "b.pt")]
    for path in paths:
        path.touch()
    dragging = Dragging(*paths)
    assert dragging.over(window)
    assert announced(window).endswith("the images in 'a.zip' (of 3 files, the first that can be used)")
    dragging.dropped_on(window)
    assert config_of(window).data.source == str(paths[1])
    assert config_of(window).fine_tuning.weights == ""
    assert window.message_bar.text.endswith("(of 3 files, the first that can be used)")


def test_a_part_waits_for_a_wrong_field_to_be_corrected(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text(Presets.load().model("conv8").config.model_dump_json())
    epochs = window.build_panel.training_panel.field("epochs")
    epochs.setValue(0)
    Dragging(tmp_path / "network.json").dropped_on(window)
    assert "correct the marked field first" in window.message_bar.text
    assert epochs.value() == 0


def milestones(window: MainWindow) -> QLineEdit:
    edit = window.build_panel.training_panel.field("milestones")
    window.build_panel.take_values({"training.schedule": "multi-step"})
    window.build_panel.show_tab("training")
    assert isinstance(edit, QLineEdit)
    assert edit.isVisible()
    edit.setText("50")
    return edit


def dragged_text(text: str) -> Dragging:
    dragging = Dragging()
    dragging.data.setText(text)
    return dragging


@pytest.mark.parametrize("after", ["nothing", "leave", "drop"])
def test_text_that_is_dragged_into_a_field_stands_in_it(window: MainWindow, tmp_path: Path, after: str) -> None:
    edit = milestones(window)
    (tmp_path / "notes.txt").touch()
    files = Dragging(tmp_path / "notes.txt")
    if after == "leave":
        assert files.over(window.menuBar())
        leave(window)
    elif after == "drop":
        files.dropped_on(window.menuBar())
    edit.clear()
    dragged_text("30, 60").dropped_on(edit)
    assert announced(window) == ""
    assert edit.text() == "30, 60"


def test_text_is_not_for_the_window(window: MainWindow) -> None:
    assert not dragged_text("30, 60").over(window.menuBar())
    assert announced(window) == ""


def test_every_place_of_the_window_takes_drops(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.touch()
    for widget in filter(QWidget.isVisible, window.findChildren(QWidget)):
        Dragging(path).dropped_on(widget)
        assert config_of(window).data.source == str(path)
        window.build_panel.data_panel.choose_source("sample")
        leave(widget)


def test_a_text_field_does_not_take_the_name_of_a_file(window: MainWindow, tmp_path: Path) -> None:
    late = QLineEdit(window)
    late.show()
    (tmp_path / "a.zip").touch()
    dragging = Dragging(tmp_path / "a.zip")
    for edit in (milestones(window), late):
        edit.setText("50")
        # Not over anything else before.
        dragging.dropped_on(edit)
        assert edit.text() == "50"
        assert config_of(window).data.source == str(tmp_path / "a.zip")
        window.build_panel.data_panel.choose_source("sample")


@pytest.mark.parametrize("workspace", ["train", "inspect", "compare"])
def test_what_was_taken_is_looked_at_from_every_workspace(
    window: MainWindow, tmp_path: Path, workspace: str
) -> None:
    window.workspaces.show(workspace)
    Dragging(write_images(tmp_path / "pets", 1, 1)).dropped_on(window)
    assert window.workspaces.current == "build"
    assert window.build_panel.data_panel.isVisible()


def test_it_lies_over_the_window_in_its_colors(window: MainWindow, tmp_path: Path) -> None:
    for name, role in (("a.zip", "accent"), ("a.txt", "wrong")):
        (tmp_path / name).touch()
        Dragging(tmp_path / name).over(window)
        overlay = window.findChild(DropOverlay)
        assert overlay.size() == window.size()
        edge = window.grab().toImage().pixelColor(window.rect().center().x(), 1)
        assert edge == window.theme.color(role)
        assert window.childAt(QPoint(window.width() // 2, window.height() // 2)) is not overlay
