"""Changes of an image give what other libraries give; answers to them are those of the network as it is."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchvision.transforms.v2 import functional

from tests.trained import exhausted, opened, record_run
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.inspection.image_changes import FACTORS, LARGEST_SHIFT_PX, ROTATIONS_DEG, ImageChange, views_of
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.changes import answer, augmented_test, changed, effects, moved
from workbench.engine.inspection.smallest_change import smallest_changes
from workbench.engine.inspection.subject import Subject


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory, image_folder) -> Subject:
    home = Home(tmp_path_factory.mktemp("home")).prepare()
    config = RunConfig.build(
        {
            "model": {"blocks": [1, 1], "widths": [8, 8], "num_classes": 3, "input_size": 16},
            "data": {"source": str(image_folder), "validation_fraction": 0.2},
            "training": {"epochs": 4, "batch_size": 16, "learning_rate": 0.2, "crop_padding": 2, "threads": 1,
                         "device": "cpu", "precision": "fp32"},
        }
    )  # fmt: skip
    return opened(home, record_run(home, config))


def _noise(side: int = 16) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)


def _said(subject: Subject, pixels: np.ndarray) -> np.ndarray:
    """By the network whose norms are not folded, in double precision."""
    network = subject.build().double()
    said: np.ndarray = network(subject.normalized(pixels).double()).softmax(1).numpy()
    return said


# What changes make of an image


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, -2), (-15, 15), (40, -33)])
@pytest.mark.parametrize("is_flipped", [False, True])
def test_shifts_mirror_at_the_border(right, down, is_flipped):
    image = _noise()
    flipped = image[:, ::-1] if is_flipped else image
    padded = np.pad(flipped, ((45, 45), (45, 45), (0, 0)), "reflect")

    result = moved(image[None], ImageChange(is_flipped, right, down))[0]

    assert np.array_equal(result, padded[45 - down : 61 - down, 45 - right : 61 - right])


@pytest.mark.parametrize("degrees", [-15, 7, 30])
def test_turning_is_counterclockwise_and_mirrors_at_the_border(degrees):
    image = _noise()
    angle, center = math.radians(degrees), 7.5
    rows, columns = np.mgrid[:16, :16] - center
    source = (
        math.sin(angle) * columns + math.cos(angle) * rows + center,
        math.cos(angle) * columns - math.sin(angle) * rows + center,
    )
    expected = [
        ndimage.map_coordinates(image[..., i].astype(float), source, order=1, mode="mirror") for i in range(3)
    ]

    result = changed(image, ImageChange(rotation_deg=degrees))

    assert np.abs(result - np.stack(expected, -1)).max() < 0.51


def test_a_quarter_turn_is_exact():
    image = _noise()

    assert np.array_equal(changed(image, ImageChange(rotation_deg=90)), np.rot90(image))


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5])
def test_brightness_and_contrast_are_torchvisions(factor):
    image = _noise()
    tensor = torch.from_numpy(image).permute(2, 0, 1)

    brighter = functional.adjust_brightness(tensor, factor).permute(1, 2, 0).numpy()
    richer = functional.adjust_contrast(tensor, factor).permute(1, 2, 0).numpy()

    # Products are rounded down where they were computed: one gray level at most.
    assert np.abs(changed(image, ImageChange(brightness=factor)).astype(int) - brighter).max() <= 1
    assert np.abs(changed(image, ImageChange(contrast=factor)).astype(int) - richer).max() <= 1


def test_no_change_leaves_every_pixel_and_the_original():
    image = _noise()
    before = image.copy()

    assert np.array_equal(changed(image, ImageChange()), before)
    changed(image, ImageChange(True, 1, 1, 5, 1.5, 1.5))[:] = 0
    assert np.array_equal(image, before)


def test_a_single_pixel_can_be_changed():
    image = np.full((1, 1, 3), 77, np.uint8)

    assert np.array_equal(changed(image, ImageChange(True, 3, -2, 10)), image)


# What the network says of them


def test_an_answer_is_the_networks(subject):
    image = subject.images("test").images[5]
    change = ImageChange(True, 2, -1, 9, 1.2, 0.7)

    found = exhausted(answer(subject, image, change))

    assert np.array_equal(found.pixels, changed(image, change))
    assert found.probabilities == pytest.approx(_said(subject, found.pixels[None])[0], abs=1e-5)


def test_effects_are_those_of_each_change_by_itself(subject):
    image = subject.images("test").images[20]
    found = exhausted(effects(subject, image))

    def said(**change: object) -> np.ndarray:
        return _said(subject, changed(image, ImageChange(**change))[None])[0]

    assert found.plain == pytest.approx(said(), abs=1e-5)
    assert found.flipped == pytest.approx(said(is_flipped=True), abs=1e-5)
    assert found.brightness[FACTORS.index(0.7)] == pytest.approx(said(brightness=0.7), abs=1e-5)
    assert found.contrast[FACTORS.index(1.4)] == pytest.approx(said(contrast=1.4), abs=1e-5)
    assert found.rotations[ROTATIONS_DEG.index(-9)] == pytest.approx(said(rotation_deg=-9), abs=1e-5)
    down, right = -3, 2
    at = found.shifts[down + LARGEST_SHIFT_PX, right + LARGEST_SHIFT_PX]
    assert at == pytest.approx(said(down_px=down, right_px=right), abs=1e-5)
    views = np.stack([changed(image, view) for view in views_of(16)])
    assert found.averaged == pytest.approx(_said(subject, views).mean(axis=0), abs=1e-5)


def test_views_begin_with_the_image_itself_and_are_all_different():
    views = views_of(32)

    assert views[0].is_none
    assert len(set(views)) == len(views) == 10


def test_the_whole_test_set_is_answered_with_views(subject):
    images = subject.images("test")
    found = exhausted(augmented_test(subject))

    views = [[changed(image, view) for view in views_of(16)] for image in images.images]
    said = np.stack([_said(subject, np.stack(each)) for each in views])
    assert np.array_equal(found.is_right, said[:, 0].argmax(1) == images.labels)
    assert np.array_equal(found.is_right_averaged, said.mean(1).argmax(1) == images.labels)
    assert found.accuracy == np.mean(found.is_right)
    gained, lost = len(found.newly_right), len(found.newly_wrong)
    assert gained - lost == found.is_right_averaged.sum() - found.is_right.sum()


# The smallest one that changes the prediction


def _fooled_by_hand(subject: Subject, image: np.ndarray, most_side: int, most_shift: int) -> tuple[object, object]:
    """Everything tried, one after the other, and the best one taken by its key."""
    former = int(_said(subject, image[None])[0].argmax())
    side = len(image)
    patches, shifts = [], []
    for size in range(1, most_side + 1):
        for y in range(side - size + 1):
            for x in range(side - size + 1):
                patched = image.copy()
                patched[y : y + size, x : x + size] = 128
                patches.append(((size, x, y), patched, size))
    for down in range(-most_shift, most_shift + 1):
        for right in range(-most_shift, most_shift + 1):
            shifted = changed(image, ImageChange(right_px=right, down_px=down))
            shifts.append(((right, down), shifted, (max(abs(right), abs(down)), math.hypot(right, down))))

    def best(tried: list) -> object:
        said = _said(subject, np.stack([each[1] for each in tried]))
        changing = [
            (size, said[i, former], where)
            for i, (where, _, size) in enumerate(tried)
            if said[i].argmax() != former
        ]
        return min(changing)[2] if changing else None

    return best(patches), best(shifts)


def test_the_smallest_changes_are_those_of_trying_everything(subject):
    images = subject.images("test").images
    # From one class to another: where the answer turns, little is enough, at the ends nothing.
    shares = np.linspace(0, 1, 41)[:, None, None, None]
    blended = ((1 - shares) * images[0] + shares * images[-1]).astype(np.uint8)
    turn = int(np.flatnonzero(np.diff(_said(subject, blended).argmax(axis=1)))[0])
    kinds = set()
    for image in blended[[0, *range(max(0, turn - 1), turn + 4), 40]]:
        found = exhausted(smallest_changes(subject, image, largest_side=4, largest_shift_px=2))
        patch, shift = _fooled_by_hand(subject, image, 4, 2)

        assert found.prediction == _said(subject, image[None])[0].argmax()
        assert (found.patch and (found.patch.side, found.patch.x, found.patch.y)) == patch
        assert (found.shift and (found.shift.right_px, found.shift.down_px)) == shift
        kinds |= {("patch", patch is None), ("shift", shift is None)}
        if found.patch is not None:
            after = _said(subject, found.patch.drawn_on(image)[None])[0]
            assert found.patch.fooled.prediction == after.argmax() != found.prediction
            assert found.patch.fooled.probability == pytest.approx(after.max(), abs=1e-5)
            assert found.patch.fooled.former_probability == pytest.approx(after[found.prediction], abs=1e-5)
    assert len(kinds) == 4, "both answers must have come up, of both"


class _Watching:
    """Stands in for a network that says where the only bright pixel of an image is: in the middle, or not; the
    farther from it, the surer."""

    class_names = ("middle", "elsewhere")

    def logits_of(self, pixels_nhwc: np.ndarray) -> np.ndarray:
        brightest = pixels_nhwc[..., 0].reshape(len(pixels_nhwc), -1).argmax(axis=1)
        distance = sum(np.abs(np.array(np.divmod(brightest, 16)) - 8))
        return np.stack([np.where(distance, 0, 1), np.where(distance, 0.1 * distance, 0)], axis=1).astype(
            np.float32
        )


def test_the_shorter_one_comes_before_what_leaves_less_to_the_former_answer():
    image = np.zeros((16, 16, 3), np.uint8)
    image[8, 8] = 255

    found = exhausted(smallest_changes(_Watching(), image, 1, 2))

    assert found.shift is not None
    # A diagonal shift would leave less.
    assert abs(found.shift.right_px) + abs(found.shift.down_px) == 1
    assert found.patch is None, "gray in the middle is its brightest pixel too"


def test_of_positions_the_one_that_leaves_least_to_the_former_answer_is_taken():
    image = np.zeros((16, 16, 3), np.uint8)

    class Counting(_Watching):
        def logits_of(self, pixels_nhwc: np.ndarray) -> np.ndarray:
            # Only what covers a marked pixel changes the answer; the second one leaves less.
            first, second = pixels_nhwc[:, 8, 8, 0] == 128, pixels_nhwc[:, 3, 3, 0] == 128
            return np.stack([np.zeros(len(first)), -1 + 2.0 * first + 4.0 * second], axis=1).astype(np.float32)

    found = exhausted(smallest_changes(Counting(), image, 2, 1))

    assert found.patch is not None
    assert (found.patch.side, found.patch.x, found.patch.y) == (1, 3, 3)


def test_of_large_images_not_every_pixel_is_tried():
    image = np.zeros((96, 96, 3), np.uint8)
    asked = []

    class Counting(_Watching):
        def logits_of(self, pixels_nhwc: np.ndarray) -> np.ndarray:
            asked.append(len(pixels_nhwc))
            covered = (pixels_nhwc[:, 45:48, 45:48, 0] == 128).all(axis=(1, 2))
            return np.stack([np.full(len(covered), 0.5), covered], axis=1).astype(np.float32)

    found, said = _collected(smallest_changes(Counting(), image))
    last = said[-1]

    assert (found.patch.side, found.patch.x, found.patch.y) == (3, 45, 45)
    assert found.shift is None
    assert (found.step_px, found.largest_side, found.largest_shift_px) == (3, 48, 24)
    assert last.done == last.total == sum(asked)
    assert sum(asked) == 1 + 32**2 + 17**2 - 1


def _collected(work):
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return end.value, said


def test_none_is_an_answer_and_progress_ends_at_all(subject):
    image = subject.images("test").images[0]
    # Nothing that is moved or covered changes an even image's answer, but for its own gray.
    even = np.full_like(image, 128)
    told = list(_steps(smallest_changes(subject, even, 3, 2)))
    found = exhausted(smallest_changes(subject, even, 3, 2))

    assert found.patch is None
    assert found.shift is None
    assert (found.largest_side, found.largest_shift_px) == (3, 2)
    assert told[-1].done == told[-1].total
    assert [each.done for each in told] == sorted(each.done for each in told)


def _steps(work):
    while True:
        try:
            yield next(work)
        except StopIteration:
            return


def test_the_search_can_be_left_at_any_time(subject):
    work = smallest_changes(subject, subject.images("test").images[0])
    assert isinstance(next(work), Progress)
    work.close()
    assert next(work, None) is None
