"""The blocks of the network that is looked at: lesions of them, or what goes on inside them."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.inspect.blocks.insides_view import InsidesView
from workbench.gui.inspect.blocks.lesion_view import LesionView
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme


class BlocksView(QWidget):
    """Two pages of which one is shown; each scrolls where it has too little room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lesions, self.insides = LesionView(theme), InsidesView(theme)
        self._pages = QStackedWidget()
        self._group = QActionGroup(self)
        pages = (
            (self.lesions, self.tr("Lesions"), self.tr("Remove blocks and see what that costs")),
            (self.insides, self.tr("Signals"), self.tr("Branches, activations by depth, and the first filters")),
        )
        for number, (page, title, tip) in enumerate(pages):
            self._pages.addWidget(scrolling(page))
            action = QAction(title, self._group)
            action.setToolTip(tip)
            action.setCheckable(True)
            action.setData(number)
        self._group.actions()[0].setChecked(True)
        self._group.triggered.connect(self._show_page)
        self._sentence = ElidedLabel("secondary")
        self._sentences = (
            self.tr(
                "Residual networks survive the loss of a block, because signals go around it; plain ones fall to "
                "chance (Veit et al. 2016)."
            ),
            self.tr(
                "Where a branch is small against its shortcut, a block changes little of what goes through it, "
                "and its loss costs least."
            ),
        )
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, 0)
        head.setSpacing(MARGIN)
        head.addWidget(Segments(self.tr("What is shown of the blocks"), self._group.actions()))
        head.addWidget(self._sentence, 1)
        head.addWidget(self.insides.bar, 1)
        head.addWidget(self.lesions.images_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        # What is shown by it has a parent now: without one it would be a window.
        self._show_page(self._group.actions()[0])

    def show_page(self, number: int) -> None:
        """0: lesions, 1: what goes on inside."""
        self._group.actions()[number].trigger()

    @Slot(QAction)
    def _show_page(self, action: QAction) -> None:
        self._pages.setCurrentIndex(action.data())
        self.lesions.images_box.setVisible(action.data() == 0)
        self.insides.bar.setVisible(action.data() == 1)
        self._sentence.setText(self._sentences[action.data()])
        self._sentence.setToolTip(self._sentence.text())
