"""The map of the test images: what is seen of it, circled on it, and asked for."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPolygonF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.recorded import Recorded, record
from tests.gui.seen import action, button, has_button, named, pick, says
from tests.trained import record_run
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.inspection.embedding import Embedding
from workbench.core.settings.config import RunConfig
from workbench.gui.inspect.map.map_canvas import Card, MapCanvas, Points
from workbench.gui.inspect.map.map_legend import MapLegend
from workbench.gui.inspect.map.map_marks import Kind, Marks
from workbench.gui.inspect.map.map_view import MapView
from workbench.gui.main_window import MainWindow
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.pictures import to_pixels
from workbench.gui.widgets.theme import Theme

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def selection(qapp: QApplication, evaluation: Evaluation, images: ImageSet) -> Selection:
    selection = Selection(Recorded({1: evaluation, 2: evaluation}, images))
    selection.look_at(record([0.3, 0.5]))
    return selection


def placed(evaluation: Evaluation, epoch: int = 2, only: int = 40, method: str = "pca") -> Embedding:
    """Images 0 to 39 in a grid, eight in each row from below."""
    columns, rows = np.arange(only) % 8, np.arange(only) // 8
    points = np.stack([columns - 3.5, rows - 2], axis=1).astype(np.float32) / 3
    return Embedding(
        method, "0badcafe", epoch, points, np.arange(only), evaluation.labels[:only],
        evaluation.predictions[:only], evaluation.class_names, 40, (0.4, 0.2), 0.97,
    )  # fmt: skip


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, selection: Selection, evaluation: Evaluation) -> MapView:
    view = MapView(theme, selection)
    qtbot.addWidget(view)
    view.resize(720, 480)
    view.show()
    view.show_map(placed(evaluation))
    return view


def at(canvas: MapCanvas, image: int) -> QPoint:
    pixel = canvas.pixel_of(image)
    assert pixel is not None
    return pixel.toPoint()


def draw(canvas: MapCanvas, corners: list[QPoint], release: bool = True, shift: bool = False) -> None:
    """With the left button held."""
    modifiers = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas, LEFT, modifiers, corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(canvas, corner)
    if release:
        QTest.mouseRelease(canvas, LEFT, modifiers, corners[-1])


def around(canvas: MapCanvas, *images: int, by: int = 12) -> list[QPoint]:
    """The corners of a rectangle around images."""
    pixels = [at(canvas, image) for image in images]
    low = QPoint(min(p.x() for p in pixels) - by, min(p.y() for p in pixels) - by)
    high = QPoint(max(p.x() for p in pixels) + by, max(p.y() for p in pixels) + by)
    return [low, QPoint(high.x(), low.y()), high, QPoint(low.x(), high.y())]


def test_it_says_what_it_shows(view: MapView, selection: Selection) -> None:
    share = "60\u202f% of the features' variance (40\u202f% + 20\u202f%)"
    assert view.text == f"40 test images · epoch 2 · {share}"
    selection.filter_classes(3, 3)
    assert view.text.startswith("10 in the gallery · 40 test images")


def test_a_part_of_the_images_is_said_to_be_one(
    view: MapView, evaluation: Evaluation, selection: Selection
) -> None:
    selection.choose_image(39)
    view.show_map(placed(evaluation, only=16, method="t-sne"))
    assert view.text == (
        "16 of 40 test images · epoch 2 · trustworthiness of neighborhoods 0.97 · without the chosen image"
    )
    selection.choose_image(3)
    assert "without" not in view.text


@pytest.mark.parametrize("shift", [False, True])
def test_what_is_circled_is_in_the_gallery(view: MapView, selection: Selection, shift: bool) -> None:
    if not shift:
        button(view, "Lasso").click()
    draw(view.canvas, around(view.canvas, 9, 11, 17), shift=shift)
    assert set(selection.order) == {9, 10, 11, 17, 18, 19}
    assert selection.filter.only is not None
    assert selection.filter.only.words == "chosen on the map"
    assert view.text.startswith("6 in the gallery")
    draw(view.canvas, around(view.canvas, 8), shift=shift)
    assert set(selection.order) == {8}
    selection.clear_filter()
    assert "gallery" not in view.text


def test_the_surest_mistakes_that_are_circled_come_first(view: MapView, selection: Selection) -> None:
    view.toggle_lasso()
    draw(view.canvas, around(view.canvas, 0, 39))
    assert list(selection.order[:3]) == [36, 32, 28]
    assert len(selection.order) == 40


def test_nothing_circled_changes_nothing(view: MapView, selection: Selection) -> None:
    view.toggle_lasso()
    corner = QPoint(3, 3)
    draw(view.canvas, [corner, corner + QPoint(6, 0), corner + QPoint(6, 6)])
    assert selection.filter.is_any
    assert view.bar.text == "There is no image within the lasso."
    selection.choose_image(7)
    assert view.bar.text == view.text
    view.bar.show_progress("Arranging", 1, 10)
    draw(view.canvas, [corner, corner + QPoint(6, 0), corner + QPoint(6, 6)])
    assert has_button(view, "Cancel")


def test_escape_leaves_a_lasso(view: MapView, selection: Selection) -> None:
    view.toggle_lasso()
    corners = around(view.canvas, 9, 19)
    draw(view.canvas, corners, release=False)
    assert view.canvas.is_drawing
    QTest.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert not view.canvas.is_drawing
    QTest.mouseRelease(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, corners[-1])
    assert selection.filter.is_any


def test_dragging_moves_the_map_and_a_click_chooses(view: MapView, selection: Selection) -> None:
    canvas = view.canvas
    before = at(canvas, 9)
    draw(canvas, [before, before + QPoint(15, 5), before + QPoint(30, -10)])
    assert at(canvas, 9) == before + QPoint(30, -10)
    assert selection.image != 9
    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.NoModifier, at(canvas, 9) + QPoint(3, 2))
    assert selection.image == 9
    # Another map stays where it was moved to.
    moved = at(canvas, 9)
    view.show_map(view.embedding)
    assert at(canvas, 9) == moved
    button(view, "Fit").click()
    assert at(canvas, 9) == before


def test_keys_choose_the_next_image_and_zoom(view: MapView, selection: Selection) -> None:
    canvas = view.canvas
    selection.choose_image(18)
    for key, expected in (
        (Qt.Key.Key_Right, 19), (Qt.Key.Key_Up, 27), (Qt.Key.Key_Left, 26), (Qt.Key.Key_Down, 18),
    ):  # fmt: skip
        QTest.keyClick(canvas, key)
        assert selection.image == expected
    selection.choose_image(39)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert selection.image == 39
    apart = at(canvas, 1).x() - at(canvas, 0).x()
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert at(canvas, 1).x() - at(canvas, 0).x() == pytest.approx(1.25 * apart, abs=2)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert at(canvas, 1).x() - at(canvas, 0).x() == apart


def test_the_legend_hides_classes_and_wrong_ones(view: MapView) -> None:
    legend = named(view, MapLegend, "Legend of the map")
    assert [legend.item(row).text() for row in range(6)] == ["Right", "Wrong", "cat", "dog", "frog", "ship"]
    legend.item(2).setCheckState(Qt.CheckState.Unchecked)
    # All cats are taken for dogs.
    assert view.canvas.shown == 30
    pick(view, "Color of the marks", "Color: prediction")
    assert view.canvas.shown == 40
    legend.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert view.canvas.shown == 30
    button(view, "Show all").click()
    assert view.canvas.shown == 40
    assert not button(view, "Show all").isEnabled()


def test_marks_have_the_color_of_their_class_and_wrong_ones_another_form(view: MapView, theme: Theme) -> None:
    canvas = view.canvas
    picture = canvas.grab().toImage()
    for image, label in ((13, 1), (14, 2), (20, 0)):
        assert picture.pixelColor(at(canvas, image)).name() == theme.series(label).name()
    # A cross covers its corners, a disc its sides.
    corner, side = QPoint(3, 3), QPoint(2, 0)
    surface = theme.color("surface").name()
    assert picture.pixelColor(at(canvas, 20) + corner).name() != surface
    assert picture.pixelColor(at(canvas, 13) + corner).name() == surface
    assert picture.pixelColor(at(canvas, 20) + side + side).name() == surface
    assert picture.pixelColor(at(canvas, 13) + side).name() == theme.series(1).name()
    pick(view, "Color of the marks", "Color: right or wrong")
    picture = canvas.grab().toImage()
    assert picture.pixelColor(at(canvas, 20)).name() == theme.color("wrong").name()


def test_what_is_filtered_away_is_faint(view: MapView, selection: Selection, theme: Theme) -> None:
    selection.filter_classes(2, 2)
    picture = view.canvas.grab().toImage()
    assert picture.pixelColor(at(view.canvas, 14)).name() == theme.series(2).name()
    faint = picture.pixelColor(at(view.canvas, 13))
    assert faint.name() != theme.series(1).name()
    assert faint.lightness() > theme.series(1).lightness()


def test_who_is_pointed_at_is_shown(view: MapView, images: ImageSet) -> None:
    canvas = view.canvas
    before = canvas.grab().toImage()
    QTest.mouseMove(canvas, at(canvas, 20) + QPoint(1, 1))
    after = canvas.grab().toImage()
    changed = sum(
        before.pixel(x, y) != after.pixel(x, y)
        for x in range(0, canvas.width(), 4)
        for y in range(0, canvas.height(), 4)
    )
    # The picture alone has 96 pixels in each direction.
    assert changed > 24 * 24 * 0.9
    QTest.mouseMove(canvas, QPoint(2, 2))
    assert canvas.grab().toImage() == before


def test_hidden_it_draws_nothing_and_shown_again_what_is_due(
    view: MapView, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = list[Points]()
    monkeypatch.setattr(view.canvas, "show_points", lambda points, _colors: shown.append(points))
    view.hide()
    for truth in (1, 2, 3):
        selection.filter_classes(truth, truth)
    assert not shown
    view.show()
    (points,) = shown
    assert set(points.images[points.kinds != Kind.FAINT]) == set(selection.order)


def test_another_run_or_none_leaves_no_map(view: MapView, selection: Selection) -> None:
    selection.look_at(record([0.3, 0.5], run_id="another"))
    assert says(view, "those together that the network takes for alike")
    assert not view.canvas.isVisible()


def test_themes_change_the_ground(view: MapView, theme: Theme) -> None:
    theme.choose("dark")
    picture = view.canvas.grab().toImage()
    assert picture.pixelColor(6, 6).name() == theme.color("surface").name()
    assert picture.pixelColor(at(view.canvas, 14)).name() == theme.series(2).name()


def test_a_map_of_nothing_can_be_used(qtbot: QtBot, theme: Theme) -> None:
    canvas = MapCanvas(theme, lambda _image: Card("", False, None))
    qtbot.addWidget(canvas)
    canvas.resize(200, 160)
    canvas.show()
    for points in (
        Points.none(),
        Points(np.zeros((1, 2), np.float32), *(np.zeros(1, np.int64),) * 2, np.ones(1, np.int64)),
    ):
        canvas.show_points(points, [theme.series(0)])
        canvas.set_chosen(0)
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Plus, Qt.Key.Key_0):
            QTest.keyClick(canvas, key)
        assert not canvas.grab().isNull()
        assert canvas.shown == len(points.images)
        canvas.grab()


# In the window


def shown_tab(view: QWidget) -> None:
    tabs = view.parentWidget()
    while not isinstance(tabs, QTabWidget):
        tabs = tabs.parentWidget()
    tabs.setCurrentWidget(view)


@pytest.fixture
def trained(home: Home, tiny_config: RunConfig) -> str:
    return record_run(home, tiny_config)


@pytest.fixture
def mapped(qtbot: QtBot, make_window: Callable[..., MainWindow], trained: str) -> tuple[MainWindow, MapView]:
    """A window that shows the map of the kept epoch."""
    window = make_window()
    window.workspaces.show("inspect")
    view = window.findChild(MapView)
    shown_tab(view)
    qtbot.waitUntil(lambda: view.embedding is not None, timeout=LONG_MS)
    return window, view


def test_in_a_window_what_is_circled_is_what_is_inside(mapped: tuple[MainWindow, MapView]) -> None:
    window, view = mapped
    canvas = view.canvas
    assert view.text.startswith("36 test images")
    pixels = sorted((at(canvas, image) for image in range(36)), key=QPoint.x)
    middle, low, high = pixels[18].x(), 8, canvas.height() - 8
    # Not convex, and through the points.
    corners = [
        QPoint(8, low), QPoint(middle, low), QPoint(middle - 30, canvas.height() // 2), QPoint(middle + 20, high),
        QPoint(8, high), QPoint(30, canvas.height() // 2),
    ]  # fmt: skip
    lasso = action(window, "Lasso on the map")
    lasso.trigger()
    draw(canvas, corners)
    line = QPolygonF([QPointF(corner) for corner in corners])
    expected = {
        image for image in range(36) if line.containsPoint(canvas.pixel_of(image), Qt.FillRule.OddEvenFill)
    }
    assert 0 < len(expected) < 36
    assert set(window.selection.order) == expected
    assert lasso.isEnabled()
    window.workspaces.show("train")
    assert not lasso.isEnabled()
    window.workspaces.show("inspect")
    action(window, "Show all classes").trigger()
    assert window.selection.filter.is_any


def test_it_follows_the_epoch_and_keeps_to_its_sides(qtbot: QtBot, mapped: tuple[MainWindow, MapView]) -> None:
    window, view = mapped
    first = view.embedding
    assert first is not None
    other = first.epoch % 3 + 1
    window.selection.show_epoch(other)
    qtbot.waitUntil(lambda: view.embedding.epoch == other, timeout=LONG_MS)
    second = view.embedding
    # Turned by half a turn, one of these would be negative.
    assert ((first.points * second.points).sum(axis=0) > 0).all()
    assert f"epoch {other}" in view.text


def test_tsne_is_computed_when_asked_for_canceled_and_kept(
    qtbot: QtBot, mapped: tuple[MainWindow, MapView]
) -> None:
    window, view = mapped
    epoch = window.selection.epoch
    button(view, "t-SNE").click()
    qtbot.waitUntil(lambda: has_button(view, "Compute t-SNE"), timeout=LONG_MS)
    button(view, "Compute t-SNE").click()
    qtbot.waitUntil(lambda: says(view, "Arranging the images"), timeout=LONG_MS)
    button(view, "Cancel").click()
    qtbot.waitUntil(lambda: says(view, "Canceled."), timeout=LONG_MS)
    button(view, "Begin again").click()
    qtbot.waitUntil(lambda: "trustworthiness" in view.text, timeout=LONG_MS)
    arranged = view.embedding
    assert arranged is not None
    window.selection.show_epoch(epoch % 3 + 1)
    qtbot.waitUntil(lambda: has_button(view, "Compute t-SNE"), timeout=LONG_MS)
    window.selection.show_epoch(epoch)
    qtbot.waitUntil(lambda: not has_button(view, "Compute t-SNE") and not view.bar.is_working, timeout=LONG_MS)
    # Turned like what was shown last, which is the same here.
    assert (view.embedding.method, view.embedding.trustworthiness) == ("t-sne", arranged.trustworthiness)
    np.testing.assert_allclose(view.embedding.points, arranged.points, atol=1e-5)
    assert view.canvas.isVisible()


def test_an_epoch_without_weights_offers_the_nearest(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config.with_values({"training.epoch_weights_mb": 0}))
    window = make_window()
    window.workspaces.show("inspect")
    view = window.findChild(MapView)
    shown_tab(view)
    kept = window.selection.epoch
    window.selection.show_epoch(kept % 3 + 1)
    qtbot.waitUntil(lambda: says(view, "No weights of epoch"), timeout=LONG_MS)
    button(view, f"Go to epoch {kept}").click()
    qtbot.waitUntil(lambda: view.embedding is not None and view.embedding.epoch == kept, timeout=LONG_MS)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_marks_are_as_large_on_dense_screens(theme: Theme, qapp: QApplication, ratio: float) -> None:
    surface, color = theme.color("surface"), theme.series(0)
    marks = Marks([color], [surface], surface, ratio)
    points, some = np.array([[20.0, 10.0]]), np.zeros(1, np.int64)
    image = marks.painted(QSize(40, 30), surface, points, some, np.full(1, int(Kind.RIGHT)))
    assert (image.width(), image.height()) == (round(40 * ratio), round(30 * ratio))
    pixels = to_pixels(image)
    rows, columns = np.nonzero((pixels == to_pixels(filled(color))[0, 0]).all(axis=2))
    assert (columns.mean() + 0.5) / ratio == pytest.approx(20, abs=0.6)
    assert (rows.mean() + 0.5) / ratio == pytest.approx(10, abs=0.6)
    assert (columns.max() - columns.min() + 1) / ratio == pytest.approx(5.5, abs=1.1)


def filled(color: QColor) -> QImage:
    image = QImage(1, 1, QImage.Format.Format_RGB32)
    image.fill(color)
    return image


def test_kinds_lie_above_each_other_in_order() -> None:
    assert Kind.FAINT < Kind.RIGHT < Kind.WRONG
