"""Shaping a network: presets with search, options, undo, clipboard, own presets, comparison, export."""

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui.drawn import curves, plot_in, points
from tests.gui.seen import action, button, button_like, named, press_in_dialog, says
from tests.model_trees import allowed, model_trees
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.core.speed import UNITS, Speed
from workbench.engine.machine.device import Compute, device_name
from workbench.engine.trials import speed_probe
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.edit_history import EditHistory
from workbench.gui.build.model_panel import ModelPanel
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.export_dialog import ExportDialog
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.theme import Theme
from workbench.gui.work.training_session import State

LONG_MS = 60_000


@pytest.fixture
def build(qtbot: QtBot, theme: Theme) -> BuildPanel:
    with theme.put_on_last():
        panel = BuildPanel(Presets.load(), theme)
    qtbot.addWidget(panel)
    panel.resize(320, 900)
    panel.show()
    return panel


def stage(parent: QWidget, what: str, number: int) -> QSpinBox:
    """A field of the table of stages: its `Blocks`, `Width` or `Stride`."""
    return named(parent, QSpinBox, f"{what} of stage {number}")


def preset_shown(parent: QWidget) -> str:
    return named(parent, QComboBox, "Preset").currentText()


def size_shown(parent: QWidget) -> str:
    return named(parent, QLabel, "Size of the network").text().replace("\u202f", " ")


def offered(window: MainWindow, title: str) -> bool:
    """Whether a network can be compared with."""
    return named(window.network_panel, QComboBox, "Compare with").findText(title) > 0


def search_line(build: BuildPanel) -> QLineEdit:
    return named(build, QLineEdit, "Search presets")


def type_preset(qtbot: QtBot, build: BuildPanel, words: str, *keys: Qt.Key) -> list[str]:
    """Open the list of presets, search, press `keys`; returns the titles that the search found."""
    named(build, QComboBox, "Preset").showPopup()
    qtbot.keyClicks(search_line(build), words)
    rows = named(build, QListView, "Presets").model()
    found = [rows.data(rows.index(row, 0)) for row in range(rows.rowCount())]
    for key in keys:
        qtbot.keyClick(search_line(build), key)
    return found


