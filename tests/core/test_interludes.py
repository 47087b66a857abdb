"""Interludes: who computes what was asked for, for how long, and what happens when nobody comes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from workbench.core.interludes import Interludes, Piece

GUEST = "guest"


@pytest.fixture
def guest() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, thread_name_prefix=GUEST) as executor:
        yield executor


def who() -> str:
    return threading.current_thread().name


def waited_for(piece: Piece[str]) -> str:
    while not piece.wait(0.01):
        pass
    return piece.result()


def asked(interludes: Interludes, do: Callable[[], str], guest: ThreadPoolExecutor) -> Future[str]:
    """What another thread gets; it has asked when this returns."""
    piece = guest.submit(interludes.ask, do).result()
    return guest.submit(waited_for, piece)


def test_the_host_computes_when_its_own_piece_is_done(guest: ThreadPoolExecutor) -> None:
    interludes = Interludes()
    with interludes.at_work():
        piece = guest.submit(interludes.ask, who).result()
        assert not guest.submit(piece.wait, 0.01).result(), "nobody has computed it yet"
        assert interludes.is_at_work
    assert guest.submit(piece.wait, 0.01).result()
    assert piece.result() == who()


@pytest.mark.parametrize("was_there", [False, True])
def test_without_a_host_who_asks_computes(guest: ThreadPoolExecutor, was_there: bool) -> None:
    interludes = Interludes()
    if was_there:
        with interludes.at_work():
            pass
    assert asked(interludes, who, guest).result(10).startswith(GUEST)


def test_a_host_that_does_not_come_is_not_waited_for(guest: ThreadPoolExecutor) -> None:
    interludes = Interludes(patience_s=0.05)
    with interludes.at_work():
        assert asked(interludes, who, guest).result(10).startswith(GUEST)


def test_a_host_that_fails_leaves_nobody_waiting(guest: ThreadPoolExecutor) -> None:
    interludes, results = Interludes(), list[Future[str]]()

    def fail() -> None:
        with interludes.at_work():
            results.append(asked(interludes, who, guest))
            raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        fail()
    assert results[0].result(10).startswith(GUEST)
    assert not interludes.is_at_work


def test_an_error_is_the_askers(guest: ThreadPoolExecutor) -> None:
    interludes = Interludes()

    def fail() -> str:
        raise MemoryError(who())

    with interludes.at_work():
        result = asked(interludes, fail, guest)
    with pytest.raises(MemoryError, match=who()):
        result.result(10)


def test_what_is_withdrawn_is_not_computed() -> None:
    interludes, computed = Interludes(), list[str]()
    with interludes.at_work():
        piece = interludes.ask(lambda: computed.append(who()))
        piece.withdraw()
    assert not computed


def test_the_host_keeps_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of its own: 1 s of work at a time, and pieces of 0.1 s without end."""
    now = [100.0]
    monkeypatch.setattr("workbench.core.interludes.time.perf_counter", lambda: now[0])
    interludes, computed = Interludes(share=0.2, patience_s=10), 0

    def compute() -> None:
        nonlocal computed
        computed += 1
        now[0] += 0.1

    for _ in range(100):
        with interludes.at_work():
            for _ in range(5):
                interludes.ask(compute)
            now[0] += 1.0
    assert 240 <= computed <= 255, "a quarter of its 100 s, and what was saved before"


@pytest.mark.parametrize(("step_s", "most_s"), [(0.05, 0.04), (1.0, 0.52)])
def test_a_step_is_never_followed_by_a_long_halt(
    monkeypatch: pytest.MonkeyPatch, step_s: float, most_s: float
) -> None:
    """33 ms, or twice the share of the step if that is more; what was saved up before changes nothing in that."""
    now, halts = [100.0], list[float]()
    monkeypatch.setattr("workbench.core.interludes.time.perf_counter", lambda: now[0])
    interludes = Interludes(share=0.2, patience_s=10)

    def compute() -> None:
        now[0] += 0.02

    for _ in range(40):
        with interludes.at_work():
            for _ in range(50):
                interludes.ask(compute)
            now[0] += step_s
            ended = now[0]
        halts.append(now[0] - ended)
    assert 0 < max(halts) <= most_s
