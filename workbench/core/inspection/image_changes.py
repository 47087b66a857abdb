"""Changes of an image that leave it what it is, and what a network's answers to them say."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FACTORS = tuple(round(0.5 + 0.1 * step, 1) for step in range(11))
"""Of brightness and contrast, of which the answers are known beforehand."""
ROTATIONS_DEG = tuple(range(-15, 16, 3))
LARGEST_SHIFT_PX = 4
"""Across and down, of which the answers are known beforehand."""


@dataclass(frozen=True)
class ImageChange:
    """In this order: mirrored, shifted, turned, then made brighter, then richer in contrast.

    What comes in from outside is the image again, mirrored at its border.
    """

    is_flipped: bool = False
    """Left and right."""
    right_px: int = 0
    down_px: int = 0
    rotation_deg: float = 0.0
    """Counterclockwise, around the middle."""
    brightness: float = 1.0
    """Factor of all values; 0 is black."""
    contrast: float = 1.0
    """Factor of the distance to the image's mean gray."""

    @property
    def is_none(self) -> bool:
        return self == UNCHANGED


UNCHANGED = ImageChange()


def views_of(side: int) -> tuple[ImageChange, ...]:
    """Of test-time augmentation: as it is and shifted to four sides, each also mirrored; the image itself first.

    Shifted by a sixteenth of the side, half of what training moves images by.
    """
    step = max(1, side // 16)
    shifts = ((0, 0), (step, 0), (-step, 0), (0, step), (0, -step))
    shifted = [ImageChange(right_px=right, down_px=down) for right, down in shifts]
    return tuple(replace(change, is_flipped=is_flipped) for is_flipped in (False, True) for change in shifted)


@dataclass(frozen=True, eq=False)
class ChangedAnswer:
    """An image after one change, and what is said of it."""

    change: ImageChange
    pixels: NDArray[np.uint8]
    """(H, W, 3)."""
    probabilities: NDArray[np.float32]
    """(K,)."""
    class_names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ChangeEffects:
    """Probabilities of one image's classes after many changes, one kind at a time; K of each."""

    class_names: tuple[str, ...]
    plain: NDArray[np.float32]
    """(K,) of the image as it is."""
    flipped: NDArray[np.float32]
    """(K,)."""
    shifts: NDArray[np.float32]
    """(2 m + 1, 2 m + 1, K), indexed (down, right), both from -m = -LARGEST_SHIFT_PX on."""
    brightness: NDArray[np.float32]
    """(F, K), of FACTORS."""
    contrast: NDArray[np.float32]
    """(F, K), of FACTORS."""
    rotations: NDArray[np.float32]
    """(R, K), of ROTATIONS_DEG."""
    views: NDArray[np.float32]
    """(V, K), of `views_of`."""

    @cached_property
    def averaged(self) -> NDArray[np.float32]:
        """(K,) mean over the views: the answer of test-time augmentation."""
        mean: NDArray[np.float32] = self.views.mean(axis=0)
        return mean

    @property
    def prediction(self) -> int:
        """Of the image as it is."""
        return int(self.plain.argmax())

    @cached_property
    def shift_stays(self) -> NDArray[np.bool_]:
        """Whether the prediction is the same at each of `shifts`."""
        stays: NDArray[np.bool_] = self.shifts.argmax(axis=-1) == self.prediction
        return stays


@dataclass(frozen=True, eq=False)
class AugmentedTest:
    """The test images, each answered as it is and by the mean over its views."""

    views: int
    """Of each image."""
    is_right: NDArray[np.bool_]
    """(N,) as it is."""
    is_right_averaged: NDArray[np.bool_]
    """(N,)."""

    @property
    def accuracy(self) -> float:
        return float(self.is_right.mean())

    @property
    def averaged_accuracy(self) -> float:
        return float(self.is_right_averaged.mean())

    @property
    def newly_right(self) -> NDArray[np.int64]:
        """Indices of those that only the mean gets right."""
        return np.flatnonzero(self.is_right_averaged & ~self.is_right)

    @property
    def newly_wrong(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.is_right & ~self.is_right_averaged)


@dataclass(frozen=True)
class Fooled:
    """What is said after a change that was enough."""

    prediction: int
    probability: float
    """Of it."""
    former_probability: float
    """Of what was said before the change, by now."""


@dataclass(frozen=True)
class FoundPatch:
    """A gray square that changes the prediction."""

    side: int
    x: int
    """Of its left edge, in pixels from the image's."""
    y: int
    fooled: Fooled

    def drawn_on(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of (H, W, 3) pixels with the patch."""
        patched = pixels.copy()
        patched[self.y : self.y + self.side, self.x : self.x + self.side] = PATCH_GRAY
        return patched


PATCH_GRAY = 128
"""Of all three channels."""


@dataclass(frozen=True)
class FoundShift:
    """A shift that changes the prediction; what comes in is mirrored at the border."""

    right_px: int
    down_px: int
    fooled: Fooled

    @property
    def change(self) -> ImageChange:
        return ImageChange(right_px=self.right_px, down_px=self.down_px)


@dataclass(frozen=True, eq=False)
class SmallestChanges:
    """The smallest of each kind that changes the prediction; None: there is none up to a limit."""

    class_names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    """(H, W, 3) of the image."""
    shifted: NDArray[np.uint8] | None
    """(H, W, 3) after the shift."""
    prediction: int
    """Before any change."""
    patch: FoundPatch | None
    largest_side: int
    """Of patches that were tried."""
    shift: FoundShift | None
    largest_shift_px: int
    step_px: int = 1
    """Sides, places and shifts that were tried are whole multiples of it."""
