"""What a training will be, before it begins: its schedule, its time and memory, and a good learning rate."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from workbench.gui.trials.preflight_card import PreflightCard
from workbench.gui.trials.rate_finder_view import RateFinderView
from workbench.gui.trials.schedule_view import ScheduleView
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme

_WIDE = 720
_SCHEDULE_HEIGHT = 200


class PlanPanel(QWidget):
    """The schedule at full width; below it, side by side where there is room, two cards."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.schedule, self.card, self.finder = ScheduleView(), PreflightCard(), RateFinderView(theme)
        self.schedule.setFixedHeight(_SCHEDULE_HEIGHT)
        self._cards = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._cards.setSpacing(MARGIN)
        # The pre-flight is as high as what it says; the finder's plot takes what there is.
        self._cards.addWidget(self.card, 2, Qt.AlignmentFlag.AlignTop)
        self._cards.addWidget(self.finder, 3, Qt.AlignmentFlag.AlignTop)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        column.setSpacing(FIELD_GAP)
        column.addWidget(labeled(self.tr("Learning rate over the epochs"), "heading"))
        column.addWidget(self.schedule)
        column.addSpacing(FIELD_GAP)
        column.addLayout(self._cards, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(page))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE
        direction = QBoxLayout.Direction
        self._cards.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
