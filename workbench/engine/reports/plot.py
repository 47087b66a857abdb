"""One plot as SVG: a grid, axes with titles, bands, lines, points, and words at the lines' ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from workbench.engine.reports.axes import Axis, Floats

WIDTH, HEIGHT = 560, 300
_LEFT, _TOP, _BOTTOM = 58, 30, 42
_LINE_PX = 15
_LETTER_PX = 6.6
_DOT_PX = 9


@dataclass(frozen=True)
class EndWords:
    """What stands at a line's end."""

    text: str
    value: float
    """The height at which it belongs."""
    style: str


class Plot:
    """Marks are drawn in the order in which they are added. Styles are class names of the page's style sheet.

    Args:
        ends: words at the right, for which there is room; they are spread so that none covers another.
    """

    def __init__(
        self, x: Axis, y: Axis, *, ends: Sequence[EndWords] = (), size: tuple[int, int] = (WIDTH, HEIGHT)
    ) -> None:
        self._x, self._y, self._ends = x, y, ends
        self._size = size
        longest = max((len(end.text) for end in ends), default=0)
        self._right = size[0] - (16 if not longest else round(14 + _DOT_PX + longest * _LETTER_PX))
        self._bottom = size[1] - _BOTTOM
        self._marks: list[Markup] = []

    # Places

    def _px(self, xs: Floats) -> Floats:
        return _LEFT + self._x.place(np.asarray(xs, np.float64)) * (self._right - _LEFT)

    def _py(self, ys: Floats, *, held: bool = True) -> Floats:
        """Held: what lies beyond the axis is drawn at its end."""
        placed = self._y.place(np.asarray(ys, np.float64))
        return self._bottom - (placed.clip(0, 1) if held else placed) * (self._bottom - _TOP)

    # Marks

    def line(self, xs: Floats, ys: Floats, style: str) -> None:
        """Broken where a value is none; a single point between two breaks would not be seen, and is a dot."""
        px, py = self._px(xs), self._py(ys)
        for part in _unbroken(px, py):
            if part.stop - part.start == 1:
                self._dot(px[part.start], py[part.start], style)
            else:
                self._marks.append(Markup('<path class="{}" d="{}"/>').format(style, _path(px[part], py[part])))

    def band(self, xs: Floats, lows: Floats, highs: Floats, style: str) -> None:
        px, low, high = self._px(xs), self._py(lows), self._py(highs)
        for part in _unbroken(px, low + high):
            there = _path(px[part], high[part])
            back = _path(px[part][::-1], low[part][::-1]).replace("M", "L", 1)
            self._marks.append(Markup('<path class="{}" d="{}Z"/>').format(style, there + back))

    def points(self, xs: Floats, ys: Floats, style: str) -> None:
        for x, y in zip(self._px(xs), self._py(ys), strict=True):
            if np.isfinite(x + y):
                self._dot(x, y, style)

    def _dot(self, x: float, y: float, style: str) -> None:
        self._marks.append(Markup('<circle class="{} dot" cx="{:.1f}" cy="{:.1f}" r="2.5"/>').format(style, x, y))

    def bars(self, edges: Floats, heights: Floats, style: str, titles: Sequence[str]) -> None:
        """From the axis' low end; `edges` are one more than `heights`."""
        xs, ys = self._px(edges), self._py(heights)
        for left, right, top, title in zip(xs[:-1], xs[1:], ys, titles, strict=True):
            if np.isfinite(top):
                box = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">{}</rect>')
                width, said = max(0.0, right - left - 2), Markup("<title>{}</title>").format(title)
                self._marks.append(box.format(style, left + 1, top, width, self._bottom - top, said))

    def upright(self, x: float, title: str) -> None:
        """A line over the whole height, which says what it marks when it is pointed at."""
        (px,) = self._px(np.array([x]))
        if np.isfinite(px):
            mark = '<line class="upright" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"><title>{3}</title></line>'
            self._marks.append(Markup(mark).format(px, _TOP, self._bottom, title))

    # The whole

    def svg(self, title: str, description: str) -> Markup:
        """
        Args:
            description: for who does not see it; also what a pointer shows.
        """
        parts = [*self._grid(), *self._marks, *self._end_words()]
        frame = (
            '<svg class="plot" viewBox="0 0 {0} {1}" style="max-width:{0}px" role="img" aria-label="{2}">'
            '<text class="plot-title" x="{3}" y="16">{4}</text>{5}</svg>'
        )
        label = f"{title}. {description}"
        return Markup(frame).format(*self._size, label, _LEFT, title, Markup("\n").join(parts))

    def _grid(self) -> list[Markup]:
        parts = []
        for value in self._y.ticks():
            (y,) = self._py(np.array([value]))
            parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
                _LEFT, self._right, y=y))  # fmt: skip
            parts.append(_text(_LEFT - 8, y + 4, self._y.text(value), "tick", "end"))
        for value in self._x.ticks():
            (x,) = self._px(np.array([value]))
            parts.append(_text(x, self._bottom + 16, self._x.text(value), "tick", "middle"))
        parts.append(Markup('<line class="axis" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(
            _LEFT, self._right, y=self._bottom))  # fmt: skip
        middle = (_LEFT + self._right) / 2
        parts.append(_text(middle, self._size[1] - 6, self._x.title, "axis-title", "middle"))
        upright = (
            '<text class="axis-title" text-anchor="middle" transform="translate(13 {:.0f}) rotate(-90)">{}</text>'
        )
        parts.append(Markup(upright).format((_TOP + self._bottom) / 2, self._y.title))
        return parts

    def _end_words(self) -> list[Markup]:
        known = [end for end in self._ends if np.isfinite(end.value)]
        heights = spread(self._py(np.array([end.value for end in known])), _LINE_PX, _TOP, self._bottom)
        parts = []
        for end, y in zip(known, heights, strict=True):
            # Spread apart, words need not stand where their line ends.
            dot = Markup('<circle class="{} dot" cx="{:.1f}" cy="{:.1f}" r="3"/>')
            parts.append(dot.format(end.style, self._right + _DOT_PX, y))
            parts.append(_text(self._right + 6 + _DOT_PX, y + 4, end.text, f"{end.style} end", "start"))
        return parts


