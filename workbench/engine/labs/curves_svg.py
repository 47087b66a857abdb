"""Curves of a lab as SVG: for each arm the mean over seeds, and between which errors its seeds lie."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from workbench.core.labs.findings import Curve

WIDTH, HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 112, 14, 40
_LABEL_PX = 15
_TICKS = 6
_STEPS = (1.0, 2.0, 5.0, 10.0)


class Line(NamedTuple):
    """One arm of a figure."""

    title: str
    color: int
    """Its place in the fixed order of colors."""
    curve: Curve


class _Scale(NamedTuple):
    """Where epochs and errors lie in the figure."""

    epochs: tuple[int, int]
    low: float
    high: float
    step: float
    """Of its ticks, as a fraction; both ends are multiples of it."""

    def x(self, epoch: float) -> float:
        first, last = self.epochs
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * ((epoch - first) / (last - first) if last > first else 0.5)

    def y(self, error: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (self.high - error) / (self.high - self.low)


def figure(title: str, lines: Sequence[Line], beside: Sequence[Line] = ()) -> str:
    """An `<svg>` that needs the page's colors: `--text`, `--secondary`, `--hairline` and `--series-0` and so on.

    Args:
        title: what the errors are of; for readers of screens too.
        beside: lines of another figure that has the same axes.
    """
    shown = [line for line in lines if line.curve.epochs]
    if not shown:
        return ""
    scale = _scale([*shown, *(line for line in beside if line.curve.epochs)])
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(_said(title, shown), quote=True)}">',
        *_grid(scale),
        *(_band(line, scale) for line in shown),
        *(_mean(line, scale) for line in shown),
        *_labels(shown, scale),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def _said(title: str, lines: Sequence[Line]) -> str:
    ends = ", ".join(f"{line.title} {100 * line.curve.mean[-1]:.1f} %" for line in lines)
    return f"{title} over the epochs; at the end: {ends}"


def _scale(lines: Sequence[Line]) -> _Scale:
    epochs = [epoch for line in lines for epoch in line.curve.epochs]
    low, high = (100 * each for each in (min(_all(lines, "low")), max(_all(lines, "high"))))
    step = _step(max(high - low, 1.0))
    bottom, top = step * math.floor(low / step), step * math.ceil(high / step)
    return _Scale((min(epochs), max(epochs)), bottom / 100, max(top, bottom + step) / 100, step / 100)


def _all(lines: Sequence[Line], which: str) -> list[float]:
    return [value for line in lines for value in getattr(line.curve, which)]


def _step(extent: float) -> float:
    """Of ticks: 1, 2 or 5 times a power of ten."""
    power = 1.0
    while power * _STEPS[-1] * _TICKS < extent:
        power *= 10
    return next((power * step for step in _STEPS if power * step * _TICKS >= extent), power * 10)


def _grid(scale: _Scale) -> list[str]:
    parts, right, bottom = [], WIDTH - _RIGHT, HEIGHT - _BOTTOM
    for number in range(round((scale.high - scale.low) / scale.step) + 1):
        error = scale.low + number * scale.step
        at, percent = scale.y(error), 100 * error
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{percent:g}</text>')
    first, last = scale.epochs
    step_x = max(1, round(_step(max(last - first, 1))))
    for epoch in sorted({first, *range(step_x, last + 1, step_x)}):
        if epoch == first or epoch - first > step_x / 2:
            x = f'x="{scale.x(epoch):.1f}" y="{bottom + 16}"'
            parts.append(f'<text class="tick" {x} text-anchor="middle">{epoch}</text>')
    parts.append(
        f'<text class="axis" x="{(_LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">epoch</text>'
    )
    parts.append(f'<text class="axis" transform="rotate(-90)" x="{-(_TOP + bottom) / 2}" y="12" '
                 'text-anchor="middle">error, %</text>')  # fmt: skip
    return parts


def _band(line: Line, scale: _Scale) -> str:
    curve = line.curve
    if curve.low == curve.high:
        return ""
    there = [
        f"{scale.x(epoch):.1f} {scale.y(value):.1f}" for epoch, value in zip(curve.epochs, curve.high, strict=True)
    ]
    back = [
        f"{scale.x(epoch):.1f} {scale.y(value):.1f}" for epoch, value in zip(curve.epochs, curve.low, strict=True)
    ]
    path = "L".join([*there, *reversed(back)])
    return f'<path d="M{path}Z" style="fill:var(--series-{line.color});fill-opacity:.18"/>'


def _mean(line: Line, scale: _Scale) -> str:
    curve = line.curve
    places = [(scale.x(epoch), scale.y(value)) for epoch, value in zip(curve.epochs, curve.mean, strict=True)]
    if len(places) == 1:
        ((x, y),) = places
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill:var(--series-{line.color})"/>'
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path class="mean" d="M{path}" style="stroke:var(--series-{line.color})"/>'


def _labels(lines: Sequence[Line], scale: _Scale) -> list[str]:
    """At the lines' ends, spread apart where they would cover each other."""
    ordered = sorted(lines, key=lambda line: -line.curve.mean[-1])
    wanted = [scale.y(line.curve.mean[-1]) for line in ordered]
    places = spread_apart(wanted, _LABEL_PX, HEIGHT - _BOTTOM)
    left = WIDTH - _RIGHT + 8
    return [
        f'<text class="label" x="{left + 10}" y="{y + 4:.1f}">{escape(line.title)} '
        f"{100 * line.curve.mean[-1]:.1f}</text>"
        f'<rect x="{left}" y="{y - 3:.1f}" width="6" height="6" style="fill:var(--series-{line.color})"/>'
        for line, y in zip(ordered, places, strict=True)
    ]


def spread_apart(wanted: Sequence[float], room: float, end: float) -> list[float]:
    """Places in the same order, at least `room` from each other, the last not beyond `end`."""
    places = list[float]()
    for place in wanted:
        places.append(max(place, places[-1] + room) if places else place)
    limit = end
    for index in reversed(range(len(places))):
        places[index] = min(places[index], limit)
        limit = places[index] - room
    return places
