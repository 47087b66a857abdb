"""A damaged, lost or locked list of runs on the command line: a sentence, exit 2, and `doctor --repair`."""

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import TINY, call, refused
from tests.damage import change, flip_bytes, recorded_runs
from workbench.core.home import Home
from workbench.core.records.store import RunStore

COMMANDS = (["runs", "list"], ["runs", "show", "latest"], ["resume", "latest"], ["train", "--epochs", "1"])


def listed(home: Home) -> list[tuple[str, str, int]]:
    done = call(home, "runs", "list", "--json")
    assert done.returncode == 0, done.stderr
    return [(run["run"], run["status"], run["epochs"]) for run in json.loads(done.stdout)]


@pytest.mark.parametrize("content", [b"", b"S", b"dear diary\n" * 500], ids=["empty", "one byte", "a text"])
def test_every_command_names_the_file_and_the_way_out(home: Home, content: bytes) -> None:
    ids = recorded_runs(home, 2)
    home.database.write_bytes(content)
    for arguments in COMMANDS:
        sentence = refused(call(home, *arguments))
        assert str(home.database) in sentence
        assert "doctor --repair" in sentence
    findings = {finding["topic"]: finding for finding in json.loads(call(home, "doctor", "--json").stdout)}
    assert "doctor --repair" in findings["runs"]["fix"]
    done = json.loads(call(home, "doctor", "--repair", "--json").stdout)
    assert done["repaired"]
    assert {run["run"] for run in done["runs"]} == set(ids)
    with open(done["kept"], "rb") as kept:
        assert kept.read() == content
    assert listed(home) == [(run_id, "finished", 4) for run_id in reversed(ids)]
    assert not json.loads(call(home, "doctor", "--repair", "--json").stdout)["repaired"]


@pytest.mark.parametrize("seed", range(6))
def test_sixty_flipped_bytes_end_in_a_list_or_a_sentence(home: Home, seed: int) -> None:
    ids = recorded_runs(home, 2)
    flip_bytes(home.database, 60, seed)
    for arguments in COMMANDS[:3]:
        done = call(home, *arguments)
        assert done.returncode in (0, 2)
        assert "Traceback" not in done.stderr
    done = call(home, "doctor", "--repair")
    assert done.returncode == 0, done.stderr
    assert listed(home) == [(run_id, "finished", 4) for run_id in reversed(ids)]


