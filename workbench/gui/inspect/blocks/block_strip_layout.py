"""Where the blocks of a network stand in a row, with a bar beneath each: pure geometry, without a window."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from workbench.core.inspection.lesions import BlockSite

HEADING_PX, HOP_PX, BOX_PX, NAME_PX, BARS_PX, LEAST_BARS_PX = 18, 14, 40, 18, 132, 64
AXIS_PX, END_PX, BOTTOM_PX = 44, 36, 6
_STAGE_GAP, _LEAST_PITCH, _WIDEST_PITCH = 14.0, 9.0, 120.0


@dataclass(frozen=True)
class StripLayout:
    """Of a row of blocks in a width and height, in pixels.

    Args:
        centers: of the columns of the blocks.
        begin, end: of the signal's way, from the stem to the head.
        pitch: from one block of a stage to the next.
    """

    centers: tuple[float, ...]
    pitch: float
    begin: float
    end: float
    width: float
    height: float

    @classmethod
    def of(cls, sites: Sequence[BlockSite], width: float, height: float) -> "StripLayout":
        stages = len({site.stage for site in sites})
        room = width - AXIS_PX - 2 * END_PX - (stages + 1) * _STAGE_GAP
        pitch = min(_WIDEST_PITCH, max(_LEAST_PITCH, room / max(1, len(sites))))
        x, stage, centers = float(AXIS_PX + END_PX), 0, list[float]()
        for site in sites:
            x += _STAGE_GAP if site.stage != stage else 0
            stage = site.stage
            centers.append(x + pitch / 2)
            x += pitch
        end = x + _STAGE_GAP
        # Few blocks stand in the middle.
        shift = max(0.0, (width - end - END_PX) / 2)
        placed = tuple(center + shift for center in centers)
        return cls(placed, pitch, AXIS_PX + END_PX + shift, end + shift, max(width, end + END_PX), height)

    @property
    def box_breadth(self) -> float:
        return max(4.0, min(44.0, self.pitch * 0.62))

    @property
    def axis_y(self) -> float:
        """Of the signal's way through the boxes."""
        return HEADING_PX + HOP_PX + BOX_PX / 2

    def box(self, block: int) -> QRectF:
        breadth = round(self.box_breadth)
        return QRectF(round(self.centers[block] - breadth / 2), HEADING_PX + HOP_PX, breadth, BOX_PX)

    def name(self, block: int) -> QRectF:
        return QRectF(self.centers[block] - self.pitch / 2, HEADING_PX + HOP_PX + BOX_PX, self.pitch, NAME_PX)

    @property
    def bars(self) -> QRectF:
        """The area between 0 and 100 %."""
        top = HEADING_PX + HOP_PX + BOX_PX + NAME_PX + HEADING_PX
        return QRectF(AXIS_PX, top, self.width - AXIS_PX, max(LEAST_BARS_PX, self.height - top - BOTTOM_PX))

    def bar(self, block: int, value: float, slot: int = 0, slots: int = 1) -> QRectF:
        """Of a fraction, the `slot`-th of so many side by side."""
        area, breadth = self.bars, round(self.box_breadth)
        each = breadth / slots
        height = max(1.0, value * area.height())
        left = round(self.centers[block] - breadth / 2 + slot * each)
        return QRectF(left, area.bottom() - height, max(2.0, round(each) - (1 if slots > 1 else 0)), height)

    def block_at(self, x: float) -> int | None:
        """The block whose column this is; None beside all."""
        near = min(range(len(self.centers)), key=lambda block: abs(self.centers[block] - x), default=None)
        return near if near is not None and abs(self.centers[near] - x) <= self.pitch / 2 else None


def least_width(sites: Sequence[BlockSite]) -> int:
    """Below which columns would be too narrow to hit."""
    stages = len({site.stage for site in sites})
    return round(AXIS_PX + 2 * END_PX + (stages + 1) * _STAGE_GAP + len(sites) * _LEAST_PITCH)


LEAST_HEIGHT = HEADING_PX + HOP_PX + BOX_PX + NAME_PX + HEADING_PX + LEAST_BARS_PX + BOTTOM_PX
WANTED_HEIGHT = LEAST_HEIGHT - LEAST_BARS_PX + BARS_PX
