"""Images on the device: the split, and batches augmented all at once."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.data.channel_figures import channel_counts, mean_and_deviation
from workbench.core.data.dataset import ImageSet
from workbench.core.data.image_sources import held_out
from workbench.core.settings.config import DataConfig
from workbench.core.settings.normalization import Normalization
from workbench.engine.data.augmentation import Batch, EpochPlan
from workbench.engine.data.image_operations import take_affine
from workbench.engine.data.pixel_stores import store_of
from workbench.engine.machine.device import Compute


def normalization_of(images: NDArray[np.uint8], indices: NDArray[np.int64]) -> Normalization:
    """Mean and standard deviation of each channel over all pixels of the chosen (N, H, W, 3) images.

    A channel that is nearly the same everywhere counts as having a deviation of 1, so that it becomes nearly 0.
    """
    counting = channel_counts(images, indices)
    while True:
        try:
            next(counting)
        except StopIteration as end:
            return Normalization("from-data", *mean_and_deviation(end.value))


def split(labels: NDArray[np.int64], fraction: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of training and of validation images: the same fraction of every class, chosen by `seed`."""
    generator = np.random.default_rng([seed, 0x5B117])
    kept_back = [
        generator.permutation(members)[: held_out(len(members), fraction)]
        for members in (np.flatnonzero(labels == label) for label in np.unique(labels))
    ]
    validation = np.sort(np.concatenate(kept_back))
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


