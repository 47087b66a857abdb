"""Whose gradients are measured while training: a network's layers with weights, and the stages they stand in."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from workbench.core.formats import two_digits
from workbench.core.network.architecture import Architecture
from workbench.core.network.layers import Layer
from workbench.core.network.model_config import ModelConfig


@dataclass(frozen=True)
class WeightedLayers:
    """Convolutions and linear layers, in the order of computation. Norms are none, and biases are left out."""

    names: tuple[str, ...]
    """Of the real modules."""
    groups: tuple[int, ...]
    """Of each layer: 0 is the stem, then the stages from 1, the last one is the head."""

    @classmethod
    def of(cls, config: ModelConfig) -> "WeightedLayers":
        return _weighted_layers(config)

    @property
    def stages(self) -> int:
        """Their number."""
        return self.groups[-1] - 1

    @cached_property
    def _starts(self) -> list[int]:
        return [self.groups.index(group) for group in range(self.groups[-1] + 1)]

    def group_norms(self, norms: NDArray[np.float32]) -> NDArray[np.float64]:
        """From (..., layers) to (..., groups): of stem, stages and head, each of all its weights together.

        NaN of one whose layers are all frozen; a frozen layer adds nothing to the others.
        """
        values = norms.astype(np.float64)
        squares = np.add.reduceat(np.nan_to_num(values, nan=0.0, posinf=math.inf) ** 2, self._starts, axis=-1)
        frozen = np.logical_and.reduceat(np.isnan(values), self._starts, axis=-1)
        return np.where(frozen, np.nan, np.sqrt(squares))

    def first_to_last(self, group_norms: NDArray[np.float64]) -> float:
        """How the first stage's gradient compares with the last one's: below 1 where gradients shrink on their
        way back. NaN with a single stage, or where one of them has none."""
        first, last = float(group_norms[1]), float(group_norms[-2])
        return first / last if self.stages > 1 and last > 0 else math.nan


@lru_cache(maxsize=16)
def _weighted_layers(config: ModelConfig) -> WeightedLayers:
    names, groups = list[str](), list[int]()
    for part in Architecture.of(config).parts:
        group = len(config.blocks) + 1 if part.role == "head" else part.stage
        for layer in part.layers:
            found = _modules(layer)
            names += found
            groups += [group] * len(found)
    return WeightedLayers(tuple(names), tuple(groups))


def _modules(layer: Layer) -> tuple[str, ...]:
    match layer.kind:
        case "conv" | "linear":
            return (layer.name,)
        # Two linear layers in one row of the table.
        case "squeeze-excitation":
            return (f"{layer.name}.fc1", f"{layer.name}.fc2")
        case "norm" | "relu" | "silu" | "gelu" | "dropout" | "max-pool" | "zero-pad" | "drop-path" | "add":
            return ()
        case "average-pool" | "scale":
            return ()
        case _:
            assert_never(layer.kind)


def multiple(ratio: float) -> str:
    """`0.8 %`, `3.2 times`; nothing of what is no number."""
    if not math.isfinite(ratio):
        return ""
    return f"{two_digits(100 * ratio)}\u202f%" if ratio < 1 else f"{two_digits(ratio)} times"


def comparison(ratio: float) -> str:
    """The same, to be followed by "the gradient of stage 3": `0.8 % of`, `3.2 times`."""
    return f"{multiple(ratio)} of" if ratio < 1 else multiple(ratio)
