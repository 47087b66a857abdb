"""The loss landscape in the window: drawn when it is asked for, on one scale for two runs, read point by point."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QComboBox, QTabWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, named, says
from tests.trained import record_run
from workbench.commands import plots
from workbench.core.home import Home
from workbench.core.inspection.landscape import Grid, Landscape
from workbench.core.settings.config import RunConfig
from workbench.gui.inspect.confusion_scales import mistake_scale
from workbench.gui.inspect.landscape.landscape_canvas import Drawn, LandscapeCanvas
from workbench.gui.inspect.landscape.landscape_picture import LandscapePicture, LossScale
from workbench.gui.inspect.landscape.landscape_view import LandscapeView
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets import theme as themes
from workbench.gui.widgets.theme import Theme


def landscape(lowest: float = 0.5, *, first: float = 0.0, second: float = 0.0, run_id: str = "a") -> Landscape:
    """A bowl whose lowest point is at (first, second)."""
    grid = Grid()
    x, y = np.meshgrid(grid.axis, grid.axis)
    loss = lowest + 4 * ((x - first) ** 2 + (y - second) ** 2)
    return Landscape(
        run_id, 2, grid, 0, np.arange(8), 10, loss, np.full_like(loss, 0.5), np.ones(loss.shape, bool)
    )


# The picture


def test_the_picture_is_dark_where_the_loss_is_lowest() -> None:
    """The second direction points up."""
    found = landscape(first=0.5, second=0.75)
    scale = LossScale.of([found], True)
    picture = LandscapePicture.of(found, scale)
    assert picture is not None
    side = picture.image.width()
    at = round(0.75 * (side - 1)), round(0.125 * (side - 1))
    assert picture.image.pixelColor(*at) == mistake_scale().color(0)
    assert picture.image.pixelColor(0, side - 1) == mistake_scale().color(1)
    share, line = min(picture.lines, key=lambda each: each[0])
    assert 0 < share < 0.5
    # In the unit square, down.
    center = line.boundingRect().center()
    assert (center.x(), center.y()) == pytest.approx((0.75, 0.125), abs=0.01)


@pytest.mark.parametrize("is_log", [True, False])
def test_two_share_a_scale(is_log: bool) -> None:
    scale = LossScale.of([landscape(0.5), landscape(3.0)], is_log)
    assert (scale.low, scale.share(0.5)) == (0.5, 0.0)
    assert scale.high == pytest.approx(11.0)
    assert scale.share(11.0) == scale.share(np.inf) == 1.0
    assert 3 <= len(scale.levels) <= 12
    middle = scale.share(5.75)
    assert middle > 0.7 if is_log else middle == pytest.approx(0.5)


def test_equal_losses_can_be_drawn() -> None:
    flat = landscape()
    flat.loss[:] = 2.3
    for is_log in (True, False):
        assert LandscapePicture.of(flat, LossScale.of([flat], is_log)) is not None


def test_the_png_has_the_light_theme_s_colors() -> None:
    light = themes.LIGHT
    assert (light.surface, light.text) == (plots.SURFACE, plots.TEXT)
    assert (light.secondary, light.hairline) == (plots.SECONDARY, plots.HAIRLINE)
    assert light.accent == plots.ACCENT


# Reading it


@pytest.fixture
def canvas(qtbot: QtBot, theme: Theme) -> LandscapeCanvas:
    canvas = LandscapeCanvas(theme)
    qtbot.addWidget(canvas)
    canvas.resize(900, 480)
    canvas.show()
    canvas.show_landscapes(
        [Drawn(landscape(0.5), "plain", 0), Drawn(landscape(3.0, run_id="b"), "other", 1)], True
    )
    return canvas


def hover(canvas: LandscapeCanvas, position: QPointF) -> None:
    where = canvas.mapToGlobal(position)
    event = QMouseEvent(QEvent.Type.MouseMove, position, where, Qt.MouseButton.NoButton,
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)  # fmt: skip
    canvas.mouseMoveEvent(event)


def test_the_point_under_the_pointer_is_read_in_both(canvas: LandscapeCanvas) -> None:
    said: list[str] = []
    canvas.pointed_at.connect(said.append)
    first, second = canvas.square(0), canvas.square(1)
    assert first.width() == second.width()
    assert first.right() < second.left()
    hover(canvas, QPointF(first.right() - 1, first.top() + 1))
    assert (
        said[-1] == "At (1.00, 1.00): plain: loss 8.5, accuracy 50.0\u202f%; other: loss 11, accuracy 50.0\u202f%"
    )
    hover(canvas, second.center())
    assert said[-1].startswith("At (0.00, 0.00): plain: loss 0.5, ")
    hover(canvas, QPointF(1, 1))
    assert said[-1] == ""


def test_keys_move_the_point(qtbot: QtBot, canvas: LandscapeCanvas) -> None:
    said: list[str] = []
    canvas.pointed_at.connect(said.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up):
        qtbot.keyClick(canvas, key)
    # The first one brings the weights themselves.
    assert said[-1].startswith("At (0.05, 0.05): ")
    for _ in range(50):
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert said[-1].startswith("At (0.05, −1.00): ")


def test_nothing_interpolated_is_read(canvas: LandscapeCanvas) -> None:
    coarse = landscape()
    coarse.known[:] = False
    coarse.known[tuple(coarse.grid.order(5).T)] = True
    said: list[str] = []
    canvas.show_landscapes([Drawn(coarse, "plain", 0)], True)
    canvas.pointed_at.connect(said.append)
    square = canvas.square(0)
    hover(canvas, square.center() + QPointF(square.width() * 0.06, 0))
    assert said[-1].startswith("At (0.00, 0.00): loss 0.5, ")


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_it_is_drawn_in_both_themes(theme: Theme, canvas: LandscapeCanvas, choice: str) -> None:
    theme.choose(choice)
    picture = canvas.grab().toImage()
    center = canvas.square(0).center().toPoint()
    # Beside the marks.
    color = picture.pixelColor(center + QPoint(14, 9))
    expected = mistake_scale().color(canvas.scale.share(0.52))
    assert all(abs(a - b) < 24 for a, b in zip(color.getRgb()[:3], expected.getRgb()[:3], strict=True))
    right = canvas.square(1).center().toPoint() + QPoint(14, 9)
    assert QColor(picture.pixelColor(right)).lightness() > color.lightness()


# In the window


FINE = 29


@pytest.fixture(autouse=True)
def fewer_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same grid of 41."""
    monkeypatch.setattr("workbench.gui.desks.landscape_desk.FINE_SIZE", FINE)


