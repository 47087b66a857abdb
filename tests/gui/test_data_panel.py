"""The window offers the named sources of images as the table of core describes them."""

import pytest
from pytestqt.qtbot import QtBot

from workbench.core.config import DataConfig
from workbench.core.image_sources import IMAGE_SOURCES, ImageSource
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
