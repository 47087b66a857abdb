"""The drawing of the learning rate over the epochs to come."""

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from tests.gui.drawn import curves, marks, plot_in, points, tick_texts
from tests.gui.seen import says
from workbench.core.settings.schedule import learning_rate
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.trials.schedule_view import ScheduleView
from workbench.gui.widgets.theme import DARK, LIGHT, Theme

CONFIGS = (
    TrainingConfig(),
    TrainingConfig(
        epochs=164, schedule="multi-step", milestones=(1 / 3, 0.5, 0.9), decay_factor=0.2, warmup_epochs=0.5
    ),
    TrainingConfig(learning_rate=0.0125, schedule="step", step_epochs=7),
    TrainingConfig(schedule="constant", milestones=(0.123456789,)),
    TrainingConfig(schedule="cosine", schedule_moves="each-epoch"),
)


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> ScheduleView:
    view = ScheduleView()
    qtbot.addWidget(view)
    view.resize(640, 200)
    view.set_steps_per_epoch(100)
    view.show_config(TrainingConfig())
    view.show()
    return view


@pytest.mark.parametrize("config", CONFIGS)
def test_the_drawing_is_the_schedule(view: ScheduleView, config: TrainingConfig) -> None:
    for steps_per_epoch in (100, 7, 391):
        view.set_steps_per_epoch(steps_per_epoch)
        view.show_config(config)
        epochs, rates = points(curves(plot_in(view))[0])
        assert 2 < len(epochs) <= 400
        assert epochs[0] == 0
        assert config.epochs - epochs[-1] == pytest.approx(1 / steps_per_epoch)
        for epoch, rate in zip(epochs, rates, strict=True):
            assert rate == learning_rate(config, round(epoch * steps_per_epoch), steps_per_epoch)


def test_the_highest_rate_is_written_at_the_axis(qtbot: QtBot, view: ScheduleView) -> None:
    # 3 of 100 000 epochs: between two evenly spread steps.
    view.show_config(TrainingConfig(epochs=100_000, warmup_epochs=3, schedule="cosine", learning_rate=0.05))
    plot = plot_in(view)
    qtbot.waitUntil(lambda: tick_texts(plot, "left") == ["0", "0.05"])
    assert "highest 0.05 at epoch 3.0," in view.accessibleDescription()


def test_one_step_is_drawn_too(view: ScheduleView) -> None:
    view.set_steps_per_epoch(1)
    view.show_config(TrainingConfig(epochs=1))
    assert view.rates.tolist() == [learning_rate(TrainingConfig(epochs=1), 0, 1)]


def test_without_a_config_the_sentence_stands_in_place_of_the_drawing(view: ScheduleView) -> None:
    view.show_problem("training.batch_size is 1; it must be at least 2")
    assert says(view, view.problem)
    view.set_steps_per_epoch(50)
    view.show_config(TrainingConfig(epochs=12))
    assert not says(view, "batch_size")
    assert view.epochs[-1] == pytest.approx(12 - 1 / 50)


def test_the_pointer_reads_the_rate_off(qtbot: QtBot, view: ScheduleView) -> None:
    viewport = plot_in(view).viewport()
    center = viewport.rect().center()
    for shift in (0, 1):
        qtbot.mouseMove(viewport, center + QPoint(shift, 0))
    qtbot.waitUntil(lambda: QToolTip.text().startswith("epoch "))
    assert len(marks(plot_in(view))) == 1
    epoch, rate = (float(part.split()[-1]) for part in QToolTip.text().split(":"))
    nearest = learning_rate(TrainingConfig(), round(epoch * 100), 100)
    assert math.isclose(rate, nearest, rel_tol=0.02)
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_the_wheel_over_the_drawing_scrolls_the_panel(view: ScheduleView) -> None:
    plot = plot_in(view)
    viewport, before = plot.viewport(), plot.viewRange()
    at = QPointF(viewport.rect().center())
    wheel = QWheelEvent(
        at, viewport.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, wheel)
    assert not wheel.isAccepted()
    assert plot.viewRange() == before


def test_the_drawing_follows_the_theme(theme: Theme, view: ScheduleView) -> None:
    for choice, colors in (("dark", DARK), ("light", LIGHT)):
        theme.choose(choice)
        plot = plot_in(view)
        assert curves(plot)[0].opts["pen"].color().name() == colors.accent.lower()
        assert plot.backgroundBrush().color().name() == colors.surface.lower()
