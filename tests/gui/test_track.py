"""The band of what is usual: shown while the run that is looked at is trained, with a sentence."""

from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, says
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.metric_plot import EXPECTED
from workbench.gui.work.training_session import State


def test_a_repetition_is_compared_with_what_has_finished(qtbot: QtBot, window: MainWindow) -> None:
    panel = window.plot_panel
    sentences = list[str]()

    def note() -> None:
        sentences.extend(text for text in ("On track", "Below what", "Better than") if says(panel, text))

    window.library.runs_changed.connect(note)
    for number in (1, 2):
        button(window, "Start").click()
        qtbot.waitUntil(lambda: window.session.state is not State.IDLE, timeout=LONG_MS)
        if number == 2:
            qtbot.waitUntil(lambda: says(panel, "a finished run of the same settings"), timeout=LONG_MS)
            panel.redraw()
            assert EXPECTED in [line.key for line in panel.accuracy.lines]
            assert EXPECTED in [line.key for line in panel.loss.lines]
        qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
        assert not says(panel, "finished run of the same settings"), "it is over"
        panel.redraw()
        assert EXPECTED not in [line.key for line in panel.accuracy.lines]
        if number == 1:
            assert not sentences
    # The same seed goes the same way.
    assert "On track" in sentences
    assert "Below what" not in sentences
