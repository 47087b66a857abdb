"""Broken pipes, hang-ups, signals at the worst moment: a run is stopped and saved, no more. Real processes."""

import json
import os
import select
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import TINY, call, command, refused
from tests.programs import (
    END_S,
    ENDING,
    broken_pipe,
    fill,
    full_pipe,
    started,
    usual_signals,
    wait_for,
    wait_for_checkpoint,
)
from workbench.core.home import Home
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore

fcntl, termios = (pytest.importorskip(name, reason="Windows has no such signals") for name in ("fcntl", "termios"))

# Says that a checkpoint is being written, and goes on when it may.
_SLOW_SAVING = """
import pathlib, sys, time
from workbench.engine.weights import checkpoint
folder, write = pathlib.Path({folder!r}), checkpoint.write_atomically
def slow(path, content):
    (folder / "saving").touch()
    while not (folder / "go on").exists():
        time.sleep(0.01)
    write(path, content)
"""
_SLOW_FROM_THE_FIRST = _SLOW_SAVING + "checkpoint.write_atomically = slow"
_SLOW_WHEN_STOPPED = (
    _SLOW_SAVING
    + """
from workbench.engine.training import loop
save = loop.TrainingLoop.save
def saved(self, best):
    checkpoint.write_atomically = slow if sys.exc_info()[0] is GeneratorExit else write
    return save(self, best)
loop.TrainingLoop.save = saved
"""
)
# Says that Python's own handler, which would raise in the middle of an import, has been replaced.
_BEGUN = """
import pathlib, signal
replace = signal.signal
def told(number, handler):
    before = replace(number, handler)
    pathlib.Path({path!r}).touch()
    return before
signal.signal = told
"""
_SLOW_TO_IMPORT = """
import pathlib, sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            pathlib.Path({path!r}).touch()
            try:
                for _ in range(30):
                    time.sleep(0.1)
            except KeyboardInterrupt:
                raise ImportError("numpy.core.multiarray failed to import") from None
sys.meta_path.insert(0, Slow())
"""
# Never comes to the end of a step.
_ENDLESS_STEP = """
import pathlib, threading
from workbench.engine.training.trainer import Trainer
def step(self, rate=None):
    pathlib.Path({folder!r}, "in a step").touch()
    threading.Event().wait()
Trainer.step = step
"""
_KILLED_WHILE_SAVING = """
import os, signal
from workbench.core import files
replace = os.replace
def killed(source, target):
    if str(target).endswith(".pt"):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
files.os.replace = killed
"""
# Before so many files of such a name are in their place.
_KILLED_BEFORE = """
import os, signal
from workbench.core import files
replace, seen = os.replace, []
def killed(source, target):
    seen.extend([target] if os.path.basename(target).startswith({name!r}) else [])
    if len(seen) == {count}:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
files.os.replace = killed
"""
# Stands in for a disk that is filled by the first checkpoint.
_FULL_DISK = """
import errno, os
from workbench.core import files
sync = os.fsync
def full(descriptor):
    if ".pt." in os.readlink(f"/proc/self/fd/{{descriptor}}"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sync(descriptor)
files.os.fsync = full
"""


def train(source: Path, *more: str, epochs: int = 5000) -> tuple[str, ...]:
    """With a rate that more epochs do not change."""
    plain = ("--set", "training.schedule=constant")
    return ("train", *TINY, *plain, "--data", str(source), "--epochs", str(epochs), *more)


def only_run(home: Home) -> RunRecord:
    with closing(RunStore(home)) as store:
        (run,) = store.runs()
    return run


def assert_goes_on(home: Home) -> None:
    """The only run is stopped, and what was saved is whole."""
    run = only_run(home)
    assert run.status == "stopped"
    said = json.loads(call(home, "resume", run.id, "--epochs", str(len(run.epochs) + 1), "--json").stdout)
    assert (said["status"], said["epochs"], said["warnings"]) == ("finished", len(run.epochs) + 1, [])


