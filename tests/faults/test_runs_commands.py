"""The commands on the list of runs: what they change, print and refuse; and runs that move between homes."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import TINY, call, command, refused
from tests.damage import change, recorded_runs
from tests.run_writer import Writer
from workbench.core.home import Home


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[str]]:
    """Three recorded runs, the oldest first."""
    home = Home(tmp_path_factory.mktemp("listed")).prepare()
    ids = recorded_runs(home)
    for day, (run_id, name) in enumerate(zip(ids, ("one", "two", "[red]three"), strict=True), 1):
        change(home, "UPDATE runs SET name=?, created_utc=? WHERE id=?", name, f"2026-01-0{day}", run_id)
    return home, ids


@pytest.fixture
def ids(home: Home, listed: tuple[Home, list[str]]) -> list[str]:
    """The same in a home of the test's own."""
    shutil.copytree(listed[0].root, home.root, dirs_exist_ok=True)
    return listed[1]


def names(home: Home, *arguments: str) -> list[str]:
    done = call(home, "runs", "list", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [run["name"] for run in json.loads(done.stdout)]


def test_runs_are_changed_and_found_again(home: Home, ids: list[str]) -> None:
    assert "★" not in call(home, "runs", "list").stdout, "nothing has a star or a tag yet"
    tagged = json.loads(call(home, "runs", "tag", "one", "two", "--add", "lab", "--add", "new", "--json").stdout)
    assert [run["tags"] for run in tagged] == [["lab", "new"]] * 2
    assert call(home, "runs", "tag", "two", "--remove", "new").stdout == f"run {ids[1]}: lab\n"
    assert call(home, "runs", "star", "two").stdout == f"run {ids[1]}: starred\n"
    (renamed,) = json.loads(call(home, "runs", "rename", "one", "a [b] ü", "--json").stdout)
    assert renamed["name"] == "a [b] ü"
    assert names(home) == ["[red]three", "two", "a [b] ü"]
    assert names(home, "--tag", "lab", "--search", "-tag:new") == ["two"]
    assert names(home, "--starred") == ["two"]
    assert names(home, "--status", "running") == []
    assert names(home, "--sort", "name", "--limit", "2") == ["[red]three", "a [b] ü"]
    table = call(home, "runs", "list", "--search", "lab").stdout
    assert [line.split()[:3] for line in table.split("\n") if "lab" in line] == [
        [ids[1], "★", "two"], [ids[0], "a", "[b]"]
    ]  # fmt: skip
    assert call(home, "runs", "list", "--search", "nothing").stdout == "None of 3 runs is such.\n"
    call(home, "runs", "star", "two", "--off")
    assert names(home, "--starred") == []


def test_a_note_is_written_printed_and_taken_from_files(home: Home, ids: list[str], tmp_path: Path) -> None:
    assert call(home, "runs", "note", "one", "two words [b]").returncode == 0
    assert call(home, "runs", "note", "one").stdout == "two words [b]\n"
    (tmp_path / "note.txt").write_text("a\r\nb\n")
    call(home, "runs", "note", "one", "--file", str(tmp_path / "note.txt"))
    assert json.loads(call(home, "runs", "note", "one", "--json").stdout) == {"run": ids[0], "note": "a\nb"}
    typed = subprocess.run(
        command(home, "runs", "note", "one", "--file", "-"),
        input="typed\n",
        text=True,
        capture_output=True,
        check=True,
    )
    assert typed.stdout == f"noted of run {ids[0]}\n"
    assert call(home, "runs", "note", "one").stdout == "typed\n"
    assert "nothing is noted" in call(home, "runs", "note", "one", "").stdout


def test_deleting_frees_space_and_takes_all_or_none(home: Home, ids: list[str]) -> None:
    assert "give --yes" in refused(call(home, "runs", "delete", "one"))
    writer = Writer(home)
    writer.start()
    assert f"run {writer.id} is running" in refused(call(home, "runs", "delete", "one", writer.id, "--yes"))
    writer.store.close()
    assert len(names(home)) == 4
    size = sum(path.stat().st_size for path in (home.runs / ids[0]).rglob("*") if path.is_file())
    done = json.loads(call(home, "runs", "delete", "one", "two", "--yes", "--json").stdout)
    assert done["deleted"][0] == {"run": ids[0], "freed_bytes": size}
    assert done["freed_bytes"] >= 2 * size
    assert not (home.runs / ids[0]).exists()
    assert ids[0] not in [run["run"] for run in json.loads(call(home, "runs", "list", "--json").stdout)]
    assert "deleted run" in call(home, "runs", "delete", ids[2], "--yes").stdout


@pytest.mark.skipif(os.name == "nt", reason="a terminal of POSIX")
@pytest.mark.parametrize(("answer", "is_left"), [("n\n", True), ("\n", True), ("y\n", False)])
def test_on_a_terminal_it_is_asked_for(home: Home, ids: list[str], answer: str, is_left: bool) -> None:
    import pty

    terminal, typed = pty.openpty()
    os.write(terminal, answer.encode())
    done = subprocess.run(
        command(home, "runs", "delete", "one"), stdin=typed, capture_output=True, text=True, timeout=120
    )
    os.close(terminal)
    os.close(typed)
    assert "Delete this run" in done.stderr
    assert f"{ids[0]}  one, 4 epochs" in done.stderr
    assert (home.runs / ids[0]).exists() is is_left
    assert done.returncode == (130 if is_left else 0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list", "--sort", "size"), "--sort is 'size'; it must be started, accuracy, loss, time or name"),
        (("list", "--status", "finishd"), r"--status is 'finishd'; it must be one of .*\(did you mean 'finished'"),
        (("rename", "one", ""), "the run's name is ''"),
        (("rename", "one", "latest"), "means the newest run"),
        (("tag", "one"), "give at least one --add TAG or --remove TAG"),
        (("tag", "one", "--add", "a,b"), "the tag is 'a,b'"),
        (("tag", "one", "none", "--add", "a"), "run 'none' is not known"),
        (("note", "one", "a", "--file", "b"), "as TEXT or with --file, not both"),
        (("note", "one", "--file", "/no/such"), "cannot read the note /no/such"),
        (("note", "one", "a\x1bb"), "the note holds characters"),
        (("export", "--output", "a.zip"), r"give either RUN... or --all"),
        (("export", "one", "--all", "--output", "a.zip"), r"give either RUN... or --all"),
        (("export", "one", "--output", "a.tar"), "--output is 'a.tar'; it must end in .zip"),
        (("export", "one", "--output", "/proc/a.zip"), "cannot write /proc/a.zip"),
        (("import", "/no/such.zip"), "cannot read /no/such.zip"),
        (("import", "/dev/zero"), "it is a device, not a file"),
        (("import", __file__), "it is no zip file"),
    ],
)
def test_wrong_input_is_a_sentence(
    listed: tuple[Home, list[str]], arguments: tuple[str, ...], sentence: str
) -> None:
    assert re.search(sentence, refused(call(listed[0], "runs", *arguments)))
    assert sorted(names(listed[0])) == ["[red]three", "one", "two"]


