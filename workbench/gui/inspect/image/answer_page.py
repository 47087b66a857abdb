"""The page of what the network says of the image that is looked at, and where one of one's own comes from."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.gui.inspect.image.image_view import ImageView
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN
from workbench.gui.widgets.work_bar import WorkBar


class AnswerPage(QWidget):
    """The view, and above it, while an image of one's own is tried, a few lines about that one."""

    def __init__(self, view: ImageView, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self.bar = WorkBar()
        self._title = ElidedLabel("heading")
        self._words = labeled("", "secondary")
        self._words.setWordWrap(True)
        self._back = QPushButton(self.tr("Back to test images"))
        self._back.setToolTip(self.tr("Look at the test images again (Escape)"))
        self._back.clicked.connect(self._end_trying)
        self._header = QWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(view, 1)
        self._lay_out_header()
        selection.image_changed.connect(self._follow)
        self._follow()

    def _lay_out_header(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._title, 1)
        row.addWidget(self._back)
        column = QVBoxLayout(self._header)
        column.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, 0)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addWidget(self._words)
        column.addWidget(self.bar)

    @Slot()
    def _follow(self) -> None:
        looked = self._selection.looked_at
        is_brought = looked is not None and looked.is_brought
        self._header.setVisible(is_brought)
        if looked is not None and is_brought:
            self._title.setText(looked.name)
            self._title.setToolTip(looked.name)
            self._words.setText(looked.words)

    @Slot()
    def _end_trying(self) -> None:
        self._selection.try_image(None)
