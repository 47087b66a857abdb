"""Pictures, plots, progress, theme: each by itself."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmapCache
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from tests.gui.drawn import is_written, mark_positions, marks, text_item, written
from tests.gui.seen import button, texts
from workbench.core.config import RunConfig
from workbench.core.dataset import ImageSet
from workbench.core.events import EpochMetrics, Progress, RateChanged, RunStarted, StepMetrics
from workbench.core.home import Home
from workbench.gui.runs.metric_plot import MetricPlot
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.runs.progress_panel import ProgressPanel
from workbench.gui.runs.run_curves import RunCurves, Smoothed
from workbench.gui.widgets.pictures import thumbnail, to_pixels, to_qimage
from workbench.gui.widgets.theme import DARK, LIGHT, Theme, contrast
from workbench.gui.work.training_session import State


def test_pictures_keep_their_pixels(images: ImageSet, qapp: QApplication) -> None:
    image = to_qimage(images.images[5])
    assert np.array_equal(to_pixels(image), images.images[5])
    # Rows of an odd width are padded in memory.
    assert np.array_equal(to_pixels(to_qimage(images.images[5][:, :31])), images.images[5][:, :31])
    for y, x in ((0, 0), (3, 7), (31, 31)):
        assert image.pixelColor(x, y).getRgb()[:3] == tuple(int(v) for v in images.images[5][y, x])
    QPixmapCache.clear()
    doubled = thumbnail(images, 5, 64).toImage()
    assert doubled.size().width() == 64
    assert doubled.pixelColor(7, 3) == image.pixelColor(3, 1), "nearest neighbor at twice the size"


def started(first_step: int = 0) -> RunStarted:
    config = RunConfig().with_values({"training.epochs": 200})
    home = Home.locate("/tmp").data
    return RunStarted("r", "run", config, "CPU", "fp32", 1, ("a", "b"), (8, 1, 1), home, 100, first_step, 0.0)


def steps(first: int, count: int) -> StepMetrics:
    numbers = np.arange(first, first + count)
    values = np.linspace(2, 1, count).astype(np.float32)
    return StepMetrics("r", 1, numbers, values, values / 4, values.astype(float), 500.0, float(first))


def epoch(number: int) -> EpochMetrics:
    return EpochMetrics("r", number, 100 * number, 1.5, 0.4, 1.4, 0.5, 1.3, 0.6, 500.0, 1.0, True)


@pytest.fixture
def plots(qtbot: QtBot, theme: Theme) -> PlotPanel:
    panel = PlotPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(700, 500)
    panel.show()
    panel.add_run("r", "run", 0)
    panel.append(started())
    return panel


def test_many_events_are_few_redraws(qtbot: QtBot, plots: PlotPanel) -> None:
    redraws: list[None] = []
    plots.redrawn.connect(lambda: redraws.append(None))
    for first in range(1, 20_001, 10):
        plots.append(steps(first, 10))
    qtbot.waitUntil(lambda: len(redraws) > 0)
    assert len(redraws) <= 2
    assert len(plots.curves("r").train["loss"].x) == 20_000


def line(plot: MetricPlot, look: str) -> pg.PlotDataItem:
    """Of one run: the `thin` training line, the one of validation `with points`, or the `dotted` one of test."""
    looks = {
        "thin": lambda item: item.opts["pen"].color().alpha() < 255,
        "with points": lambda item: item.opts["symbol"] is not None,
        "dotted": lambda item: item.opts["pen"].style() == Qt.PenStyle.DotLine,
    }
    (found,) = (item for item in plot.getPlotItem().listDataItems() if looks[look](item))
    return found


def test_lines_hold_every_point(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    x, y = line(plots.accuracy, "thin").getOriginalDataset()
    assert len(x) == 100
    assert x[-1] == 1.0
    assert y[0] == pytest.approx(50.0)
    assert line(plots.accuracy, "with points").getOriginalDataset()[1].tolist() == [50.0]
    assert line(plots.loss, "dotted").getOriginalDataset()[1].tolist() == [1.3]


def test_a_resumed_run_draws_no_step_twice(plots: PlotPanel) -> None:
    plots.append(steps(1, 150))
    plots.append(epoch(1))
    plots.append(started(first_step=120))
    plots.append(steps(121, 30))
    curves = plots.curves("r")
    assert curves.train["loss"].x == pytest.approx((np.arange(1, 151) / 100).tolist())
    assert len(curves.smoothed["loss"].values) == 150
    assert curves.validation["loss"].x == [1.0]


def test_hidden_runs_are_not_drawn_and_empty_plots_say_what_comes(plots: PlotPanel) -> None:
    plots.append(steps(1, 10))
    plots.redraw()
    assert not is_written(plots.loss, "will appear here")
    assert plots.loss.getPlotItem().listDataItems()
    plots.hide_run("r")
    plots.redraw()
    assert plots.loss.getPlotItem().listDataItems() == []
    assert is_written(plots.loss, "will appear here")


def test_a_changed_rate_is_marked(plots: PlotPanel, theme: Theme) -> None:
    # A color that is lifted on dark.
    plots.curves("r").color_index = 2
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


def test_losses_of_a_diverging_run_are_written_whole(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(replace(epoch(1), validation_loss=277_635.2))
    plots.redraw()
    assert "2.8e5" in written(plots.loss)
    axis = plots.loss.getPlotItem().getAxis("left")
    assert axis.tickStrings([0.0, 500_000.0, 1_500_000.0], 1.0, 500_000.0) == ["0", "5e5", "1.5e6"]
    assert axis.tickStrings([0.0, 0.5], 1.0, 0.5) == ["0", "0.5"]


def test_log_loss_moves_the_end_label_too(plots: PlotPanel) -> None:
    plots.append(steps(1, 10))
    plots.append(epoch(1))
    plots.redraw()
    end = text_item(plots.loss, "1.400")
    before = end.pos().y()
    assert before == pytest.approx(1.4)
    button(plots, "Log loss").setChecked(True)
    assert end.pos().y() == pytest.approx(np.log10(before))
    button(plots, "Log loss").setChecked(False)
    assert end.pos().y() == pytest.approx(before)


def test_the_cross_hair_reads_all_figures(plots: PlotPanel) -> None:
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    plots.loss.hovered.emit(1.0)
    text = text_item(plots.accuracy, "epoch 1.00").toPlainText()
    assert "validation 50.0" in text
    assert "test 60.0" in text
    plots.loss.hovered.emit(float("nan"))
    assert not is_written(plots.accuracy, "epoch")


@pytest.mark.parametrize("x", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_the_cross_hairs_figures_are_whole_in_a_narrow_plot(plots: PlotPanel, x: float) -> None:
    plots.resize(420, 400)
    plots.append(steps(1, 100))
    plots.append(epoch(1))
    plots.redraw()
    plot = plots.accuracy
    plot.show_readout(x, [("a run", 0, "train 59.9 % validation 56.3 %")])
    box = plot.getPlotItem().getViewBox().sceneBoundingRect()
    text = text_item(plot, "a run").sceneBoundingRect()
    assert text.width() > box.width() / 2
    assert text.left() >= box.left() - 1
    assert text.right() <= box.right() + 1


def test_the_bar_is_never_busy(qtbot: QtBot, theme: Theme) -> None:
    """Once busy, Qt repaints it 30 times a second, and goes on doing so while training."""
    panel = ProgressPanel(theme)
    qtbot.addWidget(panel)
    (bar,) = panel.findChildren(QProgressBar)
    at_first = texts(panel)
    limits: list[tuple[int, int]] = []

    def note() -> None:
        limits.append((bar.value(), bar.maximum()))

    panel.show_state(State.STARTING)
    note()
    for reading in (Progress("Reading images", 0, 0, run_id="r1"), Progress("Reading images", 3, 12, run_id="r1")):
        panel.append(reading)
        note()
    panel.append(started())
    panel.append(steps(1, 3))
    note()
    panel.show_state(State.STARTING)
    panel.append(Progress("Reading images", 3, 12, run_id="r2"))
    panel.show_state(State.IDLE)
    note()
    assert texts(panel) == at_first, "nothing is left of what was read"
    assert limits == [(0, 1), (0, 1), (3, 12), (3, started().total_steps), (0, 1)]


def test_smoothing_starts_without_bias_and_zero_is_none() -> None:
    smooth = Smoothed(0.9)
    smooth.extend([5.0, 5.0, 5.0])
    assert smooth.values == pytest.approx([5.0, 5.0, 5.0])
    curves = RunCurves("r", "run", 0)
    curves.append_steps(steps(1, 5))
    curves.smooth(0.0)
    assert curves.smoothed["loss"].values == pytest.approx(curves.train["loss"].y)


@pytest.mark.parametrize("colors", [LIGHT, DARK])
@pytest.mark.parametrize("role", ["text", "secondary", "right", "warning", "wrong", "accent"])
@pytest.mark.parametrize("ground", ["window", "surface"])
def test_text_can_be_read(colors: object, role: str, ground: str) -> None:
    ratio = contrast(QColor(getattr(colors, role)), QColor(getattr(colors, ground)))
    assert ratio >= (3.0 if role == "accent" else 4.5)


def test_run_colors_are_lifted_on_dark(theme: Theme) -> None:
    theme.choose("dark")
    surface = theme.color("surface")
    assert all(contrast(theme.series(i), surface) >= 3 for i in range(10))
    assert len({theme.series(i).name() for i in range(10)}) == 10
    theme.choose("light")


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_plots_paint_in_both_themes(plots: PlotPanel, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    plots.append(steps(1, 10))
    plots.redraw()
    assert plots.grab().toImage().pixelColor(2, 2) == theme.color("window")
    theme.choose("light")


def test_signals_do_not_wear_out_true(run_alone: Callable[[str], str]) -> None:
    """PySide6 6.12.0 before Python 3.12 loses a reference to True with each emit, then aborts (PYSIDE-3474)."""
    out = run_alone(
        "import sys\n"
        "from PySide6.QtCore import QObject, Signal\n"
        "class Sender(QObject):\n"
        "    sent = Signal(object)\n"
        "sender = Sender(); sender.sent.connect(lambda x: None)\n"
        "before = sys.getrefcount(True)\n"
        "for _ in range(1000): sender.sent.emit(True)\n"
        "print(before - sys.getrefcount(True))\n"
    )
    assert abs(int(out)) < 100
