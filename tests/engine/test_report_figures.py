"""The pieces of reports: axes, plots, curves, the matrix, pictures; none grows with the number of steps."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from workbench.core.calibration import Calibration
from workbench.engine.reports.axes import Axis, number_text
from workbench.engine.reports.blocks import meter
from workbench.engine.reports.confusion_figure import confusion_figure
from workbench.engine.reports.curves_figure import Curve, Panel, curves_figure, envelope
from workbench.engine.reports.pictures import picture
from workbench.engine.reports.plot import EndWords, Plot, spread
from workbench.engine.reports.reliability_figure import reliability_figure


def numbers_in(svg: str) -> list[float]:
    """All coordinates of its marks."""
    tree = ET.fromstring(svg)
    found = []
    for element in tree.iter():
        for key in ("d", "x", "y", "cx", "cy", "x1", "x2", "y1", "y2", "width", "height"):
            found += [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", element.get(key, ""))]
    return found


finite = st.floats(-1e9, 1e9)


@given(st.lists(finite, min_size=1, max_size=30), st.booleans())
def test_an_axis_holds_its_values_between_round_ends(values: list[float], from_zero: bool) -> None:
    axis = Axis.around("x", [np.array(values)], from_zero=from_zero)
    placed = axis.place(np.array(values))
    assert (placed >= -1e-6).all()
    assert (placed <= 1 + 1e-6).all()
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 9
    assert np.all(np.diff(ticks) > 0)
    texts = [axis.text(tick) for tick in ticks]
    assert len(set(texts)) == len(texts)


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=30))
def test_a_logarithmic_axis_does_too(values: list[float]) -> None:
    axis = Axis.around("x", [np.array(values)], is_log=True)
    placed = axis.place(np.array(values))
    assert (placed >= -1e-6).all()
    assert (placed <= 1 + 1e-6).all()
    assert 2 <= len(axis.ticks()) <= 12
    assert np.isnan(axis.place(np.array([0.0, -1.0]))).all()


def test_without_values_there_still_is_an_axis() -> None:
    for values in ([], [np.array([])], [np.array([np.nan, np.inf])]):
        assert Axis.around("x", values).ticks()
        assert Axis.around("x", values, is_log=True).ticks()


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(0.25, 0.05, "0.25"), (1200.0, 200.0, "1\u202f200"), (2e-5, None, "2e-5"), (-0.5, 0.5, "\u22120.5"),
     (0, 1, "0"),     (0.5663, None, "0.566"), (1234.5, None, "1\u202f234")],
)  # fmt: skip
def test_numbers_are_written_for_people(value: float, step: float | None, text: str) -> None:
    assert number_text(value, step) == text


@given(st.lists(st.floats(0, 100), max_size=8))
def test_words_are_spread_apart_and_stay_in_order(heights: list[float]) -> None:
    placed = spread(np.array(heights), 15.0, 0.0, 1000.0)
    gaps = np.diff(np.sort(placed))
    assert (gaps >= 15 - 1e-6).all()
    assert (placed >= -1e-9).all()
    assert (np.argsort(placed, kind="stable") == np.argsort(heights, kind="stable")).all()


def test_words_that_have_room_stand_where_they_belong() -> None:
    np.testing.assert_allclose(spread(np.array([50.0, 10.0, 52.0]), 15.0, 0.0, 100.0), [43.5, 10.0, 58.5])


@given(
    st.integers(1, 3000), st.integers(2, 50),
    st.lists(st.sampled_from([0.1, 0.5, 2.0, np.nan]), min_size=1, max_size=7),
)  # fmt: skip
def test_an_envelope_loses_no_value(count: int, columns: int, pattern: list[float]) -> None:
    y = np.resize(np.array(pattern), count)
    x = np.arange(1.0, count + 1)
    found = envelope(x, y, columns)
    assert len(found.x) == min(count, columns)
    assert (found.x[0], found.x[-1]) == (x[0], x[-1])
    if np.isfinite(y).any():
        assert np.nanmin(found.low) == np.nanmin(y)
        assert np.nanmax(found.high) == np.nanmax(y)
        known = np.isfinite(found.mean)
        assert (found.low[known] <= found.mean[known] + 1e-12).all()
        assert (found.mean[known] <= found.high[known] + 1e-12).all()
    else:
        assert np.isnan(found.mean).all()


def panel(steps: int, **values: object) -> Panel:
    x = np.arange(1, steps + 1) / 100
    noise = np.random.default_rng(0).random(steps)
    y = 2.3 * np.exp(-x / x[-1] * 3) + 0.1 * noise
    epochs = np.arange(1.0, 6.0)
    curves = (
        Curve("train", x, y, "train", is_of_steps=True), Curve("val", epochs, epochs / 9, "validation"),
        Curve("test", epochs, epochs / 10, "test"),
    )  # fmt: skip
    return Panel("Loss", "nats", curves, **values)  # type: ignore[arg-type]


def test_curves_of_a_million_steps_are_as_small_as_of_a_thousand() -> None:
    few, many = (len(curves_figure(panel(steps), "epoch")) for steps in (1_000, 1_000_000))
    assert many < 1.1 * few
    assert many < 40_000


def test_curves_stay_within_their_figure_and_say_their_ends() -> None:
    svg = str(curves_figure(panel(500, marks=((1.0, "changed <b>"),)), "epoch"))
    tree = ET.fromstring(svg)
    width, height = (float(each) for each in tree.get("viewBox", "").split()[2:])
    assert all(-1 <= number <= max(width, height) for number in numbers_in(svg))
    texts = [element.text for element in tree.iter("text")]
    assert {"Loss", "epoch", "nats"} <= set(texts)
    assert any(text and text.startswith("val 0.556") for text in texts)
    assert "changed &lt;b&gt;" in svg
    assert "val: from 0.111 to 0.556" in str(tree.get("aria-label"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e30, -1.0])
def test_curves_without_numbers_are_axes(value: float) -> None:
    x = np.arange(1.0, 400.0)
    curve = Curve("train", x, np.full(len(x), value), "train", is_of_steps=True)
    svg = str(curves_figure(Panel("Loss", "nats", (curve,)), "epoch"))
    assert "nan" not in svg
    assert "inf" not in svg
    ET.fromstring(svg)


def test_one_wild_value_does_not_flatten_the_rest() -> None:
    x = np.arange(1.0, 5001.0)
    y = np.ones(5000)
    y[10] = 1e6
    svg = str(curves_figure(Panel("Loss", "nats", (Curve("train", x, y, "train", is_of_steps=True),)), "epoch"))
    ticks = [element.text for element in ET.fromstring(svg).iter("text") if element.get("class") == "tick"]
    assert "1.0" in ticks


def test_losses_over_decades_have_a_logarithmic_axis() -> None:
    x = np.arange(1.0, 1001.0)
    curve = Curve("train", x, 10.0 ** -(x / 250), "train", is_of_steps=True)
    svg = str(curves_figure(Panel("Loss", "nats", (curve,)), "epoch"))
    ticks = [element.text for element in ET.fromstring(svg).iter("text") if element.get("class") == "tick"]
    assert {"0.1", "0.01"} <= set(ticks)


def test_several_runs_have_a_color_each() -> None:
    x = np.arange(3.0)
    curves = tuple(Curve(f"run {number}", x, x + number, "test", number) for number in range(12))
    svg = str(curves_figure(Panel("Accuracy", "%", curves), "epoch"))
    assert {f"run{number}" for number in range(10)} == set(re.findall(r'class="(run\d+) test"', svg))
    ends = [
        float(element.get("y", ""))
        for element in ET.fromstring(svg).iter("text")
        if "end" in element.get("class", "")
    ]
    assert np.diff(sorted(ends)).min() > 14


def test_a_long_name_leaves_room_for_the_curve() -> None:
    x = np.arange(3.0)
    svg = str(curves_figure(Panel("Loss", "nats", (Curve("x" * 200, x, x, "validation"),)), "epoch"))
    axis = next(each for each in ET.fromstring(svg).iter("line") if each.get("class") == "axis")
    assert float(axis.get("x2", "")) > 330
    assert "x" * 23 + "… " in svg


def test_a_line_is_broken_where_nothing_is_known() -> None:
    plot = Plot(Axis("x", 0, 4), Axis("y", 0, 1), ends=[EndWords("end", np.nan, "train")])
    plot.line(np.arange(5.0), np.array([0.1, 0.2, np.nan, 0.3, np.nan]), "train")
    tree = ET.fromstring(str(plot.svg("title", "said")))
    assert len(list(tree.iter("path"))) == 1
    assert len(list(tree.iter("circle"))) == 1


@pytest.mark.parametrize("classes", [1, 2, 10, 24, 25, 40, 41, 61, 1000])
def test_the_matrix_of_any_number_of_classes(classes: int) -> None:
    confusion = np.random.default_rng(0).integers(0, 5, (classes, classes))
    names = [f"class {number} <&>" for number in range(classes)]
    svg = str(confusion_figure(confusion, names))
    tree = ET.fromstring(svg)
    assert len(svg) < 1_500_000
    counts = [element.text for element in tree.iter("text") if "count" in element.get("class", "")]
    assert counts == ([str(value) for value in confusion.ravel()] if classes <= 24 else [])
    has_cells = len([each for each in tree.iter("rect") if each.find("title") is not None]) == classes**2
    assert has_cells == (classes <= 40)
    assert len(list(tree.iter("image"))) == (classes > 40)
    assert any("<&>" in (element.text or "") for element in tree.iter()) == (classes <= 60)


def test_the_diagonal_has_a_scale_of_its_own() -> None:
    svg = str(confusion_figure(np.array([[90, 1], [3, 45]]), ["a", "b"]))
    cells = [each for each in ET.fromstring(svg).iter("rect") if each.find("title") is not None]
    assert [each.get("style") for each in cells] == ["--share:100%", None, None, "--share:50%"]
    assert cells[2].get("fill") == "#fee838", "the end of cividis"
    assert cells[1].get("fill") != "#fee838"
    assert cells[1].find("title").text == "a taken for b: 1 of 91 (1.1\u202f%)"  # type: ignore[union-attr]


def test_a_matrix_without_images() -> None:
    svg = ET.fromstring(str(confusion_figure(np.zeros((3, 3), np.int64), ["a", "b", "c"])))
    cells = [each for each in svg.iter("rect") if each.find("title") is not None]
    assert len(cells) == 9
    assert "nan" not in ET.tostring(svg, encoding="unicode").lower()


def test_reliability_shows_only_bins_that_have_images() -> None:
    bins = Calibration.of(np.array([0.95, 0.93, 0.55]), np.array([True, False, True]))
    tree = ET.fromstring(str(reliability_figure(bins)))
    bars = [each for each in tree.iter("rect") if each.get("class") == "bar"]
    assert [each.find("title").text for each in bars] == [  # type: ignore[union-attr]
        "confidence 50\u202f% to 60\u202f%: 1 image, 100.0\u202f% right",
        "confidence 90\u202f% to 100\u202f%: 2 images, 50.0\u202f% right",
    ]


@pytest.mark.parametrize(("side", "drawn"), [(8, 96), (28, 84), (32, 96), (64, 64), (96, 96), (97, 96), (224, 96)])
def test_pictures_are_whole_multiples_of_their_pixels(side: int, drawn: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    made = picture(pixels, "caption", "alt")
    assert made.side_px == drawn
    scheme, data = made.uri.split(",")
    assert scheme == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        shown = np.asarray(image)
    assert shown.shape == (drawn, drawn, 3)
    if drawn % side == 0:
        np.testing.assert_array_equal(shown[:: drawn // side, :: drawn // side], pixels)


def test_a_meter_of_nothing_is_nothing() -> None:
    assert meter(float("nan")) == ""
    assert "width:63.5%" in meter(0.635)
