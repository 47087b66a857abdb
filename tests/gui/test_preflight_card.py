"""The card before Start: figures of a run, what does not fit, and whether resuming is exact."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from workbench.core.trials import Certificate, Difference, Preflight
from workbench.gui.trials.preflight_card import PreflightCard
from workbench.gui.trials.preflight_figures import finish, span
from workbench.gui.widgets.theme import Theme

NARROWEST_PX = 270
NOW = datetime(2026, 6, 10, 14, 20)

FITS = Preflight(
    "CPU", "bf16", 128, 24_000_000_000, True, step_s=0.042, images_per_s=1240.3, evaluation_images_per_s=3100,
    steps_per_epoch=352, seconds_per_epoch=14.9, total_s=372.4, peak_bytes=1_230_000_000, largest_batch=2048,
)  # fmt: skip
TOO_LARGE = Preflight(
    "NVIDIA H200", "bf16", 1024, 5_000_000_000, False,
    "the memory is not enough for 1024 images at once; 4 parts of 256 would fit", {"training.accumulation": 4},
)  # fmt: skip
EXACT = Certificate(True, True, (), "", 6, "CPU, 2 threads", "bf16", 2, 8.1)
LONG_NAME = "stages.2.blocks.17.residual.downsample.convolution.weight"
NOT_EXACT = Certificate(
    False, True, tuple(Difference(f"{LONG_NAME}{i}", 1e-7) for i in range(5)), "Try training.deterministic.", 6,
    "NVIDIA H200", "bf16", 16, 8.1,
)  # fmt: skip


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Iterator[Theme]:
    """One for all tests, because to style the application takes longer than most of them."""
    theme = Theme(qapp, "light")
    yield theme
    theme.deleteLater()


def button(widget: PreflightCard, text: str) -> QPushButton:
    return next(b for b in widget.findChildren(QPushButton) if b.text() == text)


def click(qtbot: QtBot, widget: PreflightCard, text: str) -> None:
    qtbot.mouseClick(button(widget, text), Qt.MouseButton.LeftButton)


@pytest.fixture
def card(qtbot: QtBot, theme: Theme) -> PreflightCard:
    card = PreflightCard()
    qtbot.addWidget(card)
    card.resize(NARROWEST_PX, 400)
    card.show()
    return card


def test_the_card_asks(qtbot: QtBot, card: PreflightCard) -> None:
    assert "fits into memory" in card._intro.text()
    with qtbot.waitSignal(card.measure_asked):
        click(qtbot, card, "Measure")
    with qtbot.waitSignal(card.certify_asked):
        click(qtbot, card, "Certify exact resume")


def test_a_reason_disables_both_buttons_and_is_their_tooltip(card: PreflightCard) -> None:
    tooltip = card._measure.toolTip()
    card.show_idle("The field is wrong")
    assert not card._measure.isEnabled()
    assert not card._certify.isEnabled()
    assert card._certify.toolTip() == "The field is wrong"
    card.allow(True, "")
    assert card._measure.isEnabled()
    assert card._measure.toolTip() == tooltip
    card.show_result(TOO_LARGE, NOW)
    card.allow(False, "A run is going on")
    assert card._remedy.toolTip() == card._measure.toolTip() == "A run is going on"
    assert not card._remedy.isEnabled()


def test_the_figures_have_units(card: PreflightCard) -> None:
    card.show_result(FITS, NOW)
    figures = card._figures
    assert figures.text("epoch") == "14.9\u00a0s"
    assert figures.text("total") == "6\u00a0min\u00a012\u00a0s done at 14:26"
    assert figures.text("speed") == "1\u202f240 images/s"
    assert figures.text("memory") == "1.23\u202fGB of 24\u202fGB free"
    assert figures.text("batch") == "about 2\u202f048 images"
    assert (figures.text("device"), figures.text("precision")) == ("CPU", "bf16")
    assert figures.text("free") == ""
    assert not card._intro.isVisible()
    assert not card._problem.isVisible()
    assert not card._remedy.isVisible()


def test_what_does_not_fit_offers_what_would(qtbot: QtBot, card: PreflightCard) -> None:
    card.show_result(TOO_LARGE, NOW)
    assert "Does not fit:" in card._problem.text
    assert "4 parts of 256 would fit" in card._problem.text
    assert [card._figures.text(name) for name in ("total", "epoch", "speed", "memory", "batch")] == [""] * 5
    assert card._figures.text("free") == "5\u202fGB"
    with qtbot.waitSignal(card.remedy_asked) as asked:
        click(qtbot, card, "Use 4 parts")
    assert asked.args == [{"training.accumulation": 4}]


def test_other_remedies_are_named_by_their_fields(card: PreflightCard) -> None:
    remedy = {"training.batch_size": 64, "training.precision": "bf16"}
    card.show_result(Preflight("CPU", "fp32", 128, 1, False, "too large", remedy), NOW)
    assert card._remedy.text() == "Use batch size 64, precision bf16"
    assert "training.batch_size = 64" in card._remedy.toolTip()


def test_an_exact_run_is_certified_and_another_says_what_differs(card: PreflightCard) -> None:
    card.show_certificate(EXACT)
    assert "<b>Exact:</b>" in card._verdict.text
    assert "(CPU, 2 threads, bf16)" in card._verdict.text
    assert card._verdict._strip.property("level") == "right"
    card.show_certificate(NOT_EXACT)
    text = card._verdict.text.replace("\u200b", "").replace("\u00a0", " ")
    assert "<b>Not exact:</b>" in text
    assert all(str(difference) in text for difference in NOT_EXACT.differences[:3])
    assert "and 2 more" in text
    assert str(NOT_EXACT.differences[4]) in card._verdict.toolTip()
    assert card._verdict._more.text() == NOT_EXACT.advice
    assert card._verdict._strip.property("level") == "warning"


def test_names_are_text_not_markup(card: PreflightCard) -> None:
    card.show_certificate(Certificate(False, False, (Difference("<b>x", 1.0),), "", 6, "<i>", "bf16", 1, 1.0))
    assert "&lt;b&gt;x" in card._verdict.text
    assert "(&lt;i&gt;, bf16)" in card._verdict.text
    assert "Not repeatable" in card._verdict.text


@pytest.mark.parametrize("size_px", [12, 13])
def test_nothing_is_wider_than_the_narrowest_tab(qtbot: QtBot, card: PreflightCard, size_px: int) -> None:
    font = card.font()
    font.setPixelSize(size_px)
    card.setFont(font)
    states: list[Callable[[], None]] = [
        lambda: card.show_result(FITS, NOW),
        lambda: card.show_certificate(NOT_EXACT),
        lambda: card.show_progress("Reading the images of a folder with a very long name", 1, 3),
        lambda: card.show_result(TOO_LARGE, NOW),
        card.mark_stale,
    ]
    for show in states:
        show()
        assert card.minimumSizeHint().width() <= NARROWEST_PX


def test_progress_takes_the_place_of_the_buttons(qtbot: QtBot, card: PreflightCard) -> None:
    card.show_progress("Reading", 0, 0)
    assert card._bar.maximum() > 0, "never busy: that bar repaints all the time"
    assert card._done.text() == ""
    card.show_progress("Downloading", 3 << 31, 4 << 31)
    assert card._bar.value() / card._bar.maximum() == 0.75
    assert card._done.text() == "75\u202f%"
    assert not card._measure.isVisible()
    with qtbot.waitSignal(card.cancel_asked):
        click(qtbot, card, "Stop")
    card.show_canceled()
    assert card._measure.isVisible()
    assert not card._stop.isVisible()


def test_canceled_brings_back_what_was_shown(card: PreflightCard) -> None:
    card.show_result(FITS, NOW)
    card.show_progress("Training", 1, 3)
    card.show_canceled()
    assert card._figures.isVisible()
    card.show_idle()
    assert not card._figures.isVisible()
    assert card._intro.isVisible()


def test_the_focus_stays_in_the_card(qtbot: QtBot, card: PreflightCard) -> None:
    with qtbot.waitActive(card):
        card.activateWindow()
    card._certify.setFocus()
    card.show_progress("Training", 1, 3)
    assert card.focusWidget() is card._stop
    card.allow(False, "A measurement is going on")
    card.show_result(FITS, NOW)
    card.allow(True, "")
    assert card.focusWidget() is card._measure


def test_changed_settings_dim_the_figures(card: PreflightCard) -> None:
    card.mark_stale()
    assert not card._stale.isVisible(), "nothing is shown that could be of the past"
    card.show_result(TOO_LARGE, NOW)
    card.show_certificate(EXACT)
    card.mark_stale()
    assert card._stale.isVisible()
    assert not any(part.isEnabled() for part in (card._figures, card._problem, card._verdict, card._remedy))
    assert card._measure.isEnabled()
    card.show_result(FITS, NOW)
    assert card._figures.isEnabled()
    assert not card._stale.isVisible()
    assert not card._verdict.isVisible(), "it was of other settings"


def test_settings_changed_while_measuring_make_the_result_one_of_the_past(card: PreflightCard) -> None:
    card.show_progress("Training", 1, 3)
    card.mark_stale()
    card.show_progress("Training", 2, 3)
    card.show_result(FITS, NOW)
    assert card._stale.isVisible()
    card.show_progress("Training", 1, 3)
    card.show_result(FITS, NOW)
    assert not card._stale.isVisible()


def test_the_end_follows_the_clock_until_something_runs(card: PreflightCard) -> None:
    card.show_result(FITS)
    assert card._clock.isActive()
    value = card._figures._rows["total"][2]
    value.setText("")
    card._follow_clock()
    assert value.text().startswith("done")
    card.allow(False, "A run is going on")
    value.setText("")
    card._follow_clock()
    assert value.text() == ""
    card.show_idle()
    assert not card._clock.isActive()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0421, "42.1 ms"),
        (0.0, "0 ms"),
        (12.44, "12.4 s"),
        (59.97, "1 min 00 s"),
        (372.4, "6 min 12 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86_399, "1 d 0 h"),
        (90_000, "1 d 1 h"),
        (math.nan, "–"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds).replace("\u00a0", " ") == text


def test_ends_are_said_by_the_day(qapp: QApplication) -> None:
    day = 86_400
    assert finish(12 * 60, NOW) == "done at 14:32"
    assert finish(12 * 3600 - 600, NOW) == "done tomorrow 02:10"
    assert finish(3 * day, NOW).endswith("14:20")
    assert "13" in finish(9 * day + 20_000, NOW.replace(day=4))
    assert finish(math.nan, NOW) == finish(math.inf, NOW) == finish(1e12, NOW) == ""
    assert finish(60, NOW.astimezone()) == "done at 14:21"


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_card_is_a_surface_in_both_themes(card: PreflightCard, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    card.show_result(FITS, NOW)
    card.show_certificate(EXACT)
    image = card.grab().toImage()
    strip = card._verdict._strip
    at = strip.mapTo(card, strip.rect().center())
    assert image.pixelColor(6, card.height() // 2) == theme.color("surface")
    assert image.pixelColor(at) == theme.color("right")
    theme.choose("light")
