"""An image of one's own, from a file, the clipboard or a drop, is looked at until one goes back to the others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.conftest import SIDE
from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, has_button, says
from tests.gui.test_drops import Dragging, announced
from tests.trained import exhausted, opened, record_run
from workbench.core.home import Home
from workbench.core.inspection.image_changes import UNCHANGED
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.changes import answer
from workbench.engine.inspection.given_image import read_image
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.pictures import to_qimage


@pytest.fixture
def run_id(home: Home, tiny_config: RunConfig) -> str:
    return record_run(home, tiny_config)


@pytest.fixture
def looking(qtbot: QtBot, run_id: str, make_window: Callable[..., MainWindow]) -> MainWindow:
    """A window in the workspace Inspect."""
    window = make_window()
    window.workspaces.show("inspect")
    return window


@pytest.fixture
def frog(tmp_path: Path) -> Path:
    path = tmp_path / "my 🐸.png"
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def copied(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def wait_for_answer(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: bool(window.inspect_desk.image_view.caption), timeout=LONG_MS)


def is_trying(window: MainWindow) -> bool:
    looked = window.selection.looked_at
    return looked is not None and looked.is_brought


def test_an_image_from_a_file_is_answered_for_the_epoch_of_the_slider(
    qtbot: QtBot, looking: MainWindow, frog: Path, home: Home, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(frog), ""))
    action(looking, "Try an image…").trigger()
    wait_for_answer(qtbot, looking)
    assert says(looking, "my 🐸.png")
    assert says(looking, "60 x 40 pixels; the middle 40 x 40 were cut out and scaled to 16 x 16.")
    for epoch in (looking.selection.epoch, 1):
        looking.selection.show_epoch(epoch)
        wait_for_answer(qtbot, looking)
        subject = opened(home, run_id, epoch)
        said = exhausted(answer(subject, read_image(frog, SIDE).pixels, UNCHANGED)).probabilities
        expected = f"{subject.class_names[int(said.argmax())]} {said.max():.2f}"
        assert looking.inspect_desk.image_view.caption == expected
    assert looking.selection.image is None


def test_one_comes_back_to_the_test_images_by_button_key_and_choice(
    qtbot: QtBot, looking: MainWindow, frog: Path
) -> None:
    looking.selection.choose_image(7)
    trying = looking.inspect_desk.trying
    for leave in (
        lambda: button(looking, "Back to test images").click(),
        action(looking, "Show all classes").trigger,
        lambda: looking.selection.choose_image(7),
    ):
        trying.try_file(frog)
        qtbot.waitUntil(lambda: is_trying(looking), timeout=LONG_MS)
        assert has_button(looking, "Back to test images")
        leave()
        assert not is_trying(looking)
        assert looking.selection.image == 7
        assert not has_button(looking, "Back to test images")


def test_escape_leaves_the_filter_until_the_image_is_left(qtbot: QtBot, looking: MainWindow, frog: Path) -> None:
    looking.selection.filter_classes(1, None)
    looking.inspect_desk.trying.try_file(frog)
    qtbot.waitUntil(lambda: is_trying(looking), timeout=LONG_MS)
    action(looking, "Show all classes").trigger()
    assert looking.selection.filter.truth == 1
    action(looking, "Show all classes").trigger()
    assert looking.selection.filter.truth is None


def test_it_is_dropped_on_the_window_from_any_workspace(qtbot: QtBot, looking: MainWindow, frog: Path) -> None:
    looking.workspaces.show("build")
    dragging = Dragging(frog)
    assert dragging.over(looking)
    assert announced(looking) == "Drop to see what the network says of 'my 🐸.png'"
    dragging.dropped_on(looking)
    wait_for_answer(qtbot, looking)
    assert looking.workspaces.current == "inspect"
    # Neither by what gets the focus then is it left.
    assert is_trying(looking)


def test_a_copied_file_and_copied_pixels_are_pasted(qtbot: QtBot, looking: MainWindow, frog: Path) -> None:
    clipboard, paste = QGuiApplication.clipboard(), action(looking, "Paste an image")
    assert paste.isEnabled()
    clipboard.setMimeData(copied(frog))
    paste.trigger()
    qtbot.waitUntil(lambda: is_trying(looking), timeout=LONG_MS)
    first = looking.selection.looked_at
    assert first is not None
    assert first.name == "my 🐸.png"
    with Image.open(frog) as image:
        clipboard.setImage(to_qimage(np.asarray(image)))
    paste.trigger()
    qtbot.waitUntil(lambda: says(looking, "pasted image"), timeout=LONG_MS)
    second = looking.selection.looked_at
    assert second is not None
    assert np.array_equal(first.pixels, second.pixels)


def test_transparent_pixels_are_pasted_on_white(qtbot: QtBot, looking: MainWindow) -> None:
    image = QImage(20, 20, QImage.Format.Format_ARGB32)
    image.fill(0)
    QGuiApplication.clipboard().setImage(image)
    action(looking, "Paste an image").trigger()
    qtbot.waitUntil(lambda: is_trying(looking), timeout=LONG_MS)
    looked = looking.selection.looked_at
    assert looked is not None
    assert (looked.pixels == 255).all()


def test_pasting_is_of_the_workspace_inspect(looking: MainWindow) -> None:
    looking.workspaces.show("train")
    assert not action(looking, "Paste an image").isEnabled()


def test_a_clipboard_without_an_image_is_a_sentence(looking: MainWindow) -> None:
    QGuiApplication.clipboard().setText("only words")
    action(looking, "Paste an image").trigger()
    assert "there is no image on the clipboard" in looking.message_bar.text
    assert not is_trying(looking)


@pytest.mark.parametrize("content", [b"", b"words\n", b"\x89PNG\r\n\x1a\n" + 90 * b"\0"])
def test_what_is_no_image_is_a_sentence_and_loses_nothing(
    qtbot: QtBot, looking: MainWindow, frog: Path, tmp_path: Path, content: bytes
) -> None:
    trying = looking.inspect_desk.trying
    trying.try_file(frog)
    wait_for_answer(qtbot, looking)
    before = looking.selection.looked_at
    (tmp_path / "no.png").write_bytes(content)
    trying.try_file(tmp_path / "no.png")
    qtbot.waitUntil(lambda: "cannot read the image" in looking.message_bar.text, timeout=LONG_MS)
    assert "no.png" in looking.message_bar.text
    assert looking.selection.looked_at is before


def test_without_a_run_it_is_said_what_is_missing(make_window: Callable[..., MainWindow], frog: Path) -> None:
    window = make_window()
    window.inspect_desk.trying.try_file(frog)
    assert "no run is chosen" in window.message_bar.text


def test_it_stays_with_another_run_of_the_same_size_and_ends_with_one_of_another(
    qtbot: QtBot,
    home: Home,
    tiny_config: RunConfig,
    run_id: str,
    make_window: Callable[..., MainWindow],
    frog: Path,
) -> None:
    same = record_run(home, tiny_config.with_values({"training.seed": 1}))
    other = record_run(home, tiny_config.with_values({"model.input_size": 8, "training.crop_padding": 1}))
    window = make_window()
    window.run_desk.show_run(run_id)
    window.workspaces.show("inspect")
    window.inspect_desk.trying.try_file(frog)
    wait_for_answer(qtbot, window)
    window.run_desk.show_run(same)
    assert is_trying(window)
    wait_for_answer(qtbot, window)
    window.run_desk.show_run(other)
    assert not is_trying(window)
