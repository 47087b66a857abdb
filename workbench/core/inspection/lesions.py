"""Blocks that are taken out of a trained network, and what it says without them.

Veit, Wilber and Belongie 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow Networks",
section 4.1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.network.architecture import Architecture, Part
from workbench.core.network.layers import Shape
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.shortcuts import ways_around

DEFAULT_IMAGES = 2000
"""Of the test images, on which lesions are tried."""

Remainder = Literal["shortcut", "identity", "stand-in", "nothing removed"]
"""What a lesion leaves of a block: its shortcut; without one its input as it is; where shapes change, every
stride-th pixel with new channels of zeros (shortcut A of He et al. 2016), so that all blocks can be compared; or
all of it, where there is no branch behind the block's entry."""


@dataclass(frozen=True)
class BlockSite:
    """A block that can be removed, or weakened."""

    part: Part
    remainder: Remainder
    stride: int

    @property
    def name(self) -> str:
        """As in the state dict: `layer2.1`."""
        return self.part.name

    @property
    def stage(self) -> int:
        """From 1."""
        return self.part.stage

    @property
    def input_shape(self) -> Shape:
        return self.part.input_shape

    @property
    def output_shape(self) -> Shape:
        return self.part.output_shape


def sites_of(model: ModelConfig) -> tuple[BlockSite, ...]:
    """All blocks of a network, in the order of computation."""
    blocks = [part for part in Architecture.of(model).parts if part.role == "block"]
    return tuple(
        BlockSite(part, _remainder(part, model), model.stage_strides[part.stage - 1] if part.number == 1 else 1)
        for part in blocks
    )


def _remainder(part: Part, model: ModelConfig) -> Remainder:
    if not model.has_residual(part.stage - 1):
        return "nothing removed"
    if part.shortcut != "none":
        return "shortcut"
    # What comes before the branch has changed the shapes already.
    return "identity" if model.entry or part.input_shape == part.output_shape else "stand-in"


def is_plain(model: ModelConfig) -> bool:
    """Whether no block has a way around it."""
    return ways_around(model) == {"none"}


def is_counterpart(one: ModelConfig, other: ModelConfig) -> bool:
    """Whether one is plain, the other residual, and they have the same blocks: lesions of both can be compared."""
    return one.block == other.block and one.blocks == other.blocks and is_plain(one) != is_plain(other)


def scales_of(assignments: Sequence[str], model: ModelConfig) -> dict[str, float]:
    """`NAME` removes a block, `NAME=0.5` halves its branch.

    Raises:
        UserError: no block has that name, or the scale is no number from 0 to 1.
    """
    names = [site.name for site in sites_of(model)]
    scales: dict[str, float] = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name not in names:
            raise UserError(
                f"the block is '{shown(name)}'{did_you_mean(name, names)}; it must be one of {_listed(model)}"
            )
        try:
            scale = float(text) if "=" in assignment else 0.0
        except ValueError:
            scale = -1.0
        if not 0 <= scale <= 1:
            raise UserError(f"the scale of block {name} is '{shown(text)}'; it must be a number from 0 to 1")
        scales[name] = scale
    return scales


def _listed(model: ModelConfig) -> str:
    """`layer1.0 to layer1.2, layer2.0`."""
    return ", ".join(
        f"layer{stage}.0" if count == 1 else f"layer{stage}.0 to layer{stage}.{count - 1}"
        for stage, count in enumerate(model.blocks, 1)
    )


@dataclass(frozen=True)
class PairChange:
    """How often a truth is taken for a prediction, in the intact network and now."""

    truth: int
    prediction: int
    before: int
    now: int


@dataclass(frozen=True, eq=False)
class Lesioned:
    """What a network says of the same images, intact and with some blocks removed or weakened."""

    scales: Mapping[str, float]
    """Of branches, by the names of their blocks; those that are left out are intact."""
    intact: Evaluation
    now: Evaluation
    indices: NDArray[np.int64]
    """(N,) of the images within the test images."""

    @cached_property
    def flipped(self) -> NDArray[np.int64]:
        """Indices within the test images whose prediction is another one."""
        found: NDArray[np.int64] = self.indices[self.intact.predictions != self.now.predictions]
        return found

    @cached_property
    def class_changes(self) -> NDArray[np.float64]:
        """(K,) accuracy now less the intact one's; NaN of a class without images."""
        before, now = (np.array([each.accuracy for each in said.per_class()]) for said in (self.intact, self.now))
        return np.asarray(now - before, np.float64)

    def most_changed(self, most: int) -> list[PairChange]:
        """Pairs of different classes that are confused more, or less, than before; the largest changes first."""
        change = self.now.confusion - self.intact.confusion
        np.fill_diagonal(change, 0)
        order = np.argsort(-np.abs(change), axis=None, kind="stable")[:most]
        cells = zip(*np.unravel_index(order, change.shape), strict=True)
        return [
            PairChange(int(i), int(j), int(self.intact.confusion[i, j]), int(self.now.confusion[i, j]))
            for i, j in cells
            if change[i, j]
        ]


@dataclass(frozen=True)
class Removed:
    """The network without one block."""

    name: str
    accuracy: float
    flipped: int
    """Images of which it says something else."""


@dataclass(frozen=True)
class Sweep:
    """Each block removed in turn."""

    images: int
    intact: float
    """Accuracy."""
    removed: tuple[Removed, ...]
    """In the order of computation; while a sweep goes on, those that are known so far."""


@dataclass(frozen=True, kw_only=True)
class SweepProgress(Progress):
    """One more block was tried."""

    so_far: Sweep
