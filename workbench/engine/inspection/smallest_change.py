"""How little is enough to change a prediction: a gray patch, a shift."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.core.events import Progress
from workbench.core.inspection.image_changes import PATCH_GRAY as GRAY
from workbench.core.inspection.image_changes import Fooled, FoundPatch, FoundShift, ImageChange, SmallestChanges
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.softmax import softmax
from workbench.engine.inspection.changes import moved
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_pieces

T = TypeVar("T")
# Of CIFAR's images, every pixel.
_PLACES_ACROSS = 32
Pixels = NDArray[np.uint8]
Positions = NDArray[np.int64]


def smallest_changes(
    subject: Subject, pixels_hwc: Pixels, largest_side: int = 0, largest_shift_px: int = 0
) -> Generator[Progress, None, SmallestChanges]:
    """The smallest gray square and the smallest shift that change the prediction of one image.

    Of patches, sides are tried upwards at all positions; of several positions that do, the one that leaves least
    to what was said before. Of shifts, those of the smallest larger one of both distances across and down, then of
    the smallest Euclidean length, then as with patches. Of images larger than CIFAR's, only every so many pixels
    are tried, so that there are no more than of these: all of them would be millions.

    Args:
        largest_side: up to which patches are tried; 0: half the image's side.
        largest_shift_px: up to which shifts are tried, across and down; 0: a quarter of the image's side.
    """
    side = len(pixels_hwc)
    step = max(1, side // _PLACES_ACROSS)
    largest_side = _whole(min(largest_side or max(1, side // 2), side), step)
    largest_shift_px = _whole(largest_shift_px or max(1, side // 4), step)
    search = _Search(subject, pixels_hwc, largest_side, largest_shift_px, step)
    yield from search.ask()
    patch = yield from search.patch()
    shift = yield from search.shift()
    shifted = None if shift is None else moved(pixels_hwc[None], shift.change)[0]
    names, former = subject.class_names, search.former
    return SmallestChanges(names, pixels_hwc, shifted, former, patch, largest_side, shift, largest_shift_px, step)


def _whole(length: int, step: int) -> int:
    """The largest multiple of a step that is not longer, one at least."""
    return max(step, length // step * step)


class _Search:
    """Of one image; counts what it has tried of all that it may have to try."""

    def __init__(
        self, subject: Subject, pixels_hwc: Pixels, largest_side: int, largest_shift_px: int, step: int
    ) -> None:
        self._subject, self._pixels, self._step = subject, pixels_hwc, step
        self._sides = range(step, largest_side + 1, step)
        self._distances = range(1, largest_shift_px // step + 1)
        self.former = 0
        """What is predicted, once `ask` has asked."""
        self._done = 0
        self._total = (
            1 + sum(self._across(side) ** 2 for side in self._sides) + (2 * len(self._distances) + 1) ** 2 - 1
        )

    def ask(self) -> Generator[Progress, None, None]:
        said = yield from self._said(1, lambda _start, _stop: self._pixels[None])
        self.former = int(said[0].argmax())

    def _across(self, side: int) -> int:
        """Places of a patch along one side of the image."""
        return (len(self._pixels) - side) // self._step + 1

    def _positions(self, side: int) -> Positions:
        """(P, 2) of upper left corners, (x, y), row by row."""
        across = self._across(side)
        return self._step * np.stack(np.divmod(np.arange(across**2), across), axis=1)[:, ::-1]

    def patch(self) -> Generator[Progress, None, FoundPatch | None]:
        for side in self._sides:
            at = self._positions(side)

            def patched(start: int, stop: int, at: Positions = at, side: int = side) -> Pixels:
                batch = np.repeat(self._pixels[None], stop - start, axis=0)
                for image, (x, y) in zip(batch, at[start:stop], strict=True):
                    image[y : y + side, x : x + side] = GRAY
                return batch

            said = yield from self._said(len(at), patched)
            found = self._first(said, np.zeros(len(at)))
            if found is not None:
                self._skip(sum(self._across(larger) ** 2 for larger in self._sides if larger > side))
                return FoundPatch(side, int(at[found, 0]), int(at[found, 1]), self._fooled(said[found]))
        return None

    def shift(self) -> Generator[Progress, None, FoundShift | None]:
        for distance in self._distances:
            line = range(-distance, distance + 1)
            ring = [
                (self._step * right, self._step * down)
                for down in line for right in line if max(abs(right), abs(down)) == distance
            ]  # fmt: skip

            def shifted(start: int, stop: int, ring: list[tuple[int, int]] = ring) -> Pixels:
                changes = (ImageChange(right_px=right, down_px=down) for right, down in ring[start:stop])
                return np.concatenate([moved(self._pixels[None], change) for change in changes])

            said = yield from self._said(len(ring), shifted)
            found = self._first(said, np.square(ring).sum(axis=1))
            if found is not None:
                return FoundShift(*ring[found], self._fooled(said[found]))
        return None

    def _said(
        self, count: int, made: Callable[[int, int], Pixels]
    ) -> Generator[Progress, None, NDArray[np.float32]]:
        """(count, K) probabilities of the images that `made(start, stop)` returns."""

        def ask(start: int, stop: int) -> NDArray[np.float32]:
            return softmax(self._subject.logits_of(made(start, stop)))

        work = in_pieces(count, ask, "Looking for the smallest change", BESIDE_RUNS)
        pieces = yield from _within(work, self._done, self._total)
        self._done += count
        return np.concatenate(pieces.results)

    def _skip(self, count: int) -> None:
        """So many need not be tried."""
        self._total -= count

    def _first(self, said: NDArray[np.float32], size: NDArray[np.float64]) -> int | None:
        """Of those that changed the prediction, the smallest one, then that which leaves least to the former."""
        is_other = np.flatnonzero(said.argmax(axis=1) != self.former)
        if not len(is_other):
            return None
        # By the last key first.
        order = np.lexsort((said[is_other, self.former], size[is_other]))
        return int(is_other[order[0]])

    def _fooled(self, said: NDArray[np.float32]) -> Fooled:
        prediction = int(said.argmax())
        return Fooled(prediction, float(said[prediction]), float(said[self.former]))


def _within(work: Generator[Progress, None, T], done: int, total: int) -> Generator[Progress, None, T]:
    """`work` as a part of a larger one."""
    try:
        while True:
            try:
                said = next(work)
            except StopIteration as end:
                result: T = end.value
                return result
            yield replace(said, done=done + said.done, total=total)
    finally:
        work.close()
