"""Which points a drawn line holds."""

import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.core.inspection.embedding import inside

coordinates = st.floats(-5, 5, allow_nan=False)
corners = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12)


def winds(x: float, y: float, polygon: list[tuple[float, float]]) -> bool:
    """Whether the line goes around the point an odd number of times, by the angles under which it is seen."""
    turned = 0.0
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        turn = math.atan2(y1 - y, x1 - x) - math.atan2(y0 - y, x0 - x)
        turned += (turn + math.pi) % (2 * math.pi) - math.pi
    return round(turned / (2 * math.pi)) % 2 == 1


def distance(x: float, y: float, polygon: list[tuple[float, float]]) -> float:
    """To the nearest side."""
    found = math.inf
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        along = max(0.0, min(1.0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length)) if length else 0.0
        found = min(found, math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return found


@given(corners)
@example([(0.0, 0.0), (0.0, 0.0), (1.0, 5e-324)])
def test_points_are_inside_that_the_line_goes_around(polygon: list[tuple[float, float]]) -> None:
    points = np.random.default_rng(0).uniform(-6, 6, (50, 2))
    found = inside(points, np.array(polygon))
    for (x, y), is_inside in zip(points, found, strict=True):
        # On a side, it is a matter of rounding.
        if distance(x, y, polygon) > 1e-6:
            assert is_inside == winds(x, y, polygon)


def test_a_square_holds_its_middle_and_a_line_nothing() -> None:
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]])
    points = np.array([[1, 1], [3, 1], [1, -1], [1.9, 0.1]])
    assert inside(points, square).tolist() == [True, False, False, True]
    assert not inside(points, square[:2]).any()
    assert not inside(points, square[:0]).any()
