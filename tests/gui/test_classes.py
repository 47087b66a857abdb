"""How classes are drawn: names along the matrix, its cells and scales, bars, captions."""

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.seen import says
from workbench.core.class_names import short_names
from workbench.core.data.image_sources import CIFAR10
from workbench.core.evaluation import Evaluation
from workbench.gui.inspect.answer_bars import AnswerBars, AnswerBarsArea
from workbench.gui.inspect.class_bars import BarRows, ClassBar, probability_bars, probability_words
from workbench.gui.inspect.confusion_scales import mistake_scale, right_scale
from workbench.gui.inspect.image_caption import Captions, Verdict
from workbench.gui.inspect.matrix.class_model import ClassModel
from workbench.gui.inspect.matrix.class_view import ClassView
from workbench.gui.inspect.matrix.confusion_view import ConfusionView
from workbench.gui.inspect.picture_list import GalleryDelegate, GalleryModel
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.pictures import fitted, to_pixels, to_qimage
from workbench.gui.widgets.theme import Theme, contrast

TEN = CIFAR10.class_names
HUNDRED = tuple(f"wordless_thing_{number}" for number in range(100))
THEMES = ["light", "dark"]


def evaluated(
    names: tuple[str, ...], right: int, mistakes: dict[tuple[int, int], int] | None = None
) -> Evaluation:
    """Every class recognized `right` times, and so many (truth, prediction) taken for another."""
    pairs = [(each, each) for each in range(len(names)) for _ in range(right)]
    pairs += [pair for pair, times in (mistakes or {}).items() for _ in range(times)]
    labels = np.array([truth for truth, _ in pairs])
    logits = np.zeros((len(pairs), len(names)), np.float32)
    logits[np.arange(len(pairs)), [said for _, said in pairs]] = 4
    return Evaluation(labels, logits, names, 3)


@pytest.fixture
def ten() -> Evaluation:
    return evaluated(TEN, 20, {(3, 5): 9, (5, 3): 7, (0, 8): 4, (1, 9): 2})


def matrix(qtbot: QtBot, theme: Theme, evaluation: Evaluation | None, width: int, height: int) -> ConfusionView:
    view = ConfusionView(theme)
    qtbot.addWidget(view)
    view.show_evaluation(evaluation)
    view.resize(QSize(width, height).expandedTo(view.minimumSizeHint()))
    view.show()
    return view


def class_view(qtbot: QtBot, theme: Theme, evaluation: Evaluation, width: int = 340) -> ClassView:
    view = ClassView(theme)
    qtbot.addWidget(view)
    view.show_evaluation(evaluation)
    view.resize(width, 400)
    view.show()
    return view


@pytest.fixture
def metrics(theme: Theme) -> QFontMetrics:
    return QFontMetrics(QFont())


# Captions


def test_captions_of_a_view_are_all_whole_or_all_short(metrics: QFontMetrics) -> None:
    captions, close = Captions(), Verdict("cat", "dog", 0.97, TEN)
    wide = Verdict("automobile", "airplane", 0.5, TEN)
    room = metrics.horizontalAdvance("automobile → airplane 0.97")
    assert captions.of(wide, metrics, room) == "automobile → airplane 0.50"
    assert captions.of(wide, metrics, room - 2) == "auto. → airp. 0.50"
    truck = Verdict("truck", "automobile", 0.97, TEN)
    assert metrics.horizontalAdvance(truck.caption) < room - 2
    assert captions.of(truck, metrics, room - 2) == "truck → auto. 0.97", "although it would fit by itself"
    assert captions.of(close, metrics, room - 2) == "cat → dog 0.97"
    assert captions.of(truck, metrics, 20) == "truck → auto."
    assert captions.of(Verdict("automobile", "", 0.9, TEN), metrics, 20) == "auto."


