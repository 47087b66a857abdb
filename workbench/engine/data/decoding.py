"""From any image file to the square RGB pixels that networks take: one way for training and for looking.

What a file costs is known from its head, before a pixel is decoded: a few hundred bytes can claim a billion.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from workbench.core.errors import UserError, reason
from workbench.core.formats import count

# Of Pillow's formats those that hold pixels: others start programs (EPS), or fetch parts from elsewhere.
_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "ICO", "TGA", "JPEG2000")
_MEGA = 1_000_000
# Where Pillow begins to warn of what may be a bomb.
_MOST_PIXELS = 89_478_485
_AT_MOST = f"at most {_MOST_PIXELS // _MEGA} megapixels are read"
_MOST_BYTES = 400 * _MEGA
"""Of memory while one image is decoded."""
# JPEGs are decoded to a half, fourth or eighth of their size, as long as that is this many times what is wanted: a
# photograph of 640 x 480 takes 1.1 ms instead of 2.9 then, and differs by 0.4 gray levels.
_DRAFTED = 2

# Pillow's mode -> bytes that a pixel takes until it is small: as it is stored, and the copies of it that are made.
_BYTES = {
    "1": 2,
    "L": 1,
    "P": 5,
    "RGB": 4,
    "RGBA": 8,
    "LA": 8,
    "CMYK": 4,
    "YCbCr": 4,
    "LAB": 4,
    "HSV": 8,
    "I;16": 6,
}
_BYTES_OF_OTHERS = 12
# These decode all of it in a buffer of their own.
_BYTES_OF_FORMATS = {"WEBP": 16, "AVIF": 16, "JPEG2000": 16}
# A progressive JPEG holds all its coefficients, of 16 bits, in full size.
_BYTES_OF_PROGRESSIVE = 6

_ORIENTATION, _UPRIGHT = 0x0112, 1
# Orientations that swap width and height.
_SWAPS_SIDES = (5, 6, 7, 8)


class Crop(NamedTuple):
    """What is kept of an image, in its pixels, which may be cut in half."""

    x: float
    y: float
    width: float
    height: float


class Square(NamedTuple):
    """Pixels for a network, and what they were made of."""

    pixels: NDArray[np.uint8]
    """(side, side, 3), RGB."""
    original_size: tuple[int, int]
    """Width and height in pixels, upright."""


@contextmanager
def without_warnings() -> Iterator[None]:
    """While images are looked at: of many pixels, whose limit here is a sentence, and of odd words of cameras.

    Once for many images, as it takes as long as a small one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def opened(source: Path | io.BytesIO) -> Iterator[Image.Image]:
    """An image of which the head is read, but no pixel.

    Raises:
        UserError: it has more pixels than are read.
        Exception: whatever Pillow calls what is damaged; `undecodable` makes words of it.
    """
    with Image.open(source, formats=_known_formats()) as image:
        width, height = image.size
        if width * height > _MOST_PIXELS:
            raise UserError(f"it has {count(width)} x {count(height)} pixels; {_AT_MOST}")
        yield image


@cache
def _known_formats() -> tuple[str, ...]:
    """Which of them Pillow can read depends on how it was built."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def square_of(image: Image.Image, side: int) -> Square:
    """Its middle square, scaled to `side` x `side`: upright, 8 bits per channel, on white where it is transparent.

    It is scaled before it is turned and put on white, so that only the small one is held more than once.

    Raises:
        ValueError: floating-point or 32-bit pixels, whose range nobody knows.
        UserError: it would take more memory than images get.
    """
    stored = image.size
    image.draft(image.mode, (_DRAFTED * side, _DRAFTED * side))
    needed = decoding_bytes(image, stored)
    if needed > _MOST_BYTES:
        megapixels = round(stored[0] * stored[1] / _MEGA)
        raise UserError(
            f"its {megapixels} megapixels of this kind would take {count(needed // _MEGA)} MB of memory; at most "
            f"{_MOST_BYTES // _MEGA} are taken"
        )
    # Pillow turns TIFFs while it loads them, and says so by then alone.
    image.load()
    orientation = _orientation(image)
    small = fitted(_scalable(image), side)
    if orientation != _UPRIGHT:
        small.getexif()[_ORIENTATION] = orientation
        small = ImageOps.exif_transpose(small)
    upright = stored[::-1] if orientation in _SWAPS_SIDES else stored
    return Square(np.array(_on_white(small)), upright)


def decoding_bytes(image: Image.Image, stored: tuple[int, int] | None = None) -> int:
    """Memory that decoding takes, about, told from the head.

    Args:
        stored: width and height in the file, where it is decoded to less.
    """
    width, height = image.size
    per_pixel = max(_BYTES.get(image.mode, _BYTES_OF_OTHERS), _BYTES_OF_FORMATS.get(str(image.format), 0))
    if "transparency" in image.info:
        per_pixel += 8
    needed = width * height * per_pixel
    if image.info.get("progressive"):
        full_width, full_height = stored or image.size
        needed += full_width * full_height * _BYTES_OF_PROGRESSIVE
    return needed


def _orientation(image: Image.Image) -> int:
    if image.format == "JPEG" and "exif" not in image.info and "xmp" not in image.info:
        # Of most small ones; to look for it takes as long as to decode them.
        return _UPRIGHT
    # Pillow names damaged words of a camera in many ways; the picture is none the worse for them.
    with suppress(Exception):
        return int(image.getexif().get(_ORIENTATION, _UPRIGHT))
    return _UPRIGHT


def _scalable(image: Image.Image) -> Image.Image:
    """The same in a mode whose values may be averaged."""
    if image.mode.startswith("I;16"):
        # In place, so that one copy is held.
        deep = np.array(image)
        deep //= 257
        return Image.fromarray(deep.astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels are of mode {image.mode}; expected 8 or 16 bits per channel")
    if image.mode in ("RGBA", "LA"):
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _on_white(small: Image.Image) -> Image.Image:
    if small.mode in ("RGBA", "LA"):
        layer = small.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return small.convert("RGB")


def fitted(image: Image.Image, side: int) -> Image.Image:
    """Its middle square, scaled to `side` x `side`; the same image if it has that size."""
    if image.size == (side, side):
        return image
    x, y, width, height = middle_square(image.size)
    return image.resize((side, side), Image.Resampling.LANCZOS, (x, y, x + width, y + height))


def middle_square(size: tuple[int, int]) -> Crop:
    """What `fitted` keeps of an image of this width and height."""
    side = min(size)
    return Crop((size[0] - side) / 2, (size[1] - side) / 2, side, side)


def undecodable(error: Exception) -> str:
    """Why an image cannot be decoded, as the end of a sentence."""
    if isinstance(error, UnidentifiedImageError):
        # Pillow names the buffer that it was given.
        return "it is no image that is known here"
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return f"it is too large; {_AT_MOST}"
    return reason(error)
