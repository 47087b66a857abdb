"""What goes on for a view stays while it is about the same thing, and is gone when it is about another one."""

import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.seen import action, button, has_button, says, texts
from tests.gui.test_changes_view import open_tab, view_of
from tests.gui.test_labels_view import panel_of, show_tab
from tests.gui.test_lesion_board import show_blocks
from tests.trained import record_run
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.gui.desks import gallery_desk
from workbench.gui.desks.writing import Writing
from workbench.gui.inspect.blocks.insides_view import InsidesView
from workbench.gui.inspect.labels.labels_panel import LabelsPanel
from workbench.gui.main_window import MainWindow
from workbench.gui.work import inspection_jobs, jobs, label_jobs
from workbench.gui.work.job import Job, Work
from workbench.gui.work.lane import Lane

MakeWindow = Callable[..., MainWindow]


class Lasting:
    """Stands in for functions that make jobs: each job goes on until it is let go, or canceled."""

    def __init__(self, then: Job | None = None) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._then = then
        self._is_over = threading.Event()

    def let_go(self) -> None:
        """Let those that go on end like `then`."""
        self._is_over.set()

    def __call__(self, *arguments: Any, **_options: Any) -> Job:
        self.asked.append(arguments)

        def begin(home: Home) -> Work:
            while not self._is_over.wait(0.01):
                yield Progress("Working", 1, 4)
            return None if self._then is None else (yield from self._then.begin(home))

        return Job(begin)

    def before(self, make: Callable[..., Job]) -> Callable[..., Job]:
        """The jobs that `make` makes, held up like that."""

        def late(*arguments: Any) -> Job:
            self._then = make(*arguments)
            return self(*arguments)

        return late


@pytest.fixture
def opened(make_window: MakeWindow, home: Home, tiny_config: RunConfig) -> MainWindow:
    """With a run of three epochs."""
    record_run(home, tiny_config)
    return make_window()


