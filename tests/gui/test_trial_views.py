"""The rate finder, pairs of augmented images, the change of the rate: what they show and ask for."""

import math
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractButton, QDoubleSpinBox, QProgressBar, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.drawn import (
    curves,
    dots,
    is_written,
    mark_positions,
    marks,
    on_screen,
    plot_in,
    point_at,
    points,
    text_item,
)
from tests.gui.seen import button, button_like, label, named, says
from workbench.core.settings.trials import RateSuggestion, RateTrial
from workbench.gui.data.augmentation_view import AugmentationView
from workbench.gui.data.image_pairs import ImagePairs
from workbench.gui.runs.rate_change_dialog import RateChangeDialog, RestCurve
from workbench.gui.trials.rate_finder_view import RateFinderView
from workbench.gui.trials.rate_plot import RatePlot, loss_range, rate_text, rate_ticks
from workbench.gui.widgets.theme import Theme

NARROWEST_PX, WIDEST_PX = 270, 356


def click(qtbot: QtBot, widget: QWidget, text: str) -> None:
    qtbot.mouseClick(button(widget, text), Qt.MouseButton.LeftButton)


RATES = np.geomspace(1e-5, 10, 61)
LOSSES = np.where(RATES < 0.01, 2.3, np.where(RATES < 1, 1.5, 9.0))
TRIAL = RateTrial(RATES[:30], LOSSES[:30], LOSSES[:30], 61)
FOUND = RateSuggestion(RATES, LOSSES, LOSSES, 0.12, "The loss falls fastest at 0.12.")
NOTHING = RateSuggestion(RATES[:20], LOSSES[:20], LOSSES[:20], None, "The loss does not fall.")


@pytest.fixture
def finder(qtbot: QtBot, theme: Theme) -> RateFinderView:
    window = RateFinderView(theme)
    qtbot.addWidget(window)
    window.show()
    return window


def use(finder: RateFinderView) -> QAbstractButton:
    """The button that takes a rate, and names it once one is chosen."""
    return button_like(finder, "Use")


def click_at(qtbot: QtBot, plot: RatePlot, rate: float) -> None:
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=on_screen(plot, math.log10(rate)))


def test_the_finder_asks_and_waits(qtbot: QtBot, finder: RateFinderView) -> None:
    with qtbot.waitSignal(finder.find_asked):
        click(qtbot, finder, "Find")
    finder.show_running()
    assert not use(finder).isEnabled()
    assert "Wait" in use(finder).toolTip()
    finder.show_trial(TRIAL)
    assert says(finder, "step 30 of at most 61 · rate 0.0079")
    bar, plot = named(finder, QProgressBar, "Progress of the trial"), plot_in(finder)
    assert (bar.value(), bar.maximum()) == (30, 61)
    low, high = plot.viewRange()[0]
    assert low == pytest.approx(-5, abs=0.2)
    assert high == pytest.approx(1, abs=0.2), "the axis reaches to the end of the trial"
    click_at(qtbot, plot, 0.001)
    assert plot.rate is None, "nothing to choose while it runs"
    with qtbot.waitSignal(finder.cancel_asked):
        click(qtbot, finder, "Stop")
    finder.show_canceled()
    assert says(finder, "Stopped")
    assert button(finder, "Try again").isEnabled()


def test_an_empty_trial_is_no_error(finder: RateFinderView) -> None:
    finder.show_running()
    finder.show_trial(RateTrial(np.empty(0), np.empty(0), np.empty(0), 61))
    assert is_written(plot_in(finder), "appears here")
    finder.show_error("the images cannot be read")
    assert label(finder, "the images cannot be read").property("role") == "error"


def test_the_suggestion_can_be_taken(qtbot: QtBot, finder: RateFinderView) -> None:
    finder.show_running()
    finder.show_suggestion(FOUND)
    assert says(finder, FOUND.reason)
    with qtbot.waitSignal(finder.rate_chosen) as chosen:
        click(qtbot, finder, "Use 0.12")
    assert chosen.args == [0.12]


def test_it_says_why_it_cannot_begin(finder: RateFinderView) -> None:
    finder.allow("PyTorch is being loaded")
    assert not button(finder, "Find").isEnabled()
    assert button(finder, "Find").toolTip() == "PyTorch is being loaded"
    finder.allow("")
    assert button(finder, "Find").isEnabled()
    finder.show_running()
    finder.allow("The machine is busy with a run or a measurement; stop it first")
    assert button(finder, "Stop").isEnabled()


