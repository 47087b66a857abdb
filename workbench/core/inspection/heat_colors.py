"""Colors of what speaks for an answer and what against it."""

import numpy as np
from numpy.typing import NDArray

# Of ColorBrewer's RdYlBu, which is safe for the color-blind: from weak to strong. Its yellow middle is left out:
# where nothing speaks either way, the image is seen.
_WARM = ((254, 224, 144), (253, 174, 97), (244, 109, 67), (215, 48, 39))
_COOL = ((224, 243, 248), (171, 217, 233), (116, 173, 209), (69, 117, 180))
# Below that share of the scale nothing is drawn, and opacity is full from the other one on.
_FAINTEST, _OPAQUE = 0.04, 0.5


def heat(values: NDArray[np.float32], end: float) -> NDArray[np.uint8]:
    """(H, W, 4) red, green, blue and alpha: warm above 0, cool below it, the more so the nearer to `end`."""
    shares = np.clip(values / end if end > 0 else np.zeros_like(values), -1, 1)
    strength = np.abs(shares)
    stops = np.linspace(0, 1, len(_WARM))
    result = np.empty((*values.shape, 4), np.uint8)
    for channel in range(3):
        warm, cool = (np.interp(strength, stops, [color[channel] for color in ramp]) for ramp in (_WARM, _COOL))
        result[..., channel] = np.rint(np.where(shares >= 0, warm, cool))
    alpha = np.clip((strength - _FAINTEST) / (_OPAQUE - _FAINTEST), 0, 1)
    result[..., 3] = np.rint(255 * alpha)
    return result


def blended(pixels: NDArray[np.uint8], colors: NDArray[np.uint8], opacity: float) -> NDArray[np.uint8]:
    """(H, W, 3) pixels with (H, W, 4) colors laid over them."""
    alpha = colors[..., 3:].astype(np.float32) / 255 * opacity
    mixed = (1 - alpha) * pixels + alpha * colors[..., :3]
    result: NDArray[np.uint8] = np.rint(mixed).clip(0, 255).astype(np.uint8)
    return result
