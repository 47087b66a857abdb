"""Images on the device: the split, the order of an epoch, and batches augmented all at once."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.config import DataConfig
from workbench.core.dataset import ImageSet
from workbench.core.training_config import TrainingConfig
from workbench.engine.device import Compute

_CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
# Mean and standard deviation per channel in units of 0 to 1. CIFAR-10's deviation is over all training pixels;
# the other one, often seen, is the mean of the images' own deviations.
NORMALIZATIONS = {
    "cifar10": (_CIFAR10_MEAN, (0.2470, 0.2435, 0.2616)),
    "cifar10-per-image": (_CIFAR10_MEAN, (0.2023, 0.1994, 0.2010)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
# `auto`, where no weights say otherwise.
DEFAULT_NORMALIZATION = "cifar10"


def split(labels: NDArray[np.int64], fraction: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of training and of validation images: the same fraction of every class, chosen by `seed`."""
    generator = np.random.default_rng([seed, 0x5B117])
    held_out = [
        generator.permutation(members)[: round(len(members) * fraction)]
        for members in (np.flatnonzero(labels == label) for label in np.unique(labels))
    ]
    validation = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), validation), validation


def subset(indices: NDArray[np.int64], labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """`count` of `indices`, as many of every class (at most one more), chosen by `seed`."""
    generator = np.random.default_rng([seed, 0x5AB5E7])
    shuffled = generator.permutation(indices)
    of_class = labels[shuffled]
    # Each image's rank within its class: the first ones of every class are taken in turn.
    rank = np.empty(len(shuffled), np.int64)
    for label in np.unique(of_class):
        members = np.flatnonzero(of_class == label)
        rank[members] = np.arange(len(members))
    return np.sort(shuffled[np.argsort(rank, kind="stable")[:count]])


@dataclass(frozen=True)
class EpochPlan:
    """Every random choice of one epoch, drawn at once as a function of seed and epoch.

    A resumed run draws the same plan again, so that the middle of an epoch needs no saved generator.
    """

    order: Tensor
    """(N,) permutation of the training images."""
    shift_y: Tensor
    shift_x: Tensor
    """(N,) offsets of the crops in pixels, -padding to +padding."""
    mirrored: Tensor
    """(N,) whether the image is flipped."""

    @classmethod
    def draw(cls, images: int, epoch: int, config: TrainingConfig, device: torch.device) -> "EpochPlan":
        (seed,) = np.random.SeedSequence([config.seed, epoch]).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(seed >> np.uint64(1)))
        padding = config.crop_padding
        order = torch.randperm(images, generator=generator)
        shifts = torch.randint(-padding, padding + 1, (2, images), generator=generator)
        mirrored = torch.rand(images, generator=generator) < 0.5
        mirrored &= config.horizontal_flip
        return cls(*(t.to(device) for t in (order, shifts[0], shifts[1], mirrored)))


class DeviceImages:
    """Images in device memory as uint8, handed out as normalized NCHW batches.

    Args:
        images: its pixels are copied to the device.
        indices: which of them; None: all.
    """

    def __init__(
        self, images: ImageSet, data: DataConfig, compute: Compute, indices: NDArray[np.int64] | None = None
    ) -> None:
        pixels = images.images if indices is None else images.images[indices]
        labels = images.labels if indices is None else images.labels[indices]
        # A copy: the source may be mapped read-only from disk.
        self.pixels_nhwc = torch.from_numpy(np.array(pixels)).to(compute.device)
        self.labels = torch.from_numpy(np.array(labels)).to(compute.device)
        self._compute = compute
        normalization = DEFAULT_NORMALIZATION if data.normalization == "auto" else data.normalization
        mean, std = (torch.tensor(values) for values in NORMALIZATIONS[normalization])
        self._scale = (1 / (255 * std)).to(compute.device)
        self._shift = (-mean / std).to(compute.device)
        self._line = torch.arange(self.pixels_nhwc.shape[1], device=compute.device)

    def __len__(self) -> int:
        return len(self.labels)

    def plain(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Images start to stop as (N, 3, H, W) and their labels (N,), not augmented."""
        return self._normalized(self.pixels_nhwc[start:stop]), self.labels[start:stop]

    def augmented(self, plan: EpochPlan, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Positions start to stop of the plan: cropped with reflected borders and flipped.

        One gather: the pixel that each output pixel takes is computed from crop and flip together.
        """
        chosen = plan.order[start:stop]
        rows = _reflect(self._line + plan.shift_y[start:stop, None], len(self._line))
        columns = _reflect(self._line + plan.shift_x[start:stop, None], len(self._line))
        columns = torch.where(plan.mirrored[start:stop, None], columns.flip(1), columns)
        pixels = self.pixels_nhwc[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        return self._normalized(pixels), self.labels[chosen]

    def _normalized(self, pixels_nhwc: Tensor) -> Tensor:
        scaled = torch.addcmul(self._shift, pixels_nhwc.float(), self._scale)
        images_nchw = scaled.to(self._compute.dtype).permute(0, 3, 1, 2)
        return images_nchw.contiguous(memory_format=self._compute.memory_format)


def _reflect(position: Tensor, size: int) -> Tensor:
    """Mirror positions outside 0..size-1 at the border pixels, which are not repeated (numpy's 'reflect')."""
    position = position.abs()
    return torch.where(position >= size, 2 * (size - 1) - position, position)