def test_a_preset_is_found_by_words_and_taken_by_keys(qtbot: QtBot, build: BuildPanel) -> None:
    found = type_preset(qtbot, build, "torchvision wide", Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert found == ["Wide ResNet-50-2 ImageNet", "Wide ResNet-101-2 ImageNet"]
    config = build.model_panel.config
    assert config is not None
    assert config.base_width == 128
    assert sum(config.blocks) == 33
    assert preset_shown(build) == "Wide ResNet-101-2 ImageNet"
    assert not search_line(build).isVisible()


def test_presets_that_came_before_the_list_was_opened_are_in_it(qtbot: QtBot, build: BuildPanel) -> None:
    shipped = Presets.load()
    preset = replace(shipped.model("resnet8"), name="mine", title="Of my own")
    build.set_presets(Presets(models=shipped.models | {"mine": preset}, recipes=shipped.recipes))
    assert type_preset(qtbot, build, "of my own") == ["Of my own"]
    search_line(build).window().close()


def test_a_search_without_result_says_so(qtbot: QtBot, build: BuildPanel) -> None:
    assert type_preset(qtbot, build, "transformer", Qt.Key.Key_Return) == []
    assert says(search_line(build).window(), "No preset has these words")
    search_line(build).window().close()


def test_every_preset_goes_through_the_fields_unchanged(build: BuildPanel) -> None:
    for preset in Presets.load().models.values():
        build.model_panel.select_preset(preset.name)
        assert build.model_panel.config == preset.config, preset.name
        assert preset_shown(build) == preset.title


def test_a_changed_preset_says_what_it_was(build: BuildPanel) -> None:
    build.model_panel.select_preset("resnet20")
    stage(build.model_panel, "Width", 1).setValue(24)
    assert preset_shown(build) == "ResNet-20 *"
    assert build.model_panel.base == "resnet20"


def test_options_that_mean_nothing_are_hidden_and_do_no_harm(build: BuildPanel) -> None:
    panel = build.model_panel
    panel.select_preset("resnext29-8x64d")
    button_like(panel, "More options").click()
    assert panel.field("cardinality").isVisible()
    panel.field("block").setCurrentIndex(0)
    assert not panel.field("cardinality").isVisible()
    assert panel.config is not None
    assert panel.config.cardinality == 1


def choose(panel: ModelPanel, field: str, value: str) -> None:
    box = panel.field(field)
    box.setCurrentIndex(box.findData(value))


def test_a_block_brings_its_own_fields_and_the_shortcuts_that_it_can_have(build: BuildPanel) -> None:
    panel = build.model_panel
    panel.select_preset("resnet20")
    button_like(panel, "More options").click()
    shortcut, residual = panel.field("shortcut"), named(panel, QCheckBox, "Residual of stage 2")
    choose(panel, "block", "page")
    assert shortcut.currentData() == "identity"
    allowed = [shortcut.itemData(row) for row in range(shortcut.count()) if shortcut.model().item(row).isEnabled()]
    assert allowed == ["identity", "none"]
    assert residual.isVisible()
    assert not panel.field("inner_expansion").isVisible()
    residual.click()
    assert panel.config is not None
    assert panel.config.residuals == (True, False, True)
    choose(panel, "block", "inverted")
    assert not residual.isVisible()
    panel.field("inner_expansion").setValue(3)
    assert panel.config is not None
    assert (panel.config.residuals, panel.config.inner_expansion) == ((), 3)
    # What the block could not have comes back with one that can.
    choose(panel, "block", "basic")
    assert panel.config is not None
    assert (panel.config.shortcut, panel.config.inner_expansion) == ("A", 6)
    choose(panel, "block", "page")
    choose(panel, "shortcut", "none")
    choose(panel, "block", "basic")
    assert panel.config is not None
    assert panel.config.shortcut == "none"


def test_the_head_is_described_among_the_options(build: BuildPanel) -> None:
    panel = build.model_panel
    button_like(panel, "More options").click()
    choose(panel, "head_pooling", "max")
    panel.field("head_bias").click()
    panel.field("logit_scale").setValue(0.125)
    assert panel.config is not None
    assert (panel.config.head_pooling, panel.config.head_bias, panel.config.logit_scale) == ("max", False, 0.125)
    panel.field("logit_scale").setValue(0)
    assert panel.error("logit_scale") == "model.logit_scale is 0.0; it must be above 0"


def test_a_wrong_option_opens_its_section(build: BuildPanel) -> None:
    panel = build.model_panel
    panel.field("stochastic_depth").setValue(20)
    assert not panel.field("stochastic_depth").isVisible()
    choose(panel, "shortcut", "none")
    assert panel.config is None
    assert panel.field("stochastic_depth").isVisible()
    assert "without shortcuts no block can be skipped" in panel.error("stochastic_depth")


def test_widths_that_do_not_fit_the_groups_are_marked(build: BuildPanel) -> None:
    panel = build.model_panel
    panel.select_preset("resnext50-32x4d-imagenet")
    width = stage(panel, "Width", 2)
    width.setValue(100)
    assert width.property("invalid")
    assert says(panel.stages, "so give a multiple of 16")


def test_what_is_too_much_can_be_typed_and_is_said(qtbot: QtBot, build: BuildPanel) -> None:
    width = stage(build.model_panel, "Width", 2)
    width.selectAll()
    qtbot.keyClicks(width, "1000000000")
    assert build.config is None
    assert says(build.model_panel.stages, "stage 2 is 1000000000; it must be at most 8192")


def test_good_news_goes_by_itself_and_errors_stay(qtbot: QtBot, theme: Theme) -> None:
    bar = MessageBar(theme)
    qtbot.addWidget(bar)
    patience = bar.findChild(QTimer)
    patience.setInterval(1)
    bar.tell("info", "saved")
    qtbot.waitUntil(lambda: not bar.isVisible())
    bar.tell("info", "saved")
    bar.tell("error", "lost")
    assert not patience.isActive()
    assert bar.isVisible()


def test_a_stride_can_be_changed(build: BuildPanel) -> None:
    stage(build.model_panel, "Stride", 2).setValue(1)
    assert build.model_panel.config is not None
    assert build.model_panel.config.stage_strides == (1, 1, 2)


def test_undo_and_redo_reach_every_tab(build: BuildPanel) -> None:
    history = EditHistory(build)
    start = build.config
    build.model_panel.select_preset("resnet20")
    second = build.config
    build.training_panel.field("epochs").setValue(77)
    build.data_panel.choose_source("cifar10-jpeg")
    third = build.config
    assert history.stack.undoText() == "source"
    for _ in range(3):
        history.stack.undo()
    assert build.config == start
    assert not history.stack.canUndo()
    history.stack.redo()
    assert build.config == second
    history.stack.redo()
    history.stack.redo()
    assert build.config == third


def test_typing_a_number_is_one_edit_and_a_wrong_value_none(build: BuildPanel) -> None:
    history = EditHistory(build)
    start = build.config
    blocks = stage(build.model_panel, "Blocks", 1)
    for value in (2, 0, 25, 250):
        blocks.setValue(value)
    assert history.stack.count() == 1
    history.stack.undo()
    assert build.config == start
    assert blocks.value() == 1


def test_a_recipe_sets_fields_of_every_tab_in_one_step(build: BuildPanel) -> None:
    history = EditHistory(build)
    before = build.config
    recipe = named(build, QComboBox, "Recipe")
    recipe.setCurrentIndex(recipe.findData("kuangliu"))
    recipe.activated.emit(recipe.currentIndex())
    config = build.config
    assert config is not None
    assert (config.data.validation_fraction, config.data.normalization) == (0.0, "cifar10-per-image")
    assert (config.model.initialization, config.training.precision) == ("pytorch", "fp32")
    assert recipe.currentText() == "kuangliu"
    assert says(build.training_panel, "It also sets validation_fraction 0, normalization cifar10-per-image")
    assert says(build.model_panel, "Only its first weights differ.")
    build.data_panel.field("validation_fraction").setValue(20)
    assert recipe.currentText() == "Custom"
    history.stack.undo()
    assert recipe.currentText() == "kuangliu"
    history.stack.undo()
    assert build.config == before
    history.stack.redo()
    recipe.setCurrentIndex(recipe.findData("quick"))
    recipe.activated.emit(recipe.currentIndex())
    assert build.config == before


def test_a_recipe_outlives_another_preset_and_leaves_no_trace_behind(build: BuildPanel) -> None:
    build.take_recipe("kuangliu")
    build.model_panel.select_preset("resnet56")
    recipe = named(build, QComboBox, "Recipe")
    assert recipe.currentText() == "kuangliu"
    build.training_panel.field("learning_rate").setValue(0.05)
    assert recipe.currentText() == "Custom"
    build.take_recipe("adam")
    assert build.config == Presets.load().run_config("resnet56", "adam")


def test_a_recipe_leaves_a_tab_with_a_wrong_field_as_it_is(build: BuildPanel) -> None:
    stage(build.model_panel, "Blocks", 1).setValue(0)
    build.take_recipe("kuangliu")
    assert build.config is None
    assert stage(build.model_panel, "Blocks", 1).value() == 0
    assert build.data_panel.config is not None
    assert build.data_panel.config.normalization == "cifar10-per-image"


def test_undo_from_a_wrong_value_keeps_the_good_edits_before(build: BuildPanel) -> None:
    history = EditHistory(build)
    menu = QMenu()
    history.add_to(menu)
    undo = menu.actions()[0]
    blocks = stage(build.model_panel, "Blocks", 1)
    assert not undo.isEnabled()
    blocks.setValue(0)
    assert undo.isEnabled()
    undo.trigger()
    assert (blocks.value(), undo.isEnabled()) == (1, False)
    stage(build.model_panel, "Width", 1).setValue(17)
    blocks.setValue(0)
    undo.trigger()
    assert build.config is not None
    assert (build.config.model.widths[0], build.config.model.blocks[0]) == (17, 1)
    undo.trigger()
    assert build.config.model.widths[0] == 16


def test_back_where_it_began_there_is_nothing_to_undo(build: BuildPanel) -> None:
    history = EditHistory(build)
    width = stage(build.model_panel, "Width", 1)
    for value in (20, 16):
        width.setValue(value)
    assert not history.stack.canUndo()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    model_trees(),
    st.floats(1e-6, 10).map(lambda x: float(f"{x:.4g}")),
    st.floats(1e-3, 1).map(lambda x: float(f"{x:.3g}")),
)
def test_every_config_comes_back_from_the_fields(
    build: BuildPanel, tree: dict[str, object], rate: float, share: float
) -> None:
    values = {"training.learning_rate": rate, "fine_tuning.weights": "w.pt", "fine_tuning.backbone_rate": share}
    model = allowed(tree | {"dropout": share / 2, "input_size": 48})
    config = RunConfig(model=model).with_values(values)
    build.show_config(config)
    assert build.config == config


