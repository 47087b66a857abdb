"""A loss landscape as an image with contour lines, on a scale that several share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainterPath, QPolygonF

from workbench.core.inspection.landscape import (
    LEAST_LOSS,
    Landscape,
    interpolated,
    loss_limits,
    round_losses,
    shown_losses,
)
from workbench.gui.inspect.confusion_scales import mistake_scale
from workbench.gui.widgets.axes import round_up, short

# Pixels between two points of the grid, before the image is smoothed to the size of its place.
_BETWEEN = 4
_LEVELS = 9


@dataclass(frozen=True)
class LossScale:
    """Which share of the color scale a loss is: from the lowest to the highest in sight."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, landscapes: Sequence[Landscape], is_log: bool) -> "LossScale":
        low, high = loss_limits([each for each in landscapes if each.known.any()] or landscapes)
        low = max(low, LEAST_LOSS) if is_log else low
        return cls(low, max(high, low * 1.01 + 1e-9), is_log)

    def heights(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Losses as they are drawn: their logarithms to base 10, or themselves; what is infinite is highest."""
        shown: NDArray[np.float64] = np.clip(losses, self.low, self.high)
        if self.is_log:
            np.log10(shown, out=shown)
        return shown

    def shares(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = self.heights(np.array([self.low, self.high]))
        shares: NDArray[np.float64] = (self.heights(losses) - low) / (high - low)
        return shares

    def share(self, loss: float) -> float:
        return float(self.shares(np.array([loss]))[0])

    @property
    def levels(self) -> list[float]:
        """Round losses, at which lines are drawn."""
        if self.is_log:
            return round_losses(self.low, self.high)
        step = round_up((self.high - self.low) / _LEVELS, (1, 2, 2.5, 5, 10))
        return [step * n for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def loss_text(loss: float) -> str:
    """`0.41`, `0.0032`, `1.2e5`."""
    return f"{loss:.3g}" if 0.1 <= loss < 1000 else short(loss)


@dataclass(frozen=True, eq=False)
class LandscapePicture:
    """Drawn in a unit square: x along the first direction, y down from the far end of the second one."""

    image: QImage
    """Its outermost pixels lie on the edge."""
    lines: tuple[tuple[float, QPainterPath], ...]
    """With the share of the scale that each is at."""

    @classmethod
    def of(cls, landscape: Landscape, scale: LossScale) -> "LandscapePicture | None":
        """None before the coarsest grid is known."""
        if not landscape.size:
            return None
        heights = scale.heights(shown_losses(landscape))
        return cls(_image(heights, scale), _lines(heights, scale))


def _image(heights: NDArray[np.float64], scale: LossScale) -> QImage:
    size = len(heights)
    there, fine = np.arange(size, dtype=np.float64), np.linspace(0, size - 1, _BETWEEN * (size - 1) + 1)
    both = interpolated(there, heights, fine)
    low, high = scale.heights(np.array([scale.low, scale.high]))
    colors = mistake_scale().colors((both[::-1] - low) / (high - low))
    side = len(fine)
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., :3] = colors
    # A copy: the image does not keep the array.
    return QImage(pixels.tobytes(), side, side, 4 * side, QImage.Format.Format_RGBA8888).copy()


def _lines(heights: NDArray[np.float64], scale: LossScale) -> tuple[tuple[float, QPainterPath], ...]:
    # Loaded by the job that computes, so that the window's thread finds it there.
    from contourpy import contour_generator

    places = np.linspace(0, 1, len(heights))
    contours = contour_generator(x=places, y=places[::-1], z=heights)
    found = []
    for level in scale.levels:
        path = QPainterPath()
        for line in contours.lines(float(scale.heights(np.array([level]))[0])):
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in np.asarray(line).tolist()]))
        found.append((scale.share(level), path))
    return tuple(found)
