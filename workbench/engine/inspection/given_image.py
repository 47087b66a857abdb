"""An image of one's own, made into what a network takes: in the very way in which its training images were."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.core.errors import UserError, reason, shown
from workbench.core.files import require_file
from workbench.core.formats import count
from workbench.engine.data.decoding import Crop, fitted, middle_square, undecodable, upright_rgb

# Of Pillow's formats those that hold pixels: others start programs (EPS), or fetch parts from elsewhere.
_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "ICO", "TGA", "JPEG2000")
_MOST_MEGAPIXELS = 100
# Larger JPEGs are decoded to a half, fourth or eighth of their size: a second less, and a gray level's difference.
_DRAFTED_MEGAPIXELS = 16
# At least so many of their pixels, across, make one of the result's.
_DRAFTED_SIDE = 16
_MEGA = 1_000_000


@dataclass(frozen=True, eq=False)
class GivenImage:
    """Pixels for a network, and where they come from."""

    pixels: NDArray[np.uint8]
    """(side, side, 3), RGB."""
    original_size: tuple[int, int]
    """Width and height in pixels, upright."""
    crop: Crop
    """What was kept of it, in the original's pixels."""
    words: str
    """A sentence: its size, and what was cut and scaled."""


def read_image(path: Path, side: int) -> GivenImage:
    """Decode an image file: upright, over white, its middle square scaled to `side` pixels.

    Raises:
        UserError: it is not there, no image, damaged, or too large.
    """
    try:
        require_file(path)
    except OSError as error:
        raise UserError(f"cannot read the image {shown(path)}: {reason(error)}") from error
    with _said_of(f"the image {shown(path)}"), _opened(path) as image:
        return _given(image, side)


def from_bytes(content: bytes, side: int, name: str = "the image") -> GivenImage:
    """The same of a file's content.

    Args:
        name: what the sentence of a refusal calls it.

    Raises:
        UserError: as `read_image`.
    """
    with _said_of(name), _opened(io.BytesIO(content)) as image:
        return _given(image, side)


def from_pixels(pixels: NDArray[np.uint8], side: int) -> GivenImage:
    """The same of (height, width, 3) RGB pixels."""
    return _given(Image.fromarray(pixels), side)


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(f"cannot read {name}: {error}") from error
    # Of many millions of pixels.
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UserError(
            f"cannot read {name}: it is too large; at most {_MOST_MEGAPIXELS} megapixels are"
        ) from error
    # Pillow names damage in many ways: OSError, SyntaxError, struct.error, KeyError.
    except Exception as error:
        raise UserError(f"cannot read {name}: {undecodable(error)}") from error


@contextmanager
def _opened(source: Path | io.BytesIO) -> Iterator[Image.Image]:
    """Its head is read, its pixels are not."""
    with warnings.catch_warnings():
        # The limit here is a sentence.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(source, formats=_known_formats())
    with image:
        width, height = image.size
        if width * height > _MOST_MEGAPIXELS * _MEGA:
            raise UserError(
                f"it has {count(width)} x {count(height)} pixels; at most {_MOST_MEGAPIXELS} megapixels are read"
            )
        yield image


@cache
def _known_formats() -> tuple[str, ...]:
    """Which of them Pillow can read depends on how it was built."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _given(image: Image.Image, side: int) -> GivenImage:
    stored = image.size
    is_one_of_several = bool(getattr(image, "is_animated", False))
    if stored[0] * stored[1] > _DRAFTED_MEGAPIXELS * _MEGA:
        image.draft(image.mode, (_DRAFTED_SIDE * side, _DRAFTED_SIDE * side))
    drafted = image.size
    rgb = upright_rgb(image)
    is_turned = rgb.size != drafted and rgb.size == drafted[::-1]
    size = stored[::-1] if is_turned else stored
    crop = middle_square(size)
    words = f"{'the first of several frames, ' if is_one_of_several else ''}{_words(size, side)}"
    return GivenImage(np.array(fitted(rgb, side)), size, crop, f"{words[:1].upper()}{words[1:]}")


def _words(size: tuple[int, int], side: int) -> str:
    width, height = size
    original, square = f"{count(width)} x {count(height)} pixels", min(size)
    if width == height == side:
        return f"{original}, taken as they are."
    scaled = f"scaled to {side} x {side}" if square != side else ""
    if width == height:
        return f"{original}, {scaled}."
    cut = f"{original}; the middle {count(square)} x {count(square)} were cut out"
    return f"{cut} and {scaled}." if scaled else f"{cut}."
