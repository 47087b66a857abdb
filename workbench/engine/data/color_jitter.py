"""Color jitter: brightness, contrast, saturation and hue by random amounts, in random order, image by image.

That of torchvision's ColorJitter, on whole batches.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.engine.data.image_operations import change_brightness, change_color, change_contrast, turn_hue

# In the order of `TrainingConfig.jitters`.
_OPERATIONS = (change_brightness, change_contrast, change_color, turn_hue)


@dataclass(frozen=True)
class ColorJitter:
    """By how much each position of an epoch changes, and in which order."""

    strengths: Tensor
    """(N, 4) float32: what is added to a factor of 1; of hue, the share of the color circle."""
    order: NDArray[np.int64]
    """(N, 4) indices of the operations, the first one first, in the CPU's memory."""
    wanted: tuple[bool, bool, bool, bool]
    """Which operations change anything."""

    @classmethod
    def draw(
        cls,
        images: int,
        largest: tuple[float, float, float, float],
        generator: np.random.Generator,
        device: torch.device,
    ) -> "ColorJitter":
        """Strengths are uniform up to the largest ones, to either side; a factor is never below 0."""
        count = len(_OPERATIONS)
        order = generator.random((images, count)).argsort(1)
        low = np.array([-min(1.0, strength) for strength in largest])
        strengths = low + generator.random((images, count)) * (np.array(largest) - low)
        on_device = torch.from_numpy(strengths.astype(np.float32)).to(device)
        brightness, contrast, saturation, hue = (strength > 0 for strength in largest)
        return cls(on_device, order, (brightness, contrast, saturation, hue))

    def apply(self, pixels_nhwc: Tensor, start: int, stop: int) -> Tensor:
        """Change the (N, H, W, 3) uint8 images of positions start to stop; each depends on itself alone."""
        strengths, order = self.strengths[start:stop], self.order[start:stop]
        pixels = pixels_nhwc.clone()
        for turn in range(len(_OPERATIONS)):
            for index, change in enumerate(_OPERATIONS):
                if self.wanted[index]:
                    chosen = torch.from_numpy(np.flatnonzero(order[:, turn] == index)).to(pixels.device)
                    strength = strengths[chosen, index].view(-1, 1, 1, 1)
                    pixels[chosen] = change(pixels[chosen], strength)
        return pixels
