"""Above the gallery: what is in sight, which answers, in which order, how sure, what course, and how large."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.inspect.picture_list import SIDES
from workbench.gui.inspect.seen_words import in_sight
from workbench.gui.records.image_filter import ImageFilter
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP

_SLIDER_WIDTH = 96
_PERCENT = 100


class GalleryBar(QWidget):
    """Shows and sets the selection's filter. `side_chosen` carries the pictures' side in pixels."""

    side_chosen = Signal(int)

    def __init__(self, selection: Selection, save_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._title = ElidedLabel("secondary")
        self._clear = QPushButton(self.tr("Clear filter"))
        # Nothing moves when it comes and goes.
        policy = self._clear.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._clear.setSizePolicy(policy)
        self._clear.setToolTip(self.tr("Take away all filters but right or wrong (Escape)"))
        self._clear.clicked.connect(selection.clear_filter)
        self._build_boxes()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._title_row(save_menu))
        layout.addLayout(self._filter_row())
        for signal in (selection.filter_changed, selection.epochs_changed, selection.histories_changed):
            signal.connect(self.show_filter)
        self.show_filter()

    def _build_boxes(self) -> None:
        self._answers = self._box(
            self.tr("Answers"),
            self.tr("Which answers are in sight"),
            (("wrong", self.tr("Wrong")), ("right", self.tr("Right")), ("", self.tr("Right and wrong"))),
        )
        self._sort = self._box(
            self.tr("Order"),
            self.tr("What comes first; hard ones are those learned late or never"),
            (
                ("worst", self.tr("Surest mistakes first")),
                ("loss", self.tr("Highest loss first")),
                ("confidence", self.tr("Surest first")),
                ("margin", self.tr("Farthest from right first")),
                ("entropy", self.tr("Most undecided first")),
                ("learned", self.tr("Hardest to learn first")),
                ("number", self.tr("As in the data")),
            ),
        )
        self._course = self._box(
            self.tr("Course"),
            self.tr(
                "Over all epochs: learned is right from this epoch up to the last one; forgotten was right after "
                "this epoch for the last time"
            ),
            (
                ("", self.tr("Any course")),
                ("learned", self.tr("Learned at this epoch")),
                ("forgotten", self.tr("Forgotten after it")),
                ("never", self.tr("Never learned")),
            ),
        )
        self._marked = self._box(
            self.tr("Marks"),
            self.tr("Images marked as excusable (M marks those that are chosen)"),
            (("", self.tr("Marked or not")), ("marked", self.tr("Marked")), ("unmarked", self.tr("Not marked"))),
        )
        self._reverse = QToolButton()
        self._reverse.setCheckable(True)
        self._reverse.setProperty("role", "button")
        self._reverse.setText("↑↓")
        self._reverse.setAccessibleName(self.tr("Reverse the order"))
        self._reverse.setToolTip(self.tr("Reverse the order"))
        self._reverse.clicked.connect(self._on_choice)
        self._low = self._percent_box(self.tr("Least confidence"), 0)
        self._high = self._percent_box(self.tr("Highest confidence"), _PERCENT)
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._size.setRange(0, len(SIDES) - 1)
        self._size.setPageStep(1)
        self._size.setFixedWidth(_SLIDER_WIDTH)
        self._size.setAccessibleName(self.tr("Size of the pictures"))
        self._size.setToolTip(self.tr("Size of the pictures"))
        self._size.valueChanged.connect(self._on_size)

    def _title_row(self, save_menu: QMenu) -> QHBoxLayout:
        save = QToolButton()
        save.setText(self.tr("Save"))
        save.setProperty("role", "button")
        save.setToolTip(self.tr("Save the chosen pictures, or all in sight if only one is chosen"))
        save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        save.setMenu(save_menu)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._title, 1)
        size = labeled(self.tr("Size"), "secondary")
        size.setBuddy(self._size)
        for widget in (self._clear, save, size, self._size):
            row.addWidget(widget)
        return row

    def _filter_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for widget in (self._answers, self._course, self._marked, self._sort, self._reverse):
            row.addWidget(widget)
        row.addStretch(1)
        confidence = labeled(self.tr("Confidence"), "secondary")
        confidence.setBuddy(self._low)
        for each in (confidence, self._low, labeled(self.tr("to"), "secondary"), self._high):
            row.addWidget(each)
        return row

    def _box(self, name: str, tooltip: str, choices: Sequence[tuple[str, str]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        for value, text in choices:
            box.addItem(text, value)
        box.activated.connect(self._on_choice)
        return box

    def _percent_box(self, name: str, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, _PERCENT)
        box.setValue(value)
        box.setSuffix(self.tr(" %"))
        box.setAccessibleName(name)
        box.setToolTip(self.tr("Only images whose answer has a probability between these two"))
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_confidence)
        return box

    @property
    def title(self) -> str:
        return self._title.text()

    @Slot()
    def show_filter(self) -> None:
        chosen = self._selection.filter
        self._title.setText(in_sight(self._selection))
        self._title.setToolTip(self._title.text())
        self._clear.setVisible(not chosen.is_any)
        for box, value in (
            (self._answers, chosen.answers),
            (self._sort, chosen.sort),
            (self._course, chosen.course),
            (self._marked, chosen.marked),
        ):
            box.setCurrentIndex(box.findData(value))
        self._reverse.setChecked(chosen.is_reversed)
        for spin, share in zip((self._low, self._high), chosen.confidence, strict=True):
            blocked = spin.blockSignals(True)
            spin.setValue(round(_PERCENT * share))
            spin.blockSignals(blocked)
        self._say_what_is_decided(chosen)

    def _say_what_is_decided(self, chosen: ImageFilter) -> None:
        """Where the rest of the filter leaves no choice between right and wrong."""
        is_free = chosen.effective_answers == chosen.answers or not chosen.answers
        self._answers.setEnabled(is_free)
        self._answers.setToolTip(
            self.tr("Which answers are in sight") if is_free else self.tr("What was chosen decides it already")
        )

    @Slot()
    def _on_choice(self) -> None:
        self._selection.set_filter(
            replace(
                self._selection.filter,
                answers=self._answers.currentData(),
                sort=self._sort.currentData(),
                course=self._course.currentData(),
                marked=self._marked.currentData(),
                is_reversed=self._reverse.isChecked(),
            )
        )

    @Slot()
    def _on_confidence(self) -> None:
        """The other end gives way, so that there is always a range."""
        low, high = self._low.value(), self._high.value()
        if low > high:
            low, high = (low, low) if self.sender() is self._low else (high, high)
        chosen = replace(self._selection.filter, confidence=(low / _PERCENT, high / _PERCENT))
        self._selection.set_filter(chosen)

    @Slot(int)
    def _on_size(self, step: int) -> None:
        self.side_chosen.emit(SIDES[step])

    def choose_side(self, side: int) -> None:
        """Pictures of that many pixels."""
        self._size.setValue(SIDES.index(side))

    def change_size(self, by: int) -> None:
        """Larger or smaller pictures by so many steps."""
        self._size.setValue(self._size.value() + by)