@pytest.mark.parametrize("wanted", [0.0011, 0.057, 1.2])
def test_a_click_chooses_another_rate(qtbot: QtBot, finder: RateFinderView, wanted: float) -> None:
    finder.show_suggestion(FOUND)
    plot = plot_in(finder)
    click_at(qtbot, plot, wanted)
    assert plot.rate == pytest.approx(wanted, rel=0.05)
    assert use(finder).text() == f"Use {rate_text(plot.rate)}"
    expected = sorted((math.log10(0.12), math.log10(plot.rate)))
    assert mark_positions(plot) == pytest.approx(expected), "the suggestion stays marked"
    assert is_written(plot, "suggestion 0.12")


def test_the_line_can_be_dragged(finder: RateFinderView) -> None:
    finder.show_suggestion(FOUND)
    plot = plot_in(finder)
    (line,) = (mark for mark in marks(plot) if mark.movable)
    line.setPos(math.log10(0.0312))
    line.sigDragged.emit(line)
    assert use(finder).text() == "Use 0.031"
    assert line.value() == pytest.approx(math.log10(0.031)), "snapped to two digits"


def test_arrow_keys_choose_and_stay_inside(qtbot: QtBot, finder: RateFinderView) -> None:
    finder.show_suggestion(FOUND)
    plot = plot_in(finder)
    seen = [plot.rate]
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left):
        qtbot.keyClick(plot, key)
        seen.append(plot.rate)
    assert seen == [0.12, 0.13, 0.12, 0.11]
    for _ in range(60):
        qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.rate == 10
    assert "rate 10" in plot.accessibleDescription()


def test_without_a_suggestion_a_rate_must_be_chosen(qtbot: QtBot, finder: RateFinderView) -> None:
    finder.show_suggestion(FOUND)
    finder.show_suggestion(NOTHING)
    plot = plot_in(finder)
    assert not use(finder).isEnabled()
    assert "Click" in use(finder).toolTip()
    assert mark_positions(plot) == []
    assert not is_written(plot, "suggestion")
    click_at(qtbot, plot, 0.0002)
    assert use(finder).isEnabled()
    assert len(mark_positions(plot)) == 1
    assert not is_written(plot, "suggestion")


def test_losses_that_are_no_numbers_are_drawn_around(finder: RateFinderView) -> None:
    losses = LOSSES.copy()
    losses[40:] = np.nan
    losses[50] = np.inf
    finder.show_suggestion(RateSuggestion(RATES, losses, losses, 0.12, "It explodes."))
    plot = plot_in(finder)
    plot.choose(5.0)
    assert dots(plot) == 0
    finder.grab()
    plot.choose(0.001)
    assert dots(plot) == 1


def test_the_pointer_reads_a_loss(finder: RateFinderView) -> None:
    finder.show_suggestion(FOUND)
    plot = plot_in(finder)
    point_at(plot, -1)
    assert text_item(plot, "rate 0.1").toPlainText() == "rate 0.1  loss 1.500"
    plot.clear_curve()
    assert not is_written(plot, "rate 0.1")


def test_an_explosion_does_not_hide_the_valley() -> None:
    low, high = loss_range(np.array([2.3, 1.2, 400.0]))
    assert low <= 1.2
    assert 4 < high < 6
    low, high = loss_range(np.array([2.3, 2.29, 2.31]))
    assert low < 1.9
    assert high > 2.7, "noise must not look like a course"
    assert loss_range(np.array([np.nan])) == (0.0, 2.5)


def test_ticks_are_round_rates() -> None:
    (many,) = rate_ticks(-5, 1)
    assert [text for _, text in many] == ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1", "10"]
    (few,) = rate_ticks(-1, 0)
    assert [text for _, text in few] == ["0.1", "0.2", "0.5", "1"]
    assert few[1][0] == pytest.approx(math.log10(0.2))


# Augmented pairs


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> AugmentationView:
    view = AugmentationView()
    qtbot.addWidget(view)
    view.resize(NARROWEST_PX, 700)
    view.show()
    return view


def pictures(view: AugmentationView) -> ImagePairs:
    return named(view, ImagePairs, "Training images, the original above what training sees")


def pairs(count: int, side: int) -> tuple[Any, Any]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return pixels, pixels[:, :, ::-1].copy()


