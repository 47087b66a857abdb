"""A plot whose axes move only when they are told to: no zoom, no menu, nothing that is drawn anew unasked."""

from PySide6.QtCore import QEvent, QPointF, Qt, Slot
from PySide6.QtWidgets import QWidget

from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import Theme

_AXIS_PX = 56
TICK_PX = 22
"""Between two numbers of a vertical axis, and half of it beside the outermost, or that would not be written: where
there is a grid, pyqtgraph lets no number stand out (AxisItem.boundingRect)."""


class StillPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """
    Args:
        titles: of the axes `left` and `bottom`; an empty one takes no room.
        margins: around the plot, in pixels.
    """

    def __init__(
        self,
        theme: Theme,
        titles: dict[str, str],
        margins: tuple[int, int, int, int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, enableMenu=False)
        self._theme, self._titles = theme, titles
        item = self.getPlotItem()
        item.hideButtons()
        item.layout.setContentsMargins(*margins)
        # The axis pen is the faint hairline color already.
        item.showGrid(x=False, y=True, alpha=1.0)
        item.getAxis("left").setWidth(_AXIS_PX)
        for name in ("left", "bottom"):
            # The grid is behind what is drawn.
            item.getAxis(name).setZValue(-1)
            item.getAxis(name).enableAutoSIPrefix(False)
        # Those that have keys take it.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        self._y_range: tuple[float, float] | None = None
        item.getViewBox().sigResized.connect(self._fit_y)
        self.scene().sigMouseMoved.connect(self._on_mouse)

    def restyle(self) -> None:
        """Take the theme's present colors."""
        self.setBackground(self._theme.color("surface"))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(self._theme.color("hairline")))
            axis.setTextPen(pg.mkPen(self._theme.color("secondary")))
        self._label_axes()

    def show_y_range(self, low: float, high: float) -> None:
        """At every height, with the numbers at both ends."""
        self._y_range = low, high
        self._fit_y()

    @Slot()
    def _fit_y(self) -> None:
        if self._y_range is not None:
            height = max(2.0 * TICK_PX, self.getPlotItem().getViewBox().height())
            self.setYRange(*self._y_range, padding=TICK_PX / 2 / height)

    def set_title(self, axis: str, title: str) -> None:
        """Call an axis otherwise."""
        if title != self._titles[axis]:
            self._titles[axis] = title
            self._label_axes()

    def _label_axes(self) -> None:
        for name, title in self._titles.items():
            axis = self.getPlotItem().getAxis(name)
            axis.setLabel(title or None, color=self._theme.colors.secondary)
            axis.showLabel(bool(title))

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        self._follow_pointer(self._x_at(position))

    def _x_at(self, position: QPointF) -> float | None:
        """Of a place in the scene; None outside of the axes."""
        box = self.getPlotItem().getViewBox()
        return float(box.mapSceneToView(position).x()) if box.sceneBoundingRect().contains(position) else None

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._follow_pointer(None)

    def _follow_pointer(self, x: float | None) -> None:
        """The pointer stands there on the x axis; None: outside."""
        raise NotImplementedError
