"""Trials as points, their accuracy over their number or over one field; pyqtgraph comes with it."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.search.dimensions import Choices, Dimension, Range, value_text
from workbench.core.search.study import StudyRecord, TrialRecord
from workbench.gui.widgets.axes import log_ticks, round_out, short
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.still_plot import StillPlot
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, Theme

Floats = NDArray[np.float64]

_DOT_PX, _BEST_PX = 8, 14
_NEAR_PX = 20
_OVERHANG_PX = 24
_TICK_PX = 52
_EMPTY_RANGE = (0.0, 100.0)
_LONGEST_TICK = 12
# Fewer trials that were trained to their end say little of where the others end.
_MOST_EVEN = 3
_LEAST_SPAN = 2.0
"""Points; less would make noise look like a difference."""


class TrialPlot(StillPlot):
    """`trial_chosen` and `trial_pointed_at` carry the number of a trial; 0: none."""

    trial_chosen = Signal(int)
    trial_pointed_at = Signal(int)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, {}, (GAP, FIELD_GAP, GROUP_GAP, GAP), parent)
        self._titles = {"left": self.tr("validation, %"), "bottom": ""}
        self.setAccessibleName(name)
        for axis in ("left", "bottom"):
            self.getPlotItem().getAxis(axis).setStyle(hideOverlappingLabels=_OVERHANG_PX, maxTickLevel=0)
        self._x: Floats = np.empty(0)
        self._y: Floats = np.empty(0)
        self._trials: list[TrialRecord] = []
        self._best, self._lowest = 0, 0.0
        self._chosen = 0
        self._dimension: Dimension | None = None
        """What lies along the x axis; None: the trials' numbers."""
        self._x_span, self._is_log = (0.0, 1.0), False
        self._line = pg.PlotCurveItem(connect="finite")
        self._dots = pg.ScatterPlotItem(size=_DOT_PX, pxMode=True)
        self._rings = pg.ScatterPlotItem(size=_BEST_PX, pxMode=True, brush=None)
        for part in (self._line, self._dots, self._rings):
            self.addItem(part, ignoreBounds=True)
        self.scene().sigMouseClicked.connect(self._on_click)
        self.getPlotItem().getViewBox().sigResized.connect(self._write_ticks)
        theme.changed.connect(self.restyle)
        self.restyle()
        self.show_y_range(*_EMPTY_RANGE)

    def show_order(self, study: StudyRecord) -> None:
        """Accuracy by the trials' numbers, and the best so far as a line."""
        trials = [trial for trial in study.trials if trial.accuracy is not None]
        x = np.array([trial.number for trial in trials], np.float64)
        last = max([study.limit, *(trial.number for trial in study.trials)], default=1)
        self._take(study, trials, x, (0.5, last + 0.5))
        best: Floats = np.maximum.accumulate(
            [-1.0, *(_percent(t) if t.state == "finished" else -1.0 for t in trials)]
        )
        # A step at each trial that is better.
        steps, places = np.repeat(best[1:], 2)[:-1], np.repeat(x, 2)[1:]
        self._line.setData(places[steps >= 0], steps[steps >= 0])
        self.set_title("bottom", self.tr("trial"))
        self._write_ticks()

    def show_field(self, study: StudyRecord, field: str) -> None:
        """Accuracy over the values of one field."""
        dimension = study.definition.space[field]
        trials = [trial for trial in study.trials if trial.accuracy is not None and field in trial.values]
        places = [_place(dimension, trial.values[field]) for trial in trials]
        self._line.setData([], [])
        self._is_log = isinstance(dimension, Range) and dimension.is_log
        self._take(study, trials, np.array(places, np.float64), _span(dimension), dimension)
        self.set_title("bottom", field.partition(".")[2].replace("_", " "))
        self._write_ticks()

    def choose(self, number: int) -> None:
        """Mark a trial; 0: none."""
        self._chosen = number
        self._draw_rings()

    def _take(
        self,
        study: StudyRecord,
        trials: list[TrialRecord],
        x: Floats,
        span: tuple[float, float],
        dimension: Dimension | None = None,
    ) -> None:
        self._trials, self._x, self._dimension = trials, x, dimension
        self._y = np.array([_percent(trial) for trial in trials], np.float64)
        self._best = study.best.number if study.best is not None else 0
        self._x_span = span
        self.setXRange(*span, padding=0.04)
        self._lowest = 0.0
        if len(self._y):
            low, high = round_out(*self._range_of(trials))
            high = min(100.0, high)
            self._lowest = max(0.0, min(low, high - _LEAST_SPAN))
            self.show_y_range(self._lowest, max(high, _LEAST_SPAN))
        self._draw()

    def _range_of(self, trials: list[TrialRecord]) -> tuple[float, float]:
        """Of all; or, so that those that were trained to their end can be told apart, of these and some below."""
        finished = [_percent(trial) for trial in trials if trial.state == "finished"]
        low, high = float(self._y.min()), float(self._y.max())
        if len(finished) < _MOST_EVEN:
            return low, high
        return max(low, min(finished) - (max(finished) - min(finished))), high

    def _draw(self) -> None:
        theme = self._theme
        colors = {"finished": theme.series(0), "pruned": theme.color("secondary")}
        other = theme.color("warning")
        pens = [pg.mkPen(colors.get(trial.state, other)) for trial in self._trials]
        # Hollow: not trained to the end.
        brushes = [
            pg.mkBrush(colors[trial.state]) if trial.state == "finished" else pg.mkBrush(None)
            for trial in self._trials
        ]
        # What lies below the axis stands at its end, pointing down.
        symbols = ["t" if y < self._lowest else "o" for y in self._y]
        self._dots.setData(x=self._x, y=self._heights, pen=pens, brush=brushes, symbol=symbols)
        self._draw_rings()

    def _draw_rings(self) -> None:
        """Around the best, and the chosen one."""
        marks = [(self._best, "accent"), (self._chosen, "text")]
        rows = [(row, role) for number, role in marks for row, t in enumerate(self._trials) if t.number == number]
        pens = [pg.mkPen(self._theme.color(role), width=2) for _, role in rows]
        marked = [row for row, _ in rows]
        self._rings.setData(x=self._x[marked], y=self._heights[marked], pen=pens)

    @property
    def _heights(self) -> Floats:
        """Where trials are drawn."""
        return np.maximum(self._y, self._lowest)

    @Slot()
    def restyle(self) -> None:
        super().restyle()
        self._line.setPen(pg.mkPen(self._theme.color("accent")))
        self._draw()

    @Slot()
    def _write_ticks(self) -> None:
        """As many as there is room for."""
        axis = self.getPlotItem().getAxis("bottom")
        width = max(1.0, self.getPlotItem().getViewBox().width())
        low, high = self._x_span
        if isinstance(self._dimension, Choices):
            texts = [value_text(value) for value in self._dimension.values]
            room = max(3, int(width / len(texts) / 8))
            axis.setTicks([[(float(i), _cut(text, min(room, _LONGEST_TICK))) for i, text in enumerate(texts)]])
        elif self._is_log and self._dimension is not None:
            distance = (high - low) * _TICK_PX / width
            axis.setTicks([[(tick, short(10**tick)) for tick in log_ticks(low, high, distance)]])
        else:
            axis.setTicks(None)

    # The pointer

    def point_of(self, number: int) -> QPointF:
        """Where a trial is drawn, in this widget's pixels."""
        row = next(row for row, trial in enumerate(self._trials) if trial.number == number)
        scene = self.getPlotItem().getViewBox().mapViewToScene(QPointF(self._x[row], self._heights[row]))
        return QPointF(self.mapFromScene(scene))

    def _near(self, position: QPointF) -> int:
        """The trial at a place in the scene; 0: none is near."""
        if not len(self._x):
            return 0
        box = self.getPlotItem().getViewBox()
        at = box.mapSceneToView(position)
        (left, right), (low, high) = box.viewRange()
        across = (self._x - at.x()) / (right - left) * box.width()
        along = (self._heights - at.y()) / (high - low) * box.height()
        distances = np.hypot(across, along)
        nearest = int(distances.argmin())
        return self._trials[nearest].number if distances[nearest] <= _NEAR_PX else 0

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        number = self._near(position)
        self.setCursor(Qt.CursorShape.PointingHandCursor if number else Qt.CursorShape.ArrowCursor)
        self.trial_pointed_at.emit(number)

    def _follow_pointer(self, x: float | None) -> None:
        if x is None:
            self.trial_pointed_at.emit(0)

    @Slot(object)
    def _on_click(self, event: object) -> None:
        number = self._near(event.scenePos())  # type: ignore[attr-defined]  # of pyqtgraph
        if number and event.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.trial_chosen.emit(number)


def _percent(trial: TrialRecord) -> float:
    return 100 * (trial.accuracy or 0.0)


def _place(dimension: Dimension, value: object) -> float:
    """Of a value on the axis; choices stand one beside the other."""
    if isinstance(dimension, Choices):
        return float(dimension.values.index(value)) if value in dimension.values else math.nan
    number = float(value)  # type: ignore[arg-type]  # ranges are of numbers
    return math.log10(number) if dimension.is_log else number


def _span(dimension: Dimension) -> tuple[float, float]:
    if isinstance(dimension, Choices):
        return -0.5, len(dimension.values) - 0.5
    return _place(dimension, dimension.low), _place(dimension, dimension.high)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