def test_each_drawing_is_of_the_next_epoch(qtbot: QtBot, view: AugmentationView) -> None:
    asked: list[int] = []
    view.examples_asked.connect(asked.append)
    assert says(view, "appear here")
    click(qtbot, view, "Show examples")
    view.show_examples(*pairs(16, 32))
    assert says(view, "Above: original. Below: as trained.")
    click(qtbot, view, "Draw again")
    click(qtbot, view, "Draw again")
    view.mark_stale()
    assert says(view, "changed")
    click(qtbot, view, "Show examples")
    assert asked == [0, 1, 2, 2], "changed settings are shown on the same images"


def test_examples_problems_and_reasons_are_said(view: AugmentationView) -> None:
    view.show_note("random crop 4 px, flip")
    assert says(view, "random crop 4 px, flip")
    view.show_problem("the images cannot be read")
    assert label(view, "the images cannot be read").property("role") == "error"
    view.show_examples(*pairs(3, 32))
    assert not says(view, "the images cannot be read")
    again = button(view, "Draw again")
    view.allow(False, "A run is going on")
    assert not again.isEnabled()
    assert again.toolTip() == "A run is going on"
    view.allow(True, "")
    assert again.isEnabled()


@pytest.mark.parametrize("side", [1, 8, 28, 32, 40, 64, 65, 96, 224])
def test_pairs_stand_apart_inside_the_tab(view: AugmentationView, side: int) -> None:
    view.show_examples(*pairs(20, side))
    for width in (252, NARROWEST_PX, 276, WIDEST_PX, 700):
        rects = pictures(view).rects(width)
        flat = [rect for pair in rects for rect in pair]
        assert len(rects) == 16
        assert all(rect.left() >= 1 and rect.right() <= width - 2 and rect.top() >= 1 for rect in flat)
        assert pictures(view).heightForWidth(width) == max(rect.bottom() for rect in flat) + 2
        assert not any(a.intersects(b) for i, a in enumerate(flat) for b in flat[:i])
        drawn = flat[0].width()
        assert drawn >= 48
        assert drawn % side == 0 or drawn < side, "whole multiples, or made smaller"


def test_the_narrowest_tab_shows_cifar_at_twice_its_size_in_four_columns(view: AugmentationView) -> None:
    view.show_examples(*pairs(16, 32))
    rects = pictures(view).rects(NARROWEST_PX)
    assert rects[0][0].width() == 64
    assert len({pair[0].left() for pair in rects}) == 4
    assert all(below.top() > above.bottom() and below.left() == above.left() for above, below in rects)


def test_pixels_stay_sharp(view: AugmentationView) -> None:
    plain, augmented = pairs(16, 32)
    view.show_examples(plain, augmented)
    drawn = pictures(view).grab().toImage()
    for pair, images in zip(
        pictures(view).rects(pictures(view).width()), zip(plain, augmented, strict=True), strict=True
    ):
        for rect, pixels in zip(pair, images, strict=True):
            for y, x in ((0, 0), (13, 7), (31, 31)):
                color = drawn.pixelColor(rect.left() + 2 * x + 1, rect.top() + 2 * y + 1)
                assert color == QColor(*(int(value) for value in pixels[y, x]))


def test_large_images_are_averaged(view: AugmentationView) -> None:
    stripes = np.zeros((2, 224, 224, 3), np.uint8)
    stripes[:, :, ::2] = 255
    view.show_examples(stripes, stripes)
    drawn = pictures(view).grab().toImage()
    center = pictures(view).rects(pictures(view).width())[0][0].center()
    assert 80 < drawn.pixelColor(center).red() < 176


def test_other_shapes_keep_their_proportions(view: AugmentationView) -> None:
    wide = np.zeros((2, 16, 32, 3), np.uint8)
    view.show_examples(wide, wide)
    size = pictures(view).rects(NARROWEST_PX)[0][0].size()
    assert size.width() == 2 * size.height()


def test_a_picture_says_what_it_is(view: AugmentationView) -> None:
    view.show_examples(*pairs(16, 32))
    above, below = pictures(view).rects(pictures(view).width())[1]
    assert pictures(view).words_at(above.center()) == "Image 2, original"
    assert pictures(view).words_at(below.center()) == "Image 2, as trained"
    assert pictures(view).words_at(QPoint(0, 0)) == ""


