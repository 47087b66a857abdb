"""Runs move between homes in one file, whole or not at all; nothing in a file is believed."""

import json
import math
import random
import shutil
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.archives import Members, exhausted, exported, files_in, imported, refused, rewritten, said, seal
from tests.damage import EPOCHS, change, recorded_runs
from workbench.core.errors import UserError
from workbench.core.events import Warned
from workbench.core.home import Home
from workbench.core.records import run_archive, run_export
from workbench.core.records.run_archive import is_portable
from workbench.core.records.run_history import RunHistory
from workbench.core.records.store import RunStore
from workbench.core.records.store_repair import diagnose, repair


def test_all_of_a_run_comes_to_another_home(home: Home, other: Home, archive: Path) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    done = imported(other, archive)
    assert [(run.id, run.former_id) for run in done.runs] == [(run_id, run_id)]
    assert said(other, run_id) == said(home, run_id)
    theirs, ours = files_in(home), files_in(other)
    journal = f"runs/{run_id}/journal.jsonl"
    assert {**theirs, journal: b""} == {**ours, journal: b""}
    assert not diagnose(other).needs_repair


def test_members_that_may_grow_beyond_an_old_zip_are_read_too(
    home: Home, other: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_archive, "_ZIP64_BYTES", 0)
    (run_id,) = recorded_runs(home, 1)
    exported(home, tmp_path / "runs.zip")
    # In each member's header, before its name: the extra field of zip64.
    assert (tmp_path / "runs.zip").read_bytes().count(b"\x01\x00\x10\x00") > EPOCHS
    imported(other, tmp_path / "runs.zip")
    assert said(other, run_id) == said(home, run_id)


def test_a_repair_finds_an_imported_run_in_its_journal(home: Home, other: Home, archive: Path) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    others = recorded_runs(other, 2)
    assert [run.number for run in imported(other, archive).runs] == [3]
    with closing(RunStore(other)) as store:
        store.delete(others[1])
    other.database.unlink()
    assert {run.source for run in exhausted(repair(other)).runs} == {"journal"}
    assert said(other, run_id) == said(home, run_id)
    with closing(RunStore(other, read_only=True)) as store:
        assert store.run(run_id).number == 3


def test_numbers_follow_the_order_in_which_runs_began(home: Home, other: Home, tmp_path: Path) -> None:
    ids = recorded_runs(home)
    for day, run_id in enumerate(reversed(ids), 1):
        change(home, "UPDATE runs SET created_utc=? WHERE id=?", f"2026-01-0{day}T00:00:00+00:00", run_id)
    exported(home, tmp_path / "runs.zip", *ids)
    numbers = {run.id: run.number for run in imported(other, tmp_path / "runs.zip").runs}
    assert numbers == {run_id: number for number, run_id in enumerate(reversed(ids), 1)}


# Damage


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_is_noticed_or_does_not_matter(home: Home, other: Home, archive: Path, seed: int) -> None:
    (run_id,) = (path.name for path in home.runs.iterdir())
    draw, content = random.Random(seed), bytearray(archive.read_bytes())
    # The index and the manifest are a small part of it, and worth as many flips.
    at = draw.randrange(len(content)) if seed % 2 else len(content) - 1 - draw.randrange(2500)
    content[at] ^= 1 << draw.randrange(8)
    archive.write_bytes(content)
    before = files_in(other)
    refusal = refused(other, archive)
    if refusal:
        assert "\n" not in refusal
        assert files_in(other) == before
        assert list(other.runs.iterdir()) == []
    else:
        # Times and rights of members, and texts that have no second copy.
        assert said(other, run_id) == said(home, run_id)


