"""Lanes with jobs of all kinds: who hears what, in which order, and what is left behind."""

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from workbench.core.errors import ConfigError, UserError
from workbench.core.home import Home
from workbench.core.interludes import Interludes
from workbench.gui.work import lane_worker
from workbench.gui.work.control import Control
from workbench.gui.work.garbage_collector import GarbageCollector
from workbench.gui.work.job import Handle, Job, Work
from workbench.gui.work.lane import Lane

Listen = Callable[[Handle], list[object]]


@pytest.fixture
def asker() -> QObject:
    return QObject()


def job(*said: object, result: object = None) -> Job:
    def begin(_home: Home) -> Work:
        yield from said
        return result

    return Job(begin)


def failing(error: Exception) -> Job:
    def begin(_home: Home) -> Work:
        yield "begun"
        raise error

    return Job(begin)


class Held:
    """A job that goes on until it is let go, and notes what became of it."""

    def __init__(self, gives_way: bool = False) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.closed = False
        self.job = Job(self.begin, gives_way)

    def begin(self, _home: Home) -> Work:
        try:
            while not self.go.wait(0.01):
                self.begun.set()
                yield "held"
        except GeneratorExit:
            self.closed = True
            raise
        return "let go"


def listen(handle: Handle) -> list[object]:
    """What a handle says, with the name of the signal; what it says on the way is left out."""
    heard: list[object] = []
    handle.finished.connect(lambda result: heard.append(("finished", result)))
    handle.refused.connect(lambda error: heard.append(("refused", error)))
    handle.canceled.connect(lambda: heard.append("canceled"))
    handle.ended.connect(lambda: heard.append("ended"))
    return heard


