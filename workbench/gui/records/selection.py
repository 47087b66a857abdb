"""What the window looks at: a run, one of its epochs, classes, and an image. Views follow it, and change it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.evaluation_changes import Changes
from workbench.core.inspection.image_histories import Histories
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.image_filter import Change, ImageFilter, OnlyImages
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.records.marks import Marks
from workbench.gui.records.run_answers import RunAnswers
from workbench.gui.records.run_epochs import RunEpochs
from workbench.gui.records.run_pictures import RunPictures
from workbench.gui.records.run_source import RunSource
from workbench.gui.records.seen import Seen


class Selection(QObject):
    """Run, epoch, filter and image. Only views and desks of the window's thread touch it.

    Unless the person has moved it, the epoch is the newest one of a run that is trained, and the kept one (best by
    validation) of any other.
    """

    run_changed = Signal()
    """Another run, or none; the other signals follow."""
    epochs_changed = Signal()
    """More is known of the run or its epochs: their figures, which one is kept, its name, its end."""
    epoch_changed = Signal()
    """Another epoch, another one to compare with, or another evaluation of it."""
    histories_changed = Signal()
    """It is known of one more epoch, or of all, what was said of each image."""
    weights_changed = Signal()
    """The weights of other epochs are there than before."""
    filter_changed = Signal()
    """Other images are in sight. Also when they are others because of the epoch, after `epoch_changed`."""
    image_changed = Signal()
    """Another image, or another answer to it, after both."""
    redone = Signal(str, int)
    """A run was taken up again after so many epochs: what was found of its later ones is of other weights."""

    def __init__(self, source: RunSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source = source
        """Of this run and of all others."""
        self.marks = Marks(source, self)
        """The images of the run's source that were marked as excusable."""
        self.marks.changed.connect(self._on_marks)
        self._answers = RunAnswers(source)
        self._run = RunEpochs()
        self._epoch = self._marked = self._compared = 0
        self._follows = True
        self._evaluation: Evaluation | None = None
        self._pictures = RunPictures(source)
        self._problem = ""
        self._filter = ImageFilter()
        self._class_names: tuple[str, ...] = ()
        """Those that the filter is of."""
        self._picked: int | None = None
        self._tried: LookedAt | None = None
        self._seen = Seen(None, None, None, self._filter, self.marks)

    # The run

    @property
    def run(self) -> RunEpochs:
        """The run with its epochs."""
        return self._run

    @property
    def run_id(self) -> str:
        """Empty without a run."""
        return self._run.record.id if self._run.record is not None else ""

    def look_at(self, record: RunRecord | None) -> None:
        """Look at a run, or at none. Classes stay chosen where the next run has the same ones."""
        if record is not None and record.id == self.run_id:
            self.update(record)
            return
        former = self._run.record
        self._run = RunEpochs() if record is None else RunEpochs.read(self.source, record)
        if record is None or former is None or record.source != former.source:
            # Their numbers would be of other images.
            self._filter = replace(self._filter, only=None)
        if record is None or (self._tried and len(self._tried.pixels) != record.config.model.input_size):
            self._tried = None
        self._answers.take_run(self.run_id)
        self._follows, self._marked, self._picked = True, 0, None
        self._pictures.forget()
        self._epoch = self._run.followed
        self._load()
        self._see()
        self.run_changed.emit()
        self.epochs_changed.emit()
        self._tell_epoch()

    def update(self, record: RunRecord) -> None:
        """Take what is known by now of the run that is looked at; nothing of another one."""
        if record.id == self.run_id:
            # What was evaluated here may not count yet.
            self._take(RunEpochs.read(self.source, record, self._run.evaluated))

    def look_for_weights(self, run_id: str) -> None:
        """A run has saved: the weights of one more epoch may be there, and others be gone."""
        if run_id == self.run_id and self._run.record is not None:
            before = self._run.weighted
            self._take(RunEpochs.read(self.source, self._run.record, self._run.evaluated))
            if self._run.weighted == before:
                # The kept epoch was known before its weights were there.
                self.weights_changed.emit()

    def restart(self, run_id: str, epochs_done: int) -> None:
        """A run was taken up again: what came after its checkpoint is done anew."""
        self.redone.emit(run_id, epochs_done)
        if run_id != self.run_id:
            return
        self._answers.forget_after(epochs_done)
        kept, weights = (
            frozenset(epoch for epoch in epochs if epoch <= epochs_done)
            for epochs in (self._run.evaluated, self._run.in_files)
        )
        self._marked = self._marked if self._marked <= epochs_done else 0
        self._follows = self._follows or self._epoch > epochs_done
        self._take(replace(self._run, evaluated=kept, in_files=weights))

    def add(self, run_id: str, evaluation: Evaluation) -> None:
        """Take a new evaluation of one of the run's epochs, which may replace a former one."""
        if run_id != self.run_id:
            return
        if self._answers.add(evaluation):
            self._tell_histories()
        is_other = self._epoch == evaluation.epoch
        self._take(replace(self._run, evaluated=self._run.evaluated | {evaluation.epoch}))
        if is_other:
            self._go(self._epoch)

    def add_validation(self, run_id: str, evaluation: Evaluation) -> None:
        """Take what was found anew of the images that are held out."""
        if run_id == self.run_id:
            self._answers.add_held_out(evaluation)
            self.epochs_changed.emit()

    def _take(self, run: RunEpochs) -> None:
        """More is known of the run: the epoch follows, unless the person has moved it."""
        before, self._run = self._run, run
        self.epochs_changed.emit()
        self._follows = self._follows or self._epoch not in run.every
        epoch = run.followed if self._follows else self._epoch
        is_other = epoch != self._epoch or self.reference_epoch != self._compared
        if is_other or (self._evaluation is None and self.evaluation_after(epoch) is not None):
            self._go(epoch)
        if run.weighted != before.weighted:
            self.weights_changed.emit()

    # The epoch

    @property
    def epoch(self) -> int:
        """Counted from 1; 0 before the first."""
        return self._epoch

    @property
    def follows(self) -> bool:
        """Whether it moves by itself."""
        return self._follows

    def show_epoch(self, epoch: int) -> None:
        """Move to an epoch, to the nearest one that there is; where it would stand by itself, it follows again."""
        nearest = self._run.nearest(epoch)
        self._follows = nearest == self._run.followed
        if nearest != self._epoch:
            self._go(nearest)

    def step(self, by: int) -> None:
        """Move by so many epochs; at both ends it stays."""
        every = self._run.every
        if self._epoch in every:
            at = every.index(self._epoch) + by
            self.show_epoch(every[min(max(at, 0), len(every) - 1)])

    def _go(self, epoch: int) -> None:
        self._epoch = epoch
        self._load()
        self._see()
        self._tell_epoch()

    def _tell_epoch(self) -> None:
        self.epoch_changed.emit()
        self.filter_changed.emit()
        self.image_changed.emit()

    @property
    def weighted(self) -> frozenset[int]:
        """The epochs whose network can be looked into."""
        return self._run.weighted

    @property
    def nearest_weighted(self) -> int:
        """The one of them that is nearest to this epoch; 0 if there is none."""
        return min(sorted(self.weighted), key=lambda each: abs(each - self._epoch), default=0)

    # Compared with

    @property
    def marked_epoch(self) -> int:
        """The one that the person has marked to compare with; 0: none, the epoch before is it."""
        return self._marked

    @property
    def reference_epoch(self) -> int:
        """The one that this is compared with; 0: there is none."""
        if self._marked:
            return self._marked if self._marked != self._epoch else 0
        return self._run.before(self._epoch)

    @property
    def changes(self) -> Changes | None:
        """What changed since the epoch that this is compared with; None if nothing can be compared."""
        return self._seen.changes

    def mark(self, epoch: int) -> None:
        """Compare with this epoch from now on; with the one before each for 0."""
        self._marked = epoch
        self._see()
        self._tell_epoch()

    # What it says of which images

    @property
    def evaluation(self) -> Evaluation | None:
        """What the network said after this epoch; None where that is not known."""
        return self._evaluation

    @property
    def validation(self) -> Evaluation | None:
        """What it said of the images that are held out; None where that is not kept, or cannot be read."""
        return self._answers.held_out_after(self._epoch)

    def evaluation_after(self, epoch: int) -> Evaluation | None:
        """Of another epoch of the run; None where that is not known, or cannot be read: looked at, it says why."""
        return self._answers.found_after(epoch) if epoch in self._run.evaluated else None

    @property
    def problem(self) -> str:
        """Why there is no evaluation though there should be one; empty if there is, or none is due."""
        return self._problem

    @property
    def images(self) -> ImageSet | None:
        """The pictures; None where they are gone, or nothing is said of them."""
        return self._pictures.images

    @property
    def images_problem(self) -> str:
        """Why there are no pictures though there is an evaluation."""
        return self._pictures.problem

    @property
    def class_names(self) -> tuple[str, ...]:
        return self._evaluation.class_names if self._evaluation is not None else ()

    def _load(self) -> None:
        former = self._class_names
        self._read()
        self.marks.follow(self._run.record, self.images.names if self.images is not None else None)
        self._class_names = self.class_names or former
        if self._class_names != former:
            # A number of a class would mean another one.
            self._filter = self._filter.cleared()

    def _read(self) -> None:
        self._evaluation, self._problem = None, ""
        record = self._run.record
        if record is None or not self._epoch:
            return
        try:
            self._evaluation = self._answers.after(self._epoch) if self._epoch in self._run.evaluated else None
        except UserError as error:
            self._problem = str(error)
            return
        if self._evaluation is None:
            words = self.tr("What the network said after epoch {0} is not there any more")
            self._problem = words.format(self._epoch)
            return
        self._pictures.load(record, self._evaluation)

    @property
    def histories(self) -> Histories | None:
        """What was said after all epochs; None until somebody has read them (`take_histories`)."""
        return self._answers.histories

    def take_histories(self, run_id: str, histories: Histories | None) -> None:
        """What was read of all epochs of a run; dropped if another one is looked at by now."""
        if run_id == self.run_id:
            self._answers.take_histories(histories, self._run.evaluated)
            self._tell_histories()

    def _tell_histories(self) -> None:
        self.histories_changed.emit()
        if self._filter.course or self._filter.sort == "learned":
            self._see_others()

    def _see_others(self) -> None:
        """Others may be in sight."""
        self._see()
        self.filter_changed.emit()
        self.image_changed.emit()

    # In sight

    @property
    def filter(self) -> ImageFilter:
        return self._filter

    @property
    def order(self) -> NDArray[np.int64]:
        """Indices of the images in sight, in the order in which they are shown."""
        return self._seen.order

    def filter_classes(self, truth: int | None, prediction: int | None) -> None:
        """Only images of that truth and prediction; None: any."""
        self.set_filter(replace(self._filter, truth=truth, prediction=prediction))

    def set_filter(self, chosen: ImageFilter) -> None:
        """Put other images in sight."""
        if chosen != self._filter:
            self._filter = chosen
            self._see_others()

    def show_only(self, indices: Sequence[int] | NDArray[np.int64], words: str) -> None:
        """Only these images, in this order, whatever is said of them in whichever epoch.

        Args:
            words: what they have in common, as the gallery calls them: "chosen on the map".
        """
        self.set_filter(ImageFilter(only=OnlyImages(np.asarray(indices, np.int64), words), answers=""))

    def toggle_change(self, change: Change) -> None:
        """Only the images newly right, or newly wrong, if that can be known; all again the second time."""
        if self.changes is not None:
            self.set_filter(replace(self._filter, change="" if self._filter.change == change else change))

    def clear_filter(self) -> None:
        """All classes again, changed or not."""
        self.set_filter(self._filter.cleared())

    @Slot()
    def _on_marks(self) -> None:
        if self._filter.marked:
            self._see_others()

    @property
    def image(self) -> int | None:
        """Index of the test image that is looked at: the one that was chosen, else the first in sight.

        None while another image is tried.
        """
        if self._evaluation is None or self._tried is not None:
            return None
        if self._picked is not None and self._picked < len(self._evaluation.labels):
            return self._picked
        return int(self.order[0]) if len(self.order) else None

    @property
    def looked_at(self) -> LookedAt | None:
        """The image that is tried, else that one; None where there is none, or its pixels are gone."""
        if self._tried is not None:
            return self._tried
        index, images = self.image, self.images
        if index is None or images is None:
            return None
        return LookedAt(images.images[index], images.names[index], index, int(images.labels[index]))

    def choose_image(self, index: int) -> None:
        """Look at an image, from now on in every epoch."""
        if index != self._picked or self._tried is not None:
            self._picked, self._tried = index, None
            self.image_changed.emit()

    def try_image(self, brought: LookedAt | None) -> None:
        """Look at an image of one's own until a test image is chosen; None: at the test images again."""
        if brought is not self._tried:
            self._tried = brought
            self.image_changed.emit()

    def _see(self) -> None:
        self._compared = self.reference_epoch
        reference = self.evaluation_after(self._compared) if self._evaluation is not None else None
        self._seen = Seen(self._evaluation, reference, self._answers.histories, self._filter, self.marks)
