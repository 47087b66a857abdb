"""Evaluating a run's kept checkpoint while another run trains in the same process."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.conftest import SIDE
from tests.generators import result_of
from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, Progress
from workbench.core.interludes import BESIDE_RUNS, Interludes, Piece
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute, use_one_thread
from workbench.engine.machine.pieces import in_interlude
from workbench.engine.training import evaluation as evaluating
from workbench.engine.training import training
from workbench.engine.training.inference import Evaluating, Logits, logits
from workbench.engine.weights import checkpoint, manifest
from workbench.engine.weights.checkpoint_state import CheckpointState

CPU = Compute(torch.device("cpu"), torch.float32)


def trained(config: RunConfig, store: RunStore) -> str:
    return str(list(training.train(config, store=store))[-1].run_id)


def in_a_thread(do: Callable[[], None]) -> None:
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def test_the_kept_epoch_says_what_it_said_when_it_was_recorded(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = trained(tiny_config, store)
    best = store.run(run_id).best
    assert best is not None
    found = result_of(evaluating.evaluate_run(run_id, store, beside=True))
    assert found.epoch == best.epoch
    assert found.accuracy == best.test_accuracy
    assert found.loss == pytest.approx(best.test_loss, rel=1e-4)
    # The command's figures come from the same function.
    exact = result_of(evaluating.evaluate_run(run_id, store))
    assert exact.epoch == best.epoch
    np.testing.assert_allclose(found.logits, exact.logits, atol=1e-4)


@pytest.mark.parametrize("hosted", [False, True])
def test_a_run_that_is_trained_meanwhile_is_the_same_bit_for_bit(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch, hosted: bool
) -> None:
    """Whether its own thread computes for the one who looks, or that one does."""
    monkeypatch.setattr("workbench.engine.training.loop.YIELD_INTERVAL_S", 0.0)
    looked_at = trained(tiny_config, store)
    config = tiny_config.with_values({"model.dropout": 0.2, "training.deterministic": True})
    alone = trained(config, store)
    asked, hosts = threading.Event(), set[threading.Thread]()
    ask = Interludes.ask

    def noted_ask(interludes: Interludes, do: Callable[[], Tensor]) -> Piece[Tensor]:
        piece = ask(interludes, lambda: (hosts.add(threading.current_thread()), do())[1])
        asked.set()
        return piece

    monkeypatch.setattr(Interludes, "ask", noted_ask)

    def look() -> None:
        result_of(evaluating.evaluate_run(looked_at, RunStore(store.home), beside=True))

    events = training.train(config, store=store)
    with ThreadPoolExecutor(1) as executor:
        for event in events:
            accompanied = event.run_id
            asked.clear()
            with BESIDE_RUNS.at_work() if hosted else nullcontext():
                looking = executor.submit(look)
                assert asked.wait(60)
            looking.result()
            assert torch.are_deterministic_algorithms_enabled()
    assert (threading.current_thread() in hosts) is hosted
    torch.use_deterministic_algorithms(False)
    first, second = (checkpoint.load(store.checkpoints(run_id), "last").network for run_id in (alone, accompanied))
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


def test_nothing_is_drawn_and_the_threads_of_others_stay(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = trained(tiny_config, store)
    torch.set_num_threads(2)
    random, seen = torch.get_rng_state(), {}

    def look() -> None:
        use_one_thread()
        seen["looking"] = torch.get_num_threads()
        result_of(evaluating.evaluate_run(run_id, RunStore(store.home), beside=True))
        seen["still looking"] = torch.get_num_threads()

    in_a_thread(look)
    in_a_thread(lambda: seen.update(later=torch.get_num_threads()))
    assert seen == {"looking": 1, "still looking": 1, "later": 2}
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), random)


class Slow(nn.Module):
    """Takes as long per image as it is told to, by a clock that only it moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, per_image_s: float) -> None:
        super().__init__()
        self.now, self.per_image_s = 0.0, per_image_s
        self.sizes: list[int] = []
        monkeypatch.setattr("workbench.core.interludes.time.perf_counter", lambda: self.now)

    def forward(self, images: Tensor) -> Tensor:
        self.sizes.append(len(images))
        self.now += len(images) * self.per_image_s
        return images.mean((2, 3))


