"""Points of a plane, one for each test image: dragged, zoomed, pointed at, and circled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from workbench.core.inspection.embedding import inside
from workbench.gui.inspect.map.map_marks import Marks
from workbench.gui.inspect.map.map_viewport import Viewport
from workbench.gui.widgets.pictures import EDGE_PX, draw_edge
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, mixed

# How near the pointer has to come to a point.
_REACH_PX = 9
_RING_PX = 7.5
# Corners of a lasso: nearer ones make it no finer.
_CORNER_PX = 3
_ZOOM, _KEY_ZOOM = 1.0015, 1.25
_FAINT_SHARE, _STALE_OPACITY = 0.22, 0.3
_LASSO_FILL = 28
_SIZE, _LEAST_SIZE = QSize(640, 480), QSize(200, 160)


@dataclass(frozen=True, eq=False)
class Card:
    """What is said of an image that is pointed at."""

    caption: str
    is_wrong: bool
    picture: QPixmap | None


@dataclass(frozen=True, eq=False)
class Points:
    """N images in the order in which they are painted."""

    places: NDArray[np.float32]
    """(N, 2) on the map."""
    images: NDArray[np.int64]
    """(N,) of the test images."""
    colors: NDArray[np.int64]
    """(N,) which of the canvas's colors."""
    kinds: NDArray[np.int64]
    """(N,) which kind of mark."""

    @classmethod
    def none(cls) -> "Points":
        some = np.zeros(0, np.int64)
        return cls(np.zeros((0, 2), np.float32), some, some, some)


