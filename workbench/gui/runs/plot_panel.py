"""Loss and accuracy of one or several runs, live."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from workbench.core.events import EpochMetrics, Event, RateChanged, RunStarted, StepMetrics
from workbench.core.formats import percent
from workbench.gui.runs.run_curves import RunCurves
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.redraw_timer import RedrawTimer
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

if TYPE_CHECKING:
    from workbench.gui.runs.metric_plot import MetricPlot

_DEFAULT_SMOOTHING = 90
_LEGEND_FROM_PX = 680


class PlotPanel(QWidget):
    """Two plots over epochs. Feed it events of any runs; it redraws at most once a second."""

    redrawn = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: dict[str, RunCurves] = {}
        self._dirty: set[str] = set()
        self._theme = theme
        self._plots: tuple[MetricPlot, MetricPlot] | None = None
        self._timer = RedrawTimer(self.redraw, self)
        theme.changed.connect(self._restyle)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(GAP)
        layout.addLayout(self._header())
        self._rooms = (LatePlot(lambda: self.loss), LatePlot(lambda: self.accuracy))
        for room in self._rooms:
            layout.addWidget(room, 1)

    @property
    def loss(self) -> "MetricPlot":
        return self._built()[0]

    @property
    def accuracy(self) -> "MetricPlot":
        return self._built()[1]

    def _built(self) -> tuple["MetricPlot", "MetricPlot"]:
        """Both plots, built when they are first wanted."""
        if self._plots is None:
            from workbench.gui.runs.metric_plot import MetricPlot

            loss = MetricPlot("loss", self.tr("loss / nats"), 1.0, self._theme)
            loss.hide_x_title()
            accuracy = MetricPlot("accuracy", self.tr("accuracy / %"), 100.0, self._theme)
            loss.setXLink(accuracy)
            self._plots = (loss, accuracy)
            for plot in self._plots:
                plot.hovered.connect(self._show_readout)
                plot.refit_asked.connect(self.redraw)
                plot.restyle()
            for room in self._rooms:
                room.build()
        return self._plots

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(labeled(self.tr("Learning curves"), "heading"))
        self._legend = labeled(self.tr("train thin · validation solid · test dotted"), "secondary")
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._legend, 1)
        row.addStretch(0)
        self._log = QCheckBox(self.tr("Log loss"))
        self._log.setToolTip(self.tr("Draw the loss on a logarithmic axis"))
        self._log.toggled.connect(self._set_log)
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(0, 99)
        self._smoothing.setValue(_DEFAULT_SMOOTHING)
        self._smoothing.setFixedWidth(96)
        self._smoothing.setToolTip(
            self.tr("How much the solid training line averages; the faint one shows every step")
        )
        self._smoothing.setAccessibleName(self.tr("Smoothing"))
        self._smoothing.valueChanged.connect(self._smooth)
        row.addWidget(self._log)
        caption = QLabel(self.tr("Smooth"))
        caption.setBuddy(self._smoothing)
        row.addWidget(caption)
        row.addWidget(self._smoothing)
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The legend must not keep the middle of the window wide, nor be cut in a word.
        self._legend.setVisible(self.width() >= _LEGEND_FROM_PX)

    def append(self, event: Event) -> None:
        """Take one event of a run that `add_run` made known; others are ignored."""
        curves = self._runs.get(event.run_id)
        if curves is None:
            return
        match event:
            case RunStarted():
                curves.start(event)
            case StepMetrics():
                curves.append_steps(event)
            case EpochMetrics():
                curves.append_epoch(event)
            case RateChanged():
                curves.change_rate(event)
            case _:
                return
        self._mark(event.run_id)

    def add_run(self, run_id: str, name: str, color_index: int) -> None:
        """Make a run known, or show it again."""
        curves = self._runs.setdefault(run_id, RunCurves(run_id, name, color_index))
        curves.visible = True
        self._mark(run_id)

    def name_run(self, run_id: str, name: str) -> None:
        """Call a run otherwise, if it is known."""
        if run_id in self._runs:
            self._runs[run_id].name = name

    def has_run(self, run_id: str) -> bool:
        return run_id in self._runs

    def hide_run(self, run_id: str) -> None:
        if run_id in self._runs:
            self._runs[run_id].visible = False
            self._mark(run_id)

    def remove_run(self, run_id: str) -> None:
        self.hide_run(run_id)
        self.redraw()
        self._runs.pop(run_id, None)

    def curves(self, run_id: str) -> RunCurves:
        return self._runs[run_id]

    def _mark(self, run_id: str) -> None:
        self._dirty.add(run_id)
        self._timer.ask()

    @Slot()
    def redraw(self) -> None:
        """Draw what changed since the last time."""
        for run_id in self._dirty:
            curves = self._runs.get(run_id)
            for plot in self._built():
                if curves is not None:
                    plot.draw(curves)
        self._dirty.clear()
        empty = not any(curves.visible for curves in self._runs.values())
        for plot in self._built():
            plot.show_empty(empty)
            plot.fit(self._runs.values())
        self.redrawn.emit()

    @Slot(bool)
    def _set_log(self, on: bool) -> None:
        self.loss.set_log(on)
        self.redraw()

    @Slot(int)
    def _smooth(self, value: int) -> None:
        for curves in self._runs.values():
            curves.smooth(value / 100)
            self._mark(curves.run_id)

    @Slot()
    def _restyle(self) -> None:
        for plot in self._plots or ():
            plot.restyle()
        for run_id in self._runs:
            self._mark(run_id)

    @Slot(float)
    def _show_readout(self, x: float) -> None:
        for plot in self._built():
            lines = []
            for curves in self._runs.values():
                if curves.visible:
                    values = curves.at(plot.metric, x)
                    names = (self.tr("train"), self.tr("validation"), self.tr("test"))
                    texts = [
                        f"{name} {percent(value) if plot.metric == 'accuracy' else format(value, '.3f')}"
                        for name, value in zip(names, values, strict=True)
                        if value is not None
                    ]
                    if texts:
                        lines.append((curves.name, curves.color_index, "  ".join(texts)))
            plot.show_readout(x, lines)
