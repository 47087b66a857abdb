"""What changes of the image do to the answer: sliders, the answer, curves, a map, and how little is enough."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from workbench.core.class_names import isolated
from workbench.core.formats import count
from workbench.core.inspection.image_changes import (
    FACTORS,
    ROTATIONS_DEG,
    ChangedAnswer,
    ChangeEffects,
    ImageChange,
)
from workbench.gui.inspect.answer_bars import AnswerBars, AnswerBarsArea
from workbench.gui.inspect.changes.augmented_test import ViewsTest
from workbench.gui.inspect.changes.change_controls import ChangeControls
from workbench.gui.inspect.changes.change_plots import ChangeCurves, Curve, ShiftMap
from workbench.gui.inspect.changes.change_words import change_words
from workbench.gui.inspect.changes.smallest_view import SmallestView
from workbench.gui.inspect.class_bars import answer_bars
from workbench.gui.inspect.pixel_picture import PixelPicture
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

_PICTURE_PX = 128
_MOST_LINES = 4


class ChangesView(QWidget):
    """Shows what its desk finds out. `change_asked` carries an ImageChange to be answered."""

    change_asked = Signal(object)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._looked: LookedAt | None = None
        self._effects: ChangeEffects | None = None
        self._names: tuple[str, ...] = ()
        self.bar = WorkBar()
        self.controls = ChangeControls()
        self.controls.changed.connect(self._on_change)
        self._picture = PixelPicture(theme, _PICTURE_PX, self.tr("Changed image"))
        self._caption, self._words = labeled("", "heading"), labeled("", "secondary")
        self._plain, self._mean = QLabel(), QLabel()
        self._bars = AnswerBars(theme)
        self._rows = AnswerBarsArea(self._bars)
        self.curves, self.shift_map = ChangeCurves(theme), ShiftMap(theme)
        self.curves.value_chosen.connect(self._take_value)
        self.shift_map.shift_chosen.connect(self._take_shift)
        self._stays = labeled("", "secondary")
        self.smallest, self.views_test = SmallestView(theme), ViewsTest(selection)
        self._kinds = self._kind_actions()
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._lay_out()
        theme.changed.connect(self._show_answer)
        self._answer: ChangedAnswer | None = None

    def _kind_actions(self) -> list[QAction]:
        """Which change the curves are over."""
        group, actions = QActionGroup(self), []
        for name, text in (
            ("brightness", self.tr("Brightness")),
            ("contrast", self.tr("Contrast")),
            ("rotation", self.tr("Rotation")),
        ):
            action = QAction(text, self)
            action.setCheckable(True)
            action.setData(name)
            action.setToolTip(self.tr("The answer over this change alone"))
            group.addAction(action)
            actions.append(action)
        actions[0].setChecked(True)
        group.triggered.connect(self._show_curve)
        return actions

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        column.setSpacing(FIELD_GAP)
        column.addLayout(self._top())
        column.addWidget(self.controls)
        column.addWidget(self._rows)
        for title, *parts in (
            (self.tr("One change at a time"), self._kind_row(), self.curves),
            (self.tr("Shifts"), self._map_row()),
            (self.tr("Smallest change of the answer"), self.smallest),
            (self.tr("Mean of 10 views on all test images"), self.views_test),
        ):
            column.addSpacing(GROUP_GAP - FIELD_GAP)
            column.addWidget(labeled(title, "heading"))
            for part in parts:
                column.addWidget(part)
        column.addStretch(1)
        page = QWidget()
        over = QVBoxLayout(page)
        over.setContentsMargins(0, 0, 0, 0)
        over.setSpacing(0)
        over.addWidget(scrolling(content), 1)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._stack, 1)
        below = QHBoxLayout()
        below.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        below.addWidget(self.bar)
        layout.addLayout(below)

    def _top(self) -> QHBoxLayout:
        """The picture, and beside it what is said of it, as it is, and by the mean over views."""
        self._caption.setWordWrap(True)
        self._words.setWordWrap(True)
        mean = self.tr("Test-time augmentation: the mean over the image and four shifts of it, each also mirrored")
        self._mean.setToolTip(mean)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._caption)
        words.addWidget(self._words)
        words.addStretch(1)
        for title, label in ((self.tr("As it is"), self._plain), (self.tr("Mean of 10 views"), self._mean)):
            words.addSpacing(GAP)
            words.addWidget(labeled(title, "secondary"))
            words.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(MARGIN)
        row.addWidget(self._picture)
        row.addLayout(words, 1)
        return row

    def _kind_row(self) -> QWidget:
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Segments(self.tr("Kind of change"), self._kinds))
        row.addStretch(1)
        return content

    def _map_row(self) -> QWidget:
        self._stays.setWordWrap(True)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN)
        row.addWidget(self.shift_map)
        row.addWidget(self._stays, 1)
        return content

    # What is shown

    def show_absence(self, sentence: str) -> None:
        """There is no image, or none that could be answered."""
        self._looked = self._effects = self._answer = None
        self._empty.show_text(sentence)
        self._stack.setCurrentIndex(0)

    def show_image(self, looked: LookedAt, names: tuple[str, ...]) -> None:
        """Of which answers follow; the sliders stay."""
        self._looked, self._effects, self._answer, self._names = looked, None, None, names
        self.controls.set_side(len(looked.pixels))
        self._stack.setCurrentIndex(1)
        self._picture.show_pixels(looked.pixels)
        self._show_answer()
        self._show_effects()

    @Slot(object)
    def show_effects(self, effects: ChangeEffects) -> None:
        """What each kind of change does by itself."""
        self._effects, self._names = effects, effects.class_names
        self._show_effects()
        if self._looked is not None and self.controls.change.is_none:
            self.show_answer(ChangedAnswer(ImageChange(), self._looked.pixels, effects.plain, effects.class_names))

    @Slot(object)
    def show_answer(self, answer: ChangedAnswer) -> None:
        """What is said after the change that was asked for."""
        self._answer, self._names = answer, answer.class_names
        self._picture.show_pixels(answer.pixels)
        self._show_answer()

    @property
    def _truth(self) -> int | None:
        return self._looked.truth if self._looked is not None else None

    @Slot()
    def _show_answer(self) -> None:
        answer = self._answer
        said = answer.probabilities if answer else np.full(len(self._names), np.nan, np.float32)
        self._bars.show_bars(answer_bars(self._names, said, self._truth))
        self._rows.updateGeometry()
        self._caption.setText(self._said(answer.probabilities) if answer else "")
        self._words.setText(change_words(answer.change) if answer and not answer.change.is_none else "")
        role = "text"
        if answer is not None and self._truth is not None:
            role = "right" if answer.probabilities.argmax() == self._truth else "wrong"
        palette = self._caption.palette()
        palette.setColor(self._caption.foregroundRole(), self._theme.color(role))
        self._caption.setPalette(palette)

    def _said(self, probabilities: NDArray[np.float32]) -> str:
        best = int(probabilities.argmax())
        return f"{isolated(self._names[best])} {probabilities[best]:.2f}"

    def _show_effects(self) -> None:
        effects = self._effects
        self._plain.setText(self._said(effects.plain) if effects else "")
        self._mean.setText(self._said(effects.averaged) if effects else "")
        self._show_curve()
        change = self.controls.change
        shift = change.right_px, change.down_px
        if effects is None:
            self.shift_map.show_shifts(None, self._names, 0, shift)
            self._stays.setText("")
            return
        self.shift_map.show_shifts(effects.shifts, self._names, effects.prediction, shift)
        kept, most = effects.shift_stays, len(effects.shifts) // 2
        words = self.tr("{0} of {1} shifts of up to {2} px keep the answer {3}; dots mark those that do not.")
        name = isolated(self._names[effects.prediction])
        self._stays.setText(words.format(count(int(kept.sum()) - 1), count(kept.size - 1), most, name))

    @Slot()
    def _show_curve(self) -> None:
        effects = self._effects
        if effects is None:
            self.curves.show_curve(None, self._names, (), 0)
            return
        curves = {
            "brightness": Curve(FACTORS, effects.brightness, "x"),
            "contrast": Curve(FACTORS, effects.contrast, "x"),
            "rotation": Curve(ROTATIONS_DEG, effects.rotations, "°"),
        }
        curve = curves[self._kind]
        # With what is predicted instead somewhere along it, so that the colors below it have names.
        others = curve.probabilities.argmax(axis=1).tolist()
        known = [effects.prediction, *([] if self._truth is None else [self._truth]), *others]
        self.curves.show_curve(curve, self._names, tuple(dict.fromkeys(known))[:_MOST_LINES], self._value)

    @property
    def _kind(self) -> str:
        return next(str(action.data()) for action in self._kinds if action.isChecked())

    @property
    def _value(self) -> float:
        """Of the kind that the curves are over."""
        change = self.controls.change
        values = {"brightness": change.brightness, "contrast": change.contrast, "rotation": change.rotation_deg}
        return values[self._kind]

    # What the person does

    @Slot()
    def _on_change(self) -> None:
        change = self.controls.change
        self.shift_map.show_shift(change.right_px, change.down_px)
        self.curves.show_value(self._value)
        self.change_asked.emit(change)

    @Slot(float)
    def _take_value(self, value: float) -> None:
        change = self.controls.change
        match self._kind:
            case "brightness":
                change = replace(change, brightness=value)
            case "contrast":
                change = replace(change, contrast=value)
            case _:
                change = replace(change, rotation_deg=value)
        self.controls.show_change(change)

    @Slot(int, int)
    def _take_shift(self, right_px: int, down_px: int) -> None:
        self.controls.show_change(replace(self.controls.change, right_px=right_px, down_px=down_px))
