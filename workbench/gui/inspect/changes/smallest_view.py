"""The smallest patch and the smallest shift that change an answer, each drawn and in a sentence."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.class_names import all_isolated
from workbench.core.inspection.image_changes import SmallestChanges
from workbench.gui.inspect.changes.change_words import patch_words, smallest_shift_words
from workbench.gui.inspect.pixel_picture import PixelPicture
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

_PICTURE_PX = 96


class SmallestView(QWidget):
    """A line with a button to begin; below it, once they are found, a picture and a sentence each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = WorkBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(FIELD_GAP)
        column.addWidget(self.bar)
        self._rows: list[tuple[QWidget, PixelPicture, QLabel]] = []
        for name in (self.tr("Image with the patch"), self.tr("Shifted image")):
            content, picture, label = QWidget(), PixelPicture(theme, _PICTURE_PX, name), labeled("", "")
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            row = QHBoxLayout(content)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(MARGIN)
            row.addWidget(picture)
            row.addWidget(label, 1)
            column.addWidget(content)
            self._rows.append((content, picture, label))
        self.show_found(None)

    def show_found(self, found: SmallestChanges | None) -> None:
        """None: nothing has been looked for."""
        for content, _, _ in self._rows:
            content.setVisible(found is not None)
        if found is None:
            return
        names = all_isolated(found.class_names)
        former = names[found.prediction]
        (_, patched, patch_label), (_, shifted, shift_label) = self._rows
        patch = found.patch
        if patch is None:
            patched.show_pixels(found.pixels)
        else:
            patched.show_pixels(patch.drawn_on(found.pixels), (patch.x, patch.y, patch.side))
        patch_label.setText(patch_words(patch, found.largest_side, former, names, found.step_px))
        shifted.show_pixels(found.pixels if found.shifted is None else found.shifted)
        shift_label.setText(smallest_shift_words(found.shift, found.largest_shift_px, former, names))
