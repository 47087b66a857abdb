"""Norms of gradients on logarithmic axes: a curve per stage over epochs, and a bar per layer at one step."""

import math

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.core.formats import two_digits
from workbench.gui.runs.line_looks import group_color, group_look
from workbench.gui.runs.run_gradients import Limits, RunGradients
from workbench.gui.runs.sample_plots import BarsPlot, CurvesPlot, SamplePlot
from workbench.gui.widgets.axes import decade_ticks, decades, round_up
from workbench.gui.widgets.still_plot import TICK_PX
from workbench.gui.widgets.theme import Theme

_EMPTY_DECADES = (-3, 0)


class _NormAxis:
    """The y axis of a plot: logarithms of norms, between powers of ten."""

    def __init__(self, plot: SamplePlot) -> None:
        self._plot = plot
        self._decades: tuple[int, int] = _EMPTY_DECADES
        self._is_shown = False

    @property
    def floor(self) -> float:
        """Below what it shows."""
        return float(self._decades[0] - 1)

    def show(self, limits: Limits) -> None:
        """Make room for these values; the axis moves by whole powers of ten."""
        wanted = decades(limits.low, limits.high) if limits.high > 0 else _EMPTY_DECADES
        if wanted != self._decades or not self._is_shown:
            self._decades, self._is_shown = wanted, True
            self._plot.show_y_range(*wanted)
            self.fit()

    def fit(self) -> None:
        """As many numbers as there is room for."""
        if not self._is_shown:
            return
        item = self._plot.getPlotItem()
        height = max(2.0 * TICK_PX, item.getViewBox().height())
        item.getAxis("left").setTicks(decade_ticks(*self._decades, int(height / TICK_PX)))


class StageNormPlot(CurvesPlot):
    """Draws a run's norms of stem, stages and head."""

    refit_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {}, parent)
        self._titles = {"left": self.tr("gradient norm"), "bottom": self.tr("epoch")}
        self._axis = _NormAxis(self)
        self.getPlotItem().getViewBox().sigResized.connect(self._fit_axis)
        self.setAccessibleName(self.tr("Gradient norm of each stage over the epochs"))
        self._names: list[str] = []
        self._follows_data = True
        self.setMouseEnabled(x=True, y=False)
        self.getPlotItem().getViewBox().sigRangeChangedManually.connect(self._stop_following)

    def pen(self, number: int, count: int) -> QPen:
        color = group_color(self._theme, number, count)
        return group_look(number, count).pen(color, self._theme.color("surface"))

    def show_empty(self, sentence: str) -> None:
        """Empty axes that say what will appear."""
        self._names = []
        self.set_lines(0)
        self._axis.show(Limits())
        self.set_right(10.0)
        self.show_sentence(sentence)

    def draw(self, run: RunGradients, names: list[str], limits: Limits) -> None:
        """Draw all samples so far.

        Args:
            names: of stem, stages and head.
            limits: of all runs that are compared, so that they have one axis.
        """
        self.show_sentence("")
        self._names, epochs = list(names), run.epochs
        self.set_lines(len(names))
        with np.errstate(divide="ignore"):
            logarithms = [np.log10(run.group(number)) for number in range(len(names))]
        for line, each in zip(self._lines, logarithms, strict=True):
            # A logarithm of 0 is nowhere on the axis.
            line.setData(epochs, np.where(np.isfinite(each), each, np.nan))
        self._axis.show(limits)
        if self._follows_data:
            self.set_right(round_up(float(epochs[-1])))

    def point_at(self, run: RunGradients | None, sample: int) -> None:
        """A cross-hair at a sample, with the norm of each stage; none without a run."""
        if run is None:
            self.show_cursor(None)
            return
        norms = zip(self._names, run.of_groups[sample], strict=True)
        rows = [
            (group_color(self._theme, number, len(self._names)), f"{name} {norm_text(norm)}")
            for number, (name, norm) in enumerate(norms)
        ]
        self.show_cursor(float(run.epochs[sample]), rows)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self._follows_data, self._right = True, 0.0
        self.refit_asked.emit()

    @Slot()
    def _stop_following(self) -> None:
        self._follows_data = False

    @Slot()
    def _fit_axis(self) -> None:
        self._axis.fit()


class LayerNormPlot(BarsPlot):
    """Draws a sample's norms of all layers."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {}, parent)
        self._titles = {"left": self.tr("gradient norm"), "bottom": self.tr("layer, from the input to the output")}
        self._axis = _NormAxis(self)
        self.getPlotItem().getViewBox().sigResized.connect(self._fit_axis)
        self.setObjectName("layerNormPlot")
        self.setAccessibleName(self.tr("Gradient norm of each layer"))
        self._run: RunGradients | None = None
        self._sample = -1

    def clear_bars(self) -> None:
        self._run = None
        self._axis.show(Limits())
        self.set_bars(0.0, np.zeros(0))

    def draw(self, run: RunGradients, sample: int, limits: Limits) -> None:
        """Draw one sample.

        Args:
            limits: of all samples of all runs that are compared, so that they have one axis.
        """
        self._run, self._sample = run, sample
        self._axis.show(limits)
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.log10(run.of_layers[sample].astype(np.float64))
        # Nothing is drawn where there is no gradient.
        floor = self._axis.floor
        self.set_bars(floor, np.where(np.isfinite(heights), np.maximum(heights, floor), floor))

    @Slot()
    def _fit_axis(self) -> None:
        self._axis.fit()

    def colors(self) -> list[QColor]:
        groups = self._run.layers.groups if self._run is not None and self._run.layers is not None else ()
        return [group_color(self._theme, group, groups[-1] + 1) for group in groups]

    def describe(self, part: int) -> str:
        if self._run is None or self._run.layers is None:
            return ""
        return f"{self._run.layers.names[part]} {norm_text(self._run.of_layers[self._sample][part])}"


def norm_text(norm: float) -> str:
    """`0.034`, `2.1e-5`; a frozen layer has none."""
    return "frozen" if math.isnan(norm) else two_digits(norm)