def test_the_keys_undo_inside_a_field_too(qtbot: QtBot, window: MainWindow) -> None:
    window.build_panel.tabs.setCurrentIndex(0)
    blocks = stage(window.build_panel.model_panel, "Blocks", 1)
    before = blocks.value()
    blocks.setFocus()
    blocks.selectAll()
    qtbot.keyClicks(blocks, "3")
    # Committed, the field itself has nothing left to undo.
    qtbot.keyClick(blocks, Qt.Key.Key_Return)
    assert window.build_panel.config.model.blocks[0] == 3
    window.activateWindow()
    qtbot.keyClick(blocks, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert blocks.value() == before


def test_the_wheel_changes_a_field_only_with_the_focus(qtbot: QtBot, build: BuildPanel) -> None:
    qtbot.waitActive(build)
    blocks = stage(build.model_panel, "Blocks", 1)
    blocks.setValue(5)
    epochs = build.training_panel.field("epochs")
    values = [turned(box) for box in (blocks, epochs)]
    assert values == [5, 16]
    blocks.setFocus()
    assert turned(blocks) == 4


def turned(box: QSpinBox) -> int:
    """Turn the wheel over a field by one notch; returns its value then."""
    at = QPointF(5, 5)
    wheel = QWheelEvent(
        at, box.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, wheel)
    return box.value()


def test_copy_and_paste_a_network(window: MainWindow) -> None:
    panel, actions = window.build_panel.model_panel, window.network_actions
    panel.select_preset("wrn-16-4")
    copied = panel.config
    actions.copy()
    assert json.loads(QGuiApplication.clipboard().text())["widths"] == [64, 128, 256]
    panel.select_preset("resnet8")
    actions.paste()
    assert panel.config == copied
    run = RunConfig(model=Presets.load().model("resnet20").config)
    QGuiApplication.clipboard().setText(run.model_dump_json())
    actions.paste()
    assert panel.config == run.model
    for text, words in (
        ("hello", "not JSON"),
        ("{}", "no network"),
        ("[]", "holds []"),
        ('{"blocks": [0]}', "must be at least 1"),
    ):
        QGuiApplication.clipboard().setText(text)
        actions.paste()
        assert words in window.message_bar.text
        assert panel.config == run.model


def test_an_own_preset_is_saved_found_and_deleted(
    qtbot: QtBot, window: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, actions = window.build_panel.model_panel, window.network_actions
    panel.select_preset("resnet20")
    stage(panel, "Width", 1).setValue(24)
    stage(panel, "Width", 3).setValue(96)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("ResNet-20", True))
    actions.save_preset()
    assert "a shipped one's" in window.message_bar.text
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("My wide net", True))
    actions.save_preset()
    assert Presets.load(home.presets).model("my-wide-net").config.widths == (24, 32, 96)
    assert preset_shown(panel) == "My wide net"
    assert type_preset(qtbot, window.build_panel, "my wide", Qt.Key.Key_Escape) == ["My wide net"]
    assert offered(window, "My wide net")
    press_in_dialog("Cancel")
    stage(panel, "Width", 1).setValue(28)
    actions.save_preset()
    assert Presets.load(home.presets).model("my-wide-net").config.widths[0] == 24
    press_in_dialog("Replace")
    actions.save_preset()
    assert Presets.load(home.presets).model("my-wide-net").config.widths[0] == 28
    press_in_dialog("Delete")
    actions.delete_preset()
    assert "my-wide-net" not in Presets.load(home.presets).models
    assert not offered(window, "My wide net")


