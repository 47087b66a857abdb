"""The confusion matrix as SVG: mistakes in cividis, the diagonal in grays with a scale of its own, counts."""

import base64
import functools
import io
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from workbench.core.class_names import isolated, short_names
from workbench.core.formats import count, percent

_MOST_COUNTED = 24
"""With more classes, cells are too small for numbers."""
_MOST_NAMED = 60
_MOST_CELLS = 40
"""With more classes, cells are one small picture: ten thousand rectangles would be a megabyte."""
_SIDE_PX = 580
_LETTER_PX, _LONGEST_LETTERS = 6.4, 14
_LEGEND_PX, _LEGEND_WIDTH_PX = 34, 320
# Of luminance; darker cells have white numbers.
_DARK = 0.18

_Colors = NDArray[np.uint8]


def confusion_figure(confusion: NDArray[np.int64], names: Sequence[str]) -> Markup:
    """
    Args:
        confusion: (K, K) counts, indexed (truth, prediction).
    """
    classes = len(names)
    is_counted, is_named = classes <= _MOST_COUNTED, classes <= _MOST_NAMED
    words = tuple(names)
    if any(len(name) > _LONGEST_LETTERS for name in words):
        words = short_names(words)
    room = round(18 + _LETTER_PX * max(map(len, words))) if is_named else 24
    cell = min(44.0, (_SIDE_PX - room) / classes)
    side = cell * classes
    width, height = room + max(side, _LEGEND_WIDTH_PX) + 8, room + side + 8 + _LEGEND_PX
    right, wrong = _highest(confusion)
    parts = _cells(confusion, names, cell, room, is_counted) if classes <= _MOST_CELLS else [
        _picture(confusion, room, side)
    ]  # fmt: skip
    if is_named:
        parts += _names(words, names, cell, room)
    parts += _titles(room, side)
    parts += _legend(room, room + side + 18, right, wrong)
    total, hits = int(confusion.sum()), int(np.trace(confusion))
    label = (
        f"Confusion matrix of {count(total)} images and {classes} classes: rows are the truth, columns the "
        f"prediction. {count(hits)} on the diagonal are right; the highest count beside it is {count(wrong)}."
    )
    frame = (
        '<svg class="matrix" viewBox="0 0 {:.0f} {:.0f}" style="max-width:{:.0f}px" role="img" aria-label="{}">'
        "{}</svg>"
    )
    return Markup(frame).format(width, height, width, label, Markup("\n").join(parts))


def _highest(confusion: NDArray[np.int64]) -> tuple[int, int]:
    """The highest count of the diagonal, and of the rest."""
    rest = confusion.copy()
    np.fill_diagonal(rest, 0)
    return int(confusion.diagonal().max(initial=0)), int(rest.max(initial=0))


@functools.cache
def _cividis() -> _Colors:
    """(256, 3)"""
    from matplotlib import colormaps

    table: _Colors = np.rint(255 * colormaps["cividis"](np.arange(256))[:, :3]).astype(np.uint8)
    return table


def _mistake_color(share: float) -> tuple[str, str]:
    """Of a cell, and of the number in it."""
    red, green, blue = (int(value) for value in _cividis()[round(255 * min(share, 1.0))])
    light = 0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 + 0.0722 * (blue / 255) ** 2.2
    return f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if light < _DARK else "#000000"


