"""Blocks that are removed or weakened, against networks whose modules are replaced by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_folding import with_norms_that_do_something
from tests.trained import exhausted, opened, record_run
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.home import Home
from workbench.core.inspection.lesions import SweepProgress, sites_of
from workbench.core.network.blocks import BLOCKS, Block, description_of
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection import kept_activations, lesions
from workbench.engine.inspection.lesions import LesionBoard
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.device import Compute
from workbench.engine.network import resnet

SIDE, COUNT = 16, 24
KINDS = [(block, shortcut) for block in BLOCKS for shortcut in description_of(block).shortcuts]


def subject_of(block: Block, is_balanced: bool = False, **fields: Any) -> Subject:
    """Of a network that was never trained, but whose norms do something, on noise."""
    tree = {"blocks": [2, 2], "widths": [8, 12], "num_classes": 3, "input_size": SIDE, "block": block} | fields
    config = RunConfig.build({"model": tree, "data": {"normalization": "cifar10"}})
    network = with_norms_that_do_something(resnet.build(config.model, seed=1))
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8)
    images = ImageSet(pixels, np.arange(COUNT) % 3, tuple(f"{n}.png" for n in range(COUNT)))
    compute = Compute(torch.device("cpu"), torch.float32)
    dataset = Dataset(("a", "b", "c"), images, images)
    subject = Subject("0badcafe", 1, config, network.state_dict(), dataset, compute)
    if is_balanced:
        # So that it does not say the same of all images.
        network.fc.bias.data -= torch.from_numpy(said_by(network, subject)).mean(0)
    return subject


class Padded(nn.Module):
    """Shortcut A of He et al. 2016, written out."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        out = torch.zeros(x.shape[0], self.channels, *x.shape[2:])
        first = (self.channels - x.shape[1]) // 2
        out[:, first : first + x.shape[1]] = x
        return out


def what_is_left(network: resnet.ResNet, name: str) -> nn.Module:
    """Of a block as the papers draw it, its residual branch torn out."""
    block: Any = network.get_submodule(name)
    config, stage = network.config, int(name[5]) - 1
    stride, channels = (2 if name == "layer2.0" else 1), config.out_channels(stage)
    first: Any = block.conv1 if config.block != "separable" else block.depth1
    if config.block == "page":
        return nn.Sequential(block.conv1, block.bn1, nn.ReLU(), *([block.pool] if stride > 1 else []))
    entry = block.bn1.num_features if "preact" in config.block else first.in_channels
    changes = stride > 1 or entry != channels
    padded = Padded(channels, stride) if changes else nn.Identity()
    after = nn.Identity() if "preact" in config.block or config.block == "inverted" else nn.ReLU()
    match config.shortcut:
        case "B" | "C" if config.shortcut == "C" or changes:
            before = [block.bn1, nn.ReLU()] if "preact" in config.block else []
            return nn.Sequential(*before, block.downsample, after)
        case "none" | "identity" if config.shortcut == "none" or changes:
            # No way around it: nothing follows what stands in.
            return padded
        case _:
            return nn.Sequential(padded, after)


def said_by(network: nn.Module, subject: Subject) -> np.ndarray:
    with torch.inference_mode():
        said: np.ndarray = network(subject.on_device("test").plain(0, COUNT)[0]).numpy()
    return said


def without(subject: Subject, *names: str) -> np.ndarray:
    """What the network says whose blocks are replaced by hand; its norms are not folded."""
    network = subject.build()
    for name in names:
        stage, number = name.split(".")
        network.get_submodule(stage)[int(number)] = what_is_left(network, name)  # type: ignore[operator]
    return said_by(network, subject)


def is_close(said: np.ndarray, expected: np.ndarray) -> bool:
    return np.allclose(said, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("block", "shortcut"), KINDS)
