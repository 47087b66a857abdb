"""The norms of a run's gradients: as a document of all layers, and as a small table of its stages."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.commands import console
from workbench.core.events import GradientsMeasured
from workbench.core.formats import two_digits
from workbench.core.gradients import WeightedLayers, comparison
from workbench.core.network.model_config import ModelConfig

# A long run has thousands of samples, a deep network a thousand layers.
_MOST_SAMPLES = 52


def document_of(model: ModelConfig, samples: Sequence[GradientsMeasured]) -> dict[str, Any]:
    """Names of all layers, and their norms at the first sample, the last, and up to 50 evenly spaced between.

    None stands for a layer that was frozen, or whose norm was no finite number.
    """
    return {
        "layers": list(WeightedLayers.of(model).names),
        "samples": [
            {"step": each.step, "epoch": each.epoch, "norms": [_finite(norm) for norm in each.norms.tolist()]}
            for each in _spread(samples, _MOST_SAMPLES)
        ],
    }


def print_stages(model: ModelConfig, samples: Sequence[GradientsMeasured]) -> None:
    """A row per stage at the first, the middle and the last sample; nothing without samples."""
    if not samples:
        return
    shown, layers = _spread(samples, 3), WeightedLayers.of(model)
    norms = [layers.group_norms(each.norms) for each in shown]
    names = ("stem", *(f"stage {number}" for number in range(1, layers.stages + 1)), "head")
    columns = [f"step {each.step}" for each in shown]
    rows = [(name, *(_text(norm[group]) for norm in norms)) for group, name in enumerate(names)]
    console.print_table(("gradient norm", *columns), rows, right=columns)
    words = comparison(layers.first_to_last(norms[-1])).replace("\u202f", " ")
    if words:
        console.print_line(f"stage 1 gets {words} the gradient of stage {layers.stages} at step {shown[-1].step}")


def _spread(samples: Sequence[GradientsMeasured], most: int) -> list[GradientsMeasured]:
    """So many of them at most, evenly spaced, the first and the last among them."""
    chosen = np.linspace(0, len(samples) - 1, min(most, len(samples))).round().astype(int)
    return [samples[index] for index in chosen]


def _text(norm: float) -> str:
    return "frozen" if math.isnan(norm) else two_digits(norm)


def _finite(norm: float) -> float | None:
    # Nine digits bring back the same 32 bits.
    return float(f"{norm:.9g}") if math.isfinite(norm) else None
