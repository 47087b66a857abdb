"""Calibration follows the epoch at once, opens the images of a bin, and has held-out images evaluated."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.drawn import tick_texts
from tests.gui.recorded import Recorded, record
from tests.gui.seen import button, has_button, named, says
from tests.trained import record_run
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.inspect.calibration.calibration_view import CalibrationView
from workbench.gui.main_window import MainWindow
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import Theme


def noisy(epoch: int, count: int = 400) -> Evaluation:
    generator = np.random.default_rng(epoch)
    labels = np.arange(count) % 4
    logits = generator.normal(0, 2, (count, 4)).astype(np.float32)
    logits[np.arange(count), labels] += epoch
    return Evaluation(labels, logits, ("cat", "dog", "frog", "ship"), epoch)


@pytest.fixture
def source() -> Recorded:
    pixels = np.zeros((400, 8, 8, 3), np.uint8)
    images = ImageSet(pixels, np.arange(400) % 4, tuple(f"{i:05d}.png" for i in range(400)))
    return Recorded({epoch: noisy(epoch) for epoch in (1, 2, 3)}, images, held_out={2: noisy(2), 3: noisy(3)})


@pytest.fixture
def selection(qapp: QApplication, source: Recorded) -> Selection:
    selection = Selection(source)
    selection.look_at(record([0.3, 0.5, 0.7]))
    return selection


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, selection: Selection) -> CalibrationView:
    view = CalibrationView(theme, selection)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    return view


def plot(view: QWidget, name: str) -> pg.PlotWidget:
    return named(view, pg.PlotWidget, name)


def line(view: QWidget) -> tuple[np.ndarray, np.ndarray]:
    """The curve of coverage."""
    (curve,) = [item for item in plot(view, "Accuracy over coverage").items() if type(item) is pg.PlotCurveItem]
    return curve.getData()


def test_scores_are_those_of_the_evaluation_and_of_the_temperature(
    view: CalibrationView, selection: Selection
) -> None:
    said, held_out = selection.evaluation, selection.validation
    assert said is not None
    assert held_out is not None
    assert says(view, "Epoch 3, kept: 400 test images")
    assert says(view, f"temperature {held_out.temperature:.2f}")
    for scores in (said.scores(), said.at_temperature(held_out.temperature).scores()):
        assert says(view, f"{100 * scores.expected_calibration_error:.1f}\u202f%")
        assert says(view, f"{scores.loss:.3f}")
        assert says(view, f"{scores.brier:.3f}")


def test_another_epoch_sets_data_and_builds_nothing(view: CalibrationView, selection: Selection) -> None:
    view.grab()
    plots = view.findChildren(pg.PlotWidget)
    items = [item for each in plots for item in each.items()]
    before = line(view)[1].copy()
    selection.show_epoch(2)
    assert says(view, "Epoch 2 (kept: 3): 400 test images")
    assert view.findChildren(pg.PlotWidget) == plots
    drawn = {id(item) for each in plots for item in each.items()}
    assert {id(item) for item in items if not isinstance(item, pg.TextItem)} <= drawn
    after = line(view)[1]
    assert not np.array_equal(before, after)
    assert after[-1] == pytest.approx(100 * noisy(2).accuracy)


def test_an_epoch_without_held_out_answers_has_no_temperature(view: CalibrationView, selection: Selection) -> None:
    selection.show_epoch(1)
    assert not says(view, "temperature 0")
    assert not says(view, "temperature 1")
    selection.add_validation("0badcafe", noisy(1))
    assert says(view, f"temperature {noisy(1).temperature:.2f}")


def test_a_hidden_view_computes_nothing_until_it_is_seen(
    qtbot: QtBot, theme: Theme, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    scores = Evaluation.scores

    def counting(said: Evaluation, bins: int = 10) -> object:
        asked.append(said.epoch)
        return scores(said, bins)

    monkeypatch.setattr(Evaluation, "scores", counting)
    view = CalibrationView(theme, selection)
    qtbot.addWidget(view)
    selection.show_epoch(2)
    assert asked == []
    view.show()
    assert set(asked) == {2}
    count = len(asked)
    selection.epochs_changed.emit()
    assert len(asked) == count, "nothing is found anew for the same answers"


def test_both_ends_of_an_axis_are_written_at_any_height(qtbot: QtBot, view: CalibrationView) -> None:
    for plot in (view._reliability, view._coverage):
        for height in (700, 380):
            view.resize(700, height)
            qtbot.waitUntil(lambda plot=plot: "100" in tick_texts(plot, "left"))
    assert tick_texts(view._reliability, "left")[0] == "0"


def test_bins_can_be_15(view: CalibrationView, selection: Selection) -> None:
    said = selection.evaluation
    assert said is not None
    assert says(view, f"expected calibration error {100 * said.calibration(10).expected_error:.1f}")
    button(view, "15").click()
    assert says(view, f"expected calibration error {100 * said.calibration(15).expected_error:.1f}")


def in_bin(said: Evaluation, number: int) -> set[int]:
    low, high = number / 10, (number + 1) / 10
    return set(np.flatnonzero((said.confidence >= low) & (said.confidence < high)).tolist())


def test_a_click_on_a_bin_shows_its_images(qtbot: QtBot, view: CalibrationView, selection: Selection) -> None:
    said = selection.evaluation
    assert said is not None
    diagram = plot(view, "Reliability diagram")
    view.grab()
    place = diagram.scene_point(75, 50).toPoint()
    with qtbot.waitSignal(view.images_shown):
        qtbot.mouseClick(diagram.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert set(selection.order.tolist()) == in_bin(said, 7)
    assert not said.correct[selection.order[0]], "most confidently wrong first"


def test_bins_are_read_and_opened_by_keys(qtbot: QtBot, view: CalibrationView, selection: Selection) -> None:
    said = selection.evaluation
    assert said is not None
    diagram = plot(view, "Reliability diagram")
    diagram.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right):
        qtbot.keyClick(diagram, key)
    images = len(in_bin(said, 8))
    assert says(view, f"80–90\u202f%: {images} images, ")
    assert diagram.accessibleDescription().startswith("80–90")
    qtbot.keyClick(diagram, Qt.Key.Key_Return)
    assert set(selection.order.tolist()) == in_bin(said, 8)


def test_coverage_is_read_at_80_per_cent_and_wherever_one_points(
    qtbot: QtBot, view: CalibrationView, selection: Selection
) -> None:
    said = selection.evaluation
    assert said is not None
    assert says(view, f"the surest 80\u202f% are right to {100 * said.coverage.at(0.8):.1f}\u202f%")
    curve = plot(view, "Accuracy over coverage")
    curve.setFocus()
    qtbot.keyClick(curve, Qt.Key.Key_Left)
    assert says(view, f"the surest 79\u202f% are right to {100 * said.coverage.at(0.79):.1f}\u202f%")
    view.grab()
    qtbot.mouseMove(curve.viewport(), curve.scene_point(50, 95).toPoint())
    assert says(view, "the surest 50\u202f% are right to")


def test_without_a_run_it_says_what_will_come(qtbot: QtBot, theme: Theme) -> None:
    view = CalibrationView(theme, Selection(Recorded()))
    qtbot.addWidget(view)
    view.show()
    assert says(view, "How far its confidence can be believed appears here once a run is chosen or trained.")


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("size", [(420, 320), (1200, 800)])
def test_it_paints_in_both_themes(view: CalibrationView, theme: Theme, choice: str, size: tuple[int, int]) -> None:
    view.resize(*size)
    theme.choose(choice)
    image = view.grab().toImage()
    assert image.pixelColor(1, image.height() - 2) == theme.color("window")
    diagram = plot(view, "Reliability diagram")
    corner = view.grab().toImage().pixelColor(diagram.mapTo(view, QPoint(2, 2)))
    assert corner == theme.color("surface")


@pytest.mark.parametrize("classes", [2, 1000])
def test_few_and_many_classes(qtbot: QtBot, theme: Theme, classes: int) -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, 300)
    said = Evaluation(
        labels,
        generator.normal(size=(300, classes)).astype(np.float32),
        tuple(f"<b>{n}" for n in range(classes)),
        1,
    )
    images = ImageSet(np.zeros((300, 8, 8, 3), np.uint8), labels, ("x.png",) * 300)
    selection = Selection(Recorded({1: said}, images, held_out={1: said}))
    selection.look_at(record([0.5]))
    view = CalibrationView(theme, selection)
    qtbot.addWidget(view)
    view.show()
    view.grab()
    assert says(view, "temperature ")


# In the window


def opened(window: MainWindow) -> CalibrationView:
    window.workspaces.show("inspect")
    view = window.inspect_desk.calibration_view
    tabs = _tabs_of(view)
    tabs.setCurrentWidget(view)
    return view


def _tabs_of(view: QWidget) -> QTabWidget:
    parent = view.parentWidget()
    while not isinstance(parent, QTabWidget):
        assert parent is not None
        parent = parent.parentWidget()
    return parent


def test_held_out_images_are_evaluated_where_that_is_not_kept(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    kept = sorted((home.runs / run_id / "evaluations").glob("validation-*.npz"))
    assert len(kept) == 3
    recorded = Evaluation.load(kept[-1])
    for path in kept:
        path.unlink()
    window = make_window()
    view = opened(window)
    window.selection.show_epoch(3)
    qtbot.waitUntil(lambda: says(view, "answers of epoch 3 are not kept"), timeout=LONG_MS)
    qtbot.mouseClick(button(view, "Evaluate"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: says(view, "temperature "), timeout=LONG_MS)
    found = window.selection.validation
    assert found is not None
    np.testing.assert_array_equal(found.labels, recorded.labels)
    assert np.abs(found.probabilities - recorded.probabilities).max() < 2e-3
    assert says(view, f"temperature {found.temperature:.2f}")
    qtbot.waitUntil(lambda: not has_button(view, "Evaluate"))
    assert Evaluation.load(kept[-1]).epoch == 3, "it is there the next time"
    assert [path for path in kept if path.exists()] == kept[-1:]


def test_a_run_without_held_out_images_says_so(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config.with_values({"data.validation_fraction": 0, "training.epochs": 1}))
    view = opened(make_window())
    qtbot.waitUntil(lambda: says(view, "holds no images out"), timeout=LONG_MS)
    assert not has_button(view, "Evaluate")


def test_a_bin_and_a_cell_bring_the_gallery_forward(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    view = opened(window)
    assert not window.inspect_desk.gallery.isVisible()
    view.images_shown.emit()
    assert window.inspect_desk.gallery.isVisible()
    opened(window)
    matrix = window.inspect_desk.side.confusion_view
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(1, 1).center())
    assert window.inspect_desk.gallery.isVisible()


def test_classes_are_clustered_on_the_lane(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    from PySide6.QtWidgets import QComboBox

    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    side = window.inspect_desk.side
    box = named(side, QComboBox, "Order of the classes")
    box.setCurrentIndex(1)
    box.activated.emit(1)
    qtbot.waitUntil(lambda: side.confusion._ordered is window.selection.evaluation, timeout=LONG_MS)
    assert sorted(side.confusion_view.headings[0]) == ["blue", "green", "red"]
