"""What a person may change of a lab: epochs, seeds, images; and what that takes."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSpinBox, QWidget

from workbench.core.data.image_sources import IMAGE_SOURCES, SAMPLE
from workbench.core.errors import literal, shown
from workbench.core.formats import rough_duration
from workbench.core.labs.plan import MOST_SEEDS, LabSettings
from workbench.core.settings.config import help_of
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.field_form import WheelGuard, labeled, shrinkable
from workbench.gui.widgets.theme import FIELD_GAP, GROUP_GAP
from workbench.gui.work.lab_jobs import LabLook

_MOST_EPOCHS = 10_000
_SOURCE = "data.source"
_SOURCE_LETTERS = 10


class LabForm(QWidget):
    """`changed` comes when the person has changed something; `add_asked`, when the runs are to be queued."""

    changed = Signal()
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, object] = {}
        self._epochs = self._box(self.tr("Epochs"), help_of("training.epochs"), _MOST_EPOCHS)
        seeds = self.tr("How many runs of each: their spread tells chance from effect; with one, nothing does")
        self._seeds = self._box(self.tr("Seeds"), seeds, MOST_SEEDS)
        choices = [(source.name, source.title) for source in IMAGE_SOURCES.values()]
        self._source = ChoiceBox(self.tr("Images"), help_of(_SOURCE), choices)
        self._source.setMinimumContentsLength(_SOURCE_LETTERS)
        self._source.activated.connect(self.changed)
        self._words, self._others = labeled("", ""), labeled("", "secondary")
        self._words.setWordWrap(True)
        self._others.setWordWrap(True)
        self._others.hide()
        self._add = QPushButton(self.tr("Add to queue"))
        self._add.clicked.connect(self.add_asked)
        guard = WheelGuard(self)
        for field in (self._epochs, self._seeds, self._source):
            shrinkable(field)
            guard.guard(field)
        self._source.setMinimumWidth(self._source.minimumSizeHint().width())
        self._lay_out()

    def _box(self, name: str, tooltip: str, most: int) -> QSpinBox:
        box = QSpinBox()
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setRange(1, most)
        # A number that is typed is not another one at every digit.
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_changed)
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(FIELD_GAP)
        grid.setVerticalSpacing(FIELD_GAP)
        for column, (field, widest_px) in enumerate(
            ((self._epochs, 110), (self._seeds, 110), (self._source, 180))
        ):
            field.setMaximumWidth(widest_px)
            caption = QLabel(field.accessibleName())
            caption.setBuddy(field)
            grid.addWidget(caption, 0, 2 * column)
            grid.addWidget(field, 0, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
        grid.setColumnMinimumWidth(6, GROUP_GAP)
        # What three fields leave.
        grid.setColumnStretch(6, 100)
        grid.addWidget(self._add, 0, 7)
        grid.addWidget(self._words, 1, 0, 1, 8)
        grid.addWidget(self._others, 2, 0, 1, 8)

    @property
    def settings(self) -> LabSettings:
        """As they stand there."""
        values = {key: value for key, value in self._values.items() if key != _SOURCE}
        source = self._source.value
        return LabSettings(
            self._epochs.value(),
            self._seeds.value(),
            values | ({_SOURCE: source} if source != SAMPLE.name else {}),
        )

    def show_settings(self, settings: LabSettings) -> None:
        """Without asking for anything."""
        self._values = dict(settings.values)
        for box, value in ((self._epochs, settings.epochs), (self._seeds, settings.seeds)):
            blocked = box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(blocked)
        source = str(self._values.get(_SOURCE, SAMPLE.name))
        if self._source.findData(source) < 0:
            self._source.addItem(shown(source), source)
        self._source.show_value(source)
        others = [f"{key} = {literal(value)}" for key, value in self._values.items() if key != _SOURCE]
        self._others.setText(self.tr("Besides: {0}").format(", ".join(others)))
        self._others.setVisible(bool(others))

    def show_look(self, look: LabLook | None) -> None:
        """What these settings take; None while it is looked for."""
        self._words.setText("" if look is None else self._said(look))
        is_lacking = look is not None and any(
            run.state in ("missing", "stopped", "skipped") for run in look.bench.runs
        )
        self._add.setEnabled(is_lacking)
        if look is None or is_lacking:
            self._add.setToolTip(self.tr("Have all runs trained that are lacking; what was stopped goes on"))
        else:
            self._add.setToolTip(self.tr("All runs are there, or wait in the queue already"))

    def _said(self, look: LabLook) -> str:
        runs = look.bench.runs
        states = [run.state for run in runs]
        counts = (
            (self.tr("{0} finished"), states.count("finished")),
            (self.tr("{0} in training"), states.count("running")),
            (self.tr("{0} in the queue"), states.count("waiting") + states.count("skipped")),
            (self.tr("{0} to be resumed"), states.count("stopped")),
            (self.tr("{0} failed"), states.count("failed")),
        )
        parts = [self.tr("{0} runs").format(len(runs)), *(text.format(count) for text, count in counts if count)]
        if look.bench.left:
            parts.append(self._time(look))
        return "  ·  ".join(parts)

    def _time(self, look: LabLook) -> str:
        seconds, is_all = look.left
        if not seconds:
            return self.tr("how long it takes is not known yet")
        length = rough_duration(seconds)
        words = self.tr("{0} to train on this machine") if is_all else self.tr("more than {0} on this machine")
        return words.format(length)

    @Slot(int)
    def _on_changed(self, _value: int) -> None:
        self.changed.emit()