def test_an_own_copy_of_a_shipped_preset_can_be_chosen_and_deleted(
    window: MainWindow, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, actions = window.build_panel.model_panel, window.network_actions
    panel.select_preset("resnet20")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("My 20", True))
    actions.save_preset()
    assert preset_shown(panel) == "My 20"
    panel.select_preset("resnet20")
    assert preset_shown(panel) == "ResNet-20"
    panel.select_preset("my-20")
    assert preset_shown(panel) == "My 20"
    assert action(window, "Delete own preset…").isEnabled()


def test_another_home_brings_its_own_presets(
    make_window: Callable[..., MainWindow], home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.root / "workbench.db").write_text("no database")
    window = make_window()
    other = Home(tmp_path / "other").prepare()
    (other.presets / "mine.toml").write_text("[model.mine]\nblocks = [1]\nwidths = [4]\n")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(other.root))
    button(window.message_bar, "Choose folder…").click()
    assert "mine" in window.build_panel.presets.models
    assert offered(window, "mine")


def test_what_does_not_fit_to_another_tab_is_marked(build: BuildPanel) -> None:
    build.fine_tuning_panel.choose_weights("w.pt")
    frozen = build.fine_tuning_panel.field("frozen_stages")
    frozen.setValue(3)
    assert not frozen.property("invalid")
    named(build, QToolButton, "Remove the last stage").click()
    assert frozen.property("invalid")
    named(build, QToolButton, "Add a stage").click()
    assert not frozen.property("invalid")