def test_a_cut_archive_is_refused(other: Home, archive: Path) -> None:
    content = archive.read_bytes()
    for length in (0, 1, 30, len(content) // 2, len(content) - 30, len(content) - 1):
        archive.write_bytes(content[:length])
        with pytest.raises(UserError, match="it was cut"):
            imported(other, archive)
    assert files_in(other) == {}


def test_an_index_that_is_damaged_is_told(other: Home, archive: Path) -> None:
    """In its first entry: the version of zip that is needed, and a name that is said to be UTF-8 and is not."""
    content = archive.read_bytes()
    at = int.from_bytes(content[-6:-2], "little")
    for changes, words in (
        ({6: 0xFF}, "cut or damaged (zip file version 25.5)"),
        ({9: 8, 46: 0xFF}, "cut or damaged (it is no text in UTF-8)"),
    ):
        damaged = bytearray(content)
        for offset, value in changes.items():
            damaged[at + offset] = value
        archive.write_bytes(damaged)
        assert words in refused(other, archive)
    assert files_in(other) == {}


def _add(name: str) -> Callable[[dict[str, Any], Members], object]:
    """A file of a run that the manifest names too."""

    def add(manifest: dict[str, Any], members: Members) -> None:
        run, file = manifest["runs"][0], {"name": name}
        members[f"runs/{run['id']}/{name}"] = seal(file, b"evil")
        run["files"].append(file)

    return add


@pytest.mark.parametrize(
    "name",
    ["../evil", "checkpoints/../../evil", "/evil", "C:/evil", "a\\..\\evil", "..", ".", "", "a//b", ".hidden",
     "lock", "LOCK", "con", "con.json", "evil.", "evil ", "a/b/c/d/e", "x" * 130, "new\nline", "bell\a",
     "évil", "a:stream"],
)  # fmt: skip
def test_a_name_that_could_lie_elsewhere_is_refused(other: Home, archive: Path, name: str) -> None:
    assert name.casefold() == "lock" or not is_portable(name)
    changed = rewritten(archive, _add(name))
    with pytest.raises(UserError, match=r"a file of run .* is called"):
        imported(other, changed)
    assert files_in(other) == {}


def _edit_file(key: str, value: object) -> Callable[[dict[str, Any], Members], object]:
    return lambda manifest, _members: manifest["runs"][0]["files"][0].update({key: value})


def _edit_history(edit: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any], Members], object]:
    def rewrite(manifest: dict[str, Any], members: Members) -> None:
        file = manifest["runs"][0]["history"]
        tree = json.loads(members[file["name"]])
        edit(tree)
        members[file["name"]] = seal(file, json.dumps(tree).encode())

    return rewrite


def _start_at_infinity(tree: dict[str, Any]) -> None:
    started = json.loads(tree["row"]["started"]) | {"starts": [[math.inf, 0.0]]}
    tree["row"]["started"] = json.dumps(started)


def _row(**values: object) -> Callable[[dict[str, Any], Members], object]:
    return _edit_history(lambda tree: tree["row"].update(values))


def _twice(manifest: dict[str, Any], _members: Members) -> None:
    run = manifest["runs"][0]
    run["files"].append({**run["files"][0], "name": run["files"][0]["name"].upper()})


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda manifest, members: members.update({"evil.txt": b""}), "it holds 'evil.txt', which"),
        (lambda manifest, members: members.update({"../evil.txt": b""}), "it holds '../evil.txt', which"),
        (lambda manifest, members: members.update({"runs/x/": b""}), "it holds 'runs/x/', which"),
        (lambda manifest, members: members.popitem(), "is missing"),
        (_edit_file("sha256", "0" * 64), "is damaged: its SHA-256 is another"),
        (_edit_file("sha256", "../x"), r"runs.0.files.0.sha256 in its manifest.json"),
        (_edit_file("size_bytes", 1), "has 1 bytes by its manifest.json and"),
        (_edit_file("size_bytes", -1), r"runs.0.files.0.size_bytes in its manifest.json"),
        (lambda manifest, _: manifest["runs"][0].update(id="../../xx"), "runs.0.id in its manifest.json"),
        (
            lambda manifest, _: manifest["runs"][0]["history"].update(name="x"),
            "the history of run .* is called 'x'",
        ),
        (lambda manifest, _: manifest["runs"].append(manifest["runs"][0]), "has a file twice"),
        (_twice, "has a file twice"),
        (lambda manifest, _: manifest.update(version=2), "has format 2, written by workbench .* up to format 1"),
        (lambda manifest, _: manifest.update(version="x"), "version in its manifest.json"),
        (lambda manifest, _: manifest.update(format="x"), "does not say that it is one"),
        (lambda manifest, _: manifest.update(extra=1), "extra in its manifest.json"),
        (lambda manifest, _: manifest.clear(), "does not say that it is one"),
        (_edit_history(lambda tree: tree.clear()), "its history holds what this workbench does not write"),
        (_edit_history(lambda tree: tree["row"].pop("config")), "its history holds what"),
        (_edit_history(lambda tree: tree["step_blocks"][0].update(figures="AAAA")), "its history holds what"),
        (_edit_history(lambda tree: tree["epochs"]["1"].pop("step")), "epoch 1 cannot be read"),
        (_row(status="sleeping"), "its status"),
        (_row(config="{"), "its config"),
        (_row(config='{"model": {"widths": []}}'), "model.blocks|model.widths"),
        (_row(name="a\x1b[2Jb"), "its name is"),
        (_row(note="a\x1b[2Jb"), "the note holds characters"),
        (_row(tags='["a,b"]'), "the tag is 'a,b'"),
        (_row(elapsed_s={}), "its elapsed_s is {}"),
        (_row(test_looks=-1), "its test_looks"),
        (_row(elapsed_s=math.inf), "its elapsed_s is inf, which is no number"),
        (_row(elapsed_s=math.nan), "its elapsed_s is nan, which is no number"),
        (_row(elapsed_s=10**400), "its elapsed_s is 10+.*, which is no number"),
        (_row(created_utc="yesterday"), "its created_utc is 'yesterday', which is no date"),
        (_row(created_utc="0001-01-01T00:00:00+14:00"), "its created_utc is '0001-01-01T00:00"),
        (_edit_history(lambda tree: tree["epochs"]["1"].update(elapsed_s=math.inf)), "epoch 1 cannot be read"),
        (_edit_history(_start_at_infinity), "its start cannot be read"),
    ],
)
def test_what_no_workbench_wrote_is_refused(
    other: Home, archive: Path, edit: Callable[[dict[str, Any], Members], object], words: str
) -> None:
    changed = rewritten(archive, edit)
    with pytest.raises(UserError, match=words) as refusal:
        imported(other, changed)
    assert "\n" not in str(refusal.value)
    assert files_in(other) == {}
    with closing(RunStore(other)) as store:
        assert store.ids() == []


