"""What people say of recorded runs, how deleting is undone, and that a repair brings back what was said last."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.damage import change, recorded_runs
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records.run_listing import RunListing
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import diagnose, repair


def said_of(record: RunRecord) -> tuple[bool, tuple[str, ...], str, str]:
    return record.is_starred, record.tags, record.note, record.name


def rebuilt(home: Home) -> None:
    home.database.unlink()
    for copy in home.root.glob("*.copy.db"):
        copy.unlink()
    for _ in repair(home):
        pass


def test_what_is_said_of_a_run_comes_back_from_the_list_and_from_its_journal(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        store.tag([first, second], ["lab", " wide  net "])
        store.tag([first], ["größer"], ["lab", "unknown"])
        store.write_note(first, "warm-up helped\nnext: 0.2")
        store.star([first, second])
        store.star([second], is_starred=False)
        store.rename(first, "b")
        expected = {
            first: (True, ("wide  net", "größer"), "warm-up helped\nnext: 0.2", "b"),
            second: (False, ("lab", "wide  net"), "", "a"),
        }
        assert {record.id: said_of(record) for record in store.runs()} == expected
    rebuilt(home)
    with closing(RunStore(home, read_only=True)) as store:
        assert {record.id: said_of(record) for record in store.runs()} == expected


@pytest.mark.parametrize("tag", ["", "  ", "a,b", "x" * 41, "two\nlines", "\ud800"])
def test_a_tag_that_cannot_be_one_is_refused_and_nothing_is_tagged(home: Home, tag: str) -> None:
    (run_id,) = recorded_runs(home, 1)
    with closing(RunStore(home)) as store:
        with pytest.raises(UserError, match="the tag is '"):
            store.tag([run_id], ["fine", tag])
        assert store.run(run_id).tags == ()


@pytest.mark.parametrize("note", ["x" * 20_001, "\x00", "\ud800"])
def test_a_note_that_cannot_be_written_is_refused(home: Home, note: str) -> None:
    (run_id,) = recorded_runs(home, 1)
    with closing(RunStore(home)) as store, pytest.raises(UserError, match="the note "):
        store.write_note(run_id, note)


def test_runs_that_are_set_aside_are_in_no_list_and_come_back(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        store.set_aside([first])
        assert [record.id for record in store.runs()] == [second]
        assert first not in store.glance()
        assert store.find("latest") == second
        with pytest.raises(UserError, match="not known"):
            store.find(first)
        # It is not a folder that nobody knows.
        assert first in store.ids()
    rebuilt(home)
    with closing(RunStore(home)) as store:
        assert [record.id for record in store.runs()] == [second]
        store.bring_back([first])
        assert {record.id for record in store.runs()} == {first, second}
        store.purge([first, second])
        assert {record.id for record in store.runs()} == {first, second}


def test_what_was_set_aside_is_removed_for_good(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        store.set_aside([first])
        store.purge([first, second])
        assert store.ids() == [second]
        assert not store.folder(first).exists()
        with pytest.raises(UserError, match="not known"):
            store.bring_back([first])
    rebuilt(home)
    with closing(RunStore(home)) as store:
        assert store.ids() == [second]


def test_only_what_was_set_aside_long_ago_is_forgotten(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        store.set_aside([first, second])
        change(home, "UPDATE runs SET deleted_utc='2020-01-01T00:00:00+00:00' WHERE id=?", first)
        store.purge_forgotten()
        assert store.ids() == [second]
        store.purge_forgotten(datetime.now(UTC) + timedelta(days=6))
        assert store.ids() == [second]
        store.purge_forgotten(datetime.now(UTC) + timedelta(days=8))
        assert store.ids() == []


# Of integers 0 and 1, SQLite keeps nothing but the type: one bit of an empty text's.
@pytest.mark.parametrize("damage", ["x'01'", "1", "0", "'1.5'", "1.5"])
def test_what_no_deleting_wrote_hides_and_removes_no_run(home: Home, damage: str) -> None:
    first, second = recorded_runs(home, 2)
    change(home, "ALTER TABLE runs DROP COLUMN deleted_utc")
    # Of no type, so that the value stays as it is.
    change(home, "ALTER TABLE runs ADD COLUMN deleted_utc NOT NULL DEFAULT ''")
    change(home, f"UPDATE runs SET deleted_utc={damage} WHERE id=?", first)
    with closing(RunStore(home)) as store:
        assert store.set_aside_runs() == []
        assert store.set_aside_at(first) == ""
        assert store.purge([first]) == {}
        store.purge_forgotten()
        assert store.folder(first).exists()
        assert [(each.id, each.reason) for each in store.listing().damaged] == [
            (first, "its deleted_utc cannot be read")
        ]
    for _ in repair(home):
        pass
    with closing(RunStore(home)) as store:
        assert [record.id for record in store.runs()] == [second, first]


def test_a_run_whose_journal_knows_of_no_deleting_comes_back(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    change(home, "UPDATE runs SET deleted_utc='2020-01-01T00:00:00+00:00' WHERE id=?", first)
    with closing(RunStore(home)) as store:
        assert [record.id for record in store.runs()] == [second]
        store.purge_forgotten()
        assert [record.id for record in store.runs()] == [second, first]
        assert store.folder(first).exists()


def test_a_run_without_a_whole_journal_is_removed_by_what_the_list_says(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        (store.folder(first) / "journal.jsonl").unlink()
        with (store.folder(second) / "journal.jsonl").open("ab") as journal:
            journal.write(b"torn\n")
        change(home, "UPDATE runs SET deleted_utc='2020-01-01T00:00:00+00:00'")
        store.purge_forgotten()
        assert store.ids() == []


def test_a_run_that_is_trained_is_not_set_aside_nor_any_with_it(home: Home) -> None:
    (done,) = recorded_runs(home, 1)
    with closing(RunStore(home)) as store:
        going_on = store.create(store.run(done).config, name="b", model="resnet8", recipe="quick", machine={})
        with pytest.raises(UserError, match=f"run {going_on} is running"):
            store.set_aside([done, going_on])
        assert len(store.runs()) == 2


CHANGES: dict[str, Callable[[RunStore, str], object]] = {
    "renamed": lambda store, run_id: store.rename(run_id, "z"),
    "tagged": lambda store, run_id: store.tag([run_id], ["t"]),
    "noted": lambda store, run_id: store.write_note(run_id, "n"),
    "starred": lambda store, run_id: store.star([run_id]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_list_is_read_again_only_where_it_has_changed(
    home: Home, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = recorded_runs(home, 3)
    read = list[str]()
    listing = RunStore.listing

    def noting(store: RunStore, some: list[str]) -> object:
        read.extend(some)
        return listing(store, some)

    monkeypatch.setattr(RunStore, "listing", noting)
    runs = RunListing()
    with closing(RunStore(home)) as store:
        runs.look(store)
        while not runs.is_whole:
            runs.read(store, 0.0)
        assert sorted(read) == sorted(ids)
        assert [record.id for record in runs.records] == store.ids()
        read.clear()
        CHANGES[what](store, ids[1])
        runs.look(store)
        assert not runs.is_whole
        runs.read(store, 0.0)
        assert read == [ids[1]]
        store.set_aside([ids[0]])
        runs.look(store)
        assert runs.is_whole
        assert {record.id for record in runs.records} == {*ids[1:]}


def test_the_newest_runs_of_a_long_list_come_first(home: Home) -> None:
    recorded_runs(home, 20)
    runs = RunListing()
    with closing(RunStore(home)) as store:
        runs.look(store)
        runs.read(store, 0.0)
        assert [record.id for record in runs.records] == store.ids()[: len(runs.records)]
        assert 0 < len(runs.records) < 20
        runs.read(store, 10.0)
        assert runs.is_whole
        assert [record.id for record in runs.records] == store.ids()


def test_what_is_gone_of_several_keeps_no_other_from_coming_back(home: Home) -> None:
    first, second = recorded_runs(home, 2)
    with closing(RunStore(home)) as store:
        store.set_aside([first, second])
        store.purge([first])
        store.bring_back([first, second])
        assert [record.id for record in store.runs()] == [second]


def test_a_deleted_run_that_another_process_trains_is_not_removed_under_it(home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    with closing(RunStore(home)) as store, closing(RunStore(home)) as other:
        store.set_aside([run_id])
        other.claim(run_id)
        store.purge([run_id])
        assert store.ids() == [run_id]
        assert store.folder(run_id).exists()
        other.release(run_id)
        store.purge([run_id])
        assert store.ids() == []


def test_what_cannot_be_removed_stays_set_aside_and_is_no_lost_run(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = recorded_runs(home, 2)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if first in path.parts:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    with closing(RunStore(home)) as store:
        store.set_aside([first, second])
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            kept = store.purge([first, second])
        assert "Permission denied" in kept[first]
        assert [*kept] == store.ids() == [first]
        assert store.runs() == []
    assert not diagnose(home).needs_repair


def test_a_list_that_is_read_again_does_not_look_empty_meanwhile(home: Home) -> None:
    recorded_runs(home, 20)
    runs = RunListing()
    with closing(RunStore(home)) as store:
        runs.look(store)
        runs.read(store, 10.0)
        runs.read_again()
        runs.look(store)
        assert not runs.is_whole
        assert len(runs.records) == 20