# The change of the rate


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> RateChangeDialog:
    dialog = RateChangeDialog(0.0794328234)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def rate_box(dialog: RateChangeDialog) -> QDoubleSpinBox:
    return named(dialog, QDoubleSpinBox, "Learning rate from the next step")


def times(dialog: RateChangeDialog, factor: float) -> QAbstractButton:
    return button(dialog, f"×\u202f{factor:g}")


@pytest.mark.parametrize("factor", [0.1, 0.5, 2.0])
def test_a_button_gives_its_factor_exactly(qtbot: QtBot, dialog: RateChangeDialog, factor: float) -> None:
    for _ in range(2):
        qtbot.mouseClick(times(dialog, factor), Qt.MouseButton.LeftButton)
    assert dialog.factor == factor
    assert rate_box(dialog).value() == pytest.approx(factor * 0.0794328234, rel=1e-3)
    assert says(dialog, f"multiplied by {factor:g}.")
    assert button(dialog, "Change").isEnabled()


def test_a_typed_rate_becomes_a_factor(dialog: RateChangeDialog) -> None:
    rate_box(dialog).setValue(0.01)
    assert dialog.factor == pytest.approx(0.01 / 0.0794328234)
    assert says(dialog, "multiplied by 0.126")


def test_the_same_rate_and_zero_change_nothing(dialog: RateChangeDialog) -> None:
    assert dialog.factor is None, "shown rounded, it is still the rate of now"
    assert not button(dialog, "Change").isEnabled()
    rate_box(dialog).setValue(0)
    assert dialog.factor is None
    sentence = label(dialog, "greater than 0")
    assert sentence.property("role") == "error"
    assert button(dialog, "Change").toolTip() == sentence.text()


@pytest.mark.parametrize("current", [3.7e-7, 4e-9, 55.0])
def test_very_small_and_large_rates(qtbot: QtBot, theme: Theme, current: float) -> None:
    dialog = RateChangeDialog(current)
    qtbot.addWidget(dialog)
    assert rate_box(dialog).value() == pytest.approx(current)
    assert dialog.factor is None
    times(dialog, 0.5).click()
    assert dialog.factor == 0.5


def test_a_rate_of_zero_cannot_be_multiplied(qtbot: QtBot, theme: Theme) -> None:
    dialog = RateChangeDialog(0.0)
    qtbot.addWidget(dialog)
    rate_box(dialog).setValue(1)
    assert dialog.factor is None
    assert says(dialog, "no factor changes")


def test_while_the_run_goes_on_a_factor_stays_and_so_does_a_typed_rate(dialog: RateChangeDialog) -> None:
    dialog.show_rate(0.05)
    assert rate_box(dialog).value() == pytest.approx(0.05), "untouched, it follows"
    assert dialog.factor is None
    times(dialog, 0.5).click()
    dialog.show_rate(0.04)
    assert dialog.factor == 0.5
    assert rate_box(dialog).value() == pytest.approx(0.02)
    rate_box(dialog).setValue(0.01)
    dialog.show_rate(0.02)
    assert dialog.factor == pytest.approx(0.5)
    assert rate_box(dialog).value() == pytest.approx(0.01)


def test_the_rest_of_the_schedule_is_drawn_before_and_after(qtbot: QtBot, theme: Theme) -> None:
    dialog = RateChangeDialog(0.1, None, np.linspace(0.1, 0, 50))
    qtbot.addWidget(dialog)
    dialog.show()
    curve = named(dialog, RestCurve, "Rest of the schedule, before and after")
    top = curve.line(1.0)[0].y()
    times(dialog, 2).click()
    assert curve.line(2.0)[0].y() == pytest.approx(top), "the higher curve fills the height"
    middle = (curve.line(2.0)[0].y() + curve.line(2.0)[49].y()) / 2
    assert curve.line(1.0)[0].y() == pytest.approx(middle)
    curve.grab()


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_both_views_paint_in_both_themes(
    finder: RateFinderView, view: AugmentationView, theme: Theme, choice: str
) -> None:
    theme.choose(choice)
    finder.show_suggestion(FOUND)
    view.show_examples(*pairs(4, 32))
    plot = plot_in(finder)
    picture = plot.grab().toImage()
    assert picture.pixelColor(picture.width() - 4, 4) == theme.color("surface")
    losses = [curve for curve in curves(plot) if len(points(curve)[0]) == len(RATES)]
    assert theme.series(0) in [curve.opts["pen"].color() for curve in losses]
    view.grab()
    theme.choose("light")
