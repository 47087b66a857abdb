"""Every random choice of an epoch, drawn at its start; erasing and mixing of normalized images."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.data.color_jitter import ColorJitter
from workbench.engine.data.image_operations import rotations
from workbench.engine.data.trivial_augment import TrivialAugment

# Those of torchvision's RandomErasing: shares of the image, height over width, and how often to try for a fit.
_ERASED_AREA = (0.02, 0.33)
_LOG_RATIO = (math.log(0.3), math.log(3.3))
_ERASING_ATTEMPTS = 10


@dataclass(frozen=True)
class Batch:
    """What a network is trained on in one step, or a part of it."""

    images: Tensor
    """(N, 3, H, W) normalized, in the number format and memory format of the network."""
    labels: Tensor
    """(N,) int64."""
    partners: Tensor | None
    """(N,) labels of the images mixed in; None without mixing."""
    share: Tensor | None
    """() float32 on the device: how much the image's own label counts; None without mixing."""


@dataclass(frozen=True)
class Erasing:
    """A rectangle per position of an epoch that is blanked out (Zhong et al. 2020, algorithm 1)."""

    edges: Tensor
    """(4, N) top, bottom, left, right in pixels; all 0: nothing is erased."""

    @classmethod
    def draw(
        cls, images: int, pixels: int, share: float, generator: np.random.Generator, device: torch.device
    ) -> "Erasing":
        shape = (images, _ERASING_ATTEMPTS)
        area = pixels * pixels * generator.uniform(*_ERASED_AREA, size=shape)
        ratio = np.exp(generator.uniform(*_LOG_RATIO, size=shape))
        heights, widths = np.rint(np.sqrt(area * ratio)), np.rint(np.sqrt(area / ratio))
        fits = (heights < pixels) & (widths < pixels)
        first = np.arange(images), fits.argmax(1)
        sides = np.stack([heights[first], widths[first]])
        corners = np.floor(generator.random((2, images)) * (pixels + 1 - sides))
        edges = np.stack([corners, corners + sides], 1).reshape(4, images).astype(np.int64)
        edges *= fits.any(1) & (generator.random(images) < share)
        return cls(torch.from_numpy(edges).to(device))

    def apply(self, images_nchw: Tensor, start: int, stop: int) -> None:
        """Set the rectangles of positions start to stop to 0, which is the mean color, in place."""
        line = torch.arange(images_nchw.shape[2], device=images_nchw.device)
        top, bottom, left, right = self.edges[:, start:stop, None]
        rows, columns = (line >= top) & (line < bottom), (line >= left) & (line < right)
        images_nchw.masked_fill_((rows[:, :, None] & columns[:, None, :])[:, None], 0)


@dataclass(frozen=True)
class Mixing:
    """How the images of each batch are mixed with their partners, by mixup or by cutmix."""

    shares: Tensor
    """(batches,) float32 on the device: what is left of each image."""
    edges: NDArray[np.int64]
    """(batches, 4) top, bottom, left, right of the rectangle that comes from the partner."""
    cuts: NDArray[np.bool_]
    """(batches,) whether it is cutmix."""

    @classmethod
    def draw(cls, batches: int, pixels: int, epoch: int, config: TrainingConfig, device: torch.device) -> "Mixing":
        choices = _generator(config, epoch, 0xC4075E).random((batches, 3))
        # With both, each is as likely.
        cuts = choices[:, 0] < (1.0 if not config.mixup else 0.5 if config.cutmix else 0.0)
        beta = np.where(cuts, config.cutmix, config.mixup)
        shares = _generator(config, epoch, 0xBE7A).beta(beta, beta)
        # Yun et al. 2019, appendix A: sides by the share, a uniform center, cut off at the borders.
        half = (pixels * np.sqrt(1 - shares)).astype(np.int64)[:, None] // 2
        centers = (choices[:, 1:] * pixels).astype(np.int64)
        corners = np.clip(np.stack([centers - half, centers + half], 2), 0, pixels)
        sides = corners[:, :, 1] - corners[:, :, 0]
        shares = np.where(cuts, 1 - sides.prod(1) / pixels**2, shares)
        return cls(torch.from_numpy(shares.astype(np.float32)).to(device), corners.reshape(batches, 4), cuts)

    def apply(self, images_nchw: Tensor, partners_nchw: Tensor, batch: int) -> Tensor:
        """Mix images of a batch with their partners; may change `images_nchw`."""
        if not self.cuts[batch]:
            share = self.shares[batch]
            # Not lerp, whose rounding depends on where in memory a pixel lies.
            return images_nchw.mul_(share).add_(partners_nchw * (1 - share))
        top, bottom, left, right = self.edges[batch].tolist()
        images_nchw[:, :, top:bottom, left:right] = partners_nchw[:, :, top:bottom, left:right]
        return images_nchw