def test_a_lesion_of_any_block_is_the_network_without_it(block: Block, shortcut: str) -> None:
    subject = subject_of(block, shortcut=shortcut)
    board = LesionBoard(subject)
    names = [site.name for site in board.sites]
    assert names == ["layer1.0", "layer1.1", "layer2.0", "layer2.1"]
    assert is_close(exhausted(board.intact()).logits, said_by(subject.network, subject))
    for name in names:
        assert is_close(exhausted(board.lesioned({name: 0.0})).now.logits, without(subject, name))
    assert is_close(
        exhausted(board.lesioned({names[2]: 0.0, names[1]: 0})).now.logits, without(subject, *names[1:3])
    )
    # Nothing that is kept was overwritten on the way.
    assert is_close(
        exhausted(board.lesioned({names[0]: 1.0, names[3]: 0.0})).now.logits, without(subject, names[3])
    )


@pytest.mark.parametrize(("block", "shortcut"), KINDS)
def test_a_scale_leads_from_the_lesion_to_the_whole_block(block: Block, shortcut: str) -> None:
    subject = subject_of(block, shortcut=shortcut)
    board = LesionBoard(subject)
    for name in ("layer1.0", "layer2.0"):
        whole = exhausted(board.lesioned({name: 1.0}))
        assert np.array_equal(whole.now.logits, whole.intact.logits)
        assert not len(whole.flipped)
        almost = exhausted(board.lesioned({name: 1 - 1e-6}))
        assert is_close(almost.now.logits, whole.intact.logits)
        gone = exhausted(board.lesioned({name: 0.0})).now.logits
        assert is_close(exhausted(board.lesioned({name: 1e-6})).now.logits, gone)
        half = exhausted(board.lesioned({name: 0.5})).now.logits
        assert not np.allclose(half, gone, rtol=1e-3)
        assert not np.allclose(half, whole.intact.logits, rtol=1e-3)


def test_half_a_branch_is_half_of_its_last_norm() -> None:
    subject = subject_of("basic")
    network = subject.build()
    last: Any = network.get_submodule("layer1.1.bn2")
    last.weight.data *= 0.5
    last.bias.data *= 0.5
    assert is_close(
        exhausted(LesionBoard(subject).lesioned({"layer1.1": 0.5})).now.logits, said_by(network, subject)
    )


def test_activations_that_cannot_be_done_twice_are_done_once() -> None:
    # Unlike relu(relu(x)) = relu(x), and values below 0 that a first block could overwrite.
    subject = subject_of("basic", activation="gelu", stem_activation=False)
    board = LesionBoard(subject)
    for name in ("layer1.0", "layer1.1", "layer1.0"):
        network = subject.build()
        network.layer1[int(name[-1])] = nn.GELU()  # type: ignore[operator]
        assert is_close(exhausted(board.lesioned({name: 0.0})).now.logits, said_by(network, subject))


@pytest.mark.parametrize("budget_bytes", [0, 150_000, 10**9])
def test_whatever_is_kept_the_answers_are_the_same(budget_bytes: int) -> None:
    subject = subject_of("basic", blocks=[3, 3], stem_activation=False)
    board, whole = LesionBoard(subject, budget_bytes=budget_bytes), LesionBoard(subject, budget_bytes=0)
    for site in board.sites:
        for scale in (0.0, 0.3):
            said, expected = (exhausted(each.lesioned({site.name: scale})).now.logits for each in (board, whole))
            np.testing.assert_allclose(said, expected, rtol=1e-5, atol=1e-5)


def test_only_what_follows_the_first_lesion_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, calls = subject_of("basic"), list[str]()
    board = LesionBoard(subject)
    exhausted(board.intact())
    called = resnet.Block.forward
    names = {block: site.name for block, site in zip(board._blocks, board.sites, strict=True)}

    def noting(block: Any, x: Tensor) -> Tensor:
        calls.append(names[block])
        return called(block, x)

    monkeypatch.setattr(resnet.Block, "forward", noting)
    exhausted(board.lesioned({"layer2.0": 0.0}))
    assert set(calls) == {"layer2.1"}


