"""The lesion board: blocks are switched off with pointer and keys, and what is left is seen."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QSlider, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, named, pictures_in, says
from tests.trained import exhausted, opened, record_run
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.inspection.lesions import Lesioned, Removed, Sweep
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.lesions import LesionBoard
from workbench.gui.inspect.blocks.block_strip_layout import StripLayout
from workbench.gui.inspect.blocks.block_strip_painter import Bars
from workbench.gui.inspect.blocks.blocks_view import BlocksView
from workbench.gui.inspect.blocks.class_losses import class_rows, pair_rows
from workbench.gui.inspect.blocks.lesion_choice import LesionChoice
from workbench.gui.inspect.blocks.lesion_view import LesionView
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

MODEL = ModelConfig(blocks=(2, 2), widths=(8, 16))
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> LesionView:
    view = LesionView(theme)
    qtbot.addWidget(view)
    view.resize(900, 640)
    view.choice.take_network(MODEL)
    view.show()
    return view


def found_of(before: list[int], now: list[int]) -> Lesioned:
    labels = np.array([0, 0, 1, 1])
    said = [Evaluation(labels, np.eye(2, dtype=np.float32)[each], ("cat", "dog")) for each in (before, now)]
    return Lesioned({"layer1.0": 0.0}, said[0], said[1], np.arange(4))


# The choice


def test_lesions_can_be_undone_one_by_one() -> None:
    choice = LesionChoice()
    choice.take_network(MODEL)
    choice.toggle("layer1.1")
    choice.set_scale("layer2.0", 0.5)
    choice.set_scale("layer2.0", 0.3, is_step=False)
    assert choice.scales == {"layer1.1": 0.0, "layer2.0": 0.3}
    choice.undo()
    assert choice.scales == {"layer1.1": 0.0}
    choice.restore()
    assert choice.scales == {}
    choice.undo()
    choice.undo()
    assert choice.scales == {}
    assert not choice.can_undo


def test_lesions_stay_where_blocks_have_the_same_names() -> None:
    choice = LesionChoice()
    choice.take_network(MODEL)
    choice.toggle("layer1.1")
    choice.take_network(MODEL.model_copy(update={"shortcut": "none"}))
    assert choice.scales == {"layer1.1": 0.0}
    choice.take_network(ModelConfig(blocks=(2, 1), widths=(8, 16)))
    assert choice.scales == {}
    assert not choice.can_undo


# The view


def test_a_click_switches_a_block_and_keys_do_too(qtbot: QtBot, view: LesionView) -> None:
    strip, choice = view.strip, view.choice
    qtbot.mouseClick(strip, LEFT, pos=strip.box_rect("layer2.0").center())
    assert choice.scales == {"layer2.0": 0.0}
    assert says(view, "layer2.0")
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    qtbot.keyClick(strip, Qt.Key.Key_Space)
    assert choice.scales == {"layer2.0": 0.0, "layer1.1": 0.0}
    qtbot.mouseClick(strip, LEFT, pos=strip.box_rect("layer2.0").center())
    assert choice.scales == {"layer1.1": 0.0}
    # Beneath the blocks a click only chooses.
    below = QPoint(strip.box_rect("layer1.0").center().x(), strip.height() - 20)
    qtbot.mouseClick(strip, LEFT, pos=below)
    assert choice.chosen is not None
    assert choice.chosen.name == "layer1.0"
    assert choice.scales == {"layer1.1": 0.0}
    qtbot.mouseClick(button(view, "Restore all"), LEFT)
    assert not choice.scales
    assert not button(view, "Restore all").isEnabled()
    qtbot.mouseClick(button(view, "Undo"), LEFT)
    assert choice.scales == {"layer1.1": 0.0}


def test_the_slider_scales_the_chosen_block(qtbot: QtBot, view: LesionView) -> None:
    assert says(view, "Click a block")
    assert not button(view, "No block is chosen").isEnabled()
    view.choice.choose("layer1.1")
    slider = view._slider
    slider.setValue(40)
    assert view.choice.scales == {"layer1.1": 0.4}
    assert says(view, "40")
    qtbot.mouseClick(button(view, "Branch of layer1.1"), LEFT, pos=QPoint(8, 8))
    assert view.choice.scales == {}
    assert slider.value() == 100


def test_a_drag_is_one_step_back(qtbot: QtBot, view: LesionView) -> None:
    name = view.choice.sites[0].name
    view.choice.choose(name)
    view.choice.set_scale(name, 0.5)
    slider = view.findChild(QSlider)
    slider.setSliderDown(True)
    for percent in (40, 30, 20):
        slider.setValue(percent)
    slider.setSliderDown(False)
    assert view.choice.scales == {name: 0.2}
    view.choice.undo()
    assert view.choice.scales == {name: 0.5}


def test_figures_say_what_was_lost_and_are_grayed_when_stale(qtbot: QtBot, view: LesionView) -> None:
    found = found_of([0, 0, 1, 1], [0, 1, 1, 0])
    view.show_found(found)
    assert view.figures.texts == ("100.0\u202f%", "50.0\u202f%", "−50.0", "2")
    assert named(view, QLabel, "now: 50.0\u202f%").isVisible()
    assert button(view, "Show them").isEnabled()
    roles = [label.property("role") for label in view.figures._labels]
    assert roles == ["", "", "error", ""]
    view.show_found(found, is_stale=True)
    assert {label.property("role") for label in view.figures._labels} == {"secondary"}
    assert not button(view, "Show them").isEnabled()
    assert [(row.name, row.before, row.now) for row in class_rows(found)] == [("cat", 1, 0.5), ("dog", 1, 0.5)]
    assert [(row.name, row.text) for row in pair_rows(found)] == [("cat → dog", "0 → 1"), ("dog → cat", "0 → 1")]
    view.show_found(None)
    assert view.figures.texts == ("–",) * 4


def test_both_sweeps_stand_on_one_axis(view: LesionView) -> None:
    names = [site.name for site in view.choice.sites]
    own, other = (Sweep(4, intact, tuple(Removed(name, 0.2, 3) for name in names)) for intact in (0.8, 0.6))
    view.show_sweeps([Bars(own, "mine"), Bars(other, "theirs", is_beside=True)])
    view.choice.choose("layer1.1")
    assert "without it 20.0\u202f% (−60.0 points), 3 answers flipped" in view.strip.describe()
    assert "theirs: 20.0\u202f% (−40.0)" in view.strip.describe()
    assert view._legend.names == ("mine, intact 80.0\u202f%", "theirs, intact 60.0\u202f%")
    layout = StripLayout.of(view.choice.sites, 800, 300)
    first, second = (layout.bar(1, 0.2, slot, 2) for slot in (0, 1))
    assert first.height() == second.height() == pytest.approx(0.2 * layout.bars.height())
    assert first.right() <= second.left()


@pytest.mark.parametrize("blocks", [(1,), (3, 3, 3), (18, 18, 18), (200, 200, 200)])
def test_blocks_stand_side_by_side_and_can_be_hit(view: LesionView, blocks: tuple[int, ...]) -> None:
    model = ModelConfig(blocks=blocks, widths=tuple(8 * 2**n for n in range(len(blocks))))
    view.choice.take_network(model)
    strip = view.strip
    strip.resize(max(640, strip.minimumWidth()), 260)
    layout = StripLayout.of(view.choice.sites, strip.width(), strip.height())
    assert layout.width <= strip.width() + 0.01
    boxes = [layout.box(n) for n in range(sum(blocks))]
    assert all(one.right() <= other.left() for one, other in itertools.pairwise(boxes))
    assert [layout.block_at(box.center().x()) for box in boxes] == list(range(len(boxes)))
    # It draws that many without an error.
    strip.grab()


def test_what_has_no_shortcut_says_what_stands_in(view: LesionView) -> None:
    view.choice.take_network(MODEL.model_copy(update={"shortcut": "none"}))
    view.choice.choose("layer2.0")
    assert "a zero-padded one (A) stands in" in view.strip.describe()
    view.choice.choose("layer2.1")
    assert "its input goes on unchanged" in view.strip.describe()
    view.choice.toggle("layer2.0")
    view.strip.grab()


def test_each_page_explains_itself(qtbot: QtBot, theme: Theme) -> None:
    view = BlocksView(theme)
    qtbot.addWidget(view)
    view.resize(1200, 700)
    view.show()
    assert says(view, "Residual networks survive")
    view.show_page(1)
    assert says(view, "Where a branch is small")
    assert view.insides.isVisible()
    assert not view.lesions.images_box.isVisible()


# In the window, with networks that were trained


def show_blocks(window: MainWindow) -> LesionView:
    desk = window.inspect_desk._blocks
    window.workspaces.show("inspect")
    tabs_of(desk.view).setCurrentWidget(desk.view)
    assert desk.pages is not None
    return desk.pages.lesions


def tabs_of(view: QWidget) -> QTabWidget:
    parent = view.parentWidget()
    while not isinstance(parent, QTabWidget) or parent.parentWidget() is view:
        parent = parent.parentWidget()
    return parent


def is_told(view: LesionView) -> bool:
    return view.figures.texts[0] != "–" and not view.bar.is_working


def test_a_switched_off_block_is_tested_at_once_and_flipped_images_are_shown(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    view = show_blocks(window)
    qtbot.waitUntil(lambda: is_told(view), timeout=LONG_MS)
    subject = opened(home, run_id)
    board = LesionBoard(subject)
    # One whose loss flips something.
    name = max(("layer1.0", "layer2.0"), key=lambda each: len(exhausted(board.lesioned({each: 0.0})).flipped))
    expected = exhausted(board.lesioned({name: 0.0}))
    assert len(expected.flipped)
    qtbot.mouseClick(view.strip, LEFT, pos=view.strip.box_rect(name).center())
    qtbot.waitUntil(lambda: button(view, "Show them").isEnabled(), timeout=LONG_MS)
    assert view.figures.texts[3] == str(len(expected.flipped))
    qtbot.mouseClick(button(view, "Show them"), LEFT)
    assert window.selection.order.tolist() == expected.flipped.tolist()
    assert pictures_in(window.inspect_desk.gallery) == len(expected.flipped)
    assert window.inspect_desk.gallery.isVisible()
    # Another epoch is tested with the same lesion.
    show_blocks(window)
    epoch = 1 if window.selection.epoch != 1 else 2
    with qtbot.waitSignal(window.selection.epoch_changed):
        window.selection.show_epoch(epoch)
    at_epoch = exhausted(LesionBoard(opened(home, run_id, epoch)).lesioned({name: 0.0}))
    qtbot.waitUntil(lambda: view.figures.texts[3] == str(len(at_epoch.flipped)) and is_told(view), timeout=LONG_MS)
    assert view.choice.scales == {name: 0.0}


def test_each_block_is_removed_in_turn_beside_a_plain_network(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    plain = record_run(home, tiny_config.with_values({"model.shortcut": "none"}))
    residual = record_run(home, tiny_config)
    window = make_window()
    view = show_blocks(window)
    qtbot.waitUntil(lambda: has_button(view, f"Beside “{window.library.record(plain).name}”"), timeout=LONG_MS)
    qtbot.mouseClick(button(view, "Remove each in turn"), LEFT)
    qtbot.waitUntil(lambda: len(view.strip.bars) == 1 and not view.sweep_bar.is_working, timeout=LONG_MS)
    own = exhausted(LesionBoard(opened(home, residual)).sweep())
    assert view.strip.bars[0].sweep == own
    view.beside.click()
    qtbot.waitUntil(lambda: len(view.strip.bars) == 2 and not view.sweep_bar.is_working, timeout=LONG_MS)
    other = exhausted(LesionBoard(opened(home, plain)).sweep())
    qtbot.waitUntil(lambda: view.strip.bars[1].sweep == other, timeout=LONG_MS)
    view.beside.click()
    assert len(view.strip.bars) == 1
    # Another epoch's is not known yet.
    window.selection.show_epoch(1 if window.selection.epoch != 1 else 2)
    qtbot.waitUntil(lambda: not view.strip.bars)


def test_what_a_resumed_run_does_again_is_not_known_any_more(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    view, selection = show_blocks(window), window.selection

    def sweep_of(epoch: int) -> None:
        selection.show_epoch(epoch)
        qtbot.waitUntil(lambda: not view.strip.bars)
        qtbot.mouseClick(button(view, "Remove each in turn"), LEFT)
        qtbot.waitUntil(lambda: len(view.strip.bars) == 1 and not view.sweep_bar.is_working, timeout=LONG_MS)

    sweep_of(2)
    sweep_of(1)
    selection.restart("another", 0)
    selection.show_epoch(2)
    qtbot.waitUntil(lambda: len(view.strip.bars) == 1)
    selection.redone.emit(run_id, 1)
    selection.show_epoch(1)
    qtbot.waitUntil(lambda: len(view.strip.bars) == 1)
    selection.show_epoch(2)
    qtbot.waitUntil(lambda: not view.strip.bars)


def test_without_a_run_it_says_what_to_do(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    view = show_blocks(window)
    qtbot.waitUntil(lambda: says(view, "Choose a run, or train one."))
    assert not button(view, "Remove each in turn").isEnabled()
    view.strip.grab()


def test_signals_are_looked_into_when_their_page_is_seen(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    show_blocks(window)
    blocks = window.inspect_desk._blocks.pages
    assert blocks is not None
    blocks.show_page(1)
    qtbot.waitUntil(lambda: blocks.insides.filters.count == 8, timeout=LONG_MS)
    for chart in (blocks.insides.ratios, blocks.insides.sizes, blocks.insides.zeros):
        chart.grab()
    assert blocks.insides.ratios.describe(0).startswith("layer1.0: ")
    assert blocks.insides.sizes.describe(0).startswith("stem: mean ")
    assert "%" in blocks.insides.zeros.describe(4)


def test_building_it_opens_no_window(qtbot: QtBot, theme: Theme) -> None:
    before = QApplication.topLevelWindows()
    view = BlocksView(theme)
    qtbot.addWidget(view)
    assert [
        window for window in QApplication.topLevelWindows() if window not in before and window.isVisible()
    ] == []
