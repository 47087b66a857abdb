"""Plots that are built late: nobody sees that they were not there from the start."""

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.drawn import curves, in_view, is_written, line_of, plot_in, points
from tests.gui.seen import button
from workbench.core.events import RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.schedule import learning_rate
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.gradient_panel import GradientPanel
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.trials.schedule_view import ScheduleView
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.theme import DARK, Theme


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> PlotPanel:
    """Not shown, and fed with ten steps of a run."""
    panel = PlotPanel(theme)
    qtbot.addWidget(panel)
    panel.add_run("r", "run", 0)
    started = RunStarted(
        "r", "run", RunConfig(), "CPU", "fp32", 1, ("a", "b"), (8, 1, 1), Home.locate("/tmp").data, 100, 0, 0.0
    )
    panel.append(started)
    losses = np.linspace(2, 1, 10)
    panel.append(StepMetrics("r", 1, np.arange(1, 11), losses, losses / 4, losses, 500.0, 1.0))
    return panel


def plots(parent: QWidget) -> list[pg.PlotWidget]:
    return parent.findChildren(pg.PlotWidget)


def sizes(parent: QWidget) -> tuple[QSize, QSize]:
    return parent.sizeHint(), parent.minimumSizeHint()


def test_curves_are_built_when_they_are_first_seen(qtbot: QtBot, panel: PlotPanel) -> None:
    assert plots(panel) == []
    before = sizes(panel)
    panel.resize(700, 500)
    panel.show()
    # In their places at once, before anything is painted.
    assert [plot.width() for plot in plots(panel)] == [plot.parent().width() for plot in plots(panel)]
    assert sum(plot.height() for plot in plots(panel)) > 350
    assert all(plot.isVisible() for plot in plots(panel))
    assert sizes(panel) == before, "what stands beside them would move"
    with qtbot.waitSignal(panel.redrawn):
        pass
    assert not is_written(panel.loss, "will appear here")
    for plot in (panel.loss, panel.accuracy):
        for kind in ("raw", "smoothed"):
            assert len(in_view(plot, line_of(plot, kind)).x) == 10


def test_curves_that_are_drawn_unseen_are_there_when_they_are_seen(panel: PlotPanel) -> None:
    panel.redraw()
    panel.show()
    assert not is_written(panel.accuracy, "will appear here")
    assert panel.loss.lines


def test_curves_follow_what_was_chosen_before_they_were_built(theme: Theme, panel: PlotPanel) -> None:
    theme.choose("dark")
    button(panel, "Log loss").setChecked(True)
    panel.redraw()
    panel.show()
    for plot in (panel.loss, panel.accuracy):
        assert plot.backgroundBrush().color().name() == DARK.surface.lower()
    # Decades of a loss between 1 and 2.
    assert panel.loss.getPlotItem().getViewBox().viewRange()[1][1] < 1


def test_gradients_are_built_when_they_are_first_seen(qtbot: QtBot, theme: Theme) -> None:
    panel = GradientPanel(theme)
    qtbot.addWidget(panel)
    theme.choose("dark")
    panel.redraw()
    assert plots(panel) == []
    panel.resize(700, 500)
    panel.show()
    assert plots(panel) == [panel.stage_plot, panel.layer_plot]
    assert all(plot.isVisible() and plot.width() == plot.parent().width() for plot in plots(panel))
    assert all(plot.backgroundBrush().color().name() == DARK.surface.lower() for plot in plots(panel))


def test_a_schedule_is_drawn_when_it_is_first_seen(qtbot: QtBot, theme: Theme) -> None:
    view = ScheduleView()
    qtbot.addWidget(view)
    config = TrainingConfig(epochs=7, schedule="cosine")
    view.show_config(config)
    view.set_steps_per_epoch(50)
    theme.choose("dark")
    assert plots(view) == []
    assert view.readout(0) == f"epoch 0: rate {learning_rate(config, 0, 50):.3g}"
    before = sizes(view)
    view.resize(300, 124)
    view.show()
    plot = plot_in(view)
    assert plot.isVisible()
    assert plot.width() == 300
    assert sizes(view) == before
    epochs, rates = points(curves(plot)[0])
    assert epochs.tolist() == view.epochs.tolist()
    assert rates.tolist() == [learning_rate(config, round(epoch * 50), 50) for epoch in epochs]
    assert curves(plot)[0].opts["pen"].color().name() == DARK.accent.lower()
    assert plot.backgroundBrush().color().name() == DARK.surface.lower()


def test_a_schedule_whose_config_is_wrong_from_the_start_can_be_seen(qtbot: QtBot) -> None:
    view = ScheduleView()
    qtbot.addWidget(view)
    view.show_problem("training.epochs is 0; it must be at least 1")
    view.show()
    assert not any(len(points(curve)[0]) for curve in curves(plot_in(view)))
    view.show_config(TrainingConfig(epochs=3))
    assert points(curves(plot_in(view))[0])[0][-1] == pytest.approx(3, abs=0.02)


def test_all_plots_are_there_once_the_engine_is(window: MainWindow) -> None:
    rooms = window.findChildren(LatePlot)
    assert len(plots(window)) == 11
    assert all(room.is_built for room in rooms)
    assert not any(room.isVisible() for room in rooms)
