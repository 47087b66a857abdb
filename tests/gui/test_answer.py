"""The answer to one image: all classes, and how it came to be epoch by epoch."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from tests.gui.recorded import Recorded, answers, record
from tests.gui.seen import button, named
from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.inspection.image_histories import Histories
from workbench.gui.inspect.answer_bars import AnswerBars
from workbench.gui.inspect.image.history_curve import HistoryCurve
from workbench.gui.inspect.image.image_view import ImageView
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.theme import Theme


@pytest.fixture
def source(evaluation: Evaluation, images: ImageSet) -> Recorded:
    """Image 1, a dog, is taken for a frog after epoch 2."""
    return Recorded({n: answers(evaluation, n, **({"i1": 2} if n == 2 else {})) for n in range(1, 6)}, images)


@pytest.fixture
def selection(qapp: QApplication, source: Recorded) -> Selection:
    selection = Selection(source)
    selection.look_at(record([0.3, 0.5, 0.7, 0.4, 0.6]))
    selection.choose_image(1)
    return selection


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, selection: Selection) -> ImageView:
    view = ImageView(theme, selection)
    qtbot.addWidget(view)
    view.resize(320, 640)
    view.show()
    return view


@pytest.fixture
def curve(view: ImageView, selection: Selection, source: Recorded) -> HistoryCurve:
    selection.take_histories(selection.run_id, Histories.of(source.evaluations.values()))
    return named(view, HistoryCurve, "History of the image")


def test_the_history_is_that_of_the_evaluations(curve: HistoryCurve, source: Recorded) -> None:
    history = curve.history
    assert history.epochs.tolist() == [1, 2, 3, 4, 5]
    expected = [source.evaluations[epoch].probabilities[1, 1] for epoch in range(1, 6)]
    assert history.truth == pytest.approx(expected, abs=1e-3)
    assert history.predictions.tolist() == [1, 2, 1, 1, 1]
    assert curve.words == "epoch 3: dog 87\u202f%, right"


def test_a_click_moves_the_slider(qtbot: QtBot, curve: HistoryCurve, selection: Selection) -> None:
    at = QPoint(round(curve.x_of(2)), curve.height() // 2)
    qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=at)
    assert selection.epoch == 2
    assert curve.words == "epoch 2: dog 0\u202f%, frog 100\u202f%"
    qtbot.keyClick(curve, Qt.Key.Key_Right)
    assert selection.epoch == 3


def test_the_words_follow_the_pointer(qtbot: QtBot, curve: HistoryCurve, selection: Selection) -> None:
    qtbot.mouseMove(curve, QPoint(round(curve.x_of(4)), curve.height() // 2))
    qtbot.waitUntil(lambda: curve.words.startswith("epoch 4:"))
    assert selection.epoch == 3


def test_without_a_history_it_says_so(view: ImageView) -> None:
    assert "is not known yet" in named(view, HistoryCurve, "History of the image").words


def test_all_classes_are_there_and_the_prediction_is_in_sight(
    qtbot: QtBot, theme: Theme, evaluation: Evaluation, images: ImageSet
) -> None:
    count = 100
    logits = np.zeros((40, count), np.float32)
    logits[:, 90] = 9
    names = tuple(f"class {number}" for number in range(count))
    many = Evaluation(evaluation.labels, logits, names, 1)
    selection = Selection(Recorded({1: many}, images))
    selection.look_at(record([0.3]))
    view = ImageView(theme, selection)
    qtbot.addWidget(view)
    view.resize(320, 500)
    view.show()
    selection.choose_image(3)
    bars = named(view, AnswerBars, "Probability of every class")
    assert len(bars.bars) == count
    (area,) = view.findChildren(QScrollArea)
    top = area.verticalScrollBar().value()
    assert top <= 90 * 22 < top + area.viewport().height()


def test_the_picture_is_enlarged_smoothly_if_wanted(
    view: ImageView, selection: Selection, curve: HistoryCurve
) -> None:
    def colors() -> int:
        picture = view.grab().toImage()
        return len({picture.pixel(x, 60) for x in range(20, 180)})

    pixelated = colors()
    button(view, "Smooth").click()
    assert colors() > 2 * pixelated
    selection.choose_image(2)
    assert button(view, "Smooth").isChecked()


def test_a_wide_view_has_the_bars_beside_the_picture(qtbot: QtBot, view: ImageView) -> None:
    bars = named(view, AnswerBars, "Probability of every class")
    assert bars.mapTo(view, QPoint(0, 0)).x() < 40
    view.resize(900, 500)
    qtbot.waitUntil(lambda: bars.mapTo(view, QPoint(0, 0)).x() > 200)
