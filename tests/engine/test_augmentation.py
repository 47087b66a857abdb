"""The plan of an epoch, erasing, mixing, and parts of batches."""

import numpy as np
import pytest
import torch
from torchvision.transforms import functional

from workbench.core.data.dataset import ImageSet
from workbench.core.settings.config import DataConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.data.augmentation import Batch, EpochPlan
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.data.image_operations import take_affine
from workbench.engine.machine.device import Compute

CPU = Compute(torch.device("cpu"), torch.float32)
SIZE = 12
COUNT = 60
STILL = {"crop_padding": 0, "horizontal_flip": False}
EVERYTHING = {
    "trivial_augment": True, "random_erasing": 0.5, "mixup": 0.4, "cutmix": 1.0, "crop_border": "zeros",
    "rotation": 30.0, "brightness_jitter": 0.4, "contrast_jitter": 0.4, "saturation_jitter": 0.4,
    "hue_jitter": 0.1,
}  # fmt: skip


def _config(**options: object) -> TrainingConfig:
    return TrainingConfig.model_validate({"batch_size": 20, **options})


def _plan(config: TrainingConfig, images: int = COUNT, epoch: int = 0, size: int = SIZE) -> EpochPlan:
    return EpochPlan.draw(images, size, epoch, config, CPU.device)


def _images(compute: Compute = CPU, size: int = SIZE) -> DeviceImages:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (COUNT, size, size, 3), dtype=np.uint8)
    labels = generator.integers(0, 5, COUNT)
    return DeviceImages(ImageSet(pixels, labels, ("",) * COUNT), DataConfig(), compute)


def _same(first: Batch, second: Batch) -> bool:
    fields = zip(vars(first).values(), vars(second).values(), strict=True)
    return all(a is b if a is None else torch.equal(a, b) for a, b in fields)


def test_a_plan_is_a_function_of_seed_and_epoch() -> None:
    first, again = (_plan(_config(seed=3), epoch=2) for _ in range(2))
    other = _plan(_config(seed=3), epoch=3)
    assert torch.equal(first.order, again.order)
    assert torch.equal(first.mirrored, again.mirrored)
    assert not torch.equal(first.order, other.order)
    assert sorted(first.order.tolist()) == list(range(COUNT))
    assert int(first.shift_y.min()) >= -4
    assert int(first.shift_x.max()) <= 4


def test_order_crops_and_flips_are_those_of_earlier_versions() -> None:
    """Else their interrupted runs would go on with other images."""
    for options in ({}, EVERYTHING):
        plan = _plan(_config(seed=3, **options), images=8, epoch=2)
        assert plan.order.tolist() == [0, 5, 4, 6, 3, 2, 7, 1]
        assert plan.shift_y.tolist() == [-2, 3, 3, 2, -3, 4, -1, -3]
        assert plan.shift_x.tolist() == [-1, 2, 2, -1, 0, -4, 1, 4]
        assert plan.mirrored.tolist() == [True, True, False, True, True, True, True, False]


def test_what_is_off_is_not_drawn() -> None:
    plan = _plan(_config(**STILL))
    assert not plan.moves
    assert {plan.rotation, plan.jitter, plan.trivial, plan.erasing, plan.mixing} == {None}
    batch = _images().batch(plan, 0, 20)
    assert (batch.partners, batch.share) == (None, None)


def test_an_option_does_not_change_what_another_draws() -> None:
    alone, together = _plan(_config(random_erasing=0.5)), _plan(_config(**EVERYTHING))
    assert alone.erasing is not None
    assert together.erasing is not None
    assert torch.equal(alone.erasing.edges, together.erasing.edges)
    turned, colored = _plan(_config(rotation=30.0)), _plan(_config(contrast_jitter=0.4))
    assert turned.rotation is not None
    assert together.rotation is not None
    assert torch.equal(turned.rotation, together.rotation)
    assert colored.jitter is not None
    assert together.jitter is not None
    assert torch.equal(colored.jitter.strengths[:, 1], together.jitter.strengths[:, 1])
    assert (colored.jitter.order == together.jitter.order).all()


def test_batches_do_not_depend_on_those_before() -> None:
    config, images = _config(**EVERYTHING), _images()
    forwards = [images.batch(_plan(config), index, 20) for index in range(3)]
    plan = _plan(config)
    for index in reversed(range(3)):
        assert _same(images.batch(plan, index, 20), forwards[index])
        assert _same(images.batch(plan, index, 20), forwards[index])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [9, 16])
