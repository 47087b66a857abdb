"""A contact sheet of a source: a row for each class, with some of its images and the mean of all of them."""

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from workbench.core.data.dataset import ImageSet
from workbench.core.data.pieces import images_at_once
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.files import write_atomically
from workbench.core.formats import count
from workbench.engine.inspection.sheet import GROUND, SECONDARY, TEXT, fitting, font_of

_GAP_PX, _FONT_PX, _NAME_PX, _HEAD_PX = 8, 12, 150, 20
_SIDE_PX, _SMALL_SIDE_PX, _MANY_CLASSES = 64, 32, 100
_SEED = 0
_MEGA = 1_000_000
# Of three bytes, which are held once.
_MOST_PIXELS = 100 * _MEGA


def write_class_sheet(
    path: Path, images: ImageSet, class_names: Sequence[str], labels: Sequence[int], each: int
) -> Generator[Progress, None, Path]:
    """Draw `each` images of each of these classes, spread over them at random, always the same ones.

    Raises:
        UserError: it would be too large, or cannot be written.
    """
    side = _SIDE_PX if len(labels) <= _MANY_CLASSES else _SMALL_SIDE_PX
    step, font = side + _GAP_PX, font_of(_FONT_PX)
    left = _NAME_PX + _GAP_PX
    width, height = left + (each + 1) * step + _GAP_PX, _HEAD_PX + len(labels) * step + _GAP_PX
    if width * height > _MOST_PIXELS:
        raise UserError(
            f"a sheet of {count(each)} images of each of {count(len(labels))} classes would have "
            f"{count(width * height // _MEGA)} megapixels; take fewer images (--images) or classes (--class)"
        )
    sheet = Image.new("RGB", (width, height), GROUND)
    pen = ImageDraw.Draw(sheet)
    pen.text((left + side // 2, _HEAD_PX // 2 + 2), "mean", fill=SECONDARY, font=font, anchor="mm")
    generator = np.random.default_rng(_SEED)
    for row, label in enumerate(labels):
        yield Progress("Drawing the sheet", row, len(labels))
        top = _HEAD_PX + row * step
        members = np.flatnonzero(images.labels == label)
        name = fitting(class_names[label], font, _NAME_PX - _GAP_PX)
        pen.text((_GAP_PX, top + side // 2 - 8), name, fill=TEXT, font=font, anchor="lm")
        pen.text((_GAP_PX, top + side // 2 + 8), count(len(members)), fill=SECONDARY, font=font, anchor="lm")
        if not len(members):
            continue
        chosen = np.sort(generator.permutation(members)[:each])
        pictures = [_mean(images.images, members), *(np.asarray(images.images[index]) for index in chosen)]
        for column, pixels in enumerate(pictures):
            sheet.paste(_scaled(pixels, side), (left + column * step, top))
    yield Progress("Writing the sheet", 0, 0)
    write_atomically(path, lambda file: sheet.save(file, "PNG"))
    return path


def _mean(images_nhwc: NDArray[np.uint8], members: NDArray[np.int64]) -> NDArray[np.uint8]:
    total = np.zeros(images_nhwc.shape[1:], np.float64)
    piece = images_at_once(images_nhwc)
    for start in range(0, len(members), piece):
        total += images_nhwc[members[start : start + piece]].sum(axis=0, dtype=np.float64)
    mean: NDArray[np.uint8] = (total / len(members)).round().astype(np.uint8)
    return mean


def _scaled(pixels: NDArray[np.uint8], side: int) -> Image.Image:
    is_even = side % len(pixels) == 0
    return Image.fromarray(pixels).resize(
        (side, side), Image.Resampling.NEAREST if is_even else Image.Resampling.LANCZOS
    )
