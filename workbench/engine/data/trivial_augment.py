"""TrivialAugment: one random operation of random strength per image, on whole batches.

Müller and Hutter 2021, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", the wide space.
"""

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.engine.data.image_operations import (
    autocontrast,
    blur_or_sharpen,
    change_brightness,
    change_color,
    change_contrast,
    equalize,
    keep_bits,
    rotations,
    solarize,
    take_affine,
)

_BINS = 31


class Operation(IntEnum):
    """Those from SHEAR_X to ROTATE move pixels."""

    IDENTITY = 0
    SHEAR_X = auto()
    SHEAR_Y = auto()
    TRANSLATE_X = auto()
    TRANSLATE_Y = auto()
    ROTATE = auto()
    BRIGHTNESS = auto()
    COLOR = auto()
    CONTRAST = auto()
    SHARPNESS = auto()
    POSTERIZE = auto()
    SOLARIZE = auto()
    AUTOCONTRAST = auto()
    EQUALIZE = auto()


_COLOR_OPERATIONS = {
    Operation.BRIGHTNESS: change_brightness,
    Operation.COLOR: change_color,
    Operation.CONTRAST: change_contrast,
    Operation.SHARPNESS: blur_or_sharpen,
    Operation.POSTERIZE: keep_bits,
    Operation.SOLARIZE: solarize,
    Operation.AUTOCONTRAST: autocontrast,
    Operation.EQUALIZE: equalize,
}


@dataclass(frozen=True)
class TrivialAugment:
    """Which operation each position of an epoch gets."""

    operations: NDArray[np.int64]
    """(N,) Operation, in the CPU's memory: how many images each one gets is known without asking the device."""
    operations_on_device: Tensor
    strengths: Tensor
    """(N,) float32, signed; the unit is the operation's."""
    matrices: Tensor
    """(N, 2, 3) float32 from output to input pixels, both counted from the image's center."""

    @classmethod
    def draw(
        cls, images: int, pixels: int, generator: np.random.Generator, device: torch.device
    ) -> "TrivialAugment":
        """Every operation is as likely, and so are all 31 strengths and both directions."""
        operations = generator.integers(len(Operation), size=images)
        bins = generator.integers(_BINS, size=images)
        signs = generator.integers(2, size=images)
        return cls.of(operations, _strength_table()[operations, bins, signs], pixels, device)

    @classmethod
    def of(
        cls, operations: NDArray[np.int64], strengths: NDArray[np.float32], pixels: int, device: torch.device
    ) -> "TrivialAugment":
        """The given operation and strength at each position, for images of `pixels` by `pixels`."""
        matrices = _inverse_matrices(operations, strengths.astype(np.float64), pixels)
        tensors = (torch.from_numpy(array).to(device) for array in (operations, strengths, matrices))
        return cls(operations, *tensors)

    def apply(self, pixels_nhwc: Tensor, start: int, stop: int) -> Tensor:
        """Change the (N, H, W, 3) uint8 images of positions start to stop; each depends on itself alone."""
        counts = np.bincount(self.operations[start:stop], minlength=len(Operation)).tolist()
        # Images with the same operation lie together while they are worked on.
        sorted_by = self.operations_on_device[start:stop].argsort(stable=True)
        strengths = self.strengths[start:stop][sorted_by].split_with_sizes(counts)
        moved = sum(counts[Operation.SHEAR_X : Operation.BRIGHTNESS])
        sizes = [counts[Operation.IDENTITY], moved, *counts[Operation.BRIGHTNESS :]]
        same, shifted, *colored = pixels_nhwc[sorted_by].split_with_sizes(sizes)
        changed = [same]
        if moved:
            first = counts[Operation.IDENTITY]
            matrices = self.matrices[start:stop][sorted_by[first : first + moved]]
            changed.append(take_affine(shifted, matrices))
        for group, (operation, change) in zip(colored, _COLOR_OPERATIONS.items(), strict=True):
            if len(group):
                changed.append(change(group, strengths[operation].view(-1, 1, 1, 1)))
        return torch.empty_like(pixels_nhwc).index_copy_(0, sorted_by, torch.cat(changed))


def _strength_table() -> NDArray[np.float32]:
    """(operations, bins, 2): the strength of each bin as it is and in the other direction.

    Shears are slopes, translations whole pixels, rotations degrees, solarize a level from which on pixels are
    inverted, posterize a mask of bits; the others are what is added to a factor of 1.
    """
    slopes = factors = torch.linspace(0.0, 0.99, _BINS)
    shifts = torch.linspace(0.0, 32.0, _BINS).trunc()
    bits = 8 - (torch.arange(_BINS) / ((_BINS - 1) / 6)).round()
    table = torch.zeros(len(Operation), _BINS, 2)
    for operation, bins in {
        Operation.SHEAR_X: slopes,
        Operation.SHEAR_Y: slopes,
        Operation.TRANSLATE_X: shifts,
        Operation.TRANSLATE_Y: shifts,
        Operation.ROTATE: torch.linspace(0.0, 135.0, _BINS),
        Operation.BRIGHTNESS: factors,
        Operation.COLOR: factors,
        Operation.CONTRAST: factors,
        Operation.SHARPNESS: factors,
    }.items():
        table[operation] = torch.stack([bins, -bins], 1)
    table[Operation.POSTERIZE] = (256 - 2 ** (8 - bits))[:, None]
    table[Operation.SOLARIZE] = torch.linspace(255.0, 0.0, _BINS)[:, None]
    return table.numpy()


def _inverse_matrices(
    operations: NDArray[np.int64], strengths: NDArray[np.float64], pixels: int
) -> NDArray[np.float32]:
    """(N, 2, 3); shears keep the upper left corner, rotations the center, as torchvision's TrivialAugmentWide."""
    matrices = np.zeros((len(operations), 2, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = 1
    for axis, shear, translate in (
        (0, Operation.SHEAR_X, Operation.TRANSLATE_X),
        (1, Operation.SHEAR_Y, Operation.TRANSLATE_Y),
    ):
        chosen = operations == shear
        matrices[chosen, axis, 1 - axis] = strengths[chosen]
        matrices[chosen, axis, 2] = strengths[chosen] * pixels / 2
        chosen = operations == translate
        matrices[chosen, axis, 2] = -strengths[chosen]
    chosen = operations == Operation.ROTATE
    matrices[chosen] = rotations(strengths[chosen])
    return matrices.astype(np.float32)
