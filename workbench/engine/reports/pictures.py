"""Pictures inside a page: small ones at a whole multiple of their pixels, sharp."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WANTED_PX = 96


@dataclass(frozen=True)
class Picture:
    """One image and what stands below it."""

    uri: str
    """A data URI: no other file is needed."""
    side_px: int
    caption: str
    alt: str
    """For who does not see it."""
    is_wrong: bool = True


def picture(pixels: NDArray[np.uint8], caption: str, alt: str, *, is_wrong: bool = True) -> Picture:
    """Of (H, H, 3) pixels; larger ones than a picture are shrunk."""
    from PIL import Image

    image, side = Image.fromarray(np.ascontiguousarray(pixels)), pixels.shape[0]
    multiple = _WANTED_PX // side
    if multiple:
        image = image.resize((side * multiple, side * multiple), Image.Resampling.NEAREST)
    else:
        image = image.resize((_WANTED_PX, _WANTED_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Picture(uri, image.width, caption, alt, is_wrong)
