"""What flows through a run's blocks while it is trained: stage by stage over time, and block by block."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QWidget

from workbench.core.events import Event
from workbench.core.formats import count
from workbench.gui.runs.late_plot_pair import LatePlotPair
from workbench.gui.runs.line_legend import LegendEntry
from workbench.gui.runs.line_looks import LineLook
from workbench.gui.runs.plot_header import PlotHeader
from workbench.gui.runs.run_blocks import Measure, RunBlocks
from workbench.gui.runs.sampled_runs import SampledRuns
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import Theme

if TYPE_CHECKING:
    from workbench.gui.runs.block_plots import BlockPlot, StagePlot

_CHOICE_WIDTH = 208


class BlockPanel(LatePlotPair["StagePlot", "BlockPlot"]):
    """Two plots of the run that is looked at. Feed it events of any runs; it redraws at most once a second."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        theme.changed.connect(self._restyle)
        self._runs = SampledRuns(RunBlocks)
        self._shown = ""
        self._hovered = math.nan
        self._name = ElidedLabel("secondary")
        self._choice = ChoiceBox(
            self.tr("Measure"),
            self.tr("What is measured in each block, at some images of a step now and then"),
            (
                ("share", self.tr("Branch against shortcut")),
                ("mean", self.tr("Mean activation")),
                ("deviation", self.tr("Deviation of activations")),
                ("zeros", self.tr("Share of zeros")),
            ),
        )
        self._choice.setFixedWidth(_CHOICE_WIDTH)
        self._choice.activated.connect(self._on_choice)
        self._header = PlotHeader(theme, self.tr("Inside the blocks"), [self._name], [self._choice])
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._arrange(self._header, self._sentence)

    def _build(self) -> tuple["StagePlot", "BlockPlot"]:
        from workbench.gui.runs.block_plots import BlockPlot, StagePlot

        stages = StagePlot(self._theme)
        stages.hovered.connect(self._point_at)
        return stages, BlockPlot(self._theme)

    @property
    def sentence(self) -> str:
        """What is seen, in words."""
        return self._sentence.text()

    # What is known of the runs

    def append(self, event: Event) -> None:
        """Take one event of a run that `add_run` made known; others are ignored."""
        if self._runs.append(event) and event.run_id == self._shown:
            self._timer.ask()

    def add_run(self, run_id: str, name: str) -> None:
        """Make a run known."""
        self._runs.add(run_id, name)

    def name_run(self, run_id: str, name: str) -> None:
        """Call a run otherwise, if it is known."""
        if self._runs.rename(run_id, name):
            self._timer.ask()

    def hide_run(self, _run_id: str) -> None:
        """One run alone is drawn: the one that is looked at."""

    def remove_run(self, run_id: str) -> None:
        if self._runs.remove(run_id):
            self._timer.ask()

    def show_run(self, run_id: str) -> None:
        """Look at a run; at none for an empty id."""
        self._shown, self._hovered = run_id, math.nan
        self.redraw()

    # Drawing

    @property
    def _measure(self) -> Measure:
        measure: Measure = self._choice.currentData()
        return measure

    def _draw(self) -> None:
        if self._plots is None:
            return
        run, measure = self._runs.get(self._shown), self._measure
        stages, _blocks = self._plots
        self._name.setText(run.name if run is not None else "")
        reason = self._absence(run)
        if reason or run is None:
            self._show_empty(reason)
        else:
            self._explain(run.stages)
            stages.axis.show(measure, self._axis_title(), run.of_stages(measure))
            stages.draw(run, measure)
            self._show_sample(run)
        self.redrawn.emit()

    def _axis_title(self) -> str:
        """Short, with its unit."""
        titles: dict[Measure, str] = {
            "share": self.tr("% of the shortcut"),
            "mean": self.tr("mean"),
            "deviation": self.tr("deviation"),
            "zeros": self.tr("% zeros"),
        }
        return titles[self._measure]

    def _absence(self, run: RunBlocks | None) -> str:
        """Why there is nothing to draw; empty if there is."""
        if run is None:
            return self.tr("What flows through the blocks of the run that is trained or chosen appears here")
        if not run.steps:
            return self.tr("Nothing was measured inside the blocks of this run")
        if self._measure == "share" and run.is_plain:
            return self.tr("A plain network has no shortcuts to compare its branches with")
        return ""

    def _show_empty(self, reason: str) -> None:
        if self._plots is None:
            return
        stages, blocks = self._plots
        self._explain(0)
        self._sentence.clear()
        stages.show_empty(reason)
        stages.point_at(None, self._measure, -1)
        blocks.clear_bars()

    def _show_sample(self, run: RunBlocks) -> None:
        """The one under the pointer, or the last one."""
        if self._plots is None:
            return
        (stages, blocks), measure = self._plots, self._measure
        sample = run.nearest(self._hovered)
        stages.point_at(run if math.isfinite(self._hovered) else None, measure, sample)
        # One axis for all samples, so that a bar that grows is seen to grow.
        blocks.axis.show(measure, self._axis_title(), run.of_blocks(measure))
        blocks.draw(run, measure, sample)
        self._sentence.setText(self._told(run, sample))

    def _told(self, run: RunBlocks, sample: int) -> str:
        """The first stage beside the last one, in words."""
        from workbench.gui.runs.block_plots import value_text

        measure = self._measure
        values = run.of_stages(measure)[sample]
        first, last = value_text(measure, float(values[0])), value_text(measure, float(values[-1]))
        words = {
            "share": self.tr("residual branches add {0} of their shortcuts in stage 1, {1} in stage {2}"),
            "mean": self.tr("blocks put out {0} on average in stage 1, {1} in stage {2}"),
            "deviation": self.tr("what blocks put out deviates by {0} in stage 1, by {1} in stage {2}"),
            "zeros": self.tr("{0} of what blocks put out is zero in stage 1, {1} in stage {2}"),
        }[measure].format(first, last, run.stages)
        when = self.tr("Step {0} (epoch {1})").format(count(run.steps[sample]), f"{run.epochs[sample]:.2f}")
        return f"{when}: {words}"

    def _explain(self, stages: int) -> None:
        """A legend of the stages."""
        self._header.show_legend(
            [
                LegendEntry(self.tr("stage {0}").format(stage + 1), LineLook(), self._theme.series(stage))
                for stage in range(stages)
            ]
        )

    @Slot()
    def _on_choice(self) -> None:
        self.redraw()

    @Slot(float)
    def _point_at(self, epoch: float) -> None:
        run = self._runs.get(self._shown)
        if run is None or self._absence(run) or (math.isnan(epoch) and math.isnan(self._hovered)):
            return
        self._hovered = epoch
        self._show_sample(run)

    @Slot()
    def _restyle(self) -> None:
        self._restyle_plots()
