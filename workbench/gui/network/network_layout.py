"""Where every box of a drawn network stands: pure geometry, without a window.

Heights are feature maps to scale (pixels of the map). Breadths follow the square root of the channels: a linear
scale would give 16 channels a hair beside 2048, a logarithm would make twice as many look like hardly any more.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Literal

from workbench.core.network.architecture import Architecture, Part
from workbench.core.network.layers import Shape

Role = Literal["input", "stem", "stage", "head"]
Key = tuple[Role, int]
"""What a column stands for: its role, and its number where it is a stage."""

MIN_BREADTH, MIN_HEIGHT = 4.0, 3.0
FOLD_WIDTH = 44.0
FAN_WIDTH, CLASSES_WIDTH = 18.0, 6.0

# Pixels per square root of a channel, and the breadth that the broadest box then may have.
_WANTED_UNIT, _WANTED_BREADTH = 1.4, 30.0
_LARGEST_UNIT, _LARGEST_BREADTH = 3.5, 64.0
_GAPS, _COLUMN_GAPS = (10.0, 18.0), (14.0, 40.0)
_WIDEST_COLUMN_GAP = 88.0
_MOST_SHOWN = 60
_SQUEEZE = -0.3


@dataclass(frozen=True)
class Scale:
    """One for all networks that are compared."""

    unit: float
    """Pixels of breadth per square root of a channel."""
    pixel: float
    """Pixels of height per pixel of a feature map."""
    gap: float
    column_gap: float
    shown: int
    """Blocks drawn per stage; those between the first and the last ones are folded."""

    def breadth(self, channels: int) -> float:
        return max(MIN_BREADTH, self.unit * math.sqrt(channels))

    def height(self, size: int) -> float:
        return max(MIN_HEIGHT, self.pixel * size)


@dataclass(frozen=True)
class Box:
    """One box of the drawing, centered on the network's axis."""

    parts: tuple[Part, ...]
    """One; none for the input image; several where blocks are folded."""
    shape: Shape
    left: float
    breadth: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.breadth

    @property
    def is_folded(self) -> bool:
        return len(self.parts) > 1

    @property
    def names(self) -> frozenset[str]:
        return frozenset(part.name for part in self.parts)


@dataclass(frozen=True)
class Column:
    """The input, the stem, one stage, or the head."""

    key: Key
    shape: Shape
    blocks: int
    left: float
    width: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Drawing:
    """One network, laid out."""

    columns: tuple[Column, ...]
    scale: Scale

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        return tuple(box for column in self.columns for box in column.boxes)

    def box_of(self, name: str) -> Box | None:
        """The box that shows or hides a part."""
        return next((box for box in self.boxes if any(part.name == name for part in box.parts)), None)

    def box_at(self, x: float) -> Box | None:
        """The nearest box of the column at `x`: boxes of a pixel would be hard to hit."""
        slack = self.scale.gap / 2
        near = [box for box in self.boxes if box.left - slack <= x <= box.right + slack]
        return min(near, key=lambda box: abs(x - (box.left + box.right) / 2), default=None)


@dataclass(frozen=True)
class Group:
    """What becomes one column."""

    key: Key
    shape: Shape
    parts: tuple[Part, ...]

    def runs(self, scale: Scale) -> list[tuple[Part, ...]]:
        """The parts of each box: single ones, and in the middle the folded ones."""
        if not self._folds(scale):
            return [(part,) for part in self.parts] or [()]
        first, last = (scale.shown + 1) // 2, scale.shown // 2
        end = len(self.parts) - last
        return [
            *((part,) for part in self.parts[:first]),
            self.parts[first:end],
            *((part,) for part in self.parts[end:]),
        ]

    def breadths(self, scale: Scale) -> list[float]:
        """Of each box."""
        if self.key[0] == "head":
            return [scale.breadth(self.parts[0].input_shape[0]) + FAN_WIDTH + CLASSES_WIDTH]
        one = scale.breadth(self.shape[0])
        if not self._folds(scale):
            return [one] * max(1, len(self.parts))
        first, last = (scale.shown + 1) // 2, scale.shown // 2
        return [*[one] * first, FOLD_WIDTH, *[one] * last]

    def _folds(self, scale: Scale) -> bool:
        """Only where it saves room."""
        hidden = len(self.parts) - scale.shown
        return hidden > 1 and hidden * scale.breadth(self.shape[0]) + (hidden - 1) * scale.gap > FOLD_WIDTH

    def width(self, scale: Scale) -> float:
        breadths = self.breadths(scale)
        return sum(breadths) + scale.gap * (len(breadths) - 1)


def sees_all(receptive_field: int, input_size: int) -> bool:
    """Whether a position in the middle sees the whole image. `>`: no pixel is the middle of an even size."""
    return receptive_field > input_size


