"""Moving what stands in a scroll area into sight."""

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QScrollArea, QWidget


def bring_into_view(widget: QWidget, rect: QRect) -> None:
    """Scroll the area around `widget`, if there is one, until `rect`, in the widget's pixels, can be seen."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    inside = parent.widget() if parent is not None else None
    if parent is not None and inside is not None:
        center = widget.mapTo(inside, rect.center())
        parent.ensureVisible(center.x(), center.y(), rect.width() // 2 + 1, rect.height() // 2 + 1)