def noted(work: Evaluating, told: list[int]) -> Evaluating:
    """`work`, with how much it says is done kept in `told`."""
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            result: tuple[Logits, float] = end.value
            return result
        told.append(progress.done)
        yield progress


@pytest.mark.parametrize(("per_image_s", "usual"), [(0.001, 16), (0.1, 1), (1e-6, 250)])
def test_batches_take_about_as_long_as_the_pace_says(
    monkeypatch: pytest.MonkeyPatch, tiny_config: RunConfig, per_image_s: float, usual: int
) -> None:
    network = Slow(monkeypatch, per_image_s)
    count = 1001
    pixels = np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
    labels = np.zeros(count, np.int64)
    told: list[int] = []
    images = DeviceImages(ImageSet(pixels, labels, tuple(map(str, labels))), tiny_config.data, CPU)
    said, seconds = result_of(noted(logits(network, images, CPU, "Testing", interludes=Interludes()), told))
    assert said.shape == (count, 3)
    torch.testing.assert_close(torch.from_numpy(said), images.plain(0, count)[0].mean((2, 3)))
    assert max(network.sizes) == usual
    assert told == list(np.cumsum(network.sizes))
    assert seconds == pytest.approx(count * per_image_s)


def test_a_checkpoint_replaced_while_it_is_read_is_read_anew(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that is looked at goes on, and keeps a better epoch."""
    run_id = trained(tiny_config, store)
    folder = store.checkpoints(run_id)
    state = checkpoint.load(folder, "best")
    load, calls = checkpoint.load, []

    def replaced(where: Path, kind: manifest.Kind) -> CheckpointState:
        if not calls:
            for step in (100, 101, 102):
                checkpoint.save(folder, state, step=step, epoch=9, best=True)
            old = folder / found.file
            old.unlink(missing_ok=True)
            calls.append(kind)
            raise UserError(f"cannot read the checkpoint {old}: No such file or directory")
        return load(where, kind)

    found = manifest.read(folder, "best")
    assert found is not None
    monkeypatch.setattr(checkpoint, "load", replaced)
    assert checkpoint.load_best(folder).position == state.position
    assert calls == ["best"]


def test_a_damaged_checkpoint_is_still_named(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = trained(tiny_config, store)
    for path in store.checkpoints(run_id).glob("*.pt"):
        path.write_bytes(b"not a checkpoint")
    with pytest.raises(UserError, match="is damaged"):
        result_of(evaluating.evaluate_run(run_id, store, beside=True))


def test_a_run_that_has_not_begun_is_named(tiny_config: RunConfig, store: RunStore) -> None:
    """With starting weights a checkpoint is there before its classes are known."""
    run_id = trained(tiny_config, store)
    state = checkpoint.load(store.checkpoints(run_id), "best")
    other = store.create(tiny_config, name="", model="m", recipe="r", machine={})
    checkpoint.save(store.checkpoints(other), state, step=0, epoch=0, best=False)
    with pytest.raises(UserError, match=f"run {other} has not begun"):
        result_of(evaluating.evaluate_run(other, store, beside=True))


def test_it_tells_of_itself_often_enough_to_be_stopped(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = trained(tiny_config, store)
    looks = store.run(run_id).test_looks
    work = evaluating.evaluate_run(run_id, store, beside=True)
    assert isinstance(next(work), Progress)
    work.close()
    assert store.run(run_id).test_looks == looks, "the look did not take place"


def test_every_epoch_is_kept_at_one_time(tiny_config: RunConfig, store: RunStore) -> None:
    """While a run is trained, what it keeps can be evaluated at any of its events."""
    for event in training.train(tiny_config, store=store):
        if isinstance(event, EpochMetrics) and event.epoch > 1:
            found = result_of(evaluating.evaluate_run(event.run_id, RunStore(store.home), beside=True))
            assert 1 <= found.epoch < event.epoch


def test_memory_that_runs_out_is_a_sentence() -> None:
    def compute() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    with pytest.raises(UserError, match="the memory is not enough to look into this network"):
        result_of(in_interlude(compute, Interludes(), Progress("Looking", 0, 0)))
