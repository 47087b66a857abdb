"""An image of one's own, made into what a network takes: in the very way in which its training images were."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.core.errors import UserError, reason, shown
from workbench.core.files import require_file
from workbench.core.formats import count
from workbench.engine.data.decoding import Crop, middle_square, opened, square_of, undecodable, without_warnings


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
    with _said_of(f"the image {shown(path)}"), opened(path) as image:
        return _given(image, side)


def from_bytes(content: bytes, side: int, name: str = "the image") -> GivenImage:
    """The same of a file's content.

    Args:
        name: what the sentence of a refusal calls it.

    Raises:
        UserError: as `read_image`.
    """
    with _said_of(name), opened(io.BytesIO(content)) as image:
        return _given(image, side)


def from_pixels(pixels: NDArray[np.uint8], side: int) -> GivenImage:
    """The same of (height, width, 3) RGB pixels."""
    return _given(Image.fromarray(pixels), side)


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    try:
        with without_warnings():
            yield
    except UserError as error:
        raise UserError(f"cannot read {name}: {error}") from error
    # Pillow names damage in many ways: OSError, SyntaxError, struct.error, KeyError.
    except Exception as error:
        raise UserError(f"cannot read {name}: {undecodable(error)}") from error


def _given(image: Image.Image, side: int) -> GivenImage:
    is_one_of_several = bool(getattr(image, "is_animated", False))
    pixels, size = square_of(image, side)
    words = f"{'the first of several frames, ' if is_one_of_several else ''}{_words(size, side)}"
    return GivenImage(pixels, size, middle_square(size), f"{words[:1].upper()}{words[1:]}")


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
