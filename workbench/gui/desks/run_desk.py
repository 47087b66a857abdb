"""What is shown of recorded runs: their curves, the mistakes of the chosen one, and what can be done with it."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import DamagedDatabase
from workbench.core.events import CheckpointSaved, EvaluationReady, Event, RunStarted
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.presets import FINE_TUNING_RECIPE
from workbench.core.settings.same_experiment import experiment_key
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.curve_export import CurveExport
from workbench.gui.desks.curve_reading import CurveReading
from workbench.gui.desks.export_desk import ExportDesk
from workbench.gui.desks.run_changes import RunChanges
from workbench.gui.desks.track_desk import TrackDesk
from workbench.gui.desks.writing import Writing
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.records.selection import Selection
from workbench.gui.runs.block_panel import BlockPanel
from workbench.gui.runs.gradient_panel import GradientPanel
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.runs.runs_panel import RunsPanel
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import sentence_of, told
from workbench.gui.work.lane import Lane

_MOST_DRAWN_AGAIN = 20


class RunDesk(QObject):
    """Connects the list of runs with plots and mistakes. A run being trained here is drawn from its events.

    `resume_asked` carries the id of a run to go on with, `longer_asked` its new number of epochs too, `refused` an
    error of a job; `settings_taken` says that the left side was filled with what a run was trained by.
    """

    resume_asked = Signal(str)
    longer_asked = Signal(str, int)
    refused = Signal(object)
    settings_taken = Signal()

    def __init__(
        self,
        library: RunLibrary,
        selection: Selection,
        runs_panel: RunsPanel,
        plot_panel: PlotPanel,
        gradient_panel: GradientPanel,
        block_panel: BlockPanel,
        build_panel: BuildPanel,
        message_bar: MessageBar,
        inspecting: Lane,
        reading: Lane,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.library, self.selection, self.message_bar = library, selection, message_bar
        self._runs, self._build = runs_panel, build_panel
        self._plots = plot_panel
        # Of the one run that is looked at.
        self._single = (gradient_panel, block_panel)
        self._panels = (plot_panel, *self._single)
        TrackDesk(library, selection, plot_panel, self)
        self.reading = CurveReading(reading, library, plot_panel, self._single, self)
        self.reading.refused.connect(self._refuse_reading)
        self.reading.damaged.connect(self._tell_lost)
        self._window = window
        self.exports = ExportDesk(library, inspecting, message_bar, window, self.tell_error)
        CurveExport(plot_panel, Writing(inspecting, message_bar, self), library, message_bar, window)
        self.training_run = ""
        self._wanted: list[str] = []
        """Runs to be drawn as soon as they are read."""
        self._was_read = False
        """Whether the list was."""
        self.holds_selection = False
        """Whether the person looks at a run so closely that one that begins must not take its place."""
        self.changes = RunChanges(library, runs_panel, message_bar, window)
        self.changes.longer_asked.connect(self.longer_asked)
        self.changes.set_aside.connect(self._forget)
        library.runs_changed.connect(self.take_list)
        library.event_read.connect(self.read)
        library.run_gone.connect(self.let_go)
        runs_panel.run_chosen.connect(self.show_run)
        runs_panel.run_drawn_changed.connect(self.draw_run)
        runs_panel.rerun_asked.connect(self.use_settings)
        runs_panel.weights_asked.connect(self.use_weights)
        runs_panel.resume_asked.connect(self.resume_asked)
        runs_panel.export_asked.connect(self.exports.export)

    def take_up(self, event: RunStarted) -> None:
        """Draw and show the run that begins here."""
        self.training_run = event.run_id
        self.library.set_own_run(event.run_id)
        self.library.refresh()
        self.draw_run(event.run_id, True)
        self._runs.model.set_checked(event.run_id, True)
        if not (self.holds_selection and self.selection.run_id):
            self.show_run(event.run_id)
        self.selection.restart(event.run_id, event.first_step // event.steps_per_epoch)

    @property
    def records(self) -> Sequence[RunRecord]:
        """All runs of the list."""
        return self._runs.model.every

    def show_time(self, elapsed_s: float) -> None:
        """How long the run that is trained here has worked."""
        self._runs.model.set_live(self.training_run, elapsed_s)

    def show_paused(self, is_paused: bool) -> None:
        """Whether the run that is trained here is held."""
        self._runs.model.set_paused(is_paused)

    def allow_training(self, allowed: bool) -> None:
        """Whether a run could be resumed now."""
        self._runs.allow_training(allowed)

    @told
    def end_run(self) -> None:
        """The run that was trained here is over; another process may go on with it."""
        self.training_run = ""
        self.show_time(0.0)
        self.library.set_own_run("")

    @Slot(object)
    def take_list(self, records: list[RunRecord]) -> None:
        """Show the present list of runs, under the names that they have now."""
        self._was_read = True
        self._runs.show_runs(records, self.library.damaged)
        for record in records:
            for panel in self._panels:
                panel.name_run(record.id, record.name)
            self.selection.update(record)
        self._draw_wanted()

    @Slot(str)
    def let_go(self, run_id: str) -> None:
        """Show a run no longer that another process has deleted."""
        if run_id == self.selection.run_id:
            self.message_bar.tell("info", self.tr("The run that was shown has been deleted by another process"))
        self._remove(run_id)

    def append(self, event: Event) -> None:
        """What the run that is trained here says."""
        self.reading.append(event)
        if isinstance(event, EvaluationReady):
            self.selection.add(event.run_id, event.evaluation)
        elif isinstance(event, CheckpointSaved):
            self.selection.look_for_weights(event.run_id)

    @Slot(str)
    @told
    def show_run(self, run_id: str) -> None:
        """Look at a recorded run: draw its curves, and select it for all views."""
        if run_id == self.selection.run_id:
            return
        # What was unchecked stays so: a run can be looked at without being drawn.
        if not self._plots.has_run(run_id):
            self._runs.model.set_checked(run_id, True)
        for panel in self._single:
            panel.show_run(run_id)
        self.selection.look_at(self.library.record(run_id))
        self._runs.select(run_id)

    @Slot(str, bool)
    @told
    def draw_run(self, run_id: str, drawn: bool) -> None:
        """Draw a run's curves, or take them away."""
        if not drawn:
            for panel in self._panels:
                panel.hide_run(run_id)
            return
        known = self._plots.has_run(run_id)
        record = self.library.record(run_id)
        self._plots.add_run(run_id, record.name, record.number - 1, experiment_key(record.config))
        for panel in self._single:
            panel.add_run(run_id, record.name)
        # One that is trained here for the first time says everything itself.
        if not known and (run_id != self.training_run or record.starts[1:]):
            self.reading.read(run_id)

    @Slot(str, object)
    def _refuse_reading(self, run_id: str, error: Exception) -> None:
        """Shown again once it is asked for again."""
        self._remove(run_id, even_selected=False)
        self.tell_error(error)

    @Slot(str, object)
    def _tell_lost(self, run_id: str, lost: Sequence[tuple[int, int]]) -> None:
        which = ", ".join(self.tr("{0} to {1}").format(*each) for each in lost[:3])
        name = self.library.record(run_id).name
        said = self.tr("Steps {0} of run '{1}' cannot be read in the list of runs").format(which, name)
        self.library.report(DamagedDatabase(said))

    @Slot(object)
    @told
    def read(self, event: Event) -> None:
        """What a run that another process trains has said."""
        if event.run_id != self.training_run:
            if isinstance(event, RunStarted):
                self.selection.restart(event.run_id, event.first_step // event.steps_per_epoch)
            self.append(event)

    @Slot(str)
    @told
    def use_settings(self, run_id: str) -> None:
        """Fill the left side with a run's settings."""
        record = self.library.record(run_id)
        self._build.show_config(record.config)
        self.settings_taken.emit()
        taken = self.tr("Settings of run {0}, {1} are taken; Ctrl+Z brings back the former ones")
        self.message_bar.tell("info", taken.format(record.number, record.name))

    @Slot(str)
    @told
    def use_weights(self, run_id: str) -> None:
        """Fill the left side with a run's network and data, to train on gently from its weights."""
        record = self.library.record(run_id)
        recipe = self._build.presets.recipe(FINE_TUNING_RECIPE).config.model_dump()
        kept = ("device", "precision", "threads", "seed", "crop_padding", "horizontal_flip")
        recipe |= {name: getattr(record.config.training, name) for name in kept}
        values = {f"training.{name}": value for name, value in recipe.items()} | {"fine_tuning.weights": run_id}
        self._build.fine_tuning_panel.offer(run_id, self.tr("run {0} {1}").format(record.number, record.name))
        self._build.show_config(record.config.with_values(values))
        self._build.tabs.setCurrentIndex(2)
        self.settings_taken.emit()

    @Slot(object)
    def tell_error(self, error: Exception) -> None:
        """Of a recorded run: the fields that it names are not those on the left."""
        if isinstance(error, DamagedDatabase):
            self.library.report(error)
        else:
            self.message_bar.tell("error", sentence_of(error))

    @Slot(object)
    def _forget(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self._remove(run_id)

    def remember(self, settings: QSettings) -> None:
        """Which runs are drawn and which columns of the list are shown."""
        model = self._runs.model
        # Of a list that could not be read, it stays what it was.
        if self._was_read:
            drawn = [run.id for run in model.every if run.id in model.checked]
            settings.setValue("drawn", " ".join([*drawn, *self._wanted]))
        settings.setValue("runs/columns", " ".join(map(str, self._runs.columns)))

    def draw_again(self, settings: QSettings) -> None:
        """Show the newest run, and draw those that were drawn when the window was closed, if they are there."""
        if self._runs.model.every:
            self._runs.select(self._runs.model.every[0].id)
        drawn, columns = settings.value("drawn"), settings.value("runs/columns")
        if isinstance(columns, str):
            known = range(len(self._runs.model.columns.all))
            self._runs.show_columns(
                [int(each) for each in columns.split() if each.isdecimal() and int(each) in known]
            )
        self._wanted = drawn.split()[:_MOST_DRAWN_AGAIN] if isinstance(drawn, str) else []
        self._draw_wanted()

    def _draw_wanted(self) -> None:
        """As far as the list is read: it comes from its newest runs on."""
        here = {run.id for run in self._runs.model.every}
        for run_id in [run_id for run_id in self._wanted if run_id in here]:
            self._wanted.remove(run_id)
            self._runs.model.set_checked(run_id, True)
        if self.library.is_whole:
            self._wanted.clear()

    def leave_home(self) -> None:
        """Show no run of it any more: another one is opened."""
        self.changes.forget()
        for run_id in [record.id for record in self._runs.model.every]:
            self._remove(run_id)

    def _remove(self, run_id: str, *, even_selected: bool = True) -> None:
        self._runs.model.checked.discard(run_id)
        self.reading.forget(run_id)
        for panel in self._panels:
            panel.remove_run(run_id)
        if even_selected and run_id == self.selection.run_id:
            for single in self._single:
                single.show_run("")
            self.selection.look_at(None)