def test_a_mark_and_a_filter_leave_work_alone(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, view = opened, show_blocks(opened)
    sweep = Lasting()
    monkeypatch.setattr(inspection_jobs, "sweep", sweep)
    button(view, "Remove each in turn").click()
    qtbot.waitUntil(lambda: view.sweep_bar.is_working)
    selection = window.selection
    selection.mark(selection.epoch)
    selection.set_filter(replace(selection.filter, sort="number"))
    window.library.refresh()
    assert view.sweep_bar.is_working
    selection.show_epoch(1 if selection.epoch != 1 else 2)
    assert not view.sweep_bar.is_working
    assert len(sweep.asked) == 1


def test_what_was_found_of_an_image_stays_with_it(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    window.selection.choose_image(20)
    open_tab(window)
    smallest = view_of(window).smallest
    qtbot.waitUntil(lambda: has_button(smallest, "Find"))
    idle = texts(smallest)
    button(smallest, "Find").click()
    qtbot.waitUntil(lambda: has_button(smallest, "Find") and texts(smallest) != idle, timeout=LONG_MS)
    found = texts(smallest)
    window.selection.set_filter(replace(window.selection.filter, sort="number"))
    window.selection.mark(1)
    assert texts(smallest) == found
    window.selection.choose_image(21)
    qtbot.waitUntil(lambda: texts(smallest) == idle)


def test_a_canceled_sweep_can_be_begun_again(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, view = opened, show_blocks(opened)
    sweep = Lasting()
    monkeypatch.setattr(inspection_jobs, "sweep", sweep)
    button(view, "Remove each in turn").click()
    button(view.sweep_bar, "Cancel").click()
    qtbot.waitUntil(lambda: has_button(view.sweep_bar, "Begin again"), timeout=LONG_MS)
    button(view.sweep_bar, "Begin again").click()
    assert len(sweep.asked) == 2
    button(view.sweep_bar, "Cancel").click()
    qtbot.waitUntil(lambda: has_button(view.sweep_bar, "Begin again"), timeout=LONG_MS)
    window.selection.show_epoch(1 if window.selection.epoch != 1 else 2)
    qtbot.waitUntil(lambda: view.sweep_bar.text == "")


def test_a_sweep_of_another_run_is_not_of_its_former_attempt(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = record_run(home, tiny_config.with_values({"model.shortcut": "none"}))
    record_run(home, tiny_config)
    window = make_window()
    view = show_blocks(window)
    qtbot.waitUntil(view.beside.isVisible)
    button(view, "Remove each in turn").click()
    qtbot.waitUntil(lambda: len(view.strip.bars) == 1 and not view.sweep_bar.is_working, timeout=LONG_MS)
    sweep = Lasting()
    monkeypatch.setattr(inspection_jobs, "sweep", sweep)
    view.beside.click()
    qtbot.waitUntil(lambda: view.sweep_bar.is_working)
    window.selection.restart(plain, 0)
    assert not view.sweep_bar.is_working
    assert len(view.strip.bars) == 1


def searched(qtbot: QtBot, window: MainWindow) -> LabelsPanel:
    """With the near-duplicates of the selected run found."""
    window.workspaces.show("inspect")
    show_tab(window)
    panel = panel_of(window)
    button(panel, "Near-duplicates").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search"), timeout=LONG_MS)
    button(panel, "Search").click()
    qtbot.waitUntil(lambda: has_button(panel, "Search again"), timeout=LONG_MS)
    return panel


def test_a_search_for_duplicates_outlasts_a_look_elsewhere(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    panel = searched(qtbot, window)
    search = Lasting()
    monkeypatch.setattr(label_jobs, "search_near_duplicates", search)
    button(panel, "Search again").click()
    qtbot.waitUntil(lambda: "%" in panel.bar.text)
    button(panel, "Doubtful labels").click()
    qtbot.waitUntil(lambda: says(panel, "label"), timeout=LONG_MS)
    window.selection.show_epoch(1 if window.selection.epoch != 1 else 2)
    button(panel, "Near-duplicates").click()
    qtbot.waitUntil(lambda: panel.bar.text.startswith("Looking for near-duplicates"))
    assert len(search.asked) == 1
    # What was found before is there still.
    button(panel.bar, "Cancel").click()
    qtbot.waitUntil(lambda: says(panel, "No test image is like a training image."), timeout=LONG_MS)
    assert has_button(panel, "Search again")
    assert not panel.bar.text


def test_a_search_that_ends_takes_no_other_list_away(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch,
    image_folder: Path, tmp_path: Path,
) -> None:  # fmt: skip
    other_images = tmp_path / "other"
    shutil.copytree(image_folder, other_images)
    # Of the same content, it would be the same copy.
    shutil.copy(other_images / "train" / "red" / "0080.png", other_images / "train" / "red" / "0081.png")
    first = record_run(home, tiny_config.with_values({"training.epochs": 1, "data.source": str(other_images)}))
    record_run(home, tiny_config.with_values({"training.epochs": 1}))
    window = make_window()
    panel = searched(qtbot, window)
    second = window.selection.run_id
    window.run_desk.show_run(first)
    qtbot.waitUntil(lambda: has_button(panel, "Search"), timeout=LONG_MS)
    search = Lasting()
    monkeypatch.setattr(label_jobs, "search_near_duplicates", search.before(label_jobs.search_near_duplicates))
    button(panel, "Search").click()
    window.run_desk.show_run(second)
    qtbot.waitUntil(lambda: has_button(panel, "Search again"), timeout=LONG_MS)
    desk = window.inspect_desk._labels_desk
    search.let_go()
    qtbot.waitUntil(lambda: desk._search.handle is None, timeout=LONG_MS)
    assert desk._current() is not None
    window.run_desk.show_run(first)
    qtbot.waitUntil(lambda: has_button(panel, "Search again"), timeout=LONG_MS)


def test_cancel_is_of_the_file_that_is_being_written(qtbot: QtBot, window: MainWindow, lane: Lane) -> None:
    writing, bar = Writing(lane, window.message_bar, window), window.message_bar
    written, jobs_of = list[Path](), [Lasting(Job(partial(_written, Path(name)))) for name in "ab"]
    for lasting in jobs_of:
        writing.ask(lasting(), window.home, written.append, written.append)
    for lasting, wanted in zip(jobs_of, ([], [Path("b")]), strict=True):
        qtbot.waitUntil(lambda: bar.text.startswith("Working"), timeout=LONG_MS)
        if lasting is jobs_of[0]:
            button(bar, "Cancel").click()
            qtbot.waitUntil(lambda: "nothing was written" in bar.text, timeout=LONG_MS)
        lasting.let_go()
        qtbot.waitUntil(lambda wanted=wanted: written == wanted, timeout=LONG_MS)


def _written(path: Path, _home: Home) -> Work:
    yield from ()
    return path


def test_an_epoch_that_comes_while_histories_are_read_is_in_them(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = record_run(home, tiny_config)
    second = record_run(home, tiny_config.with_values({"training.seed": 1}))
    window = make_window()
    selection = window.selection
    qtbot.waitUntil(lambda: selection.histories is not None, timeout=LONG_MS)
    selection.look_at(None)
    read, first_reading = jobs.read_histories, Lasting()
    monkeypatch.setattr(jobs, "read_histories", first_reading.before(read))
    window.run_desk.show_run(first)
    last = selection.evaluation_after(3)
    for epoch in (4, 5):
        selection.add(first, replace(last, epoch=epoch))
    first_reading.let_go()
    qtbot.waitUntil(lambda: selection.histories is not None, timeout=LONG_MS)
    assert selection.histories.epochs.tolist() == [1, 2, 3, 4, 5]
    # Taken up again meanwhile: what is being read knows epochs that do not count any more.
    second_reading = Lasting()
    monkeypatch.setattr(jobs, "read_histories", second_reading.before(read))
    window.run_desk.show_run(second)
    assert len(second_reading.asked) == 1
    with closing(RunStore(home)) as store:
        store._forget_epochs(second, 1)
    selection.restart(second, 1)
    assert len(second_reading.asked) == 2
    second_reading.let_go()
    qtbot.waitUntil(lambda: selection.histories is not None, timeout=LONG_MS)
    assert selection.histories.epochs.tolist() == [1]


def test_an_evaluation_of_a_former_attempt_is_not_taken(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    window.workspaces.show("inspect")
    monkeypatch.setattr(jobs, "evaluate_kept", Lasting())
    bar = window.inspect_desk.side.bar
    action(window, "Evaluate the kept epoch").trigger()
    assert has_button(bar, "Cancel")
    window.selection.restart(run_id, 0)
    assert has_button(bar, "Evaluate")
    assert not window.selection.run.evaluated


def test_what_is_saved_is_what_was_in_sight(
    qtbot: QtBot,
    make_window: MakeWindow,
    home: Home,
    tiny_config: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    run_id = record_run(home, tiny_config)
    window = make_window()
    selection = window.selection
    window.workspaces.show("inspect")
    selection.show_epoch(3)
    selection.set_filter(replace(selection.filter, answers=""))
    last = selection.evaluation

    def ask(_window: object, _title: str, name: str, _kind: str) -> Path:
        """Meanwhile the run goes on."""
        selection.add(run_id, replace(last, epoch=4))
        selection.show_epoch(4)
        return tmp_path / name

    written = list[tuple[str, int]]()

    def write(path: Path, evaluation: Any, *_rest: Any) -> Job:
        written.append((path.name, evaluation.epoch))
        return Lasting()()

    monkeypatch.setattr(gallery_desk, "ask_path", ask)
    monkeypatch.setattr(inspection_jobs, "write_answers", write)
    window.inspect_desk.gallery.table_asked.emit()
    assert written == [(f"{run_id}-epoch-3.csv", 3)]


def test_another_run_s_insides_are_not_shown_for_long(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = record_run(home, tiny_config)
    record_run(home, tiny_config)
    window = make_window()
    show_blocks(window)
    button(window.inspect_desk._blocks.pages, "Signals").click()
    view = window.findChild(InsidesView)
    qtbot.waitUntil(lambda: bool(view.sizes._names), timeout=LONG_MS)
    monkeypatch.setattr(inspection_jobs, "look_inside", Lasting())
    window.run_desk.show_run(older)
    qtbot.waitUntil(lambda: not view.sizes._names)


def test_settings_are_not_changed_unseen(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    window.build_panel.show_config(tiny_config)
    window.build_panel.take_values({"training.epochs": 7})
    undo = window.network_actions.history._undo
    window.workspaces.show("inspect")
    window.activateWindow()
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.build_panel.config.training.epochs == 7
    assert not undo.isEnabled()
    window.workspaces.show("compare")
    assert not action(window, "Evaluate the kept epoch").isEnabled()
    undo.trigger()
    assert window.build_panel.config.training.epochs == tiny_config.training.epochs
    assert window.workspaces.current == "build"


def test_a_resumed_run_s_fields_are_not_those_on_the_left(
    qtbot: QtBot, make_window: MakeWindow, home: Home, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config)
    with closing(RunStore(home)) as store, store._db.transaction():
        config = tiny_config.with_values({"training.device": "cuda:99", "training.epochs": 5})
        store._db.execute(
            "UPDATE runs SET config=?, status='stopped' WHERE id=?", (config.model_dump_json(), run_id)
        )
    window = make_window()
    qtbot.waitUntil(lambda: window.engine_is_ready, timeout=LONG_MS)
    tab = window.build_panel.tabs.currentIndex()
    window.training_desk.resume(run_id)
    qtbot.waitUntil(lambda: "cuda" in window.message_bar.text, timeout=LONG_MS)
    assert window.build_panel.tabs.currentIndex() == tab
    assert not any("cuda" in label.text() for label in window.build_panel.findChildren(QLabel))
    assert window.build_panel.config.training.device != "cuda:99"


def test_a_bug_is_told_where_examples_would_be(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(_home: Home) -> Work:
        yield from ()
        raise MemoryError

    monkeypatch.setattr(jobs, "examples", lambda *_arguments, **_options: Job(begin))
    qtbot.waitUntil(lambda: window.engine_is_ready, timeout=LONG_MS)
    window.data_side.examples.draw(0)
    qtbot.waitUntil(lambda: says(window.data_side.examples.view, "MemoryError"), timeout=LONG_MS)
