"""Whether one run is better than another, in the window: two choices, a sentence, and the images behind it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QTabWidget
from pytestqt.qtbot import QtBot

from tests.compared import Recording, answering, right_but, save_copy
from tests.gui.seen import button_like, named, pick, says
from workbench.core.comparison.agreement import Agreement
from workbench.core.comparison.comparison import Comparison
from workbench.core.comparison.config_differences import SettingDifference
from workbench.core.comparison.verdict import Side, Verdict
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.gui.compare.comparison_tables import ComparisonTable, signed_points
from workbench.gui.compare.difference_axis import DifferenceAxis
from workbench.gui.compare.verdict_view import VerdictView
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.theme import Theme

LONG_MS = 20_000
IMAGES = 60


def comparison(wrong_a: int = 30, wrong_b: int = 6) -> Comparison:
    """A is wrong of the first images, B of the last."""
    a, b = (
        answering(right_but(IMAGES, *range(wrong_a))),
        answering(right_but(IMAGES, *range(IMAGES - wrong_b, IMAGES))),
    )
    agreement = Agreement(a, b)
    sides = [
        Side(run_id, name, 3, (0,), (said.accuracy,))
        for run_id, name, said in (("a1", "old", a), ("b2", "new", b))
    ]
    gain = b.accuracy - a.accuracy
    verdict = Verdict(sides[0], sides[1], agreement.counts, (gain - 0.1, gain + 0.1), 0.0004)
    numbers = np.arange(IMAGES)
    return Comparison(verdict, agreement, numbers, numbers, (SettingDifference("model.stem", "3x3", "7x7"),))


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> VerdictView:
    view = VerdictView(theme)
    qtbot.addWidget(view)
    view.resize(560, 700)
    view.show()
    return view


def table(view: VerdictView, name: str) -> ComparisonTable:
    return named(view, ComparisonTable, name)


def rows(of: ComparisonTable) -> list[list[str]]:
    return [[of.item(row, column).text() for column in range(of.columnCount())] for row in range(of.rowCount())]


def test_the_sentence_and_all_figures_are_shown(view: VerdictView) -> None:
    view.show_comparison(comparison())
    assert says(view, "new is better by 40.0 points, 95 % interval 30.0 to 50.0, on 60 images")
    assert says(view, "A: 50.00\u202f% after epoch 3")
    assert says(view, "p < 0.001 (McNemar's exact test)")
    assert says(view, "only runs with other seeds can tell")
    classes, splits, settings = (
        table(view, each) for each in ("Classes", "Different answers", "Settings that differ")
    )
    assert [row[0] for row in rows(classes)] == ["blue", "green", "red"]
    assert rows(classes)[0] == ["blue", "50.0\u202f%", "90.0\u202f%", "+40.0"]
    assert sum(int(row[2]) for row in rows(splits)) == 36
    assert rows(settings) == [["model.stem", "3x3", "7x7"]]


def test_classes_come_by_how_much_b_gains(view: VerdictView) -> None:
    found = comparison(4, 2)
    view.show_comparison(found)
    gains = [row[3] for row in rows(table(view, "Classes"))]
    assert gains == ["+10.0", "+0.0", "+0.0"]
    assert signed_points(float("nan")) == "–"
    assert signed_points(-0.032) == "−3.2"


@pytest.mark.parametrize(
    ("start", "numbers", "words"),
    [
        ("Only B right", range(30), "right with new, wrong with old"),
        ("Only A right", range(54, 60), "right with old, wrong with new"),
        ("Both right", range(30, 54), "right with old and new"),
    ],
)
def test_a_cell_asks_for_its_images(
    qtbot: QtBot, view: VerdictView, start: str, numbers: range, words: str
) -> None:
    view.show_comparison(comparison())
    with qtbot.waitSignal(view.images_asked) as asked:
        button_like(view, start).click()
    assert np.flatnonzero(asked.args[0]).tolist() == list(numbers)
    assert asked.args[1] == words
    assert not button_like(view, "Both wrong").isEnabled()


def test_rows_of_classes_and_answers_ask_for_theirs(qtbot: QtBot, view: VerdictView) -> None:
    found = comparison()
    view.show_comparison(found)
    classes, splits = table(view, "Classes"), table(view, "Different answers")
    with qtbot.waitSignal(view.images_asked) as asked:
        classes.activated.emit(classes.model().index(1, 0))
    assert np.flatnonzero(asked.args[0]).tolist() == [*range(1, 30, 3), 55, 58]
    with qtbot.waitSignal(view.images_asked) as asked:
        splits.activated.emit(splits.model().index(0, 0))
    assert asked.args[0].sum() == found.agreement.splits[0].images
    assert asked.args[1] == "called blue by old, red by new"


def test_the_axis_holds_zero_and_the_whole_interval(qtbot: QtBot, theme: Theme) -> None:
    axis = DifferenceAxis(theme)
    qtbot.addWidget(axis)
    axis.resize(400, axis.sizeHint().height())
    for wrong in ((30, 6), (6, 30), (6, 6)):
        verdict = comparison(*wrong).verdict
        axis.show_verdict(verdict)
        low, high = axis.limits()
        assert low < min(0, 100 * verdict.interval[0]) <= max(0, 100 * verdict.interval[1]) < high
    axis.show_verdict(comparison().verdict)
    picture = axis.grab().toImage()
    ratio = picture.devicePixelRatio()
    middle = axis.fontMetrics().height() + 8 + 6
    at = [round(ratio * value) for value in (axis.place_of(34.0), middle)]
    assert picture.pixelColor(*at) == theme.color("accent")


# In the window


@pytest.fixture
def compared(home: Home, tmp_path: Path) -> dict[str, str]:
    """Three runs: old, new, and one of old's settings but for the seed; an unfinished one says nothing."""
    with closing(RunStore(home)) as store:
        writing = Recording(store, save_copy(tmp_path / "copy", range(IMAGES), side=32))
        return {
            "old": writing.run(answering(right_but(IMAGES, *range(30))), name="old", training__learning_rate=0.3),
            "new": writing.run(answering(right_but(IMAGES, 58, 59)), name="new"),
            "bare": writing.run(name="bare", status="stopped"),
            "other": writing.run(
                answering(right_but(IMAGES, *range(28))), name="other", seed=1, training__learning_rate=0.3
            ),
        }


