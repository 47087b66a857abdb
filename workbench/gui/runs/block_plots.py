"""What is measured inside of blocks, on plain axes: a curve per stage over epochs, and a bar per block."""

import math

import numpy as np
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from workbench.core.formats import two_digits
from workbench.gui.runs.line_looks import LineLook
from workbench.gui.runs.run_blocks import Measure, RunBlocks, Values
from workbench.gui.runs.sample_plots import BarsPlot, CurvesPlot, SamplePlot
from workbench.gui.widgets.axes import round_up
from workbench.gui.widgets.theme import Theme

_PERCENT: tuple[Measure, ...] = ("share", "zeros")


def value_text(measure: Measure, value: float) -> str:
    """`45 %` of shares, `0.83` of the rest; a dash where there is nothing to measure."""
    if math.isnan(value):
        return "–"
    return f"{two_digits(100 * value)}\u202f%" if measure in _PERCENT else f"{value:.2f}"


class _MeasureAxis:
    """The y axis of a plot: it shows one measure, and moves in round steps."""

    def __init__(self, plot: SamplePlot) -> None:
        self._plot = plot
        self._limits: tuple[float, float] | None = None
        for name in ("left", "bottom"):
            plot.getPlotItem().getAxis(name).setStyle(maxTickLevel=0)

    def show(self, measure: Measure, title: str, values: Values) -> None:
        """Make room for these values, and name them.

        Args:
            title: of the axis; shares are written in per cent.
        """
        drawn = values[np.isfinite(values)]
        low, high = (float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
        limits = (-round_up(-low) if low < 0 else 0.0, round_up(high) if high > 0 else 0.0)
        limits = limits if limits[1] > limits[0] else (limits[0], limits[0] + 1.0)
        if limits != self._limits:
            self._limits = limits
            self._plot.show_y_range(*limits)
        self._plot.getPlotItem().getAxis("left").setScale(100 if measure in _PERCENT else 1)
        self._plot.set_title("left", title)


class StagePlot(CurvesPlot):
    """Draws the mean of each stage's blocks."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {"left": ""}, parent)
        self._titles["bottom"] = self.tr("epoch")
        self.axis = _MeasureAxis(self)
        self.setAccessibleName(self.tr("What is measured in each stage, over the epochs"))

    def pen(self, number: int, count: int) -> QPen:
        return LineLook().pen(self._theme.series(number), self._theme.color("surface"))

    def show_empty(self, sentence: str) -> None:
        """Empty axes that say what will appear, or why nothing is there."""
        self.set_lines(0)
        self.set_right(10.0)
        self.show_sentence(sentence)

    def draw(self, run: RunBlocks, measure: Measure) -> None:
        self.show_sentence("")
        values = run.of_stages(measure)
        self.set_lines(run.stages)
        for line, of_stage in zip(self._lines, values.T, strict=True):
            line.setData(run.epochs, of_stage)
        self.set_right(round_up(float(run.epochs[-1])))

    def point_at(self, run: RunBlocks | None, measure: Measure, sample: int) -> None:
        """A cross-hair at a sample, with the value of each stage; none without a run."""
        if run is None:
            self.show_cursor(None)
            return
        values = run.of_stages(measure)[sample].tolist()
        rows = [
            (self._theme.series(stage), self.tr("stage {0}: {1}").format(stage + 1, value_text(measure, value)))
            for stage, value in enumerate(values)
        ]
        self.show_cursor(float(run.epochs[sample]), rows)


class BlockPlot(BarsPlot):
    """Draws a sample's values of all blocks."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {"left": ""}, parent)
        self._titles["bottom"] = self.tr("block, from the input to the output")
        self.axis = _MeasureAxis(self)
        self.setAccessibleName(self.tr("What is measured in each block"))
        self._run: RunBlocks | None = None
        self._measure: Measure = "share"
        self._sample = -1

    def clear_bars(self) -> None:
        self._run = None
        self.set_bars(0.0, np.zeros(0))

    def draw(self, run: RunBlocks, measure: Measure, sample: int) -> None:
        self._run, self._measure, self._sample = run, measure, sample
        self.set_bars(0.0, np.nan_to_num(run.of_blocks(measure)[sample]).astype(np.float64))

    def colors(self) -> list[QColor]:
        stages = self._run.stage_of.tolist() if self._run is not None else []
        return [self._theme.series(stage - 1) for stage in stages]

    def describe(self, part: int) -> str:
        if self._run is None:
            return ""
        value = float(self._run.of_blocks(self._measure)[self._sample][part])
        return f"{self._run.blocks[part]}: {value_text(self._measure, value)}"
