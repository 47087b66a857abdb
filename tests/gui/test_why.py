"""Why an image got its answer and what blocks make of it, in the real window on a run that was trained."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QSlider, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import button, has_button, named, pick, says
from tests.trained import record_run
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.inspection.explanations import Explanation, Question
from workbench.core.inspection.feature_maps import FeatureMaps
from workbench.core.settings.config import RunConfig
from workbench.gui.inspect.why.feature_view import FeatureView
from workbench.gui.inspect.why.why_controls import WhyControls
from workbench.gui.inspect.why.why_view import WhyView
from workbench.gui.main_window import MainWindow
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.widgets.theme import Theme


@pytest.fixture
def trained(make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig) -> MainWindow:
    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    pick(window.inspect_desk.gallery, "Answers", "Right and wrong")
    return window


def bring_up(view: QWidget) -> None:
    """Click its tab."""
    parent = view.parentWidget()
    while not isinstance(parent, QTabWidget):
        assert parent is not None
        parent = parent.parentWidget()
    parent.setCurrentWidget(view)


def explanation(values: list[list[float]], **fields: object) -> Explanation:
    known = {
        "method": "occlusion", "layer": "", "target": 1, "against": None, "truth": 0,
        "logits": np.array([1.0, 3.0], np.float32), "class_names": ("cat", "dog"), "epoch": 2,
    }  # fmt: skip
    return Explanation(np.array(values, np.float32), **(known | fields))


def test_nothing_is_computed_before_the_tab_is_seen(qtbot: QtBot, trained: MainWindow) -> None:
    why = trained.inspect_desk.why.view
    assert not why.has_map
    bring_up(why)
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    names = trained.selection.class_names
    said = names[trained.selection.evaluation.predictions[trained.selection.image]]
    assert why.words.startswith(f"Warm: speaks for {said}.")


def test_choices_last_from_image_to_image(qtbot: QtBot, trained: MainWindow) -> None:
    why, selection = trained.inspect_desk.why.view, trained.selection
    bring_up(why)
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    pick(why, "Method", "Occlusion")
    pick(why, "Why this class", "Why green")
    pick(why, "Not that class", "not red")
    qtbot.waitUntil(lambda: "green rather than red" in why.words, timeout=LONG_MS)
    other = next(index for index in selection.order.tolist() if index != selection.image)
    selection.choose_image(other)
    # The map of the former image is gone at once.
    assert not why.has_map
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    assert "green rather than red" in why.words
    assert why.controls.question == Question("occlusion", target=1, against=2)


def test_another_epoch_has_other_reasons(qtbot: QtBot, trained: MainWindow) -> None:
    why, selection = trained.inspect_desk.why.view, trained.selection
    bring_up(why)
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    before = why.picture()
    selection.show_epoch(1 if selection.epoch != 1 else 2)
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    assert why.picture() != before


def test_an_epoch_without_weights_leads_to_one_that_has_them(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config.with_values({"training.epoch_weights_mb": 0}))
    window = make_window()
    window.workspaces.show("inspect")
    pick(window.inspect_desk.gallery, "Answers", "Right and wrong")
    selection, why = window.selection, window.inspect_desk.why.view
    kept = selection.run.kept
    selection.show_epoch(1 if kept != 1 else 2)
    bring_up(why)
    qtbot.waitUntil(lambda: "No weights of epoch" in why.bar.text, timeout=LONG_MS)
    assert not why.has_map
    button(why, f"Go to epoch {kept}").click()
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)


def test_long_work_is_canceled_and_begun_again(qtbot: QtBot, trained: MainWindow) -> None:
    why = trained.inspect_desk.why.view
    bring_up(why)
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    pick(why, "Method", "Integrated gradients")
    qtbot.waitUntil(lambda: has_button(why, "Cancel"), timeout=LONG_MS)
    button(why, "Cancel").click()
    qtbot.waitUntil(lambda: has_button(why, "Begin again") or why.has_map, timeout=LONG_MS)
    if has_button(why, "Begin again"):
        button(why, "Begin again").click()
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)


def test_the_map_is_saved_over_its_image(
    qtbot: QtBot, trained: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = trained.inspect_desk.why.view
    bring_up(why)
    assert not button(why, "Save…").isEnabled()
    qtbot.waitUntil(lambda: why.has_map, timeout=LONG_MS)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "why"), ""))
    button(why, "Save…").click()
    with Image.open(tmp_path / "why.png") as saved:
        assert saved.size == (512, 512)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "none" / "why.png"), ""))
    button(why, "Save…").click()
    assert why.bar.text.startswith("Cannot write ")


def test_maps_of_a_block_follow_image_and_layer(qtbot: QtBot, trained: MainWindow) -> None:
    features = trained.inspect_desk.features.view
    bring_up(features)
    qtbot.waitUntil(lambda: features.maps is not None, timeout=LONG_MS)
    assert features.channels.model().rowCount() == 8
    assert features.maps.layer == "layer1.0"
    pick(features, "Layer of the maps", "layer2.0")
    qtbot.waitUntil(lambda: features.maps.layer == "layer2.0", timeout=LONG_MS)
    before = features.maps
    trained.selection.choose_image(next(i for i in range(36) if i != trained.selection.image))
    qtbot.waitUntil(lambda: features.maps is not before, timeout=LONG_MS)
    assert features.maps.layer == "layer2.0"


def test_maps_of_a_former_epoch_do_not_stand_beside_a_refusal(
    qtbot: QtBot, trained: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, selection = trained.inspect_desk.features.view, trained.selection
    bring_up(features)
    qtbot.waitUntil(lambda: features.maps is not None, timeout=LONG_MS)

    def refuse(*_arguments: object) -> None:
        raise UserError("cannot read the weights: they are cut short")

    monkeypatch.setattr("workbench.engine.inspection.subject.Subjects.open", refuse)
    selection.show_epoch(1 if selection.epoch != 1 else 2)
    qtbot.waitUntil(lambda: "cut short" in features.bar.text, timeout=LONG_MS)
    assert features.maps is None
    monkeypatch.undo()
    button(features, "Try again").click()
    qtbot.waitUntil(lambda: features.maps is not None, timeout=LONG_MS)


def test_what_was_not_written_yet_is_asked_for_again_once_it_is(
    qtbot: QtBot, trained: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch's figures are known before its weights are saved."""
    features, selection = trained.inspect_desk.features.view, trained.selection

    def refuse(*_arguments: object) -> None:
        raise UserError("there is no checkpoint yet")

    monkeypatch.setattr("workbench.engine.inspection.subject.Subjects.open", refuse)
    bring_up(features)
    qtbot.waitUntil(lambda: "no checkpoint yet" in features.bar.text, timeout=LONG_MS)
    monkeypatch.undo()
    selection.look_for_weights("another run")
    assert "no checkpoint yet" in features.bar.text
    selection.look_for_weights(selection.run_id)
    qtbot.waitUntil(lambda: features.maps is not None, timeout=LONG_MS)


