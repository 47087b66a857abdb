"""Bars of a value per class, drawn alike wherever they appear."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter

from workbench.core.class_names import short_names
from workbench.core.evaluation import Evaluation
from workbench.core.formats import percent
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

ROW_PX = 22
_SWATCH_PX, _BAR_PX, _WORD_PX = 8, 8, 11
# Below that, bars tell less than whole names do.
_SHORTEST_TRACK_PX = 48


@dataclass(frozen=True)
class Word:
    """What there is to say of a class beside its bar, and the same where there is less room."""

    text: str
    short: str


@dataclass(frozen=True)
class ClassBar:
    """One row."""

    name: str
    short: str
    """The form of the name that is written where whole names do not fit."""
    value: float
    """A fraction, 0 to 1; NaN where there is none."""
    color_index: int
    word: Word | None = None
    """Written before the value."""
    role: str = ""
    """The theme's color of name, word and value: right or wrong; empty: as every other."""
    is_bold: bool = False
    note: str = ""
    """Written behind the value."""


def probability_bars(evaluation: Evaluation, image: int) -> list[ClassBar]:
    """The probability of every class for one image, in the order of the classes."""
    names, probabilities = evaluation.class_names, evaluation.probabilities[image]
    return answer_bars(names, probabilities, int(evaluation.labels[image]))


def answer_bars(names: tuple[str, ...], probabilities: NDArray[np.float32], truth: int | None) -> list[ClassBar]:
    """The same of (K,) probabilities; NaN: not known yet.

    Args:
        truth: None where it is not known, in which case no prediction is wrong.
    """
    is_known = len(probabilities) > 0 and not np.isnan(probabilities).any()
    said = int(probabilities.argmax()) if is_known else None
    words = probability_words()
    marks: dict[int | None, tuple[Word, str, bool]] = {}
    if said is not None:
        marks[said] = (words[1], "text" if truth is None else "wrong", True)
    if truth is not None:
        marks[truth] = (words[2], "right", True) if truth == said else (words[0], "right", False)
    short = short_names(names)
    return [ClassBar(names[i], short[i], float(probabilities[i]), i, *marks.get(i, ())) for i in range(len(names))]


def probability_words() -> tuple[Word, Word, Word]:
    """What is written beside the truth, beside a wrong prediction, and beside a right one."""
    translate = QCoreApplication.translate
    truth, said = translate("ClassBars", "truth"), translate("ClassBars", "prediction")
    both = Word(translate("ClassBars", "truth, predicted"), translate("ClassBars", "right"))
    return Word(truth, truth), Word(said, said), both


