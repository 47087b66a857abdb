"""Loss and accuracy of one or several runs, live."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QSlider, QWidget

from workbench.core.events import EpochMetrics, Event, RateChanged, RunStarted, StepMetrics
from workbench.core.formats import percent
from workbench.gui.runs.late_plot_pair import LatePlotPair
from workbench.gui.runs.line_legend import LegendEntry
from workbench.gui.runs.line_looks import CURVE_LOOKS
from workbench.gui.runs.plot_header import PlotHeader
from workbench.gui.runs.run_curves import RunCurves
from workbench.gui.widgets.theme import Theme

if TYPE_CHECKING:
    from workbench.gui.runs.metric_plot import MetricPlot

_DEFAULT_SMOOTHING = 90


class PlotPanel(LatePlotPair["MetricPlot", "MetricPlot"]):
    """Two plots over epochs. Feed it events of any runs; it redraws at most once a second."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        theme.changed.connect(self._restyle)
        self._runs: dict[str, RunCurves] = {}
        self._dirty: set[str] = set()
        self._header = PlotHeader(theme, self.tr("Learning curves"), after=self._settings())
        self._header.legend.setToolTip(self.tr("A run has one color, and these lines in each plot"))
        self._explain()
        self._arrange(self._header)

    @property
    def loss(self) -> "MetricPlot":
        return self._built()[0]

    @property
    def accuracy(self) -> "MetricPlot":
        return self._built()[1]

    def _build(self) -> tuple["MetricPlot", "MetricPlot"]:
        from workbench.gui.runs.metric_plot import MetricPlot

        loss = MetricPlot("loss", self.tr("loss / nats"), 1.0, self._theme)
        loss.hide_x_title()
        accuracy = MetricPlot("accuracy", self.tr("accuracy / %"), 100.0, self._theme)
        loss.share_epochs(accuracy)
        for plot in (loss, accuracy):
            plot.hovered.connect(self._show_readout)
            plot.refit_asked.connect(self.redraw)
        return loss, accuracy

    def _settings(self) -> list[QWidget]:
        self._log = QCheckBox(self.tr("Log loss"))
        self._log.setToolTip(self.tr("Draw the loss on a logarithmic axis"))
        self._log.toggled.connect(self._set_log)
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(0, 99)
        self._smoothing.setValue(_DEFAULT_SMOOTHING)
        self._smoothing.setFixedWidth(96)
        self._smoothing.setToolTip(
            self.tr("How much the smoothed training line averages; the faint one behind it shows every step")
        )
        self._smoothing.setAccessibleName(self.tr("Smoothing"))
        self._smoothing.valueChanged.connect(self._smooth)
        caption = QLabel(self.tr("Smooth"))
        caption.setBuddy(self._smoothing)
        return [self._log, caption, self._smoothing]

    def _explain(self) -> None:
        """A legend of the kinds of lines, which all runs share."""
        words = {
            "raw": self.tr("train, every step"),
            "smoothed": self.tr("train, smoothed"),
            "validation": self.tr("validation"),
            "test": self.tr("test"),
        }
        color = self._theme.color("text")
        self._header.show_legend([LegendEntry(words[kind], look, color) for kind, look in CURVE_LOOKS.items()])

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
        if self._runs.pop(run_id, None) is not None:
            self._mark(run_id)

    def curves(self, run_id: str) -> RunCurves:
        return self._runs[run_id]

    def _mark(self, run_id: str) -> None:
        self._dirty.add(run_id)
        self._timer.ask()

    def _draw(self) -> None:
        """What changed since the last time."""
        for run_id in self._dirty:
            curves = self._runs.get(run_id)
            for plot in self._built():
                if curves is not None:
                    plot.draw(curves)
                else:
                    plot.remove(run_id)
        self._dirty.clear()
        empty = not any(curves.visible for curves in self._runs.values())
        for plot in self._built():
            plot.show_empty(empty)
            plot.fit(self._runs.values())
        # The plots share their epochs, so they must end at the same place.
        width = max(plot.end_values.wanted_width for plot in self._built())
        for plot in self._built():
            plot.end_values.set_width(width)
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
        self._explain()
        self._dirty.update(self._runs)
        self._restyle_plots()

    @Slot(float)
    def _show_readout(self, x: float) -> None:
        for plot in self._built():
            lines = []
            for curves in self._runs.values():
                if curves.visible:
                    values = curves.at(plot.quantity, x)
                    names = (self.tr("train"), self.tr("validation"), self.tr("test"))
                    texts = [
                        f"{name} {percent(value) if plot.quantity == 'accuracy' else format(value, '.3f')}"
                        for name, value in zip(names, values, strict=True)
                        if value is not None
                    ]
                    if texts:
                        lines.append((curves.name, curves.color_index, "  ".join(texts)))
            plot.show_readout(x, lines)
