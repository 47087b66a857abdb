"""Every operation against torchvision's, image by image."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms import TrivialAugmentWide
from torchvision.transforms.autoaugment import InterpolationMode, _apply_op

from workbench.engine.data.trivial_augment import Operation, TrivialAugment, _strength_table

CPU = torch.device("cpu")
BINS = 31
SPACE = TrivialAugmentWide()._augmentation_space(BINS)
NAMES = dict(zip(Operation, SPACE, strict=True))
GEOMETRIC = range(Operation.SHEAR_X, Operation.BRIGHTNESS)


def _images(count: int, size: int) -> Tensor:
    """(N, 3, H, W): noise, faint noise, and noise with a flat channel and large dark areas."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator)
    images[1::3] = images[1::3] // 4 + 70
    images[2::3, 1] = 9
    images[2::3, 2, : size // 2] = 3
    return images


def _expected(image: Tensor, operation: Operation, number: int, is_negative: bool) -> Tensor:
    magnitudes, is_signed = SPACE[NAMES[operation]]
    magnitude = float(magnitudes[number]) if magnitudes.ndim else 0.0
    sign = -1 if is_signed and is_negative else 1
    return _apply_op(image, NAMES[operation], sign * magnitude, InterpolationMode.NEAREST, None)


@pytest.mark.parametrize("size", [2, 9, 32])
@pytest.mark.parametrize("operation", Operation)
def test_every_strength_is_torchvisions(operation: Operation, size: int) -> None:
    images = _images(2 * BINS, size)
    expected = torch.stack(
        [_expected(image, operation, index // 2, index % 2 == 1) for index, image in enumerate(images)]
    )
    strengths = _strength_table()[operation].reshape(-1)
    trivial = TrivialAugment.of(np.full(2 * BINS, operation), strengths, size, CPU)
    changed = trivial.apply(images.permute(0, 2, 3, 1), 0, 2 * BINS).permute(0, 3, 1, 2)
    differing = (changed != expected).any(1).float().mean()
    # A turn by 45 degrees leads exactly between two pixels on a diagonal.
    assert differing <= (0.001 if operation == Operation.ROTATE else 0)


def test_an_image_depends_neither_on_its_neighbors_nor_on_the_range() -> None:
    trivial = TrivialAugment.draw(90, 12, np.random.default_rng(0), CPU)
    images = _images(90, 12).permute(0, 2, 3, 1).contiguous()
    whole = trivial.apply(images, 0, 90)
    assert set(trivial.operations) == set(Operation)
    for start, stop in ((0, 1), (3, 50), (50, 90), (89, 90)):
        assert torch.equal(trivial.apply(images[start:stop], start, stop), whole[start:stop])
    same = torch.from_numpy(trivial.operations == Operation.IDENTITY)
    assert torch.equal(whole[same], images[same])


def test_operations_strengths_and_directions_are_equally_likely() -> None:
    trivial = TrivialAugment.draw(140_000, 32, np.random.default_rng(0), CPU)
    assert np.bincount(trivial.operations) == pytest.approx(10_000, rel=0.04)
    turns = trivial.strengths[torch.from_numpy(trivial.operations) == Operation.ROTATE]
    angles, counts = turns.unique(return_counts=True)
    np.testing.assert_allclose(angles.numpy(), np.linspace(-135, 135, 61), atol=1e-4)
    # 0 in both directions is one.
    counts[30] //= 2
    assert counts.numpy() == pytest.approx(10_000 / 62, rel=0.3)
