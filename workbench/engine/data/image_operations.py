"""Operations of augmentation on (N, H, W, 3) uint8 images, each image with a strength of its own.

They give what torchvision's functions give image by image. Strengths are (N, 1, 1, 1) float32. Sums are of whole
numbers, and products are added as they are, so that an image's result does not depend on those beside it.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def take_affine(pixels: Tensor, matrices: Tensor) -> Tensor:
    """Each output pixel is the nearest one to where its image's matrix leads; black outside.

    Args:
        pixels: square images.
        matrices: (N, 2, 3) float32 from output to input, (x, y) counted from the center.
    """
    count, size = pixels.shape[:2]
    center = (size - 1) / 2
    line = torch.arange(size, device=pixels.device) - center
    x, y, shift = (matrices[:, :, column, None, None] for column in range(3))
    # (N, 2, H, W): columns and rows.
    source = x * line + (y * line[:, None] + (shift + center))
    source = source.round_()
    inside = ((source >= 0) & (source < size)).all(1)
    columns, rows = source.clamp_(0, size - 1).long().unbind(1)
    image = torch.arange(count, device=pixels.device)[:, None, None]
    position = (image * size + rows) * size + columns
    taken = pixels.reshape(-1, 3).index_select(0, position.view(-1)).view(pixels.shape)
    return taken.masked_fill_(~inside[..., None], 0)


def rotations(degrees: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 2, 3) matrices for `take_affine` that turn images by (N,) degrees around their centers."""
    angles = np.radians(degrees)
    matrices = np.zeros((len(degrees), 2, 3), np.float32)
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angles)
    matrices[:, 1, 0] = np.sin(angles)
    matrices[:, 0, 1] = -np.sin(angles)
    return matrices


def change_brightness(pixels: Tensor, strength: Tensor) -> Tensor:
    """-1 is black."""
    return _extrapolated(pixels.float(), torch.zeros_like(strength), strength)


def change_color(pixels: Tensor, strength: Tensor) -> Tensor:
    """-1 is gray."""
    values = pixels.float()
    return _extrapolated(values, _gray(values)[..., None], strength)


def change_contrast(pixels: Tensor, strength: Tensor) -> Tensor:
    """-1 is the image's mean gray."""
    values = pixels.float()
    sums = _gray(values).sum((1, 2), dtype=torch.int64)
    mean = sums.float() / (pixels.shape[1] * pixels.shape[2])
    return _extrapolated(values, mean.view(-1, 1, 1, 1), strength)


def blur_or_sharpen(pixels: Tensor, strength: Tensor) -> Tensor:
    """-1 is blurred by 3 x 3 pixels, of which the middle one counts five times; the border stays as it is."""
    if min(pixels.shape[1:3]) <= 2:
        return pixels
    values = pixels.float()
    rows = values[:, :-2] + values[:, 1:-1] + values[:, 2:]
    box = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    blurred = values.clone()
    inner = values[:, 1:-1, 1:-1]
    blurred[:, 1:-1, 1:-1] = ((box + 4 * inner) / 13).round_()
    return _extrapolated(values, blurred, strength)


def turn_hue(pixels: Tensor, share: Tensor) -> Tensor:
    """By a share of the color circle, from -0.5 to 0.5; gray stays gray.

    Smith 1978, "Color Gamut Transform Pairs".
    """
    # Channel by channel, which is twice as quick as three values at a time.
    red, green, blue = pixels.permute(3, 0, 1, 2).contiguous().float().div_(255)
    turn = share.view(-1, 1, 1) * 6
    highest = torch.maximum(torch.maximum(red, green), blue)
    spread = highest - torch.minimum(torch.minimum(red, green), blue)
    divisor = spread.masked_fill(spread == 0, 1)
    # Sixths of the circle, counted from red.
    hue = torch.where(highest == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor)
    hue = torch.where(highest == red, (green - blue) / divisor, hue) + turn
    turned = torch.empty_like(pixels)
    # Each channel is highest within a third of the circle and lowest in the opposite one.
    for channel, offset in enumerate((5, 3, 1)):
        distance = (hue + offset).remainder_(6)
        fall = torch.minimum(distance, 4 - distance).clamp_(0, 1)
        # As torchvision makes whole numbers of shares.
        turned[..., channel] = ((highest - spread * fall) * 255.999).to(torch.uint8)
    return turned


def keep_bits(pixels: Tensor, mask: Tensor) -> Tensor:
    """Posterize: clear the bits that are not in the mask."""
    return pixels & mask.to(torch.uint8)


def solarize(pixels: Tensor, threshold: Tensor) -> Tensor:
    """Invert the values from the threshold on."""
    return torch.where(pixels >= threshold, ~pixels, pixels)


def autocontrast(pixels: Tensor, _: Tensor) -> Tensor:
    """Stretch every channel to 0 to 255; one of a single value stays as it is."""
    values = pixels.float()
    lowest, highest = values.amin((1, 2), keepdim=True), values.amax((1, 2), keepdim=True)
    is_flat = highest == lowest
    scale = torch.where(is_flat, 1, 255 / (highest - lowest))
    stretched = (values - lowest.masked_fill_(is_flat, 0)).mul_(scale)
    return stretched.clamp_(0, 255).to(torch.uint8)


def equalize(pixels: Tensor, _: Tensor) -> Tensor:
    """Spread the values of every channel evenly over 0 to 255, by its histogram."""
    count, height, width = pixels.shape[:3]
    values = pixels.permute(0, 3, 1, 2).reshape(count * 3, height * width).long()
    histogram = values.new_zeros(count * 3, 256).scatter_add_(1, values, torch.ones_like(values))
    of_highest = histogram.gather(1, values.amax(1, keepdim=True))
    step = (height * width - of_highest) // 255
    below = histogram.cumsum(1) - histogram
    table = (below + step // 2) // step.clamp(min=1)
    # Too few pixels below the highest value leave a channel as it is.
    equalized = torch.where(step == 0, values, table.clamp_(max=255).gather(1, values))
    return equalized.to(torch.uint8).view(count, 3, height, width).permute(0, 2, 3, 1)


def _gray(values: Tensor) -> Tensor:
    """(N, H, W) uint8 luma of float images (ITU-R BT.601)."""
    red, green, blue = values.unbind(-1)
    return (red * 0.2989 + green * 0.587 + blue * 0.114).to(torch.uint8)


def _extrapolated(values: Tensor, other: Tensor, strength: Tensor) -> Tensor:
    """From `other` (strength -1) over `values` (0) onwards, rounded down to uint8."""
    return (values * (1 + strength)).add_(other * -strength).clamp_(0, 255).to(torch.uint8)