def opened_view(window: MainWindow) -> LandscapeView:
    view = window.inspect_desk.landscape_view
    images = named(view, QComboBox, "Images")
    images.setCurrentIndex(images.findData(64))
    window.workspaces.show("inspect")
    parent = view.parentWidget()
    while not isinstance(parent, QTabWidget):
        assert parent is not None
        parent = parent.parentWidget()
    parent.setCurrentWidget(view)
    return view


def press(qtbot: QtBot, view: LandscapeView, text: str = "Draw") -> None:
    """The one beside the settings: the empty pane has another one of that name."""
    buttons = [each for each in (view._draw, view._directions) if each.text() == text]
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)


def other_than(epoch: int) -> int:
    """Another one of three epochs."""
    return epoch % 3 + 1


def is_at(view: LandscapeView, size: int, count: int = 1) -> bool:
    return not view.bar.is_working and [each.landscape.size for each in view._drawn] == [size] * count


def test_it_is_drawn_when_it_is_asked_for_and_follows_then(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    view = opened_view(window)
    qtbot.waitUntil(lambda: says(view, "takes some seconds"), timeout=LONG_MS)
    window.selection.show_epoch(other_than(window.selection.epoch))
    qtbot.wait(150)
    assert not view.bar.is_working
    assert not view._drawn
    press(qtbot, view)
    assert has_button(view, "Cancel")
    qtbot.waitUntil(lambda: is_at(view, FINE), timeout=LONG_MS)
    assert says(view, "it doubles")
    assert not button(view, "Draw").isEnabled()
    assert "All 29 × 29 points are drawn" in button(view, "Draw").toolTip()
    drawn = view._drawn[0].landscape
    assert drawn.epoch == window.selection.epoch
    # Another epoch is drawn by itself, but not refined before that is asked for.
    before = window.selection.epoch
    window.selection.show_epoch(other_than(before))
    qtbot.waitUntil(lambda: is_at(view, 15), timeout=LONG_MS)
    assert view._drawn[0].landscape.epoch == window.selection.epoch != before
    assert has_button(view, "Refine")
    # What was drawn is there at once, with nothing computed.
    window.selection.show_epoch(before)
    qtbot.waitUntil(lambda: is_at(view, FINE), timeout=1000)
    assert view._drawn[0].landscape is drawn


def test_two_runs_stand_beside_each_other(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    first, second = (
        record_run(home, tiny_config.with_values({"training.seed": seed, "training.epochs": 2})) for seed in (0, 1)
    )
    window = make_window()
    view = opened_view(window)
    qtbot.waitUntil(lambda: says(view, "takes some seconds"), timeout=LONG_MS)
    view._refine.setChecked(False)
    beside = named(view, QComboBox, "Beside")
    other = first if window.selection.run_id == second else second
    assert [beside.itemData(row) for row in range(beside.count())] == ["", other]
    beside.setCurrentIndex(1)
    beside.activated.emit(1)
    press(qtbot, view)
    qtbot.waitUntil(lambda: is_at(view, 15, 2), timeout=LONG_MS)
    assert [each.landscape.run_id for each in view._drawn] == [window.selection.run_id, other]
    np.testing.assert_array_equal(view._drawn[0].landscape.indices, view._drawn[1].landscape.indices)
    losses = [each.landscape.loss[each.landscape.known] for each in view._drawn]
    assert view.canvas.scale.high == pytest.approx(max(each.max() for each in losses))
    assert says(view, "away from the weights the loss is")
    # Refined when that is switched on; what was there stays.
    view._refine.setChecked(True)
    qtbot.waitUntil(lambda: is_at(view, FINE, 2), timeout=LONG_MS)
    for before, each in zip(losses, view._drawn, strict=True):
        known = np.zeros_like(each.landscape.known)
        known[tuple(each.landscape.grid.order(15).T)] = True
        np.testing.assert_array_equal(each.landscape.loss[known], before)


def test_canceled_it_keeps_what_there_is_and_rests(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    view = opened_view(window)
    qtbot.waitUntil(lambda: says(view, "takes some seconds"), timeout=LONG_MS)
    press(qtbot, view)
    qtbot.waitUntil(lambda: bool(view._drawn) and view._drawn[0].landscape.size >= 15, timeout=LONG_MS)
    qtbot.mouseClick(button(view, "Cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: says(view, "Canceled."), timeout=LONG_MS)
    size = view._drawn[0].landscape.size
    assert 15 <= size < FINE
    epoch = window.selection.epoch
    window.selection.show_epoch(other_than(epoch))
    qtbot.waitUntil(lambda: not view._drawn, timeout=LONG_MS)
    assert not view.bar.is_working
    window.selection.show_epoch(epoch)
    qtbot.waitUntil(lambda: bool(view._drawn) and view._drawn[0].landscape.size == size, timeout=1000)
    press(qtbot, view, "Refine")
    qtbot.waitUntil(lambda: is_at(view, FINE), timeout=LONG_MS)


def test_other_directions_give_another_picture(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config.with_values({"training.epochs": 1}))
    window = make_window()
    view = opened_view(window)
    view._refine.setChecked(False)
    qtbot.waitUntil(lambda: says(view, "takes some seconds"), timeout=LONG_MS)
    press(qtbot, view)
    qtbot.waitUntil(lambda: is_at(view, 15), timeout=LONG_MS)
    first = view._drawn[0].landscape
    press(qtbot, view, "Other directions")
    qtbot.waitUntil(lambda: is_at(view, 15) and view._drawn[0].landscape.seed == 1, timeout=LONG_MS)
    second = view._drawn[0].landscape
    assert second.center_loss == first.center_loss
    assert not np.allclose(second.level_loss, first.level_loss)


def test_without_a_run_it_says_so(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    view = opened_view(make_window())
    qtbot.waitUntil(lambda: says(view, "Choose a run, or train one."), timeout=LONG_MS)
    assert says(view, "appears here")
    assert not button(view, "Draw").isEnabled()
