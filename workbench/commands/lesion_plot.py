"""What a network says without each of its blocks, as a PNG."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands import plots
from workbench.core.inspection.lesions import Lesioned, Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT_INCHES, _MARGIN_INCHES = 3.2, 1.6
_INCHES_A_BLOCK, _LEAST_INCHES, _MOST_INCHES = 0.26, 4.8, 16.0
_MOST_LABELS = 54
# Room for the heading above accuracies of 100 %.
_TOP_PERCENT = 104


def draw(sweep: Sweep, found: Lesioned | None, name: str, epoch: int, output: Path) -> None:
    """Write a PNG: a bar per removed block, in the order of computation, and a line for the intact network.

    Args:
        found: what all of them together do, where blocks were chosen.

    Raises:
        UserError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    count = len(sweep.removed)
    width = min(max(_INCHES_A_BLOCK * count + _MARGIN_INCHES, _LEAST_INCHES), _MOST_INCHES)
    figure = Figure(figsize=(width, _HEIGHT_INCHES), facecolor=plots.SURFACE, layout="constrained")
    axes = figure.subplots()
    axes.bar(range(count), [100 * each.accuracy for each in sweep.removed], width=0.7, color=plots.ACCENT)
    _mark(axes, "intact", sweep.intact, "--")
    if found is not None and count > 1:
        _mark(axes, "all together", found.now.accuracy, ":")
    scales = {} if found is None else found.scales
    ticks = range(0, count, max(-(-count // _MOST_LABELS), 1))
    axes.set_xticks(ticks, [_label(sweep.removed[at].name, scales) for at in ticks], rotation=90)
    axes.set_xlim(-0.6, max(count, 1) - 0.4)
    axes.set_ylim(0, _TOP_PERCENT)
    axes.set_xlabel("weakened block" if any(scales.values()) else "removed block", **plots.LABEL)
    axes.set_ylabel("accuracy / %", **plots.LABEL)
    axes.set_title(f"{name} · epoch {epoch}, {sweep.images} test images", **plots.TITLE)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=plots.HAIRLINE, linewidth=0.6)
    plots.style(axes)
    plots.write(figure, output)


def _mark(axes: "Axes", words: str, accuracy: float, line: str) -> None:
    axes.axhline(100 * accuracy, color=plots.TEXT, linewidth=0.8, linestyle=line)
    axes.annotate(
        f"{words} {accuracy:.1%}", (1, 100 * accuracy), (4, 0), xycoords=("axes fraction", "data"),
        textcoords="offset points", va="center", fontsize=plots.TICK_SIZE, color=plots.TEXT,
    )  # fmt: skip


def _label(block: str, scales: Mapping[str, float]) -> str:
    scale = scales.get(block, 0.0)
    return f"{block} × {scale:g}" if scale else block