# Pipes


def test_a_broken_pipe_does_not_change_how_a_run_is_stopped(home: Home, image_folder: Path) -> None:
    pipe = broken_pipe()
    process = started(home, *train(image_folder, "--json"), stdout=pipe, stderr=pipe)
    os.close(pipe)
    wait_for_checkpoint(home, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(END_S) == 0
    assert_goes_on(home)


@pytest.mark.parametrize("how", ["--json", "--all-images"])
def test_a_finished_run_whose_result_nobody_reads_is_finished(home: Home, image_folder: Path, how: str) -> None:
    """As JSON, and as a sentence."""
    pipe = broken_pipe()
    process = started(home, *train(image_folder, how, epochs=1), stdout=pipe)
    os.close(pipe)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == 0, said
    assert "rror" not in said
    assert only_run(home).status == "finished"


def test_a_result_that_does_not_fit_the_disk_is_said(home: Home, image_folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = started(home, *train(image_folder, "--json", epochs=1), stdout=full)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == 2
    assert said == "error: not all could be written to standard output: No space left on device\n"
    assert only_run(home).status == "finished"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_streams(home: Home, image_folder: Path, closed: str) -> None:
    words = command(home, *train(image_folder, "--json", epochs=1))
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *words], capture_output=True, text=True, timeout=END_S
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert only_run(home).status == "finished"


@pytest.mark.parametrize(
    "arguments", [("runs", "list"), ("runs", "list", "--json"), ("--help",), ("runs", "nonsense")]
)
def test_who_reads_no_further_is_no_error(trained_home: tuple[Home, str], arguments: tuple[str, ...]) -> None:
    pipe = broken_pipe()
    process = started(trained_home[0], *arguments, stdout=pipe)
    os.close(pipe)
    _, said = process.communicate(timeout=END_S)
    is_wrong = "nonsense" in arguments
    assert process.returncode == (2 if is_wrong else 0)
    assert bool(said) is is_wrong
    assert "Traceback" not in said


def test_a_run_goes_on_and_stops_though_its_reader_has_stopped_reading(home: Home, image_folder: Path) -> None:
    """The first line does not fit any more."""
    reader, writer = full_pipe()
    process = started(home, *train(image_folder), stdout=writer, stderr=writer)
    os.close(writer)
    wait_for_checkpoint(home, process)
    process.send_signal(signal.SIGTERM)
    # What came of it is on standard output for somebody.
    assert process.wait(END_S) == 2
    os.close(reader)
    assert_goes_on(home)


def test_a_run_goes_on_and_stops_though_its_terminal_is_read_by_nobody(home: Home, image_folder: Path) -> None:
    """As of a lost connection. A terminal of many colors has a bar that moves while nothing is known yet."""
    ours, theirs = os.openpty()
    fill(theirs)
    colors = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = started(home, *train(image_folder), stdin=theirs, stdout=theirs, stderr=theirs, env=colors)
    os.close(theirs)
    wait_for_checkpoint(home, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(END_S) == 0
    os.close(ours)
    assert_goes_on(home)


def test_who_reads_slowly_gets_all(trained_home: tuple[Home, str]) -> None:
    """Also through a descriptor that somebody has set not to wait, as some programs leave a terminal."""
    home, run_id = trained_home
    whole = call(home, "runs", "show", run_id, "--json").stdout
    assert len(whole) > 4096, "more than is written at once"
    reader, writer = full_pipe()
    os.set_blocking(writer, False)
    process = started(home, "runs", "show", run_id, "--json", stdout=writer)
    os.close(writer)
    said = b""
    while part := os.read(reader, 500):
        said += part.lstrip(b"\0")
        if said:
            time.sleep(0.02)
    os.close(reader)
    assert said.decode() == whole
    process.communicate(timeout=END_S)
    assert process.returncode == 0


def test_without_standard_input_nobody_is_asked(trained_home: tuple[Home, str]) -> None:
    words = command(trained_home[0], "runs", "delete", trained_home[1])
    done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *words], capture_output=True, text=True, timeout=END_S)
    assert "nobody is here to ask; give --yes" in refused(done)


