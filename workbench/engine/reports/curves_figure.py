"""Learning curves as SVG, of one run or several, as large for a million steps as for a hundred."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from markupsafe import Markup

from workbench.core.class_names import isolated
from workbench.core.formats import percent
from workbench.engine.reports.axes import Axis, Floats, number_text
from workbench.engine.reports.plot import EndWords, Plot

COLORS = 10
"""How many runs have a color of their own (Petroff 2021); the next one begins anew."""
_COLUMNS = 240
"""How many stretches a curve of steps is drawn in: a column each of some two pixels."""
_LONGEST_WORDS = 24
_FAR_FROM_REST = 3.0
_LOG_RATIO = 30.0

Kind = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Curve:
    """One line. Of steps: drawn as the least, mean and highest value of each stretch; else as its points."""

    words: str
    """What stands at its end, beside its last value."""
    x: Floats
    y: Floats
    kind: Kind
    """train: thin, over its pale band; validation: solid; test: dotted."""
    color: int = 0
    """Of COLORS."""
    is_of_steps: bool = False


@dataclass(frozen=True)
class Envelope:
    """A curve of steps in stretches: (columns,) each."""

    x: Floats
    low: Floats
    mean: Floats
    high: Floats


def envelope(x: Floats, y: Floats, columns: int = _COLUMNS) -> Envelope:
    """Of values in the order of x, NaN where nothing is known. No value is left out: all lie within the band."""
    if len(x) <= columns:
        return Envelope(x, y, y, y)
    edges = np.linspace(0, len(x), columns + 1).astype(np.int64)
    known = np.isfinite(y)
    first = edges[:-1]
    counts = np.add.reduceat(known.astype(np.int64), first)
    with np.errstate(invalid="ignore"):
        mean = np.add.reduceat(np.where(known, y, 0.0), first) / np.where(counts, counts, np.nan)
    low = np.minimum.reduceat(np.where(known, y, np.inf), first)
    high = np.maximum.reduceat(np.where(known, y, -np.inf), first)
    low[counts == 0], high[counts == 0] = np.nan, np.nan
    centers = np.add.reduceat(x, first) / np.diff(edges)
    # From the first step to the last one.
    centers[0], centers[-1] = x[0], x[-1]
    return Envelope(centers, low, mean, high)


@dataclass(frozen=True)
class Panel:
    """What one plot shows."""

    title: str
    unit: str
    """Of its vertical axis."""
    curves: tuple[Curve, ...]
    is_share: bool = False
    is_log: bool | None = None
    """None: where values differ so much that else nothing would be seen."""
    marks: tuple[tuple[float, str], ...] = ()
    """Upright lines and what they mark."""


def curves_figure(panel: Panel, x_title: str) -> Markup:
    """One panel; where no curve has a value, its axes and a sentence that says so."""
    drawn = [(curve, _drawn(curve)) for curve in panel.curves]
    shown = [each for _, each in drawn]
    is_log = _is_log(panel, shown)
    y = Axis.around(
        panel.unit, [_without_outliers(shown)], is_log=is_log, is_share=panel.is_share, from_zero=not is_log
    )
    x = _x_axis(x_title, shown)
    plot = Plot(
        x, y, ends=[_end(curve, each, panel.is_share) for curve, each in drawn if np.isfinite(each.mean).any()]
    )
    for at, words in panel.marks:
        plot.upright(at, words)
    for curve, each in drawn:
        style = f"run{curve.color % COLORS} {curve.kind}"
        if curve.is_of_steps:
            plot.band(each.x, each.low, each.high, f"{style} band")
    for curve, each in drawn:
        style = f"run{curve.color % COLORS} {curve.kind}"
        plot.line(each.x, each.mean, style)
        if not curve.is_of_steps and len(each.x) <= _COLUMNS // 4:
            plot.points(each.x, each.mean, style)
    return plot.svg(panel.title, _description(panel, drawn))


def _drawn(curve: Curve) -> Envelope:
    if curve.is_of_steps:
        return envelope(curve.x, curve.y)
    if len(curve.x) <= 4 * _COLUMNS:
        return Envelope(curve.x, curve.y, curve.y, curve.y)
    # Of a thousand epochs and more.
    return envelope(curve.x, curve.y, 4 * _COLUMNS)


def _is_log(panel: Panel, shown: Sequence[Envelope]) -> bool:
    if panel.is_log is not None or panel.is_share:
        return bool(panel.is_log)
    means = _finite([each.mean for each in shown])
    return bool(len(means) and means.min() > 0 and np.quantile(means, 0.95) / means.min() > _LOG_RATIO)


def _finite(arrays: Sequence[Floats]) -> Floats:
    """All values that are known, as one array."""
    values: Floats = np.concatenate([*arrays, np.empty(0)])
    return np.asarray(values[np.isfinite(values)])


def _without_outliers(shown: Sequence[Envelope]) -> Floats:
    """What the axis must hold: all, unless a few values would press the rest to the ground."""
    means = _finite([each.mean for each in shown])
    values = _finite([part for each in shown for part in (each.low, each.mean, each.high)])
    if not len(means):
        return values
    most = float(np.quantile(means, 0.98))
    if values.max() > _FAR_FROM_REST * most > 0:
        return np.asarray(values[values <= _FAR_FROM_REST * most / 2])
    return values


def _x_axis(title: str, shown: Sequence[Envelope]) -> Axis:
    ends = [float(value) for each in shown if len(each.x) for value in (each.x[0], each.x[-1])]
    return Axis(title, 0.0, max([*ends, 0.0]) or 1.0)


def _end(curve: Curve, shown: Envelope, is_share: bool) -> EndWords:
    value = float(shown.mean[np.isfinite(shown.mean)][-1])
    is_long = len(curve.words) > _LONGEST_WORDS
    words = isolated(curve.words[: _LONGEST_WORDS - 1] + "…" if is_long else curve.words)
    return EndWords(f"{words} {_value_text(value, is_share)}", value, f"run{curve.color % COLORS} {curve.kind}")


def _value_text(value: float, is_share: bool) -> str:
    return percent(value) if is_share else number_text(value)


def _description(panel: Panel, drawn: Sequence[tuple[Curve, Envelope]]) -> str:
    said = []
    for curve, each in drawn:
        known = each.mean[np.isfinite(each.mean)]
        if len(known):
            ends = (_value_text(float(value), panel.is_share) for value in (known[0], known[-1]))
            said.append(f"{curve.words}: from {' to '.join(ends)}")
    return "; ".join(said) or "Nothing was recorded"
