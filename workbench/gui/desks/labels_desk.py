"""Computes what the panel of doubtful labels, near-duplicates and people's answers shows, and saves its lists."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError, shown
from workbench.core.events import Warned
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
from workbench.gui.work import inspection_jobs


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
        self._searched = ""
        """The decoded copy in which near-duplicates are being searched."""
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

    @Slot()
    def set_due(self) -> None:
        # Pictures are the same after another epoch: a search that takes long goes on.
        if self._searched and self._searched == self._folder and self._list == "duplicates":
            self._show_figures()
        else:
            self._searched = ""
            super().set_due()

    def renew(self) -> None:
        selection, which = self.selection, self._list
        reason = absence(selection, self.tr("Odd images appear here"), needs_pictures=True)
        if reason:
            self.panel.show_nothing(reason)
            self.bar.say("")
            return
        of_answers = (selection.run_id, selection.epoch, selection.evaluation)
        # The pairs are those of its images, but which of them are trained on is the run's.
        self._asked = (which, self._folder, selection.run_id) if which == "duplicates" else (which, *of_answers)
        known = self._found.get(which)
        if known is not None and known[0] == self._asked:
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
            job = inspection_jobs.doubtful_test_labels(evaluation, images)
        else:
            place = self.place()
            if place is None:
                self.panel.show_nothing(self.tr("What is said of validation images needs the network itself."))
                return
            job = inspection_jobs.doubtful_validation_labels(self.looker, place)
        self.panel.show_nothing(self.tr("Labels that the network finds hard to believe appear here."))
        self._begin(job, self.tr("Looking for doubtful labels"))

    def _ask_duplicates(self) -> None:
        record = self.selection.run.record
        if record is None:
            return
        self.panel.show_nothing(self.tr("Test images that are also among the training images appear here."))
        self._begin(
            inspection_jobs.known_near_duplicates(Path(self._folder), record.config), self.tr("Opening the images")
        )

    def _ask_human(self, path: Path | None) -> None:
        evaluation, images, record = self.selection.evaluation, self.selection.images, self.selection.run.record
        if evaluation is None or images is None or record is None:
            return
        self._say_no_counts()
        job = inspection_jobs.human_agreement(evaluation, images.names, record.source, path)
        self._begin(job, self.tr("Reading people's answers"))

    def _begin(self, job: Any, activity: str) -> None:
        handle = self.ask(job, activity)
        if handle is not None:
            handle.finished.connect(self._take)

    @Slot()
    def search(self) -> None:
        """Search the source's images for near-duplicates, whatever was found before."""
        record = self.selection.run.record
        if record is None:
            return
        self.panel.show_nothing(self.tr("Every test image is compared with every training image."))
        self._searched, self._asked = self._folder, ("duplicates", self._folder, record.id)
        job = inspection_jobs.search_near_duplicates(Path(self._folder), record.config)
        handle = self.ask(job, self.tr("Looking for near-duplicates"))
        if handle is not None:
            handle.finished.connect(self._take_pairs)
            handle.progressed.connect(self._pass_on_warning)
            handle.canceled.connect(self._offer_search)
            handle.ended.connect(self._end_search)

    @Slot(object)
    def _pass_on_warning(self, said: Any) -> None:
        if isinstance(said, Warned):
            self.told.emit("warning", said.message)

    @Slot(object)
    def _take_pairs(self, result: Any) -> None:
        self._take(result)
        if self._asked[-1] != self.selection.run_id:
            # The search went on for another run of the same images, which may be trained on others of them.
            super().set_due()

    @Slot()
    def _end_search(self) -> None:
        self._searched = ""

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
        if record is not None and record.config.data.source in IMAGE_SOURCES:
            sentence += " " + self.tr("Of CIFAR-10's test images, 3.25 % have one (Barz and Denzler 2020).")
        tooltip = self.tr("Compare all pictures, which takes some 20 seconds for CIFAR-10; what is found is kept")
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
        match self._current():
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