# The views by themselves


def shown(qtbot: QtBot, view: QWidget) -> None:
    qtbot.addWidget(view)
    view.resize(320, 600)
    view.show()


@pytest.fixture
def why(qtbot: QtBot, theme: Theme) -> WhyView:
    view = WhyView(theme)
    shown(qtbot, view)
    view.show_image(LookedAt(np.full((2, 2, 3), 128, np.uint8), "a.png", 0, 0))
    return view


def test_colors_say_what_speaks_for_it(why: WhyView) -> None:
    why.show_explanation(explanation([[4.0, 0.0], [0.0, -4.0]]))
    named(why, QSlider, "Opacity of the map").setValue(100)
    picture = why.picture()
    assert isinstance(picture, QImage)
    corner = picture.width() - 1
    warm, cool, plain = (picture.pixelColor(*at) for at in ((0, 0), (corner, corner), (corner, 0)))
    assert warm.red() > warm.blue() + 60
    assert cool.blue() > cool.red() + 60
    assert (plain.red(), plain.blue()) == (128, 128)
    assert "Warm: speaks for dog. Cool: speaks against it. It says dog" in why.words
    assert "the truth is cat" in why.words
    named(why, QSlider, "Opacity of the map").setValue(0)
    assert why.picture().pixelColor(0, 0).red() == 128


def test_a_map_of_zeros_says_so(why: WhyView) -> None:
    why.show_explanation(explanation([[0.0, 0.0], [0.0, 0.0]], target=0, against=1))
    assert not why.has_map
    assert why.words.startswith("Nothing in it speaks for cat minus dog")


def test_only_grad_cam_looks_at_a_layer(qtbot: QtBot) -> None:
    controls = WhyControls()
    shown(qtbot, controls)
    controls.show_network(("stem", "layer1.0", "layer2.0"), ("cat", "dog"))
    assert controls.question == Question()
    pick(controls, "Layer", "layer1.0")
    assert controls.question.layer == "layer1.0"
    layer = named(controls, QComboBox, "Layer")
    pick(controls, "Method", "Occlusion")
    assert not layer.isVisible()
    pick(controls, "Method", "Grad-CAM")
    # A network that has the layer too keeps it; another one takes its last block.
    controls.show_network(("stem", "layer1.0", "layer1.1"), ("cat", "dog"))
    assert controls.question.layer == "layer1.0"
    controls.show_network(("stem", "layer5.0"), ("ship", "truck"))
    assert controls.question == Question()


@pytest.fixture
def features(qtbot: QtBot, theme: Theme) -> FeatureView:
    view = FeatureView(theme)
    shown(qtbot, view)
    maps = np.zeros((3, 2, 2), np.float32)
    maps[0], maps[1], maps[2] = [[0, 1], [0, 0]], [[0, 4], [4, 4]], [[0, 2], [0, 0]]
    view.show_maps(FeatureMaps(maps, "layer1.0", 3))
    return view


def order(view: FeatureView) -> list[str]:
    rows = view.channels.model()
    words = [rows.index(row, 0).data(Qt.ItemDataRole.DisplayRole) for row in range(rows.rowCount())]
    return [each.split(",")[0] for each in words]


def test_channels_are_sorted_by_activation(features: FeatureView) -> None:
    assert order(features) == ["channel 0", "channel 1", "channel 2"]
    named_box(features, "Most active first").setChecked(True)
    assert order(features) == ["channel 1", "channel 2", "channel 0"]


def named_box(view: QWidget, text: str) -> QCheckBox:
    box = button(view, text)
    assert isinstance(box, QCheckBox)
    return box


def test_one_scale_makes_weak_channels_dark(features: FeatureView) -> None:
    model = features.channels.model()

    def brightest() -> list[int]:
        return [model.image(channel).pixelColor(1, 0).red() for channel in range(3)]

    assert len(set(brightest())) == 1
    named_box(features, "One scale").setChecked(True)
    weak, strong, middle = brightest()
    assert weak < middle < strong


def test_a_channel_is_enlarged_under_the_pointer_and_at_a_click(features: FeatureView) -> None:
    assert features.words.startswith("Channel 0 (0 to 2)")
    features.channels.entered.emit(features.channels.model().index(1, 0))
    assert "mean 3" in features.words
    features.channels.setCurrentIndex(features.channels.model().index(2, 0))
    assert "from 0 to 2" in features.words
    features.show_absence("There is no network.")
    assert says(features, "There is no network.")
    assert features.channels.currentIndex() == QModelIndex()