def turn_to_verdict(window: MainWindow) -> VerdictView:
    window.workspaces.show("compare")
    tabs = window.verdict_page.parentWidget().parentWidget()
    assert isinstance(tabs, QTabWidget)
    tabs.setCurrentWidget(window.verdict_page)
    return window.verdict_page.findChild(VerdictView)


def test_two_runs_are_compared_and_their_images_stand_in_the_gallery(
    qtbot: QtBot, make_window: Callable[..., MainWindow], compared: dict[str, str]
) -> None:
    window = make_window()
    assert not window.verdict_page.is_built
    view = turn_to_verdict(window)
    # The newest two, the older one as A.
    qtbot.waitUntil(lambda: says(view, "other"), timeout=LONG_MS)
    assert named(view, QComboBox, "Run A").currentText().endswith("new")
    assert named(view, QComboBox, "Run B").findText("3  bare") == -1
    pick(view, "Run A", "1  old")
    pick(view, "Run B", "2  new")
    qtbot.waitUntil(lambda: says(view, "new is better by 46.7 points"), timeout=LONG_MS)
    button_like(view, "Only B right").click()
    assert window.workspaces.current == "inspect"
    assert window.selection.run_id == compared["new"]
    assert sorted(window.selection.order.tolist()) == list(range(30))
    # Chosen runs stay so when the list changes.
    window.library.refresh()
    assert (view.choice.a, view.choice.b) == (compared["old"], compared["new"])
    turn_to_verdict(window)
    named_seeds = next(box for box in view.findChildren(QCheckBox) if box.text() == "All seeds")
    named_seeds.setChecked(True)
    qtbot.waitUntil(lambda: says(view, "on 60 images, 2 seeds of old and 1 seed of new"), timeout=LONG_MS)
    pick(view, "Run B", "4  other")
    qtbot.waitUntil(lambda: says(view, "one and the same"), timeout=LONG_MS)
    pick(view, "Run B", "2  new")
    qtbot.waitUntil(lambda: says(view, "2 seeds of old"), timeout=LONG_MS)


def test_with_one_run_the_view_says_what_to_do(
    qtbot: QtBot, make_window: Callable[..., MainWindow], home: Home
) -> None:
    with closing(RunStore(home)) as store:
        Recording(store).run(answering(right_but(9, 1)), name="alone")
    view = turn_to_verdict(make_window())
    qtbot.waitUntil(lambda: says(view, "Train a second run"), timeout=LONG_MS)
