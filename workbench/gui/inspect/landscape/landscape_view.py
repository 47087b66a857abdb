"""The loss around a run's weights as a picture, what to draw and how, and what the picture shows in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import count
from workbench.core.inspection.landscape import FINE_SIZE, QUICK_SIZE
from workbench.core.inspection.landscape_words import caption, comparison, told_apart
from workbench.core.records.run_record import RunRecord
from workbench.gui.inspect.landscape.landscape_canvas import Drawn, LandscapeCanvas
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.size_barrier import SizeBarrier
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN, Theme, tabular
from workbench.gui.widgets.work_bar import WorkBar

_IMAGES = (64, 128, 256, 512, 1024, 2048)
# The quick picture of ResNet-20 takes some 7 s with so many on one thread.
_DEFAULT_IMAGES = 64
_RANGES = (0.1, 0.25, 0.5, 1.0, 2.0)
_DEFAULT_RANGE = 1.0


@dataclass(frozen=True)
class LandscapeSettings:
    """What is drawn of a network."""

    beside: str
    """Id of another run; empty: none."""
    images: int
    reach: float
    seed: int


class LandscapeView(QWidget):
    """Shows what its desk computes. `draw_asked` comes when the person wants what is not there yet."""

    draw_asked = Signal()
    settings_changed = Signal()
    """Another thing is to be drawn."""
    refine_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = WorkBar()
        self.canvas = LandscapeCanvas(theme)
        self._drawn: tuple[Drawn, ...] = ()
        self._said_of: tuple[object, ...] = ()
        self._seed = 0
        self._own_run = ""
        self._build_controls()
        self._empty = EmptyState()
        self._caption = labeled("", "")
        self._caption.setWordWrap(True)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._readout = ElidedLabel("secondary")
        self._readout.setFont(tabular(self._readout.font()))
        self.canvas.pointed_at.connect(self._show_point)
        self._lay_out()
        self.show_nothing("")

    def _build_controls(self) -> None:
        self._beside = self._box(self.tr("Beside"), self.tr("Another run, drawn beside this one on one scale"))
        self._beside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._beside.setMinimumContentsLength(8)
        self._beside.addItem(self.tr("No other run"), "")
        self._images = self._box(
            self.tr("Images"),
            self.tr("Training images whose mean loss each point shows, the same ones everywhere"),
        )
        for images in _IMAGES:
            self._images.addItem(count(images), images)
        self._images.setCurrentIndex(_IMAGES.index(_DEFAULT_IMAGES))
        self._range = self._box(
            self.tr("Range"),
            self.tr("How far the picture reaches; 1 is as far as each filter of the network is long"),
        )
        for reach in _RANGES:
            self._range.addItem(f"±{reach:g}", reach)
        self._range.setCurrentIndex(_RANGES.index(_DEFAULT_RANGE))
        self._directions = QPushButton(self.tr("Other directions"))
        self._directions.setToolTip(
            self.tr("Draw two other random directions, to see what does not depend on them")
        )
        self._directions.clicked.connect(self._on_directions)
        self._refine = QCheckBox(self.tr("Refine"))
        self._refine.setToolTip(
            self.tr("After {0} × {0} points go on to {1} × {1}, which keep those").format(QUICK_SIZE, FINE_SIZE)
        )
        self._refine.setChecked(True)
        self._refine.toggled.connect(self.refine_changed)
        self._draw = QPushButton(self.tr("Draw"))
        self._draw.clicked.connect(self.draw_asked)
        self._log, linear = self._scale_action(self.tr("Log")), self._scale_action(self.tr("Linear"))
        group = QActionGroup(self)
        for action in (self._log, linear):
            group.addAction(action)
            action.setToolTip(self.tr("Colors follow the loss, or its logarithm"))
        self._log.setChecked(True)
        self._log.toggled.connect(self._show_picture)
        self._scales = Segments(self.tr("Scale of the colors"), (self._log, linear))

    def _box(self, name: str, tooltip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.activated.connect(self._on_settings)
        return box

    def _scale_action(self, text: str) -> QAction:
        action = QAction(text, self)
        action.setCheckable(True)
        return action

    def _lay_out(self) -> None:
        first = self._row((self.tr("Beside"), self._beside), (self.tr("Range"), self._range))
        first.addWidget(self._draw)
        second = self._row((self.tr("Images"), self._images))
        for widget in (self._directions, self._refine):
            second.addWidget(widget)
        second.addStretch(1)
        second.addWidget(self._scales)
        content = QWidget()
        below = QVBoxLayout(content)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(GAP)
        below.addWidget(self.canvas, 1)
        below.addWidget(self._readout)
        below.addWidget(self._caption)
        picture = scrolling(content)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(picture)
        self._picture = picture
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(SizeBarrier(self.bar))
        layout.addLayout(self._stack, 1)

    def _row(self, *fields: tuple[str, QComboBox]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        for title, box in fields:
            words = QLabel(title)
            words.setProperty("role", "secondary")
            words.setBuddy(box)
            if row.count():
                row.addSpacing(GROUP_GAP - FIELD_GAP)
            row.addWidget(words)
            row.addWidget(box, 1 if box is self._beside else 0)
        return row

    # What is to be drawn

    @property
    def settings(self) -> LandscapeSettings:
        return LandscapeSettings(
            self._beside.currentData(), self._images.currentData(), self._range.currentData(), self._seed
        )

    @property
    def refines(self) -> bool:
        """Whether to go on after the quick picture."""
        return self._refine.isChecked()

    def show_runs(self, records: Sequence[RunRecord], own_run: str) -> None:
        """Those that can stand beside the one that is looked at: others with a finished epoch."""
        offered = [("", self.tr("No other run"))]
        offered += [(r.id, f"{r.number}  {r.name}") for r in records if r.epochs and r.id != own_run]
        there = [(self._beside.itemData(row), self._beside.itemText(row)) for row in range(self._beside.count())]
        if there == offered:
            return
        chosen = self._beside.currentData()
        self._beside.hidePopup()
        self._beside.clear()
        for run_id, text in offered:
            self._beside.addItem(text, run_id)
        self._beside.setCurrentIndex(max(0, self._beside.findData(chosen)))

    def allow(self, words: str, reason: str) -> None:
        """What the button that draws is called; it cannot be pressed with a `reason` why not."""
        self._draw.setText(words)
        self._draw.setEnabled(not reason)
        self._draw.setToolTip(reason or self.tr("Measure the loss around these weights; this takes a while"))

    # What is drawn

    def show_nothing(self, sentence: str, offers: bool = False) -> None:
        """Nothing is drawn. With `offers`, a button asks for it."""
        self._drawn = ()
        action = self.tr("Draw") if offers else ""
        self._empty.show_text(sentence, action, self._draw.toolTip(), self.draw_asked.emit if offers else None)
        self._stack.setCurrentWidget(self._empty)
        self._show_picture()

    def show_landscapes(self, drawn: Sequence[Drawn]) -> None:
        """Draw these as far as they are known."""
        self._drawn = tuple(drawn)
        self._stack.setCurrentWidget(self._picture)
        self._show_picture()

    @Slot()
    def _show_picture(self) -> None:
        self.canvas.show_landscapes(self._drawn, self._log.isChecked())
        # Only with a new level: a longer text may take another line, and all would move.
        said_of = tuple((each.name, each.landscape.run_id, each.landscape.epoch, each.landscape.size,
                         each.landscape.grid, each.landscape.seed, each.landscape.images)
                        for each in self._drawn)  # fmt: skip
        if said_of != self._said_of:
            self._said_of = said_of
            self._caption.setText(self._words())
            self.canvas.setAccessibleDescription(self._caption.text())

    def _words(self) -> str:
        drawn = self._drawn
        if len(drawn) == 2:
            first, second = (each.landscape for each in drawn)
            names = told_apart((first, second), [each.name for each in drawn])
            parts = [comparison(first, second, names)]
            parts += [
                f"{name}: {caption(each.landscape, shares=False)}"
                for name, each in zip(names, drawn, strict=True)
                if each.landscape.size
            ]
            return "\n".join(part for part in parts if part)
        return caption(drawn[0].landscape) if drawn else ""

    @Slot(str)
    def _show_point(self, words: str) -> None:
        self._readout.setText(words or self.tr("+ the run's weights    ○ the lowest loss in the picture"))

    # What the person changes

    @Slot(int)
    def _on_settings(self, _index: int) -> None:
        self.settings_changed.emit()

    @Slot()
    def _on_directions(self) -> None:
        self._seed += 1
        self.settings_changed.emit()
