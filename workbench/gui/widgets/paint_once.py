"""Rearranges a window without painting what lies between."""

from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QGraphicsView, QWidget

_LAYOUT_PASSES = 5


class PaintOnce(QObject):
    """A context in which a window is rearranged: painted once, when control has gone back to the event loop.

    Without it, a scene whose items have moved has its whole window painted when its turn comes, among the updates
    of the other widgets that were shown, which then ask for another painting
    (`QGraphicsScenePrivate::_q_processDirtyItems` in
    https://code.qt.io/cgit/qt/qtbase.git/tree/src/widgets/graphicsview/qgraphicsscene.cpp).
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def __enter__(self) -> "PaintOnce":
        self._window.installEventFilter(self)
        return self

    def settle(self) -> None:
        """Place everything now: else it would be painted where it stood, and then again."""
        for _ in range(_LAYOUT_PASSES):
            # Each pass asks the widgets around for another one.
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.settle()
        for view in self._window.findChildren(QGraphicsView):
            if view.isVisible():
                QCoreApplication.sendPostedEvents(view.scene(), QEvent.Type.MetaCall.value)
        # Of the widgets that were shown.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.UpdateLater.value)
        self._window.removeEventFilter(self)
        asked = QEvent(QEvent.Type.UpdateRequest)
        QCoreApplication.postEvent(self._window, asked, Qt.EventPriority.LowEventPriority.value)
        self.deleteLater()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Swallows what would paint; the window asks again in the end."""
        return event.type() == QEvent.Type.UpdateRequest
