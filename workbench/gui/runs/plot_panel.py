"""The curves of one or several runs, live: loss, accuracy, learning rate, speed."""

from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.curves.export import CurveTable
from workbench.core.curves.on_track import Track, TrackBand
from workbench.core.curves.run_curves import KINDS, Quantity, RunCurves
from workbench.core.curves.seed_groups import GroupCurves
from workbench.core.events import Event, RunStarted
from workbench.gui.runs.curve_choices import CurveChoices
from workbench.gui.runs.curve_readout import readout
from workbench.gui.runs.curves_header import CurvesHeader
from workbench.gui.runs.drawn_runs import DrawnRun, Shown, labels, shown
from workbench.gui.runs.late_drawing import LateDrawing
from workbench.gui.runs.metric_axes import rounded_end
from workbench.gui.runs.plot_column import PlotColumn
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme

if TYPE_CHECKING:
    from workbench.gui.runs.metric_plot import MetricPlot

_EMPTY_END = {"epoch": 10.0, "step": 1000.0, "time": 600.0}


class PlotPanel(LateDrawing):
    """Up to four plots, one above the other. Give it recorded runs whole (`take`), and events of any runs.

    It redraws at most once a second while a run goes on, and at once what the person changes. `export_asked`
    carries `png`, `svg` or `csv`.
    """

    export_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        theme.changed.connect(self._restyle)
        self._runs: dict[str, DrawnRun] = {}
        self._plots: dict[Quantity, MetricPlot] = {}
        self._rooms: dict[Quantity, LatePlot] = {}
        self._x_range: tuple[float, float] | None = None
        """What is shown while that follows the data; None: anew."""
        self._seen_x: tuple[float, float] | None = None
        """What is shown, also where the person moved it."""
        self._follows_x = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.redraw)
        self.header = CurvesHeader(theme)
        self._choices = self.header.choices
        self.header.changed.connect(self._choose)
        self.header.refit_asked.connect(self._refit)
        self.header.export_asked.connect(self.export_asked)
        self.column = PlotColumn()
        self._band: TrackBand | None = None
        self._track = labeled("", "secondary")
        self._track.setWordWrap(True)
        self._track.hide()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        self._layout.setSpacing(FIELD_GAP)
        self._layout.addWidget(self.header)
        self._layout.addWidget(self._track)
        self._layout.addWidget(self.column, 1)
        self._show_rooms()

    # What is known of the runs

    def add_run(self, run_id: str, name: str, color_index: int, group: str = "") -> None:
        """Make a run known, or show it again.

        Args:
            group: the same for runs that differ in nothing but their seed.
        """
        if run_id not in self._runs:
            curves = RunCurves(run_id, weight=self._choices.weight)
            self._runs[run_id] = DrawnRun(run_id, name, color_index, curves)
        self._runs[run_id].group = group or self._runs[run_id].group
        self._runs[run_id].visible = True
        self._ask_soon()

    def take(self, curves: RunCurves) -> None:
        """Draw a recorded run that `add_run` made known, in place of what was known of it; it may go on by events.

        It is drawn at once: nothing of it is computed here that could be computed on the thread where it was read.
        """
        if curves.run_id in self._runs:
            curves.smooth(self._choices.weight)
            self._runs[curves.run_id].curves = curves
            self._ask_soon()

    def append(self, event: Event) -> None:
        """Take one event of a run that `add_run` made known; others are ignored."""
        run = self._runs.get(event.run_id)
        if run is not None and run.curves.append(event):
            if isinstance(event, RunStarted):
                run.name = event.name
            self._timer.ask()

    def name_run(self, run_id: str, name: str) -> None:
        """Call a run otherwise, if it is known."""
        if run_id in self._runs and self._runs[run_id].name != name:
            self._runs[run_id].name = name
            self._timer.ask()

    def has_run(self, run_id: str) -> bool:
        return run_id in self._runs

    def show_track(self, band: TrackBand | None, track: Track | None) -> None:
        """Where the run that is looked at is expected, and how it stands; nothing of one that is over."""
        if band is not self._band:
            self._band = band
            self._timer.ask()
        role = "secondary" if track is None else "warning" if track.place == "below" else "right"
        if self._track.property("role") != role:
            self._track.setProperty("role", role)
            self._track.style().unpolish(self._track)
            self._track.style().polish(self._track)
        said = "" if band is None else self.tr("Expected, as the gray band: as {0}").format(band.source)
        self._track.setText(track.sentence if track is not None else said)
        self._track.setVisible(band is not None)

    def hide_run(self, run_id: str) -> None:
        if run_id in self._runs:
            self._runs[run_id].visible = False
            self._ask_soon()

    def remove_run(self, run_id: str) -> None:
        if self._runs.pop(run_id, None) is not None:
            self._ask_soon()

    def run(self, run_id: str) -> DrawnRun:
        return self._runs[run_id]

    def curves(self, run_id: str) -> RunCurves:
        return self._runs[run_id].curves

    def _ask_soon(self) -> None:
        """Redraw with the next turn of the event loop: the person waits for it."""
        if self.isVisible():
            self._soon.start()
        else:
            self._is_behind = True

    # What is chosen

    @property
    def choices(self) -> CurveChoices:
        """What is drawn, as the person chose it; to be remembered."""
        return self._choices

    def choose(self, choices: CurveChoices) -> None:
        """As if the person did."""
        self.header.show_choices(choices)

    @Slot()
    def _choose(self) -> None:
        """Take up what has changed in the header."""
        before, self._choices = self._choices, self.header.choices
        if before.weight != self._choices.weight:
            for run in self._runs.values():
                run.curves.smooth(self._choices.weight)
        if before.quantities != self._choices.quantities:
            self._show_rooms()
        if before.axis != self._choices.axis:
            self._follow_x()
        if (before.kinds, before.are_seeds_grouped) != (self._choices.kinds, self._choices.are_seeds_grouped):
            self._x_range = None
        self._ask_soon()

    @Slot()
    def _refit(self) -> None:
        """Show all that there is."""
        self._follow_x()
        for plot in self._plots.values():
            plot.follow_y()
        self.redraw()

    def _follow_x(self) -> None:
        self._follows_x, self._x_range = True, None

    # The plots

    @property
    def loss(self) -> "MetricPlot":
        return self._plot("loss")

    @property
    def accuracy(self) -> "MetricPlot":
        return self._plot("accuracy")

    @property
    def plots(self) -> list["MetricPlot"]:
        """Those that are shown, from top to bottom."""
        return [self._plot(quantity) for quantity in self._choices.quantities]

    def _show_rooms(self) -> None:
        for quantity in self._choices.quantities:
            if quantity not in self._rooms:
                self._rooms[quantity] = LatePlot(partial(self._room_content, quantity))
        self.column.show_rooms([self._rooms[quantity] for quantity in self._choices.quantities])

    def _room_content(self, quantity: Quantity) -> QWidget:
        return cast(QWidget, self._built(quantity))

    def _plot(self, quantity: Quantity) -> "MetricPlot":
        """Built when it is first wanted, in its room."""
        self._rooms[quantity].build()
        return self._plots[quantity]

    def _built(self, quantity: Quantity) -> "MetricPlot":
        from workbench.gui.runs.metric_plot import MetricPlot

        titles = {
            "loss": (self.tr("loss / nats"), self.tr("loss")),
            "accuracy": (self.tr("accuracy / %"), self.tr("acc. / %"), self.tr("acc.")),
            "rate": (self.tr("learning rate"), self.tr("rate")),
            "throughput": (self.tr("images/s"), self.tr("img/s")),
        }
        plot = self._plots[quantity] = MetricPlot(quantity, titles[quantity], self._theme)
        plot.restyle()
        plot.hovered.connect(self._show_readout)
        plot.zoomed_x.connect(self._stop_following)
        plot.refit_asked.connect(self._refit)
        if self._seen_x is not None:
            plot.show_x(*self._seen_x)
        plot.getPlotItem().getViewBox().sigXRangeChanged.connect(self._share_x)
        return plot

    def _draw(self) -> None:
        choices, plots = self._choices, self.plots
        entries = self._shown()
        if self.header.legend.show_runs(entries):
            # Now, or the plots would be drawn where they were, and again.
            self.header.updateGeometry()
            self._layout.activate()
        drawn = self._drawn(entries)
        longest = max((entry.curves.end(choices.axis) for entry in drawn), default=0.0)
        for plot in plots:
            plot.says_rate = plot is plots[0]
            plot.show_x_axis(choices.axis if plot is plots[-1] else None, longest)
            if plot.quantity == "loss" and plot.is_log != choices.is_loss_log:
                plot.set_log(choices.is_loss_log)
            plot.show_empty(not drawn, self._is_unknown(plot.quantity, drawn))
            plot.draw(drawn, choices.kinds, choices.axis, self._band)
            plot.fit_y(drawn, choices.kinds)
            if not drawn:
                plot.show_readout(0.0, None)
        if self._follows_x:
            self._show_end(longest)
        # The plots share their x axis, so they must end at the same place.
        width = max(plot.end_values.wanted_width for plot in plots)
        for plot in plots:
            plot.end_values.set_width(width)
        self.redrawn.emit()

    def _shown(self) -> list[Shown]:
        """What the legend holds."""
        return shown(self._runs.values(), self._choices.are_seeds_grouped)

    def _drawn(self, entries: list[Shown]) -> list[Shown]:
        """What of the legend is not hidden there."""
        return [entry for entry in entries if entry.key not in self.header.legend.muted]

    def _is_unknown(self, quantity: Quantity, drawn: list[Shown]) -> bool:
        """Whether runs that have steps have none of these figures, as those of earlier versions."""
        limits = [entry.curves.limits(quantity, KINDS[quantity]) for entry in drawn if entry.curves.end("step")]
        return bool(limits) and all(low != low for low, _ in limits)

    def _show_end(self, longest: float) -> None:
        """From the beginning to a round number at or beyond the end."""
        axis = self._choices.axis
        wanted = (0.0, rounded_end(axis, longest) if longest else _EMPTY_END[axis])
        if wanted != self._x_range:
            self._x_range = wanted
            margin = 0.02 * wanted[1] if longest else 0.0
            for plot in self.plots:
                plot.show_x(wanted[0] - margin, wanted[1] + margin)

    @Slot(object, object)
    def _share_x(self, _box: object, x_range: tuple[float, float]) -> None:
        """What one plot shows sideways, all show."""
        self._seen_x = x_range
        for plot in self._plots.values():
            if tuple(plot.getPlotItem().getViewBox().viewRange()[0]) != tuple(x_range):
                plot.show_x(*x_range)

    @Slot()
    def _stop_following(self) -> None:
        self._follows_x = False

    @Slot()
    def _restyle(self) -> None:
        self.header.legend.restyle()
        for plot in self._plots.values():
            plot.restyle()
        if self._plots:
            self._timer.ask()

    # What is told of them

    @Slot(float)
    def _show_readout(self, x: float) -> None:
        choices = self._choices
        entries = self._drawn(self._shown())
        for plot in self.plots:
            table = None
            if x == x:
                table = readout(entries, plot.quantity, choices.kinds, choices.axis, x, plot.written)
            plot.show_readout(x, table if table is not None and table.rows else None)

    @property
    def ground(self) -> QColor:
        """What a picture of it stands on."""
        return self._theme.color("surface")

    def tables(self) -> list[CurveTable]:
        """All points of all lines that are drawn; of a group those of its runs, which are behind its mean."""
        found = []
        choices, names = self._choices, labels(self._runs.values())
        for entry in self._drawn(self._shown()):
            members = entry.curves.runs if isinstance(entry.curves, GroupCurves) else (entry.curves,)
            for curves in members:
                for quantity in choices.quantities:
                    own = KINDS[quantity]
                    for kind in own:
                        if kind in choices.kinds or len(own) == 1:
                            found.append(CurveTable.of(curves, names[curves.run_id], quantity, kind))
        return [table for table in found if len(table)]
