"""Decoding a batch of image files: what the processes of `decoding_pool` do, and this one where there are few.

Knows neither torch nor the rest of the engine, so that a process begins within some tenths of a second.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import reason
from workbench.engine.data.decoding import Square, decoding_bytes, opened, square_of, undecodable, without_warnings

LARGE_BYTES = 56_000_000
"""An image that takes more memory is decoded alone: several at a time would add up."""


class Packed(NamedTuple):
    """An image file: its content, or where it lies."""

    name: str
    content: bytes | Path


class Unpacked(NamedTuple):
    """What became of it."""

    name: str
    square: Square | None
    """None where it cannot be decoded, or is large and was left for later."""
    why: str = ""
    """Why it cannot be."""

    @property
    def is_left(self) -> bool:
        """It is large, and to be decoded alone."""
        return self.square is None and not self.why


def decode(batch: Sequence[Packed], side: int, *, is_alone: bool = True) -> list[Unpacked]:
    """Each image of a batch as (side, side, 3) pixels.

    Args:
        is_alone: decode large images too.
    """
    with without_warnings():
        return [_decoded(packed, side, is_alone) for packed in batch]


def _decoded(packed: Packed, side: int, is_alone: bool) -> Unpacked:
    try:
        content = packed.content.read_bytes() if isinstance(packed.content, Path) else packed.content
    except OSError as error:
        return Unpacked(packed.name, None, reason(error))
    try:
        with opened(io.BytesIO(content)) as image:
            if not is_alone and decoding_bytes(image) > LARGE_BYTES:
                # Of a JPEG it may be less; who decodes it finds out.
                return Unpacked(packed.name, None)
            return Unpacked(packed.name, square_of(image, side))
    # Pillow names damage in many ways: OSError, SyntaxError, struct.error, KeyError, DecompressionBombError.
    except Exception as error:  # noqa: BLE001
        return Unpacked(packed.name, None, undecodable(error))


class Answer(NamedTuple):
    """What became of a batch, as it goes from one process to another: with one array, not one for each image."""

    pixels: NDArray[np.uint8]
    """(K, side, side, 3) of those that could be decoded."""
    sizes: list[tuple[int, int] | None]
    """Of each of the batch; None where it could not be."""
    whys: list[str]

    @classmethod
    def of(cls, batch: Sequence[Unpacked], side: int) -> "Answer":
        squares = [unpacked.square for unpacked in batch]
        pixels = np.empty((sum(square is not None for square in squares), side, side, 3), np.uint8)
        for place, square in enumerate(square for square in squares if square is not None):
            pixels[place] = square.pixels
        sizes = [None if square is None else square.original_size for square in squares]
        return cls(pixels, sizes, [unpacked.why for unpacked in batch])

    def unpacked(self, batch: Sequence[Packed]) -> list[Unpacked]:
        """The inverse, of the batch that was asked for."""
        pixels = iter(self.pixels)
        return [
            Unpacked(packed.name, None if size is None else Square(next(pixels), size), why)
            for packed, size, why in zip(batch, self.sizes, self.whys, strict=True)
        ]


def side_lengths(sizes: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """(N, 2) of N widths and heights."""
    return np.array(sizes, np.int64).reshape(-1, 2)