def test_a_damaged_run_is_listed_last_and_left_out_of_an_export(
    home: Home, ids: list[str], tmp_path: Path
) -> None:
    change(home, "UPDATE runs SET status='sleeping' WHERE id=?", ids[0])
    assert names(home, "--sort", "accuracy")[-1] == "one"
    assert names(home, "--status", "damaged") == ["one"]
    done = call(home, "runs", "export", "--all", "--output", str(tmp_path / "all.zip"), "--json")
    document = json.loads(done.stdout)
    assert sorted(run["run"] for run in document["runs"]) == sorted(ids[1:])
    assert list(document["left_out"]) == [ids[0]]


def test_a_run_that_was_moved_is_evaluated_and_resumed_on_the_shipped_images(
    sample_home: Home, decoded_sample: Path, tmp_path: Path
) -> None:
    tiny = [each for each in TINY if not each.startswith("model.input_size")]
    tiny = [each for place, each in enumerate(tiny) if each != "--set" or tiny[place + 1 : place + 2] != ["--set"]]
    done = call(sample_home, "train", *tiny, "--data", "sample", "--set", "data.train_images=200", "--epochs", "1",
                "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    before = json.loads(call(sample_home, "evaluate", run["run"], "--json").stdout)
    archive = tmp_path / "runs.zip"
    written = call(sample_home, "runs", "export", "latest", "--output", str(archive))
    assert "1 run, " in written.stdout
    shutil.rmtree(sample_home.root)
    other = Home(tmp_path / "other").prepare()
    shutil.copytree(decoded_sample, other.data, dirs_exist_ok=True, copy_function=os.link)
    imported = json.loads(call(other, "runs", "import", str(archive), "--json").stdout)
    assert imported == {
        "runs": [{"run": run["run"], "number": 1, "name": run["name"], "former_id": run["run"]}],
        "skipped": {}, "warnings": [],
    }  # fmt: skip
    after = json.loads(call(other, "evaluate", run["run"], "--json").stdout)
    assert after == before
    resumed = json.loads(call(other, "resume", run["run"], "--epochs", "2", "--json").stdout)
    assert (resumed["status"], resumed["epochs"]) == ("finished", 2)
    assert "images" not in call(other, "mistakes", run["run"], "--most", "1", "--json").stderr


def test_a_run_on_images_of_one_s_own_is_moved(trained_home: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained_home
    call(home, "runs", "export", run_id, "--output", str(tmp_path / "runs.zip"))
    other = Home(tmp_path / "other")
    said = call(other, "runs", "import", str(tmp_path / "runs.zip"))
    assert said.stdout.startswith(f"imported run {run_id}: ")
    assert call(other, "runs", "import", str(tmp_path / "runs.zip")).stdout == (
        f"not imported: {run_id}, a run of this id is here already\n"
    )
    resumed = json.loads(call(other, "resume", run_id, "--epochs", "3", "--json").stdout)
    assert resumed["epochs"] == 3
    # The run went on here: what the archive holds is another one now.
    again = json.loads(call(other, "runs", "import", str(tmp_path / "runs.zip"), "--again", "--json").stdout)
    (run,) = again["runs"]
    assert (run["former_id"], run["number"]) == (run_id, 2)
    theirs = json.loads(call(other, "evaluate", run["run"], "--json").stdout)
    assert theirs == json.loads(call(home, "evaluate", run_id, "--json").stdout)
