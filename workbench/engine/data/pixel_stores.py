"""Where the pixels of images are while they are trained on: all on the device, or on the disk until a batch needs
them."""

import mmap
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.engine.machine.memory_limits import free_bytes

Pixels = NDArray[np.uint8]

# Of what is free: training, held-out and test images each ask, and the network needs most of the rest.
_SHARE = 1 / 3
# As many are held without looking at what is free, which takes longer than copying a few images.
_ALWAYS_HELD_BYTES = 64 << 20
# Copied at a time, so that no second copy of all images is ever there.
_PIECE_BYTES = 32 << 20


class PixelStore(Protocol):
    """N images of one size as uint8."""

    side: int
    """Height and width."""
    held_bytes: int
    """That stay on the device."""
    streamed_bytes: int
    """That are read when they are needed."""

    def span(self, start: int, stop: int) -> Tensor:
        """Images start to stop, (n, H, W, 3) on the device."""
        ...

    def holding(self, order: Tensor, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Pixels among which are the images at positions start to stop of `order`, and their places among them.

        Args:
            order: (N,) numbers of images, on the device; the same tensor during an epoch.
        """
        ...

    def ask_ahead(self, order: Tensor, start: int, stop: int) -> None:
        """These positions of `order` will be asked for next."""
        ...


def store_of(
    images: Pixels, indices: NDArray[np.int64] | None, device: torch.device, most_bytes: int | None = None
) -> PixelStore:
    """On the device if they fit there well; else they stay where they are.

    Args:
        images: (N, H, W, 3), perhaps mapped from disk.
        indices: which of them; None: all.
        most_bytes: how much of the device's memory they may take; None: a share of what is free.
    """
    needed = (len(images) if indices is None else len(indices)) * _bytes_of_one(images)
    if most_bytes is None:
        most_bytes = _ALWAYS_HELD_BYTES
        if needed > most_bytes:
            most_bytes = max(most_bytes, int(_SHARE * free_bytes(device)))
    return HeldPixels(images, indices, device) if needed <= most_bytes else StreamedPixels(images, indices, device)


class HeldPixels:
    """A copy of all of them on the device."""

    streamed_bytes = 0

    def __init__(self, images: Pixels, indices: NDArray[np.int64] | None, device: torch.device) -> None:
        count = len(images) if indices is None else len(indices)
        self.side = images.shape[1]
        self._pixels_nhwc = torch.empty((count, *images.shape[1:]), dtype=torch.uint8, device=device)
        self.held_bytes = self._pixels_nhwc.numel()
        source, piece = np.asarray(images), max(1, _PIECE_BYTES // _bytes_of_one(images))
        for start in range(0, count, piece):
            target = self._pixels_nhwc[start : start + piece]
            if indices is None:
                target.copy_(_tensor(source[start : start + piece]))
            elif device.type == "cpu":
                # Without mode, numpy makes a copy first in case an index is wrong.
                np.take(source, indices[start : start + piece], axis=0, out=target.numpy(), mode="clip")
            else:
                target.copy_(torch.from_numpy(source[indices[start : start + piece]]))

    def span(self, start: int, stop: int) -> Tensor:
        return self._pixels_nhwc[start:stop]

    def holding(self, order: Tensor, start: int, stop: int) -> tuple[Tensor, Tensor]:
        return self._pixels_nhwc, order[start:stop]

    def ask_ahead(self, order: Tensor, start: int, stop: int) -> None:
        """They are there."""


class StreamedPixels:
    """Taken from the array batch by batch; of one that is mapped, the system keeps in memory what fits there."""

    held_bytes = 0

    def __init__(self, images: Pixels, indices: NDArray[np.int64] | None, device: torch.device) -> None:
        self.side = images.shape[1]
        self._images, self._device = np.asarray(images), device
        self._indices = np.arange(len(images)) if indices is None else indices
        self.streamed_bytes = len(self._indices) * _bytes_of_one(images)
        self._advice = _Advice(images)
        self._order: tuple[Tensor, NDArray[np.int64]] | None = None

    def span(self, start: int, stop: int) -> Tensor:
        taken = self._taken(self._indices[start:stop])
        self._advice.will_need(self._indices[stop : 2 * stop - start])
        return taken

    def holding(self, order: Tensor, start: int, stop: int) -> tuple[Tensor, Tensor]:
        taken = self._taken(self._indices[self._on_host(order)[start:stop]])
        return taken, torch.arange(len(taken), device=self._device)

    def ask_ahead(self, order: Tensor, start: int, stop: int) -> None:
        self._advice.will_need(self._indices[self._on_host(order)[start:stop]])

    def _taken(self, rows: NDArray[np.int64]) -> Tensor:
        """(n, H, W, 3) on the device, in this order; read in the order in which they lie on the disk."""
        is_gpu = self._device.type == "cuda"
        taken = torch.empty((len(rows), *self._images.shape[1:]), dtype=torch.uint8, pin_memory=is_gpu)
        target = taken.numpy()
        for place in np.argsort(rows, kind="stable").tolist():
            target[place] = self._images[rows[place]]
        # From pinned memory the copy goes on beside what the GPU computes.
        return taken.to(self._device, non_blocking=is_gpu)

    def _on_host(self, order: Tensor) -> NDArray[np.int64]:
        """Once an epoch: to read it from a GPU waits for all that it has to do."""
        if self._order is None or self._order[0] is not order:
            self._order = order, order.cpu().numpy()
        return self._order[1]


class _Advice:
    """Tells the system which images of a mapped file are read next; of any other array nothing is said."""

    def __init__(self, images: Pixels) -> None:
        self._map: mmap.mmap | None = None
        self._first, self._bytes = 0, _bytes_of_one(images)
        if isinstance(images, np.memmap) and isinstance(images.base, mmap.mmap) and hasattr(mmap, "MADV_WILLNEED"):
            # A map begins at a whole page of the file, images behind their header.
            self._map, self._first = images.base, images.offset % mmap.ALLOCATIONGRANULARITY

    def will_need(self, rows: NDArray[np.int64]) -> None:
        if self._map is None:
            return
        for start, length in self._pages(np.sort(rows)):
            self._map.madvise(mmap.MADV_WILLNEED, start, length)

    def _pages(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Stretches of whole pages, neighbors as one."""
        starts = self._first + rows * self._bytes
        begins = starts // mmap.PAGESIZE * mmap.PAGESIZE
        ends = starts + self._bytes
        gaps = np.flatnonzero(begins[1:] > ends[:-1]) + 1
        for part in np.split(np.arange(len(rows)), gaps):
            if len(part):
                yield int(begins[part[0]]), int(ends[part[-1]] - begins[part[0]])


def _tensor(pixels: Pixels) -> Tensor:
    """To be copied from only; torch warns of what it could not write to."""
    return torch.from_numpy(pixels if pixels.flags.writeable else pixels.copy())


def _bytes_of_one(images: Pixels) -> int:
    return int(np.prod(images.shape[1:]))
