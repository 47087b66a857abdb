"""Which part of a map is in sight: from its coordinates to pixels and back."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize

# Between the outermost points and the edge.
_MARGIN_PX = 20
# In pixels per unit of the map, whose points are about one unit from its center.
_FARTHEST, _NEAREST = 10.0, 20_000.0


@dataclass(frozen=True)
class Viewport:
    """Both directions have one scale; the map's second axis goes up."""

    size: QSize
    """In pixels."""
    center: tuple[float, float] = (0.0, 0.0)
    """On the map."""
    scale: float = 100.0
    """Pixels per unit of the map."""

    def fitted(self, points: NDArray[np.floating]) -> "Viewport":
        """With all of (N, 2) points in sight."""
        if not len(points):
            return replace(self, center=(0.0, 0.0), scale=100.0)
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.array([self.size.width(), self.size.height()]) - 2 * _MARGIN_PX
        scale = float((np.maximum(room, 1) / np.maximum(high - low, 1e-6)).min())
        middle = (low + high) / 2
        return replace(self, center=(float(middle[0]), float(middle[1])), scale=_limited(scale))

    def moved(self, by: QPointF) -> "Viewport":
        """As if the map had been dragged so many pixels."""
        x, y = self.center
        return replace(self, center=(x - by.x() / self.scale, y + by.y() / self.scale))

    def zoomed(self, factor: float, at: QPointF) -> "Viewport":
        """Nearer by a factor; what is at a pixel stays there."""
        scale = _limited(self.scale * factor)
        (x, y), (cx, cy) = self.on_map(at), self.center
        share = self.scale / scale
        return replace(self, center=(x + (cx - x) * share, y + (cy - y) * share), scale=scale)

    def pixels(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, 2) pixels of (N, 2) points of the map."""
        offset = points.astype(np.float64) - self.center
        return offset * (self.scale, -self.scale) + (self.size.width() / 2, self.size.height() / 2)

    def on_map(self, pixel: QPointF) -> tuple[float, float]:
        x, y = self.center
        across, down = pixel.x() - self.size.width() / 2, pixel.y() - self.size.height() / 2
        return x + across / self.scale, y - down / self.scale


def _limited(scale: float) -> float:
    return min(max(scale, _FARTHEST), _NEAREST)