@pytest.mark.parametrize(
    "options", [{}, EVERYTHING, {"mixup": 1.0}, {"cutmix": 1.0}, {"trivial_augment": True}], ids=str
)
def test_a_part_is_those_rows_of_the_whole_batch(
    options: dict[str, object], size: int, dtype: torch.dtype
) -> None:
    images = _images(Compute(CPU.device, dtype), size)
    plan = _plan(_config(**options), size=size)
    for index in range(3):
        whole = images.batch(plan, index, 20)
        for part in (slice(0, 20), slice(0, 5), slice(5, 15), slice(13, 20), slice(19, 20)):
            rows = images.batch(plan, index, 20, part)
            assert torch.equal(rows.images, whole.images[part])
            assert rows.images.is_contiguous(memory_format=Compute(CPU.device, dtype).memory_format)
            assert torch.equal(rows.labels, whole.labels[part])
            if whole.partners is not None:
                assert rows.partners is not None
                assert torch.equal(rows.partners, whole.partners[part])
                assert rows.share == whole.share


@pytest.mark.parametrize("border", ["reflect", "constant"])
def test_crops_are_torchvisions_with_either_border(border: str) -> None:
    plan = _plan(_config(crop_border="reflect" if border == "reflect" else "zeros", horizontal_flip=False))
    images = _images()
    for position, index in enumerate(plan.order.tolist()):
        padded = functional.pad(images.pixels_nhwc[index].permute(2, 0, 1), [4], padding_mode=border)
        top, left = int(plan.shift_y[position]) + 4, int(plan.shift_x[position]) + 4
        expected = functional.crop(padded, top, left, SIZE, SIZE).permute(1, 2, 0)
        assert torch.equal(images._cropped(plan, position, position + 1)[0], expected)


def test_turns_are_torchvisions() -> None:
    plan = _plan(_config(**STILL, rotation=25.0))
    assert plan.rotation is not None
    images = _images()
    turned = take_affine(images.pixels_nhwc, plan.rotation)
    angles = torch.atan2(plan.rotation[:, 1, 0], plan.rotation[:, 0, 0]).rad2deg()
    assert float(angles.abs().max()) <= 25
    assert float(angles.max()) > 20
    assert float(angles.min()) < -20
    expected = [
        functional.rotate(image.permute(2, 0, 1), float(angle)).permute(1, 2, 0)
        for image, angle in zip(images.pixels_nhwc, angles, strict=True)
    ]
    # Exactly between two pixels, rounding decides.
    assert (turned != torch.stack(expected)).float().mean() < 0.002


@pytest.mark.parametrize(
    "wanted", [(0.4, 0, 0, 0), (0, 0.7, 0, 0), (0, 0, 1.5, 0), (0, 0, 0, 0.5), (0.2, 0.3, 0.4, 0.1)]
)
def test_colors_are_jittered_as_by_torchvision(wanted: tuple[float, float, float, float]) -> None:
    names = ("brightness_jitter", "contrast_jitter", "saturation_jitter", "hue_jitter")
    plan = _plan(_config(**dict(zip(names, wanted, strict=True))))
    jitter, pixels = plan.jitter, _images().pixels_nhwc
    assert jitter is not None
    changes = (functional.adjust_brightness, functional.adjust_contrast, functional.adjust_saturation,
               functional.adjust_hue)  # fmt: skip
    expected = []
    for image, strengths, order in zip(pixels, jitter.strengths.tolist(), jitter.order.tolist(), strict=True):
        changed = image.permute(2, 0, 1)
        for index in order:
            if wanted[index]:
                changed = changes[index](changed, strengths[index] + (index < 3))
        expected.append(changed.permute(1, 2, 0))
    given = jitter.apply(pixels, 0, COUNT)
    differences = (given.int() - torch.stack(expected).int()).abs()
    # Hues are computed by another formula, whose last digit decides at times, and what follows makes more of it.
    assert (differences > 0).float().mean() < (0.01 if wanted[3] else 1e-9)
    assert (differences > 2).float().mean() < 1e-3
    for index, (strength, largest) in enumerate(zip(jitter.strengths.T, wanted, strict=True)):
        lowest = -largest if index == 3 else -min(1, largest)
        assert lowest <= float(strength.min())
        assert float(strength.max()) <= largest
        assert float(strength.max() - strength.min()) >= 0.8 * (largest - lowest)


def test_the_orders_of_jitters_are_equally_likely() -> None:
    plan = _plan(_config(hue_jitter=0.1), images=24_000)
    assert plan.jitter is not None
    _, counts = np.unique(plan.jitter.order, axis=0, return_counts=True)
    assert len(counts) == 24
    assert counts == pytest.approx(1000, rel=0.15)


def test_erased_rectangles_are_those_of_the_paper() -> None:
    plan = _plan(_config(random_erasing=0.4), images=20_000, size=32)
    assert plan.erasing is not None
    top, bottom, left, right = plan.erasing.edges.numpy()
    heights, widths = bottom - top, right - left
    erased = heights > 0
    assert erased.mean() == pytest.approx(0.4, abs=0.02)
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (bottom[erased] <= 32).all()
    assert (right[erased] <= 32).all()
    # In every corner at times.
    assert {top.min(), left.min(), bottom.max(), right.max()} == {0, 32}
    assert (heights[~erased] == 0).all()
    assert (widths[~erased] == 0).all()
    shares = (heights * widths)[erased] / 32**2
    # Sides are rounded to pixels.
    assert shares.min() >= 0.01
    assert shares.max() <= 0.36
    assert shares.mean() == pytest.approx((0.02 + 0.33) / 2, abs=0.01)
    ratios = np.log(heights[erased] / widths[erased])
    assert ratios.mean() == pytest.approx(0, abs=0.02)
    assert np.abs(ratios).max() <= np.log(3.3) + 0.5


