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
    """(N, 4) indices of the operations, the first one first, in the CPU's memory: how many images each one gets at
    a turn is known without asking the device."""
    order_on_device: Tensor
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
        tensors = (torch.from_numpy(array).to(device) for array in (strengths.astype(np.float32), order))
        on_device, order_on_device = tensors
        brightness, contrast, saturation, hue = (strength > 0 for strength in largest)
        return cls(on_device, order, order_on_device, (brightness, contrast, saturation, hue))

    def apply(self, pixels_nhwc: Tensor, start: int, stop: int) -> Tensor:
        """Change the (N, H, W, 3) uint8 images of positions start to stop; each depends on itself alone."""
        pixels = pixels_nhwc
        for turn in range(len(_OPERATIONS)):
            counts = np.bincount(self.order[start:stop, turn], minlength=len(_OPERATIONS)).tolist()
            # Images with the same operation lie together while they are worked on.
            sorted_by = self.order_on_device[start:stop, turn].argsort(stable=True)
            strengths = self.strengths[start:stop][sorted_by].split_with_sizes(counts)
            groups = pixels[sorted_by].split_with_sizes(counts)
            changed = [
                change(group, strength[:, index].view(-1, 1, 1, 1)) if self.wanted[index] and len(group) else group
                for index, (change, group, strength) in enumerate(zip(_OPERATIONS, groups, strengths, strict=True))
            ]
            pixels = torch.empty_like(pixels_nhwc).index_copy_(0, sorted_by, torch.cat(changed))
        return pixels