@pytest.mark.parametrize("errors", ["2>&-", "2>/dev/full"])
def test_a_window_that_cannot_say_why_it_does_not_open_ends_as_usual(home: Home, errors: str) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    words = ["sh", "-c", f'"$@" {errors}', "sh", *command(home)]
    assert subprocess.run(words, env=environment, timeout=END_S).returncode == 2


# Signals


def test_a_closed_terminal_stops_and_saves(home: Home, image_folder: Path) -> None:
    """A real one: the kernel sends SIGHUP, and whatever is written fails from then on."""
    ours, theirs = os.openpty()

    def take_terminal() -> None:
        usual_signals()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = started(
        home, *train(image_folder), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=take_terminal,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"best" not in said:
        assert select.select((ours,), (), (), END_S)[0], said
        said += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(END_S) == 0
    assert_goes_on(home)


def test_under_nohup_a_run_outlives_its_terminal(home: Home, image_folder: Path) -> None:
    def ignore_hang_ups() -> None:
        usual_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = started(home, *train(image_folder, "--json"), preexec_fn=ignore_hang_ups)
    wait_for_checkpoint(home, process)
    process.send_signal(signal.SIGHUP)
    (last,) = home.runs.glob("*/checkpoints/last.json")
    before = last.read_text()
    deadline = time.monotonic() + END_S
    while last.read_text() == before:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=END_S)
    assert json.loads(out)["status"] == "stopped", said


@pytest.mark.parametrize("number", ENDING)
def test_no_further_signal_cuts_a_checkpoint(
    home: Home, image_folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = started(
        home, *train(image_folder, "--json"), prelude=_SLOW_WHEN_STOPPED.format(folder=str(tmp_path))
    )
    wait_for_checkpoint(home, process)
    process.send_signal(number)
    wait_for(tmp_path / "saving", process)
    # Later than what is taken for the same wish.
    for pause in (0.0, 0.6, 0.0):
        time.sleep(pause)
        process.send_signal(number)
    time.sleep(0.2)
    (tmp_path / "go on").touch()
    out, said = process.communicate(timeout=END_S)
    assert process.returncode == 0, said
    assert json.loads(out)["status"] == "stopped"
    assert ("saving; this takes a moment" in said) is (number == signal.SIGINT)
    assert "Traceback" not in said
    assert_goes_on(home)


def test_the_checkpoint_of_an_epoch_is_not_cut_either(home: Home, image_folder: Path, tmp_path: Path) -> None:
    process = started(
        home, *train(image_folder, "--json"), prelude=_SLOW_FROM_THE_FIRST.format(folder=str(tmp_path))
    )
    wait_for(tmp_path / "saving", process)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.6)
    (tmp_path / "go on").touch()
    out, said = process.communicate(timeout=END_S)
    assert process.returncode == 0, said
    assert json.loads(out)["epochs"] == 1
    assert_goes_on(home)


def test_all_signals_of_a_closed_terminal_are_one_wish(home: Home, image_folder: Path) -> None:
    process = started(home, *train(image_folder, "--json"))
    wait_for_checkpoint(home, process)
    for number in (signal.SIGHUP, signal.SIGCONT, signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGINT):
        process.send_signal(number)
    # And until the process is gone: when the run is saved there is still torch to be taken down.
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    out, said = process.communicate(timeout=END_S)
    assert process.returncode == 0, said
    assert json.loads(out)["status"] == "stopped"
    assert_goes_on(home)