class BarRows:
    """Bars in a width: a swatch of the class's color, name, bar, a word where there is one to say, the value.

    All names are whole, or all are short. There is room for all of `words`, whether or not they are said now, so
    that bars keep their length from image to image.
    """

    def __init__(self, bars: Sequence[ClassBar], font: QFont, width: float, words: Sequence[Word] = ()) -> None:
        self._bars = tuple(bars)
        self._plain, self._bold, self._small = tabular(font), tabular(font), tabular(font)
        self._bold.setBold(True)
        self._small.setBold(True)
        self._small.setPixelSize(_WORD_PX)
        self._value = QFontMetrics(self._bold).horizontalAdvance(percent(1.0))
        self._note = _widest(QFontMetrics(self._plain), [bar.note for bar in bars])
        whole, short = tuple(bar.name for bar in bars), tuple(bar.short for bar in bars)
        said = [*words, *(bar.word for bar in bars if bar.word)]
        forms = ((whole, False), (whole, True), (short, False), (short, True))
        for self.names, self.has_short_words in forms:
            self._divide(width, [word.short if self.has_short_words else word.text for word in said])
            if self.track >= _SHORTEST_TRACK_PX:
                break

    def _divide(self, width: float, words: Sequence[str]) -> None:
        self._name = _widest_name(self._bold, self.names)
        self._word = _widest(QFontMetrics(self._small), words)
        others = _SWATCH_PX + GAP + self._name + FIELD_GAP + FIELD_GAP + self._value
        others += FIELD_GAP + self._word if self._word else 0
        others += GAP + self._note if self._note else 0
        self.track = max(0.0, width - others)

    @property
    def words(self) -> tuple[str, ...]:
        """What is written between bar and value, row by row; empty where nothing is."""
        return tuple(self._text(bar.word) for bar in self._bars)

    def _text(self, word: Word | None) -> str:
        if word is None:
            return ""
        return word.short if self.has_short_words else word.text

    def draw(self, painter: QPainter, area: QRectF, theme: Theme, exposed: QRectF | None = None) -> None:
        """In rows of at most 22 pixels, from the top of `area`, whose width is the one laid out for.

        Args:
            exposed: what of it is to be drawn; None: all.
        """
        height, rows = row_height(area, len(self._bars)), len(self._bars)
        if exposed is not None and height > 0:
            first = max(math.floor((exposed.top() - area.top()) / height), 0)
            rows = min(math.ceil((exposed.bottom() - area.top()) / height), rows)
        else:
            first = 0
        for row in range(first, rows):
            bar = self._bars[row]
            line = QRectF(area.left(), area.top() + row * height, area.width(), height)
            self._draw_row(painter, line, bar, self.names[row], theme)

    def _draw_row(self, painter: QPainter, line: QRectF, bar: ClassBar, name: str, theme: Theme) -> None:
        left, middle = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight
        x, center = line.left(), line.center().y()
        swatch = QRectF(x, round(center - _SWATCH_PX / 2), _SWATCH_PX, _SWATCH_PX)
        painter.fillRect(swatch, theme.series(bar.color_index))
        x += _SWATCH_PX + GAP
        painter.setFont(self._bold if bar.is_bold else self._plain)
        painter.setPen(theme.color(bar.role or "text"))
        painter.drawText(QRectF(x, line.top(), self._name + 1, line.height()), left | middle, name)
        x += self._name + FIELD_GAP
        bed = QRectF(x, round(center - _BAR_PX / 2), self.track, _BAR_PX)
        painter.fillRect(bed, theme.color("hairline"))
        if bar.value == bar.value:
            painter.fillRect(QRectF(x, bed.top(), self.track * bar.value, _BAR_PX), theme.color("secondary"))
        x += self.track
        if self._word:
            x += FIELD_GAP
            painter.setFont(self._small)
            painter.drawText(
                QRectF(x, line.top(), self._word, line.height()), right | middle, self._text(bar.word)
            )
            x += self._word
        x += FIELD_GAP
        painter.setFont(self._bold if bar.is_bold else self._plain)
        painter.drawText(QRectF(x, line.top(), self._value, line.height()), right | middle, percent(bar.value))
        if bar.note:
            painter.setFont(self._plain)
            painter.setPen(theme.color("secondary"))
            x += self._value + GAP
            painter.drawText(QRectF(x, line.top(), self._note, line.height()), right | middle, bar.note)


def row_height(area: QRectF, rows: int) -> float:
    return min(ROW_PX, area.height() / max(1, rows))


_widths: dict[tuple[str, tuple[str, ...]], int] = {}
_MOST_WIDTHS = 64


def _widest_name(font: QFont, names: tuple[str, ...]) -> int:
    """Measured once: a thousand names take milliseconds, and bars are painted for every image."""
    key = font.key(), names
    if key not in _widths:
        while len(_widths) >= _MOST_WIDTHS:
            del _widths[next(iter(_widths))]
        _widths[key] = _widest(QFontMetrics(font), names)
    return _widths[key]


def _widest(metrics: QFontMetrics, texts: Sequence[str]) -> int:
    return max((metrics.horizontalAdvance(text) for text in texts), default=0)