def groups_of(architecture: Architecture) -> list[Group]:
    """The columns of a network from left to right."""
    size = architecture.config.input_size
    groups = [Group(("input", 0), (3, size, size), ())]
    for (role, stage), together in groupby(architecture.parts, lambda part: (part.role, part.stage)):
        parts = tuple(together)
        key: Key = ("stage", stage) if role == "block" else (role, 0)
        groups.append(Group(key, parts[-1].output_shape, parts))
    return groups


def lay_out(
    networks: Sequence[Sequence[Group]], width: float, height: float, label_widths: Mapping[Key, float]
) -> tuple[Drawing, ...]:
    """Draw all networks to one scale, stage beneath stage.

    Args:
        height: of the boxes of one network.
        label_widths: room that the text of each column needs; given less where there is too little.
    """
    keys = sorted({group.key for groups in networks for group in groups}, key=_order)
    share = width / len(keys) - _COLUMN_GAPS[0]
    labels = {key: min(label_widths.get(key, 0.0), max(0.0, share)) for key in keys}
    scale = _fitting_scale(networks, width, height, labels)
    widths = _column_widths(networks, scale, labels)
    spare = width - _total(widths, scale)
    if spare > 0:
        wider = min(_WIDEST_COLUMN_GAP, scale.column_gap + spare / max(1, len(keys) - 1))
        scale = replace(scale, column_gap=wider)
    lefts, left = {}, max(0.0, (width - _total(widths, scale)) / 2)
    for key in keys:
        lefts[key] = left
        left += widths[key] + scale.column_gap
    # Below the smallest gaps and boxes everything is squeezed alike.
    squeeze = min(1.0, width / _total(widths, scale))
    return tuple(
        Drawing(
            tuple(_column(group, scale, lefts[group.key], widths[group.key], squeeze) for group in groups),
            replace(scale, gap=squeeze * scale.gap, column_gap=squeeze * scale.column_gap),
        )
        for groups in networks
    )


def _order(key: Key) -> tuple[int, int]:
    return ("input", "stem", "stage", "head").index(key[0]), key[1]


def _fitting_scale(
    networks: Sequence[Sequence[Group]], width: float, height: float, labels: Mapping[Key, float]
) -> Scale:
    """As many blocks as fit at the wanted breadth, then everything as broad as fits."""
    every = [group for groups in networks for group in groups]
    most_channels = math.sqrt(max(_broadest(group) for group in every))
    pixel = height / max(group.shape[1] for group in every if group.key[0] == "input")
    wanted = min(_WANTED_UNIT, _WANTED_BREADTH / most_channels)
    largest = min(_LARGEST_UNIT, _LARGEST_BREADTH / most_channels)

    def scale(room: float, shown: int) -> Scale:
        """`room` from 0 (tight, as wanted) to 1 (generous); below 0 boxes get narrower than wanted."""
        above, tight = max(0.0, room), 1 + min(0.0, room)
        unit = wanted * tight + above * (largest - wanted)
        return Scale(unit, pixel, _between(_GAPS, above), _between(_COLUMN_GAPS, above), shown)

    def fits(room: float, shown: int) -> bool:
        trial = scale(room, shown)
        return _total(_column_widths(networks, trial, labels), trial) <= width

    most = min(_MOST_SHOWN, max(len(group.parts) for group in every))
    # Somewhat narrower boxes are better than a fold, where that shows all blocks.
    shown = next((count for count in range(most, 2, -1) if fits(_SQUEEZE if count == most else 0, count)), 2)
    low, high = (0.0, 1.0) if fits(0, shown) else (-1.0, 0.0)
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle, shown) else (low, middle)
    return scale(low, shown)


def _broadest(group: Group) -> int:
    return max(group.shape[0], group.parts[0].input_shape[0]) if group.key[0] == "stage" else group.shape[0]


def _between(limits: tuple[float, float], share: float) -> float:
    return limits[0] + share * (limits[1] - limits[0])


def _column_widths(
    networks: Sequence[Sequence[Group]], scale: Scale, labels: Mapping[Key, float]
) -> dict[Key, float]:
    widths = dict(labels)
    for groups in networks:
        for group in groups:
            widths[group.key] = max(widths[group.key], group.width(scale))
    return widths


def _total(widths: Mapping[Key, float], scale: Scale) -> float:
    return sum(widths.values()) + scale.column_gap * (len(widths) - 1)


def _column(group: Group, scale: Scale, left: float, width: float, squeeze: float) -> Column:
    boxes = tuple(_boxes(group, scale, left + (width - group.width(scale)) / 2, squeeze))
    return Column(group.key, group.shape, len(group.parts), squeeze * left, squeeze * width, boxes)


def _boxes(group: Group, scale: Scale, left: float, squeeze: float) -> Iterator[Box]:
    height = scale.height(group.shape[1])
    for parts, breadth in zip(group.runs(scale), group.breadths(scale), strict=True):
        yield Box(parts, group.shape, squeeze * left, squeeze * breadth, height)
        left += breadth + scale.gap
