"""Learning curves: their lines, what explains them, and the values in the margin."""

import itertools
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.drawn import (
    end_values,
    in_view,
    is_written,
    line_of,
    mark_positions,
    marks,
    text_item,
    tick_texts,
    ticks,
    view_place,
    written,
)
from tests.gui.run_events import epoch, started, steps
from tests.gui.seen import button, named
from workbench.core.events import RateChanged
from workbench.gui.runs.curve_readout import ReadoutRow, ReadoutTable
from workbench.gui.runs.curves_legend import CurvesLegend
from workbench.gui.runs.line_looks import DOT_PX
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.widgets.theme import Theme, contrast

SMALL, LARGE = (480, 400), (1500, 900)
KINDS = ["train, every step", "train, smoothed", "validation", "test"]


@pytest.fixture
def plots(qtbot: QtBot, theme: Theme) -> PlotPanel:
    panel = PlotPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(700, 500)
    panel.show()
    panel.add_run("r", "run", 0)
    panel.append(started())
    return panel


def add_alike(panel: PlotPanel, runs: int) -> None:
    """Runs whose lines end almost at the same place: too close for their values to stand there."""
    for number in range(runs):
        run = f"alike {number}"
        panel.add_run(run, run, number)
        panel.append(started(run))
        panel.append(steps(1, 100, run))
        panel.append(replace(epoch(1, run), validation_loss=1.4 + 0.001 * number))


def settle(panel: PlotPanel, size: tuple[int, int]) -> None:
    """Draw everything at a size; texts take up a new range when they are painted."""
    panel.resize(*size)
    # What the header has room for is known after its layout.
    QApplication.sendPostedEvents()
    panel.redraw()
    panel.grab()


def test_keys_pass_by_plots_that_know_none(plots: PlotPanel) -> None:
    settle(plots, LARGE)
    assert all(plot.focusPolicy() is Qt.FocusPolicy.NoFocus for plot in (plots.loss, plots.accuracy))


# Lines


def test_what_is_all_right_is_drawn_whole(plots: PlotPanel) -> None:
    plots.append(steps(1, 10))
    plots.append(replace(epoch(1), validation_accuracy=1.0, test_accuracy=0.0))
    settle(plots, SMALL)
    view = plots.accuracy.getPlotItem().getViewBox()
    low, high = view.viewRange()[1]
    assert (high - 100.0) / (high - low) * view.height() > DOT_PX / 2


def test_many_events_are_few_redraws(qtbot: QtBot, plots: PlotPanel) -> None:
    redraws: list[None] = []
    plots.redrawn.connect(lambda: redraws.append(None))
    for first in range(1, 20_001, 10):
        plots.append(steps(first, 10))
    qtbot.waitUntil(lambda: len(redraws) > 0)
    assert len(redraws) <= 2
    assert len(plots.curves("r")) == 20_000