def test_the_smallest_pictures_have_room_for_the_probability(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    font = QFont()
    font.setPixelSize(11)
    room = GalleryDelegate(GalleryModel(), theme, parent).cell.width() - 4
    assert Captions().of(Verdict("horse", "truck", 0.97, TEN), QFontMetrics(font), room) == "horse → truck 0.97"


# The matrix: headings and sizes


@pytest.mark.parametrize("size", [(340, 400), (480, 480), (700, 700), (1100, 700)])
@pytest.mark.parametrize("names", [TEN, HUNDRED[:30]])
def test_headings_of_a_side_are_all_whole_or_all_short(
    qtbot: QtBot, theme: Theme, size: tuple[int, int], names: tuple[str, ...]
) -> None:
    view = matrix(qtbot, theme, evaluated(names, 9), *size)
    rows, columns = view.headings
    assert rows in (names, short_names(names))
    assert columns in (names, short_names(names)) or (columns == () and view.cell_rect(0, 0).width() <= 10)


def test_headings_are_whole_where_they_fit(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    assert matrix(qtbot, theme, ten, 1100, 700).headings == (TEN, TEN)
    assert matrix(qtbot, theme, ten, 480, 480).headings == (TEN, short_names(TEN))
    assert matrix(qtbot, theme, ten, 280, 400).headings[0] == short_names(TEN)


@pytest.mark.parametrize(("classes", "row"), [(2, 22), (10, 22), (12, 22), (20, 12), (30, 12)])
def test_the_smallest_rows_can_be_hit(qtbot: QtBot, theme: Theme, classes: int, row: int) -> None:
    view = matrix(qtbot, theme, evaluated(HUNDRED[:classes], 9), 340, 400)
    view.resize(view.minimumSizeHint())
    assert min(view.cell_rect(index, 0).height() for index in range(classes)) >= row
    assert view.has_counts or classes > 12


def test_ten_classes_of_a_thousand_images_fit_in_a_dock(qtbot: QtBot, theme: Theme) -> None:
    view = matrix(qtbot, theme, evaluated(TEN, 1000, {(3, 5): 120}), 340, 400)
    view.resize(view.minimumSizeHint())
    assert view.width() <= 304, "of 340 pixels, without margins and a scroll bar"
    assert view.height() <= 400
    assert view.has_counts


def test_cells_fill_the_width_and_are_square_where_there_is_height(
    qtbot: QtBot, theme: Theme, ten: Evaluation
) -> None:
    for width, height in ((340, 900), (900, 400)):
        view = matrix(qtbot, theme, ten, width, height)
        assert width - 3 <= view.cell_rect(0, 9).right() < width
        assert view.cell_rect(9, 0).bottom() < height
    tall, wide = matrix(qtbot, theme, ten, 340, 900).cell_rect(4, 4), matrix(qtbot, theme, ten, 900, 400)
    assert abs(tall.width() - tall.height()) <= 1
    assert wide.cell_rect(4, 4).height() >= 22


def test_a_hundred_classes_are_drawn_without_words(qtbot: QtBot, theme: Theme) -> None:
    view = matrix(qtbot, theme, evaluated(HUNDRED, 5, {(7, 9): 3}), 340, 400)
    assert view.headings == ((), ())
    assert not view.has_counts
    assert view.minimumSizeHint().width() <= 300
    qtbot.mouseMove(view, view.cell_rect(7, 9).center())
    assert "3 of 8 wordless_thing_7 taken for wordless_thing_9" in view.accessibleDescription()


def test_a_parent_scrolls_rather_than_squeezes(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    view = ConfusionView(theme)
    area.setWidgetResizable(True)
    area.setWidget(view)
    area.resize(340, 200)
    area.show()
    view.show_evaluation(ten)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    assert view.cell_rect(4, 4).height() >= 22
    for _ in range(9):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.visibleRegion().contains(view.cell_rect(9, 0).center())


# The matrix: what is hit


@pytest.mark.parametrize(("names", "size"), [(TEN, (347, 401)), (HUNDRED, (341, 397))])
def test_a_cell_is_hit_wherever_it_is_drawn(
    qtbot: QtBot, theme: Theme, names: tuple[str, ...], size: tuple[int, int]
) -> None:
    view = matrix(qtbot, theme, evaluated(names, 3), *size)
    clicked: list[tuple[int, int]] = []
    view.cell_clicked.connect(lambda truth, said: clicked.append((truth, said)))
    last = len(names) - 1
    for place in ((0, 0), (1, 0), (last // 2, 1), (last, last), (0, last)):
        rect = view.cell_rect(*place)
        for corner in (rect.topLeft(), rect.bottomRight()):
            qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=corner)
            assert clicked.pop() == place
    below = QPoint(view.cell_rect(last, 0).left(), view.cell_rect(last, 0).bottom() + 1)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=below)
    assert clicked == []


def test_headings_choose_a_row_or_a_column(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = matrix(qtbot, theme, ten, 480, 480)
    with qtbot.waitSignal(view.row_clicked) as row:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.row_heading_rect(4).center())
    with qtbot.waitSignal(view.column_clicked) as column:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.column_heading_rect(6).center())
    assert (row.args, column.args) == ([4], [6])
    with qtbot.assertNotEmitted(view.row_clicked), qtbot.assertNotEmitted(view.column_clicked):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))


