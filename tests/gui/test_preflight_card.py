"""The card before Start: figures of a run, what does not fit, and whether resuming is exact."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from tests.gui.seen import button, has_button, label, named, says
from workbench.core.settings.trials import Certificate, Difference, Preflight
from workbench.gui.trials.preflight_card import PreflightCard
from workbench.gui.trials.preflight_figures import PreflightFigures, finish, span
from workbench.gui.trials.verdict_view import CertificateView
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


def click(qtbot: QtBot, widget: PreflightCard, text: str) -> None:
    qtbot.mouseClick(button(widget, text), Qt.MouseButton.LeftButton)


def figures(card: PreflightCard) -> PreflightFigures:
    return card.findChild(PreflightFigures)


def verdict(card: PreflightCard) -> CertificateView:
    return card.findChild(CertificateView)


def bar(card: PreflightCard) -> QProgressBar:
    return named(card, QProgressBar, "Progress of the trial")


STALE = "Settings have changed since"


@pytest.fixture
def card(qtbot: QtBot, theme: Theme) -> PreflightCard:
    card = PreflightCard()
    qtbot.addWidget(card)
    card.resize(NARROWEST_PX, 400)
    card.show()
    return card


def test_the_card_asks(qtbot: QtBot, card: PreflightCard) -> None:
    assert says(card, "fits into memory")
    with qtbot.waitSignal(card.measure_asked):
        click(qtbot, card, "Measure")
    with qtbot.waitSignal(card.certify_asked):
        click(qtbot, card, "Certify exact resume")


def test_a_reason_disables_both_buttons_and_is_their_tooltip(card: PreflightCard) -> None:
    measure, certify = button(card, "Measure"), button(card, "Certify exact resume")
    tooltip = measure.toolTip()
    card.allow(False, "The field is wrong")
    assert not measure.isEnabled()
    assert not certify.isEnabled()
    assert certify.toolTip() == "The field is wrong"
    card.allow(True, "")
    assert measure.isEnabled()
    assert measure.toolTip() == tooltip
    card.show_result(TOO_LARGE, NOW)
    card.allow(False, "A run is going on")
    remedy = button(card, "Use 4 parts")
    assert remedy.toolTip() == measure.toolTip() == "A run is going on"
    assert not remedy.isEnabled()


def test_the_figures_have_units(card: PreflightCard) -> None:
    card.show_result(FITS, NOW)
    text = figures(card).text
    assert text("epoch") == "14.9\u00a0s"
    assert text("total") == "6\u00a0min\u00a012\u00a0s done at 14:26"
    assert text("speed") == "1\u202f240 images/s"
    assert text("memory") == "1.23\u202fGB of 24\u202fGB free"
    assert text("batch") == "about 2\u202f048 images"
    assert (text("device"), text("precision")) == ("CPU", "bf16")
    assert text("free") == ""
    assert not says(card, "fits into memory")
    assert not says(card, "Does not fit")
    assert not has_button(card, "Use 4 parts")


def test_what_does_not_fit_offers_what_would(qtbot: QtBot, card: PreflightCard) -> None:
    card.show_result(TOO_LARGE, NOW)
    assert "4 parts of 256 would fit" in label(card, "Does not fit:").text()
    assert [figures(card).text(name) for name in ("total", "epoch", "speed", "memory", "batch")] == [""] * 5
    assert figures(card).text("free") == "5\u202fGB"
    with qtbot.waitSignal(card.remedy_asked) as asked:
        click(qtbot, card, "Use 4 parts")
    assert asked.args == [{"training.accumulation": 4}]


def test_other_remedies_are_named_by_their_fields(card: PreflightCard) -> None:
    remedy = {"training.batch_size": 64, "training.precision": "bf16"}
    card.show_result(Preflight("CPU", "fp32", 128, 1, False, "too large", remedy), NOW)
    assert "training.batch_size = 64" in button(card, "Use batch size 64, precision bf16").toolTip()


def test_an_exact_run_is_certified_and_another_says_what_differs(card: PreflightCard) -> None:
    card.show_certificate(EXACT)
    assert says(card, "<b>Exact:</b>")
    assert says(card, "(CPU, 2 threads, bf16)")
    assert verdict(card).level == "right"
    card.show_certificate(NOT_EXACT)
    text = label(card, "Not exact").text().replace("\u200b", "").replace("\u00a0", " ")
    assert "<b>Not exact:</b>" in text
    assert all(str(difference) in text for difference in NOT_EXACT.differences[:3])
    assert "and 2 more" in text
    assert str(NOT_EXACT.differences[4]) in verdict(card).toolTip()
    assert says(card, NOT_EXACT.advice)
    assert verdict(card).level == "warning"


def test_names_are_text_not_markup(card: PreflightCard) -> None:
    card.show_certificate(Certificate(False, False, (Difference("<b>x", 1.0),), "", 6, "<i>", "bf16", 1, 1.0))
    text = label(card, "Not repeatable").text()
    assert "&lt;b&gt;x" in text
    assert "(&lt;i&gt;, bf16)" in text


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
    assert bar(card).maximum() > 0, "never busy: that bar repaints all the time"
    assert not says(card, "%")
    card.show_progress("Downloading", 3 << 31, 4 << 31)
    assert bar(card).value() / bar(card).maximum() == 0.75
    assert says(card, "75\u202f%")
    assert not has_button(card, "Measure")
    with qtbot.waitSignal(card.cancel_asked):
        click(qtbot, card, "Stop")
    card.show_canceled()
    assert has_button(card, "Measure")
    assert not has_button(card, "Stop")


def test_canceled_brings_back_what_was_shown(card: PreflightCard) -> None:
    card.show_progress("Training", 1, 3)
    assert not says(card, "fits into memory")
    card.show_canceled()
    assert not figures(card).isVisible()
    assert says(card, "fits into memory")
    card.show_result(FITS, NOW)
    card.show_progress("Training", 1, 3)
    card.show_canceled()
    assert figures(card).isVisible()
    assert not says(card, "fits into memory")


def test_the_focus_stays_in_the_card(qtbot: QtBot, card: PreflightCard) -> None:
    with qtbot.waitActive(card):
        card.activateWindow()
    button(card, "Certify exact resume").setFocus()
    card.show_progress("Training", 1, 3)
    assert card.focusWidget() is button(card, "Stop")
    card.allow(False, "A measurement is going on")
    card.show_result(FITS, NOW)
    card.allow(True, "")
    assert card.focusWidget() is button(card, "Measure")


def test_changed_settings_dim_the_figures(card: PreflightCard) -> None:
    card.mark_stale()
    assert not says(card, STALE), "nothing is shown that could be of the past"
    card.show_result(TOO_LARGE, NOW)
    card.show_certificate(EXACT)
    card.mark_stale()
    assert says(card, STALE)
    dimmed = (
        label(card, "Does not fit"),
        label(card, "Exact"),
        label(card, "5\u202fGB"),
        button(card, "Use 4 parts"),
    )
    assert not any(part.isEnabled() for part in dimmed)
    assert button(card, "Measure").isEnabled()
    card.show_result(FITS, NOW)
    assert figures(card).isEnabled()
    assert not says(card, STALE)
    assert not says(card, "Exact"), "it was of other settings"


def test_settings_changed_while_measuring_make_the_result_one_of_the_past(card: PreflightCard) -> None:
    card.show_progress("Training", 1, 3)
    card.mark_stale()
    card.show_progress("Training", 2, 3)
    card.show_result(FITS, NOW)
    assert says(card, STALE)
    card.show_progress("Training", 1, 3)
    card.show_result(FITS, NOW)
    assert not says(card, STALE)


class Clock(datetime):
    """Stands still until it is set."""

    shown = NOW

    @classmethod
    def now(cls, tz: object = None) -> datetime:
        return cls.shown


def test_the_end_follows_the_clock_until_something_runs(
    card: PreflightCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.gui.trials.preflight_figures.datetime", Clock)
    card.show_result(FITS)
    assert says(card, "done at 14:26")
    tick = card.findChild(QTimer)
    assert tick.isActive()
    monkeypatch.setattr(Clock, "shown", NOW + timedelta(minutes=10))
    tick.timeout.emit()
    assert says(card, "done at 14:36")
    card.allow(False, "A run is going on")
    monkeypatch.setattr(Clock, "shown", NOW + timedelta(minutes=20))
    tick.timeout.emit()
    assert says(card, "done at 14:36")
    card.show_result(TOO_LARGE)
    assert not tick.isActive(), "it has no end"


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
    shown = verdict(card)
    # The strip is at its left.
    at = shown.mapTo(card, QPoint(1, shown.height() // 2))
    assert image.pixelColor(6, card.height() // 2) == theme.color("surface")
    assert image.pixelColor(at) == theme.color("right")
    theme.choose("light")
