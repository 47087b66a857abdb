"""The tab of training: every field, the groups they stand in, and the drawing of the learning rate."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.seen import named, says
from workbench.core.settings.presets import Presets, Recipe
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.edit_history import EditHistory
from workbench.gui.build.training_panel import TrainingPanel
from workbench.gui.widgets.form_group import FormGroup
from workbench.gui.widgets.numbers_edit import SharesEdit
from workbench.gui.widgets.theme import Theme

NARROWEST_PX = 304

# Every field differs from its default in one of them.
CONFIGS = (
    TrainingConfig(),
    TrainingConfig(
        epochs=164, optimizer="adamw", schedule="multi-step", milestones=(1 / 3, 0.5, 0.9), decay_factor=0.2,
        warmup_epochs=0.5, nesterov=False, momentum=0.95, weight_decay=1e-6, clip_norm=0.25,
    ),
    TrainingConfig(
        batch_size=1024, accumulation=8, optimizer="muon", learning_rate=0.0125, ema_decay=0.99995,
        schedule="step", step_epochs=7, crop_padding=0, horizontal_flip=False, trivial_augment=True,
        random_erasing=0.25, mixup=0.2, cutmix=1.5, label_smoothing=0.1, patience=9, seed=2**31 - 1,
        deterministic=True, device="cuda:3", precision="bf16", threads=6, compile="cuda-graphs",
    ),
    TrainingConfig(optimizer="rmsprop", schedule="constant", milestones=(0.123456789,), compile="on"),
    TrainingConfig(
        optimizer="adam", schedule="cosine", momentum=0.0, weight_decay=0.0, keep_last_batch=True,
        schedule_moves="each-epoch", crop_border="zeros", rotation=12.5, brightness_jitter=0.1,
        contrast_jitter=0.2, saturation_jitter=0.3, hue_jitter=0.05,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(shared_theme: Theme) -> Iterator[TrainingPanel]:
    panel = TrainingPanel(Presets.load())
    panel.resize(NARROWEST_PX, 900)
    panel.show()
    yield panel
    panel.close()
    panel.deleteLater()


@pytest.fixture
def panel(shared: TrainingPanel) -> TrainingPanel:
    """As it is at first; one for all tests, because to style a new one takes longer than most of them."""
    shared.set_presets(Presets.load())
    shared.show_config(TrainingConfig())
    for group in groups(shared):
        group.set_open(False)
    return shared


def groups(panel: TrainingPanel) -> list[FormGroup]:
    """From the top."""
    return sorted(panel.findChildren(FormGroup), key=lambda group: group.y())


def choose(panel: TrainingPanel, name: str, value: str) -> None:
    box = panel.field(name)
    box.setCurrentIndex(box.findData(value))


def group_of(panel: TrainingPanel, name: str) -> FormGroup:
    return next(group for group in groups(panel) if f"training.{name}" in group.form)


def heading(group: FormGroup) -> QToolButton:
    return next(each for each in group.findChildren(QToolButton) if each.isCheckable())


def recipe(panel: QWidget) -> QComboBox:
    return named(panel, QComboBox, "Recipe")


def test_every_field_has_one_widget(panel: TrainingPanel) -> None:
    # The tooltip of each ends with the field's name.
    widgets = [w for w in panel.findChildren(QWidget) if not isinstance(w, QLabel) and "(training." in w.toolTip()]
    named_so = [widget.toolTip().rpartition("(training.")[2].removesuffix(")") for widget in widgets]
    assert sorted(named_so) == sorted(TrainingConfig.model_fields)
    assert all(panel.field(name) is widget for name, widget in zip(named_so, widgets, strict=True))


@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_comes_back_from_the_fields(panel: TrainingPanel, config: TrainingConfig) -> None:
    seen: list[object] = []
    panel.config_changed.connect(seen.append)
    panel.show_config(config)
    assert panel.config == config
    assert seen == [config]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.floats(0, 0.999999).map(lambda x: round(x, 7)),
    st.lists(st.floats(1e-6, 0.999999), min_size=1, max_size=20, unique=True).map(sorted),
)
def test_small_decimals_come_back(panel: TrainingPanel, decay: float, shares: list[float]) -> None:
    config = TrainingConfig(
        ema_decay=decay, momentum=decay, label_smoothing=decay, clip_norm=decay, milestones=tuple(shares)
    )
    panel.show_config(config)
    assert panel.config == config


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("30, 60, 80 %", (0.3, 0.6, 0.8)),
        ("33.3; 66.7", (0.333, 0.667)),
        ("50 %, 75 %,", (0.5, 0.75)),
        ("[0.5, 0.75]", (0.5, 0.75)),
        ("0.5 %", (0.005,)),
        ("  half ", "half"),
        ("", ()),
    ],
)
def test_shares_are_typed_in_percent(qtbot: QtBot, text: str, shares: object) -> None:
    edit = SharesEdit()
    qtbot.addWidget(edit)
    edit.setText(text)
    assert edit.numbers() == shares


@pytest.mark.parametrize("text", ["half", "50, 30 %", "50, 150 %", "", "nan", "0, 50 %"])
def test_milestones_that_are_none_are_refused_at_their_field(panel: TrainingPanel, text: str) -> None:
    choose(panel, "schedule", "multi-step")
    panel.field("milestones").setText(text)
    assert panel.config is None
    assert panel.error("milestones").startswith("training.milestones")
    assert panel.field("milestones").property("invalid")
    # What is hidden and means nothing keeps nothing from being trained.
    choose(panel, "schedule", "cosine")
    assert panel.config == TrainingConfig(schedule="cosine")
    assert not panel.field("milestones").isVisible()
    choose(panel, "schedule", "multi-step")
    assert panel.config is None


@pytest.mark.parametrize(
    ("values", "shown", "hidden"),
    [
        ({"schedule": "cosine"}, "nesterov warmup_epochs", "step_epochs milestones decay_factor"),
        ({"schedule": "step"}, "step_epochs decay_factor", "milestones"),
        ({"schedule": "multi-step"}, "milestones decay_factor", "step_epochs"),
        ({"optimizer": "muon"}, "nesterov", ""),
        ({"optimizer": "adamw"}, "momentum", "nesterov"),
        ({"momentum": 0.0}, "momentum", "nesterov"),
    ],
)
def test_fields_without_a_meaning_are_hidden(
    panel: TrainingPanel, values: dict[str, Any], shown: str, hidden: str
) -> None:
    for group in groups(panel):
        group.set_open(True)
    panel.show_config(TrainingConfig(**values))
    visible = {name: panel.field(name).isVisible() for name in (*shown.split(), *hidden.split())}
    assert visible == dict.fromkeys(shown.split(), True) | dict.fromkeys(hidden.split(), False)


def test_an_error_opens_its_group_and_holds_it_open(panel: TrainingPanel) -> None:
    assert not any(group.is_open for group in groups(panel))
    panel.field("ema_decay").setValue(1)
    group = group_of(panel, "ema_decay")
    assert [other.is_open for other in groups(panel)] == [other is group for other in groups(panel)]
    assert panel.error("ema_decay") == "training.ema_decay is 1.0; it must be below 1"
    group.set_open(False)
    assert panel.field("ema_decay").isVisible()
    panel.field("ema_decay").setValue(0.5)
    group.set_open(False)
    assert not panel.field("ema_decay").isVisible()


def test_what_only_the_engine_refuses_opens_the_group_too(panel: TrainingPanel) -> None:
    panel.show_error("training.device", "training.device is 'cuda'; there is no GPU")
    assert group_of(panel, "device").is_open
    assert "no GPU" in panel.error("device")
    panel.show_error("", "")
    assert panel.error("device") == ""


def test_a_group_opens_by_the_keyboard(qtbot: QtBot, panel: TrainingPanel) -> None:
    group = groups(panel)[0]
    assert heading(group).focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.keyClick(heading(group), Qt.Key.Key_Space)
    assert group.form.isVisible()
    assert not says(group, group.summary)
    qtbot.keyClick(heading(group), Qt.Key.Key_Space)
    assert not group.form.isVisible()
    assert says(group, group.summary)


def summaries(panel: TrainingPanel) -> list[str]:
    return [group.summary.replace("\u00a0", " ") for group in groups(panel)]


def test_closed_groups_say_what_they_hold(panel: TrainingPanel) -> None:
    assert summaries(panel) == ["Nesterov 0.9 · decay 0.0005", "crop 4 px · flip", "none", "automatic · seed 0"]
    panel.show_config(CONFIGS[2])
    assert summaries(panel) == [
        "Nesterov 0.9 · decay 0.0005",
        "TrivialAugment · erasing 25 % · mixup 0.2 · CutMix 1.5",
        "smooth labels 10 % · EMA 0.99995 · patience 9",
        "cuda:3 · bf16 · threads 6 · CUDA graphs · 8 parts · deterministic · seed 2147483647",
    ]
    panel.show_config(CONFIGS[1])
    assert summaries(panel)[0] == "momentum 0.95 · decay 1e-06 · clip 0.25"
    panel.show_config(CONFIGS[4])
    assert summaries(panel)[0] == "no momentum · no decay · last batch kept"


def test_no_value_that_differs_is_missing_from_its_group_s_words(panel: TrainingPanel) -> None:
    every = TrainingConfig().model_dump() | CONFIGS[2].model_dump() | {"clip_norm": 0.5, "weight_decay": 0.25}
    for group in groups(panel):
        for name in (name for name in every if f"training.{name}" in group.form):
            changed = every[name] if every[name] != getattr(TrainingConfig(), name) else 0.125
            changed = False if name == "nesterov" else changed
            usual = TrainingConfig().model_dump()
            assert group.words(usual) != group.words(usual | {name: changed}), name


def test_arrows_lead_to_numbers_that_are_meant(panel: TrainingPanel) -> None:
    def stepped(name: str, *steps: int) -> list[float]:
        box, seen = panel.field(name), []
        for step in steps:
            box.stepBy(step)
            seen.append(box.value())
        return seen

    assert stepped("ema_decay", 1, 1, 1, -1, -1, -1, -1) == [0.9, 0.99, 0.999, 0.99, 0.9, 0, 0]
    assert stepped("ema_decay", *[1] * 9)[-1] == 1 - 1e-8
    assert stepped("mixup", 1, 1) == [0.2, 0.3]
    assert stepped("clip_norm", 1) == [1]
    panel.field("weight_decay").setValue(0)
    assert stepped("weight_decay", 1) == [1e-4]


def test_recipes_come_anew(panel: TrainingPanel) -> None:
    config = TrainingConfig(optimizer="muon", learning_rate=0.01)
    panel.show_config(config)
    assert recipe(panel).currentText() == "Custom"
    shipped = Presets.load()
    panel.set_presets(Presets(recipes=shipped.recipes | {"mine": Recipe("mine", "Mine", "My own.", config)}))
    assert panel.config == config
    assert recipe(panel).currentText() == "Mine"
    assert says(panel, "My own.")
    panel.set_presets(shipped)
    assert (recipe(panel).currentText(), recipe(panel).count()) == ("Custom", len(shipped.recipes) + 1)


def test_what_it_starts_from_stands_below_the_recipe(qtbot: QtBot, theme: Theme) -> None:
    build = BuildPanel(Presets.load(), theme)
    qtbot.addWidget(build)
    build.show_tab("training")
    build.resize(NARROWEST_PX, 600)
    build.show()
    with qtbot.waitExposed(build):
        pass
    start = named(build, QComboBox, "Start from")
    assert [start.itemText(row) for row in range(start.count())] == [
        "random weights", "ImageNet (torchvision)", "weights from a file…",
    ]  # fmt: skip
    tops = [
        widget.mapTo(build, QPoint()).y()
        for widget in (recipe(build), start, build.training_panel.field("epochs"))
    ]
    assert tops == sorted(tops)
    assert says(build.training_panel, "To fine-tune a trained network, choose its weights here")
    start.setCurrentIndex(1)
    assert says(build.training_panel, "Fine-tuning: what these weights know is kept")
    assert build.fine_tuning_panel.field("frozen_stages").isVisible()
    assert not says(build.training_panel, "From scratch")


def test_weights_that_are_taken_bring_the_recipe_that_suits(qtbot: QtBot, theme: Theme) -> None:
    build = BuildPanel(Presets.load(), theme)
    qtbot.addWidget(build)
    build.fine_tuning_panel.take_weights("first.pt")
    assert recipe(build).currentText() == "Fine-tune"
    # Other weights in their place leave the recipe alone.
    build.take_recipe("adam")
    build.fine_tuning_panel.take_weights("second.pt")
    assert build.config is not None
    assert build.config.fine_tuning.weights == "second.pt"
    assert build.presets.recipe_name(build.config) == "adam"


@pytest.mark.parametrize("is_open", [False, True])
def test_nothing_is_cut_off_where_it_is_narrowest(qtbot: QtBot, theme: Theme, is_open: bool) -> None:
    build = BuildPanel(Presets.load(), theme)
    qtbot.addWidget(build)
    panel = build.training_panel
    # With the longest fields in sight.
    panel.show_config(CONFIGS[2].model_copy(update={"schedule": "multi-step"}))
    for group in groups(panel):
        group.set_open(is_open)
    build.tabs.setCurrentIndex(2)
    # So low that the scroll bar takes its share.
    build.resize(NARROWEST_PX, 500)
    build.show()
    with qtbot.waitExposed(build):
        pass
    room = build.tabs.currentWidget().viewport().width()
    assert panel.width() <= room
    for kind in (QLabel, QCheckBox):
        for widget in panel.findChildren(kind):
            if widget.isVisible():
                wraps = isinstance(widget, QLabel) and widget.wordWrap()
                needed = widget.minimumSizeHint() if wraps else widget.sizeHint()
                assert widget.width() >= needed.width(), widget.text()
                if wraps:
                    assert widget.height() >= widget.heightForWidth(widget.width()), widget.text()


def test_milestones_are_undone_by_the_keys_of_the_window(qtbot: QtBot, theme: Theme) -> None:
    build = BuildPanel(Presets.load(), theme)
    qtbot.addWidget(build)
    history = EditHistory(build)
    panel = build.training_panel
    choose(panel, "schedule", "multi-step")
    edit = panel.field("milestones")
    for text in ("30, ", "30, 60, x", "30, 60 %"):
        edit.setText(text)
    assert panel.config is not None
    assert panel.config.milestones == (0.3, 0.6)
    assert history.stack.undoText() == "milestones"
    history.stack.undo()
    assert edit.text() == "50, 75 %"
    history.stack.redo()
    assert panel.config.milestones == (0.3, 0.6)


def test_the_border_of_crops_is_asked_for_only_with_crops(panel: TrainingPanel) -> None:
    group_of(panel, "crop_border").set_open(True)
    assert panel.field("crop_border").isVisible()
    panel.field("crop_padding").setValue(0)
    assert not panel.field("crop_border").isVisible()


def test_what_is_switched_on_is_said_in_a_line(panel: TrainingPanel) -> None:
    panel.show_config(TrainingConfig(crop_border="zeros", rotation=15.0, hue_jitter=0.05, keep_last_batch=True))
    summary = group_of(panel, "rotation").summary.replace("\u00a0", " ")
    assert summary == "crop 4 px, black border · flip · turn 15° · hue ±0.05"
    assert "last batch kept" in group_of(panel, "keep_last_batch").summary.replace("\u00a0", " ")


def test_a_turn_of_more_than_half_a_circle_is_marked(panel: TrainingPanel) -> None:
    panel.field("rotation").setValue(200)
    assert panel.error("rotation") == "training.rotation is 200.0; it must be at most 180"
    assert group_of(panel, "rotation").is_open
