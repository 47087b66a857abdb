"""Several processes under PyTorch's launcher: the same losses as one, and an end within seconds in every case."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.programs import usual_signals
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import training

_LIMIT_S = 120
_END_S = 30


@pytest.fixture
def config(tiny_config: RunConfig) -> RunConfig:
    """Gentle steps: rounding must not grow to another course of training."""
    return tiny_config.with_values({"training.learning_rate": 0.02, "training.epochs": 2})


@pytest.fixture
def launch(home: Home, tmp_path: Path) -> Iterator:
    """Start `train` in so many processes; whatever is left of them is killed."""
    started: list[subprocess.Popen] = []

    def start(config: RunConfig, processes: int) -> subprocess.Popen:
        path = tmp_path / f"config{len(started)}.json"
        path.write_text(config.model_dump_json())
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        ours = ["-m", "workbench", "--home", str(home.root), "train", "--config", str(path), "--json"]
        command = [sys.executable, *(launcher if processes > 1 else ()), *ours]
        # A session of its own, as an interactive shell would give it a group of its own.
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=usual_signals,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def losses(store: RunStore, run_id: str) -> np.ndarray:
    steps = store.steps(run_id)
    assert steps is not None
    return steps.loss


def children_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def rank_of(pid: int) -> str:
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next((line[5:].decode() for line in environment if line.startswith(b"RANK=")), "")


def wait_for_steps(store: RunStore) -> str:
    """The run's id, once it has recorded steps."""
    deadline = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline:
        for run in store.runs():
            if store.steps(run.id) is not None:
                return run.id
        time.sleep(0.1)
    raise AssertionError("the run did not begin")


@pytest.mark.parametrize("parts", [1, 2])
def test_two_processes_train_as_one_does(home: Home, config: RunConfig, launch, parts: int) -> None:
    """With one part, batch norm looks at both processes' images; with two, each process has its own."""
    average = {"training.ema_decay": 0.9} if parts == 2 else {}
    config = config.with_values({"training.accumulation": parts} | average)
    output, errors = launch(config, 2).communicate(timeout=_LIMIT_S)
    assert output, errors
    said = json.loads(output)
    with closing(RunStore(home)) as store:
        alone = list(training.train(config, store=store))[-1].run_id
        np.testing.assert_allclose(losses(store, said["run"]), losses(store, alone), rtol=2e-3)
        together, by_one = (store.gradients(store.run(run))[0] for run in (said["run"], alone))
        assert together.step == by_one.step == 1
        np.testing.assert_allclose(together.norms, by_one.norms, rtol=2e-3)
        assert said["status"] == "finished"
        assert said["device"] == "2 x CPU, 1 thread"
        evaluation = store.evaluation(said["run"])
        assert evaluation is not None
        assert len(evaluation.labels) == 36, "each test image once"
        two, one = (store.run(run).epochs[-1].test_loss for run in (said["run"], alone))
    assert two == pytest.approx(one, rel=1e-3 if parts == 1 else 0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_and_the_run_can_go_on(
    home: Home, config: RunConfig, launch, number: signal.Signals
) -> None:
    """Of a closed terminal, all of its processes."""
    process = launch(config.with_values({"training.epochs": 10_000}), 2)
    with closing(RunStore(home)) as store:
        run_id = wait_for_steps(store)
        if number == signal.SIGHUP:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.communicate(timeout=_END_S)
        assert store.run(run_id).status == "stopped"
        assert store.run(run_id).can_resume


def test_a_killed_process_ends_the_others_and_is_recorded(home: Home, config: RunConfig, launch) -> None:
    process = launch(config.with_values({"training.epochs": 10_000}), 2)
    with closing(RunStore(home)) as store:
        run_id = wait_for_steps(store)
        (second,) = [pid for pid in children_of(process.pid) if rank_of(pid) == "1"]
        os.kill(second, signal.SIGKILL)
        process.communicate(timeout=_END_S)
        assert process.returncode != 0
        run = store.run(run_id)
        assert run.status == "failed"
        assert "another process of this run" in run.message


def test_a_killed_first_process_leaves_an_interrupted_run(home: Home, config: RunConfig, launch) -> None:
    process = launch(config.with_values({"training.epochs": 10_000}), 2)
    with closing(RunStore(home)) as store:
        run_id = wait_for_steps(store)
        (first,) = [pid for pid in children_of(process.pid) if rank_of(pid) == "0"]
        os.kill(first, signal.SIGKILL)
        process.communicate(timeout=_END_S)
        assert store.run(run_id).status == "interrupted"


def test_a_batch_that_cannot_be_shared_is_refused(home: Home, config: RunConfig, launch) -> None:
    process = launch(config.with_values({"training.batch_size": 15}), 2)
    _, errors = process.communicate(timeout=_LIMIT_S)
    assert process.returncode != 0
    assert "each must be a multiple of the 2 processes, such as" in errors
    with closing(RunStore(home)) as store:
        assert store.runs() == []