class DeviceImages:
    """Images as uint8, handed out as normalized NCHW batches on the device.

    They are in its memory, or are streamed from where they lie if they would take too much of it: batches are the
    same bit for bit.

    Args:
        images: its pixels are copied to the device, or stay mapped from disk.
        indices: which of them; None: all.
        most_bytes: that may be copied; None: a share of the memory that is free.
    """

    def __init__(
        self,
        images: ImageSet,
        data: DataConfig,
        compute: Compute,
        indices: NDArray[np.int64] | None = None,
        *,
        most_bytes: int | None = None,
    ) -> None:
        self._pixels = store_of(images.images, indices, compute.device, most_bytes)
        # A copy: the source may be read-only.
        labels = np.array(images.labels) if indices is None else images.labels[indices]
        self.labels = torch.from_numpy(labels).to(compute.device)
        self._compute = compute
        self._line = torch.arange(self._pixels.side, device=compute.device)
        self.normalize_by(data.normalized_by)

    def normalize_by(self, normalization: Normalization) -> None:
        """From now on; the pixels stay as they are."""
        mean, std = torch.tensor(normalization.mean), torch.tensor(normalization.std)
        side, device = len(self._line), self._compute.device
        # Of a row of pixels: vectors of 3 values cost five times as much as these.
        self._scale = (1 / (255 * std)).repeat(side).to(device)
        self._shift = (-mean / std).repeat(side).to(device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def side(self) -> int:
        """Height and width in pixels."""
        return self._pixels.side

    @property
    def held_bytes(self) -> int:
        """Of the device's memory."""
        return self._pixels.held_bytes + self.labels.numel() * self.labels.element_size()

    @property
    def streamed_bytes(self) -> int:
        """Of pixels that are not in the device's memory; 0: all are."""
        return self._pixels.streamed_bytes

    @property
    def pixels_nhwc(self) -> Tensor:
        """All of them, (N, H, W, 3) uint8; of streamed ones a copy that has been read for this."""
        return self._pixels.span(0, len(self))

    def plain(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Images start to stop as (N, 3, H, W) and their labels (N,), not augmented."""
        return self._laid_out(self._normalized(self._pixels.span(start, stop))), self.labels[start:stop]

    def batch(self, plan: EpochPlan, index: int, size: int, part: slice | None = None) -> Batch:
        """Batch `index` of an epoch.

        The partner of an image, if it is mixed with one, is as far from the batch's end as the image is from its
        start: the order is random already.

        Args:
            plan: drawn for as many images as these.
            size: images in a batch, of which the last one may have fewer; the plan's, if it mixes.
            part: only these positions in the batch, bit for bit as they are in the whole batch.
        """
        start = index * size
        size = min(size, len(plan.order) - start)
        first, last = (0, size) if part is None else (part.start, part.stop)
        images = self._augmented(plan, start + first, start + last)
        labels = self.labels[plan.order[start + first : start + last]]
        partner_labels = share = None
        if plan.mixing is not None:
            # Positions of the partners, in reverse.
            low, high = start + size - last, start + size - first
            is_symmetric = first + last == size
            partners = images if is_symmetric else self._augmented(plan, low, high)
            images = plan.mixing.apply(images, partners.flip(0), index)
            partner_labels = self.labels[plan.order[low:high]].flip(0)
            share = plan.mixing.shares[index]
        self._pixels.ask_ahead(plan.order, start + size + first, start + size + last)
        return Batch(self._laid_out(images), labels, partner_labels, share)

    def _augmented(self, plan: EpochPlan, start: int, stop: int) -> Tensor:
        """Positions start to stop of the plan as (N, 3, H, W) float32, all but mixed."""
        pixels = self._cropped(plan, start, stop)
        if plan.rotation is not None:
            pixels = take_affine(pixels, plan.rotation[start:stop])
        if plan.jitter is not None:
            pixels = plan.jitter.apply(pixels, start, stop)
        if plan.trivial is not None:
            pixels = plan.trivial.apply(pixels, start, stop)
        images = self._normalized(pixels)
        if plan.erasing is not None:
            plan.erasing.apply(images, start, stop)
        return images

    def _cropped(self, plan: EpochPlan, start: int, stop: int) -> Tensor:
        """(N, H, W, 3) uint8, cropped and flipped; what lies outside is mirrored or black.

        One gather: the pixel that each output pixel takes is computed from crop and flip together.
        """
        pixels_nhwc, chosen = self._pixels.holding(plan.order, start, stop)
        if not plan.moves:
            return pixels_nhwc[chosen]
        rows = self._line + plan.shift_y[start:stop, None]
        columns = self._line + plan.shift_x[start:stop, None]
        columns = torch.where(plan.mirrored[start:stop, None], columns.flip(1), columns)
        side = len(self._line)
        inside = None
        if plan.black_border:
            inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
        rows, columns = _reflect(rows, side), _reflect(columns, side)
        positions = ((chosen[:, None] * side + rows) * side)[:, :, None] + columns[:, None, :]
        # A third of what indexing by image, row and column takes.
        taken = pixels_nhwc.view(-1, 3).index_select(0, positions.view(-1)).view(-1, side, side, 3)
        return taken if inside is None else taken.masked_fill_(~inside[..., None], 0)

    def _normalized(self, pixels_nhwc: Tensor) -> Tensor:
        """(N, 3, H, W) float32."""
        rows = pixels_nhwc.flatten(2).float()
        return torch.addcmul(self._shift, rows, self._scale).view(pixels_nhwc.shape).permute(0, 3, 1, 2)

    def as_pixels(self, images_nchw: Tensor) -> Tensor:
        """The inverse of normalization: (N, H, W, 3) uint8, the nearest that can be shown."""
        pixels_nhwc = images_nchw.permute(0, 2, 3, 1)
        values = (pixels_nhwc.flatten(2).float() - self._shift) / self._scale
        return values.view(pixels_nhwc.shape).round().clamp(0, 255).to(torch.uint8)

    def _laid_out(self, images_nchw: Tensor) -> Tensor:
        """As the network takes them."""
        return images_nchw.to(self._compute.dtype).contiguous(memory_format=self._compute.memory_format)


def _reflect(position: Tensor, size: int) -> Tensor:
    """Mirror positions outside 0..size-1 at the border pixels, which are not repeated (numpy's 'reflect')."""
    position = position.abs()
    return torch.where(position >= size, 2 * (size - 1) - position, position)