def test_erased_pixels_are_the_mean_color_and_the_others_stay() -> None:
    images = _images()
    plain = images.batch(_plan(_config()), 1, 20).images
    plan = _plan(_config(random_erasing=1.0))
    assert plan.erasing is not None
    batch = images.batch(plan, 1, 20).images
    for row, (top, bottom, left, right) in enumerate(plan.erasing.edges[:, 20:40].T.tolist()):
        expected = plain[row].clone()
        expected[:, top:bottom, left:right] = 0
        assert torch.equal(batch[row], expected)


def test_mixup_blends_images_from_both_ends_of_the_batch() -> None:
    images = _images()
    plain = images.batch(_plan(_config()), 2, 20)
    batch = images.batch(_plan(_config(mixup=1.0)), 2, 20)
    assert batch.share is not None
    assert batch.partners is not None
    assert batch.share.shape == ()
    assert batch.share.dtype == torch.float32
    assert 0 < float(batch.share) < 1
    expected = batch.share * plain.images + (1 - batch.share) * plain.images.flip(0)
    torch.testing.assert_close(batch.images, expected)
    assert torch.equal(batch.labels, plain.labels)
    assert torch.equal(batch.partners, plain.labels.flip(0))


def test_bf16_images_are_mixed_by_the_share_of_their_labels() -> None:
    """Mixed in bf16, the share would be rounded to 8 bits."""
    plan = _plan(_config(mixup=1.0))
    exact = _images().batch(plan, 0, 20).images
    rounded = _images(Compute(CPU.device, torch.bfloat16)).batch(plan, 0, 20).images
    assert torch.equal(rounded, exact.to(torch.bfloat16))


def test_cutmix_pastes_a_rectangle_and_counts_its_pixels() -> None:
    images = _images()
    plan = _plan(_config(cutmix=1.0))
    assert plan.mixing is not None
    for index in range(3):
        plain = images.batch(_plan(_config()), index, 20).images
        batch = images.batch(plan, index, 20)
        top, bottom, left, right = plan.mixing.edges[index]
        expected = plain.clone()
        expected[:, :, top:bottom, left:right] = plain.flip(0)[:, :, top:bottom, left:right]
        assert torch.equal(batch.images, expected)
        assert batch.share is not None
        assert float(batch.share) == pytest.approx(1 - (bottom - top) * (right - left) / SIZE**2)


def test_shares_follow_the_beta_distribution() -> None:
    # The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
    for parameter in (0.2, 1.0):
        mixing = _plan(_config(mixup=parameter, batch_size=2), 40_000).mixing
        assert mixing is not None
        shares = mixing.shares
        assert len(shares) == 20_000
        assert float(shares.mean()) == pytest.approx(0.5, abs=0.01)
        assert float(shares.var()) == pytest.approx(1 / (4 * (2 * parameter + 1)), rel=0.03)


def test_rectangles_have_uniform_centers_and_are_cut_off_at_the_borders() -> None:
    mixing = _plan(_config(cutmix=1.0, batch_size=2), 40_000, size=512).mixing
    assert mixing is not None
    assert mixing.edges.min() == 0
    assert mixing.edges.max() == 512
    # A side r of the image loses r^2 / 4 at the borders; r^2 is uniform: E[(r - r^2 / 4)^2] = 1/2 - 1/5 + 1/48.
    assert float(mixing.shares.mean()) == pytest.approx(1 - 0.3208, abs=0.006)
    middles = (mixing.edges[:, 0] + mixing.edges[:, 1]) / 1024
    assert middles.mean() == pytest.approx(0.5, abs=0.01)


def test_with_mixup_and_cutmix_each_has_half_of_the_batches() -> None:
    plan = _plan(_config(mixup=0.2, cutmix=1.0, batch_size=2), 10_000)
    assert plan.mixing is not None
    assert plan.mixing.cuts.mean() == pytest.approx(0.5, abs=0.03)
    only_one = (_plan(_config(mixup=0.2)).mixing, _plan(_config(cutmix=0.2)).mixing)
    assert [None if mixing is None else set(mixing.cuts) for mixing in only_one] == [{False}, {True}]


def test_a_smaller_last_batch_can_be_mixed() -> None:
    plan = _plan(_config(mixup=0.2, batch_size=25))
    assert plan.mixing is not None
    assert len(plan.mixing.shares) == 3