def _cells(
    confusion: NDArray[np.int64], names: Sequence[str], cell: float, room: float, is_counted: bool
) -> list[Markup]:
    right, wrong = _highest(confusion)
    totals, parts = confusion.sum(axis=1), list[Markup]()
    size = f"{min(13.0, cell / 2.6):.1f}"
    for row, column in np.ndindex(*confusion.shape):
        images, x, y = int(confusion[row, column]), room + column * cell, room + row * cell
        share = images / max(1, right if row == column else wrong)
        place = Markup('x="{:.1f}" y="{:.1f}" width="{w:.1f}" height="{w:.1f}"').format(x, y, w=cell - 1)
        title = f"{isolated(names[row])} taken for {isolated(names[column])}" if row != column else (
            f"{isolated(names[row])} recognized"
        )  # fmt: skip
        words = f"{title}: {count(images)} of {count(int(totals[row]))} ({percent(images / max(1, totals[row]))})"
        if row == column:
            # The page knows which grays fit to its ground.
            box = Markup('<rect class="right" style="--share:{:.0f}%" {}><title>{}</title></rect>')
            parts.append(box.format(100 * share, place, words))
            ink = Markup('class="count right-count"')
        else:
            ground, color = _mistake_color(share)
            box = Markup('<rect fill="{}" {}><title>{}</title></rect>')
            parts.append(box.format(ground, place, words))
            ink = Markup('class="count" fill="{}"').format(color)
        if is_counted:
            text = Markup('<text {} x="{:.1f}" y="{:.1f}" font-size="{}">{}</text>')
            parts.append(text.format(ink, x + cell / 2 - 0.5, y + cell / 2 + 0.36 * float(size), size, images))
    return parts


def _picture(confusion: NDArray[np.int64], room: float, side: float) -> Markup:
    """A pixel a cell, the diagonal in gray."""
    from PIL import Image

    right, wrong = _highest(confusion)
    pixels = _cividis()[np.rint(255 * confusion / max(1, wrong)).clip(0, 255).astype(np.int64)]
    at = np.arange(len(confusion))
    pixels[at, at] = (110 + 120 * confusion.diagonal() / max(1, right)).astype(np.uint8)[:, None]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    mark = '<image class="pixels" x="{r:.1f}" y="{r:.1f}" width="{s:.1f}" height="{s:.1f}" href="{}"/>'
    return Markup(mark).format(uri, r=room, s=side)


def _names(words: Sequence[str], names: Sequence[str], cell: float, room: float) -> list[Markup]:
    parts, size = list[Markup](), f"{min(12.0, cell * 0.8):.1f}"
    for number, (word, name) in enumerate(zip(words, names, strict=True)):
        middle = room + (number + 0.5) * cell
        row = (
            '<text class="name" x="{:.1f}" y="{:.1f}" text-anchor="end" font-size="{}">{}<title>{}</title></text>'
        )
        parts.append(Markup(row).format(room - 6, middle + 4, size, isolated(word), name))
        column = (
            '<text class="name" transform="translate({:.1f} {:.1f}) rotate(-90)" font-size="{}">{}'
            "<title>{}</title></text>"
        )
        parts.append(Markup(column).format(middle + 4, room - 6, size, isolated(word), name))
    return parts


def _titles(room: float, side: float) -> list[Markup]:
    across = Markup('<text class="axis-title" x="{:.1f}" y="11" text-anchor="middle">prediction</text>')
    down = Markup(
        '<text class="axis-title" text-anchor="middle" transform="translate(11 {:.1f}) rotate(-90)">truth</text>'
    )
    return [across.format(room + side / 2), down.format(room + side / 2)]


def _legend(left: float, top: float, right: int, wrong: int) -> list[Markup]:
    """Two small ramps between their ends' counts."""
    parts, step, steps = list[Markup](), 3, 20
    for start, words, highest in ((left, "right", right), (left + 190, "wrong", wrong)):
        text = Markup('<text class="tick" x="{:.1f}" y="{:.1f}">{}</text>')
        parts.append(text.format(start, top + 9, f"{words} 0"))
        ramp = start + 50
        for number in range(steps):
            place = Markup('x="{:.1f}" y="{:.1f}" width="{}" height="10"').format(
                ramp + number * step, top, step + 0.5
            )
            share = number / (steps - 1)
            if words == "right":
                parts.append(Markup('<rect class="right" style="--share:{:.0f}%" {}/>').format(100 * share, place))
            else:
                parts.append(Markup('<rect fill="{}" {}/>').format(_mistake_color(share)[0], place))
        parts.append(text.format(ramp + steps * step + 6, top + 9, count(highest)))
    return parts
