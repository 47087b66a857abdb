"""The color scales of the confusion matrix, and the legend that says what they mean."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, Theme, contrast

_STEPS = 256
_RAMP_PX = (40, 8)


class ColorScale:
    """Colors of shares from 0 to 1."""

    def __init__(self, table: NDArray[np.uint8]) -> None:
        self._table = table
        self._inks: dict[int, QColor] = {}

    def colors(self, shares: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Red, green and blue of each share, along one more axis at the end."""
        steps = np.rint(shares.clip(0, 1) * (_STEPS - 1)).astype(np.int64)
        result: NDArray[np.uint8] = self._table[steps]
        return result

    def color(self, share: float) -> QColor:
        return QColor(*(int(value) for value in self.colors(np.array(share))))

    def ink(self, share: float) -> QColor:
        """What can be read on the color of `share`: black or white."""
        step = round(min(max(share, 0.0), 1.0) * (_STEPS - 1))
        if step not in self._inks:
            ground = QColor(*(int(value) for value in self._table[step]))
            inks = (QColor("#FFFFFF"), QColor("#000000"))
            self._inks[step] = max(inks, key=lambda ink: contrast(ink, ground))
        return self._inks[step]


@functools.cache
def mistake_scale() -> ColorScale:
    """Cividis. Loaded with the first matrix: the window's first paint must not wait for pyqtgraph."""
    from workbench.gui.widgets.plotting import pg

    return ColorScale(pg.colormap.get("cividis").getLookupTable(nPts=_STEPS, alpha=False).astype(np.uint8))


def right_scale(theme: Theme) -> ColorScale:
    """Light grays of the theme, lighter for more as in cividis, whose grays are darker and whose end is yellow."""
    darkest, lightest = ("secondary", "text") if theme.is_dark else ("secondary", "hairline")
    low, high = (_rgb(theme.color(role)) for role in (darkest, lightest))
    if not theme.is_dark:
        low = (low + high) / 2
    shares = np.linspace(0, 1, _STEPS)[:, None]
    return ColorScale(np.rint(low + shares * (high - low)).astype(np.uint8))


# Blue and orange differ for all who see colors otherwise; on light as dark as cividis at its beginning and end.
_BETTER = {False: "#1F5FA8", True: "#6EB0F0"}
_WORSE = {False: "#B35806", True: "#F5A054"}


def change_scales(theme: Theme) -> tuple[ColorScale, ColorScale]:
    """Of the diagonal, where more is better, and of the rest: from orange, worse, over no change to blue, or back.

    In the middle they are nearly the ground they stand on, so that what has not changed is calm in both themes.
    """
    middle = _rgb(theme.color("hairline"))
    better, worse = (_rgb(QColor(ends[theme.is_dark])) for ends in (_BETTER, _WORSE))
    way = np.linspace(-1, 1, _STEPS)[:, None]
    # No change lies between the two steps in the middle: on either scale it is the same.
    way[_STEPS // 2 - 1 : _STEPS // 2 + 1] = 0
    mixed = middle + np.where(way < 0, -way * (worse - middle), way * (better - middle))
    table = np.rint(mixed).astype(np.uint8)
    return ColorScale(table), ColorScale(np.ascontiguousarray(table[::-1]))


def _rgb(color: QColor) -> NDArray[np.float64]:
    return np.array([color.red(), color.green(), color.blue()], np.float64)


@dataclass(frozen=True)
class LegendEntry:
    """What one scale counts, and the counts at both its ends."""

    words: str
    highest: str
    lowest: str = "0"


class Legend:
    """Scales as small ramps between their end numbers, in one line where they fit, else one below the other."""

    def __init__(self, entries: Sequence[LegendEntry], font: QFont, width: float) -> None:
        self._entries, self._font, self._width = tuple(entries), font, width
        metrics = QFontMetrics(font)
        self._line = metrics.height() + GAP
        self._low = max((metrics.horizontalAdvance(entry.lowest) for entry in entries), default=0)
        self._words = [metrics.horizontalAdvance(entry.words) + FIELD_GAP for entry in entries]
        rest = _RAMP_PX[0] + self._low + 3 * GAP
        self._lengths = [
            words + rest + metrics.horizontalAdvance(entry.highest)
            for words, entry in zip(self._words, entries, strict=True)
        ]
        self._total = sum(self._lengths) + GROUP_GAP * (len(entries) - 1)

    @property
    def is_one_line(self) -> bool:
        return self._total <= self._width

    @property
    def height(self) -> int:
        return self._line * (1 if self.is_one_line else len(self._entries))

    @property
    def texts(self) -> tuple[str, ...]:
        """What is written, for example `right 0 177`."""
        return tuple(f"{entry.words} {entry.lowest} {entry.highest}" for entry in self._entries)

    def draw(self, painter: QPainter, left: float, top: float, scales: Sequence[ColorScale], theme: Theme) -> None:
        """Below `top`, from `left` on, or as far before it as the width takes."""
        x = max(0.0, min(left, self._width - (self._total if self.is_one_line else max(self._lengths))))
        for row, (entry, scale) in enumerate(zip(self._entries, scales, strict=True)):
            if self.is_one_line:
                words = self._words[row]
                self._draw_entry(painter, QRectF(x, top, words, self._line), entry, scale, theme)
                x += self._lengths[row] + GROUP_GAP
            else:
                line = QRectF(x, top + row * self._line, max(self._words), self._line)
                self._draw_entry(painter, line, entry, scale, theme)

    def _draw_entry(
        self, painter: QPainter, words: QRectF, entry: LegendEntry, scale: ColorScale, theme: Theme
    ) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._font)
        painter.setPen(theme.color("secondary"))
        painter.drawText(words, middle, entry.words)
        end = QRectF(words.right(), words.top(), self._width, words.height())
        painter.drawText(end, middle, entry.lowest)
        ramp = QRectF(round(end.left() + self._low + GAP), 0, *_RAMP_PX)
        ramp.moveTop(round(end.center().y() - ramp.height() / 2))
        end.moveLeft(ramp.right() + GAP)
        painter.drawText(end, middle, entry.highest)
        for step in range(_RAMP_PX[0]):
            color = scale.color(step / (_RAMP_PX[0] - 1))
            painter.fillRect(QRectF(ramp.left() + step, ramp.top(), 1, ramp.height()), color)
        # One end of a scale is near the ground it stands on.
        painter.setPen(theme.color("secondary"))
        painter.drawRect(ramp.adjusted(-1, -1, 0, 0))
