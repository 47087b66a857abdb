"""Gradient norms in the window: what is read off curves, bars and the sentence above them."""

import re
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.drawn import (
    curves,
    is_written,
    mark_positions,
    on_screen,
    point_at,
    points,
    text_item,
    tick_texts,
    written,
)
from tests.gui.seen import action, button, named, says, wait_for_curves
from tests.run_writer import Writer
from workbench.core.events import GradientsMeasured, RunStarted
from workbench.core.gradients import WeightedLayers
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.gradient_panel import GradientPanel
from workbench.gui.runs.line_legend import LineLegend
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State

PER_EPOCH = 10
STAGES = 3
SMALL = {"model.blocks": [1, 2, 1], "model.widths": [8, 16, 32]}


def started(run_id: str, values: dict[str, object] = SMALL, first_step: int = 0) -> RunStarted:
    config = RunConfig().with_values(values)
    folder = Home.locate("/tmp").data
    return RunStarted(
        run_id, run_id, config, "CPU", "fp32", 1, ("a", "b"), (8, 1, 1), folder, PER_EPOCH, first_step, 0.0
    )


def measured(
    run_id: str, step: int, of_group: Callable[[int], float], values: dict[str, object] = SMALL
) -> GradientsMeasured:
    """Every layer of a group has its norm."""
    layers = WeightedLayers.of(RunConfig().with_values(values).model)
    norms = np.array([of_group(group) for group in layers.groups], np.float32)
    return GradientsMeasured(run_id, step, 1, layers.names, norms)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> GradientPanel:
    """Shows a run whose gradients shrink by ten from stage to stage, on their way back; measured twice."""
    panel = GradientPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(560, 480)
    panel.show()
    panel.add_run("plain", "plain")
    panel.append(started("plain"))
    for step, size in ((1, 1.0), (31, 0.01)):
        panel.append(measured("plain", step, lambda group, size=size: size * 10.0**group))
    panel.show_run("plain")
    return panel


def bars(panel: GradientPanel) -> pg.BarGraphItem:
    (found,) = (item for item in panel.layer_plot.scene().items() if isinstance(item, pg.BarGraphItem))
    return found


def heights(panel: GradientPanel) -> list[float]:
    """Where the bars end, as norms."""
    return (10.0 ** np.asarray(bars(panel).opts["y1"])).round(6).tolist()


def test_there_is_a_curve_for_each_stage_and_a_bar_for_each_layer(panel: GradientPanel, theme: Theme) -> None:
    # Two convolutions a block, and a projection in stages 2 and 3.
    layers = [1, 2, 5, 3, 1]
    lines = {curve.opts["pen"].color().name(): points(curve) for curve in curves(panel.stage_plot)}
    for stage in range(1, STAGES + 1):
        x, y = lines[theme.series(stage - 1).name()]
        assert x.tolist() == [0.1, 3.1]
        expected = [size * 10.0**stage * np.sqrt(layers[stage]) for size in (1.0, 0.01)]
        np.testing.assert_allclose(10.0**y, expected, rtol=1e-5)
    styles = [curve.opts["pen"].style() for curve in curves(panel.stage_plot)]
    assert sorted(styles, key=lambda style: style.value) == [
        *[Qt.PenStyle.SolidLine] * STAGES, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine,
    ]  # fmt: skip
    assert heights(panel) == pytest.approx(
        [0.01 * 10.0**group for group, count in enumerate(layers) for _ in range(count)]
    )
    colors = [brush.name() for brush in bars(panel).opts["brushes"]]
    assert colors[1:-1] == [theme.series(stage).name() for stage in (0, 0, 1, 1, 1, 1, 1, 2, 2, 2)]


def test_vanishing_is_said_in_words(panel: GradientPanel) -> None:
    # sqrt(2) * 10 of sqrt(3) * 1000
    assert says(panel, "Step 31 (epoch 3.10): stage 1 gets 0.82\u202f% of the gradient of stage 3")
    panel.append(measured("plain", 41, lambda group: 1000.0 / 10.0**group))
    panel.redraw()
    assert says(panel, "stage 1 gets 82 times the gradient of stage 3")


@pytest.mark.parametrize("width", [300, 560, 900])
def test_the_legend_names_every_line_at_every_width(panel: GradientPanel, theme: Theme, width: int) -> None:
    panel.resize(width, 480)
    panel.redraw()
    QApplication.sendPostedEvents()
    legend = named(panel, LineLegend, "Legend")
    places = legend.places(legend.width())
    assert [words for words, _ in places] == ["stem", "stage 1", "stage 2", "stage 3", "head"]
    assert all(legend.rect().contains(place) for _, place in places)
    for choice in ("light", "dark"):
        theme.choose(choice)
        panel.redraw()
        image = legend.grab().toImage()
        colors = [image.pixelColor(place.left() + 3, place.center().y()).name() for _, place in places[1:-1]]
        assert colors == [theme.series(stage).name() for stage in range(STAGES)]


