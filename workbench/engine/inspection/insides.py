"""Reads what goes on inside a network of one's own while test images run through it."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.events import Progress
from workbench.core.insides import ActivationFigures, BlockNorms, Insides
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.data.device_images import subset
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_pieces
from workbench.engine.network.blocks.block import Block
from workbench.engine.network.resnet import ResNet

DEFAULT_IMAGES = 256
_SEED = 0


@dataclass
class _Sums:
    """Of the values that came by, in float64, on the CPU."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    zeros: int = 0

    def add(self, values: Tensor) -> None:
        # A sum of many squares in half precision would lose the small ones.
        wide = values.float()
        self.count += values.numel()
        self.total += float(wide.sum(dtype=torch.float64))
        self.squares += float(wide.square().sum(dtype=torch.float64))
        self.zeros += int((values == 0).sum())

    def figures(self, name: str) -> ActivationFigures:
        mean = self.total / self.count
        deviation = max(0.0, self.squares / self.count - mean * mean) ** 0.5
        return ActivationFigures(name, mean, deviation, self.zeros / self.count)


@dataclass
class _Reading:
    """What the hooks have noted, in the order in which modules were called."""

    activations: dict[str, _Sums] = field(default_factory=dict)
    norms: dict[str, dict[str, float]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    def note_activation(self, place: str, is_one_of_many: bool, output: Tensor) -> None:
        number = self.calls[place] = self.calls.get(place, 0) + 1
        name = f"{place} #{number}" if is_one_of_many else place
        self.activations.setdefault(name, _Sums()).add(output)

    def note_norm(self, block: str, way: str, values: Tensor) -> None:
        norms = self.norms.setdefault(block, {})
        norms[way] = norms.get(way, 0.0) + float(values.float().flatten(1).norm(dim=1).sum(dtype=torch.float64))


def look_inside(subject: Subject, images: int = DEFAULT_IMAGES) -> Generator[Progress, None, Insides]:
    """Norms of branches and shortcuts, and figures of all activations, over so many test images.

    Args:
        images: as many of every class, always the same ones.
    """
    indices = subject.indices("test")
    if images < len(indices):
        indices = subset(indices, subject.dataset.test.labels, images, _SEED)
    on_device = subject.on_device("test", indices)
    # Of its own: hooks on a shared one would be called by others too.
    network, reading = subject.build(), _Reading()

    @torch.inference_mode()
    def piece(start: int, stop: int) -> None:
        with subject.compute.autocast():
            _run(network, on_device.plain(start, stop)[0], reading)

    with ExitStack() as hooks:
        place = "head" if network.config.is_preactivation else "stem"
        _watch(network.relu, partial(reading.note_activation, place, False), hooks)
        for name, block in _blocks(network):
            _watch(block.relu, partial(reading.note_activation, name, True), hooks)
        yield from in_pieces(len(indices), piece, "Looking into the network", BESIDE_RUNS)
    blocks = tuple(_norms(name, sums, len(indices)) for name, sums in reading.norms.items())
    activations = tuple(sums.figures(name) for name, sums in reading.activations.items())
    return Insides(len(indices), blocks, activations, subject.weights["conv1.weight"].float().numpy())


def _blocks(network: ResNet) -> Iterator[tuple[str, Block]]:
    for name, module in network.named_modules():
        if isinstance(module, Block):
            yield name, module


def _run(network: ResNet, x: Tensor, reading: _Reading) -> None:
    """Through the network, a block's two ways one by one: no module says what enters the sum."""
    reading.calls.clear()
    x = network.stem(x)
    for name, block in _blocks(network):
        source = block.source(x)
        x = block.branch(source)
        reading.note_norm(name, "branch", x)
        if block.has_shortcut:
            around = block.around(source)
            reading.note_norm(name, "shortcut", around)
            x = x + around
        x = block.end(x)
    network.head(x)


def _watch(module: nn.Module, note: Callable[[Tensor], None], hooks: ExitStack) -> None:
    def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        note(output)

    hooks.callback(module.register_forward_hook(hook).remove)


def _norms(name: str, sums: Mapping[str, float], images: int) -> BlockNorms:
    return BlockNorms(name, sums["branch"] / images, sums.get("shortcut", float("nan")) / images)