def test_the_asker_gets_everything_in_order(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    handle = lane.ask(job(1, 2, 3, result="done"), home, asker)
    said: list[object] = []
    handle.progressed.connect(said.append)
    handle.finished.connect(said.append)
    heard = listen(handle)
    qtbot.waitUntil(lambda: "ended" in heard)
    assert said == [1, 2, 3, "done"]
    assert heard == [("finished", "done"), "ended"]
    handle.cancel()
    assert heard == [("finished", "done"), "ended"]


def test_results_go_to_their_own_askers(qtbot: QtBot, lane: Lane, home: Home) -> None:
    first, second = QObject(), QObject()
    heard = [listen(lane.ask(job(result=name), home, who)) for name, who in (("a", first), ("b", second))]
    qtbot.waitUntil(lambda: all("ended" in each for each in heard))
    assert heard == [[("finished", "a"), "ended"], [("finished", "b"), "ended"]]


def test_an_error_crosses_whole(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    error = ConfigError({"training.batch_size": "training.batch_size is 9; it must be less"})
    error.remedy["training.accumulation"] = 4
    heard = listen(lane.ask(failing(error), home, asker))
    qtbot.waitUntil(lambda: "ended" in heard)
    ((kind, refused), _) = heard
    assert kind == "refused"
    assert isinstance(refused, UserError)
    assert refused.fields == error.fields
    assert refused.remedy == {"training.accumulation": 4}


def test_a_bug_is_logged_and_the_next_job_works(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject, caplog: pytest.LogCaptureFixture
) -> None:
    heard = listen(lane.ask(failing(ZeroDivisionError("new")), home, asker))
    qtbot.waitUntil(lambda: "ended" in heard)
    assert isinstance(heard[0][1], ZeroDivisionError)
    assert "Traceback" in caplog.text
    again = listen(lane.ask(job(result=1), home, asker))
    qtbot.waitUntil(lambda: ("finished", 1) in again)


def test_an_error_holds_nothing_of_where_it_came_from(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject
) -> None:
    """Its traceback would keep tensors alive, and have them freed on another thread."""

    class Large:
        pass

    kept: list[weakref.ref[Large]] = []

    def begin(_home: Home) -> Work:
        large = Large()
        kept.append(weakref.ref(large))
        yield
        try:
            raise ValueError("inner")
        except ValueError as error:
            raise UserError("outer") from error

    heard = listen(lane.ask(Job(begin), home, asker))
    qtbot.waitUntil(lambda: "ended" in heard)
    assert isinstance(heard[0][1], UserError)
    assert kept[0]() is None


def test_a_running_job_is_canceled(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    held = Held()
    handle = lane.ask(held.job, home, asker)
    heard = listen(handle)
    qtbot.waitUntil(held.begun.is_set)
    handle.cancel()
    qtbot.waitUntil(lambda: "ended" in heard)
    assert heard == ["canceled", "ended"]
    assert held.closed


def test_a_waiting_job_is_canceled_at_once_and_never_begins(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject
) -> None:
    held, waiting = Held(), Held()
    first = listen(lane.ask(held.job, home, QObject(lane)))
    handle = lane.ask(waiting.job, home, asker)
    heard = listen(handle)
    handle.cancel()
    assert heard == ["canceled", "ended"]
    held.go.set()
    qtbot.waitUntil(lambda: "ended" in first)
    assert first == [("finished", "let go"), "ended"]
    assert not waiting.begun.is_set()


def test_a_newer_job_replaces_the_older_one_of_the_same_asker(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject
) -> None:
    running, waiting = Held(), Held()
    replaced = [listen(lane.ask(older.job, home, asker)) for older in (running,)]
    qtbot.waitUntil(running.begun.is_set)
    replaced.append(listen(lane.ask(waiting.job, home, asker)))
    newest = listen(lane.ask(job(result="new"), home, asker))
    qtbot.waitUntil(lambda: "ended" in newest)
    assert newest == [("finished", "new"), "ended"]
    assert replaced == [[], []]
    assert running.closed
    assert not waiting.begun.is_set()


def test_jobs_that_replace_nothing_are_all_done(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    heard = [listen(lane.ask(job(result=n), home, asker, replaces=False)) for n in range(3)]
    qtbot.waitUntil(lambda: all("ended" in each for each in heard))
    assert [each[0] for each in heard] == [("finished", 0), ("finished", 1), ("finished", 2)]


def test_a_convenience_gives_way(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    convenience = Held(gives_way=True)
    given_up = listen(lane.ask(convenience.job, home, QObject(lane)))
    qtbot.waitUntil(convenience.begun.is_set)
    wanted = listen(lane.ask(job(result=1), home, asker))
    qtbot.waitUntil(lambda: "ended" in wanted)
    assert given_up == ["canceled", "ended"]
    assert wanted == [("finished", 1), "ended"]


def test_looking_does_not_wait_for_training(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    inspecting = Lane("inspecting")
    inspecting.open()
    training = Held()
    trained = listen(lane.ask(training.job, home, asker))
    qtbot.waitUntil(training.begun.is_set)
    looked = listen(inspecting.ask(job(result="seen"), home, asker))
    qtbot.waitUntil(lambda: "ended" in looked)
    assert trained == []
    inspecting.close()
    training.go.set()
    qtbot.waitUntil(lambda: "ended" in trained)


def test_a_paused_job_holds(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    held = Held()
    handle = lane.ask(held.job, home, asker)
    said: list[object] = []
    handle.progressed.connect(said.append)
    qtbot.waitUntil(lambda: len(said) > 0)
    handle.ticket.control.pause()
    # What was under way is still said; after that, nothing is.
    with qtbot.waitSignal(handle.ended, raising=False, timeout=200):
        pass
    before = len(said)
    with qtbot.assertNotEmitted(handle.progressed, wait=200):
        pass
    handle.ticket.control.proceed()
    qtbot.waitUntil(lambda: len(said) > before)
    handle.cancel()


def test_closing_cancels_what_goes_on_and_drops_what_waits(qtbot: QtBot, home: Home, asker: QObject) -> None:
    lane = Lane("closed")
    lane.open()
    running, waiting = Held(), Held()
    lane.ask(running.job, home, asker)
    lane.ask(waiting.job, home, asker, replaces=False)
    qtbot.waitUntil(running.begun.is_set)
    lane.close()
    assert not lane.is_open
    assert running.closed
    assert not waiting.begun.is_set()


def test_what_is_asked_before_the_lane_opens_waits(qtbot: QtBot, home: Home, asker: QObject) -> None:
    lane = Lane("late")
    heard = listen(lane.ask(job(result=1), home, asker))
    lane.open()
    qtbot.waitUntil(lambda: "ended" in heard)
    lane.close()


def test_the_thread_is_prepared_once_before_its_first_job(qtbot: QtBot, home: Home, asker: QObject) -> None:
    prepared: list[threading.Thread] = []
    lane = Lane("prepared", lambda: prepared.append(threading.current_thread()))
    lane.open()
    for _ in range(2):
        heard = listen(lane.ask(job(result=1), home, asker))
        qtbot.waitUntil(lambda heard=heard: "ended" in heard)
    lane.close()
    assert len(prepared) == 1
    assert prepared[0] is not threading.main_thread()


def test_a_job_that_has_not_begun_is_canceled_before_the_lane_opens(home: Home, asker: QObject) -> None:
    lane = Lane("late")
    held = Held()
    handle = lane.ask(held.job, home, asker)
    heard = listen(handle)
    handle.cancel()
    assert heard == ["canceled", "ended"]
    lane.open()
    assert lane.close()
    assert not held.begun.is_set()


def test_a_closed_lane_says_nothing_more_and_stays_closed(qtbot: QtBot, home: Home, asker: QObject) -> None:
    lane = Lane("closed")
    lane.open()
    running, waiting, late = Held(), Held(), Held()
    heard = [listen(lane.ask(running.job, home, asker)), listen(lane.ask(waiting.job, home, QObject(lane)))]
    qtbot.waitUntil(running.begun.is_set)
    assert lane.close()
    heard.append(listen(lane.ask(late.job, home, QObject(lane))))
    lane.open()
    qtbot.wait(100)
    assert heard == [[], [], []]
    assert running.closed
    assert not lane.is_open
    assert not waiting.begun.is_set()
    assert not late.begun.is_set()


def test_a_job_that_never_says_anything_ends_with_its_result(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject
) -> None:
    go = threading.Event()

    def begin(_home: Home) -> Work:
        yield from ()
        go.wait(30)
        return "done"

    handle = lane.ask(Job(begin), home, asker)
    heard = listen(handle)
    handle.cancel()
    go.set()
    qtbot.waitUntil(lambda: "ended" in heard)
    # Either it was canceled before it began, or it was done before it could be.
    assert heard in (["canceled", "ended"], [("finished", "done"), "ended"])


def test_a_job_that_hangs_does_not_keep_the_lane_from_closing(qtbot: QtBot, home: Home, asker: QObject) -> None:
    begun, go = threading.Event(), threading.Event()

    def begin(_home: Home) -> Work:
        yield "begun"
        begun.set()
        go.wait(60)
        yield "never heard"

    lane = Lane("hanging", patience_ms=100)
    lane.open()
    heard = listen(lane.ask(Job(begin), home, asker))
    qtbot.waitUntil(begun.is_set)
    assert not lane.close()
    assert lane.is_open
    go.set()
    qtbot.waitUntil(lambda: not lane.is_open)
    assert heard == []


@pytest.mark.parametrize("canceled", [True, False])
def test_an_error_while_a_job_cleans_up_is_told(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject, canceled: bool
) -> None:
    begun = threading.Event()

    def begin(_home: Home) -> Work:
        try:
            yield "said"
            begun.set()
            while canceled:
                yield "said"
        finally:
            raise UserError("no room on the disk")

    handle = lane.ask(Job(begin), home, asker)
    heard = listen(handle)
    qtbot.waitUntil(begun.is_set)
    if canceled:
        handle.cancel()
    qtbot.waitUntil(lambda: "ended" in heard)
    ((kind, error), _) = heard
    assert kind == "refused"
    assert str(error) == "no room on the disk"


def test_a_job_that_will_not_be_closed_is_told_and_the_next_one_works(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject
) -> None:
    begun = threading.Event()

    def begin(_home: Home) -> Work:
        try:
            while True:
                yield "on"
                begun.set()
        finally:
            yield "and on"

    handle = lane.ask(Job(begin), home, asker)
    heard = listen(handle)
    qtbot.waitUntil(begun.is_set)
    handle.cancel()
    qtbot.waitUntil(lambda: "ended" in heard)
    assert isinstance(heard[0][1], RuntimeError)
    again = listen(lane.ask(job(result=1), home, asker))
    qtbot.waitUntil(lambda: ("finished", 1) in again)


def test_a_job_of_an_asker_that_is_destroyed_is_canceled(qtbot: QtBot, lane: Lane, home: Home) -> None:
    class Asker(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[object] = []

        @Slot(object)
        def hear(self, said: object) -> None:
            self.heard.append(said)

    asker, running, waiting = Asker(), Held(), Held()
    for held in (running, waiting):
        handle = lane.ask(held.job, home, asker, replaces=False)
        handle.progressed.connect(asker.hear)
        handle.finished.connect(asker.hear)
        handle.canceled.connect(asker.hear)
    qtbot.waitUntil(running.begun.is_set)
    qtbot.waitUntil(lambda: len(asker.heard) > 0)
    shiboken6.delete(asker)
    qtbot.waitUntil(lambda: running.closed)
    after = listen(lane.ask(job(result="next"), home, QObject(lane)))
    qtbot.waitUntil(lambda: "ended" in after)
    assert set(asker.heard) == {"held"}
    assert not waiting.begun.is_set()


def test_the_collector_comes_back_with_the_last_window_only(qtbot: QtBot) -> None:
    first, second = GarbageCollector(), GarbageCollector()
    try:
        first.start()
        second.start()
        first.stop()
        assert not gc.isenabled(), "the other window still runs threads"
    finally:
        second.stop()
    assert gc.isenabled()


def test_a_job_cannot_end_the_process(qtbot: QtBot, lane: Lane, home: Home, asker: QObject) -> None:
    def begin(_home: Home) -> Work:
        yield "begun"
        raise SystemExit(3)

    heard = listen(lane.ask(Job(begin), home, asker))
    qtbot.waitUntil(lambda: "ended" in heard)
    assert "SystemExit" in str(heard[0][1])


@pytest.mark.parametrize("paused", [False, True])
def test_looking_rests_while_training_works(
    qtbot: QtBot, home: Home, asker: QObject, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(Control, "rest", lambda _self, seconds: rests.append(seconds))
    interludes = Interludes()
    lane, inspecting = Lane("training", hosts=interludes), Lane("inspecting", beside=interludes)
    lane.open()
    inspecting.open()
    begun, step_ends = threading.Event(), threading.Event()

    def train(_home: Home) -> Work:
        begun.set()
        step_ends.wait()
        yield "step"

    handle = lane.ask(Job(train), home, asker)
    qtbot.waitUntil(begun.is_set)
    if paused:
        handle.ticket.control.pause()
        step_ends.set()
        qtbot.waitUntil(lambda: not interludes.is_at_work)
    looked = listen(inspecting.ask(job(*range(50), result="seen"), home, QObject(lane)))
    qtbot.waitUntil(lambda: "ended" in looked)
    step_ends.set()
    handle.cancel()
    assert inspecting.close()
    assert lane.close()
    assert len(rests) == (0 if paused else 50)


def test_rest_is_by_work_and_what_was_rested_before_counts(
    qtbot: QtBot, home: Home, asker: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, worked = [100.0], [0.0]
    monkeypatch.setattr(lane_worker.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(lane_worker.time, "thread_time", lambda: worked[0])
    rests: list[float] = []

    def rest(_self: Control, seconds: float) -> None:
        rests.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(Control, "rest", rest)

    def work(_home: Home) -> Work:
        for seconds in (0.05, 0.05, 0.1, 0.2):
            worked[0] += seconds
            now[0] += 2 * seconds
            yield "worked"
        yield "waited"

    interludes = Interludes()
    inspecting = Lane("inspecting", beside=interludes)
    inspecting.open()
    with interludes.at_work():
        heard = listen(inspecting.ask(Job(work), home, asker))
        qtbot.waitUntil(lambda: "ended" in heard)
    assert inspecting.close()
    # Rest of eight times the work, of which a second was taken before and work itself takes time of the clock.
    assert rests == pytest.approx([0.0, 0.0, 0.3, 1.2, 0.0])


def test_what_one_lane_asks_of_the_other_is_done_on_its_thread(
    qtbot: QtBot, lane: Lane, home: Home, asker: QObject
) -> None:
    interludes = Interludes()
    training = Lane("training", hosts=interludes)
    training.open()
    threads: list[str] = []
    held = Held()
    training.ask(held.job, home, asker)
    qtbot.waitUntil(held.begun.is_set)

    def work(_home: Home) -> Work:
        piece = interludes.ask(lambda: threads.append(QThread.currentThread().objectName()))
        while not piece.wait(0.05):
            yield "waits"
        return piece.result()

    heard = listen(lane.ask(Job(work), home, QObject(lane)))
    qtbot.waitUntil(lambda: "ended" in heard)
    assert threads == ["training"]
    assert training.close()


def test_who_rests_hears_of_being_canceled(qtbot: QtBot) -> None:
    control = Control()
    rested = threading.Thread(target=control.rest, args=(60,))
    rested.start()
    control.cancel()
    rested.join(10)
    assert not rested.is_alive()