def test_a_long_name_is_cut_with_an_ellipsis(panel: GradientPanel) -> None:
    panel.name_run("plain", "a plain network of fifty-six layers at a learning rate of 0.02 without a warm-up")
    panel.redraw()
    (name,) = (label for label in panel.findChildren(ElidedLabel) if label.text().startswith("a plain"))
    assert re.fullmatch("a plain network .*…", name.shown_text)
    assert name.fontMetrics().horizontalAdvance(name.shown_text) <= name.width()


def test_a_network_of_one_stage_is_compared_with_nothing(panel: GradientPanel) -> None:
    alone = {"model.blocks": [2], "model.widths": [8]}
    panel.add_run("alone", "alone")
    panel.append(started("alone", alone))
    panel.append(measured("alone", 5, lambda group: 1.0, alone))
    panel.show_run("alone")
    assert says(panel, "Step 5 (epoch 0.50)")
    assert not says(panel, "stage 1 gets")
    assert len(curves(panel.stage_plot)) == 3


def test_the_sample_under_the_pointer_is_shown_layer_by_layer(panel: GradientPanel) -> None:
    plot = panel.stage_plot
    point_at(plot, 0.9)
    assert mark_positions(plot) == [pytest.approx(0.1)]
    assert text_item(plot, "epoch 0.10").toPlainText().split("\n")[2] == "\u25a0 stage 1 14"
    assert heights(panel)[0] == 1.0
    assert says(panel, "Step 1 (epoch 0.10)")
    # It stays while the run goes on.
    panel.append(measured("plain", 41, lambda group: 5.0))
    panel.redraw()
    assert heights(panel)[0] == 1.0
    plot.hovered.emit(float("nan"))
    assert not is_written(plot, "epoch")
    assert heights(panel)[0] == 5.0


def test_the_pointer_names_a_layer_and_the_arrow_keys_too(qtbot: QtBot, panel: GradientPanel) -> None:
    plot = panel.layer_plot
    point_at(plot, 3.5)
    assert written(plot) == ["\u25a0 layer2.0.conv1 1"]
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(plot, key)
    assert written(plot) == ["\u25a0 layer2.0.conv2 1"]
    assert plot.accessibleDescription() == "layer2.0.conv2 1"
    for _ in range(20):
        qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert written(plot) == ["\u25a0 fc 100"]
    # Beside the bars there is none.
    plot.scene().sigMouseMoved.emit(plot.mapToScene(QPoint(2, 2)))
    assert written(plot) == []


def test_frozen_layers_have_neither_a_bar_nor_a_norm(panel: GradientPanel) -> None:
    panel.append(measured("plain", 41, lambda group: np.nan if group < 2 else 1.0))
    panel.redraw()
    lowest = panel.layer_plot.getPlotItem().getViewBox().viewRange()[1][0]
    assert all(end < lowest for end in bars(panel).opts["y1"][:3])
    assert all(end > lowest for end in bars(panel).opts["y1"][3:])
    point_at(panel.layer_plot, 1.5)
    assert written(panel.layer_plot) == ["\u25a0 layer1.0.conv1 frozen"]
    assert says(panel, "Step 41 (epoch 4.10)")
    assert not says(panel, "stage 1 gets")


def test_runs_that_are_drawn_share_the_axes(panel: GradientPanel) -> None:
    QApplication.sendPostedEvents()
    alone = tick_texts(panel.stage_plot, "left")
    panel.add_run("residual", "residual")
    panel.append(started("residual"))
    panel.append(measured("residual", 1, lambda group: 2e-5))
    panel.redraw()
    shared = [tick_texts(plot, "left") for plot in (panel.stage_plot, panel.layer_plot)]
    assert "1e-5" in shared[0]
    assert "1e-5" not in alone
    assert says(panel, "beside it: residual 82\u202f%")
    panel.show_run("residual")
    assert says(panel, "stage 1 gets 82\u202f% of the gradient of stage 3")
    assert says(panel, "beside it: plain 0.82\u202f%")
    assert [tick_texts(plot, "left") for plot in (panel.stage_plot, panel.layer_plot)] == shared
    panel.show_run("plain")
    panel.hide_run("residual")
    panel.redraw()
    QApplication.sendPostedEvents()
    assert not says(panel, "beside it")
    assert tick_texts(panel.stage_plot, "left") == alone


def test_a_low_plot_writes_fewer_powers_of_ten(panel: GradientPanel) -> None:
    panel.append(measured("plain", 41, lambda group: 1e-8))
    panel.redraw()
    panel.grab()
    many = tick_texts(panel.stage_plot, "left")
    assert many[0] == "1e-8"
    panel.resize(560, 280)
    panel.grab()
    few = tick_texts(panel.stage_plot, "left")
    assert 1 < len(few) < len(many)
    assert few[0] == "1e-8"


