"""What mirroring, shifting, turning, brightening and contrast do to a network's answer."""

from collections.abc import Generator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from workbench.core.events import Progress
from workbench.core.inspection.image_changes import (
    FACTORS,
    LARGEST_SHIFT_PX,
    ROTATIONS_DEG,
    AugmentedTest,
    ChangedAnswer,
    ChangeEffects,
    ImageChange,
    views_of,
)
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.softmax import softmax
from workbench.engine.data.image_operations import change_brightness, change_contrast, rotations
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_pieces

Pixels = NDArray[np.uint8]
Probabilities = NDArray[np.float32]


def changed(pixels_hwc: Pixels, change: ImageChange) -> Pixels:
    """One square (H, W, 3) image after a change."""
    result = moved(pixels_hwc[None], change)
    if change.rotation_deg and len(pixels_hwc) > 1:
        result = _turned(result, change.rotation_deg)
    for factor, operation in ((change.brightness, change_brightness), (change.contrast, change_contrast)):
        if factor != 1:
            result = operation(torch.from_numpy(result), torch.full((1, 1, 1, 1), factor - 1)).numpy()
    taken: Pixels = result[0]
    return taken


def moved(pixels_nhwc: Pixels, change: ImageChange) -> Pixels:
    """(N, H, W, 3) images, mirrored and shifted as a change says, and nothing else; a copy."""
    _, height, width, _ = pixels_nhwc.shape
    rows = _reflected(np.arange(height) - change.down_px, height)
    columns = _reflected(np.arange(width) - change.right_px, width)
    if change.is_flipped:
        columns = width - 1 - columns
    return pixels_nhwc[:, rows[:, None], columns]


def _reflected(positions: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Mirrored at the border pixels, which are not repeated (numpy's 'reflect'), as often as needed."""
    period = max(1, 2 * (size - 1))
    positions = np.abs(positions) % period
    return np.where(positions >= size, period - positions, positions)


def _turned(pixels_nhwc: Pixels, degrees: float) -> Pixels:
    """Counterclockwise around the middle, bilinear."""
    images = torch.from_numpy(pixels_nhwc).permute(0, 3, 1, 2).float()
    matrices = torch.from_numpy(rotations(np.full(len(images), degrees)))
    # Coordinates from -1 to 1 are of centers of pixels: both the middle and the border stay where they are.
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=True)
    turned = functional.grid_sample(images, grid, "bilinear", "reflection", align_corners=True)
    result: Pixels = turned.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return result


def probabilities_of(
    subject: Subject, pixels_nhwc: Pixels, activity: str = "Asking the network"
) -> Generator[Progress, None, Probabilities]:
    """(N, K) softmax of (N, H, W, 3) images, between the steps of a run that is trained."""

    def ask(start: int, stop: int) -> Probabilities:
        return softmax(subject.logits_of(pixels_nhwc[start:stop]))

    pieces = yield from in_pieces(len(pixels_nhwc), ask, activity, BESIDE_RUNS)
    return np.concatenate(pieces.results)


def answer(subject: Subject, pixels_hwc: Pixels, change: ImageChange) -> Generator[Progress, None, ChangedAnswer]:
    """What is said of one image after a change."""
    pixels = changed(pixels_hwc, change)
    said = yield from probabilities_of(subject, pixels[None])
    return ChangedAnswer(change, pixels, said[0], subject.class_names)


def effects(subject: Subject, pixels_hwc: Pixels) -> Generator[Progress, None, ChangeEffects]:
    """What is said of one image after every kind of change, each by itself."""
    shifts = range(-LARGEST_SHIFT_PX, LARGEST_SHIFT_PX + 1)
    kinds: tuple[Sequence[ImageChange], ...] = (
        [ImageChange(is_flipped=True)],
        [ImageChange(right_px=right, down_px=down) for down in shifts for right in shifts],
        [ImageChange(brightness=factor) for factor in FACTORS],
        [ImageChange(contrast=factor) for factor in FACTORS],
        [ImageChange(rotation_deg=degrees) for degrees in ROTATIONS_DEG],
        views_of(len(pixels_hwc)),
    )
    # Some are the same: each is asked once.
    wanted = list(dict.fromkeys(change for kind in kinds for change in (ImageChange(), *kind)))
    asked = np.stack([changed(pixels_hwc, change) for change in wanted])
    said = dict(zip(wanted, (yield from probabilities_of(subject, asked)), strict=True))
    flipped, moved_by, brightness, contrast, turned, views = (
        np.stack([said[change] for change in kind]) for kind in kinds
    )
    grid = moved_by.reshape(len(shifts), len(shifts), -1)
    return ChangeEffects(
        subject.class_names, said[ImageChange()], flipped[0], grid, brightness, contrast, turned, views
    )


def augmented_test(subject: Subject) -> Generator[Progress, None, AugmentedTest]:
    """Answer each test image by the mean of its softmax over mirrored and shifted views.

    Krizhevsky, Sutskever and Hinton 2012, section 4.1, who average over crops and reflections.
    """
    images, views = subject.images("test"), views_of(subject.config.model.input_size)
    which = np.arange(len(images) * len(views))

    def ask(start: int, stop: int) -> Probabilities:
        """Of views one after the other, all of one image together."""
        batch = images.images[which[start:stop] // len(views)]
        for number, view in enumerate(views):
            chosen = which[start:stop] % len(views) == number
            batch[chosen] = moved(batch[chosen], view)
        return softmax(subject.logits_of(batch))

    pieces = yield from in_pieces(len(which), ask, "Testing with views", BESIDE_RUNS)
    said = np.concatenate(pieces.results).reshape(len(images), len(views), -1)
    plain, averaged = said[:, 0].argmax(axis=1), said.mean(axis=1).argmax(axis=1)
    return AugmentedTest(len(views), plain == images.labels, averaged == images.labels)