def test_what_is_kept_stays_within_the_budget() -> None:
    sites = sites_of(subject_of("basic", blocks=[9, 9]).config.model)
    sizes = [int(np.prod(site.input_shape)) * 4 * 100 for site in sites]
    for budget in (0, min(sizes), 2_000_000, sum(sizes)):
        kept = kept_activations.worth_keeping(sites, 4, 100, budget)
        assert sum(sizes[block] for block in kept) <= budget
        assert len(kept) == len(sites) or min(
            size for n, size in enumerate(sizes) if n not in kept
        ) > budget - sum(sizes[block] for block in kept)
    # Far apart rather than side by side.
    few = sorted(kept_activations.worth_keeping(sites, 4, 100, 5 * max(sizes)))
    assert few[0] < len(sites) // 2 < few[-1]


def test_a_sweep_removes_each_block_in_turn() -> None:
    subject = subject_of("basic", is_balanced=True)
    board = LesionBoard(subject)
    said = []
    work = board.sweep()
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            sweep = end.value
            break
    assert [each.so_far for each in said if isinstance(each, SweepProgress)][-1] == sweep
    labels, intact = subject.dataset.test.labels, said_by(subject.network, subject).argmax(1)
    for each in sweep.removed:
        assert each.accuracy == (without(subject, each.name).argmax(1) == labels).mean()
        assert each.flipped == (without(subject, each.name).argmax(1) != intact).sum()
    assert sweep.intact == (intact == labels).mean()


def test_some_images_are_as_many_of_every_class_and_always_the_same() -> None:
    subject = subject_of("basic", is_balanced=True)
    board = LesionBoard(subject, 9)
    assert np.bincount(subject.dataset.test.labels[board.indices]).tolist() == [3, 3, 3]
    assert np.array_equal(board.indices, LesionBoard(subject, 9).indices)
    found = exhausted(board.lesioned({"layer1.0": 0.0, "layer1.1": 0.0}))
    before, now = said_by(subject.network, subject).argmax(1), without(subject, "layer1.0", "layer1.1").argmax(1)
    assert found.flipped.tolist() == [n for n in board.indices.tolist() if before[n] != now[n]]
    assert len(found.flipped)


def test_a_stage_without_branches_has_nothing_to_remove() -> None:
    subject = subject_of("page", shortcut="identity", residuals=[True, False])
    board = LesionBoard(subject)
    assert [site.remainder for site in board.sites] == ["shortcut"] * 2 + ["nothing removed"] * 2
    found = exhausted(board.lesioned({"layer2.0": 0.0}))
    assert not len(found.flipped)


def test_a_canceled_evaluation_begins_anew(home: Home, tiny_config: RunConfig) -> None:
    subject = opened(home, record_run(home, tiny_config))
    board = LesionBoard(subject)
    work = board.intact()
    next(work)
    work.close()
    whole = exhausted(subject.evaluate("test"))
    assert is_close(exhausted(board.intact()).logits, whole.logits)
    found = exhausted(board.lesioned({"layer2.0": 0.0}))
    assert found.intact.accuracy == whole.accuracy
    assert found.now.epoch == subject.epoch
    assert replace(found.now, epoch=0).class_names == subject.class_names


def test_answers_that_overflow_without_a_block_are_wrong_ones_not_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = subject_of("basic")
    board = LesionBoard(subject)
    exhausted(board.intact())
    monkeypatch.setattr(lesions, "weakened", lambda _block, _site, x, _factor: x * torch.inf)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(board, "_blocks", [nn.Identity()] * 4)
        patched.setattr(board._network, "head", lambda x: x.mean((2, 3))[:, :3])
        found = exhausted(board.lesioned({"layer1.0": 0.0}))
    assert np.isfinite(found.now.logits).all()