def test_a_resumed_run_shows_no_sample_that_is_done_again(panel: GradientPanel) -> None:
    panel.append(started("plain", first_step=20))
    panel.append(measured("plain", 21, lambda group: 3.0))
    panel.redraw()
    assert [points(curve)[0].tolist() for curve in curves(panel.stage_plot)] == [[0.1, 2.1]] * (STAGES + 2)


def test_a_gradient_of_zero_is_a_gap_and_no_warning(panel: GradientPanel) -> None:
    panel.append(measured("plain", 41, lambda group: 0.0))
    panel.append(measured("plain", 51, lambda group: 1.0))
    panel.redraw()
    for curve in curves(panel.stage_plot):
        assert np.isnan(points(curve)[1]).tolist() == [False, False, True, False]


def test_empty_plots_say_what_comes(panel: GradientPanel) -> None:
    panel.add_run("new", "new")
    panel.append(started("new"))
    panel.show_run("new")
    assert is_written(panel.stage_plot, "No gradients of this run so far")
    assert heights(panel) == []
    panel.append(measured("new", 1, lambda group: 1.0))
    panel.redraw()
    assert written(panel.stage_plot) == []
    panel.show_run("")
    assert is_written(panel.stage_plot, "trained or chosen")
    assert not says(panel, "Step")


def test_events_are_few_redraws_and_none_unseen(qtbot: QtBot, panel: GradientPanel) -> None:
    redraws: list[None] = []
    panel.redrawn.connect(lambda: redraws.append(None))
    for step in range(32, 132):
        panel.append(measured("plain", step, lambda group: 1.0))
    assert redraws == []
    qtbot.waitUntil(lambda: len(redraws) == 1)
    panel.hide()
    panel.append(measured("plain", 200, lambda group: 1.0))
    panel.redraw()
    assert len(redraws) == 1
    panel.show()
    assert says(panel, "Step 200")


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_a_network_of_110_layers_is_legible(panel: GradientPanel, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    values = {
        f"model.{name}": value for name, value in Presets.load().model("resnet110").config.model_dump().items()
    }
    panel.add_run("deep", "deep")
    panel.append(started("deep", values))
    panel.append(measured("deep", 1, lambda group: 1.0 + group, values))
    panel.show_run("deep")
    plot = panel.layer_plot
    assert len(heights(panel)) == 112 - 2
    assert plot.backgroundBrush().color() == theme.color("surface")
    assert tick_texts(plot, "bottom") == []
    box = plot.getPlotItem().getViewBox()
    for layer in (0, 55, 109):
        x = layer + 0.5
        assert on_screen(plot, x + 1).x() - on_screen(plot, x).x() >= 3
        point_at(plot, x)
        # Texts take up a new range when they are painted.
        panel.grab()
        name = WeightedLayers.of(RunConfig().with_values(values).model).names[layer]
        text = text_item(plot, name).sceneBoundingRect()
        assert text.left() >= box.sceneBoundingRect().left() - 1
        assert text.right() <= box.sceneBoundingRect().right() + 1
    image = panel.grab().toImage()
    assert image.pixelColor(2, 2) == theme.color("window")


def test_the_run_that_is_trained_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    action(window, "Gradients, or back to the curves").trigger()
    panel = window.gradient_panel
    assert panel.isVisible()
    assert is_written(panel.stage_plot, "trained or chosen")
    button(window, "Start").click()
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    assert panel.isVisible(), "nobody is taken away from it"
    panel.redraw()
    assert says(panel, "of the gradient of stage 2") or says(panel, "times the gradient of stage 2")
    (record,) = window.runs_panel.model.records
    assert says(panel, record.name)


def test_the_run_that_is_chosen_is_shown_whoever_trains_it(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    action(window, "Gradients, or back to the curves").trigger()
    panel, library = window.gradient_panel, window.library
    writers = [Writer(home), Writer(home)]
    for number, writer in enumerate(writers):
        writer.start()
        writer.steps(1, 20)
        writer.gradients(11 + number)
    library.watch()
    for number, writer in enumerate(writers):
        window.runs_panel.select(writer.id)
        wait_for_curves(qtbot, window)
        panel.redraw()
        assert says(panel, f"Step {11 + number} ")
    writers[1].gradients(15)
    writers[1].steps(21, 22)
    library.watch()
    panel.redraw()
    assert says(panel, "Step 15 ")
    window.run_desk.draw_run(writers[1].id, False)
    panel.redraw()
    assert says(panel, "Step 15 "), "it is still the one that is looked at"
    for writer in writers:
        writer.store.finish(writer.id, "stopped")
        writer.store.close()
