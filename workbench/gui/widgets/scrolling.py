"""Areas that scroll where what stands in them has no room, and moving a part of it into sight."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


def scrolling(content: QWidget, sideways: bool = False) -> QScrollArea:
    """An area without a frame around `content`, which scrolls up and down, and `sideways` if that is wanted."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    # A stop of the Tab key where nothing can be seen.
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if not sideways:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


def bring_into_view(widget: QWidget, rect: QRect) -> None:
    """Scroll the area around `widget`, if there is one, until `rect`, in the widget's pixels, can be seen."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    inside = parent.widget() if parent is not None else None
    if parent is not None and inside is not None:
        center = widget.mapTo(inside, rect.center())
        parent.ensureVisible(center.x(), center.y(), rect.width() // 2 + 1, rect.height() // 2 + 1)
