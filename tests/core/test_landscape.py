"""Grids, figures and words of loss landscapes, on surfaces whose form is known."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.inspection.landscape import Grid, Landscape, loss_limits, round_losses, shown_losses
from workbench.core.inspection.landscape_words import caption, comparison, told_apart

Surface = Callable[[np.ndarray, np.ndarray], np.ndarray]


def landscape(surface: Surface, grid: Grid | None = None, until: int | None = None) -> Landscape:
    """Of a loss that is a formula in the first and the second direction."""
    grid = grid or Grid()
    losses = surface(*np.meshgrid(grid.axis, grid.axis))
    known = np.zeros(losses.shape, bool)
    known[tuple(grid.order(until).T)] = True
    loss = np.where(known, losses, 0.0)
    return Landscape("0badcafe", 3, grid, 0, np.arange(64), 10, loss, np.zeros_like(loss), known)


def bowl(first: float, second: float) -> Surface:
    """Twice the lowest loss, 0.5, so far away along each direction."""
    return lambda x, y: 0.5 * (1 + (x / first) ** 2 + (y / second) ** 2)


@pytest.mark.parametrize("size", [5, 9, 15, 21, 29, 41, 57, 101])
def test_each_level_is_part_of_the_next_one(size: int) -> None:
    levels = Grid(size).levels
    assert len(levels[-1]) == size
    for coarse, fine in pairwise(levels):
        assert set(coarse) < set(fine)
    for level in levels:
        # Ends and middle, and the same to both sides.
        assert {0, size // 2, size - 1} <= set(level)
        assert np.array_equal(level, size - 1 - level[::-1])
        assert np.diff(level).max() <= 3 * np.diff(level).min()


def test_the_quick_picture_has_15_of_41_points_a_side() -> None:
    grid = Grid(41)
    assert [len(level) for level in grid.levels] == [5, 9, 15, 29, 41]
    quick, whole = grid.order(15), grid.order()
    assert len(quick) == 15 * 15
    assert len(whole) == len({tuple(point) for point in whole.tolist()}) == 41 * 41
    assert np.array_equal(whole[: len(quick)], quick)
    assert set(np.diff(grid.levels[2])) == {2, 3}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((8, 1.0), "size is 8; it must be an odd number from 5 to 101"), ((3, 1.0), "size is 3"),
     ((103, 1.0), "size is 103"), ((15, 0.0), "range is 0; it must be above 0 and at most 10"),
     ((15, 11.0), "range is 11"), ((15, math.nan), "range is nan")],
)  # fmt: skip
def test_what_is_no_grid_is_named(arguments: tuple[int, float], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Grid(*arguments)


@pytest.mark.parametrize("until", [15, 29, 41])
def test_a_bowl_is_measured(until: int) -> None:
    found = landscape(bowl(0.25, 0.5), until=until)
    assert found.size == until
    assert found.lowest == (0.5, 0.0, 0.0)
    for slope, distance in zip(found.slopes, (0.25, 0.5), strict=True):
        assert slope.before == pytest.approx(distance, abs=0.02)
        assert slope.after == pytest.approx(slope.before)
        assert slope.width == pytest.approx(2 * distance, abs=0.04)
        # Exact for a parabola, also where points are not evenly spaced.
        assert slope.curvature == pytest.approx(1 / distance**2)
    assert found.dips == 0


def test_a_basin_beyond_the_picture_has_no_width() -> None:
    first, second = landscape(bowl(3.0, 0.5)).slopes
    assert (first.before, first.after, first.width, first.distance) == (None, None, None, None)
    assert second.width == pytest.approx(1.0, abs=0.02)


def test_one_side_is_enough_for_a_distance() -> None:
    slope, _ = landscape(lambda x, y: 1 + np.where(x > 0, x / 0.5, 0.1 * x**2) + y**2).slopes
    assert slope.before is None
    assert slope.distance == slope.after == pytest.approx(0.5)
    assert slope.is_one_sided
    assert slope.width is None


def test_figures_are_of_the_lowest_point() -> None:
    found = landscape(lambda x, y: bowl(0.25, 0.5)(x - 0.5, y + 0.25))
    assert found.lowest == pytest.approx((0.5, 0.5, -0.25))
    assert not found.is_lowest_at_center
    assert [slope.curvature for slope in found.slopes] == pytest.approx([16, 4])
    assert "lowest 0.50 at (0.50, −0.25)" in caption(found)
    near = landscape(lambda x, y: bowl(1, 1)(x - 0.1, y))
    assert caption(near).startswith("Loss 0.51 at the center, hardly lower at (0.10, 0.00); it doubles ")


def test_a_lowest_point_on_the_edge_has_no_curvature() -> None:
    first, second = landscape(lambda x, y: 2 + x + y**2).slopes
    assert first.curvature is None
    assert second.curvature == pytest.approx(2)


def test_dips_are_counted() -> None:
    found = landscape(lambda x, y: 2 + np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y))
    # At (±0.5, ±0.5), all as low: one of them is the lowest.
    assert found.dips == 3
    assert "3 other dips" in caption(found)
    flat = landscape(lambda x, y: 2 + 1e-3 * np.cos(9 * x) * np.cos(9 * y))
    assert flat.dips == 0


def test_the_rise_is_the_mean_of_both_directions() -> None:
    assert landscape(bowl(0.5, 1.0)).rise(0.5) == pytest.approx((0.5 + 0.125) / 2)


def test_the_share_that_is_better_than_guessing() -> None:
    found = landscape(lambda x, _: np.where(x < 0, 1.0, 3.0))
    assert found.share_below_chance == pytest.approx(20 / 41)


def test_infinite_losses_do_not_spoil_the_figures() -> None:
    found = landscape(lambda x, y: np.where(np.hypot(x, y) > 0.7, np.inf, bowl(0.5, 0.5)(x, y)))
    assert loss_limits([found])[1] < 10
    assert found.slopes[0].width == pytest.approx(1.0, abs=0.02)
    assert np.isfinite(shown_losses(found)).all()
    assert "doubles" in caption(found)
    assert math.isfinite(found.rise(0.5))


def test_a_basin_is_not_told_of_where_there_is_none_to_be_seen() -> None:
    cliff = landscape(lambda x, y: np.where(np.hypot(x, y) > 0.01, np.inf, bowl(0.5, 0.5)(x, y)))
    assert caption(cliff).startswith(
        "Loss 0.50 at the center; right beside its lowest point it is no finite number."
    )
    even = caption(landscape(lambda x, _: np.full_like(x, 0.0)))
    assert "it doubles nowhere within the picture" in even
    assert "basin" not in even
    assert "the weights have diverged" in caption(landscape(lambda x, _: np.full_like(x, np.inf)))


def test_runs_of_one_name_are_told_apart() -> None:
    wide, narrow = landscape(bowl(0.8, 0.8)), replace(landscape(bowl(0.4, 0.4)), run_id="0ddf00d5")
    assert told_apart((wide, narrow), ("a", "b")) == ("a", "b")
    assert "basin of a (run 0badcafe) is 2.0 times as wide as that of a (run 0ddf00d5)" in comparison(
        wide, narrow, ("a", "a")
    )
    earlier = replace(wide, epoch=1)
    assert told_apart((wide, earlier), ("a", "a")) == ("a (epoch 3)", "a (epoch 1)")


@pytest.mark.parametrize(
    ("surface", "words"),
    [
        (bowl(0.1, 0.1), "a narrow, nearly round basin"),
        (bowl(0.25, 0.4), "a moderately wide, oval basin"),
        (bowl(0.9, 0.8), "a broad, nearly round basin"),
        (bowl(0.2, 0.8), "a broad, long and thin basin"),
        (bowl(0.2, 3.0), "and along the other one not within the picture: a long valley"),
        (bowl(3.0, 3.0), "it doubles nowhere within the picture along either direction: flat"),
    ],
)
def test_words_follow_from_the_figures(surface: Surface, words: str) -> None:
    assert words in caption(landscape(surface))


def test_the_caption_gives_the_distances() -> None:
    start = "Loss 0.50 at the center; it doubles 0.35 away along the first direction and 0.65 along the second: "
    assert caption(landscape(bowl(0.35, 0.65))).startswith(start)


def test_two_are_compared() -> None:
    names = ("plain", "residual")
    broad, narrow = landscape(bowl(0.8, 0.8)), landscape(bowl(0.4, 0.4))
    assert "basin of plain is 2.0 times as wide as that of residual" in comparison(broad, narrow, names)
    assert "basin of residual is 2.0 times as wide as that of plain" in comparison(narrow, broad, names)
    assert "about as wide" in comparison(broad, broad, names)
    assert "Their lowest losses differ" not in comparison(broad, narrow, names)
    other = landscape(lambda x, y: 2 * bowl(0.4, 0.4)(x, y))
    assert "Their lowest losses differ (0.50 against 1.00)" in comparison(narrow, other, names)
    assert "images of its own" not in comparison(broad, narrow, names)
    elsewhere = replace(narrow, source="elsewhere")
    assert "Each is about training images of its own." in comparison(broad, elsewhere, names)
    flat = landscape(bowl(9.0, 9.0))
    assert "of plain does not double within the picture, that of residual does" in comparison(flat, narrow, names)


def test_nothing_is_said_before_anything_is_known() -> None:
    nothing = landscape(bowl(1, 1))
    nothing.known[:] = False
    assert (nothing.size, caption(nothing), comparison(nothing, nothing, ("a", "b"))) == (0, "", "")
    assert np.isnan(shown_losses(nothing)).all()


def test_interpolation_keeps_what_is_known() -> None:
    found, whole = landscape(bowl(0.3, 0.6), until=15), landscape(bowl(0.3, 0.6))
    shown = shown_losses(found)
    np.testing.assert_allclose(shown[found.known], whole.loss[found.known])
    # Between two points 0.15 apart.
    np.testing.assert_allclose(shown, whole.loss, rtol=0.07)
    assert (found.loss[~found.known] == 0).all()


@pytest.mark.parametrize(("low", "high"), [(0.7, 8), (1e-4, 20), (2.2, 2.4), (0.1, 1e12), (1.0, 1.01)])
def test_levels_are_round_and_not_too_many(low: float, high: float) -> None:
    levels = round_losses(low, high)
    assert len(levels) <= 12
    assert all(low < level < high for level in levels)
