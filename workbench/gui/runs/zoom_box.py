"""A view that is moved and zoomed along x; with Ctrl, along y; and by a rectangle, with Shift."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

from workbench.gui.widgets.plotting import pg

_RECTANGLE_ALPHA = 40


class ZoomBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """`zoomed` says that the person has moved it: whether along x, and whether along y."""

    zoomed = Signal(bool, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()
        self.sigRangeChangedManually.connect(self._tell)

    def release(self) -> None:
        """Move along x only, as at first."""
        self.setMouseEnabled(x=True, y=False)

    def color_rectangle(self, color: QColor) -> None:
        """How the rectangle looks that is drawn to zoom."""
        ground = QColor(color)
        ground.setAlpha(_RECTANGLE_ALPHA)
        self.rbScaleBox.setPen(pg.mkPen(color))
        self.rbScaleBox.setBrush(pg.mkBrush(ground))

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        if axis is None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            # From now on it can be moved up and down too.
            self.setMouseEnabled(x=True, y=True)
            axis = 1
        elif axis is None:
            axis = 0
        super().wheelEvent(event, axis)

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        """As pyqtgraph's, which knows a rectangle in place of moving but not both."""
        is_left = event.button() == Qt.MouseButton.LeftButton  # type: ignore[attr-defined]
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)  # type: ignore[attr-defined]
        if axis is not None or not is_left or not (is_shifted or self.rbScaleBox.isVisible()):
            super().mouseDragEvent(event, axis)
            return
        event.accept()  # type: ignore[attr-defined]
        begin, end = event.buttonDownPos(Qt.MouseButton.LeftButton), event.pos()  # type: ignore[attr-defined]
        if not event.isFinish():  # type: ignore[attr-defined]
            self.updateScaleBox(begin, end)
            return
        self.rbScaleBox.hide()
        area = QRectF(begin, end).normalized().intersected(self.rect())
        if area.width() > 1 and area.height() > 1:
            self.setMouseEnabled(x=True, y=True)
            # What is asked for, without the margin that pyqtgraph would add.
            self.setRange(self.childGroup.mapRectFromParent(area), padding=0)
            self.sigRangeChangedManually.emit([True, True])

    def _tell(self, axes: list[bool]) -> None:
        self.zoomed.emit(bool(axes[0]), bool(axes[1]))
