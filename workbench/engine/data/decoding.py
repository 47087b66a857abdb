"""From any image file to the square RGB pixels that networks take: one way for training and for looking."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from workbench.core.errors import reason


class Crop(NamedTuple):
    """What is kept of an image, in its pixels, which may be cut in half."""

    x: float
    y: float
    width: float
    height: float


def upright_rgb(image: Image.Image) -> Image.Image:
    """Upright, 8 bits per channel, on white where it is transparent.

    Raises:
        ValueError: floating-point or 32-bit pixels, whose range nobody knows.
    """
    if image.mode == "RGB" and not image.has_transparency_data and not image.getexif():
        return image
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(upright) // 257).astype(np.uint8)).convert("RGB")
    if upright.mode in ("I", "F"):
        raise ValueError(f"its pixels are of mode {upright.mode}; expected 8 or 16 bits per channel")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return upright.convert("RGB")


def fitted(rgb: Image.Image, side: int) -> Image.Image:
    """Its middle square, scaled to `side` x `side`; the same image if it has that size."""
    if rgb.size == (side, side):
        return rgb
    return ImageOps.fit(rgb, (side, side), Image.Resampling.LANCZOS)


def middle_square(size: tuple[int, int]) -> Crop:
    """What `fitted` keeps of an image of this width and height."""
    side = min(size)
    return Crop((size[0] - side) / 2, (size[1] - side) / 2, side, side)


def undecodable(error: Exception) -> str:
    """Why Pillow cannot decode an image."""
    # Pillow names the buffer that it was given.
    return "it is no image that is known here" if isinstance(error, UnidentifiedImageError) else reason(error)