def test_lines_hold_every_point(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.append(epoch(2))
    plots.redraw()
    x, y = in_view(plots.accuracy, line_of(plots.accuracy, "raw"))
    assert len(x) == 100
    assert x[-1] == 1.0
    assert y[0] == pytest.approx(0.5)
    assert in_view(plots.accuracy, line_of(plots.accuracy, "smoothed")).y[-1] == pytest.approx(0.273, abs=0.001)
    assert in_view(plots.accuracy, line_of(plots.accuracy, "validation")).y.tolist() == [0.5, 0.5]
    assert in_view(plots.loss, line_of(plots.loss, "test")).y.tolist() == [1.3, 1.3]


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_kinds_differ_in_the_color_of_their_run(plots: PlotPanel, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    for plot in (plots.loss, plots.accuracy):
        lines = {kind: line_of(plot, kind) for kind in ("raw", "smoothed", "validation", "test")}
        color, ground = theme.series(0), theme.color("surface")
        assert lines["validation"].color == lines["test"].color == color
        for kind, share in (("raw", 0.25), ("smoothed", 0.55)):
            expected = [
                share * a + (1 - share) * b for a, b in zip(color.getRgbF(), ground.getRgbF(), strict=True)
            ]
            assert lines[kind].color.getRgbF() == pytest.approx(expected, abs=0.01)
        # Of many points, of which wider lines are slow.
        assert lines["raw"].look.width == lines["smoothed"].look.width == 1
        assert lines["validation"].look.width == 2
        assert [kind for kind, line in lines.items() if line.look.has_dots] == ["validation"]


def test_no_training_line_hides_what_is_measured_of_another_run(plots: PlotPanel) -> None:
    add_alike(plots, 2)
    plots.redraw()
    kinds = [line.kind for line in plots.loss.lines]
    training = max(kinds.index(kind) for kind in ("raw", "smoothed"))
    assert training < min(kinds.index(kind) for kind in ("validation", "test"))
    assert {line.key for line in plots.loss.lines} == {"r", "alike 0", "alike 1"}


def test_hidden_runs_are_not_drawn_and_empty_plots_say_what_comes(plots: PlotPanel) -> None:
    plots.append(steps(1, 10))
    plots.redraw()
    assert not is_written(plots.loss, "will appear here")
    assert plots.loss.lines
    plots.hide_run("r")
    plots.redraw()
    assert plots.loss.lines == []
    assert is_written(plots.loss, "will appear here")


def test_a_changed_rate_is_marked(plots: PlotPanel, theme: Theme) -> None:
    # A color that is lifted on dark.
    plots.run("r").color_index = 2
    plots.append(steps(1, 100))
    plots.append(RateChanged("r", 50, 0.1, 0.04))
    plots.append(RateChanged("r", 90, 0.5, 0.02))
    plots.redraw()
    for plot in (plots.loss, plots.accuracy):
        assert mark_positions(plot) == [0.5, 0.9]
    said = [text for text in written(plots.loss) if "rate" in text]
    assert sorted(said) == ["rate 0.02", "rate 0.04"]
    assert text_item(plots.loss, "rate 0.04").line.value() == 0.5
    former = marks(plots.loss)[0].pen.color()
    theme.choose("dark")
    plots.redraw()
    assert marks(plots.loss)[0].pen.color() != former
    theme.choose("light")
    # Resumed from before the second change.
    plots.append(started(first_step=60))
    plots.redraw()
    assert mark_positions(plots.accuracy) == [0.5]
    plots.hide_run("r")
    plots.redraw()
    assert not marks(plots.loss)


# The cross-hair


def test_the_cross_hair_reads_all_figures(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    plots.loss.hovered.emit(1.0)
    text = text_item(plots.accuracy, "epoch 1.00").toPlainText()
    assert [word for word in text.split("\n") if word] == [
        "epoch 1.00",
        "validation",
        "test",
        "train",
        "■ run",
        "50.0",
        "60.0",
        "27.3",
    ]
    plots.loss.hovered.emit(float("nan"))
    assert not is_written(plots.accuracy, "epoch")


@pytest.mark.parametrize("x", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_the_cross_hairs_figures_are_whole_in_a_narrow_plot(plots: PlotPanel, x: float) -> None:
    plots.resize(420, 400)
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    plot = plots.accuracy
    rows = (ReadoutRow(0, "a run with a longer name", ("56.3", "59.9", "61.2")),)
    plot.show_readout(x, ReadoutTable("epoch 0.5", ("validation", "test", "train"), rows))
    box = plot.getPlotItem().getViewBox().sceneBoundingRect()
    text = text_item(plot, "a run").sceneBoundingRect()
    assert text.width() > box.width() / 2
    assert text.left() >= box.left() - 1
    assert text.right() <= box.right() + 1


# The legend


def entries(panel: PlotPanel) -> list[QAbstractButton]:
    """What stands in the legend, in its order."""
    legend = named(panel, CurvesLegend, "Legend")
    found = [each for each in legend.findChildren(QAbstractButton) if each.isVisible()]
    return sorted(found, key=lambda each: (each.y(), each.x()))


@pytest.mark.parametrize("width", [340, 480, 640, 900, 1500])
def test_the_legend_is_whole_at_every_width(plots: PlotPanel, width: int) -> None:
    settle(plots, (width, 400))
    legend = named(plots, CurvesLegend, "Legend")
    buttons = entries(plots)
    assert [each.text() for each in buttons] == [*KINDS, "run"]
    places = [each.geometry() for each in buttons]
    assert all(legend.rect().contains(place) for place in places)
    assert not any(one.intersects(other) for one, other in itertools.combinations(places, 2))
    for each in buttons:
        assert each.fontMetrics().horizontalAdvance(each.text()) < each.width()
    # Nothing else of the panel stands over it.
    corner = legend.mapTo(plots, QPoint(0, 0))
    for child in plots.findChildren(QWidget):
        if child.isVisible() and not child.isAncestorOf(legend) and not legend.isAncestorOf(child):
            place = child.rect().translated(child.mapTo(plots, QPoint(0, 0)))
            assert child is legend or not place.intersects(legend.rect().translated(corner)), child
    assert len({place.top() for place in places}) == (2 if width <= 480 else 1)


def ink(image: QImage, ground: QColor) -> list[list[float]]:
    """Contrast of each pixel with its ground, column by column."""
    rows, columns = range(image.height()), range(image.width())
    return [[contrast(image.pixelColor(x, y), ground) for y in rows] for x in columns]


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_legend_shows_lines_as_the_plots_draw_them(plots: PlotPanel, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    settle(plots, (900, 400))
    ground = theme.color("window")
    samples = {
        each.text(): ink(each.grab().toImage().copy(5, 0, 22, each.height()), ground) for each in entries(plots)
    }
    strongest = {words: max(map(max, columns)) for words, columns in samples.items()}
    assert strongest["train, every step"] < strongest["train, smoothed"] < strongest["validation"]
    assert strongest["train, every step"] > 1.3, "faint, but seen"
    inked = {
        words: [sum(each > 1.3 for each in column) for column in columns] for words, columns in samples.items()
    }
    assert set(inked["train, smoothed"]) == {1}
    assert max(inked["train, every step"]) > 1, "it jumps"
    # A dot in its middle.
    assert inked["validation"][0] == inked["validation"][-1] == 2
    assert max(inked["validation"][9:13]) >= 5
    assert set(inked["test"]) == {0, 2}


# Values in the margin


def test_a_value_says_what_it_is_unless_it_is_validation(plots: PlotPanel) -> None:
    def said() -> list[list[str]]:
        plots.redraw()
        return [[value.text for value in end_values(plot)] for plot in (plots.loss, plots.accuracy)]

    assert said() == [[], []]
    plots.append(steps(1, 50))
    assert said() == [["train 1.18"], ["train 29.5"]]
    plots.append(replace(epoch(1), validation_loss=None, validation_accuracy=None))
    assert said() == [["test 1.300"], ["test 60.0"]]
    plots.append(epoch(2))
    assert said() == [["1.400"], ["50.0"]]
    # Begun again from before the second epoch.
    plots.append(started(first_step=120))
    assert said() == [["test 1.300"], ["test 60.0"]]
    plots.hide_run("r")
    assert said() == [[], []]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_values_of_several_runs_stand_apart_beside_the_data(
    plots: PlotPanel, theme: Theme, size: tuple[int, int], log: bool
) -> None:
    button(plots, "Log loss").setChecked(log)
    plots.hide_run("r")
    add_alike(plots, 6)
    settle(plots, size)
    for plot in (plots.loss, plots.accuracy):
        values, data = end_values(plot), view_place(plot)
        assert len(values) == 6
        for above, below in itertools.pairwise(values):
            assert above.place.bottom() + 1 < below.place.top()
        for value in values:
            assert value.place.left() > data.right()
            assert value.place.right() < plot.width()
            assert data.top() <= value.place.top() < value.place.bottom() <= data.bottom()
    drawn = [(value.text, value.color) for value in end_values(plots.loss)]
    assert drawn == [(f"{1.4 + 0.001 * number:.3f}", theme.series(number)) for number in range(5, -1, -1)]


def test_a_lone_value_stands_at_the_height_of_its_line(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    for log in (False, True, False):
        button(plots, "Log loss").setChecked(log)
        plots.redraw()
        (value,) = end_values(plots.loss)
        y = np.log10(1.4) if log else 1.4
        line_end = plots.loss.getPlotItem().getViewBox().mapViewToScene(pg.Point(1, y)).y()
        assert value.end == pytest.approx(line_end, abs=1)
        assert value.place.center().y() == pytest.approx(line_end, abs=1)


def test_more_values_than_fit_are_those_of_the_latest_runs(plots: PlotPanel) -> None:
    plots.hide_run("r")
    add_alike(plots, 30)
    settle(plots, SMALL)
    texts = [value.text for value in end_values(plots.loss)]
    assert 6 <= len(texts) < 12
    assert texts == [f"{1.4 + 0.001 * number:.3f}" for number in range(29, 29 - len(texts), -1)]


def test_values_follow_what_the_person_looks_at(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    box = plots.loss.getPlotItem().getViewBox()
    plots.loss.setXRange(0.2, 0.6, padding=0)
    assert end_values(plots.loss) == [], "the line ends elsewhere"
    plots.loss.setXRange(0, 2, padding=0)
    # As a person moves it up and down: it no longer follows the data.
    box.sigRangeChangedManually.emit([True, True])
    for loss in (50.0, float("inf")):
        plots.append(replace(epoch(2), validation_loss=loss))
        plots.redraw()
        (value,) = end_values(plots.loss)
        top = view_place(plots.loss).top()
        assert value.end == pytest.approx(top, abs=1)
        assert top <= value.place.top() < top + 3, "all of it, at the edge"


def test_the_margin_is_as_wide_as_its_texts(plots: PlotPanel) -> None:
    widths = []
    for event in (None, steps(1, 50), epoch(1)):
        if event is not None:
            plots.append(event)
        settle(plots, LARGE)
        widths.append(plots.loss.width() - view_place(plots.loss).right())
        assert view_place(plots.loss).right() == view_place(plots.accuracy).right()
    nothing, training, validation = widths
    assert nothing < validation < training < 90


def test_losses_of_a_diverging_run_are_written_whole(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(replace(epoch(1), validation_loss=277_635.2))
    plots.redraw()
    assert [value.text for value in end_values(plots.loss)] == ["2.8e5"]
    axis = plots.loss.getPlotItem().getAxis("left")
    assert axis.tickStrings([0.0, 500_000.0, 1_500_000.0], 1.0, 500_000.0) == ["0", "5e5", "1.5e6"]
    assert axis.tickStrings([0.0, 0.5], 1.0, 0.5) == ["0", "0.5"]


# Axes


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_axes_are_aligned_and_nothing_of_them_is_cut(plots: PlotPanel, size: tuple[int, int], log: bool) -> None:
    button(plots, "Log loss").setChecked(log)
    plots.append(steps(1, 1200))
    plots.append(epoch(1))
    settle(plots, size)
    assert view_place(plots.loss).left() == view_place(plots.accuracy).left()
    for plot in (plots.loss, plots.accuracy):
        # The lowest plot says for all of them where they are.
        for side in ("left", "bottom") if plot is plots.accuracy else ("left",):
            places = [place for _, place in ticks(plot, side)]
            assert len(places) > 1
            assert all(plot.sceneRect().contains(place) for place in places)
            assert not any(one.intersects(other) for one, other in itertools.combinations(places, 2))
            title = plot.getPlotItem().getAxis(side).label
            margin = title.document().documentMargin()
            words = title.mapRectToScene(title.boundingRect().adjusted(margin, margin, -margin, -margin))
            assert not title.isVisible() or plot.sceneRect().contains(words)


def test_a_logarithmic_axis_has_round_numbers(plots: PlotPanel) -> None:
    button(plots, "Log loss").setChecked(True)
    for first in (1, 51):
        plots.append(steps(first, 50))
    settle(plots, LARGE)
    assert tick_texts(plots.loss, "left") == ["1", "1.5", "2", "2.5"]
    plots.append(replace(epoch(1), validation_loss=12_000.0))
    settle(plots, LARGE)
    assert {"1", "10", "100", "1000", "1e4"} <= set(tick_texts(plots.loss, "left"))


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_panel_is_painted_in_both_themes(plots: PlotPanel, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    plots.append(steps(1, 10))
    plots.redraw()
    assert plots.grab().toImage().pixelColor(2, 2) == theme.color("window")
    assert plots.loss.lines
