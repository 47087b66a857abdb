"""Recorded runs are read beside the window: what they say meanwhile, what cannot be read, and who asks no more."""

from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.damage import change, recorded_runs
from tests.gui.conftest import LONG_MS
from tests.gui.seen import wait_for_curves
from tests.run_writer import PER_EPOCH, Writer
from workbench.core.errors import DamagedDatabase, UserError
from workbench.core.home import Home
from workbench.core.records.run_follower import RunFollower
from workbench.core.records.store import RunStore
from workbench.gui.main_window import MainWindow


def test_what_is_said_while_a_run_is_read_comes_after_what_was_read(
    qtbot: QtBot, window: MainWindow, home: Home
) -> None:
    writer = Writer(home)
    writer.start()
    writer.steps(1, 20)
    writer.epoch(1)
    window.library.watch()
    reading = window.run_desk.reading
    window.runs_panel.select(writer.id)
    assert reading.is_busy
    # A run that is trained here says so itself.
    reading.append(writer.start(first_step=10, elapsed_s=1.0))
    assert len(window.plot_panel.curves(writer.id)) == 0
    wait_for_curves(qtbot, window)
    # It was resumed: what came after its checkpoint is done again.
    assert window.plot_panel.curves(writer.id).points("loss", "raw").x.tolist() == [
        step / PER_EPOCH for step in range(1, 11)
    ]
    writer.store.close()


def test_lost_steps_are_said_and_the_others_drawn(
    qtbot: QtBot, home: Home, make_window: Callable[..., MainWindow]
) -> None:
    (run_id,) = recorded_runs(home, 1)
    change(home, "UPDATE step_blocks SET checksum=1 WHERE run_id=?", run_id)
    window = make_window()
    qtbot.waitUntil(lambda: "Steps 1 to 40 of run 'a' cannot be read" in window.message_bar.text, timeout=LONG_MS)
    curves = window.plot_panel.curves(run_id)
    assert len(curves) == 0
    assert curves.points("loss", "test").x.tolist() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("error", [UserError("no"), DamagedDatabase("damaged")])
def test_a_run_that_cannot_be_read_is_not_drawn_and_can_be_tried_again(
    qtbot: QtBot, window: MainWindow, home: Home, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_id,) = recorded_runs(home, 1)

    def refuse(_follower: RunFollower) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(RunFollower, "whole", refuse)
        window.library.watch()
        window.runs_panel.select(run_id)
        words = getattr(error, "what", str(error))
        qtbot.waitUntil(lambda: words in window.message_bar.text, timeout=LONG_MS)
    assert not window.plot_panel.has_run(run_id)
    assert run_id not in window.runs_panel.model.checked
    window.runs_panel.model.set_checked(run_id, True)
    wait_for_curves(qtbot, window)
    assert len(window.plot_panel.curves(run_id)) == 40


def test_a_run_that_is_deleted_while_it_is_read_is_forgotten(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    first, second = recorded_runs(home, 2)
    window.library.watch()
    for run_id in (first, second):
        window.runs_panel.model.set_checked(run_id, True)
    window.runs_panel.delete_asked.emit([first])
    wait_for_curves(qtbot, window)
    assert not window.plot_panel.has_run(first)
    assert len(window.plot_panel.curves(second)) == 40
    window.run_desk.changes.bring_back()
    window.runs_panel.model.set_checked(first, True)
    wait_for_curves(qtbot, window)
    assert len(window.plot_panel.curves(first)) == 40


def test_the_time_of_each_step_is_the_recorded_one(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    with_store = RunStore(home, read_only=True)
    elapsed = with_store.series(run_id).elapsed_s
    with_store.close()
    window.library.watch()
    window.runs_panel.select(run_id)
    wait_for_curves(qtbot, window)
    drawn = window.plot_panel.curves(run_id).points("loss", "raw", "time").x
    np.testing.assert_allclose(drawn, np.maximum.accumulate(elapsed))
