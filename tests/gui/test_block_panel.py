"""What flows through the blocks, over epochs and block by block."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, pick
from tests.trained import record_run
from workbench.core.events import GradientsMeasured, RunStarted
from workbench.core.gradients import WeightedLayers
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.block_panel import BlockPanel
from workbench.gui.widgets.theme import Theme

CONFIG = RunConfig().with_values({"model.blocks": [2, 1], "model.widths": [8, 16]})


def started(config: RunConfig = CONFIG, first_step: int = 0) -> RunStarted:
    folder = Home.locate().data
    return RunStarted("r", "mine", config, "CPU", "fp32", 1, ("a", "b"), (8, 1, 1), folder, 10, first_step, 0.0)


def sample(step: int, factor: float = 1.0) -> GradientsMeasured:
    layers = WeightedLayers.of(CONFIG.model).names
    figures = np.array([[1, 4, 0.5, 1.0, 0.2], [3, 4, 0.7, 1.0, 0.4], [6, 4, 0.1, 2.0, 0.6]], np.float32)
    figures[:, 0] *= factor
    return GradientsMeasured("r", step, 1, layers, np.ones(len(layers), np.float32), figures)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> BlockPanel:
    panel = BlockPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(800, 600)
    panel.show()
    panel.add_run("r", "mine")
    panel.show_run("r")
    return panel


def test_branches_are_compared_with_their_shortcuts(qtbot: QtBot, panel: BlockPanel) -> None:
    panel.append(started())
    panel.append(sample(5))
    panel.append(sample(20, factor=0.5))
    panel.redraw()
    assert panel.sentence == (
        "Step 20 (epoch 2.00): residual branches add 25\u202f% of their shortcuts in stage 1, 75\u202f% in stage 2"
    )
    pick(panel, "Measure", "Share of zeros")
    assert "30\u202f% of what blocks put out is zero in stage 1, 60\u202f% in stage 2" in panel.sentence
    pick(panel, "Measure", "Mean activation")
    assert "0.60 on average in stage 1, 0.10 in stage 2" in panel.sentence


def test_a_resumed_run_measures_anew_what_came_after_its_checkpoint(panel: BlockPanel) -> None:
    for event in (started(), sample(5), sample(20), started(first_step=10), sample(15, factor=2)):
        panel.append(event)
    panel.redraw()
    assert panel.sentence.startswith("Step 15 ")
    panel._point_at(0.4)
    assert panel.sentence.startswith("Step 5 ")


def test_a_plain_network_has_nothing_to_compare_with_but_activations(panel: BlockPanel) -> None:
    panel.append(started(CONFIG.with_values({"model.shortcut": "none"})))
    plain = sample(5)
    plain.blocks[:, 1] = np.nan
    panel.append(plain)
    panel.redraw()
    assert panel.sentence == ""
    pick(panel, "Measure", "Deviation of activations")
    assert "deviates by 1.00 in stage 1" in panel.sentence


def test_a_run_of_which_nothing_was_measured_says_so(panel: BlockPanel) -> None:
    layers = WeightedLayers.of(CONFIG.model).names
    panel.append(started())
    panel.append(GradientsMeasured("r", 5, 1, layers, np.ones(len(layers), np.float32)))
    panel.redraw()
    assert panel.sentence == ""


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_it_paints_in_both_themes(panel: BlockPanel, theme: Theme, choice: str) -> None:
    panel.append(started())
    panel.append(sample(5))
    theme.choose(choice)
    panel.redraw()
    image = panel.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(0, 800, 7) for y in range(0, 600, 7)}
    assert theme.series(0).name() in colors
    assert theme.series(1).name() in colors


def test_arrow_keys_name_a_block(qtbot: QtBot, panel: BlockPanel) -> None:
    panel.append(started())
    panel.append(sample(5))
    panel.redraw()
    blocks = panel._plots[1]
    for _ in range(3):
        qtbot.keyClick(blocks, Qt.Key.Key_Right)
    assert blocks.accessibleDescription() == "layer2.0: 150\u202f%"


def test_a_recorded_run_is_shown_in_the_window(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    action(window, "Blocks, or back to the curves").trigger()
    assert window.block_panel.isVisible()
    qtbot.waitUntil(lambda: "residual branches add" in window.block_panel.sentence, timeout=LONG_MS)
    action(window, "Blocks, or back to the curves").trigger()
    assert window.plot_panel.isVisible()
    QApplication.processEvents()
