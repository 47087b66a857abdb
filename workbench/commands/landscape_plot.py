"""Loss landscapes as a PNG, by matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.commands import plots
from workbench.core.inspection.landscape import LEAST_LOSS, Landscape, loss_limits, round_losses
from workbench.core.inspection.landscape_words import caption, comparison, told_apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = 48
_SIDE_INCHES = 4.2


def draw(landscapes: Sequence[Landscape], names: Sequence[str], output: Path) -> None:
    """Write a PNG: the landscapes beside each other on one logarithmic scale, what they show below them.

    Raises:
        UserError: the file cannot be written.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    count = len(landscapes)
    low, high = loss_limits(landscapes)
    low = max(low, LEAST_LOSS)
    levels = np.geomspace(low, max(high, 1.01 * low), _LEVELS)
    lines = round_losses(float(levels[0]), float(levels[-1]))
    width = _SIDE_INCHES * count + 1.2
    figure = Figure(figsize=(width, _SIDE_INCHES + 1.6), facecolor=plots.SURFACE, layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, count, sharey=True))
    norm = LogNorm(levels[0], levels[-1])
    for landscape, name, place in zip(landscapes, told_apart(landscapes, names), axes, strict=True):
        losses = np.clip(landscape.level_loss, levels[0], levels[-1])
        positions = landscape.axis
        place.contourf(positions, positions, losses, levels, cmap="cividis", norm=norm)
        place.contour(positions, positions, losses, lines, colors=plots.TEXT, linewidths=0.4)
        place.plot(0, 0, "+", color=plots.SURFACE, markersize=9, markeredgewidth=1.5)
        _, first, second = landscape.lowest
        place.plot(first, second, "o", color=plots.SURFACE, markersize=9, fillstyle="none")
        figures = f"loss {landscape.center_loss:.3g}, accuracy {landscape.center_accuracy:.0%}"
        place.set_title(f"{name} · epoch {landscape.epoch}\n{figures}", **plots.TITLE)
        _style(place)
    axes[0].set_ylabel("second direction", **plots.LABEL)
    colors = ScalarMappable(norm, "cividis")
    bar = figure.colorbar(colors, ax=list(axes), format="%.3g", ticks=lines, shrink=0.8, aspect=32)
    bar.ax.minorticks_off()
    bar.set_label("loss / nats", **plots.LABEL)
    bar.ax.tick_params(labelsize=plots.TICK_SIZE, colors=plots.SECONDARY)
    bar.outline.set_edgecolor(plots.HAIRLINE)
    figure.supxlabel(
        _words(landscapes, names), **{**plots.LABEL, "color": plots.TEXT}, ha="left", x=0.02, wrap=True
    )
    plots.write(figure, output)


def _style(place: "Axes") -> None:
    place.set_aspect("equal")
    place.set_xlabel("first direction", **plots.LABEL)
    plots.style(place)


def _words(landscapes: Sequence[Landscape], names: Sequence[str]) -> str:
    if len(landscapes) == 1:
        return caption(landscapes[0])
    apart = told_apart(landscapes, names)
    parts = [f"{name}: {caption(each, shares=False)}" for name, each in zip(apart, landscapes, strict=True)]
    return "\n".join([comparison(landscapes[0], landscapes[1], (names[0], names[1])), *parts])
