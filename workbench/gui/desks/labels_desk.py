"""Computes what the panel of doubtful labels, near-duplicates and people's answers shows, and saves its lists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError, shown
from workbench.core.events import Progress, Warned
from workbench.core.inspection import answer_table, label_tables
from workbench.core.inspection.doubtful_labels import DoubtfulLabels
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.labels.findings import DoubtfulFindings, DuplicateFindings, HumanFindings
from workbench.gui.inspect.labels.label_words import doubt_figures, doubt_note, duplicate_figures, human_figures
from workbench.gui.inspect.labels.labels_panel import LabelsPanel
from workbench.gui.inspect.seen_words import absence
from workbench.gui.widgets.file_dialogs import ask_path
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import label_jobs
from workbench.gui.work.job import Handle


@dataclass
class _Search:
    """For near-duplicates; of nothing without a handle."""

    folder: str = ""
    """The decoded copy that is searched."""
    run_id: str = ""
    """For which run it was asked for."""
    handle: Handle | None = None
    share: tuple[int, int] = (0, 0)
    """How much is done, of how much."""


class LabelsDesk(LookDesk):
    """Asks for the list that is turned to, of the run and epoch that are selected.

    `told` carries a level and a sentence, `refused` an exception, `gallery_asked` comes when that was filled.
    """

    told = Signal(str, str)
    refused = Signal(object)
    gallery_asked = Signal()

    def __init__(self, looking: Looking, window: QWidget) -> None:
        self.panel = LabelsPanel(looking.theme, looking.selection)
        super().__init__(looking, self.panel, self.panel.bar, window, is_long=True)
        self._window = window
        self._asked: tuple[Any, ...] = ()
        self._found: dict[str, tuple[tuple[Any, ...], Any]] = {}
        """By list: what it was asked for, and the result."""
        self._searcher, self._search = QObject(self), _Search()
        self.panel.page_changed.connect(self.set_due)
        self.panel.search_asked.connect(self.search)
        self.panel.file_asked.connect(self.ask_for_counts)
        self.panel.table_asked.connect(self._save_table)
        self.panel.gallery_asked.connect(self.gallery_asked)
        self.selection.marks.changed.connect(self._show_figures)

    # What is shown

    @property
    def _list(self) -> str:
        """Which list is turned to."""
        page = self.panel.page
        return self.panel.part if page == "doubtful" else page

    @property
    def _folder(self) -> str:
        record = self.selection.run.record
        return str(record.started.get("dataset_path", "")) if record is not None else ""

    def renew(self) -> None:
        selection, which = self.selection, self._list
        reason = absence(selection, self.tr("Odd images appear here"), needs_pictures=True)
        if reason:
            self.panel.show_nothing(reason)
            return
        of_answers = (selection.run_id, selection.epoch, selection.evaluation)
        # The pairs are those of its images, but which of them are trained on is the run's.
        self._asked = (which, self._folder, selection.run_id) if which == "duplicates" else (which, *of_answers)
        # A second or two, more where the network is to be asked; behind a search it would wait for that.
        is_long = self._search.handle is None
        self._lane, self.looker = self.looking.lane_of(is_long), self.looking.looker_of(is_long)
        known = self._found.get(which)
        if which == "duplicates" and self._is_searching:
            self._show_search()
        elif known is not None and known[0] == self._asked:
            self._show(known[1])
        elif which == "duplicates":
            self._ask_duplicates()
        elif which == "human":
            self._ask_human(None)
        else:
            self._ask_doubtful()

    def _ask_doubtful(self) -> None:
        evaluation, images = self.selection.evaluation, self.selection.images
        if self.panel.part == "test" and evaluation is not None and images is not None:
            job = label_jobs.doubtful_test_labels(evaluation, images)
        else:
            place = self.place()
            if place is None:
                self.panel.show_nothing(self.tr("What is said of validation images needs the network itself."))
                return
            job = label_jobs.doubtful_validation_labels(self.looker, place)
        self.panel.show_nothing(self.tr("Labels that the network finds hard to believe appear here."))
        self._begin(job, self.tr("Looking for doubtful labels"))

    def _ask_duplicates(self) -> None:
        record = self.selection.run.record
        if record is None:
            return
        self.panel.show_nothing(self.tr("Test images that are also among the training images appear here."))
        self._begin(
            label_jobs.known_near_duplicates(Path(self._folder), record.config), self.tr("Opening the images")
        )

    def _ask_human(self, path: Path | None) -> None:
        evaluation, images, record = self.selection.evaluation, self.selection.images, self.selection.run.record
        if evaluation is None or images is None or record is None:
            return
        self._say_no_counts()
        job = label_jobs.human_agreement(evaluation, images.names, record.source, path)
        self._begin(job, self.tr("Reading people's answers"))

    def _begin(self, job: Any, activity: str) -> None:
        handle = self.ask(job, activity)
        if handle is not None:
            handle.progressed.connect(self._pass_on_warning)
            handle.finished.connect(self._take)

    @Slot(object)
    def _pass_on_warning(self, said: Any) -> None:
        if isinstance(said, Warned):
            self.told.emit("warning", said.message)

    # The search for near-duplicates takes long: it goes on whatever list, epoch or run is looked at.

    @property
    def _is_searching(self) -> bool:
        """Whether that of the selected run's images is going on, and its list is turned to."""
        is_on = self._search.handle is not None and self._search.folder == self._folder
        return is_on and self._list == "duplicates"

    @Slot()
    def search(self) -> None:
        """Search the source's images for near-duplicates, whatever was found before."""
        record = self.selection.run.record
        if record is None:
            return
        try:
            home = self.looking.library.home
        except UserError as error:
            # The list is closed, to be repaired.
            self.refused.emit(error)
            return
        job = label_jobs.search_near_duplicates(Path(self._folder), record.config)
        handle = self.looking.long_lane.ask(job, home, self._searcher)
        self._search = _Search(self._folder, record.id, handle)
        handle.progressed.connect(self._on_search)
        handle.finished.connect(self._take_pairs)
        handle.refused.connect(self._on_search_refused)
        handle.canceled.connect(self._on_search_canceled)
        self.drop()
        self._show_search()

    def _show_search(self) -> None:
        self.panel.show_nothing(self.tr("Every test image is compared with every training image."))
        self.bar.show_progress(self.tr("Looking for near-duplicates"), *self._search.share)
        self._show_figures()

    @Slot(object)
    def _on_search(self, said: Any) -> None:
        self._pass_on_warning(said)
        if isinstance(said, Progress):
            self._search.share = said.done, said.total
            if self._is_searching:
                self.bar.show_progress(self.tr("Looking for near-duplicates"), *self._search.share)

    @Slot(object)
    def _take_pairs(self, result: Any) -> None:
        search, was_seen = self._search, self._is_searching
        self._search = _Search()
        if search.folder == self._folder:
            # Else another one's list is on show; this one is kept on the disk.
            self._found["duplicates"] = (("duplicates", search.folder, search.run_id), result)
        if was_seen:
            self.set_due()

    @Slot(object)
    def _on_search_refused(self, error: Exception) -> None:
        was_seen, self._search = self._is_searching, _Search()
        if was_seen:
            self._offer_search()
            self.bar.say(sentence_of(error), self.tr("Try again"), "", self.search)
        else:
            self.refused.emit(error)

    @Slot()
    def _on_search_canceled(self) -> None:
        was_seen, self._search = self._is_searching, _Search()
        if was_seen:
            # With what is known from before, if there is something.
            self.set_due()

    @Slot()
    def cancel(self) -> None:
        if self._is_searching and self._search.handle is not None:
            self._search.handle.cancel()
        else:
            super().cancel()

    @Slot(object)
    def _take(self, result: Any) -> None:
        self._found[self._list] = (self._asked, result)
        self._show(result)

    def _show(self, result: Any) -> None:
        panel, images = self.panel, self.selection.images
        match result:
            case DoubtfulLabels():
                self.selection.marks.learn("test" if result.part == "test" else "train", result.images.names)
                findings = DoubtfulFindings(result)
                panel.show_findings(findings, self.tr("No label is doubtful."), doubt_note(result))
            case (NearDuplicates() as found, Dataset() as dataset, uses):
                nothing = self.tr("No test image is like a training image.")
                panel.show_findings(DuplicateFindings(found, dataset, uses), nothing)
            case (None, _, _):
                self._offer_search()
            case HumanAgreement() if images is not None:
                panel.show_findings(HumanFindings(result, images), "", agreement=result)
            case None:
                self._say_no_counts()
        self._show_figures()

    @Slot()
    def _offer_search(self) -> None:
        sentence = self.tr("These images have not been searched for near-duplicates yet.")
        record = self.selection.run.record
        known = IMAGE_SOURCES.get(record.config.data.source) if record is not None else None
        if known is not None:
            told = self.tr("Of {0}'s test images, {1}\u202f% have one (Barz and Denzler 2020).")
            sentence += " " + told.format(known.collection, f"{100 * known.near_duplicates:.3g}")
        tooltip = self.tr("Compare all pictures, which takes a minute or so for CIFAR-10; what is found is kept")
        self.panel.show_nothing(sentence, self.tr("Search"), tooltip, self.search)

    def _say_no_counts(self) -> None:
        sentence = self.tr(
            "With a file of people's answers in the form of CIFAR-10H (a row of counts for each test image), it "
            "is seen here whether people find the same images hard."
        )
        tooltip = self.tr("A .npy, .npz or .csv file; a copy of it is kept for these images")
        self.panel.show_nothing(sentence, self.tr("Open counts…"), tooltip, self.ask_for_counts)

    def _current(self) -> Any:
        """What is shown; None if nothing is."""
        known = self._found.get(self._list)
        return known[1] if known is not None and known[0] == self._asked else None

    @Slot()
    def _show_figures(self) -> None:
        marks, evaluation = self.selection.marks, self.selection.evaluation
        figures = self.panel.figures
        match None if self._is_searching else self._current():
            case DoubtfulLabels() as found:
                marked = marks.flags(len(found.images), "test" if found.part == "test" else "train")
                figures.show_figures(*doubt_figures(found, marked[found.numbers]))
            case (NearDuplicates() as pairs, Dataset(), uses) if evaluation is not None:
                marked = marks.flags(len(evaluation.labels))
                figures.show_figures(*duplicate_figures(pairs, uses, evaluation, marked))
            case HumanAgreement() as people:
                figures.show_figures(*human_figures(people, marks.flags(len(people.agreement))))
            case _:
                figures.show_figures()

    # Files

    @Slot()
    def ask_for_counts(self) -> None:
        kinds = self.tr("Tables of counts (*.npy *.npz *.csv)")
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open people's answers"), "", kinds)
        if path:
            self.take_counts(Path(path))

    def take_counts(self, path: Path) -> None:
        """Read a file of people's answers, and remember it for the images of the run."""
        reason = absence(self.selection, self.tr("People's answers can be compared"), needs_pictures=True)
        if reason:
            self.told.emit("warning", reason)
            return
        self.panel.show_page("human")
        self._asked = ("human", self.selection.run_id, self.selection.epoch, self.selection.evaluation)
        self._is_due = False
        self._ask_human(path)

    @Slot()
    def _save_table(self) -> None:
        found, marks, images = self._current(), self.selection.marks, self.selection.images
        if found is None or images is None:
            return
        name = f"{self.selection.run_id}-{self._list}-labels.csv"
        target = ask_path(self._window, self.tr("Save list"), name, self.tr("Table (*.csv)"))
        if target is None:
            return
        columns: tuple[str, ...]
        match found:
            case DoubtfulLabels():
                marked = marks.flags(len(found.images), "test" if found.part == "test" else "train")
                rows, columns = label_tables.label_rows(found, marked), label_tables.LABEL_COLUMNS
            case HumanAgreement():
                marked = marks.flags(len(images))
                rows = label_tables.agreement_rows(found, images.names, marked)
                columns = label_tables.AGREEMENT_COLUMNS
            case (pairs, dataset, uses):
                rows, columns = label_tables.pair_rows(pairs, dataset, uses), label_tables.PAIR_COLUMNS
        try:
            answer_table.write_table(rows, target, columns)
        except UserError as error:
            self.refused.emit(error)
            return
        self.told.emit("info", self.tr("Saved to {0}").format(shown(target)))
