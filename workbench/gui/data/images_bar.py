"""Above the gallery of a data set: how many images are in sight, which ones, marks for those that are chosen."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workbench.core.class_names import isolated
from workbench.gui.data.data_pictures import sides_for
from workbench.gui.widgets.choice_box import ChoiceBox
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.size_slider import SizeSlider
from workbench.gui.widgets.theme import FIELD_GAP, GAP

_USUAL_SIZE = 32


class ImagesBar(QWidget):
    """`chosen` says that other images are to be in sight, `side_chosen` carries how large they are to be.

    Args:
        marking: what marks the chosen images, each as a button.
    """

    chosen = Signal()
    side_chosen = Signal(int)

    def __init__(self, marking: tuple[QAction, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._image_size = _USUAL_SIZE
        self.title = ElidedLabel("text")
        self._split = ChoiceBox(
            self.tr("Split"),
            self.tr("What a run does with the images: by the seed and the share that is held out"),
            (
                ("", self.tr("All images")),
                ("training", self.tr("Training")),
                ("validation", self.tr("Held out")),
                ("unused", self.tr("Not used")),
                ("test", self.tr("Test")),
            ),
        )
        self._class = ChoiceBox(self.tr("Class"), self.tr("Images of one class, or of all"), ())
        self._marks = ChoiceBox(
            self.tr("Marks"),
            self.tr("Images with a mark, or all"),
            (("", self.tr("Marks: any")), ("doubtful", self.tr("Doubtful")), ("excluded", self.tr("Excluded"))),
        )
        for box in (self._split, self._class, self._marks):
            box.activated.connect(self.chosen)
        self._size = SizeSlider(sides_for(self._image_size))
        self._size.side_chosen.connect(self.side_chosen)
        caption = labeled(self.tr("Size"), "secondary")
        caption.setBuddy(self._size)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for box, stretch in ((self._split, 3), (self._class, 4), (self._marks, 3)):
            row.addWidget(box, stretch)
        row.addSpacing(FIELD_GAP)
        for action in marking:
            row.addWidget(_button(action))
        row.addStretch(1)
        row.addWidget(caption)
        row.addWidget(self._size)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.title)
        layout.addLayout(row)
        self.show_classes((), _USUAL_SIZE)

    @property
    def split(self) -> str:
        """Empty: all."""
        return self._split.value

    @property
    def label(self) -> int | None:
        """Number of a class; None: all."""
        row = self._class.currentIndex()
        return row - 1 if row > 0 else None

    @property
    def marks(self) -> str:
        return self._marks.value

    @property
    def side(self) -> int:
        return self._size.side

    def show_classes(self, names: tuple[str, ...], image_size: int) -> None:
        """Offer these classes, and sizes that suit to the images; what was chosen stays if it is there."""
        if names != self._names or not self._class.count():
            self._names = names
            self._class.clear()
            self._class.addItems([self.tr("All classes"), *map(isolated, names)])
        if image_size != self._image_size:
            self._image_size = image_size
            self._size.set_sides(sides_for(image_size))

    def choose(self, split: str, label: int | None, marks: str = "") -> None:
        """Ask for these images."""
        self._split.show_value(split)
        self._class.setCurrentIndex(0 if label is None else label + 1)
        self._marks.show_value(marks)
        self.chosen.emit()

    @Slot()
    def clear(self) -> None:
        self.choose("", None)

    @Slot(int)
    def change_size(self, by: int) -> None:
        """Larger or smaller pictures by so many steps."""
        self._size.change(by)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setProperty("role", "button")
    button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    return button
