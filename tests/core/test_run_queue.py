"""The queue of runs: its order, who may take from it, what survives, and what damage hides."""

import json
from collections.abc import Iterator
from contextlib import closing
from threading import Barrier, Thread

import pytest

from tests.damage import change
from tests.run_writer import Writer
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records import run_queue
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.run_queue import RunQueue
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import repair
from workbench.core.settings.config import RunConfig


@pytest.fixture
def queue(store: RunStore) -> RunQueue:
    return store.queue


@pytest.fixture
def other(home: Home) -> Iterator[RunQueue]:
    """As another process has it."""
    with closing(RunStore(home)) as store:
        yield store.queue


def filled(queue: RunQueue, names: str = "abcd") -> list[str]:
    return [queue.add(RunConfig(), name=name).id for name in names]


def order(queue: RunQueue) -> str:
    return "".join(entry.name for entry in queue.listing().entries)


def test_an_entry_keeps_what_it_was_added_with(home: Home, queue: RunQueue) -> None:
    config = RunConfig().with_values({"training.epochs": 7, "model.widths": [8, 16, 32]})
    added = queue.add(config, name="mine", model="resnet8", recipe="quick", tags=("lab", "wide"))
    with closing(RunStore(home, read_only=True)) as again:
        (entry,) = again.queue.listing().entries
    assert entry == added
    assert entry.config == config
    assert (entry.name, entry.model, entry.recipe) == ("mine", "resnet8", "quick")
    assert (entry.tags, entry.state, entry.place, entry.has_begun) == (("lab", "wide"), "waiting", 1, False)
    assert queue.add(config, model="resnet8").name == "resnet8"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "a\nb"}, "the run's name is 'a"),
        ({"name": "latest"}, "'latest'"),
        ({"tags": [""]}, "the tag is ''"),
    ],
)
def test_what_no_run_may_be_called_is_refused(queue: RunQueue, values: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        queue.add(RunConfig(), **values)
    assert not queue.listing().entries


@pytest.mark.parametrize(
    ("moved", "place", "wanted"),
    [("d", 1, "dabc"), ("a", 2, "bacd"), ("a", 4, "bcda"), ("a", 99, "bcda"), ("bd", 1, "bdac"), ("c", 3, "abcd"),
     ("ab", 3, "cdab")],
)  # fmt: skip
def test_entries_are_moved_to_a_place(queue: RunQueue, moved: str, place: int, wanted: str) -> None:
    ids = dict(zip("abcd", filled(queue), strict=True))
    queue.move([ids[name] for name in moved], place)
    assert order(queue) == wanted
    assert [entry.place for entry in queue.listing().entries] == [1, 2, 3, 4]


def test_at_the_front_is_before_all_that_wait(queue: RunQueue) -> None:
    filled(queue, "ab")
    running = queue.claim()
    assert running is not None
    queue.add(RunConfig(), name="f", at_front=True)
    assert order(queue) == "afb"
    queue.give_back(running.id)
    assert order(queue) == "afb", "what was begun is next again"


def test_what_is_not_to_be_trained_has_no_place(queue: RunQueue) -> None:
    first, second = filled(queue, "ab")
    with pytest.raises(UserError, match=r"the place is 0; it must be at least 1"):
        queue.move([first], 0)
    assert queue.claim() is not None
    for change_it in (lambda: queue.move([second, first], 1), lambda: queue.skip([second, first])):
        with pytest.raises(UserError, match=f"entry {first} is being trained; stop its run first"):
            change_it()
    with pytest.raises(UserError, match=f"entry {first} is being trained; stop its run before"):
        queue.remove([second, first])
    queue.finish(first, "failed", "because")
    with pytest.raises(UserError, match=f"entry {first} has failed already"):
        queue.move([first], 1)
    assert [entry.state for entry in queue.listing().entries] == ["failed", "waiting"], "all or nothing"


def test_what_is_skipped_is_passed_over_where_it_stands(queue: RunQueue) -> None:
    first, second, third = filled(queue, "abc")
    queue.skip([first, second])
    queue.skip([second], is_skipped=False)
    claimed = queue.claim()
    assert claimed is not None
    assert claimed.id == second
    assert [(entry.name, entry.state) for entry in queue.listing().entries] == [
        ("b", "running"), ("a", "skipped"), ("c", "waiting"),
    ]  # fmt: skip
    assert third == queue.listing().waiting[0].id


def test_what_was_removed_comes_back_where_it_was(queue: RunQueue) -> None:
    ids = filled(queue)
    taken = queue.remove([ids[1], ids[2]])
    assert order(queue) == "ad"
    with pytest.raises(UserError, match=f"entry '{ids[1]}' is not in the queue"):
        queue.remove([ids[1]])
    queue.put_back(taken)
    queue.put_back(taken)
    assert order(queue) == "abcd"


def test_only_what_is_done_is_cleared(queue: RunQueue) -> None:
    filled(queue)
    for state in ("finished", "failed"):
        entry = queue.claim()
        assert entry is not None
        queue.finish(entry.id, state)
    running = queue.claim()
    assert running is not None
    taken = queue.clear()
    assert (len(taken), order(queue)) == (2, "cd")
    queue.put_back(taken)
    assert order(queue) == "abcd"


# Who trains what


def test_two_processes_never_get_the_same_entry(home: Home, queue: RunQueue) -> None:
    """Each takes what it can get, at the same time as the other."""
    ids, taken, both = filled(queue, "abcdefgh"), list[str](), Barrier(2)

    def work() -> None:
        with closing(RunStore(home)) as store:
            both.wait()
            while (entry := store.queue.claim()) is not None:
                taken.append(entry.id)
                store.queue.finish(entry.id, "finished")

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == sorted(ids)


def test_what_another_process_trains_is_not_taken(queue: RunQueue, other: RunQueue) -> None:
    first, second = filled(queue, "ab")
    mine, its = queue.claim(), other.claim()
    assert isinstance(mine, QueueEntry)
    assert isinstance(its, QueueEntry)
    assert (mine.id, its.id) == (first, second)
    assert (queue.claim(), other.claim()) == (None, None)
    assert [entry.state for entry in queue.listing().entries] == ["running", "running"]
    with pytest.raises(UserError, match="is being trained"):
        other.remove([first])


def test_what_a_dead_process_left_waits_again_before_all_others(home: Home, other: RunQueue) -> None:
    """Its lock is gone with it, whatever the table says."""
    filled(other, "abc")
    with closing(RunStore(home)) as dying:
        assert dying.queue.claim() is not None
        other.add(RunConfig(), name="f", at_front=True)
        assert [entry.state for entry in other.listing().entries] == ["running", "waiting", "waiting", "waiting"]
    assert order(other) == "afbc"
    assert {entry.state for entry in other.listing().entries} == {"waiting"}
    other.move([other.listing().entries[0].id], 3)
    assert order(other) == "fbac"
    with closing(RunStore(home)) as dying:
        assert dying.queue.claim() is not None
    again = other.claim()
    assert again is not None
    assert again.name == "f"


def test_a_run_that_was_resumed_by_hand_is_left_to_who_did(home: Home, queue: RunQueue) -> None:
    first, second = filled(queue, "ab")
    with closing(RunStore(home)) as by_hand:
        by_hand.create(RunConfig(), name="a", model="m", recipe="r", machine={}, run_id=first)
        claimed = queue.claim()
        assert claimed is not None
        assert claimed.id == second
        by_hand.finish(first, "stopped")
    claimed = queue.claim()
    assert claimed is not None
    assert (claimed.id, claimed.has_begun) == (first, True)


# Pausing


def test_paused_nothing_is_begun_by_anybody(queue: RunQueue, other: RunQueue) -> None:
    filled(queue, "ab")
    other.pause()
    assert queue.claim() is None
    other.proceed()
    assert queue.claim() is not None


def test_what_failed_is_tried_again_after_all_that_waits(queue: RunQueue) -> None:
    filled(queue, "abc")
    for _ in range(2):
        entry = queue.claim()
        assert entry is not None
        queue.finish(entry.id, "failed", "the disk is full")
    failed = [entry.id for entry in queue.listing().entries if entry.state == "failed"]
    (waiting,) = queue.listing().waiting
    for wrong, sentence in (
        (waiting.id, "is waiting; only one that has failed"),
        ("f" * 8, "is not in the queue"),
    ):
        with pytest.raises(UserError, match=sentence):
            queue.retry([failed[0], wrong])
    queue.retry([failed[0]])
    assert [(entry.name, entry.message) for entry in queue.listing().waiting] == [("c", ""), ("a", "")]
    assert order(queue) == "bca"


def test_after_as_many_failures_as_are_allowed_it_is_paused(queue: RunQueue) -> None:
    filled(queue, "abcdef")
    queue.stop_after(2)

    def work(state) -> bool:
        entry = queue.claim()
        if entry is not None:
            queue.finish(entry.id, state)
        return entry is not None

    assert [work("failed"), work("finished"), work("failed"), work("finished")] == [True, True, True, False]
    state = queue.state()
    assert (state.is_paused, state.reason, state.failures) == (True, "2 runs have failed", 2)
    queue.proceed()
    assert [work("failed"), work("failed"), work("failed")] == [True, True, False], "counted anew"
    queue.stop_after(0)
    assert queue.state().is_paused
    for wrong in (-1, 10**9):
        with pytest.raises(UserError, match=f"the number of failures is {wrong}"):
            queue.stop_after(wrong)


@pytest.mark.parametrize("value", ["", "[", "{}x", '{"is_paused": 3}', '{"odd": 1}', "[1]", "null"])
def test_where_it_cannot_be_read_whether_it_was_paused_it_is(home: Home, queue: RunQueue, value: str) -> None:
    filled(queue, "a")
    queue.pause("b")
    change(home, "UPDATE settings SET value=?", value)
    assert queue.state().is_paused
    assert queue.claim() is None
    queue.proceed()
    assert queue.claim() is not None


# Finding and damage


def test_a_place_that_is_not_there_is_never_the_beginning_of_an_id(
    queue: RunQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_queue, "new_run_id", lambda: "2345678a")
    filled(queue, "a")
    with pytest.raises(UserError, match="entry '2' is not in the queue"):
        queue.find("2")
    assert queue.find("2345") == "2345678a"


def test_an_entry_is_found_by_its_place_and_by_its_id(queue: RunQueue) -> None:
    ids = filled(queue, "ab")
    assert [queue.find("1"), queue.find("2"), queue.find(ids[1])] == [ids[0], ids[1], ids[1]]
    assert queue.find(ids[0][:7]) == ids[0]
    for wrong in ("", "3", "zz"):
        with pytest.raises(UserError, match=f"entry '{wrong}' is not in the queue"):
            queue.find(wrong)


@pytest.mark.parametrize(
    ("column", "value"),
    [("config", "{"), ("config", '{"model": {"stem": "odd"}}'), ("state", "runnjng"), ("tags", "3"),
     ("place", "x"), ("name", b"\xc3("), ("message", b"\xff")],
)  # fmt: skip
def test_a_damaged_entry_hides_no_other(home: Home, queue: RunQueue, column: str, value: object) -> None:
    first, bad, last = filled(queue, "abc")
    text = f"CAST(? AS {'BLOB' if isinstance(value, bytes) else 'TEXT'})"
    change(home, f"UPDATE queue SET {column}=CAST({text} AS TEXT) WHERE id=?", value, bad)
    listing = queue.listing()
    assert [entry.id for entry in listing.entries] == [first, last]
    assert [damaged.id for damaged in listing.damaged] == [bad]
    assert listing.damaged[0].document()["state"] == "damaged"
    with pytest.raises(UserError, match=f"entry {bad} is damaged"):
        queue.move([bad], 1)
    assert [entry.id for entry in (queue.claim(), queue.claim()) if entry is not None] == [first, last]
    assert queue.claim() is None
    queue.remove([queue.find(bad)])
    assert not queue.listing().damaged


def test_the_queue_outlives_a_repair_of_the_list(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    writer.store.finish(writer.id, "finished")
    first, bad = filled(writer.store.queue, "ab")
    writer.store.queue.stop_after(3)
    writer.store.queue.pause("tea")
    writer.store.close()
    change(home, "UPDATE queue SET config='{' WHERE id=?", bad)
    change(home, "UPDATE runs SET status='odd'")
    for _ in repair(home):
        pass
    with closing(RunStore(home)) as store:
        assert [record.status for record in store.runs()] == ["finished"]
        assert [entry.id for entry in store.queue.listing().entries] == [first]
        state = store.queue.state()
    assert (state.is_paused, state.reason, state.stop_after_failures) == (True, "tea", 3)


def test_a_document_is_plain_json(queue: RunQueue) -> None:
    entry = queue.add(RunConfig(), name="a", tags=("b",))
    document = json.loads(json.dumps(entry.document()))
    assert RunConfig.build(document["config"]) == RunConfig()
    assert (document["entry"], document["place"], document["tags"]) == (entry.id, 1, ["b"])


def test_whoever_only_reads_changes_nothing(home: Home, queue: RunQueue) -> None:
    filled(queue, "a")
    with closing(RunStore(home, read_only=True)) as reading, pytest.raises(UserError, match="cannot write"):
        reading.queue.pause()
    assert not queue.state().is_paused
