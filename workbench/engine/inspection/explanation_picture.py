"""An image beside itself with the map of what speaks for its answer, and a caption, as a picture to keep."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from workbench.core.inspection.explanations import Explanation
from workbench.core.inspection.heat_colors import blended, heat
from workbench.engine.inspection.sheet import font_of

_SIDE, _MARGIN, _FONT_PX, _LINE_PX = 320, 16, 14, 20
_OPACITY = 0.7
_GROUND, _TEXT = (255, 255, 255), (28, 36, 48)


def draw(explanation: Explanation, pixels: NDArray[np.uint8], caption: Sequence[str]) -> Image.Image:
    """Both side by side, enlarged to the whole multiple of their pixels that is nearest to 320, lines below."""
    height, width, _ = pixels.shape
    multiple = max(1, round(_SIDE / max(height, width)))
    size = (width * multiple, height * multiple)
    plain = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
    values = Image.fromarray(explanation.values).resize(size, Image.Resampling.BILINEAR)
    colors = heat(np.asarray(values, np.float32), explanation.scale_end)
    covered = Image.fromarray(blended(np.asarray(plain), colors, _OPACITY))
    font = font_of(_FONT_PX)
    lines = [line for words in caption for line in _wrapped(words, font, 2 * size[0] + _MARGIN)]
    below = _MARGIN + len(lines) * _LINE_PX
    sheet = Image.new("RGB", (2 * size[0] + 3 * _MARGIN, size[1] + 2 * _MARGIN + below), _GROUND)
    sheet.paste(plain, (_MARGIN, _MARGIN))
    sheet.paste(covered, (size[0] + 2 * _MARGIN, _MARGIN))
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        pen.text((_MARGIN, size[1] + 2 * _MARGIN + number * _LINE_PX), line, _TEXT, font)
    return sheet


def _wrapped(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """In lines of at most so many pixels, broken between words, and within those that are longer than a line."""
    lines: list[str] = []
    for word in (part for whole in words.split() for part in _parts(whole, font, width)):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _parts(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Of a word, each of at most so many pixels."""
    parts = [""]
    for letter in word:
        if parts[-1] and font.getlength(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts
