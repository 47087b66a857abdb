"""What several processes say to each other, without starting any."""

import json
from dataclasses import dataclass, field, replace

import pytest
import torch

from tests.engine.checkpoints import state_after
from tests.generators import result_of
from workbench.core.errors import ConfigError, UserError
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.settings.config import RunConfig
from workbench.engine.machine import device
from workbench.engine.machine.processes import Processes
from workbench.engine.training.following import follow
from workbench.engine.training.inference import logits
from workbench.engine.training.preparation import Prepared, prepare
from workbench.engine.weights.checkpoint_state import CheckpointState


@dataclass(frozen=True)
class Talking(Processes):
    """One of several whose messages are kept, and whose sums are of this one alone."""

    said: dict[str, str] = field(default_factory=dict)
    summed: list[torch.Tensor] = field(default_factory=list)

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        self.summed.append(tensor.clone())
        return tensor

    def joined(self, rows: torch.Tensor, total: int) -> torch.Tensor:
        return rows

    def _set(self, key: str, value: str) -> None:
        self.said[key] = value

    def _get(self, key: str) -> str | None:
        return self.said.get(key)


def prepared_with(config: RunConfig, home: Home, processes: Processes) -> Prepared:
    return result_of(prepare(config, home, processes=processes))


def ready(images: list[int], error: str = "") -> str:
    return json.dumps({"images": images, "error": error})


def test_running_statistics_are_shared_in_the_same_order_by_all(tiny_config: RunConfig, home: Home) -> None:
    """Each with its own: those of the network first, then those of its average."""
    processes = Talking(count=2)
    config = tiny_config.with_values({"training.ema_decay": 0.9, "training.accumulation": 2})
    trainer = prepared_with(config, home, processes).trainer
    assert trainer.average is not None
    for number, network in enumerate((trainer.network, trainer.average.network)):
        for buffer in network.buffers():
            buffer.fill_(number)
    processes.summed.clear()
    trainer.share_running_statistics()
    numbers = [float(tensor[0]) for tensor in processes.summed]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0.0, 1.0}


@pytest.mark.parametrize(("rank", "rows"), [(0, 0), (1, 1), (2, 1), (3, 1)])
def test_fewer_images_than_processes(tiny_config: RunConfig, home: Home, rank: int, rows: int) -> None:
    config = tiny_config.with_values({"data.validation_fraction": 0.03})
    prepared = prepared_with(config, home, Processes())
    assert len(prepared.validation) == 3
    work = logits(prepared.trainer.network, prepared.validation, prepared.compute, "", Talking(rank, 4))
    assert result_of(work)[0].shape == (rows, 3)


def test_the_first_waits_until_all_are_ready() -> None:
    processes = Talking(count=3)
    waiting = processes.wait_for_others([96, 24, 36])
    assert next(waiting) == 0
    processes.said["workbench/ready/2"] = ready([96, 24, 36])
    assert next(waiting) == 1
    processes.said["workbench/ready/1"] = ready([96, 24, 36])
    assert list(waiting) == [2]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ready([95, 24, 36]), r"process 1 has \[95, 24, 36\] images; they must be \[96, 24, 36\]"),
        (ready([], "data.source is 'x'"), "process 1 cannot train: data.source is 'x'"),
    ],
)
def test_a_process_that_cannot_train_ends_the_wait(answer: str, words: str) -> None:
    processes = Talking(count=2)
    processes.said["workbench/ready/1"] = answer
    with pytest.raises(UserError, match=words):
        list(processes.wait_for_others((96, 24, 36)))


@dataclass(frozen=True)
class Following(Talking):
    state: CheckpointState = field(default_factory=lambda: state_after(0))

    def hear_start(self, gave_up: object) -> bytes:
        return bytes(self.state.to_file())


def test_one_that_cannot_follow_tells_why(tiny_config: RunConfig, home: Home) -> None:
    config = tiny_config.with_values({"data.source": "nowhere/at-all"})
    processes = Following(1, 2, state=replace(state_after(0), config=config))
    with pytest.raises(UserError, match=r"data\.source"):
        list(follow(home, Orders(), processes))
    assert "nowhere/at-all" in json.loads(processes.said["workbench/ready/1"])["error"]


def test_one_that_is_stopped_before_the_start_tells_it(tiny_config: RunConfig, home: Home) -> None:
    orders = Orders()
    orders.stop()
    processes = Following(1, 2, state=replace(state_after(0), config=tiny_config))
    assert list(follow(home, orders, processes)) == []
    assert json.loads(processes.said["workbench/ready/1"])["error"] == "it was stopped"


def test_a_run_that_will_not_start_is_followed_by_nobody() -> None:
    first = Talking(count=2)
    first.tell_no_start()
    assert replace(first, rank=1).hear_start(lambda: False) is None


@pytest.mark.parametrize(
    ("wanted", "local_count", "found"), [("auto", 2, 1), ("cuda", 2, 1), ("auto", 3, None), ("cuda:0", 2, None)]
)
def test_each_process_takes_a_gpu_of_its_own(
    wanted: str, local_count: int, found: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    processes = Processes(1, local_count, 1, local_count)
    if found is None:
        with pytest.raises(ConfigError, match=r"training\.device is .* at most 2 processes"):
            device._device(wanted, processes)
    else:
        assert device._device(wanted, processes) == torch.device("cuda", found)


def test_the_launchers_words_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "5"), ("WORLD_SIZE", "8"), ("LOCAL_RANK", "1"), ("LOCAL_WORLD_SIZE", "4")):
        monkeypatch.setenv(name, value)
    assert Processes.launched() == Processes(5, 8, 1, 4)
