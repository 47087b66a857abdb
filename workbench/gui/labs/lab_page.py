"""One lab: its question, what it takes, and, as soon as there are runs, what was seen."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from workbench.core.formats import rough_duration
from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabRun, State
from workbench.core.labs.report import LabReport
from workbench.core.labs.sentences import Agreement
from workbench.gui.labs.curves_view import CurvesView
from workbench.gui.labs.lab_form import LabForm
from workbench.gui.labs.lab_table import LabTable
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, GAP, LARGE_NUMBER_PX, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar
from workbench.gui.work.lab_jobs import LabLook

_SENTENCE_PX = LARGE_NUMBER_PX - 5
_TABS_PX = 250
_ROLES: dict[Agreement, str] = {"as the paper": "right", "not as the paper": "warning"}


class LabPage(QWidget):
    """`back_asked`: to all labs; `save_asked`: to write the report; `run_asked` carries the id of a run."""

    back_asked = Signal()
    save_asked = Signal()
    run_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form, self.bar = LabForm(), WorkBar(hides=True)
        self._look: LabLook | None = None
        self._report: LabReport | None = None
        self._build_head()
        self._build_tabs(theme)
        self._lay_out()

    def _build_head(self) -> None:
        self._back = QPushButton(self.tr("‹ All labs"))
        self._back.setToolTip(self.tr("Back to the list of labs"))
        self._back.clicked.connect(self.back_asked)
        self._save = QPushButton(self.tr("Save report…"))
        self._save.clicked.connect(self.save_asked)
        self._title, self._question = labeled("", "heading"), labeled("", "secondary")
        self._sentence, self._agreement, self._notes = (
            labeled("", ""),
            labeled("", "secondary"),
            labeled("", "secondary"),
        )
        font = self._sentence.font()
        font.setPixelSize(_SENTENCE_PX)
        self._sentence.setFont(font)
        for label in (self._question, self._sentence, self._notes):
            label.setWordWrap(True)

    def _build_tabs(self, theme: Theme) -> None:
        error = self.tr("Mean over the seeds, and their standard deviation, of the epoch that counts")
        results = (
            (self.tr("Network"), ""),
            (self.tr("Runs"), self.tr("Finished runs of all")),
            (self.tr("Test error"), error),
            (self.tr("95 % interval"), self.tr("Of that mean, by Student's t over the seeds")),
            (self.tr("Training error"), self.tr("Likewise, of augmented images while they are learned")),
            (self.tr("Published"), self.tr("What the paper says of a network that was built alike")),
        )
        pairs = (
            (self.tr("A"), ""),
            (self.tr("B"), ""),
            (self.tr("B − A"), self.tr("Difference of test accuracies, in points")),
            (self.tr("95 % interval"), self.tr("Of images and seeds together")),
            (self.tr("p (Holm)"), self.tr("Corrected for how many pairs there are")),
            (self.tr("Better"), self.tr("Where interval and test both say so")),
        )
        runs = (
            (self.tr("Run"), self.tr("A double click looks at it")),
            (self.tr("State"), ""),
            (self.tr("Test error"), ""),
            (self.tr("Time left"), self.tr("On this machine")),
            (self.tr("Note"), ""),
        )
        papers = ((self.tr("There"), ""), (self.tr("Figure"), ""), (self.tr("Where"), ""))
        self._results = LabTable(self.tr("Results"), results, (1, 2, 3, 4), wide=5)
        self._pairs = LabTable(self.tr("In pairs"), pairs, (2, 3, 4), wide=5)
        self._runs = LabTable(self.tr("Runs of the lab"), runs, (2, 3), wide=4)
        self._runs.row_opened.connect(self._on_run)
        self._published = LabTable(self.tr("Figures of the paper"), papers, (), wide=2)
        self._curves = CurvesView(theme)
        self._paper = labeled("", "")
        self._paper.setWordWrap(True)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.setMinimumHeight(_TABS_PX)
        # A plot would like to be higher than a small window has room for.
        self._tabs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        for page, title in (
            (self._results, self.tr("Results")),
            (self._curves, self.tr("Curves")),
            (self._pairs, self.tr("In pairs")),
            (self._runs, self.tr("Runs")),
            (self._paper_page(), self.tr("Paper")),
        ):
            self._tabs.addTab(page, title)

    def _paper_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, FIELD_GAP, 0, 0)
        column.setSpacing(FIELD_GAP)
        column.addWidget(self._paper)
        column.addWidget(self._published, 1)
        return page

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(FIELD_GAP)
        head.addWidget(self._back)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._save)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        column.setSpacing(FIELD_GAP)
        column.addLayout(head)
        for widget in (self._question, self.form, self.bar):
            column.addWidget(widget)
        seen = QVBoxLayout()
        seen.setSpacing(GAP)
        for widget in (self._sentence, self._agreement, self._notes):
            seen.addWidget(widget)
        column.addLayout(seen)
        column.addWidget(self._tabs, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(content))

    # What is shown

    def show_lab(self, lab: Lab) -> None:
        """Another one: nothing is known of it yet."""
        self._title.setText(lab.title)
        self._question.setText(lab.question)
        self._paper.setText(f"{lab.paper}. {lab.paper_setting}")
        self._published.show_rows([(each.subject, each.figure, each.where) for each in lab.published])
        self._published.setVisible(bool(lab.published))
        self._look = None
        self.form.show_look(None)
        self._runs.show_rows(())
        self.show_report(None)

    def show_look(self, look: LabLook) -> None:
        """What there is of it, and what is lacking."""
        self._look = look
        self.form.show_look(look)
        rows = [self._run_row(run, seconds) for run, seconds in zip(look.bench.runs, look.seconds, strict=True)]
        self._runs.show_rows(rows)

    def _run_row(self, run: LabRun, seconds: float | None) -> tuple[str, ...]:
        best = run.record.best if run.record is not None else None
        error = f"{100 * (1 - best.test_accuracy):.1f} %" if best is not None and run.state == "finished" else ""
        left = rough_duration(seconds) if seconds else ""
        return run.planned.name, self._state_words(run.state), error, left, run.message

    def _state_words(self, state: State) -> str:
        match state:
            case "finished":
                return self.tr("finished")
            case "running":
                return self.tr("in training")
            case "waiting":
                return self.tr("in the queue")
            case "skipped":
                return self.tr("skipped in the queue")
            case "stopped":
                return self.tr("to be resumed")
            case "failed":
                return self.tr("failed")
            case "missing":
                return self.tr("not yet")

    def show_report(self, report: LabReport | None) -> None:
        """What was seen; None: before it is known."""
        self._report = report
        found = report.findings if report is not None else None
        self._save.setEnabled(report is not None)
        self._save.setToolTip(
            self.tr("Write curves, tables and the sentence as one HTML file")
            if report is not None
            else self.tr("As soon as it is known what there is")
        )
        seen = report.seen if report is not None else None
        self._sentence.setText(seen.sentence if seen is not None else "")
        self._notes.setText(" ".join(seen.notes) if seen is not None else "")
        for label in (self._sentence, self._notes):
            label.setVisible(bool(label.text()))
        self._show_agreement(seen.agreement if seen is not None else None)
        self._results.show_rows(report.rows if report is not None else ())
        self._pairs.show_rows(report.pairs if report is not None else ())
        self._curves.show_arms(found.arms if found is not None else ())

    def _show_agreement(self, agreement: Agreement | None) -> None:
        text = self._agreement_words(agreement) if agreement is not None else ""
        self._agreement.setText(text)
        self._agreement.setVisible(bool(text))
        role = _ROLES.get(agreement, "secondary") if agreement is not None else "secondary"
        if self._agreement.property("role") != role:
            self._agreement.setProperty("role", role)
            self._agreement.style().unpolish(self._agreement)
            self._agreement.style().polish(self._agreement)

    def _agreement_words(self, agreement: Agreement) -> str:
        match agreement:
            case "as the paper":
                return self.tr("✓ As in the paper")
            case "not as the paper":
                return self.tr("✗ Not as in the paper")
            case "undecided":
                return self.tr("? Not decided by these runs")
            case "no paper" | "unfinished":
                return ""

    @Slot(int)
    def _on_run(self, row: int) -> None:
        record = self._look.bench.runs[row].record if self._look is not None else None
        if record is not None:
            self.run_asked.emit(record.id)