def test_two_members_of_one_name_are_refused(other: Home, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as zipped, pytest.warns(UserWarning, match="Duplicate name"):
        zipped.writestr("manifest.json", "{}")
    with pytest.raises(UserError, match=r"it holds 'manifest.json' twice"):
        imported(other, archive)


def test_a_bomb_is_not_unpacked(other: Home, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is far larger than the archive, than it says, or than there is room for."""
    monkeypatch.setattr(run_archive, "_GROWS_FREELY_BYTES", 1_000_000)

    def grown(manifest: dict[str, Any], members: Members) -> None:
        run, file = manifest["runs"][0], {"name": "large"}
        members[f"runs/{run['id']}/large"] = seal(file, bytes(5_000_000))
        run["files"].append(file)

    changed = rewritten(archive, grown, zipfile.ZIP_DEFLATED)
    assert changed.stat().st_size < 50_000
    with pytest.raises(UserError, match=r"it says that .* hold 5"):
        imported(other, changed)
    # An index and a manifest that agree on a smaller size than comes out.
    content = changed.read_bytes().replace((5_000_000).to_bytes(4, "little"), (900_000).to_bytes(4, "little"))
    content = content.replace(b'"size_bytes": 5000000', b'"size_bytes":  900000')
    changed.write_bytes(content)
    with pytest.raises(UserError, match="no whole archive of runs"):
        imported(other, changed)
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 5000))
    with pytest.raises(UserError, match=r"the runs need .*B, but .* has room for 5 kB"):
        imported(other, archive)
    assert files_in(other) == {}


def test_what_is_read_into_memory_cannot_grow_much(
    home: Home, other: Home, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = rewritten(
        archive, _edit_history(lambda tree: tree.update(warnings=["x" * 1000] * 20_000)), zipfile.ZIP_DEFLATED
    )
    assert long.stat().st_size < 200_000
    with pytest.raises(UserError, match=r"what it says of its runs of .*B would grow to 20.* MB"):
        imported(other, long)

    def no_memory(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(RunHistory, "of_journal", no_memory)
        with pytest.raises(UserError, match="its history takes more memory than there is"):
            imported(other, archive)
    monkeypatch.setattr(run_archive, "MOST_HISTORY_BYTES", 2000)
    with pytest.raises(UserError, match=r"the history of run .* has .* kB, and 2 kB are read"):
        imported(other, archive)
    assert files_in(other) == {}
    # What no import would read is not exported either.
    monkeypatch.setattr(run_export, "MOST_HISTORY_BYTES", 2000)
    (run_id,) = (path.name for path in home.runs.iterdir())
    with pytest.raises(
        UserError, match=f"what the list says of run {run_id} has .* kB, and an archive holds 2 kB"
    ):
        exported(home, tmp_path / "long.zip")
    with closing(RunStore.for_reading(home)) as store:
        work = run_export.export_runs(store, [run_id], tmp_path / "long.zip", as_far_as=True)
        assert next(each for each in work if isinstance(each, Warned)).message.startswith(
            "left out: what the list"
        )
        with pytest.raises(UserError, match="there is no run that can be exported"):
            exhausted(work)
    assert not (tmp_path / "long.zip").exists()
