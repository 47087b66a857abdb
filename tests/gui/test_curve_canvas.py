"""Lines of many points on an image: pixel for pixel what they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from workbench.gui.runs.curve_canvas import CurveCanvas

WIDTH, HEIGHT = 12, 9
heights = st.one_of(st.floats(-20, 30), st.just(float("nan")))


def covered(canvas: CurveCanvas) -> list[set[int]]:
    """The rows that are drawn in each column."""
    image = canvas.image
    return [{y for y in range(image.height()) if image.pixelColor(x, y).alpha()} for x in range(image.width())]


def expected(x: list[float], y: list[float]) -> list[set[int]]:
    """By the words of `draw_dense`, one column after the other."""
    rows: list[set[int]] = []
    own: tuple[float, float] | None = None
    for column in range(WIDTH):
        here = [value for place, value in zip(x, y, strict=True) if int(place) == column]
        if column > x[-1] or column + 1 <= x[0]:
            rows.append(set())
        elif here:
            known = [value for value in here if value == value]
            before, own = own, (min(known), max(known)) if known else None
            low, high = own or (HEIGHT, -1)
            if own and before:
                low, high = min(low, before[1]), max(high, before[0])
            rows.append({row for row in range(HEIGHT) if np.floor(low) <= row <= np.floor(high)})
        else:
            rows.append(rows[-1])
    return rows


@given(st.lists(st.tuples(st.floats(0, WIDTH - 0.01), heights), min_size=1, max_size=60))
def test_each_column_is_covered_from_its_least_to_its_greatest_point(points: list[tuple[float, float]]) -> None:
    points.sort(key=lambda point: point[0])
    x, y = ([point[number] for point in points] for number in range(2))
    canvas = CurveCanvas(QSize(WIDTH, HEIGHT))
    canvas.draw_dense(np.array(x), np.array(y), QColor("red"))
    assert covered(canvas) == expected(x, y)


def test_an_envelope_leads_from_stretch_to_stretch_and_leaves_gaps() -> None:
    canvas = CurveCanvas(QSize(6, HEIGHT))
    tops, ends = np.array([1, 5, np.nan, 2.0]), np.array([2, 6, np.nan, 3.0])
    canvas.draw_envelope(np.array([0.5, 1.5, 2.5, 4.0]), tops, ends, QColor("red"))
    assert covered(canvas) == [{1, 2}, {2, 3, 4, 5, 6}, set(), set(), {2, 3}, set()]


@pytest.mark.parametrize("x", [[-9.0, -8.0], [30.0, 31.0]])
def test_what_is_out_of_sight_is_not_drawn(qtbot: QtBot, x: list[float]) -> None:
    canvas = CurveCanvas(QSize(6, HEIGHT))
    canvas.draw_dense(np.array(x), np.array([1.0, 2.0]), QColor("red"))
    assert not any(covered(canvas))


def test_lines_cover_each_other_in_their_color() -> None:
    canvas = CurveCanvas(QSize(3, HEIGHT))
    for color, y in (("red", 3.0), ("blue", 3.5)):
        canvas.draw_dense(np.array([0.0, 1.0, 2.0]), np.full(3, y), QColor(color))
    assert canvas.image.pixelColor(1, 3) == QColor("blue")
