"""Test images that are also among the training images, or twice among themselves, by their pixels alone.

Barz and Denzler, "Do We Train on Test Data? Purging CIFAR of Near-Duplicates", J. Imaging 2020,
https://arxiv.org/abs/1902.00423 (ciFAIR), found that 3.25 % of CIFAR-10's test images have a near-duplicate among
training or test images: neighbors in the features of a network, judged by people. Here, three sieves look for
copies that were shifted, brightened, recolored or compressed again; not for what was scaled or cropped by much.

Against their list, on CIFAR-10 as JPEG: of 249 test images with a near-duplicate in the training set 181 are
found, and a hundred more that the list lacks, nearly all of them copies to the eye.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from workbench.core.data.dataset import Dataset
from workbench.core.data.pieces import images_at_once
from workbench.core.errors import UserError
from workbench.core.events import Progress, Warned
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.machine.pieces import in_pieces

T = TypeVar("T")

Searching = Generator[Progress, None, NearDuplicates]

_SIDE = 32
"""Of what is compared: larger pictures are made smaller."""


@dataclass(frozen=True)
class Sieve:
    """Pictures of one size whose details are compared, shifted against each other."""

    side: int
    window: int
    """What is smoother than this many pixels is no detail: brightness, a gradient of the sky."""
    shift: int
    """In pixels, in each direction, at most."""
    least: float
    """Correlation of details of a pair that passes."""


# Correlation of thumbnails of 8 x 8 pixels, smooth parts too: of pairs that pass the last sieve, 98 % have more.
_THUMBNAIL_SIDE, _THUMBNAIL_LEAST = 8, 0.82
# Of one test image, the most alike: there may be hundreds where all is sky.
_MOST_CANDIDATES = 64
_COARSE = Sieve(side=16, window=5, shift=1, least=0.6)
# Below 0.8, ships on open water begin to be taken for each other.
_FINE = Sieve(side=_SIDE, window=9, shift=3, least=0.8)
# Of details, in gray levels: noise of compression on a plain ground is none.
_NOISE = 0.5

_MOST_THUMBNAILS, _MOST_ROWS, _MOST_PAIRS = 2000, 500, 4000
_ACTIVITY = "Looking for near-duplicates"


class _Small(NamedTuple):
    """Of some images."""

    thumbnails: Tensor
    """(N, 192) float32 of zero mean and unit length."""
    coarse: Tensor
    """(N, 3, 16, 16) uint8."""
    digests: tuple[int, ...]
    """Of all bytes of each image."""


def search(
    folder: Path, *, again: bool = False
) -> Generator[Progress | Warned, None, tuple[NearDuplicates, Dataset]]:
    """What was found before in a decoded copy of a source, else what is found now, and is kept for the next time.

    Args:
        again: whatever was found before.

    Raises:
        UserError: the images are gone.
    """
    dataset = Dataset.require(folder)
    known = None if again else kept(folder, dataset)
    if known is not None:
        return known, dataset
    found = yield from find(dataset)
    try:
        found.save(folder)
    except UserError as error:
        # It is worth having all the same.
        yield Warned(str(error))
    return found, dataset


def kept(folder: Path, dataset: Dataset) -> NearDuplicates | None:
    """What was found before in a decoded copy of a source; None if nothing was looked for."""
    found = NearDuplicates.open(folder)
    return found if found is not None and found.searched == (len(dataset.train), len(dataset.test)) else None


def find(dataset: Dataset, skip: NDArray[np.bool_] | None = None) -> Searching:
    """All pairs of a test image and one that is like it, among training images and test images.

    Args:
        skip: (all,) of training images, then of test images, those that are exact copies of others and known as
            such: each of a thousand of them would be like all the others. None: they are looked for too.

    Computed in pieces between the steps of a run that is trained; one thread takes some 20 s for CIFAR-10.
    """
    train = len(dataset.train)
    small = yield from _within(0.0, 0.1, _shrunk(dataset))
    passed_over = torch.zeros(0, dtype=torch.int64) if skip is None else torch.from_numpy(np.flatnonzero(skip))
    pairs = yield from _within(0.1, 0.45, _candidates(small, train, len(dataset.test), passed_over))
    coarse = yield from _within(0.45, 0.85, in_pieces(
        len(pairs), partial(_coarse_likeness, small.coarse, pairs, train), _ACTIVITY, BESIDE_RUNS, most=_MOST_PAIRS
    ))  # fmt: skip
    alike = pairs[torch.cat([*coarse.results, torch.zeros(0)]) >= _COARSE.least]
    copies = _copies(small.digests, train) if skip is None else alike[:0]
    pairs = torch.unique(torch.cat([alike, copies]), dim=0)
    fine = yield from _within(0.85, 1.0, in_pieces(
        len(pairs), partial(_compare, dataset, pairs.numpy()), _ACTIVITY, BESIDE_RUNS,
        most=images_at_once(dataset.test.images, _MOST_PAIRS),
    ))  # fmt: skip
    likeness, difference = (torch.cat([*each, torch.zeros(0)]) for each in _columns(fine.results))
    return _sorted(dataset, pairs.numpy(), likeness.numpy(), difference.numpy())


def _within(first: float, last: float, work: Generator[Progress, None, T]) -> Generator[Progress, None, T]:
    """One step of several, as a share of all: who waits wants to know of the end, not of each step."""
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            result: T = end.value
            yield Progress(_ACTIVITY, round(1000 * last), 1000)
            return result
        share = said.done / said.total if said.total else 0.0
        yield Progress(_ACTIVITY, round(1000 * (first + (last - first) * share)), 1000)


def _columns(results: Sequence[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
    return [each[0] for each in results], [each[1] for each in results]


# Pairs are (test image, other image): the other one counts training images first, then test images.


def _sorted(
    dataset: Dataset, pairs: NDArray[np.int64], likeness: NDArray[np.float32], difference: NDArray[np.float32]
) -> NearDuplicates:
    train = len(dataset.train)
    passed = np.flatnonzero(likeness >= _FINE.least)
    order = passed[np.lexsort((difference[passed], -likeness[passed]))]
    test, other = pairs[order, 0], pairs[order, 1]
    return NearDuplicates(
        test, np.where(other < train, other, other - train), other < train, likeness[order].astype(np.float64),
        difference[order].astype(np.float64), (train, len(dataset.test)),
    )  # fmt: skip


def _shrunk(dataset: Dataset) -> Generator[Progress, None, _Small]:
    parts: list[_Small] = []
    # Five times as many training images, for how far it is.
    for first, last, images in ((0.0, 0.8, dataset.train.images), (0.8, 1.0, dataset.test.images)):
        shrink = partial(_shrink, images)
        most = images_at_once(images, _MOST_THUMBNAILS)
        work = in_pieces(len(images), shrink, _ACTIVITY, BESIDE_RUNS, most=most)
        parts += (yield from _within(first, last, work)).results
    digests = tuple(digest for part in parts for digest in part.digests)
    return _Small(
        torch.cat([each.thumbnails for each in parts]), torch.cat([each.coarse for each in parts]), digests
    )


def _shrink(images_nhwc: NDArray[np.uint8], start: int, stop: int) -> _Small:
    pixels = _pixels(images_nhwc[start:stop])
    thumbnails = functional.adaptive_avg_pool2d(pixels, _THUMBNAIL_SIDE).flatten(1)
    coarse = functional.adaptive_avg_pool2d(pixels, _COARSE.side).round().to(torch.uint8)
    digests = tuple(hash(image.tobytes()) for image in images_nhwc[start:stop])
    return _Small(_unit(thumbnails), coarse, digests)


def _copies(digests: Sequence[int], train: int) -> Tensor:
    """(M, 2) pairs of the same bytes, one per test image: also of plain pictures, without details to compare."""
    first: dict[int, int] = {}
    pairs = [
        (index - train, seen) if seen < train else (seen - train, index)
        for index, digest in enumerate(digests)
        if (seen := first.setdefault(digest, index)) != index and index >= train
    ]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def _candidates(small: _Small, train: int, test: int, passed_over: Tensor) -> Generator[Progress, None, Tensor]:
    alike = partial(_alike, small.thumbnails, train, passed_over)
    rows = yield from in_pieces(test, alike, _ACTIVITY, BESIDE_RUNS, most=_MOST_ROWS)
    return torch.cat([*rows.results, torch.zeros((0, 2), dtype=torch.int64)])


def _alike(thumbnails: Tensor, train: int, passed_over: Tensor, start: int, stop: int) -> Tensor:
    """(M, 2) pairs whose thumbnails are alike, of the test images from start to stop."""
    # (rows, all): 500 x 60 000 take 120 MB, which are used again and again.
    cosines = thumbnails[train + start : train + stop] @ thumbnails.T
    for row in range(stop - start):
        # With itself, and with those that have it as their other one.
        cosines[row, train : train + start + row + 1] = -1
    cosines[:, passed_over] = -1
    cosines[passed_over[(passed_over >= train + start) & (passed_over < train + stop)] - train - start] = -1
    rows, others = torch.nonzero(cosines > _THUMBNAIL_LEAST, as_tuple=True)
    counts = torch.bincount(rows, minlength=stop - start)
    many = torch.nonzero(counts > _MOST_CANDIDATES).flatten()
    if len(many):
        kept = ~torch.isin(rows, many)
        best = cosines[many].topk(_MOST_CANDIDATES, dim=1).indices
        rows = torch.cat([rows[kept], many.repeat_interleave(_MOST_CANDIDATES)])
        others = torch.cat([others[kept], best.flatten()])
    return torch.stack([rows + start, others], dim=1)


def _coarse_likeness(coarse: Tensor, pairs: Tensor, train: int, start: int, stop: int) -> Tensor:
    test, other = pairs[start:stop, 0] + train, pairs[start:stop, 1]
    return _likeness(coarse[test].float(), coarse[other].float(), _COARSE)[0]


def _compare(dataset: Dataset, pairs: NDArray[np.int64], start: int, stop: int) -> tuple[Tensor, Tensor]:
    """(M,) likeness and difference in full size."""
    test, other = pairs[start:stop].T
    train = len(dataset.train)
    left = dataset.test.images[test]
    right = np.stack([
        dataset.train.images[index] if index < train else dataset.test.images[index - train] for index in other
    ])  # fmt: skip
    first, second = (functional.adaptive_avg_pool2d(_pixels(each), _SIDE) for each in (left, right))
    likeness, shifts = _likeness(first, second, _FINE)
    inner = _inner(first, _FINE)
    # Of plain pictures, which have no details, only exact copies count.
    is_same = torch.from_numpy((left == right).reshape(len(left), -1).all(axis=1))
    shifts[is_same] = torch.tensor([_FINE.shift, _FINE.shift])
    likeness[is_same] = 1.0
    size = inner.shape[-1]
    shifted = [each[:, y : y + size, x : x + size] for each, (y, x) in zip(second, shifts.tolist(), strict=True)]
    return likeness, (inner - torch.stack(shifted)).abs().flatten(1).mean(1)


def _likeness(first: Tensor, second: Tensor, sieve: Sieve) -> tuple[Tensor, Tensor]:
    """(N,) correlation of details of (N, 3, side, side) pictures where they fit best, and (N, 2) where that is.

    The shift counts from that of -`sieve.shift` pixels down and to the right.
    """
    inner, other = _unit(_inner(_details(first, sieve), sieve).flatten(1)), _details(second, sieve)
    best = torch.full((len(first),), -1.0)
    shifts = torch.zeros((len(first), 2), dtype=torch.int64)
    size = sieve.side - 2 * sieve.shift
    for y in range(2 * sieve.shift + 1):
        for x in range(2 * sieve.shift + 1):
            shifted = _unit(other[:, :, y : y + size, x : x + size].flatten(1))
            correlation = (inner * shifted).sum(1)
            is_better = correlation > best
            best[is_better] = correlation[is_better]
            shifts[is_better] = torch.tensor([y, x])
    return best, shifts


def _details(pixels_nchw: Tensor, sieve: Sieve) -> Tensor:
    smooth = functional.avg_pool2d(pixels_nchw, sieve.window, 1, sieve.window // 2, count_include_pad=False)
    return pixels_nchw - smooth


def _inner(pixels_nchw: Tensor, sieve: Sieve) -> Tensor:
    """Without the edge that a shift would move out of the picture."""
    edge = sieve.shift
    return pixels_nchw[:, :, edge : sieve.side - edge, edge : sieve.side - edge]


def _unit(vectors_nd: Tensor) -> Tensor:
    """Of zero mean and unit length; shorter where there is little but noise."""
    centered = vectors_nd - vectors_nd.mean(1, keepdim=True)
    energy = centered.square().sum(1, keepdim=True)
    return centered / (energy + _NOISE**2 * centered.shape[1]).sqrt()


def _pixels(images_nhwc: NDArray[np.uint8]) -> Tensor:
    """(N, 3, H, W) float32. A copy: the images are mapped from disk, and not to be written.

    In one step: with one of bytes in between, the small results of each piece fill the gap that it leaves, so that
    the next one needs new memory, which came to gigabytes for 4 000 images of 512 pixels.
    """
    return torch.from_numpy(images_nhwc.astype(np.float32)).permute(0, 3, 1, 2)
