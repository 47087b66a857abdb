"""A new search: over which fields, how many trials, by which rules, and about how long it takes."""

from collections.abc import Collection

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget

from workbench.core.errors import UserError
from workbench.core.formats import rough_duration
from workbench.core.search.definition import MOST_TRIALS, StudyDefinition, define
from workbench.core.settings.config import RunConfig
from workbench.gui.search.space_edit import SpaceEdit
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.dialog_column import lay_out_dialog
from workbench.gui.widgets.field_form import FieldForm, labeled

_WIDTH = 560
_TRIALS = 20
# What is typed is judged when the hand rests: all combinations are tried out.
_SETTLED_MS = 120
_FIRST_FIELDS = ("training.learning_rate", "training.weight_decay")


class SearchDialog(QDialog):
    """
    Args:
        config: what is trained but for the fields that are searched over.
        names: of model and recipe, for the list of runs.
        epoch_s: about how long an epoch takes; None while that is not known.
        taken: names of studies that are there already.
    """

    def __init__(
        self,
        config: RunConfig,
        names: tuple[str, str],
        epoch_s: float | None,
        taken: Collection[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._config, self._names, self._epoch_s, self._taken = config, names, epoch_s, taken
        self.definition: StudyDefinition | None = None
        """What is to be searched for; None while something is wrong."""
        self.setWindowTitle(self.tr("New search"))
        self._space = SpaceEdit(config)
        self._make_fields()
        self._estimate = labeled("", "secondary")
        self._estimate.setWordWrap(True)
        self._start = QPushButton(self.tr("Start search"))
        about = labeled(
            self.tr(
                "Each trial is a run, trained as the settings at the left say but for these fields. Type a range, "
                "0.01..0.5, with :log or a step behind it if you like, or values, 64|128. What counts is the "
                "accuracy on the held-out images; test images never choose."
            ),
            "secondary",
        )
        about.setWordWrap(True)
        form = FieldForm()
        for caption, widget, tip in self._fields():
            form.add_plain(caption, widget, tip)
        heading = QLabel(self.tr("Searched over"))
        heading.setProperty("role", "heading")
        lay_out_dialog(self, [about, heading, self._space, form, self._estimate], self._start, _WIDTH)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self.judge)
        self._space.changed.connect(self._timer.start)
        for field in _FIRST_FIELDS:
            self._space.add(field)
        self._space.focus_first()
        self.judge()

    def _make_fields(self) -> None:
        self._name = QLineEdit(self._free_name())
        self._name.textEdited.connect(self._on_edit)
        self._trials = QSpinBox()
        self._trials.setRange(1, MOST_TRIALS)
        self._trials.setValue(_TRIALS)
        self._trials.valueChanged.connect(self._on_edit)
        self._sampler = ChoiceBox(
            self.tr("Sampler"),
            "",
            (
                ("tpe", self.tr("TPE: near what was good")),
                ("random", self.tr("Random")),
                ("grid", self.tr("Grid: all combinations")),
            ),
        )
        self._pruner = ChoiceBox(
            self.tr("Pruner"),
            "",
            (
                ("median", self.tr("Median of the others")),
                ("hyperband", self.tr("Hyperband")),
                ("none", self.tr("None")),
            ),
        )
        for box in (self._sampler, self._pruner):
            box.activated.connect(self._on_edit)

    def _fields(self) -> tuple[tuple[str, QWidget, str], ...]:
        return (
            (self.tr("Name"), self._name, self.tr("Of the search; its runs are tagged with it")),
            (
                self.tr("Trials"),
                self._trials,
                self.tr("How many settings are tried in all; pruned and failed ones count"),
            ),
            (self.tr("Sampler"), self._sampler, self.tr("How the next settings are chosen")),
            (
                self.tr("Pruner"),
                self._pruner,
                self.tr("Which trials end early, by their validation accuracy after the same epoch"),
            ),
        )

    def _free_name(self) -> str:
        return next(name for number in range(1, 10_000) if (name := f"search {number}") not in self._taken)

    @property
    def trials(self) -> int:
        """Of a grid no more than it has points."""
        size = self.definition.grid_size if self.definition and self.definition.sampler == "grid" else None
        return min(self._trials.value(), size or self._trials.value())

    @Slot()
    def _on_edit(self) -> None:
        self._timer.start()

    @Slot()
    def judge(self) -> None:
        """Say whether there is a search like that, and about how long it takes."""
        problem, self.definition = "", None
        try:
            self.definition = self._defined()
        except UserError as error:
            problem = str(error)
        self._space.show_error(problem)
        self._start.setEnabled(not problem)
        self._start.setToolTip(problem or self.tr("Train one trial after the other; Stop ends the search"))
        self._estimate.setText(self._words())

    def _defined(self) -> StudyDefinition:
        model, recipe = self._names
        space = self._space.space()
        definition = define(
            self._name.text(),
            self._config,
            space,
            sampler=self._sampler.value,
            pruner=self._pruner.value,
            model=model,
            recipe=recipe,
        )
        if definition.name in self._taken:
            raise UserError(self.tr("There is a search called '{0}' already").format(definition.name))
        return definition

    def _words(self) -> str:
        """How long it takes, as far as that is known."""
        if self.definition is None:
            return ""
        size = self.definition.grid_size if self.definition.sampler == "grid" else None
        trials = self.trials
        words = self.tr("1 trial") if trials == 1 else self.tr("{0} trials").format(trials)
        if size is not None and size != self._trials.value():
            words = self.tr("{0} of {1} combinations").format(trials, size)
        if self._epoch_s is None:
            return words
        trial_s = self._epoch_s * self.definition.most_epochs
        text = self.tr("{0} of {1} each: {2} in all; pruning shortens that, larger networks lengthen it")
        return text.format(words, rough_duration(trial_s), rough_duration(trials * trial_s))

    def accept(self) -> None:
        """What was typed a moment ago counts too."""
        self._timer.stop()
        self.judge()
        if self.definition is not None:
            super().accept()
