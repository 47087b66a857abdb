"""The vertical axis of the learning curves."""

from workbench.gui.runs.metric_axes import LARGE, written
from workbench.gui.widgets.axes import log_ticks, short
from workbench.gui.widgets.plotting import pg

# Between two numbers of a logarithmic axis.
_TICK_PX = 22


class NarrowAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Writes the losses of a run that diverges so that they fit: 1.5e6; no logarithmic ones above each other."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.logMode:
            values: list[tuple[float, list[float]]] = super().tickValues(minVal, maxVal, size)
            return values
        return [(1.0, log_ticks(minVal, maxVal, _TICK_PX * (maxVal - minVal) / max(size, 1.0)))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [written(10.0**value) for value in values]
        if max(map(abs, values), default=0.0) * scale < LARGE:
            strings: list[str] = super().tickStrings(values, scale, spacing)
            return strings
        return [short(value * scale) for value in values]