class MapCanvas(QWidget):
    """Paints the marks into an image when they or what is in sight have changed, and what moves above it.

    `image_chosen` carries the index of a test image, `circled` those within a lasso as an array.

    Args:
        card: what to say of a test image.
    """

    image_chosen = Signal(int)
    circled = Signal(object)

    def __init__(self, theme: Theme, card: Callable[[int], Card], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._card = theme, card
        self._points, self._colors = Points.none(), list[QColor]()
        self._viewport, self._is_fitted = Viewport(_SIZE), True
        self._marks: Marks | None = None
        self._painted: QImage | None = None
        self._pixels = np.zeros((0, 2))
        self._chosen: int | None = None
        self._hovered: int | None = None
        self._is_stale = self._is_lasso = False
        self._pressed: QPointF | None = None
        self._dragged: QPointF | None = None
        self._corners: list[QPointF] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Map of the test images"))
        theme.changed.connect(self._restyle)

    def sizeHint(self) -> QSize:
        return _SIZE

    def minimumSizeHint(self) -> QSize:
        return _LEAST_SIZE

    # What it shows

    def show_points(self, points: Points, colors: Sequence[QColor]) -> None:
        """Show these; what is in sight stays the same if the person has moved it."""
        self._points = points
        if [color.rgb() for color in colors] != [color.rgb() for color in self._colors]:
            self._colors, self._marks = list(colors), None
        self._hovered = None
        self._is_stale = False
        if self._is_fitted:
            self._viewport = self._viewport.fitted(points.places)
        self._place()

    def set_stale(self, is_stale: bool) -> None:
        """Faint: what is shown is not what was asked for."""
        if is_stale != self._is_stale:
            self._is_stale = is_stale
            self.update()

    def set_chosen(self, image: int | None) -> None:
        """Put a ring around an image."""
        self._chosen = image
        self.update()

    def fit(self) -> None:
        """Bring all of it in sight, now and when other points come."""
        self._is_fitted = True
        self._viewport = self._viewport.fitted(self._points.places)
        self._place()

    def set_lasso(self, is_on: bool) -> None:
        """Whether dragging circles points; else it moves the map, and circles with Shift."""
        self._is_lasso = is_on
        self.setCursor(Qt.CursorShape.CrossCursor if is_on else Qt.CursorShape.ArrowCursor)

    @property
    def is_drawing(self) -> bool:
        """Whether a lasso is being drawn."""
        return bool(self._corners)

    @property
    def shown(self) -> int:
        """How many points there are."""
        return len(self._points.images)

    def pixel_of(self, image: int) -> QPointF | None:
        """Where an image is; None if it is not on the map."""
        row = self._row_of(image)
        return None if row is None else QPointF(*map(float, self._pixels[row]))

    def _row_of(self, image: int | None) -> int | None:
        rows = np.flatnonzero(self._points.images == (-1 if image is None else image))
        return int(rows[0]) if len(rows) else None

    def _restyle(self) -> None:
        self._marks = None
        self._place()

    def _place(self) -> None:
        self._pixels = self._viewport.pixels(self._points.places)
        self._painted = None
        self.update()

    def _look_at(self, viewport: Viewport) -> None:
        self._viewport, self._is_fitted = viewport, False
        self._place()

    # Painting

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._viewport = replace(self._viewport, size=self.size())
        if self._is_fitted:
            self._viewport = self._viewport.fitted(self._points.places)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        surface = self._theme.color("surface")
        painter.fillRect(self.rect(), surface)
        painter.setOpacity(_STALE_OPACITY if self._is_stale else 1.0)
        painter.drawImage(0, 0, self._image(surface))
        painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ring(painter, self._row_of(self._chosen), "accent", 2.5)
        self._draw_ring(painter, self._hovered, "text", 1.5)
        self._draw_lasso(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self._theme.color("accent" if self.hasFocus() else "hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self._hovered is not None and not self._corners:
            self._draw_card(painter, self._hovered)

    def _image(self, surface: QColor) -> QImage:
        ratio = self.devicePixelRatioF()
        if self._painted is None or self._painted.devicePixelRatio() != ratio:
            if self._marks is None or self._marks.ratio != ratio:
                faint = [mixed(color, surface, _FAINT_SHARE) for color in self._colors]
                self._marks = Marks(self._colors, faint, surface, ratio)
            points = self._points
            self._painted = self._marks.painted(self.size(), surface, self._pixels, points.colors, points.kinds)
        return self._painted

    def _draw_ring(self, painter: QPainter, row: int | None, role: str, width: float) -> None:
        if row is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        center = QPointF(*map(float, self._pixels[row]))
        for color, pen_width in ((self._theme.color("surface"), width + 2), (self._theme.color(role), width)):
            painter.setPen(QPen(color, pen_width))
            painter.drawEllipse(center, _RING_PX, _RING_PX)

    def _draw_lasso(self, painter: QPainter) -> None:
        if self._corners:
            color = self._theme.color("accent")
            painter.setPen(QPen(color, 1.5, Qt.PenStyle.DashLine))
            color.setAlpha(_LASSO_FILL)
            painter.setBrush(color)
            painter.drawPolygon(QPolygonF(self._corners))

    def _draw_card(self, painter: QPainter, row: int) -> None:
        """Beside the point, where there is room."""
        card = self._card(int(self._points.images[row]))
        metrics = self.fontMetrics()
        side = card.picture.deviceIndependentSize().toSize().width() if card.picture is not None else 0
        # Names of classes can be wider than the map.
        most = max(side, self.width() - 2 * GAP - 2 * FIELD_GAP)
        caption = metrics.elidedText(card.caption, Qt.TextElideMode.ElideMiddle, most)
        width = max(side, metrics.horizontalAdvance(caption)) + 2 * FIELD_GAP
        height = (side + GAP + EDGE_PX if side else 0) + metrics.height() + 2 * FIELD_GAP
        point = QPointF(*map(float, self._pixels[row])).toPoint()
        frame = QRect(point + QPoint(2 * FIELD_GAP, -height // 2), QSize(width, height))
        if frame.right() > self.width() - GAP:
            frame.moveRight(point.x() - 2 * FIELD_GAP)
        frame.moveLeft(max(GAP, min(frame.left(), self.width() - GAP - width)))
        frame.moveTop(max(GAP, min(frame.top(), self.height() - GAP - height)))
        painter.setPen(self._theme.color("hairline"))
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(frame, 6, 6)
        inner = frame.adjusted(FIELD_GAP, FIELD_GAP, -FIELD_GAP, -FIELD_GAP)
        if card.picture is not None:
            picture = QRect(inner.topLeft(), QSize(side, side))
            painter.drawPixmap(picture, card.picture)
            if card.is_wrong:
                draw_edge(painter, picture, self._theme.color("wrong"))
        painter.setPen(self._theme.color("text"))
        bottom = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.drawText(inner, bottom, caption)

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place, modifiers = event.position(), event.modifiers()
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = place
            if self._is_lasso != bool(modifiers & Qt.KeyboardModifier.ShiftModifier):
                self._corners = [place]
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._pressed = self._dragged = place

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._corners:
            if (place - self._corners[-1]).manhattanLength() >= _CORNER_PX:
                self._corners.append(place)
                self.update()
        elif self._pressed is None:
            self._hover(self._nearest(place))
        elif self._dragged is not None:
            self._look_at(self._viewport.moved(place - self._dragged))
            self._dragged = place
        elif (place - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._hovered = None
            self._look_at(self._viewport.moved(place - self._pressed))
            self._dragged = place

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        corners, pressed, dragged = self._corners, self._pressed, self._dragged
        self._corners, self._pressed, self._dragged = [], None, None
        if len(corners) > 2:
            polygon = np.array([[corner.x(), corner.y()] for corner in corners])
            self.update()
            self.circled.emit(self._points.images[inside(self._pixels, polygon)])
        elif pressed is not None and dragged is None:
            row = self._nearest(event.position())
            if row is not None:
                self.image_chosen.emit(int(self._points.images[row]))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._nearest(event.position()) is None:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        # Sideways, it asks for nothing that the map has.
        if turned:
            self._hovered = None
            self._look_at(self._viewport.zoomed(_ZOOM**turned, event.position()))
        event.accept()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def event(self, event: QEvent) -> bool:
        # Else Escape would take the filter away.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and self._corners
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        middle = QPointF(self.width() / 2, self.height() / 2)
        match event.key():
            case Qt.Key.Key_Escape if self._corners:
                self._corners, self._pressed = [], None
                self.update()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._look_at(self._viewport.zoomed(_KEY_ZOOM, middle))
            case Qt.Key.Key_Minus:
                self._look_at(self._viewport.zoomed(1 / _KEY_ZOOM, middle))
            case Qt.Key.Key_0:
                self.fit()
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down as key:
                self._step(Qt.Key(key))
            case _:
                super().keyPressEvent(event)

    def _step(self, key: Qt.Key) -> None:
        """Choose the nearest image in a direction, within 45 degrees of it."""
        at, row = self._pixels, self._row_of(self._chosen)
        if not len(at):
            return
        if row is None:
            found = int(np.hypot(*(at - [self.width() / 2, self.height() / 2]).T).argmin())
        else:
            x, y = (at - at[row]).T
            along, across = (x, y) if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) else (y, x)
            along = -along if key in (Qt.Key.Key_Left, Qt.Key.Key_Up) else along
            away = np.where((along > 0) & (np.abs(across) <= along), np.hypot(x, y), np.inf)
            found = int(away.argmin())
            if not np.isfinite(away[found]):
                return
        self.image_chosen.emit(int(self._points.images[found]))

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            self.update()

    def _nearest(self, place: QPointF) -> int | None:
        """The row of the point at the pointer."""
        if not len(self._pixels):
            return None
        away = ((self._pixels - [place.x(), place.y()]) ** 2).sum(axis=1)
        row = int(away.argmin())
        return row if away[row] <= _REACH_PX**2 else None
