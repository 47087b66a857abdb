"""Whether one run is really better than another: two choices, one sentence, and what it rests on."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from workbench.core.comparison.agreement import Cell
from workbench.core.comparison.comparison import Comparison
from workbench.core.comparison.verdict import Verdict
from workbench.core.formats import percent
from workbench.core.records.run_record import RunRecord
from workbench.gui.compare import comparison_tables as tables
from workbench.gui.compare.agreement_grid import AgreementGrid
from workbench.gui.compare.comparison_tables import ComparisonTable
from workbench.gui.compare.difference_axis import DifferenceAxis
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, LARGE_NUMBER_PX, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

_SENTENCE_PX = LARGE_NUMBER_PX - 5
_TABLES_PX = 200


class Choice(NamedTuple):
    """What is compared; ids are empty where nothing is chosen."""

    a: str
    b: str
    with_seeds: bool


class VerdictView(QWidget):
    """`choice_changed` comes when the person has chosen; `images_asked` carries a mask of the compared images and
    what they have in common, in words."""

    choice_changed = Signal()
    images_asked = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = WorkBar(hides=True)
        self._found: Comparison | None = None
        self._a, self._b = (
            self._box(self.tr("Run A"), self.tr("The run that another is compared with")),
            self._box(self.tr("Run B"), self.tr("The run that may be better")),
        )
        self._seeds = QCheckBox(self.tr("All seeds"))
        self._seeds.setToolTip(
            self.tr("Take in all finished runs of the same configuration that differ in their seed alone")
        )
        self._seeds.toggled.connect(self.choice_changed)
        self._build_figures(theme)
        self._build_tables()
        self._lay_out()
        self.show_nothing("")

    def _box(self, name: str, tooltip: str) -> ChoiceBox:
        box = ChoiceBox(name, tooltip, ())
        box.activated.connect(self._on_chosen)
        return box

    def _build_figures(self, theme: Theme) -> None:
        self._sentence, self._figures, self._note = (
            labeled("", ""),
            labeled("", "secondary"),
            labeled("", "secondary"),
        )
        font = self._sentence.font()
        font.setPixelSize(_SENTENCE_PX)
        self._sentence.setFont(font)
        for label in (self._sentence, self._figures, self._note):
            label.setWordWrap(True)
        self._axis, self._grid = DifferenceAxis(theme), AgreementGrid()
        self._grid.cell_clicked.connect(self._ask_for_cell)

    def _build_tables(self) -> None:
        opens = self.tr("A double click, or Return, shows the images in the gallery")
        accuracy = self.tr("Share of the class's images that this run recognizes")
        of_classes = (
            (self.tr("Class"), ""),
            (self.tr("A"), accuracy),
            (self.tr("B"), accuracy),
            (self.tr("B − A"), self.tr("In points")),
        )
        of_answers = (
            (self.tr("A says"), ""),
            (self.tr("B says"), ""),
            (self.tr("Images"), self.tr("Of which A and B say these")),
        )
        of_settings = ((self.tr("Setting"), ""), (self.tr("A"), ""), (self.tr("B"), ""))
        self._classes = ComparisonTable(self.tr("Classes"), of_classes, 1, opens)
        self._splits = ComparisonTable(self.tr("Different answers"), of_answers, 2, opens)
        self._settings = ComparisonTable(self.tr("Settings that differ"), of_settings, 3)
        self._classes.row_opened.connect(self._ask_for_class)
        self._splits.row_opened.connect(self._ask_for_split)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.setMinimumHeight(_TABLES_PX)
        for table in (self._classes, self._splits):
            self._tabs.addTab(table, table.accessibleName())
        self._tabs.addTab(self._settings, self.tr("Settings"))

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(FIELD_GAP)
        for title, box in ((self.tr("A"), self._a), (self.tr("B"), self._b)):
            words = QLabel(title)
            words.setBuddy(box)
            choices.addWidget(words)
            choices.addWidget(box, 1)
        choices.addWidget(self._seeds)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(FIELD_GAP)
        for widget in (self._sentence, self._axis, self._figures, self._note, self._grid):
            column.addWidget(widget)
        column.addWidget(self._tabs, 1)
        self._page, self._empty = scrolling(content), EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(choices)
        layout.addWidget(self.bar)
        layout.addLayout(self._stack, 1)

    # What is to be compared

    @property
    def choice(self) -> Choice:
        return Choice(self._a.currentData() or "", self._b.currentData() or "", self._seeds.isChecked())

    def show_runs(self, records: Sequence[RunRecord], a: str, b: str) -> None:
        """Offer these runs, of which these two are chosen."""
        for box, chosen in ((self._a, a), (self._b, b)):
            offered = [(record.id, f"{record.number}  {record.name}") for record in records]
            if [(box.itemData(row), box.itemText(row)) for row in range(box.count())] != offered:
                box.hidePopup()
                box.clear()
                for run_id, text in offered:
                    box.addItem(text, run_id)
            box.show_value(chosen)

    @Slot(int)
    def _on_chosen(self, _index: int) -> None:
        self.choice_changed.emit()

    # What is shown

    def show_nothing(self, sentence: str) -> None:
        """Say why there is no verdict, and what to do."""
        self._found = None
        self._empty.show_text(sentence)
        self._stack.setCurrentWidget(self._empty)

    def show_comparison(self, found: Comparison) -> None:
        self._found, verdict = found, found.verdict
        self._sentence.setText(verdict.sentence)
        self._axis.show_verdict(verdict)
        self._figures.setText(self._words(verdict))
        self._note.setText(verdict.note)
        self._note.setVisible(bool(verdict.note))
        self._grid.show_counts(verdict.counts)
        self._classes.show_rows(tables.class_rows(found))
        self._splits.show_rows(tables.split_rows(found))
        self._settings.show_rows(tables.setting_rows(found))
        self._tabs.setTabText(2, self.tr("Settings ({0})").format(len(found.settings)))
        self._stack.setCurrentWidget(self._page)

    def _words(self, verdict: Verdict) -> str:
        figures = (
            (title, percent(side.accuracy, 2), side.epoch)
            for title, side in ((self.tr("A"), verdict.a), (self.tr("B"), verdict.b))
        )
        parts = [self.tr("{0}: {1} after epoch {2}").format(*each) for each in figures]
        p_value = "< 0.001" if verdict.p_value < 0.001 else f"= {verdict.p_value:.3f}"
        test = self.tr("Welch's test over seeds") if verdict.has_seeds else self.tr("McNemar's exact test")
        parts.append(self.tr("p {0} ({1})").format(p_value, test))
        return "   ·   ".join(parts)

    # What is asked for

    @Slot(str)
    def _ask_for_cell(self, cell: str) -> None:
        if self._found is not None:
            of_cell = cast(Cell, cell)
            words = self._words_of(of_cell, *self._found.verdict.labels)
            self.images_asked.emit(self._found.agreement.mask(of_cell), words)

    def _words_of(self, cell: Cell, a: str, b: str) -> str:
        """As the gallery calls its images, after their number."""
        match cell:
            case "both right":
                return self.tr("right with {0} and {1}").format(a, b)
            case "only a right":
                return self.tr("right with {0}, wrong with {1}").format(a, b)
            case "only b right":
                return self.tr("right with {1}, wrong with {0}").format(a, b)
            case "both wrong":
                return self.tr("wrong with {0} and {1}").format(a, b)

    @Slot(int)
    def _ask_for_class(self, row: int) -> None:
        """Those of a class that only one of them recognizes."""
        if self._found is not None:
            agreement, number = self._found.agreement, tables.class_order(self._found)[row]
            differs = agreement.a.correct != agreement.b.correct
            name = agreement.a.class_names[number]
            self.images_asked.emit(
                differs & (agreement.a.labels == number),
                self.tr("of {0}, right with one of two runs").format(name),
            )

    @Slot(int)
    def _ask_for_split(self, row: int) -> None:
        if self._found is not None:
            agreement = self._found.agreement
            split, names = agreement.splits[row], agreement.a.class_names
            a, b = self._found.verdict.labels
            words = self.tr("called {0} by {1}, {2} by {3}")
            words = words.format(names[split.said_a], a, names[split.said_b], b)
            self.images_asked.emit(agreement.split_mask(split.said_a, split.said_b), words)
