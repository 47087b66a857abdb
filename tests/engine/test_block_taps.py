"""What is measured inside of blocks while training: as hooks see it, and nothing is trained otherwise."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.generators import result_of
from tests.trained import record_run
from workbench.core.block_figures import BlockFigures, block_count, block_names, branch_shares, stage_of_block
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.network.blocks.block import Block
from workbench.engine.training.block_taps import BlockTaps
from workbench.engine.training.gradient_norms import GradientNorms
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import prepare
from workbench.engine.training.trainer import Trainer

FP32 = {"training.precision": "fp32"}


def measured_by(trainer: Trainer) -> np.ndarray:
    trainer.gradient_norms = GradientNorms(trainer.network, taps=BlockTaps(trainer.network))
    pending = PendingSteps()
    pending.append(*trainer.step())
    pending.flush(trainer, "r")
    (sample,) = pending.take_gradients()
    return sample.blocks


class Watch:
    """Of one basic block: what its last norm gives, and what comes in and out, through torch's hooks."""

    def __init__(self, block: Block) -> None:
        self.branch = self.around = self.out = torch.empty(0)
        block.register_forward_pre_hook(self.take_in)
        block.get_submodule("bn2").register_forward_hook(self.take_branch)
        block.register_forward_hook(self.take_out)
        if block.downsample is not None:
            block.downsample.register_forward_hook(self.take_around)

    def take_in(self, _block: nn.Module, inputs: tuple[Tensor]) -> None:
        self.around = inputs[0].detach().clone()

    def take_branch(self, _block: nn.Module, _inputs: object, out: Tensor) -> None:
        self.branch = out.detach().clone()

    def take_around(self, _block: nn.Module, _inputs: object, out: Tensor) -> None:
        self.around = out.detach().clone()

    def take_out(self, _block: nn.Module, _inputs: object, out: Tensor) -> None:
        self.out = out.detach().clone()


@pytest.mark.parametrize("shortcut", ["A", "B", "none"])
def test_figures_are_those_that_hooks_see(tiny_config: RunConfig, home: Home, shortcut: str) -> None:
    config = tiny_config.with_values({"model.shortcut": shortcut, **FP32})
    one, other = (result_of(prepare(config, home)).trainer for _ in range(2))
    figures = measured_by(one)
    watches = [Watch(module) for module in other.network.modules() if isinstance(module, Block)]
    other.step()
    assert len(figures) == len(watches) == block_count(config.model)
    for row, watch in zip(figures.tolist(), watches, strict=True):
        found, out = BlockFigures(*row), watch.out[:32]
        assert found.branch == pytest.approx(float(watch.branch[:32].square().mean().sqrt()), rel=1e-4)
        if shortcut == "none":
            assert math.isnan(found.shortcut)
        else:
            assert found.shortcut == pytest.approx(float(watch.around[:32].square().mean().sqrt()), rel=1e-4)
        assert found.mean == pytest.approx(float(out.mean()), rel=1e-4)
        assert found.deviation == pytest.approx(float(out.std(correction=0)), rel=1e-4)
        assert found.zeros == pytest.approx(float((out == 0).float().mean()), abs=1e-5)


KINDS = ["preact-basic", "preact-bottleneck", "bottleneck", "separable", "inverted", "page"]


@pytest.mark.parametrize("block", KINDS)
def test_every_kind_of_block_is_measured(tiny_config: RunConfig, home: Home, block: str) -> None:
    shortcut = "identity" if block in ("inverted", "page") else "B"
    config = tiny_config.with_values({"model.block": block, "model.shortcut": shortcut})
    trainer = result_of(prepare(config, home)).trainer
    figures = measured_by(trainer)
    assert np.isfinite(figures[:, [0, 2, 3, 4]]).all()
    assert (figures[:, 0] > 0).all()


def test_nothing_stays_armed_and_parts_of_a_batch_count_once(tiny_config: RunConfig, home: Home) -> None:
    config = tiny_config.with_values({"training.accumulation": 2, **FP32})
    trainer = result_of(prepare(config, home)).trainer
    assert np.isfinite(measured_by(trainer)[:, 0]).all()
    assert all(module.tap is None for module in trainer.network.modules() if isinstance(module, Block))


def test_a_run_keeps_them_and_is_the_same_bit_for_bit(
    tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = record_run(home, tiny_config)
    for name in ("begin", "look"):
        monkeypatch.setattr(GradientNorms, name, lambda *_: None)
    other = record_run(home, tiny_config)
    store = RunStore(home)
    samples = store.gradients(store.run(run_id))
    assert samples[0].blocks.shape == (block_count(tiny_config.model), 5)
    assert store.gradients(store.run(other)) == []
    assert store.run(run_id).last.train_loss == store.run(other).last.train_loss
    store.close()


def test_blocks_have_names_and_stages(tiny_config: RunConfig) -> None:
    model = tiny_config.with_values({"model.blocks": [2, 1], "model.widths": [8, 16]}).model
    assert block_names(model) == ("layer1.0", "layer1.1", "layer2.0")
    assert stage_of_block(model).tolist() == [1, 1, 2]
    figures = np.array([[[2.0, 4.0, 0, 0, 0], [1.0, np.nan, 0, 0, 0]]], np.float32)
    assert branch_shares(figures)[0, 0] == 0.5
    assert math.isnan(branch_shares(figures)[0, 1])
