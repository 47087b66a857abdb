"""Reads what goes on inside a network of one's own while test images run through it."""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.events import Progress
from workbench.core.inspection.insides import ActivationFigures, BlockSignals, Insides
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.data.device_images import subset
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_pieces
from workbench.engine.network.blocks.block import Block

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
        # A sum of many squares in half precision would lose the small ones. Per image there, together here, as
        # Apple's GPUs have no float64.
        wide = values.float().flatten(1)
        self.count += values.numel()
        self.total += float(wide.sum(1).cpu().double().sum())
        self.squares += float(wide.square().sum(1).cpu().double().sum())
        self.zeros += int((values == 0).sum())

    @property
    def root_mean_square(self) -> float:
        """NaN where nothing came by."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan

    def figures(self, name: str) -> ActivationFigures:
        mean = self.total / self.count
        deviation = max(0.0, self.squares / self.count - mean * mean) ** 0.5
        return ActivationFigures(name, mean, deviation, self.zeros / self.count)


class _Tap:
    """Of the two ways through one block."""

    def __init__(self) -> None:
        self.branch, self.around = _Sums(), _Sums()

    def before_sum(self, branch: Tensor, around: Tensor | None) -> None:
        self.branch.add(branch)
        if around is not None:
            self.around.add(around)

    def after(self, out: Tensor) -> None:
        """What is left of it is noted by the activation functions."""

    def signals(self, name: str) -> BlockSignals:
        return BlockSignals(name, self.branch.root_mean_square, self.around.root_mean_square)


@dataclass
class _Activations:
    """What activation functions say, in the order in which they were called."""

    sums: dict[str, _Sums] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    """Of each place in the present pass: one module serves all of a block."""

    def note(self, place: str, is_one_of_many: bool, output: Tensor) -> None:
        number = self.calls[place] = self.calls.get(place, 0) + 1
        name = f"{place} #{number}" if is_one_of_many else place
        self.sums.setdefault(name, _Sums()).add(output)


def look_inside(subject: Subject, images: int = DEFAULT_IMAGES) -> Generator[Progress, None, Insides]:
    """Branches against shortcuts, and figures of all activations, over so many test images.

    Args:
        images: as many of every class, always the same ones.
    """
    indices = subject.indices("test")
    if images < len(indices):
        indices = subset(indices, subject.dataset.test.labels, images, _SEED)
    on_device = subject.on_device("test", indices)
    # Of its own: hooks and taps on a shared one would be called by others too.
    network, activations = subject.build(), _Activations()
    blocks = {name: module for name, module in network.named_modules() if isinstance(module, Block)}
    taps = {name: _Tap() for name in blocks}
    for name, block in blocks.items():
        block.tap = taps[name]
        _watch(block.relu, partial(activations.note, name, True))
    _watch(network.relu, partial(activations.note, "head" if network.config.is_preactivation else "stem", False))

    @torch.inference_mode()
    def piece(start: int, stop: int) -> None:
        activations.calls.clear()
        with subject.compute.autocast():
            network(on_device.plain(start, stop)[0])

    yield from in_pieces(len(indices), piece, "Looking into the network", BESIDE_RUNS)
    return Insides(
        len(indices),
        tuple(tap.signals(name) for name, tap in taps.items()),
        tuple(sums.figures(name) for name, sums in activations.sums.items()),
        subject.weights["conv1.weight"].float().numpy(),
    )


def _watch(module: nn.Module, note: Callable[[Tensor], None]) -> None:
    """For as long as there is its network, which is nobody else's."""

    def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        note(output)

    module.register_forward_hook(hook)