@pytest.mark.parametrize("number", [0, 1, 4, -1])
def test_a_database_that_says_of_itself_that_it_is_new_is_damaged(home: Home, number: int) -> None:
    """Its pages are whole: taken at its word, it would say that there are no runs yet."""
    ids = recorded_runs(home, 2)
    change(home, f"PRAGMA user_version={number}")
    for arguments in COMMANDS:
        sentence = refused(call(home, *arguments))
        assert f"is damaged (its version is {number})" in sentence
        assert "doctor --repair" in sentence
    assert call(home, "doctor", "--repair").returncode == 0
    assert listed(home) == [(run_id, "finished", 4) for run_id in reversed(ids)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_beside_the_list_is_not_waited_for(home: Home) -> None:
    ids = recorded_runs(home, 2)
    pipe = home.database.with_name(f"{home.database.name}-journal")
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    for arguments in COMMANDS:
        assert f"is damaged ({pipe.name} beside it is no file)" in refused(call(home, *arguments))
    assert call(home, "doctor", "--repair").returncode == 0
    assert listed(home) == [(run_id, "finished", 4) for run_id in reversed(ids)]


def test_a_list_that_is_a_link_to_nothing_is_rebuilt(home: Home) -> None:
    ids = recorded_runs(home, 2)
    home.database.unlink()
    home.database.symlink_to(home.root / "drive" / "workbench.db")
    for arguments in COMMANDS:
        assert "doctor --repair" in refused(call(home, *arguments))
    assert call(home, "doctor", "--repair").returncode == 0
    assert listed(home) == [(run_id, "finished", 4) for run_id in reversed(ids)]


@pytest.mark.parametrize("damage", ["a flipped bit", "no JSON"])
@pytest.mark.parametrize("place", ["epochs.metrics", "runs.started", "runs.machine"])
def test_a_damaged_row_hides_no_other_and_holds_up_no_other(
    home: Home, trained_home: tuple[Home, str], place: str, damage: str
) -> None:
    """The highest bit of a letter: what follows is no UTF-8 any more."""
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    good, (bad,) = trained_home[1], recorded_runs(home, 1)
    table, column = place.split(".")
    key = "id" if table == "runs" else "run_id"
    with closing(sqlite3.connect(home.database)) as database:
        (before,) = database.execute(f"SELECT {column} FROM {table} WHERE {key}=?", (bad,)).fetchone()
    content = bytearray(before.encode())
    content[len(content) // 2] ^= 0x80
    now = bytes(content) if damage == "a flipped bit" else b"none"
    change(home, f"UPDATE {table} SET {column}=CAST(? AS TEXT) WHERE {key}=?", now, bad)
    assert {run: status for run, status, _ in listed(home)} == {good: "finished", bad: "damaged"}
    assert f"run {bad} is damaged" in refused(call(home, "resume", bad))
    done = call(home, "resume", good, "--epochs", "3", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epochs"] == 3


def test_a_terminal_obeys_nothing_that_damage_has_made(home: Home) -> None:
    odd = "a\x1b[2J\u202eb"
    (run_id,) = recorded_runs(home, 1)
    with closing(RunStore(home)) as store:
        store.queue.add(store.run(run_id).config, name="a", model="resnet8", recipe="quick")
    for column in ("name", "model", "recipe", "message"):
        change(home, f"UPDATE queue SET {column}=?", odd)
        change(home, f"UPDATE runs SET {column}=?", odd)
    change(home, "UPDATE warnings SET message=?", odd)
    for arguments in (["queue", "list"], ["queue", "pause"], ["runs", "list"], ["runs", "show", run_id]):
        done = call(home, *arguments)
        assert done.returncode == 0, done.stderr
        assert r"a\x1b[2J\u202eb" in done.stdout
        assert not {"\x1b", "\u202e"} & {*done.stdout, *done.stderr}
    assert r"warning: a\x1b[2J\u202eb" in done.stdout


def test_one_damaged_run_is_marked_and_the_others_are_listed(home: Home) -> None:
    bad, good = recorded_runs(home, 2)
    change(home, "UPDATE epochs SET metrics='{' WHERE run_id=?", bad)
    done = call(home, "runs", "list")
    assert done.returncode == 0
    assert good in done.stdout
    assert any(bad in line and "damaged" in line for line in done.stdout.splitlines())
    assert "1 run cannot be read in the run database" in done.stderr
    assert "doctor --repair" in done.stderr
    document = json.loads(call(home, "runs", "list", "--json").stdout)
    assert [(run["run"], run["status"]) for run in document] == [(good, "finished"), (bad, "damaged")]
    assert document[0].keys() == document[1].keys()
    assert f"run {bad} is damaged" in refused(call(home, "runs", "show", bad))
    assert "rebuilt the list with 2 runs" in call(home, "doctor", "--repair").stdout
    assert listed(home) == [(good, "finished", 4), (bad, "finished", 4)]


def test_a_run_is_trained_lost_rebuilt_and_resumed(home: Home, image_folder: Path) -> None:
    arguments = ("train", *TINY, "--data", str(image_folder), "--epochs", "2", "--json")
    trained = json.loads(call(home, *arguments).stdout)
    home.database.write_bytes(b"")
    assert call(home, "doctor", "--repair").returncode == 0
    shown = json.loads(call(home, "runs", "show", "latest", "--json").stdout)
    assert {key: shown[key] for key in trained.keys() & shown.keys()} == {
        key: trained[key] for key in trained.keys() & shown.keys()
    }
    done = call(home, "resume", "latest", "--epochs", "3", "--json")
    assert json.loads(done.stdout)["epochs"] == 3
    assert done.stderr == ""


def test_a_run_of_an_earlier_version_is_rebuilt_from_its_checkpoints_and_of_use(
    home: Home, image_folder: Path, tmp_path: Path
) -> None:
    """Without a journal or a copy; what is lost is said."""
    trained = json.loads(call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "2", "--json").stdout)
    for path in (*home.runs.glob("*/journal.jsonl"), *home.root.glob("*.copy.db"), home.database):
        path.unlink()
    done = call(home, "doctor", "--repair")
    assert "its settings, checkpoints and evaluations; the rest is lost" in done.stdout
    shown = json.loads(call(home, "runs", "show", "latest", "--json").stdout)
    same = ("run", "model", "epochs", "steps", "test_accuracy", "best_epoch")
    assert {key: shown[key] for key in same} == {key: trained[key] for key in same}
    assert shown["train_loss"] is None
    assert "are lost" in shown["warnings"][0]
    assert call(home, "runs", "show", "latest").returncode == 0
    assert json.loads(call(home, "evaluate", "latest", "--json").stdout)["images"] == 36
    assert call(home, "export", "latest", "--output", str(tmp_path / "net.py")).returncode == 0
    resumed = call(home, "resume", "latest", "--epochs", "3", "--json")
    assert json.loads(resumed.stdout)["epochs"] == 3, resumed.stderr


def test_a_list_is_shown_while_another_process_holds_the_database(home: Home) -> None:
    ids = recorded_runs(home, 2)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        done = call(home, "runs", "list", "--json")
    assert done.returncode == 0
    assert [run["run"] for run in json.loads(done.stdout)] == ids[::-1]
    assert "another process holds the run database" in done.stderr


def test_nothing_is_repaired_while_a_run_is_trained(home: Home) -> None:
    with closing(RunStore(home)) as store:
        (run_id,) = recorded_runs(home, 1)
        store.claim(run_id)
        home.database.write_bytes(b"")
        assert f"run {run_id} is being trained" in refused(call(home, "doctor", "--repair"))
    assert "either --repair or --resume" in refused(call(home, "doctor", "--repair", "--resume"))


def test_what_killed_processes_left_is_removed_and_said_once(home: Home) -> None:
    (run_id,) = recorded_runs(home, 1)
    cut = home.runs / run_id / "checkpoints" / ".step-00000012-0badcafe.pt.k3j_x9ab.tmp"
    cut.parent.mkdir()
    cut.write_bytes(b"x" * 5_000_000)
    new = cut.with_name(".last.json.aaaaaaaa.tmp")
    new.write_bytes(b"x")
    unrecorded = home.runs / "0123abcd"
    unrecorded.mkdir()
    (unrecorded / "lock").touch()
    others = [home.runs / "my notes.tmp", home.runs / run_id / "notes.txt.tmp"]
    for path in others:
        path.write_text("precious")
    past = time.time() - 3600
    for path in (cut, unrecorded / "lock", unrecorded, *others):
        os.utime(path, (past, past))
    done = call(home, "runs", "list", "--json")
    assert [run["run"] for run in json.loads(done.stdout)] == [run_id]
    assert "removed what killed processes had left: 1 temporary file (5 MB)" in done.stderr
    assert "the empty folder of a run that was never recorded" in done.stderr
    assert not cut.exists()
    assert not unrecorded.exists()
    assert all(path.exists() for path in (new, *others))
    assert call(home, "runs", "list", "--json").stderr == ""