def test_a_second_ctrl_c_ends_what_does_not_stop(home: Home, image_folder: Path, tmp_path: Path) -> None:
    process = started(home, *train(image_folder, "--json"), prelude=_ENDLESS_STEP.format(folder=str(tmp_path)))
    wait_for(tmp_path / "in a step", process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("stopping")
    time.sleep(1)
    assert process.poll() is None, "it stops when the step is done"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in said
    assert only_run(home).status == "interrupted"


@pytest.mark.parametrize("arguments", [("train", "--epochs", "1"), ("evaluate", "latest"), ()])
def test_ctrl_c_while_it_starts_is_no_traceback(home: Home, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """While modules are imported, which takes seconds; without arguments, the window."""
    for delay in (0, 0.1, 0.25, 0.5, 0.8, 1.3):
        begun = tmp_path / f"begun {delay}"
        process = started(home, *arguments, prelude=_BEGUN.format(path=str(begun)))
        wait_for(begun, process)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=END_S)
        assert "Traceback" not in said, (delay, said)
        assert "Error" not in said, (delay, said)
        # What is stopped as asked ends with 0.
        assert process.returncode in (0, 2, 130, -signal.SIGINT), delay


@pytest.mark.parametrize("arguments", [("train", "--epochs", "1"), ("evaluate", "latest")])
def test_an_interrupted_import_is_no_error(
    trained_home: tuple[Home, str], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Modules in C take an exception in the middle of their own import for something else, and say that."""
    process = started(
        trained_home[0], *arguments, prelude=_SLOW_TO_IMPORT.format(path=str(tmp_path / "importing"))
    )
    wait_for(tmp_path / "importing", process)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=END_S)
    # 0 of a run that was stopped before it began.
    assert process.returncode in ((0, 130) if "train" in arguments else (130,)), said
    assert "Traceback" not in said
    assert "rror" not in said


# The first checkpoint


@pytest.mark.parametrize(("prelude", "status"), [(_KILLED_WHILE_SAVING, "interrupted"), (_FULL_DISK, "failed")])
def test_without_its_first_checkpoint_a_run_starts_anew_and_says_so(
    home: Home, image_folder: Path, prelude: str, status: str
) -> None:
    asked = train(image_folder, "--json", epochs=2)
    started(home, *asked, prelude=prelude.format()).communicate(timeout=END_S)
    run = only_run(home)
    assert (run.status, len(run.epochs)) == (status, 1)
    assert not list(home.runs.glob("*/checkpoints/*.json"))
    resumed = json.loads(call(home, "resume", run.id, "--json").stdout)
    assert (resumed["status"], resumed["epochs"]) == ("finished", 2)
    assert resumed["warnings"] == [f"run {run.id} ended before its first checkpoint was written: it starts anew"]
    beside = json.loads(call(home, *asked).stdout)
    assert beside["train_loss"] == resumed["train_loss"], "from the same seed"


# Later ones


@pytest.mark.parametrize(("name", "count"), [("best.json", 2), ("last.json", 2), ("epoch-00002-", 1)])
def test_killed_at_any_place_of_a_save_a_run_keeps_its_best_weights(
    home: Home, image_folder: Path, tmp_path: Path, name: str, count: int
) -> None:
    """Without images that are held out each epoch is the best."""
    asked = train(image_folder, "--set", "data.validation_fraction=0", "--json", epochs=3)
    beside = Home(tmp_path / "beside").prepare()
    whole = json.loads(call(beside, *asked).stdout)
    process = started(home, *asked, prelude=_KILLED_BEFORE.format(name=name, count=count))
    process.communicate(timeout=END_S)
    assert process.returncode == -signal.SIGKILL
    # Up to the epoch that it was killed in, and no further.
    resumed = json.loads(call(home, "resume", "latest", "--epochs", "2", "--json").stdout)
    assert (resumed["best_epoch"], resumed["warnings"]) == (2, [])
    assert json.loads(call(home, "evaluate", "latest", "--json").stdout)["epoch"] == 2
    resumed = json.loads(call(home, "resume", "latest", "--epochs", "3", "--json").stdout)
    assert resumed["train_loss"] == whole["train_loss"]
    ours, theirs = ({path.name for path in each.runs.glob("*/weights/epoch-*")} for each in (home, beside))
    assert ours == theirs
