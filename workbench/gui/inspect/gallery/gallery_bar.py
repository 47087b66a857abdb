"""Above the gallery: what is in sight, right or wrong ones, in which order, and how large."""

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from workbench.gui.inspect.gallery.filter_box import FilterBox
from workbench.gui.inspect.seen_words import in_sight
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.picture_list import SIDES
from workbench.gui.widgets.size_slider import SizeSlider
from workbench.gui.widgets.theme import FIELD_GAP, GAP


class GalleryBar(QWidget):
    """Shows and sets answers and order of the selection's filter. `side_chosen` carries the side in pixels.

    Args:
        save_menu: what a button offers.
    """

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
        self._build_choices()
        self._size = SizeSlider(SIDES)
        self._size.side_chosen.connect(self.side_chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._title_row())
        layout.addLayout(self._choice_row(save_menu))
        self._filters = FilterBox(selection)
        layout.addWidget(self._filters)
        self._more.toggled.connect(self._filters.setVisible)
        self._filters.hide()
        for signal in (selection.filter_changed, selection.epochs_changed, selection.histories_changed):
            signal.connect(self.show_filter)
        self.show_filter()

    def _build_choices(self) -> None:
        self._answers = ChoiceBox(
            self.tr("Answers"),
            "",
            (("wrong", self.tr("Wrong")), ("right", self.tr("Right")), ("", self.tr("Right and wrong"))),
        )
        self._sort = ChoiceBox(
            self.tr("Order"),
            self.tr("What comes first; hard ones are those learned late or never"),
            (
                ("worst", self.tr("Surest mistakes")),
                ("loss", self.tr("Highest loss")),
                ("confidence", self.tr("Surest")),
                ("margin", self.tr("Farthest from right")),
                ("entropy", self.tr("Most undecided")),
                ("learned", self.tr("Hardest to learn")),
                ("number", self.tr("As in the data")),
            ),
        )
        for box in (self._answers, self._sort):
            box.activated.connect(self._on_choice)
        self._reverse = QToolButton()
        self._reverse.setCheckable(True)
        self._reverse.setProperty("role", "button")
        self._reverse.setText("↑↓")
        self._reverse.setAccessibleName(self.tr("Reverse the order"))
        self._reverse.setToolTip(self.tr("Reverse the order"))
        self._reverse.clicked.connect(self._on_choice)
        self._more = QToolButton()
        self._more.setCheckable(True)
        self._more.setProperty("role", "button")
        self._more.setText(self.tr("Filter"))
        self._more.setToolTip(self.tr("Filter by the course of learning, by marks and by confidence"))

    def _title_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._title, 1)
        row.addWidget(self._clear)
        return row

    def _choice_row(self, save_menu: QMenu) -> QHBoxLayout:
        save = QToolButton()
        save.setText(self.tr("Save"))
        save.setProperty("role", "button")
        save.setToolTip(self.tr("Save the chosen pictures, or all in sight unless several are chosen"))
        save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        save.setMenu(save_menu)
        caption = labeled(self.tr("Size"), "secondary")
        caption.setBuddy(self._size)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._answers, 2)
        row.addWidget(self._sort, 3)
        row.addWidget(self._reverse)
        row.addWidget(self._more)
        row.addWidget(save)
        row.addStretch(1)
        row.addWidget(caption)
        row.addWidget(self._size)
        return row

    @Slot()
    def show_filter(self) -> None:
        chosen = self._selection.filter
        self._title.setText(in_sight(self._selection))
        self._title.setToolTip(self._title.text())
        self._clear.setVisible(not chosen.is_any)
        self._answers.show_value(chosen.answers)
        self._sort.show_value(chosen.sort)
        self._reverse.setChecked(chosen.is_reversed)
        if chosen.course or chosen.marked or chosen.confidence != (0.0, 1.0):
            # What hides images must be seen.
            self._more.setChecked(True)
        # Where the rest of the filter leaves no choice between right and wrong.
        is_free = chosen.effective_answers == chosen.answers
        self._answers.setEnabled(is_free)
        self._answers.setToolTip(
            self.tr("Which answers are in sight") if is_free else self.tr("What was chosen decides it already")
        )

    @Slot()
    def _on_choice(self) -> None:
        chosen = replace(
            self._selection.filter,
            answers=self._answers.currentData(),
            sort=self._sort.currentData(),
            is_reversed=self._reverse.isChecked(),
        )
        self._selection.set_filter(chosen)

    def choose_side(self, side: int) -> None:
        """Pictures of that many pixels."""
        self._size.choose(side)

    def change_size(self, by: int) -> None:
        """Larger or smaller pictures by so many steps."""
        self._size.change(by)
