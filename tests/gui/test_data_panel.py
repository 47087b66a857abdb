"""The window offers the named sources of images as core describes them, and normalization with its numbers."""

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from workbench.core.config import DataConfig
from workbench.core.image_sources import IMAGE_SOURCES, ImageSource
from workbench.core.normalization import NAMED, NAMES, Normalization
from workbench.gui.build.data_panel import DataPanel


@pytest.fixture
def panel(qtbot: QtBot) -> DataPanel:
    panel = DataPanel()
    qtbot.addWidget(panel)
    panel.show_config(DataConfig())
    return panel


def test_the_choices_are_exactly_the_table(panel: DataPanel) -> None:
    choices = panel.field("source")
    assert [choices.itemData(index) for index in range(choices.count())] == list(IMAGE_SOURCES)
    texts = [choices.itemText(index).replace("\u202f", "") for index in range(choices.count())]
    assert texts == [f"{source.title} ({source.images})" for source in IMAGE_SOURCES.values()]


@pytest.mark.parametrize("source", IMAGE_SOURCES.values(), ids=list(IMAGE_SOURCES))
def test_a_chosen_source_is_described(panel: DataPanel, source: ImageSource) -> None:
    panel.choose_source(source.name)
    assert panel.config == DataConfig(source=source.name)
    assert panel.note == source.description


def test_a_path_is_described_as_ones_own(panel: DataPanel) -> None:
    panel.choose_source("/somewhere/mine.zip")
    assert "/somewhere/mine.zip" in panel.note


def choose(panel: DataPanel, name: str) -> None:
    box = panel.field("normalization")
    box.setCurrentIndex(box.findData(name))


def numbers(panel: DataPanel) -> tuple[QLineEdit, QLineEdit]:
    return panel.field("mean"), panel.field("std")


@pytest.mark.parametrize("normalization", NAMED, ids=lambda each: each.name)
def test_the_numbers_of_a_name_stand_beside_it_and_cannot_be_changed(
    panel: DataPanel, normalization: Normalization
) -> None:
    choices = panel.field("normalization")
    assert [choices.itemData(index) for index in range(choices.count())] == list(NAMES)
    choose(panel, normalization.name)
    for edit, expected in zip(numbers(panel), normalization[1:], strict=True):
        assert edit.text() == ", ".join(f"{number:g}" for number in expected)
        assert edit.isReadOnly()
    assert panel.config == DataConfig(normalization=normalization.name)


def test_ones_own_numbers_begin_with_those_that_stood_there(panel: DataPanel) -> None:
    choose(panel, "imagenet")
    choose(panel, "custom")
    assert panel.config == DataConfig(
        normalization="custom", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    )
    mean, std = numbers(panel)
    assert not mean.isReadOnly()
    std.setText("0.2 0.2 0.3")
    assert panel.config is not None
    assert panel.config.std == (0.2, 0.2, 0.3)
    for text, words in (("0.2, 0.2", "has 2 numbers"), ("0.2, 0, 0.2", "number 2 is 0"), ("x", "is 'x'")):
        std.setText(text)
        assert panel.config is None
        assert words in panel.error("std")
    # Another name needs none of them.
    choose(panel, "half")
    assert panel.config == DataConfig(normalization="half")
    assert panel.error("std") == ""


def test_numbers_from_the_data_are_found_at_the_start_and_shown_of_a_run(panel: DataPanel) -> None:
    choose(panel, "from-data")
    mean, std = numbers(panel)
    assert (mean.text(), mean.placeholderText()) == ("", "found at the start")
    assert panel.config == DataConfig(normalization="from-data")
    choose(panel, "custom")
    assert panel.config == DataConfig(normalization="custom", mean=(0.5,) * 3, std=(0.5,) * 3)
    of_run = DataConfig(normalization="from-data", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    panel.show_config(of_run)
    assert (mean.text(), std.text()) == ("0.1, 0.2, 0.3", "0.4, 0.5, 0.6")
    assert panel.config == of_run
    # Of other images they would be wrong.
    panel.choose_source("cifar10")
    assert panel.config == DataConfig(source="cifar10", normalization="from-data")
