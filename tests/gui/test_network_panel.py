"""The network in the middle of the window: its geometry, its views, and what a comparison says."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from tests.gui.seen import button, label, named, says
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.presets import Presets
from workbench.gui.network.layer_table import LayerModel, LayerTable
from workbench.gui.network.network_figures import Figures, FiguresTable
from workbench.gui.network.network_panel import NetworkPanel
from workbench.gui.network.network_view import NetworkView
from workbench.gui.network.receptive_view import ReceptiveView
from workbench.gui.widgets.theme import Theme

PRESETS = Presets.load()
ALL_LAYERS = "‹ All layers"


def network(name: str) -> Architecture:
    return Architecture.of(PRESETS.model(name).config)


def figures_of(architecture: Architecture, epoch_s: float | None = None) -> Figures:
    memory = architecture.activation_bytes(128)
    return Figures(architecture.parameters, architecture.macs, architecture.depth, memory, 128, epoch_s)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> NetworkPanel:
    panel = NetworkPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show()
    return panel


def show(panel: NetworkPanel, name: str, epoch_s: float | None = None) -> Architecture:
    architecture = network(name)
    panel.show_network(PRESETS.model(name).title, architecture, figures_of(architecture, epoch_s))
    return architecture


def compare(panel: NetworkPanel, name: str) -> None:
    other = network(name)
    panel.show_compared(PRESETS.model(name).title, other, figures_of(other))


def click(qtbot: QtBot, view: NetworkView, name: str) -> None:
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.box_rect(name).center().toPoint())


def shown_layers(panel: NetworkPanel) -> list[str]:
    model = panel.layers.layer_model
    return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]


def figures_table(panel: NetworkPanel) -> FiguresTable:
    return panel.findChild(FiguresTable)


# Choosing


def test_a_click_chooses_a_part_and_the_table_follows(qtbot: QtBot, panel: NetworkPanel) -> None:
    architecture = show(panel, "resnet20")
    assert len(shown_layers(panel)) == len(architecture.layers)
    with qtbot.waitSignal(panel.view.part_chosen) as chosen:
        click(qtbot, panel.view, "layer2.1")
    assert chosen.args == ["layer2.1"]
    assert all(name.startswith("layer2.1.") for name in shown_layers(panel))
    assert says(panel, "Stage 2, block 2: 7 layers")
    button(panel, ALL_LAYERS).click()
    assert panel.view.selected == ""
    assert len(shown_layers(panel)) == len(architecture.layers)


def test_a_click_beside_all_boxes_chooses_the_whole_network(qtbot: QtBot, panel: NetworkPanel) -> None:
    show(panel, "resnet8")
    click(qtbot, panel.view, "stem")
    assert panel.view.selected == "stem"
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert panel.view.selected == ""
    assert len(shown_layers(panel)) == 30


def test_keys_walk_over_the_boxes(qtbot: QtBot, panel: NetworkPanel) -> None:
    show(panel, "resnet8")
    chosen: list[str] = []
    panel.view.part_chosen.connect(chosen.append)
    keys = Qt.Key
    for key in (keys.Key_Right, keys.Key_Right, keys.Key_End, keys.Key_Left, keys.Key_Home, keys.Key_Escape):
        qtbot.keyClick(panel.view, key)
    assert chosen == ["stem", "layer1.0", "head", "layer3.0", "stem", ""]


def test_a_fold_can_be_chosen_and_shows_parts_that_it_hides(qtbot: QtBot, panel: NetworkPanel) -> None:
    show(panel, "resnet1202")
    fold = next(b for b in panel.view.drawings[0].boxes if b.is_folded)
    click(qtbot, panel.view, "layer1.100")
    assert panel.view.selected == fold.parts[0].name
    panel.view.select("layer1.100")
    assert panel.view.selected == "layer1.100"
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert panel.view.selected == f"layer1.{len(fold.parts) + int(fold.parts[0].name[7:])}"


def test_the_choice_stays_while_its_part_exists(panel: NetworkPanel) -> None:
    show(panel, "resnet20")
    panel.view.select("layer3.2")
    show(panel, "resnet32")
    assert panel.view.selected == "layer3.2"
    assert shown_layers(panel)[0] == "layer3.2.conv1"
    show(panel, "resnet8")
    assert panel.view.selected == ""
    assert len(shown_layers(panel)) == 30


def test_the_pointer_is_told_of_what_it_is_on(qtbot: QtBot, panel: NetworkPanel) -> None:
    show(panel, "resnet20")
    view = panel.view
    assert dict(view.readout())["Parameters"] == "269\u202f722"
    qtbot.mouseMove(view, QPoint(2, 2))
    qtbot.mouseMove(view, view.box_rect("layer2.0").center().toPoint())
    told = view.readout()
    assert told[0] == ("basic block", "Stage 2, block 1")
    assert told[1:] == [
        ("Parameters", "13\u202f952"),
        ("MACs", "3.54\u202fM"),
        ("Output", "32×16×16"),
        ("Sees", "21×21"),
    ]
    assert "Sees 21×21" in view.accessibleDescription()
    qtbot.mouseMove(view, QPoint(2, 2))
    assert view.readout()[0][1] == "Whole network"


def test_new_figures_alone_keep_the_place_in_the_table(qtbot: QtBot, panel: NetworkPanel) -> None:
    show(panel, "resnet56")
    bar = panel.layers.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 50)
    bar.setValue(50)
    show(panel, "resnet56", epoch_s=12.0)
    compare(panel, "resnet20")
    compare(panel, "resnet8")
    assert bar.value() == 50
    assert figures_table(panel).item(4, 1).text() == "about 12 s"


# Comparing


def test_parts_with_other_layers_are_marked(panel: NetworkPanel) -> None:
    show(panel, "resnet18")
    compare(panel, "se-resnet18")
    marked = {name for b in panel.view.drawings[0].boxes if panel.view.is_marked(b) for name in b.names}
    assert marked == {f"layer{stage}.{block}" for stage in range(1, 5) for block in range(2)}
    assert len(panel.view.drawings) == 2
    panel.show_compared("", None, None)
    assert len(panel.view.drawings) == 1
    assert not any(panel.view.is_marked(b) for b in panel.view.drawings[0].boxes)


def test_the_mark_is_the_accent_and_only_above(panel: NetworkPanel, theme: Theme) -> None:
    show(panel, "resnet18")
    compare(panel, "se-resnet18")
    image = panel.view.grab().toImage()

    def edge(name: str, row: int) -> QColor:
        rect = panel.view.box_rect(name, row)
        return image.pixelColor(int(rect.left()), int(rect.top() + 2))

    assert edge("layer2.0", 0) == theme.color("accent")
    assert edge("layer2.0", 1) != theme.color("accent")
    assert edge("stem", 0) != theme.color("accent")


def test_the_table_sets_two_networks_side_by_side(panel: NetworkPanel) -> None:
    show(panel, "resnet18", epoch_s=24.0)
    table = figures_table(panel)
    assert table.isColumnHidden(2)
    compare(panel, "resnet20")
    assert not table.isColumnHidden(3)
    rows = [[table.item(row, column).text() for column in range(1, 4)] for row in range(5)]
    assert rows[0] == ["11\u202f173\u202f962", "269\u202f722", "+10.9\u202fM (×\u202f41.4)"]
    assert rows[2] == ["18", "20", "\u22122 (\u221210.0\u202f%)"]
    assert rows[4] == ["about 24 s", "\u2013", "\u2013"]
    assert says(panel, "width of stage 1: 16 → 64")
    assert says(panel, "From ResNet-20 to this network")


def test_choosing_what_to_compare_with_is_announced(qtbot: QtBot, panel: NetworkPanel) -> None:
    chosen: list[str] = []
    panel.compare_chosen.connect(chosen.append)
    choices = [("", "nothing"), ("model/resnet20", "ResNet-20"), ("run/3", "3 mine")]
    panel.set_choices(choices)
    assert chosen == []
    qtbot.keyClick(named(panel, QComboBox, "Compare with"), Qt.Key.Key_Down)
    assert chosen == ["model/resnet20"]
    panel.set_choices([*choices, ("run/4", "4 mine")])
    assert panel.compared_with == "model/resnet20"
    panel.set_choices([("", "nothing")])
    assert chosen == ["model/resnet20", ""]


# What each stage sees


@pytest.fixture
def receptive(qtbot: QtBot, theme: Theme) -> ReceptiveView:
    view = ReceptiveView(theme)
    qtbot.addWidget(view)
    view.resize(700, 200)
    return view


def test_the_large_stem_throws_positions_away(receptive: ReceptiveView) -> None:
    def told(name: str) -> list[str]:
        receptive.show_architecture(network(name))
        return [receptive.caption(look) for look in receptive.looks]

    assert told("resnet8") == [
        "every pixel", "stride 1 · sees 3×3", "stride 1 · sees 7×7", "stride 2 · sees 13×13",
        "stride 4 · sees 25×25",
    ]  # fmt: skip
    assert told("resnet18-imagenet")[1:] == [
        "stride 4 · sees 11×11", "stride 4 · sees all", "stride 8 · sees all", "stride 16 · sees all",
        "stride 32 · sees all",
    ]  # fmt: skip
    assert [look.map_size for look in receptive.looks] == [32, 8, 8, 4, 2, 1]


def test_pictures_are_whole_multiples_and_what_is_seen_is_cut_at_the_border(receptive: ReceptiveView) -> None:
    receptive.show_architecture(network("resnet8"))
    receptive.show_image(np.zeros((32, 32, 3), np.uint8))
    picture = receptive.picture_rects()[1]
    assert picture.width() % 32 == 0
    pixel = picture.width() / 32
    seen = receptive.seen_rect(receptive.looks[1], picture)
    assert (seen.left() - picture.left(), seen.width()) == (15 * pixel, 3 * pixel)
    assert receptive.seen_rect(replace(receptive.looks[1], receptive_field=99), picture) == picture


def test_behind_max_pooling_a_position_sees_around_the_middle_of_its_square(receptive: ReceptiveView) -> None:
    receptive.show_architecture(network("resnet9-page"))
    picture = receptive.picture_rects()[2]
    pixel = picture.width() / 32
    seen = receptive.seen_rect(receptive.looks[2], picture)
    # Position 8 of 16 stands for pixels 16 and 17, and sees 6 more on either side.
    assert (seen.left() - picture.left(), seen.right() - picture.left()) == (10 * pixel, 24 * pixel)


def test_the_image_and_its_grid_are_drawn(receptive: ReceptiveView) -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 255
    receptive.show_architecture(network("resnet18-imagenet"))
    receptive.show_image(red)

    def row(picture: int) -> list[str]:
        rect = receptive.picture_rects()[picture]
        image = receptive.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        y = int(rect.top()) + 3
        return [image.pixelColor(x, y).name() for x in range(int(rect.left()), int(rect.right()))]

    assert set(row(0)) == {"#ff0000"}
    side = int(receptive.picture_rects()[1].width())
    colors = row(1)
    veiled, lines = colors[0], [x for x, color in enumerate(colors) if color != colors[0]]
    assert veiled != "#ff0000"
    assert lines == [side * cell // 8 - 1 for cell in range(1, 8)]


@pytest.mark.parametrize("stages", range(1, 7))
def test_any_number_of_stages_fits_the_width(receptive: ReceptiveView, stages: int) -> None:
    config = ModelConfig(blocks=(1,) * stages, widths=(16,) * stages)
    receptive.show_architecture(Architecture.of(config))
    for width in (400, 520, 1100):
        receptive.resize(width, 180)
        for shape in ((32, 32, 3), (300, 200, 3)):
            receptive.show_image(np.full(shape, 128, np.uint8))
            rects = receptive.picture_rects()
            assert len(rects) == stages + 2
            assert rects[-1].right() <= width
            assert all(a.right() < b.left() for a, b in pairwise(rects))
            receptive.grab()


# States


def test_before_the_first_network_it_says_what_will_come(panel: NetworkPanel) -> None:
    assert says(panel, "No network yet")
    assert shown_layers(panel) == []
    assert panel.view.readout() == []
    panel.show_problem("model.blocks is wrong")
    panel.grab()


def test_a_problem_dims_the_last_drawing_until_it_is_solved(panel: NetworkPanel) -> None:
    show(panel, "resnet18-imagenet")
    warning, problem = "7x7 stem", "widths of stage 2 is 0; it must be at least 1"
    assert label(panel, warning).property("role") == "warning"
    clear = panel.view.grab().toImage()
    panel.show_problem(problem)
    assert label(panel, problem).property("role") == "error"
    assert not says(panel, warning)
    panel.view.resize(clear.size())
    assert panel.view.grab().toImage() != clear
    assert panel.view.drawings
    show(panel, "resnet18-imagenet")
    assert not says(panel, problem)
    assert says(panel, warning)
    show(panel, "resnet8")
    assert not says(panel, warning)


def test_the_table_makes_texts_for_the_rows_in_sight_only(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = network("resnet1202").layers
    asked: set[int] = set()
    plain = LayerModel.data

    def counting(self: LayerModel, index: object, role: int = 0) -> object:
        asked.add(index.row())  # type: ignore[attr-defined]
        return plain(self, index, role)  # type: ignore[arg-type]

    monkeypatch.setattr(LayerModel, "data", counting)
    table = LayerTable()
    qtbot.addWidget(table)
    table.resize(600, 300)
    table.show()
    table.fit_columns(layers)
    table.show_layers(layers)
    table.grab()
    assert table.layer_model.rowCount() == len(layers) > 4000
    assert 0 < len(asked) < 50


def test_numbers_stand_at_the_right(panel: NetworkPanel) -> None:
    show(panel, "resnet8")
    model = panel.layers.layer_model
    sides = [model.data(model.index(0, c), Qt.ItemDataRole.TextAlignmentRole) for c in range(7)]
    assert [bool(side & Qt.AlignmentFlag.AlignRight) for side in sides] == [False] * 3 + [True] * 4
    row = [model.data(model.index(0, c)) for c in range(7)]
    assert row == ["conv1", "conv", "3x3", "16×32×32", "432", "442\u202fk", "3×3"]


def test_every_control_has_a_name_and_a_tooltip(qtbot: QtBot, panel: NetworkPanel) -> None:
    show(panel, "resnet8")
    click(qtbot, panel.view, "stem")
    controls = [*panel.findChildren(QAbstractButton), *panel.findChildren(QComboBox)]
    own = [c for c in controls if c.isVisibleTo(panel) and not c.objectName().startswith("qt_")]
    own = [c for c in own if type(c).__name__ not in ("CornerButton", "QTableCornerButton")]
    assert button(panel, ALL_LAYERS) in own
    for control in own:
        assert control.accessibleName() or getattr(control, "text", str)(), control
        assert control.toolTip(), control
    for view in (panel.view, panel.layers, panel.receptive, figures_table(panel)):
        assert view.accessibleName()


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_every_preset_paints_at_every_width(panel: NetworkPanel, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    for name in PRESETS.models:
        show(panel, name)
        for other in ("", "resnet20"):
            if other:
                compare(panel, other)
            for width in (400, 520, 900, 1400):
                panel.resize(width, 600)
                assert panel.view.grab().toImage().pixelColor(2, 40) == theme.color("surface")
                for drawing in panel.view.drawings:
                    assert drawing.boxes[-1].right <= panel.view.width() - 24 + 1, (name, width)
        panel.show_compared("", None, None)
    theme.choose("light")
