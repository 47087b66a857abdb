"""A contact sheet of test images with their answers, as one PNG."""

import importlib.resources
import math
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.files import write_atomically

# Of the light theme: a sheet is printed and pasted into documents.
GROUND, TEXT, SECONDARY, _WRONG = "#FFFFFF", "#1C2430", "#5B6675", "#C7372F"
_GAP_PX, _EDGE_PX, _CAPTION_PX, _FONT_PX = 8, 2, 18, 11
_WIDTH_TO_HEIGHT = 1.3
_WIDEST_CAPTION_PX, _MOST_CAPTIONS = 180, 2_000
_AT_A_TIME = 100


@dataclass(frozen=True)
class _Scale:
    """How large each picture is, so that a sheet of thousands can still be opened."""

    side_px: int
    captions: list[str] | None
    """None where there are too many to be read."""
    resampling: Image.Resampling
    font: ImageFont.FreeTypeFont

    @classmethod
    def of(cls, evaluation: Evaluation, indices: NDArray[np.int64], image_px: int) -> "_Scale":
        count = len(indices)
        wanted = 96 if count <= 400 else 64 if count <= _MOST_CAPTIONS else 32
        captions = [_caption(evaluation, index) for index in indices.tolist()]
        # Small pictures in whole pixels; larger ones are shrunk.
        side = wanted // image_px * image_px or wanted
        resampling = Image.Resampling.NEAREST if side >= image_px else Image.Resampling.LANCZOS
        return cls(side, captions if count <= _MOST_CAPTIONS else None, resampling, font_of(_FONT_PX))

    @property
    def cell(self) -> tuple[int, int]:
        if self.captions is None:
            return self.side_px + _GAP_PX, self.side_px + _GAP_PX
        width = math.ceil(max(map(self.font.getlength, self.captions)))
        width = max(self.side_px, min(width, _WIDEST_CAPTION_PX))
        return width + _GAP_PX, self.side_px + _GAP_PX + _CAPTION_PX


def write_sheet(
    path: Path, evaluation: Evaluation, images: ImageSet, indices: NDArray[np.int64]
) -> Generator[Progress, None, Path]:
    """Draw these images in their order, with `cat → dog 0.97` below a wrong one and its class below a right one.

    Raises:
        UserError: it cannot be written.
    """
    scale = _Scale.of(evaluation, indices, images.images.shape[1])
    width, height = scale.cell
    columns = max(1, min(len(indices), round(math.sqrt(len(indices) * height / width * _WIDTH_TO_HEIGHT))))
    rows = -(-len(indices) // columns)
    sheet = Image.new("RGB", (columns * width + _GAP_PX, rows * height + _GAP_PX), GROUND)
    pen = ImageDraw.Draw(sheet)
    for place, index in enumerate(indices.tolist()):
        if place % _AT_A_TIME == 0:
            yield Progress("Drawing the sheet", place, len(indices))
        left = _GAP_PX + place % columns * width + (width - _GAP_PX - scale.side_px) // 2
        top = _GAP_PX + place // columns * height
        picture = Image.fromarray(np.asarray(images.images[index])).resize(
            (scale.side_px, scale.side_px), scale.resampling
        )
        sheet.paste(picture, (left, top))
        is_wrong = not evaluation.correct[index]
        if is_wrong:
            box = (left - _EDGE_PX, top - _EDGE_PX, left + scale.side_px + 1, top + scale.side_px + 1)
            pen.rectangle(box, outline=_WRONG, width=_EDGE_PX)
        if scale.captions is not None:
            middle = left + scale.side_px // 2, top + scale.side_px + _CAPTION_PX // 2 + 2
            text = fitting(scale.captions[place], scale.font, width - 2)
            pen.text(middle, text, fill=TEXT if is_wrong else SECONDARY, font=scale.font, anchor="mm")
    yield Progress("Writing the sheet", 0, 0)
    write_atomically(path, lambda file: sheet.save(file, "PNG"))
    return path


def _caption(evaluation: Evaluation, index: int) -> str:
    names = evaluation.class_names
    truth: str = names[evaluation.labels[index]]
    if evaluation.correct[index]:
        return truth
    return f"{truth} → {names[evaluation.predictions[index]]} {evaluation.confidence[index]:.2f}"


def fitting(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    while len(text) > 2 and font.getlength(text) > width:
        text = text[:-2].rstrip() + "…"
    return text


def font_of(size_px: int) -> ImageFont.FreeTypeFont:
    """matplotlib's, which has the letters of most languages; Pillow's own has those of Western Europe alone."""
    fonts = importlib.resources.files("matplotlib").joinpath("mpl-data/fonts/ttf/DejaVuSans.ttf")
    with importlib.resources.as_file(fonts) as path:
        return ImageFont.truetype(path, size_px)