def test_the_drawing_follows_the_fields(window: MainWindow) -> None:
    panel = window.build_panel.model_panel
    panel.show_config(Presets.load().model("resnet20").config)
    assert window.network_panel.isVisible()
    assert says(window.network_panel, "ResNet-20")
    assert "269 722 parameters" in size_shown(panel)
    stage(panel, "Blocks", 1).setValue(0)
    assert "Known again" in size_shown(panel)
    assert says(window.network_panel, "A field at the left is wrong")
    stage(panel, "Blocks", 1).setValue(3)
    assert not says(window.network_panel, "A field at the left is wrong")


def test_the_preset_it_began_from_is_set_beside_a_changed_network(window: MainWindow) -> None:
    panel = window.build_panel.model_panel
    panel.select_preset("resnet20")
    combo = named(window.network_panel, QComboBox, "Compare with")
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    stage(panel, "Width", 2).setValue(48)
    assert says(window.network_panel, "From ResNet-20 to this network")
    assert says(window.network_panel, "32 → 48")


def steps_drawn(window: MainWindow) -> float:
    """Steps of an epoch in the drawing of the schedule: the last one is drawn at its place in the last epoch."""
    epochs, _ = points(curves(plot_in(window.plan_panel.schedule))[0])
    config = window.build_panel.config
    assert config is not None
    return float(1 / (config.training.epochs - epochs[-1]))


