"""How the points of a map look: by which color, which are faint, which are not there."""

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor

from workbench.core.formats import count, percent
from workbench.core.inspection.embedding import Embedding
from workbench.gui.inspect.map.map_canvas import Points
from workbench.gui.inspect.map.map_legend import Entry
from workbench.gui.inspect.map.map_marks import Kind
from workbench.gui.widgets.theme import Theme

ColorBy = Literal["truth", "prediction", "error"]
RIGHT, WRONG = "right", "wrong"
"""Keys of the legend, besides the numbers of classes."""
_COLORS = 10


def tr(text: str) -> str:
    return QCoreApplication.translate("MapLooks", text)


def palette(embedding: Embedding, by: ColorBy, theme: Theme) -> list[QColor]:
    """The colors of marks: of classes, or of right and wrong ones."""
    if by == "error":
        return [theme.color("secondary"), theme.color("wrong")]
    return [theme.series(number) for number in range(min(_COLORS, len(embedding.class_names)))]


def points(
    embedding: Embedding, by: ColorBy, hidden: Collection[object], emphasized: NDArray[np.int64] | None
) -> Points:
    """Faint ones first, then right ones, then wrong ones; among them in an order that no class gains by.

    Args:
        hidden: keys of the legend: classes of the truth, or of the prediction where that gives the color.
        emphasized: test images; the others are faint. None: all are.
    """
    wrong = embedding.wrong
    classes = embedding.predictions if by == "prediction" else embedding.labels
    kinds = np.where(wrong, int(Kind.WRONG), int(Kind.RIGHT))
    if emphasized is not None:
        kinds[~np.isin(embedding.indices, emphasized)] = int(Kind.FAINT)
    away = np.isin(classes, [key for key in hidden if isinstance(key, int)])
    away |= wrong & (WRONG in hidden) | ~wrong & (RIGHT in hidden)
    colors = wrong.astype(np.int64) if by == "error" else classes % _COLORS
    # Else the last class would lie above all others.
    mixed = np.random.default_rng(0).permutation(len(classes))
    order = mixed[np.argsort(kinds[mixed], kind="stable")]
    order = order[~away[order]]
    return Points(embedding.points[order], embedding.indices[order], colors[order], kinds[order])


def entries(embedding: Embedding, by: ColorBy, theme: Theme) -> list[Entry]:
    """The lines of the legend: right and wrong ones, then the classes."""
    wrong, colors = embedding.wrong, palette(embedding, by, theme)
    marks = colors if by == "error" else [theme.color("text")] * 2
    words = tr("Show or hide {0} images")
    found = [
        Entry(RIGHT, tr("Right"), words.format(count(int((~wrong).sum()))), Kind.RIGHT, marks[0]),
        Entry(WRONG, tr("Wrong"), words.format(count(int(wrong.sum()))), Kind.WRONG, marks[1]),
    ]
    classes = embedding.predictions if by == "prediction" else embedding.labels
    about = tr("{0}: {1} images, {2} of them wrong")
    for number, name in enumerate(embedding.class_names):
        mine = classes == number
        tip = about.format(name, count(int(mine.sum())), count(int((mine & wrong).sum())))
        color = theme.color("hairline") if by == "error" else colors[number % _COLORS]
        found.append(Entry(number, name, tip, Kind.RIGHT, color))
    return found


def about(embedding: Embedding) -> str:
    """How many images it shows, how it came about, and how much it can be trusted."""
    shown = count(len(embedding.indices))
    if len(embedding.indices) < embedding.images:
        shown = tr("{0} of {1}").format(shown, count(embedding.images))
    words = [tr("{0} test images").format(shown), tr("epoch {0}").format(embedding.epoch)]
    if embedding.method == "pca":
        first, second = embedding.explained
        share = tr("{0} of the features' variance ({1} + {2})")
        words.append(share.format(percent(first + second, 0), percent(first, 0), percent(second, 0)))
    else:
        words.append(tr("trustworthiness of neighborhoods {0:.2f}").format(embedding.trustworthiness))
    return " · ".join(words)
