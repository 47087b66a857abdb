"""Decoding a batch of image files: what the processes of `decoding_pool` do, and this one where there are few.

Knows neither torch nor the rest of the engine, so that a process begins within some tenths of a second.
"""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import reason
from workbench.engine.data.decoding import Square, decoding_bytes, opened, square_of, undecodable

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
    with warnings.catch_warnings():
        # Of odd words of cameras and palettes: the pictures are none the worse for them.
        warnings.simplefilter("ignore")
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


def side_lengths(sizes: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """(N, 2) of N widths and heights."""
    return np.array(sizes, np.int64).reshape(-1, 2)