def test_the_schedule_is_drawn_with_the_true_number_of_steps(
    qtbot: QtBot, window: MainWindow, image_folder: Path
) -> None:
    window.build_panel.take_values(
        {"data.source": "sample", "data.validation_fraction": 0.12345, "training.batch_size": 10}
    )
    # 123 of the 1 000 images of each of 10 classes are held out.
    assert steps_drawn(window) == pytest.approx(877)
    window.build_panel.take_values(
        {"data.source": str(image_folder), "data.validation_fraction": 0.2, "training.batch_size": 7}
    )
    window.training_desk.start()
    qtbot.waitUntil(lambda: bool(window.runs_panel.model.records), timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    (run,) = window.runs_panel.model.records
    assert run.started["steps_per_epoch"] == 13
    assert steps_drawn(window) == pytest.approx(13)
    window.build_panel.take_values({"data.validation_fraction": 0.1})
    assert steps_drawn(window) == pytest.approx(108 // 7)


def test_the_time_of_an_epoch_is_estimated_once_the_machine_is_measured(
    qtbot: QtBot, make_window: Callable[..., MainWindow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def probe(compute: Compute) -> Generator[Progress, None, Speed]:
        """In place of the real one, which finds nothing out where the machine is busy."""
        asked.append(compute.device.type)
        yield Progress("Timing this machine", 0, 0)
        return Speed(device_name(compute.device), compute.precision, False, dict.fromkeys(UNITS, 1e-9))

    monkeypatch.setattr(speed_probe, "probe", probe)
    home = Home(tmp_path / "new").prepare()
    window = make_window(home)
    qtbot.waitUntil(lambda: (home.root / "speed.json").exists(), timeout=LONG_MS)
    qtbot.waitUntil(lambda: "per epoch here" in size_shown(window), timeout=LONG_MS)
    window.build_panel.model_panel.select_preset("resnet20")
    assert "per epoch here" in size_shown(window)
    assert len(asked) == 1


def test_a_network_is_exported_as_code(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.build_panel.model_panel.select_preset("preact-resnet18")
    asked: list[str] = []

    def answer(_parent: object, _title: str, proposal: str, _kinds: str) -> tuple[str, str]:
        asked.append(proposal)
        return str(tmp_path / "net"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    window.network_actions.export_code()
    assert asked == ["preact_resnet_18.py"]
    assert "class PreActBasicBlock" in (tmp_path / "net.py").read_text()
    assert "net.py" in window.message_bar.text


def test_a_network_is_exported_with_its_training(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.build_panel.model_panel.select_preset("resnet8")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "net.py"), ""))
    config = window.build_panel.config
    assert config is not None
    window.build_panel.show_config(config.with_values({"training.batch_size": 500}))
    window.network_actions.export_training()
    qtbot.waitUntil(lambda: "training.batch_size is 500" in window.message_bar.text, timeout=LONG_MS)
    assert not (tmp_path / "net.py").exists()
    window.build_panel.show_config(config)
    window.network_actions.export_training()
    qtbot.waitUntil(lambda: "net_train.py, and the network beside it" in window.message_bar.text, timeout=LONG_MS)
    assert "from net import CLASSES, build" in (tmp_path / "net_train.py").read_text()


def test_a_run_is_exported_and_its_weights_are_trained_on(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.training_desk.start()
    qtbot.waitUntil(lambda: bool(window.runs_panel.model.records), timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "run.py"), ""))
    monkeypatch.setattr(ExportDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    action(window.runs_panel, "Export…").trigger()
    qtbot.waitUntil(lambda: "and run.pt beside it" in window.message_bar.text, timeout=LONG_MS)
    assert (tmp_path / "run.pt").exists()
    run = window.runs_panel.model.records[0]
    action(window.runs_panel, "Use weights").trigger()
    # An export is no run: what the last one said stays.
    assert says(window.progress_panel, "Finished")
    config = window.build_panel.config
    assert config is not None
    assert config.fine_tuning.weights == run.id
    assert config.training.learning_rate == 0.02
    window.network_actions.history.stack.undo()
    assert window.build_panel.config.fine_tuning.weights == ""
    window.network_actions.history.stack.redo()
    window.training_desk.start()
    qtbot.waitUntil(lambda: len(window.runs_panel.model.records) == 2, timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=LONG_MS)
    assert window.runs_panel.model.records[0].status == "finished"


def test_fine_tuning_fields_appear_with_weights(
    build: BuildPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.tabs.setCurrentIndex(2)
    panel = build.fine_tuning_panel
    frozen, weights = panel.field("frozen_stages"), panel.field("weights")
    assert not frozen.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_kw: (str(tmp_path / "w.pt"), ""))
    weights.setCurrentIndex(weights.count() - 1)
    weights.activated.emit(weights.currentIndex())
    assert weights.currentText() == "w.pt"
    assert named(build.training_panel, QComboBox, "Recipe").currentText() == "Fine-tune"
    assert frozen.isVisible()
    frozen.setValue(4)
    assert build.config is None
    assert "the network has only 3 stages" in build.problem()
    frozen.setValue(2)
    assert panel.field("unfreeze_every").isVisible()
    assert build.config is not None
    assert build.config.fine_tuning.frozen_stages == 2
    # Cancelled, the choice of a file leaves everything as it was.
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_kw: ("", ""))
    weights.setCurrentIndex(weights.count() - 1)
    weights.activated.emit(weights.currentIndex())
    assert weights.currentText() == "w.pt"
    weights.setCurrentIndex(0)
    assert build.config.fine_tuning.frozen_stages == 0


def test_a_pasted_network_can_be_undone(window: MainWindow) -> None:
    before = window.build_panel.config
    QGuiApplication.clipboard().setText(Presets.load().model("conv8").config.model_dump_json())
    window.network_actions.paste()
    assert window.build_panel.config != before
    window.network_actions.history.stack.undo()
    assert window.build_panel.config == before


def test_make_window_twice_keeps_own_presets(make_window: Callable[..., MainWindow], home: Home) -> None:
    (home.presets / "mine.toml").write_text('[model.mine]\ntitle = "Mine"\nblocks = [1]\nwidths = [4]\n')
    window = make_window()
    assert offered(window, "Mine")