def _text(x: float, y: float, text: str, style: str, anchor: str) -> Markup:
    mark = '<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>'
    return Markup(mark).format(style, x, y, anchor, text)


def _path(xs: Floats, ys: Floats) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs.tolist(), ys.tolist(), strict=True))
    return f"M{points}"


def _unbroken(xs: Floats, ys: Floats) -> list[slice]:
    """Stretches of finite points."""
    finite = np.concatenate([[False], np.isfinite(xs + ys), [False]])
    edges: NDArray[np.int64] = np.flatnonzero(finite[1:] != finite[:-1])
    return [slice(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def spread(heights: Floats, distance: float, low: float, high: float) -> Floats:
    """As near to these heights as can be, `distance` apart, between `low` and `high` as far as these suffice."""
    order = np.argsort(heights, kind="stable")
    # Neighbors that are too near share a group around the mean of where they belong.
    groups: list[list[float]] = []
    for height in heights[order].tolist():
        groups.append([height])
        while len(groups) > 1 and _first(groups[-1], distance) < _end(groups[-2], distance):
            last = groups.pop()
            groups[-1] += last
    placed = [_first(group, distance) + distance * at for group in groups for at in range(len(group))]
    found = np.empty(len(placed))
    found[order] = placed
    if len(found):
        found += max(0.0, low - found.min())
        found -= max(0.0, found.max() - high)
    return found


def _end(group: Sequence[float], distance: float) -> float:
    return _first(group, distance) + distance * len(group)


def _first(group: Sequence[float], distance: float) -> float:
    return float(np.mean(group)) - distance * (len(group) - 1) / 2


__all__ = ["EndWords", "Plot", "spread"]
