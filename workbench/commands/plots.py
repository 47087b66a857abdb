"""What the pictures of plots share: their looks, and their way into a file. By matplotlib."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The window's light theme (gui/widgets/theme.py), which needs Qt.
SURFACE, TEXT, SECONDARY, HAIRLINE, ACCENT = "#FFFFFF", "#1C2430", "#5B6675", "#E3E6EB", "#2F6FED"
TICK_SIZE = 7
LABEL: dict[str, Any] = {"fontsize": 8, "color": SECONDARY}
TITLE: dict[str, Any] = {"fontsize": 9, "color": TEXT, "loc": "left"}
_DPI = 150


def style(axes: "Axes") -> None:
    axes.tick_params(labelsize=TICK_SIZE, colors=SECONDARY)
    for spine in axes.spines.values():
        spine.set_edgecolor(HAIRLINE)


def write(figure: "Figure", output: Path) -> None:
    """As a PNG.

    Raises:
        UserError: the file cannot be written.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    write_atomically(output, lambda file: file.write(buffer.getvalue()))
