"""The view Changes: what sliders, maps and buttons show is what the engine says of the very network and image."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QSlider, QTabWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, named, pictures_in, says
from tests.trained import exhausted, opened, record_run
from workbench.core.home import Home
from workbench.core.inspection.image_changes import FACTORS, ImageChange
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection import changes, smallest_change
from workbench.engine.inspection.subject import Subject
from workbench.gui.inspect.changes.change_words import change_words, patch_words, smallest_shift_words
from workbench.gui.inspect.changes.changes_view import ChangesView
from workbench.gui.main_window import MainWindow
from workbench.gui.work import inspection_jobs


@pytest.fixture
def run_id(home: Home, tiny_config: RunConfig) -> str:
    return record_run(home, tiny_config)


@pytest.fixture
def window(run_id: str, make_window: Callable[..., MainWindow]) -> MainWindow:
    """Looks at an image in the view."""
    window = make_window()
    window.workspaces.show("inspect")
    window.selection.choose_image(20)
    open_tab(window)
    return window


def open_tab(window: MainWindow) -> None:
    for tabs in window.findChildren(QTabWidget):
        for index in range(tabs.count()):
            if tabs.tabText(index) == "Changes":
                tabs.setCurrentIndex(index)
                return
    raise AssertionError("there is no such tab")


def view_of(window: MainWindow) -> ChangesView:
    return window.findChild(ChangesView)


def slider(window: MainWindow, name: str) -> QSlider:
    return named(view_of(window), QSlider, name)


def subject_of(window: MainWindow) -> Subject:
    return opened(window.home, window.selection.run_id, window.selection.epoch)


def caption_of(subject: Subject, pixels: np.ndarray, change: ImageChange) -> str:
    said = exhausted(changes.answer(subject, pixels, change)).probabilities
    return f"{subject.class_names[int(said.argmax())]} {said.max():.2f}"


def wait_for(qtbot: QtBot, window: MainWindow, words: str) -> None:
    qtbot.waitUntil(lambda: says(view_of(window), words), timeout=LONG_MS)


def test_the_view_is_built_when_it_is_first_seen(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    assert view_of(window) is None
    window.workspaces.show("inspect")
    assert view_of(window) is None
    open_tab(window)
    assert view_of(window) is not None


def test_effects_are_shown_once_the_tab_is_opened(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    subject, looked = subject_of(window), window.selection.looked_at
    assert looked is not None
    found = exhausted(changes.effects(subject, looked.pixels))
    name = subject.class_names[found.prediction]
    assert says(
        view_of(window), f"{found.shift_stays.sum() - 1} of 80 shifts of up to 4 px keep the answer {name}"
    )
    best = int(found.averaged.argmax())
    assert says(view_of(window), f"{subject.class_names[best]} {found.averaged[best]:.2f}")


def test_sliders_show_the_answer_to_what_they_say(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    named_change = ImageChange(True, 3, -2, 10, 0.6, 1.3)
    button(view_of(window), "Mirrored").setChecked(True)
    for name, value in (("Right", 3), ("Down", -2), ("Rotation", 10), ("Brightness", 60), ("Contrast", 130)):
        slider(window, name).setValue(value)
    wait_for(qtbot, window, change_words(named_change))
    looked = window.selection.looked_at
    assert looked is not None
    assert says(view_of(window), caption_of(subject_of(window), looked.pixels, named_change))
    button(view_of(window), "Reset").click()
    assert slider(window, "Right").value() == 0
    assert not button(view_of(window), "Reset").isEnabled()
    qtbot.waitUntil(lambda: not says(view_of(window), change_words(named_change)), timeout=LONG_MS)


def test_while_a_slider_is_dragged_one_answer_is_asked_for_at_a_time(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    asked: list[ImageChange] = []
    original = inspection_jobs.answer

    def counted(looker, place, pixels, change):  # type: ignore[no-untyped-def]
        asked.append(change)
        return original(looker, place, pixels, change)

    monkeypatch.setattr(inspection_jobs, "answer", counted)
    for value in range(100, 150):
        slider(window, "Brightness").setValue(value)
    wait_for(qtbot, window, change_words(ImageChange(brightness=1.49)))
    assert asked[-1] == ImageChange(brightness=1.49)
    assert len(asked) <= 2, "moves that come together are one"


def test_they_stay_for_the_next_image_and_epoch(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    change = ImageChange(right_px=2)
    slider(window, "Right").setValue(2)
    wait_for(qtbot, window, "2 px right")
    for move in (lambda: window.selection.choose_image(3), lambda: window.selection.show_epoch(1)):
        move()
        wait_for(qtbot, window, "2 px right")
        looked = window.selection.looked_at
        assert looked is not None
        wait_for(qtbot, window, caption_of(subject_of(window), looked.pixels, change))


def test_a_click_on_the_map_and_on_the_curve_moves_the_sliders(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    view = view_of(window)
    side = view.shift_map.width()
    qtbot.mouseClick(view.shift_map, Qt.MouseButton.LeftButton, pos=QPoint(side - 3, 3))
    assert (slider(window, "Right").value(), slider(window, "Down").value()) == (4, -4)
    qtbot.mouseClick(view.curves, Qt.MouseButton.LeftButton, pos=QPoint(0, 30))
    assert slider(window, "Brightness").value() == round(100 * FACTORS[0])
    wait_for(qtbot, window, "4 px right, 4 px up, 50")


def test_the_smallest_change_is_found_and_goes_with_the_image(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    looked, subject = window.selection.looked_at, subject_of(window)
    assert looked is not None
    found = exhausted(smallest_change.smallest_changes(subject, looked.pixels))
    former = subject.class_names[found.prediction]
    button(view_of(window), "Find").click()
    assert has_button(view_of(window), "Cancel")
    wait_for(qtbot, window, patch_words(found.patch, 8, former, subject.class_names, 1))
    assert says(view_of(window), smallest_shift_words(found.shift, 4, former, subject.class_names))
    qtbot.waitUntil(lambda: has_button(view_of(window), "Find"), timeout=LONG_MS)
    window.selection.choose_image(5)
    qtbot.waitUntil(lambda: not says(view_of(window), "gray patch of" if found.patch is None else "gray patch at"))


def test_the_search_is_canceled(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    button(view_of(window), "Find").click()
    button(view_of(window), "Cancel").click()
    wait_for(qtbot, window, "Canceled.")
    button(view_of(window), "Begin again").click()
    qtbot.waitUntil(lambda: says(view_of(window), "gray patch"), timeout=LONG_MS)


def test_views_are_tested_on_all_images_and_show_which_changed(qtbot: QtBot, window: MainWindow) -> None:
    window.selection.show_epoch(1)
    wait_for(qtbot, window, "of 80 shifts")
    found = exhausted(changes.augmented_test(subject_of(window)))
    button(view_of(window), "Measure").click()
    wait_for(qtbot, window, "by the mean of 10 views")
    assert says(view_of(window), f"{100 * found.averaged_accuracy:.2f}")
    for kind, indices in (("right", found.newly_right), ("wrong", found.newly_wrong)):
        shown = button(view_of(window), f"{len(indices)} newly {kind}")
        assert shown.isEnabled() == bool(len(indices))
        if len(indices):
            shown.click()
            assert pictures_in(window.inspect_desk.gallery) == len(indices)
    # What took so long stays known.
    window.selection.show_epoch(2)
    qtbot.waitUntil(lambda: not says(view_of(window), "by the mean of 10 views"), timeout=LONG_MS)
    window.selection.show_epoch(1)
    wait_for(qtbot, window, "by the mean of 10 views")


def test_an_image_of_ones_own_is_changed_too(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (16, 16, 3), np.uint8)).save(tmp_path / "a.png")
    window.inspect_desk.trying.try_file(tmp_path / "a.png")
    qtbot.waitUntil(lambda: window.selection.image is None, timeout=LONG_MS)
    wait_for(qtbot, window, "of 80 shifts")
    slider(window, "Down").setValue(-1)
    wait_for(qtbot, window, "1 px up")
    looked = window.selection.looked_at
    assert looked is not None
    assert looked.is_brought
    wait_for(qtbot, window, caption_of(subject_of(window), looked.pixels, ImageChange(down_px=-1)))


def test_without_weights_of_the_epoch_the_nearest_is_offered(qtbot: QtBot, window: MainWindow) -> None:
    wait_for(qtbot, window, "of 80 shifts")
    kept = window.selection.run.kept
    for epoch, path in window.library.weights_by_epoch(window.selection.run_id).items():
        if epoch != kept:
            path.unlink()
    window.selection.look_for_weights(window.selection.run_id)
    other = kept % 3 + 1
    window.selection.show_epoch(other)
    wait_for(qtbot, window, f"No weights of epoch {other} are kept.")
    slider(window, "Right").setValue(1)
    button(view_of(window), f"Go to epoch {kept}").click()
    assert window.selection.epoch == kept
    wait_for(qtbot, window, "1 px right")


def test_without_a_run_it_says_what_will_appear(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    window.workspaces.show("inspect")
    open_tab(window)
    qtbot.waitUntil(lambda: says(view_of(window), "once a run is chosen or trained"))
    assert all(label.wordWrap() for label in view_of(window).findChildren(QLabel) if "once a run" in label.text())
