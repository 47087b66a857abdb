"""What the gallery needs from elsewhere: the course of each image over all epochs, and files to save in."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError, shown
from workbench.core.events import Progress
from workbench.core.inspection.image_histories import Histories
from workbench.gui.desks.look_desk import Looking
from workbench.gui.inspect.gallery.gallery import Gallery
from workbench.gui.widgets.file_dialogs import ask_path
from workbench.gui.work import inspection_jobs, jobs
from workbench.gui.work.job import Handle, Job


class GalleryDesk(QObject):
    """`told` carries a level and a sentence, `refused` an exception."""

    told = Signal(str, str)
    refused = Signal(object)

    def __init__(self, looking: Looking, gallery: Gallery, window: QWidget) -> None:
        super().__init__(window)
        self._looking, self._selection, self._gallery, self._window = looking, looking.selection, gallery, window
        self._reader = QObject(self)
        self._reading: Handle | None = None
        self._read_run = ""
        self._saving: Handle | None = None
        gallery.work.cancel_asked.connect(self._cancel_saving)
        gallery.sheet_asked.connect(self._save_sheet)
        gallery.table_asked.connect(self._save_table)
        self._selection.run_changed.connect(self._read)
        self._selection.redone.connect(self._forget_reading)
        self._selection.epochs_changed.connect(self._read_if_missing)

    # The course of each image

    @Slot()
    def _read_if_missing(self) -> None:
        """A run that has just finished its first epoch, or was taken up again."""
        is_due = self._selection.histories is None and bool(self._selection.run.evaluated)
        if is_due and self._read_run != self._selection.run_id:
            self._read()

    @Slot(str, int)
    def _forget_reading(self, run_id: str, _epochs_done: int) -> None:
        """What is being read is of the former attempt, too."""
        if run_id == self._read_run and self._reading is not None:
            self._reading.drop()
            self._end_reading()

    @Slot()
    def _read(self) -> None:
        run_id = self._selection.run_id
        if not self._selection.run.evaluated:
            return
        self._read_run = run_id
        handle = self._reading = self._ask(jobs.read_histories(run_id), self._reader)
        if handle is not None:
            handle.finished.connect(self._take)
            handle.ended.connect(self._end_reading)

    @Slot(object)
    def _take(self, histories: Histories | None) -> None:
        # Empty where another run is looked at by now, whose own are being read.
        self._selection.take_histories(self._read_run, histories)

    @Slot()
    def _end_reading(self) -> None:
        self._read_run, self._reading = "", None

    # Saving: what is in sight when it is asked for, whatever the epoch is once the dialog is closed.

    @Slot()
    def _save_sheet(self) -> None:
        evaluation, images = self._selection.evaluation, self._selection.images
        chosen = self._gallery.chosen_images
        if evaluation is None or images is None or not len(chosen):
            return
        path = self._ask_path(evaluation.epoch, self.tr("Save pictures"), "png", self.tr("PNG picture (*.png)"))
        if path is not None:
            self._save(inspection_jobs.write_sheet(path, evaluation, images, chosen))

    @Slot()
    def _save_table(self) -> None:
        evaluation, images = self._selection.evaluation, self._selection.images
        chosen = self._gallery.chosen_images
        if evaluation is None or images is None or not len(chosen):
            return
        path = self._ask_path(evaluation.epoch, self.tr("Save table"), "csv", self.tr("Table (*.csv)"))
        if path is not None:
            self._save(inspection_jobs.write_answers(path, evaluation, images.names, chosen))

    def _save(self, job: Job) -> None:
        handle = self._saving = self._ask(job, self)
        if handle is not None:
            handle.progressed.connect(self._show_progress)
            handle.finished.connect(self._tell_saved)
            handle.ended.connect(self._end_saving)

    @Slot(object)
    def _show_progress(self, said: Progress) -> None:
        self._gallery.work.show_progress(said.told, said.done, said.total)

    @Slot()
    def _cancel_saving(self) -> None:
        if self._saving is not None:
            self._saving.cancel()

    @Slot()
    def _end_saving(self) -> None:
        self._saving = None
        self._gallery.work.say("")

    def _ask_path(self, epoch: int, title: str, suffix: str, kind: str) -> Path | None:
        """Where to save; None if it is canceled."""
        name = f"{self._selection.run_id}-epoch-{epoch}.{suffix}"
        return ask_path(self._window, title, name, kind)

    @Slot(object)
    def _tell_saved(self, path: Path) -> None:
        self.told.emit("info", self.tr("Saved to {0}").format(shown(path)))

    def _ask(self, job: Job, asker: QObject) -> Handle | None:
        try:
            home = self._looking.library.home
        except UserError as error:
            # The list is closed, to be repaired.
            self.refused.emit(error)
            return None
        handle = self._looking.lane.ask(job, home, asker)
        handle.refused.connect(self.refused)
        return handle
