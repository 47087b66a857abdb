"""A study: how good its trials are, which settings matter, and its best."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import percent
from workbench.core.search.dimensions import value_text
from workbench.core.search.study import StudyRecord, TrialRecord
from workbench.gui.search.trial_plot import TrialPlot
from workbench.gui.search.trials_model import SORTED_BY, TrialsModel
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_ROW_PX = 24
_PLOTS_PX, _TABLE_PX = 130, 90


class SearchView(QWidget):
    """`trial_chosen` carries a TrialRecord, `study_chosen` a name, `go_on_asked` too, `settings_asked` values."""

    study_chosen = Signal(str)
    trial_chosen = Signal(object)
    new_asked = Signal()
    go_on_asked = Signal(str)
    settings_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.study: StudyRecord | None = None
        self._make_choices()
        self._words, self._read_out = labeled("", ""), ElidedLabel("secondary")
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._order = TrialPlot(theme, self.tr("Accuracy of the trials in their order"))
        self._field_plot = TrialPlot(theme, self.tr("Accuracy over a field"))
        for plot in (self._order, self._field_plot):
            plot.trial_chosen.connect(self._on_point)
            plot.trial_pointed_at.connect(self._read)
        self._make_table()
        self._lay_out()
        self._parts_of_study = (self._studies, self._go_on, self._use, self._words, self._field, self._read_out)
        self.show_nothing("")

    def _make_choices(self) -> None:
        self._studies = ChoiceBox(self.tr("Search"), self.tr("Which search is shown"), ())
        self._studies.activated.connect(self._on_study)
        self._field = ChoiceBox(self.tr("Field"), self.tr("Over which the accuracy is drawn at the right"), ())
        self._field.activated.connect(self._draw_field)
        self._new = self._button(self.tr("New search…"), self.tr("Search over settings, from those at the left"))
        self._new.clicked.connect(self.new_asked)
        self._go_on = self._button(self.tr("Go on"), "")
        self._go_on.clicked.connect(self._on_go_on)
        self._use = self._button(
            self.tr("Use settings of the best"), self.tr("Fill the left side with them; Ctrl+Z takes that back")
        )
        self._use.clicked.connect(self.settings_asked)

    def _button(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        return button

    def _make_table(self) -> None:
        self._model = TrialsModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(SORTED_BY)
        self._table = QTableView()
        dress(self._table, _ROW_PX)
        self._table.setAccessibleName(self.tr("Trials"))
        self._table.setModel(self._sorted)
        self._table.setSortingEnabled(True)
        self._table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._table.selectionModel().currentRowChanged.connect(self._on_row)

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(FIELD_GAP)
        choices.addWidget(self._studies, 1)
        for button in (self._go_on, self._use, self._new):
            choices.addWidget(button)
        # Above the plot that they are about.
        reading = QVBoxLayout()
        reading.setSpacing(GAP)
        reading.addWidget(self._field)
        reading.addWidget(self._read_out)
        reading.addStretch(1)
        words = QHBoxLayout()
        words.setSpacing(FIELD_GAP)
        words.addWidget(self._words, 1)
        words.addLayout(reading, 1)
        plots = QWidget()
        row = QHBoxLayout(plots)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._order, 1)
        row.addWidget(self._field_plot, 1)
        plots.setMinimumHeight(_PLOTS_PX)
        self._table.setMinimumHeight(_TABLE_PX)
        self._page = QSplitter(Qt.Orientation.Vertical)
        self._page.setChildrenCollapsible(False)
        for part in (plots, self._table):
            self._page.addWidget(part)
        self._page.setStretchFactor(0, 1)
        self._page.setStretchFactor(1, 1)
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(choices)
        layout.addLayout(words)
        layout.addLayout(self._stack, 1)

    # What is shown

    def show_nothing(self, sentence: str) -> None:
        """Say why no search is shown, with the one thing to do."""
        self.study = None
        tip = self.tr("Search over settings, from those at the left")
        self._empty.show_text(sentence, self.tr("New search…"), tip, self.new_asked.emit)
        for widget in (*self._parts_of_study, self._new):
            widget.hide()
        self._stack.setCurrentWidget(self._empty)

    def show_studies(self, names: Sequence[str], study: StudyRecord, active: str) -> None:
        """Show one of several studies.

        Args:
            active: the one that is worked on here; empty: none.
        """
        if [self._studies.itemData(row) for row in range(self._studies.count())] != list(names):
            self._studies.hidePopup()
            self._studies.clear()
            for name in names:
                self._studies.addItem(name, name)
        self._studies.show_value(study.name)
        is_same = self.study is not None and self.study.definition == study.definition
        self.study = study
        if not is_same:
            self._offer_fields(study)
        if not self._model.update_trials(study):
            self._model.show_study(study)
        for widget in (*self._parts_of_study, self._new):
            widget.show()
        self._words.setText(self._summary(study))
        self._allow(study, active)
        self._order.show_order(study)
        self._draw_field()
        self._stack.setCurrentWidget(self._page)

    def _offer_fields(self, study: StudyRecord) -> None:
        self._field.clear()
        for field in study.definition.space:
            self._field.addItem(field.partition(".")[2].replace("_", " "), field)

    def _allow(self, study: StudyRecord, active: str) -> None:
        left = study.limit - study.done
        reason = ""
        if active:
            reason = self.tr("A search goes on here; Stop ends it")
        elif left <= 0:
            reason = self.tr("All its trials are done")
        self._go_on.setEnabled(not reason)
        self._go_on.setToolTip(reason or self.tr("Train the trials that are left"))
        self._new.setEnabled(not active)
        self._use.setEnabled(study.best is not None)

    def _summary(self, study: StudyRecord) -> str:
        parts = [self.tr("{0} of {1} trials done").format(study.done, study.limit)]
        for count, words in (
            (study.count("pruned"), self.tr("{0} pruned")),
            (study.count("failed"), self.tr("{0} failed")),
            (study.count("running"), self.tr("{0} running")),
        ):
            parts += [words.format(count)] if count else []
        text = "   ·   ".join(parts)
        if study.best is not None:
            best = self.tr("Best: trial {0}, {1} validation accuracy, {2}")
            text += "\n" + best.format(study.best.number, percent(study.best.accuracy), _values(study.best))
        if study.importances:
            shares = (
                f"{field.partition('.')[2].replace('_', ' ')} {percent(share, 0)}"
                for field, share in study.importances.items()
            )
            text += "\n" + self.tr("Differences in accuracy go by: {0} (fANOVA)").format(", ".join(shares))
        return text

    @Slot()
    def _draw_field(self) -> None:
        if self.study is not None and self._field.value:
            self._field_plot.show_field(self.study, self._field.value)

    # What is chosen

    def choose(self, number: int) -> None:
        """Mark a trial in all parts; 0: none."""
        for plot in (self._order, self._field_plot):
            plot.choose(number)
        row = self._model.row_of(number)
        if row >= 0:
            index = self._sorted.mapFromSource(self._model.index(row, 0))
            if self._table.currentIndex().row() != index.row():
                self._table.selectRow(index.row())

    @Slot(int)
    def _on_point(self, number: int) -> None:
        self.choose(number)

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        trial = self._model.trial(self._sorted.mapToSource(current).row()) if current.isValid() else None
        if trial is not None:
            for plot in (self._order, self._field_plot):
                plot.choose(trial.number)
            self.trial_chosen.emit(trial)

    @Slot(int)
    def _read(self, number: int) -> None:
        trial = self._model.trial(self._model.row_of(number)) if number else None
        text = ""
        if trial is not None:
            text = self.tr("trial {0}: {1}, {2}").format(trial.number, percent(trial.accuracy), _values(trial))
        self._read_out.setText(text)

    @Slot(int)
    def _on_study(self, _index: int) -> None:
        self.study_chosen.emit(self._studies.value)

    @Slot()
    def _on_go_on(self) -> None:
        if self.study is not None:
            self.go_on_asked.emit(self.study.name)


def _values(trial: TrialRecord) -> str:
    """`learning rate 0.0352, batch size 64`."""
    return ", ".join(
        f"{field.partition('.')[2].replace('_', ' ')} "
        f"{f'{value:.3g}' if isinstance(value, float) else value_text(value)}"
        for field, value in trial.values.items()
    )