@dataclass(frozen=True)
class EpochPlan:
    """Every random choice of one epoch, drawn at once as a function of seed and epoch.

    A resumed run draws the same plan again, so that the middle of an epoch needs no saved generator. Each option
    has a generator of its own: to switch it changes nothing else.
    """

    order: Tensor
    """(N,) permutation of the training images."""
    shift_y: Tensor
    shift_x: Tensor
    """(N,) offsets of the crops in pixels, -padding to +padding."""
    mirrored: Tensor
    """(N,) whether the image is flipped."""
    moves: bool
    """Whether crops or flips are wanted at all."""
    black_border: bool = False
    """Whether crops are black outside of the image, not mirrored."""
    rotation: Tensor | None = None
    """(N, 2, 3) matrices from output to input pixels, both counted from the image's center."""
    jitter: ColorJitter | None = None
    trivial: TrivialAugment | None = None
    erasing: Erasing | None = None
    mixing: Mixing | None = None

    @classmethod
    def draw(
        cls, images: int, pixels: int, epoch: int, config: TrainingConfig, device: torch.device
    ) -> "EpochPlan":
        """For `images` images of `pixels` by `pixels`, in batches of the configured size."""
        (seed,) = np.random.SeedSequence([config.seed, epoch]).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(seed >> np.uint64(1)))
        padding = config.crop_padding
        order = torch.randperm(images, generator=generator)
        shifts = torch.randint(-padding, padding + 1, (2, images), generator=generator)
        mirrored = torch.rand(images, generator=generator) < 0.5
        mirrored &= config.horizontal_flip
        rotation = jitter = trivial = erasing = mixing = None
        if config.rotation:
            degrees = _generator(config, epoch, 0x2074E).uniform(-config.rotation, config.rotation, size=images)
            rotation = torch.from_numpy(rotations(degrees)).to(device)
        if any(config.jitters):
            jitter = ColorJitter.draw(images, config.jitters, _generator(config, epoch, 0x717E2), device)
        if config.trivial_augment:
            trivial = TrivialAugment.draw(images, pixels, _generator(config, epoch, 0x781A1), device)
        if config.random_erasing:
            chance = config.random_erasing
            erasing = Erasing.draw(images, pixels, chance, _generator(config, epoch, 0xE8A5E), device)
        if config.mixup or config.cutmix:
            mixing = Mixing.draw(-(-images // config.batch_size), pixels, epoch, config, device)
        return cls(
            order=order.to(device),
            shift_y=shifts[0].to(device),
            shift_x=shifts[1].to(device),
            mirrored=mirrored.to(device),
            moves=padding > 0 or config.horizontal_flip,
            black_border=config.crop_border == "zeros",
            rotation=rotation,
            jitter=jitter,
            trivial=trivial,
            erasing=erasing,
            mixing=mixing,
        )


def _generator(config: TrainingConfig, epoch: int, option: int) -> np.random.Generator:
    """A stream of its own for each option."""
    return np.random.default_rng([config.seed, epoch, option])
