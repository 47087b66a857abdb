"""What a person chooses to see of the curves: quantities, axis, kinds of lines, runs, seeds; how it is moved."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QSlider
from pytestqt.qtbot import QtBot

from tests.gui.drawn import (
    end_values,
    in_view,
    is_written,
    line_of,
    lines_of,
    mark_positions,
    on_screen,
    text_item,
    tick_texts,
    view_place,
)
from tests.gui.run_events import epoch, started, steps
from tests.gui.seen import action, button, named, says
from workbench.core.curves.lines import Band, Envelope
from workbench.core.curves.run_curves import RunCurves
from workbench.core.events import RateChanged
from workbench.core.records.run_series import RunSeries
from workbench.gui.runs.curve_choices import CurveChoices
from workbench.gui.runs.drawn_runs import shown
from workbench.gui.runs.metric_plot import MetricPlot
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.widgets.theme import Theme


def recorded(run_id: str, count: int, loss: float = 2.0) -> RunCurves:
    """A run of 100 steps an epoch, 2 s each, whose loss falls from `loss` to nearly 0."""
    numbers = np.arange(1, count + 1)
    losses = (loss * (1 - numbers / (count + 1))).astype(np.float32)
    rates = np.full(count, 0.1)
    series = RunSeries(numbers, losses, losses / 4, rates, 2.0 * numbers, np.full(count, 500, np.float32))
    ends = [
        replace(epoch(number, run_id), validation_loss=loss / number, elapsed_s=200.0 * number)
        for number in range(1, count // 100 + 1)
    ]
    return RunCurves.of(run_id, series, ends, [], 100)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> PlotPanel:
    """Three recorded runs of 10 epochs; the first two differ in their seed."""
    panel = PlotPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(1000, 600)
    panel.show()
    for number, group in enumerate(("twins", "twins", "alone")):
        panel.add_run(f"r{number}", f"run {number}", number, group)
        panel.take(recorded(f"r{number}", 1000, 1.0 + number))
    settle(panel)
    return panel


def settle(panel: PlotPanel) -> None:
    panel.redraw()
    QApplication.sendPostedEvents()
    panel.grab()


def shown_keys(plot: MetricPlot) -> set[str]:
    return {line.key for line in plot.lines}


def press(panel: PlotPanel, text: str) -> None:
    button(panel, text).click()
    settle(panel)


# Recorded runs


def test_a_recorded_run_is_drawn_at_once_and_goes_on(qtbot: QtBot, panel: PlotPanel) -> None:
    panel.add_run("late", "late", 5)
    with qtbot.waitSignal(panel.redrawn, timeout=900):
        panel.take(recorded("late", 150))
    assert len(in_view(panel.loss, line_of(panel.loss, "raw", "late")).x) == 150
    panel.append(replace(steps(151, 50, "late"), elapsed_s=400.0))
    settle(panel)
    assert len(in_view(panel.loss, line_of(panel.loss, "raw", "late")).x) == 200
    panel.append(started("late", first_step=100))
    settle(panel)
    assert len(in_view(panel.loss, line_of(panel.loss, "raw", "late")).x) == 100


def test_curves_of_a_run_that_is_not_known_are_not_drawn(panel: PlotPanel) -> None:
    panel.take(recorded("unknown", 100))
    settle(panel)
    assert not panel.has_run("unknown")


def test_a_long_run_is_drawn_as_an_envelope_and_zoomed_in_as_its_points(panel: PlotPanel) -> None:
    panel.take(recorded("r0", 50_000))
    settle(panel)
    line = line_of(panel.loss, "raw", "r0")
    assert isinstance(in_view(panel.loss, line), Envelope)
    panel.loss.show_x(100.0, 101.0)
    points = in_view(panel.loss, line)
    assert points.x.tolist() == pytest.approx([step / 100 for step in range(9999, 10_101)])
    expected = panel.curves("r0").points("loss", "raw").y[9998:10_100]
    np.testing.assert_array_equal(points.y, expected)


# What is drawn against what


def test_quantities_come_and_go_and_one_is_left(panel: PlotPanel) -> None:
    press(panel, "Rate")
    press(panel, "Images/s")
    assert [plot.quantity for plot in panel.plots] == ["loss", "accuracy", "rate", "throughput"]
    assert all(plot.isVisible() for plot in panel.plots)
    heights = [view_place(plot).height() for plot in panel.plots]
    assert max(heights) - min(heights) < 8, "only the lowest has an axis below it"
    assert [line.kind for line in panel.plots[2].lines] == ["raw"] * 3
    assert [value.text for value in end_values(panel.plots[3])] == ["500"] * 3
    loss = panel.loss
    for text in ("Loss", "Accuracy", "Rate", "Images/s"):
        press(panel, text)
    assert [plot.quantity for plot in panel.plots] == ["throughput"]
    assert not loss.isVisible()
    assert not button(panel, "Log loss").isEnabled()


def test_a_run_without_a_record_of_its_speed_says_so(panel: PlotPanel) -> None:
    for number in range(3):
        panel.hide_run(f"r{number}")
    panel.add_run("old", "old", 0)
    panel.append(started("old"))
    panel.append(replace(steps(1, 50, "old"), images_per_s=0.0))
    press(panel, "Images/s")
    plot = panel.plots[-1]
    assert is_written(plot, "no record")
    assert end_values(plot) == []
    plot.hovered.emit(0.2)
    assert not is_written(plot, "old")


@pytest.mark.parametrize(
    ("axis", "end", "title", "place"),
    [("Step", 1000.0, "step", "step 500"), ("Time", 2000.0, "time / min", "time 8:20")],
)
def test_the_axis_is_steps_or_time(panel: PlotPanel, axis: str, end: float, title: str, place: str) -> None:
    panel.append(RateChanged("r0", 500, 0.1, 0.01))
    press(panel, axis)
    assert in_view(panel.loss, line_of(panel.loss, "raw", "r0")).x[-1] == end
    assert in_view(panel.loss, line_of(panel.loss, "validation", "r0")).x[-1] == end
    left, right = panel.loss.getPlotItem().getViewBox().viewRange()[0]
    assert left < 0
    assert end < right < 1.3 * end
    assert mark_positions(panel.accuracy) == [end / 2]
    lowest = panel.accuracy.getPlotItem().getAxis("bottom")
    assert lowest.labelText == title
    assert not panel.loss.getPlotItem().getAxis("bottom").isVisible()
    if axis == "Time":
        assert "30" in tick_texts(panel.accuracy, "bottom"), "minutes"
    panel.loss.hovered.emit(500.0)
    assert place in text_item(panel.loss, "run 0").toPlainText().replace("\u202f", "")


def test_plots_move_sideways_together(panel: PlotPanel) -> None:
    panel.accuracy.show_x(2.0, 3.0)
    assert panel.loss.getPlotItem().getViewBox().viewRange()[0] == [2.0, 3.0]


def test_choices_are_one_record(panel: PlotPanel) -> None:
    choices = CurveChoices(("accuracy", "rate"), "time", True, 0.5, frozenset(("test",)), True)
    panel.choose(choices)
    assert panel.choices == choices
    settle(panel)
    assert [plot.quantity for plot in panel.plots] == ["accuracy", "rate"]
    assert {line.kind for line in panel.accuracy.lines} == {"test"}


def test_smoothing_says_its_value_and_is_drawn_at_once(qtbot: QtBot, panel: PlotPanel) -> None:
    before = in_view(panel.loss, line_of(panel.loss, "smoothed", "r0")).y.copy()
    slider = named(panel, QSlider, "Smoothing")
    with qtbot.waitSignal(panel.redrawn, timeout=900):
        slider.setValue(99)
    assert says(panel, "0.99")
    assert (in_view(panel.loss, line_of(panel.loss, "smoothed", "r0")).y[500:] > before[500:]).all()


# The legend


def entry(panel: PlotPanel, text: str) -> QAbstractButton:
    return button(panel.header.legend, text)


def test_the_legend_hides_kinds_of_lines(panel: PlotPanel) -> None:
    press(panel, "train, every step")
    press(panel, "validation")
    assert {line.kind for line in panel.loss.lines} == {"smoothed", "test"}
    assert [value.text.split()[0] for value in end_values(panel.loss)] == ["test"] * 3
    panel.loss.hovered.emit(5.0)
    assert "validation" not in text_item(panel.loss, "run 0").toPlainText()
    press(panel, "validation")
    assert {line.kind for line in panel.loss.lines} == {"smoothed", "validation", "test"}


def test_the_legend_hides_runs_and_shows_one_alone(qtbot: QtBot, panel: PlotPanel) -> None:
    press(panel, "run 1")
    assert shown_keys(panel.loss) == {"r0", "r2"}
    press(panel, "run 1")
    for modifier in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier):
        qtbot.mouseClick(entry(panel, "run 1"), Qt.MouseButton.LeftButton, modifier)
        settle(panel)
        assert shown_keys(panel.loss) == {"r1"}
        assert not entry(panel, "run 0").isChecked()
        qtbot.mouseClick(entry(panel, "run 1"), Qt.MouseButton.LeftButton, modifier)
        settle(panel)
        assert shown_keys(panel.loss) == {"r0", "r1", "r2"}


def test_two_clicks_show_a_run_alone_and_two_more_all(qtbot: QtBot, panel: PlotPanel) -> None:
    for expected in ({"r2"}, {"r0", "r1", "r2"}):
        qtbot.mouseClick(entry(panel, "run 2"), Qt.MouseButton.LeftButton)
        qtbot.mouseDClick(entry(panel, "run 2"), Qt.MouseButton.LeftButton)
        settle(panel)
        assert shown_keys(panel.loss) == expected


def test_what_a_person_takes_away_goes_at_once(qtbot: QtBot, panel: PlotPanel) -> None:
    panel.loss.hovered.emit(5.0)
    assert is_written(panel.loss, "run 0")
    with qtbot.waitSignal(panel.redrawn, timeout=900):
        for number in range(3):
            panel.hide_run(f"r{number}")
    assert panel.loss.lines == []
    assert not is_written(panel.loss, "run 0")


def test_a_run_that_is_taken_from_the_plots_leaves_the_legend(panel: PlotPanel) -> None:
    panel.hide_run("r1")
    settle(panel)
    assert not any(
        each.text() == "run 1" for each in panel.header.legend.findChildren(QAbstractButton) if each.isVisible()
    )
    panel.add_run("r1", "run 1", 1)
    panel.name_run("r1", "another name")
    settle(panel)
    assert entry(panel, "another name").isChecked()


def test_runs_without_room_are_in_a_menu(panel: PlotPanel) -> None:
    for number in range(40):
        panel.add_run(f"more {number}", f"a run with a name {number}", number)
    settle(panel)
    legend = panel.header.legend
    visible = [each for each in legend.findChildren(QAbstractButton) if each.isVisible()]
    assert len({each.geometry().center().y() for each in visible}) == 2
    menu = button(legend, "More runs").menu()
    menu.aboutToShow.emit()
    hidden = [each for each in menu.actions() if each.text() == "a run with a name 39"]
    assert len(hidden) == 1
    hidden[0].trigger()
    assert "more 39" in legend.muted


def test_runs_of_one_name_are_told_apart_by_their_numbers(panel: PlotPanel) -> None:
    for number in range(2):
        panel.name_run(f"r{number}", "same")
    settle(panel)
    assert entry(panel, "same (1)").isChecked()
    assert entry(panel, "same (2)").isChecked()
    assert {table.run for table in panel.tables()} == {"same (1)", "same (2)", "run 2"}


def test_the_cross_hair_lists_as_many_runs_as_there_is_room_for_from_the_greatest_value(panel: PlotPanel) -> None:
    panel.loss.hovered.emit(0.5)
    words = text_item(panel.loss, "run 0").toPlainText()
    assert words.index("run 2") < words.index("run 1") < words.index("run 0")
    for number in range(30):
        panel.add_run(f"more {number}", f"more {number}", number)
        panel.take(recorded(f"more {number}", 100))
    settle(panel)
    panel.loss.hovered.emit(0.5)
    text = text_item(panel.loss, "more")
    named_runs = text.toPlainText().count("\u25a0")
    assert 3 < named_runs < 20
    assert f"and {33 - named_runs} more" in text.toPlainText()
    assert text.sceneBoundingRect().height() <= view_place(panel.loss).height() + 2


# Seeds


def test_seeds_are_drawn_as_mean_and_range(panel: PlotPanel) -> None:
    grouped = action(panel, "Group seeds")
    grouped.setChecked(True)
    settle(panel)
    assert shown_keys(panel.loss) == {"twins", "r2"}
    assert lines_of(panel.loss, "raw", "twins") == []
    assert len(lines_of(panel.loss, "raw", "r2")) == 1, "a run without twins is drawn as ever"
    band = in_view(panel.loss, line_of(panel.loss, "validation", "twins"))
    assert isinstance(band, Band)
    assert band.y[0] == pytest.approx(1.5)
    assert (band.low[0], band.high[0]) == (1.0, 2.0)
    assert entry(panel, "run 0, 2 seeds").isChecked()
    panel.loss.hovered.emit(1.0)
    assert "1.500 (1.000\u20132.000)" in text_item(panel.loss, "run 2").toPlainText()
    grouped.setChecked(False)
    settle(panel)
    assert shown_keys(panel.loss) == {"r0", "r1", "r2"}


def test_the_range_is_a_translucent_area(panel: PlotPanel, theme: Theme) -> None:
    panel.hide_run("r2")
    panel.choose(replace(panel.choices, are_seeds_grouped=True, kinds=frozenset(("validation",))))
    settle(panel)
    place = on_screen(panel.loss, 1.5)
    box = panel.loss.getPlotItem().getViewBox()
    # Between the mean and the least value.
    y = box.mapViewToScene(QPointF(1.5, 1.0)).y()
    color = panel.loss.grab().toImage().pixelColor(place.x(), round(y))
    assert color not in (theme.color("surface"), theme.series(0))


# Zoom


def wheel(plot: MetricPlot, modifiers: Qt.KeyboardModifier) -> None:
    place = QPointF(on_screen(plot, 5.0))
    event = QWheelEvent(
        place, plot.viewport().mapToGlobal(place), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), event)


def ranges(plot: MetricPlot) -> Sequence[Sequence[float]]:
    return [tuple(each) for each in plot.getPlotItem().getViewBox().viewRange()]


def test_the_wheel_zooms_along_x_and_with_ctrl_along_y(panel: PlotPanel) -> None:
    whole = ranges(panel.loss)
    wheel(panel.loss, Qt.KeyboardModifier.NoModifier)
    (left, right), y = ranges(panel.loss)
    assert right - left < whole[0][1] - whole[0][0]
    assert y == whole[1]
    assert ranges(panel.accuracy)[0] == (left, right)
    others = ranges(panel.accuracy)[1]
    wheel(panel.loss, Qt.KeyboardModifier.ControlModifier)
    x, (low, high) = ranges(panel.loss)
    assert x == (left, right)
    assert high - low < whole[1][1] - whole[1][0]
    assert ranges(panel.accuracy)[1] == others
    # What comes in moves neither.
    panel.append(epoch(40, "r0"))
    settle(panel)
    assert ranges(panel.loss) == [x, (low, high)]
    panel.loss.refit_asked.emit()
    (left, right), y = ranges(panel.loss)
    assert (left < 0, right >= 40.0, y) == (True, True, whole[1])


def test_a_rectangle_is_drawn_with_shift(qtbot: QtBot, panel: PlotPanel) -> None:
    plot = panel.loss
    box = plot.getPlotItem().getViewBox()
    begin, end = (plot.mapFromScene(box.mapViewToScene(QPointF(*place))) for place in ((2.0, 2.0), (6.0, 1.0)))
    view, shift = plot.viewport(), Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, shift, begin)
    for share in (0.3, 0.6, 1.0):
        move(plot, begin + (end - begin) * share, shift)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, shift, end)
    (left, right), (low, high) = ranges(plot)
    assert (left, right) == pytest.approx((2.0, 6.0), abs=0.1)
    assert (low, high) == pytest.approx((1.0, 2.0), abs=0.1)
    assert ranges(panel.accuracy)[0] == (left, right)


def move(plot: MetricPlot, place: QPoint, modifiers: Qt.KeyboardModifier) -> None:
    """As a mouse with its left button down."""
    view = plot.viewport()
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(place), QPointF(view.mapToGlobal(place)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, modifiers,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


# What is painted


def test_a_moving_cross_hair_paints_no_line_anew(panel: PlotPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    panel.grab()
    asked: list[str] = []
    window = RunCurves.window

    def noting(curves: RunCurves, *arguments: object) -> object:
        asked.append(curves.run_id)
        return window(curves, *arguments)

    monkeypatch.setattr(RunCurves, "window", noting)
    panel.loss.draw(*drawn_now(panel))
    panel.grab()
    once = len(asked)
    assert once > 0
    for x in (1.0, 2.0, 3.0):
        panel.loss.hovered.emit(x)
        panel.loss.grab()
    assert len(asked) == once
    panel.loss.show_x(1.0, 2.0)
    panel.loss.show_x(1.0, 3.0)
    panel.loss.grab()
    assert len(asked) == once + len(panel.loss.lines), "once for the range that is painted"


def drawn_now(panel: PlotPanel) -> tuple[object, ...]:
    return shown([panel.run(f"r{number}") for number in range(3)], False), panel.choices.kinds, panel.choices.axis


@pytest.mark.parametrize("look", ["loss that is no number", "logarithm of nothing", "loss without end"])
def test_odd_values_are_painted_around(panel: PlotPanel, look: str) -> None:
    odd = {"loss that is no number": np.nan, "logarithm of nothing": 0.0, "loss without end": np.inf}[look]
    event = steps(1001, 100, "r0")
    loss = event.loss.copy()
    loss[20:60] = odd
    panel.append(replace(event, loss=loss, elapsed_s=2200.0))
    panel.append(replace(epoch(11, "r0"), validation_loss=odd, test_loss=odd))
    panel.choose(replace(panel.choices, is_loss_log=True))
    settle(panel)
    panel.loss.show_x(10.0, 11.0)
    panel.loss.grab()
    panel.loss.hovered.emit(10.4)
    panel.grab()
    low, high = ranges(panel.loss)[1]
    assert np.isfinite([low, high]).all()
