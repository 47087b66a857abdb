"""How each kind of line looks, for the plots that draw them and for the legends that explain them."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from workbench.core.curves.run_curves import Kind
from workbench.gui.widgets.theme import Theme, mixed

DOT_PX = 6


@dataclass(frozen=True)
class LineLook:
    """A line in whatever color.

    One of many points is a device pixel wide, because wider ones take six times as long. A faint one is mixed with
    the ground that it stands on: drawn translucent, it takes three times as long.
    """

    width: int = 1
    share: float = 1.0
    """Of its color; the rest is the ground's."""
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    has_dots: bool = False
    is_noisy: bool = False

    def color(self, color: QColor, ground: QColor) -> QColor:
        return mixed(color, ground, self.share)

    def pen(self, color: QColor, ground: QColor, ratio: float = 1.0) -> QPen:
        """For a screen with so many device pixels per pixel, which cosmetic pens are measured in."""
        width = self.width * ratio if self.width > 1 else 1.0
        pen = QPen(self.color(color, ground), width, self.style)
        # As wide on the screen however the axes are stretched.
        pen.setCosmetic(True)
        if self.style is Qt.PenStyle.DotLine:
            # Others would make dashes of wide dots.
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen


# Training has a point per step, validation and test have one per epoch.
CURVE_LOOKS: dict[Kind, LineLook] = {
    "raw": LineLook(share=0.25, is_noisy=True),
    "smoothed": LineLook(share=0.55),
    "validation": LineLook(width=2, has_dots=True),
    "test": LineLook(width=2, style=Qt.PenStyle.DotLine),
}

# A line that is no background to another one.
PLAIN_LOOK = LineLook()


def group_look(group: int, groups: int) -> LineLook:
    """Of a stage's gradient; those of stem and head, which share a color, differ by their dashes."""
    styles = {0: Qt.PenStyle.DotLine, groups - 1: Qt.PenStyle.DashLine}
    return LineLook(style=styles.get(group, Qt.PenStyle.SolidLine))


def group_color(theme: Theme, group: int, groups: int) -> QColor:
    """Of a stage; stem and head, which have one layer each, are neutral."""
    return theme.color("secondary") if group in (0, groups - 1) else theme.series(group - 1)
