"""What holds on the CPU holds on a CUDA GPU. Left out where there is none."""

from contextlib import closing

import numpy as np
import pytest
import torch

from tests.generators import result_of
from workbench.core.events import RunFailed, RunFinished, StepMetrics
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data import pixel_stores
from workbench.engine.training import evaluation as evaluating
from workbench.engine.training import loop, training
from workbench.engine.trials import preflight
from workbench.engine.weights import checkpoint

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

EXACT = {"training.device": "cuda", "training.deterministic": True}


def trained(config: RunConfig, store: RunStore) -> str:
    return list(training.train(config, store=store))[-1].run_id


def weights(store: RunStore, run_id: str) -> dict[str, torch.Tensor]:
    return dict(checkpoint.load(store.checkpoints(run_id), "last").network)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_a_stopped_run_resumes_exactly(
    tiny_config: RunConfig, store: RunStore, precision: str, ema_decay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "YIELD_INTERVAL_S", 0.0)
    values = EXACT | {"training.precision": precision, "training.ema_decay": ema_decay, "training.epochs": 2}
    config = tiny_config.with_values(values)
    whole = trained(config, store)
    with closing(training.train(config, store=store)) as events:
        stopped = next(e for e in events if isinstance(e, StepMetrics) and e.steps[-1] >= 7)
    assert store.run(stopped.run_id).status == "stopped"
    list(training.resume(stopped.run_id, store=store))
    mine, theirs = weights(store, stopped.run_id), weights(store, whole)
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if not torch.equal(mine[name], theirs[name])] == []


def test_streamed_images_give_the_same_weights(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config.with_values(EXACT | {"training.mixup": 0.2, "training.trivial_augment": True})
    held = weights(store, trained(config, store))
    monkeypatch.setattr(pixel_stores, "_ALWAYS_HELD_BYTES", 0)
    monkeypatch.setattr(pixel_stores, "free_bytes", lambda device: 0)
    run_id = trained(config, store)
    assert "would take too much room on the GPU" in store.run(run_id).warnings[0]
    streamed = weights(store, run_id)
    assert [name for name in held if not torch.equal(held[name], streamed[name])] == []


def test_fp32_agrees_with_the_cpu(tiny_config: RunConfig, store: RunStore) -> None:
    """The same steps from the same seed, but for rounding."""
    values = {"training.epochs": 1, "training.learning_rate": 0.02}
    here = weights(store, trained(tiny_config.with_values(values), store))
    there = weights(store, trained(tiny_config.with_values(values | EXACT), store))
    assert here.keys() == there.keys()
    unlike = {n: (there[n].cpu() - t).abs().max().item() for n, t in here.items()}
    assert {name: off for name, off in unlike.items() if off > 2e-3} == {}


def test_what_a_gpu_trained_is_evaluated_on_a_cpu(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = trained(tiny_config.with_values(EXACT | {"training.precision": "fp32"}), store)
    config = store.run(run_id).config.with_values({"training.device": "cpu"})
    here = result_of(evaluating.evaluate_weights(config, run_id, store))
    there = result_of(evaluating.evaluate_run(run_id, store))
    assert here.labels.tolist() == there.labels.tolist()
    np.testing.assert_allclose(here.logits, there.logits, rtol=1e-3, atol=1e-3)


def test_captured_graphs_learn_too(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = trained(
        tiny_config.with_values({"training.device": "cuda", "training.compile": "cuda-graphs"}), store
    )
    record = store.run(run_id)
    assert record.status == "finished"
    assert not store.warnings(run_id)
    assert max(epoch.validation_accuracy or 0.0 for epoch in record.epochs) > 0.5


def test_running_out_of_memory_offers_what_will_do(tiny_config: RunConfig, store: RunStore) -> None:
    values = {"training.device": "cuda", "training.precision": "fp32", "training.epochs": 1}
    # 64 images of 160 x 160 in 64 channels are 0.4 GB at each of some 20 places.
    larger = {"training.batch_size": 64, "model.widths": (64, 64), "model.input_size": 160}
    config = tiny_config.with_values(values | larger)
    torch.cuda.empty_cache()
    taken = torch.empty(torch.cuda.mem_get_info()[0] - 1_500_000_000, dtype=torch.uint8, device="cuda")
    try:
        failed = list(training.train(config, store=store))[-1]
        assert isinstance(failed, RunFailed)
        assert failed.remedy["training.accumulation"] > 1
        assert isinstance(list(training.train(config.with_values(failed.remedy), store=store))[-1], RunFinished)
    finally:
        del taken
        torch.cuda.empty_cache()


def test_preflight_measures_memory(tiny_config: RunConfig, home: Home) -> None:
    measured = result_of(preflight.measure(tiny_config.with_values({"training.device": "cuda"}), home))
    assert measured.fits
    assert measured.is_measured
    assert 0 < measured.peak_bytes < measured.free_bytes