def test_the_matrix_can_be_used_by_keyboard(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = matrix(qtbot, theme, ten, 480, 480)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(view, key)
    with qtbot.waitSignal(view.cell_clicked) as cell:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert cell.args == [1, 1]
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Down):
        qtbot.keyClick(view, key)
    with qtbot.waitSignal(view.row_clicked) as row:
        qtbot.keyClick(view, Qt.Key.Key_Space)
    assert row.args == [2]
    for key in (Qt.Key.Key_Right, *[Qt.Key.Key_Up] * 4, Qt.Key.Key_Right):
        qtbot.keyClick(view, key)
    with qtbot.waitSignal(view.column_clicked) as column:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert column.args == [1]


# The matrix: what it says


def test_a_cell_says_counts_and_share(qtbot: QtBot, theme: Theme, evaluation: Evaluation) -> None:
    view = matrix(qtbot, theme, evaluation, 400, 400)
    assert view.describe(0, 1) == "10 of 10 cat taken for dog (100.0\u202f%)"
    assert view.describe(2, 2) == "10 of 10 frog recognized (100.0\u202f%)"


def test_the_most_confused_pairs_are_described(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = matrix(qtbot, theme, ten, 480, 480)
    told = ("cat taken for dog 9 times", "dog taken for cat 7 times", "airplane taken for ship 4 times")
    pairs = "Most often confused: " + "; ".join(told)
    assert view.accessibleDescription() == pairs
    qtbot.mouseMove(view, view.column_heading_rect(5).center())
    said = "29 images taken for dog, 20 of them rightly (69.0\u202f%)"
    assert view.accessibleDescription() == f"{said}. {pairs}"
    view.show_evaluation(evaluated(TEN, 2))
    assert "No image is taken for another class" in view.accessibleDescription()


def test_the_legend_names_both_scales_and_their_ends(qtbot: QtBot, theme: Theme) -> None:
    view = matrix(qtbot, theme, evaluated(TEN, 177, {(3, 5): 39}), 340, 400)
    assert view.legend_texts == ("right 0 177", "mistaken 0 39")


def test_without_an_evaluation_it_is_small_and_says_when(qtbot: QtBot, theme: Theme) -> None:
    view = matrix(qtbot, theme, None, 340, 400)
    assert view.accessibleDescription() == "Appears after the first epoch."
    assert view.minimumSizeHint().height() < 100
    view.grab()


# Scales


@pytest.mark.parametrize("choice", THEMES)
def test_counts_can_be_read_on_every_color(theme: Theme, choice: str) -> None:
    theme.choose(choice)
    for scale in (mistake_scale(), right_scale(theme)):
        for share in np.linspace(0, 1, 101):
            assert contrast(scale.ink(share), scale.color(share)) >= 4.5


@pytest.mark.parametrize("choice", THEMES)
def test_no_color_means_both_right_and_wrong(theme: Theme, choice: str) -> None:
    theme.choose(choice)
    shares = np.linspace(0, 1, 101)
    right, mistakes = (scale.colors(shares).astype(int) for scale in (right_scale(theme), mistake_scale()))
    distances = np.linalg.norm(right[:, None] - mistakes[None], axis=2)
    assert distances.min() > 30
    assert contrast(right_scale(theme).color(0), right_scale(theme).color(1)) >= 1.4


@pytest.mark.parametrize("choice", THEMES)
def test_each_kind_has_its_own_highest_color(qtbot: QtBot, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    view = matrix(qtbot, theme, evaluated(TEN, 177, {(3, 5): 39}), 480, 480)
    image = view.grab().toImage()

    def color(truth: int, said: int) -> QColor:
        return image.pixelColor(view.cell_rect(truth, said).topLeft() + QPoint(2, 2))

    assert color(3, 5) == mistake_scale().color(1)
    assert color(4, 4) == right_scale(theme).color(1)
    assert color(0, 1) == mistake_scale().color(0)


# Bars


@pytest.mark.parametrize(("width", "names"), [(260, short_names(TEN)), (290, TEN), (480, TEN)])
def test_bars_keep_a_length_that_can_be_compared(theme: Theme, ten: Evaluation, width: int, names: object) -> None:
    rows = BarRows(probability_bars(ten, 0), QFont(), width, probability_words())
    assert rows.names == names
    assert rows.track >= 48


def test_truth_and_prediction_are_words(theme: Theme, ten: Evaluation) -> None:
    right, wrong = 0, int(np.flatnonzero(~ten.correct)[0])
    spacious = BarRows(probability_bars(ten, right), QFont(), 480, probability_words())
    assert spacious.words == ("truth, predicted", *[""] * 9)
    narrow = BarRows(probability_bars(ten, right), QFont(), 260, probability_words())
    assert narrow.words == ("right", *[""] * 9)
    told = BarRows(probability_bars(ten, wrong), QFont(), 260, probability_words())
    assert (told.words[3], told.words[5]) == ("truth", "prediction")
    bars = probability_bars(ten, wrong)
    assert [(bar.role, bar.is_bold) for bar in bars if bar.word] == [("right", False), ("wrong", True)]


def test_bars_are_as_long_whatever_is_said(theme: Theme, ten: Evaluation) -> None:
    lengths = {
        BarRows(probability_bars(ten, int(image)), QFont(), 340, probability_words()).track
        for image in (0, *np.flatnonzero(~ten.correct)[:3])
    }
    assert len(lengths) == 1


def test_of_many_classes_all_are_shown_and_two_marked() -> None:
    evaluation = evaluated(HUNDRED, 1, {(99, 50): 1})
    bars = probability_bars(evaluation, 100)
    assert [bar.name for bar in bars] == list(HUNDRED)
    assert {bar.name: bar.word.text for bar in bars if bar.word} == {
        HUNDRED[99]: "truth",
        HUNDRED[50]: "prediction",
    }


# Figures of every class


def column(view: ClassView, number: int) -> list[str]:
    model = view.table.model()
    return [str(model.index(row, number).data()) for row in range(model.rowCount())]


@pytest.mark.parametrize("choice", THEMES)
def test_a_class_has_its_color_as_a_swatch_and_a_neutral_bar(
    qtbot: QtBot, theme: Theme, ten: Evaluation, choice: str
) -> None:
    theme.choose(choice)
    view = class_view(qtbot, theme, ten)
    image = view.table.viewport().grab().toImage()
    for index in (0, 2, 9):
        rect = view.row_rect(index)
        row = [image.pixelColor(x, rect.center().y()).name() for x in range(rect.width())]
        assert theme.series(index).name() in row[:20]
        assert theme.series(index).name() not in row[20:]
        below = [image.pixelColor(x, rect.bottom() - 2).name() for x in range(rect.width())]
        assert below.count(theme.color("secondary").name()) >= 60


def test_the_worst_class_is_named(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = class_view(qtbot, theme, ten)
    assert view.worst_line == "worst: cat, 69.0\u202f%"
    assert view.accessibleDescription() == view.worst_line
    assert says(view, "in per cent · worst: cat")
    assert view.describe(3).startswith("20 of 29 cat recognized (69.0\u202f%)")
    view.show_evaluation(evaluated(TEN, 5))
    assert view.worst_line == "", "all are equally good"


def test_figures_stand_in_columns_as_the_data_have_the_classes(
    qtbot: QtBot, theme: Theme, ten: Evaluation
) -> None:
    view = class_view(qtbot, theme, ten, 700)
    assert column(view, 0) == list(TEN)
    assert [column(view, number)[3] for number in range(1, 5)] == ["69.0", "74.1", "71.4", "29"]
    view.show_evaluation(Evaluation(np.array([0]), np.array([[0, 1, 0]], np.float32), ("a", "b", "c")))
    assert [column(view, number)[2] for number in range(1, 6)] == ["–", "–", "–", "0", "–"]


def test_names_of_classes_are_all_whole_or_all_short(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    assert class_view(qtbot, theme, ten, 600).shown_names == TEN
    view = class_view(qtbot, theme, ten, 260)
    assert view.shown_names == short_names(TEN)
    assert view.table.model().headerData(2, Qt.Orientation.Horizontal) == "prec."


def test_headings_sort_up_down_and_not_at_all(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = class_view(qtbot, theme, ten, 700)
    header = view.table.horizontalHeader()

    def click(number: int) -> None:
        place = QPoint(header.sectionViewportPosition(number) + 10, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click(1)
    assert column(view, 0)[:4] == ["cat", "dog", "airplane", "automobile"]
    assert header.model().headerData(1, Qt.Orientation.Horizontal) == "recall\u202f↑"
    click(1)
    assert column(view, 0)[-1] == "cat"
    click(1)
    assert column(view, 0) == list(TEN)
    click(0)
    assert column(view, 0) == sorted(TEN)
    view.show_evaluation(evaluated(TEN, 9))
    assert column(view, 0) == sorted(TEN), "the order is kept from epoch to epoch"


def test_what_is_selected_stays_with_its_class(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = class_view(qtbot, theme, ten)
    view.table.selectRow(3)
    for title in ("recall", "class", ""):
        view.sort_by(title, descending=True)
        (row,) = view.table.selectionModel().selectedRows()
        assert row.data() == "cat"
    view.sort_by("recall")
    view.show_evaluation(evaluated(TEN, 20, {(5, 3): 9}))
    assert [row.data() for row in view.table.selectionModel().selectedRows()] == ["cat"]


def test_only_rows_in_sight_are_drawn(qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = AnswerBars(theme)
    area = AnswerBarsArea(bars)
    qtbot.addWidget(area)
    bars.show_bars(probability_bars(evaluated(HUNDRED, 1), 7))
    area.resize(320, 200)
    area.show()
    qtbot.waitExposed(area)
    drawn = list[str]()
    draw_row = BarRows._draw_row

    def noted(rows: BarRows, painter: QPainter, line: QRectF, bar: ClassBar, *rest: object) -> None:
        drawn.append(bar.name)
        draw_row(rows, painter, line, bar, *rest)

    monkeypatch.setattr(BarRows, "_draw_row", noted)
    bars.update()
    qtbot.waitUntil(lambda: HUNDRED[7] in drawn)
    assert len(drawn) <= 12
    drawn.clear()
    assert not bars.grab().isNull()
    assert len(drawn) == 100


def test_pixels_stay_pixels_where_all_are_equally_large() -> None:
    generator = np.random.default_rng(0)
    for side, colors in ((32, 2), (28, None)):
        image = to_qimage((generator.integers(0, 2, (side, side, 1)) * np.full(3, 255)).astype(np.uint8))
        shown = to_pixels(fitted(image, 64))
        assert shown.shape == (64, 64, 3)
        assert colors is None or len(np.unique(shown)) == colors
        assert colors is not None or len(np.unique(shown)) > 2


def test_a_name_is_shown_as_it_is_when_pointed_at(qtbot: QtBot) -> None:
    label = ElidedLabel("")
    qtbot.addWidget(label)
    label.setToolTip("<h1>big</h1>")
    assert "&lt;h1&gt;" in label.toolTip()


def test_headings_sort_by_keys_too(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = class_view(qtbot, theme, ten, 700)
    header = view.table.horizontalHeader()
    header.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Return):
        qtbot.keyClick(header, key)
    assert column(view, 0)[:2] == ["cat", "dog"]
    assert header.accessibleDescription() == "recall\u202f↑"
    qtbot.keyClick(header, Qt.Key.Key_Space)
    assert column(view, 0)[-2:] == ["dog", "cat"]


def test_classes_without_a_figure_come_last_both_ways(qtbot: QtBot, theme: Theme) -> None:
    said = Evaluation(np.array([1, 2]), np.eye(3, dtype=np.float32)[[1, 1]], ("empty", "right", "wrong"))
    view = class_view(qtbot, theme, said)
    for descending, names in ((False, ["wrong", "right", "empty"]), (True, ["right", "wrong", "empty"])):
        view.sort_by("recall", descending)
        assert column(view, 0) == names


def test_classes_are_chosen_by_mouse_and_keys(qtbot: QtBot, theme: Theme, ten: Evaluation) -> None:
    view = class_view(qtbot, theme, ten)
    clicked: list[int] = []
    view.class_clicked.connect(clicked.append)
    view.sort_by("recall")
    viewport = view.table.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=view.row_rect(5).center())
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(view.table, key)
    assert clicked == [5, 3]


def test_a_thousand_classes_draw_only_the_rows_in_sight(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(f"class {number}" for number in range(1000))
    view = class_view(qtbot, theme, evaluated(names, 1))
    drawn: list[int] = []
    share = ClassModel.share

    def counting(model: ClassModel, index: QModelIndex) -> float:
        drawn.append(index.row())
        return share(model, index)

    monkeypatch.setattr(ClassModel, "share", counting)
    view.grab()
    assert 0 < len(set(drawn)) < 30
