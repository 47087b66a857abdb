"""How large a run's gradients are, stage by stage over time and layer by layer, so that vanishing is seen."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QWidget

from workbench.core.events import Event
from workbench.core.formats import count
from workbench.core.gradients import comparison, multiple
from workbench.gui.runs.late_plot_pair import LatePlotPair
from workbench.gui.runs.line_legend import LegendEntry
from workbench.gui.runs.line_looks import group_color, group_look
from workbench.gui.runs.plot_header import PlotHeader
from workbench.gui.runs.run_gradients import RunGradients, joined
from workbench.gui.runs.sampled_runs import SampledRuns
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import Theme

if TYPE_CHECKING:
    from workbench.gui.runs.gradient_plots import LayerNormPlot, StageNormPlot


class GradientPanel(LatePlotPair["StageNormPlot", "LayerNormPlot"]):
    """Two plots of the run that is looked at. Feed it events of any runs; it redraws at most once a second.

    All runs that are drawn share the axes, so that one can be compared with the next by choosing it.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        theme.changed.connect(self._restyle)
        self._runs = SampledRuns(RunGradients)
        self._shown = ""
        self._hovered = math.nan
        self._name = ElidedLabel("secondary")
        self._header = PlotHeader(theme, self.tr("Gradient norms"), before=[self._name])
        self._header.legend.setToolTip(
            self.tr("Norm of the gradient of all weights of a stage together, before clipping")
        )
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._others = ElidedLabel("secondary")
        self._others.setToolTip(self.tr("What stage 1 gets of the last stage's gradient in the other drawn runs"))
        self._arrange(self._header, self._sentence, self._others)

    @property
    def stage_plot(self) -> "StageNormPlot":
        return self._built()[0]

    @property
    def layer_plot(self) -> "LayerNormPlot":
        return self._built()[1]

    def _build(self) -> tuple["StageNormPlot", "LayerNormPlot"]:
        from workbench.gui.runs.gradient_plots import LayerNormPlot, StageNormPlot

        stages = StageNormPlot(self._theme)
        stages.hovered.connect(self._point_at)
        stages.refit_asked.connect(self.redraw)
        return stages, LayerNormPlot(self._theme)

    # What is known of the runs

    def append(self, event: Event) -> None:
        """Take one event of a run that `add_run` made known; others are ignored."""
        if self._runs.append(event):
            self._timer.ask()

    def add_run(self, run_id: str, name: str) -> None:
        """Make a run known, or compare with it again."""
        self._runs.add(run_id, name).visible = True
        self._timer.ask()

    def name_run(self, run_id: str, name: str) -> None:
        """Call a run otherwise, if it is known."""
        if self._runs.rename(run_id, name):
            self._timer.ask()

    def hide_run(self, run_id: str) -> None:
        """Compare with it no longer."""
        run = self._runs.get(run_id)
        if run is not None:
            run.visible = False
            self._timer.ask()

    def remove_run(self, run_id: str) -> None:
        if self._runs.remove(run_id):
            self._timer.ask()

    def show_run(self, run_id: str) -> None:
        """Look at a run; at none for an empty id."""
        self._shown, self._hovered = run_id, math.nan
        self.redraw()

    # Drawing

    def _draw(self) -> None:
        if self._plots is None:
            return
        run = self._runs.get(self._shown)
        self._name.setText(run.name if run is not None else "")
        if run is None or not run.steps:
            self._show_empty(run is not None)
        else:
            names = self._group_names(run)
            self._explain(names)
            self.stage_plot.draw(run, names, joined(each.group_limits for each in self._compared(run)))
            self._show_sample(run)
        self.redrawn.emit()

    def _show_empty(self, is_run: bool) -> None:
        self._explain([])
        for label in (self._sentence, self._others):
            label.clear()
        self._others.hide()
        sentence = self.tr("The gradients of the run that is trained or chosen appear here")
        self.stage_plot.show_empty(self.tr("No gradients of this run so far") if is_run else sentence)
        self.stage_plot.point_at(None, -1)
        self.layer_plot.clear_bars()

    def _show_sample(self, run: RunGradients) -> None:
        """The one under the pointer, or the last one."""
        sample = run.nearest(self._hovered)
        self.stage_plot.point_at(run if math.isfinite(self._hovered) else None, sample)
        self.layer_plot.draw(run, sample, joined(each.layer_limits for each in self._compared(run)))
        self._sentence.setText(self._told(run, sample))
        self._others.setText(self._told_of_others(run, sample))
        self._others.setVisible(bool(self._others.text()))

    def _compared(self, run: RunGradients) -> list[RunGradients]:
        """All that share its axes."""
        return [run, *(other for other in self._runs if other.visible and other is not run)]

    def _told(self, run: RunGradients, sample: int) -> str:
        """How the first stage's gradient compares with the last one's, in words."""
        step, epoch = run.steps[sample], run.epochs[sample]
        when = self.tr("Step {0} (epoch {1})").format(count(step), f"{epoch:.2f}")
        words = comparison(run.ratio(sample))
        if not words or run.layers is None:
            return when
        told = self.tr("{0}: stage 1 gets {1} the gradient of stage {2}")
        return told.format(when, words, run.layers.stages)

    def _told_of_others(self, run: RunGradients, sample: int) -> str:
        """The same of the other drawn runs, at the same epoch."""
        epoch, told = float(run.epochs[sample]), list[str]()
        for other in self._compared(run)[1:]:
            words = multiple(other.ratio(other.nearest(epoch))) if other.steps else ""
            if words:
                told.append(f"{other.name} {words}")
        return self.tr("beside it: {0}").format(" · ".join(told)) if told else ""

    def _group_names(self, run: RunGradients) -> list[str]:
        stages = run.layers.stages if run.layers is not None else 0
        numbered = (self.tr("stage {0}").format(number) for number in range(1, stages + 1))
        return [self.tr("stem"), *numbered, self.tr("head")]

    def _explain(self, names: list[str]) -> None:
        """A legend of the lines of stem, stages and head."""
        groups = len(names)
        self._header.show_legend(
            [
                LegendEntry(name, group_look(number, groups), group_color(self._theme, number, groups))
                for number, name in enumerate(names)
            ]
        )

    @Slot(float)
    def _point_at(self, epoch: float) -> None:
        run = self._runs.get(self._shown)
        if run is not None and run.steps and not (math.isnan(epoch) and math.isnan(self._hovered)):
            self._hovered = epoch
            self._show_sample(run)

    @Slot()
    def _restyle(self) -> None:
        self._restyle_plots()
